"""``tipbench board``: keep results, render them, build a site and export tables."""

import argparse
from typing import Any

from tipbench.commands.options import add_board, add_draft, add_json, add_quiet, add_results, parser_of

from tipboard.commands import board_exports

EXAMPLES = """\
examples:
  tipbench run experiment=board release=small
  tipbench board results --runs runs/0.4.0/small --to results
  tipbench board accept submissions/acme--chao
  tipbench board build --to site
  tipbench board export latex --task advert_risk

`tipbench board ACTION --help` teaches an action."""

DOES = "tipboard.actions.board"


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    for add in (_results, _worlds, _accept, _rescore, _reproduce, _round, _build, board_exports.add):
        add(actions)


RESULTS = """\
examples:
  tipbench run experiment=board release=small
  tipbench board results --runs runs/0.4.0/small --to results
  tipbench board results --to results --check
  tipbench board results --to results --check --cells 20
  tipbench board results --to results --render

The first command runs every method, the second keeps the runs' result.json, tests methods against
each task's reference while their predictions are there, and renders results/README.md and the
figure results/board.svg, .png. The third exits with 1 where the page is not what the files render to.
The fourth also runs 20 cells again, drawn at random, and exits with 1 where a number differs by more
than 1e-6 (for torch and jax: by more than between the stored seeds).
The last renders the page again after a change to how it looks; it needs no runs."""


def _results(actions: Any) -> None:
    about = "copy the results of runs to a folder and render them; or check what is rendered there"
    one = parser_of(actions, "results", about, RESULTS, f"{DOES}.results:call")
    one.add_argument("--runs", default="runs", metavar="RUNS", help="folder of runs of one release (runs)")
    _add_to(one)
    instead = one.add_mutually_exclusive_group()
    instead.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 where the page is not up to date"
    )
    one.add_argument(
        "--cells", type=int, metavar="N", help="with --check: run N cells again, drawn at random"
    )
    one.add_argument("--seed", type=int, metavar="S", help="draws the cells (a random one, shown)")
    instead.add_argument(
        "--render", action="store_true", help="render the page of the results that are there; copies nothing"
    )
    add_draft(one)
    add_quiet(one)
    add_json(one)


WORLDS = """\
examples:
  tipbench run experiment=worlds release=small
  tipbench board worlds --runs runs --data 0.4.0/small

The first command runs every method on five worlds of other seeds. The second keeps their scores as
results/<release>/worlds.json and says how stable each task's ranking is: Kendall's tau-b between
rankings of two worlds (mean and least), and how many pairs of methods keep their order in every world.
`tipbench board build` shows mean ranks with critical differences, and every pair."""


def _worlds(actions: Any) -> None:
    about = "keep scores over independent worlds: is a ranking stable?"
    one = parser_of(actions, "worlds", about, WORLDS, f"{DOES}.worlds:call")
    one.add_argument(
        "--runs", default="runs", metavar="RUNS", help="folder of runs on independent worlds (runs)"
    )
    _add_to(one)
    one.add_argument("--data", metavar="RELEASE", help="of which release, such as 0.4.0/small")
    add_draft(one)
    add_quiet(one)
    add_json(one)


ACCEPT = """\
examples:
  tipbench board accept submissions/acme--chao
  tipbench board accept submissions/acme--chao --replace

For maintainers. The submission is checked and scored as `tipbench submit check` does for its authors.
What is kept: its submission.json, the scores and bootstrap draws in results/<release>/submissions, and
its predictions under their digests where results/board.yaml says. Then `tipbench board build` shows it."""


def _accept(actions: Any) -> None:
    about = "check a submission, keep its predictions and its scores"
    one = parser_of(actions, "accept", about, ACCEPT, f"{DOES}.accept:call")
    one.add_argument("submission", metavar="SUBMISSION", help="the folder with submission.json")
    add_results(one)
    add_draft(one)
    one.add_argument(
        "--replace", action="store_true", help="in the place of an earlier one of its team and method"
    )
    add_quiet(one)
    add_json(one)


RESCORE = """\
examples:
  tipbench board rescore                          what differs from its predictions is named, exit 1
  tipbench board rescore --runs runs              reference methods as well, whose predictions only runs have
  tipbench board rescore --write                  put it right, or score everything with a new evaluator

Scores of several evaluators or data versions never stand on one board: they are refused."""


def _rescore(actions: Any) -> None:
    about = "compute every score again and report stored numbers that differ"
    one = parser_of(actions, "rescore", about, RESCORE, f"{DOES}.rescore:call")
    add_board(one)
    one.add_argument("--runs", metavar="RUNS", help="a folder of runs whose predictions are used as well")
    one.add_argument("--write", action="store_true", help="store what is found")
    add_quiet(one)
    add_json(one)


REPRODUCE = """\
examples:
  tipbench board reproduce acme--chao
  tipbench board reproduce acme--chao --task prevalence --split all
  tipbench board reproduce tipbench--minhash_lsh       a reference method, checked against its digests

The package that a submission pins is installed into a new environment and run there, so that access and
streaming are enforced; its scores then stand as reproduced, without a rank. It is other people's code behind
a fence that is no virtual machine: use a machine that holds nothing else."""


def _reproduce(actions: Any) -> None:
    about = "run the pinned package of an entry and store what it scores"
    one = parser_of(actions, "reproduce", about, REPRODUCE, f"{DOES}.reproduce:call")
    one.add_argument("entry", metavar="TEAM--METHOD", help="an entry of the board")
    for key in ("task", "split"):
        one.add_argument(
            f"--{key}", action="append", default=[], metavar=key.upper(), help="only this; repeat for more"
        )
    add_board(one)
    add_quiet(one)
    add_json(one)


ROUND = """\
examples:
  tipbench seal score ~/secret/spring-2027        after the close: writes scores.json
  tipbench board round spring-2027                keeps the round's terms, scores and, once revealed, its seed
  tipbench board build --to site                  shows them"""


def _round(actions: Any) -> None:
    about = "keep the scores of a sealed round that has closed"
    one = parser_of(actions, "round", about, ROUND, f"{DOES}.round_:call")
    one.add_argument("round", metavar="FOLDER", help="the round as published, with scores.json")
    _add_to(one)
    add_quiet(one)
    add_json(one)


BUILD = """\
examples:
  tipbench board build --to site
  tipbench board build --results results --to site --json

Open site/index.html: it needs no server and no network. The folder is new, empty, or was made by
an earlier build, which is then replaced in one step."""


def _build(actions: Any) -> None:
    about = "make a site of the results, to be opened from disk"
    one = parser_of(actions, "build", about, BUILD, f"{DOES}.build:call")
    one.add_argument("--to", required=True, metavar="FOLDER", help="where the site is made")
    add_results(one)
    add_draft(one)
    add_quiet(one)
    add_json(one)


def _add_to(one: argparse.ArgumentParser) -> None:
    one.add_argument("--to", default="results", metavar="FOLDER", help="where results are kept (results)")
