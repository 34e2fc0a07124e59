"""``tipbench score``: score a parquet or CSV file of predictions."""

import argparse

from tipbench.commands.options import RELEASE, add_config_dir, add_json, add_overrides, add_quiet
from tipbench.kinds import KINDS

EXAMPLES = """\
examples:
  tipbench score predictions.parquet task=advert_risk release=small split=forward
  tipbench score predictions.csv task=advert_linkage release=tiny --json
  tipbench score predictions.csv task=advert_risk data=sms_spam data.path=FOLDER

{formats}

UNIT is the task's own: see `tipbench list tasks`. Labels of the test are always the truth. Malformed
predictions are refused, never repaired."""


def formats() -> str:
    """Return the format of each kind of prediction: its columns, what it is and which rows it has."""
    lines = ["columns of predictions, by the kind of the task:"]
    for kind in KINDS.values():
        lines += [f"  {kind.name:<12}{', '.join(kind.columns('UNIT'))}", f"{'':14}{kind.title}, {kind.rows}"]
    return "\n".join(lines)


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EXAMPLES.format(formats=formats())
    parser.add_argument("predictions", metavar="PREDICTIONS", help="a .parquet or .csv file")
    add_overrides(parser, f"task=, and {RELEASE} or data=, split=, replicates=")
    add_config_dir(parser)
    add_json(parser)
    add_quiet(parser)
    parser.set_defaults(call="tipbench.actions.score:call")
