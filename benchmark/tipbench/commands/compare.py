"""``tipbench compare``: test whether runs differ from the first run, by a paired cluster bootstrap."""

import argparse

from tipbench.commands.options import add_json

EXAMPLES = """\
example:
  tipbench compare runs/0.4.0/small/advert_risk/forward/tfidf_logreg/*-s0 \\
                   runs/0.4.0/small/advert_risk/forward/lightgbm/*-s0

The first run is the reference. Differences of the primary metric come from a paired cluster
bootstrap, p values are corrected by Holm over the runs compared; differences that are not significant say n.s."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EXAMPLES
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run folders of the same data, task and split")
    parser.add_argument("--replicates", type=int, default=1000, help="of the paired cluster bootstrap (1000)")
    add_json(parser)
    parser.set_defaults(call="tipbench.actions.compare:call", own_code=True)
