"""``tipbench board export``: the formats in which other programs can have what is on the board."""

from typing import Any

from tipbench.commands.options import add_draft, add_json, add_quiet, add_results, parser_of

EXAMPLES = """\
examples:
  tipbench board export markdown
  tipbench board export latex --task advert_risk --columns method,score,interval --to advert_risk.tex
  tipbench board export csv --task advert_risk --split region
  tipbench board export parquet --task advert_risk --matrix --to splits.parquet"""


def add(actions: Any) -> None:
    """Declare the action and what can be exported."""
    about = "write a table of the board as Markdown, LaTeX, CSV or parquet"
    parser = parser_of(actions, "export", about, EXAMPLES)
    kinds = parser.add_subparsers(dest="export", metavar="FORMAT", required=True, title="formats")
    _tables(kinds)
    _codabench(kinds)


ABOUT = {
    "markdown": "a table as GitHub's Markdown",
    "latex": "a table as LaTeX with booktabs",
    "csv": "a table as CSV, unrounded",
    "parquet": "a table as parquet, unrounded",
}

TABLE = """\
examples:
  tipbench board export {0}{1}
  tipbench board export {0} --task advert_risk --to advert_risk.{2}
  tipbench board export {0} --task advert_risk --columns method,score,interval,harm_gap --to narrow.{2}
  tipbench board export {0} --task advert_risk --matrix --to splits.{2}

Without --task it is the table of every task and split. {3}"""

READ = "The best score of the ranked methods is in bold."
FILES = "Numbers are unrounded."


def _tables(kinds: Any) -> None:
    for name, about in ABOUT.items():
        ending = {"markdown": "md", "latex": "tex"}.get(name, name)
        to = " --to board.parquet" if name == "parquet" else ""
        read = name in ("markdown", "latex")
        examples = TABLE.format(name, to, ending, READ if read else FILES)
        usual = "those that fit a printed page" if read else "all"
        one = parser_of(kinds, name, about, examples, "tipboard.actions.board.export_tables:call")
        one.add_argument("--task", metavar="TASK", help="of this task (every task)")
        one.add_argument("--split", metavar="SPLIT", help="on this split (the task's default)")
        columns = f"keys of columns, in this order, or all ({usual})"
        one.add_argument("--columns", metavar="NAME,NAME", help=columns)
        one.add_argument("--matrix", action="store_true", help="the task's methods on every split")
        one.add_argument("--data", metavar="DATA", help="of this release, such as 0.4.0/small (the largest)")
        add_results(one)
        add_draft(one)
        one.add_argument("--to", metavar="FILE", help="where it is written (standard output)")
        add_quiet(one)
        add_json(one)


CODABENCH = """\
examples:
  tipbench board export codabench ~/secret/spring-2027 --to ~/secret/spring-2027.zip
  tipbench board export codabench ~/secret/spring-2027 --to bundle.zip --image example/tipbench-scoring:0.5.0

The bundle is for the upload to the host alone: it holds the answers. Without --image the libraries
are installed at every run, which needs a network there. See docs/codabench.md."""


def _codabench(kinds: Any) -> None:
    about = "a sealed round as a competition bundle, for its host alone"
    one = parser_of(kinds, "codabench", about, CODABENCH, "tipboard.actions.board.export_codabench:call")
    one.add_argument("secret", metavar="SECRET", help="the host's folder of the round")
    one.add_argument("--to", required=True, metavar="FILE", help="the .zip file to write")
    one.add_argument("--image", metavar="IMAGE", help="docker image that has the libraries (Python's own)")
    one.add_argument("--title", metavar="TEXT", help="of the competition (the round's name)")
    one.add_argument("--round", metavar="FOLDER", help="the published folder (where it was published)")
    one.add_argument("--overwrite", action="store_true", help="replace the file if it is there")
    add_quiet(one)
    add_json(one)
