"""``tipbench board export``: what is on the board, for other programs. Each kind of export is a module of its own."""

from typing import Any

from tipbench.commands.options import parser_of

from tipboard.commands.board import export_codabench, export_tables

EXAMPLES = """\
examples:
  tipbench board export markdown
  tipbench board export latex --task advert_risk --to advert_risk.tex
  tipbench board export csv --task advert_risk --split region
  tipbench board export parquet --task advert_risk --matrix --to splits.parquet"""

EXPORTS = (export_tables, export_codabench)


def add(actions: Any) -> None:
    """Declare the action and what can be exported."""
    about = "write a table of the board as Markdown, LaTeX, CSV or parquet"
    parser = parser_of(actions, "export", about, EXAMPLES)
    kinds = parser.add_subparsers(dest="export", metavar="FORMAT", required=True, title="formats")
    for export in EXPORTS:
        export.add(kinds)
