"""``tipbench list``: tasks, metrics, baselines, splits, releases, experiments or data."""

import argparse
from typing import NamedTuple

from tipbench.commands.options import add_config_dir, add_json


class Listed(NamedTuple):
    """Something to list: its config group, the columns shown and, where the group's files do not say all of them, by
    name the function that completes their lines."""

    group: str
    columns: tuple[str, ...]
    complete: str | None = None


LISTED = {
    "tasks": Listed(
        "task",
        ("name", "title", "unit", "kind", "default split", "summary"),
        "tipbench.actions.list_.tasks:complete",
    ),
    "metrics": Listed(
        "metric", ("name", "kind", "better", "unit", "summary"), "tipbench.actions.list_.metrics:complete"
    ),
    "baselines": Listed("baseline", ("name", "summary", "reference")),
    "splits": Listed("split", ("name", "summary"), "tipbench.actions.list_.splits:complete"),
    "releases": Listed(
        "release",
        ("name", "version", "status", "regions", "made", "summary"),
        "tipbench.actions.list_.releases:complete",
    ),
    "experiments": Listed("experiment", ("name", "summary")),
    "data": Listed("data", ("name", "task", "summary")),
}

EXAMPLES = """\
examples:
  tipbench list baselines
  tipbench list metrics
  tipbench list data --json"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EXAMPLES
    parser.add_argument("what", choices=list(LISTED), metavar="|".join(LISTED))
    add_config_dir(parser)
    add_json(parser)
    parser.set_defaults(call="tipbench.actions.list_:call")
