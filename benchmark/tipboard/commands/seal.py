"""``tipbench seal``: make, enter, score, reveal and verify sealed rounds."""

import argparse

from tipbench.commands.options import (
    add_config_dir,
    add_draft,
    add_json,
    add_overrides,
    add_quiet,
    parser_of,
)

ABOUT = {
    "new": "draw a secret seed, make a round, and commit to it",
    "predict": "fit a method on an open release and predict a round's units",
    "score": "take submissions in; after the close, score all of them",
    "void": "let a submission count for nothing, with a reason that everyone reads",
    "reveal": "after the close: publish seed and answers, and retire the round",
    "verify": "check a round against its checksums and, once revealed, its seed; exit 1 names what differs",
}

EXAMPLES = """\
examples, for the host:
  tipbench seal new spring-2027 --size small --closes 2027-03-01 --secret ~/secret/spring-2027 --to spring-2027
  tipbench seal score ~/secret/spring-2027 their-submission
  tipbench seal score ~/secret/spring-2027                   after the close: scores.json
  tipbench seal void ~/secret/spring-2027 4 --reason "Withdrawn by its authors."
  tipbench seal reveal ~/secret/spring-2027 --to spring-2027
examples, for everyone:
  tipbench seal verify spring-2027
  tipbench seal predict spring-2027 baseline=advert_risk/tfidf_logreg release=small \\
      --to scores.parquet
  tipbench submit pack --predictions advert_risk/sealed/s0=scores.parquet --round spring-2027 --to ours ...

A round is open until the end of the closing day (UTC). A team may hand in three submissions; all are
shown at the close, with three decimals, and for each task only the last submission counts. Which columns a team
looked at is declared and cannot be checked. See docs/seal.md."""

ACTION_EXAMPLES = {
    "new": """\
examples, for the host:
  tipbench seal new spring-2027 --closes 2027-03-01 --secret ~/secret/spring-2027 --to spring-2027
  tipbench seal new spring-2027 advert_risk prevalence --size tiny --closes 2027-03-01 \\
      --secret ~/secret/spring-2027 --to spring-2027

Publish the folder of --to. Keep the folder of --secret to yourself until the round is revealed.""",
    "predict": """\
examples, for everyone:
  tipbench seal predict spring-2027 baseline=advert_risk/tfidf_logreg release=small --to scores.parquet
  tipbench submit pack --predictions advert_risk/sealed/s0=scores.parquet --round spring-2027 --to ours ...

The method runs behind a fence, which needs Linux; elsewhere add fence=off.""",
    "score": """\
examples, for the host:
  tipbench seal score ~/secret/spring-2027 their-submission  before the close: takes it in
  tipbench seal score ~/secret/spring-2027                   after the close: scores.json

A team may hand in three submissions; for each task only the last submission counts.""",
    "void": """\
example, for the host:
  tipbench seal void ~/secret/spring-2027 4 --reason "Withdrawn by its authors."

Everyone reads the reason beside the scores.""",
    "reveal": """\
example, for the host:
  tipbench seal reveal ~/secret/spring-2027 --to spring-2027""",
    "verify": """\
examples, for everyone:
  tipbench seal verify spring-2027
  tipbench seal verify spring-2027 --workers 2
  tipbench seal verify spring-2027 --receipt HASH            exit 1 where no entry of the chain has it""",
}
"""Examples of each action, for its own help."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    for action, about in ABOUT.items():
        one = parser_of(
            actions, action, about, ACTION_EXAMPLES[action], f"tipboard.actions.seal:call_{action}"
        )
        DECLARED[action](one)
        add_quiet(one)
        add_json(one)


def _declare_new(one: argparse.ArgumentParser) -> None:
    one.add_argument("name", metavar="NAME", help="of the round: small letters, digits, hyphens")
    one.add_argument("overrides", nargs="*", metavar="TASK", help="tasks of the round (all)")
    one.add_argument("--size", default="small", help="tiny, small or full (small)")
    one.add_argument("--closes", required=True, metavar="DAY", help="last day of submissions, UTC")
    one.add_argument("--secret", required=True, metavar="FOLDER", help="new folder for the host's eyes only")
    one.add_argument("--to", required=True, metavar="FOLDER", help="new folder to publish")
    one.add_argument("--version", metavar="DATA", help="version of the data (the newest released)")
    add_draft(one)
    _add_engine(one)


def _declare_predict(one: argparse.ArgumentParser) -> None:
    one.add_argument("round", metavar="ROUND", help="folder of the round as published")
    add_overrides(
        one, "baseline=, release=, split=, labels=, access=, seed= of one cell, as of `tipbench run`"
    )
    one.add_argument("--to", required=True, metavar="FILE", help="the .parquet file to write")
    add_config_dir(one)
    one.set_defaults(own_code=True)


def _declare_score(one: argparse.ArgumentParser) -> None:
    one.add_argument("secret", metavar="SECRET", help="the host's folder of the round")
    one.add_argument(
        "overrides", nargs="*", metavar="SUBMISSION", help="folders to take in, before the close"
    )
    one.add_argument("--team", help="who hands them in (as their submission.json says)")
    one.add_argument("--to", metavar="FOLDER", help="the published folder (where it was published)")


def _declare_void(one: argparse.ArgumentParser) -> None:
    one.add_argument("secret", metavar="SECRET", help="the host's folder of the round")
    one.add_argument(
        "number", type=int, metavar="NUMBER", help="of the submission, in the order taken in, from 1"
    )
    one.add_argument("--reason", required=True, metavar="TEXT", help="one line, shown with the scores")


def _declare_reveal(one: argparse.ArgumentParser) -> None:
    one.add_argument("secret", metavar="SECRET", help="the host's folder of the round")
    one.add_argument("--to", metavar="FOLDER", help="the published folder (where it was published)")


def _declare_verify(one: argparse.ArgumentParser) -> None:
    one.add_argument("round", metavar="ROUND", help="folder of the round as published")
    one.add_argument(
        "--receipt", nargs="+", action="extend", metavar="HASH", help="say whether this entry is in the chain"
    )
    _add_engine(one)


def _add_engine(one: argparse.ArgumentParser) -> None:
    one.add_argument("--workers", type=int, metavar="N", help="processes (one a core)")


DECLARED = {
    "new": _declare_new,
    "predict": _declare_predict,
    "score": _declare_score,
    "void": _declare_void,
    "reveal": _declare_reveal,
    "verify": _declare_verify,
}
