"""``tipbench list``: tasks, baselines, splits, releases, experiments or data."""

import argparse
from typing import Any

from tipdata.core.world import newest_released, versions
from tipdata.release import RECEIPT, Release

from tipbench.commands.options import add_config_dir, add_json
from tipbench.config.choices import describe_option
from tipbench.config.choices import options as all_options
from tipbench.config.paths import config_folders
from tipbench.console import Column, emit_json, emit_table
from tipbench.data.custom.splits import summary_of
from tipbench.tasks import task_of

GROUPS = {
    "tasks": ("task", ("name", "title", "unit", "kind", "default split", "summary")),
    "baselines": ("baseline", ("name", "summary", "reference")),
    "splits": ("split", ("name", "summary")),
    "releases": ("release", ("name", "version", "status", "regions", "made", "summary")),
    "experiments": ("experiment", ("name", "summary")),
    "data": ("data", ("name", "task", "summary")),
}
"""What can be listed -> its config group, and the columns shown."""

EXAMPLES = """\
examples:
  tipbench list baselines
  tipbench list data --json"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EXAMPLES
    parser.add_argument("what", choices=list(GROUPS), metavar="|".join(GROUPS))
    add_config_dir(parser)
    add_json(parser)
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    """List what was asked for."""
    group, columns = GROUPS[options.what]
    found = all_options(config_folders(options.config_dir)).get(group, {})
    lines = [{**describe_option(path), "name": name} for name, path in found.items()]
    lines = [
        {column: MORE.get(options.what, _same)(line).get(column) for column in columns} for line in lines
    ]
    if options.what == "releases":
        lines.sort(key=lambda line: line["regions"] or 0)
    if options.json:
        emit_json(lines)
    else:
        emit_table([Column(c) for c in columns], [[_text(line[c]) for c in columns] for line in lines])
    return 0


def _same(line: dict[str, Any]) -> dict[str, Any]:
    return line


def _task(line: dict[str, Any]) -> dict[str, Any]:
    task = task_of(line["name"])
    about = {
        "title": task.title,
        "unit": task.unit,
        "kind": task.kind.name,
        "default split": task.splits[0],
        "splits": list(task.splits),
    }
    return {**line, **about, "summary": task.question}


def _release(line: dict[str, Any]) -> dict[str, Any]:
    release = Release.of(line["version"] or newest_released(), line["size"])
    return {
        **line,
        "version": release.version,
        "regions": release.regions,
        "status": versions()[release.version]["status"],
        "made": "yes" if (release.folder / RECEIPT).exists() else "no",
    }


def _split(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, "summary": summary_of(line["name"]) or line["summary"]}


MORE = {"tasks": _task, "releases": _release, "splits": _split}


def _text(value: Any) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
