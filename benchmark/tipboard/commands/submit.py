"""``tipbench submit``: pack predictions for the leaderboard, and check them."""

import argparse

from tipbench.commands.options import add_json, add_quiet, parser_of

EXAMPLES = """\
examples:
  tipbench run baseline=prevalence/chao_lower release=small
  tipbench submit pack runs/0.4.0/small --to acme--chao --team acme --method chao \\
      --summary "Chao's lower bound from lists that overlap." --author "A. Author, Acme University"
  tipbench submit check acme--chao

Predictions that were made without tipbench, several files or one:
  tipbench submit pack --predictions advert_risk/forward/s0=a.parquet advert_risk/random/s0=b.csv \\
      --data 0.4.0/small --access public --labels expert --hardware "1 GPU" \\
      --to acme--mine --team acme --method mine --summary "..." --author "A. Author"
  tipbench submit pack --predictions a.parquet --task advert_risk --split forward --seed 0 ...

For a sealed round, with its published folder:
  tipbench submit pack --predictions advert_risk/sealed/s0=a.parquet --round spring-2027 \\
      --access public --labels expert --hardware "1 GPU" --to acme--mine --team acme ...

A submission is a folder: submission.json, which holds no scores, and one file of predictions a
task, split and seed. Maintainers score it with the very function that `check` calls. Of runs of
methods that ship with tipbench, or with --package, it says how to run them again."""

PACK = """\
RUN is a run's folder or one that holds runs: of one release, and of one method per task."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    about = "make a submission of runs, or of files of predictions"
    _add_pack(parser_of(actions, "pack", about, EXAMPLES, "tipboard.actions.submit:call_pack"))
    about = "would it be accepted, and what does it score?"
    one = parser_of(actions, "check", about, EXAMPLES, "tipboard.actions.submit:call_check")
    one.add_argument("folder", metavar="FOLDER", help="the folder of the submission")
    one.add_argument("--id", metavar="TEAM--METHOD", help="refuse it if the folder belongs to another team")
    _add_scoring(one)


def _add_pack(one: argparse.ArgumentParser) -> None:
    one.add_argument("runs", nargs="*", metavar="RUN", help=PACK)
    one.add_argument("--to", required=True, metavar="FOLDER", help="the folder to make")
    one.add_argument("--team", required=True, help="a-z, 0-9, _ and single hyphens")
    one.add_argument("--summary", required=True, help="what the method does, in one line")
    one.add_argument(
        "--author",
        action="append",
        required=True,
        metavar="'NAME, AFFILIATION'",
        help="repeat for every author",
    )
    one.add_argument("--method", help="its name, as --team (that of the runs)")
    one.add_argument("--title", help="its name in words (from --method)")
    one.add_argument("--paper", metavar="URL", help="https")
    one.add_argument("--code", metavar="URL", help="https")
    one.add_argument("--hardware", help="what it ran on (as the runs say)")
    one.add_argument(
        "--package",
        help="how to install it: name==version, name @ https://...whl#sha256=..., name @ git+https://...@commit",
    )
    one.add_argument(
        "--predictions", nargs="+", action="extend", metavar="TASK/SPLIT/sSEED=FILE", help="instead of runs"
    )
    one.add_argument("--data", help="of --predictions: the release, such as 0.4.0/small (or --round)")
    one.add_argument("--labels", help="of --predictions: what was learnt from, such as expert")
    one.add_argument("--access", help="of --predictions: the most private data used: public, platform, legal")
    one.add_argument("--task", help="of a single FILE of --predictions, with --split and --seed")
    one.add_argument("--split")
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--overwrite", action="store_true", help="replace a submission that was packed before")
    one.add_argument("--no-check", action="store_true", help="pack only")
    _add_scoring(one)


def _add_scoring(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--round", metavar="FOLDER", help="a sealed round as published: keys are checked, nothing is scored"
    )
    one.add_argument("--replicates", type=int, default=1000, help="of the cluster bootstrap (1000)")
    one.add_argument(
        "--sizes",
        default="tiny,small",
        metavar="SIZE,...",
        help="releases that may be made where missing (tiny,small)",
    )
    add_quiet(one)
    add_json(one)
