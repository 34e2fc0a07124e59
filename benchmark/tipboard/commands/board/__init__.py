"""``tipbench board``: results that are kept, and what is made of them; one module an action."""

from __future__ import annotations

from typing import Any

from tipbench.commands.options import parser_of

from tipboard.commands.board import accept, build, export, reproduce, rescore, results, round_, worlds

EXAMPLES = """\
examples:
  tipbench run experiment=board release=small
  tipbench board results --runs runs/0.3.0/small --to results
  tipbench board accept submissions/acme--chao
  tipbench board build --to site
  tipbench board export latex --task advert_risk

`tipbench board ACTION --help` teaches an action."""

ACTIONS = (results, worlds, accept, rescore, reproduce, round_, build, export)


def add(verbs: Any) -> None:
    """Declare the verb and its actions."""
    parser = parser_of(verbs, "board", "keep results, render them, build a site and export tables", EXAMPLES)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    for action in ACTIONS:
        action.add(actions)
