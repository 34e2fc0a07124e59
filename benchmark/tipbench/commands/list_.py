"""``tipbench list``: tasks, metrics, baselines, splits, releases, experiments or data.

arguments:
  WHAT=tasks|metrics|baselines|splits|releases|experiments|data

options:
  --config-dir --json

examples:
  tipbench list baselines
  tipbench list metrics
  tipbench list data --json
"""

import argparse
from importlib import import_module
from typing import Any

from tipbench.config.options import config_folders, describe_option
from tipbench.config.options import options as all_options
from tipbench.console import Column, emit_json, emit_table, notice

LISTED = {
    "tasks": ("task", ("name", "title", "unit", "kind", "default split", "summary")),
    "metrics": ("metric", ("name", "kind", "better", "unit", "summary")),
    "baselines": ("baseline", ("name", "entry_class", "summary", "reference")),
    "splits": ("split", ("name", "summary")),
    "releases": ("release", ("name", "version", "status", "regions", "made", "summary")),
    "experiments": ("experiment", ("name", "summary")),
    "data": ("data", ("name", "task", "summary")),
}
"""What can be listed: its config group, and its columns."""
WHOLE = ("experiments", "data")
"""Lists of which the files say all; others import ``_descriptions``."""

LOOKS = {
    "summary": Column("summary", prose=True),
    "title": Column("title", prose=True, leave=3),
    "kind": Column("kind", leave=2),
    "entry_class": Column("class"),
    "default split": Column("default split", leave=1),
    "reference": Column("reference", prose=True, leave=1),
    "version": Column("version", leave=2),
    "regions": Column("regions", number=True),
    "made": Column("made", leave=1),
}
"""Columns with a format of their own; a narrow terminal leaves out the highest ``leave`` first."""


def call(options: argparse.Namespace) -> None:
    """List the options of a group."""
    group, columns = LISTED[options.what]
    found = all_options(config_folders(options.config_dir)).get(group, {})
    lines = [{**describe_option(path), "name": name} for name, path in found.items()]
    if options.what not in WHOLE:
        lines = import_module("tipbench.commands._descriptions").complete(options.what, lines)
    if options.json:
        emit_json([{column: line.get(column) for column in columns} for line in lines])
    else:
        rows = [[_text(line.get(column)) for column in columns] for line in lines]
        left_out = emit_table([LOOKS.get(column, Column(column)) for column in columns], rows)
        if left_out:
            notice(f"columns without room on this terminal: {', '.join(left_out)}; see --json")


def _text(value: Any) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
