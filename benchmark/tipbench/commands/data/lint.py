"""``tipbench data lint``: read every string of a release, or of a folder of one, for what the safety rules forbid.

arguments:
  [FOLDER]                a folder of parquet files, in place of a release

settings:
  key=value               release= (SIZE, or VERSION/SIZE as a release is named, with .w3 of independent world 3), or
                          release.world= (made first where it is missing)
  text=false              true: also read every string that the sources can make (about 20 seconds more)

options:
  --quiet --json

examples:
  tipbench data lint release=small
  tipbench data lint FOLDER                                    any folder with tables of a release
  tipbench data lint release=tiny text=true                    the sources of all texts as well

Exit code 1 where anything is found, with file, row and rule. The rules are those of docs/ethics.md.

On one idle core, reading takes about 20 seconds for release=tiny and three minutes for release=small; progress is
shown.
"""

import argparse
import time
from pathlib import Path

from tipcore.errors import CheckFailed, UsageError
from tipcore.locations import expand_home
from tipdata.documents.lint import LintReport, lint_folder, lint_sources

from tipbench.commands.data._release import open_release_of
from tipbench.console import Column, emit, emit_json, emit_table, notice

SHOWN = 25
"""Findings that are shown; JSON has all."""


def call(options: argparse.Namespace) -> None:
    """Read the strings. Raises CheckFailed where one breaks a rule."""
    folder, version = _folder(options)
    began = time.perf_counter()
    report = lint_folder(folder, version, options.quiet)
    if options.text:
        notice("reading every string that the sources can make ...", options.quiet)
        sources = lint_sources(options.quiet)
        report.strings += sources.strings
        report.distinct += sources.distinct
        report.strikes += sources.strikes
    seconds = time.perf_counter() - began
    if options.json:
        emit_json({
            "folder": str(folder), "files": report.files, "rows": dict(report.rows),
            "strings": dict(report.strings), "different": dict(report.distinct),
            "columns_unknown": sorted(report.unknown),
            "counts": [{"table": t, "rule": r, "findings": n} for (t, r), n in report.by_rule.items()],
            "findings": [strike._asdict() for strike in report.strikes],
        })  # fmt: skip
    else:
        _emit(folder, report, seconds)
    if report.unknown:
        names = ", ".join(sorted(report.unknown)[:5])
        notice(
            f"{len(report.unknown):,} columns are none of the schema's; their strings were read by the rules of all "
            f"languages: {names}",
            options.quiet,
        )
    if report.strikes:
        raise CheckFailed(f"{len(report.strikes):,} findings in {folder}: mend or delete what is named.")


def _folder(options: argparse.Namespace) -> tuple[Path, str]:
    """Return the folder to read, and the version of its data ('' for a named folder)."""
    if options.folder is None:
        release = open_release_of(options)
        return release.folder, release.version
    if options.overrides:
        raise UsageError(
            f"{options.folder} and {options.overrides[0]}: name a folder or a release=, not both."
        )
    return expand_home(options.folder), ""


def _emit(folder: Path, report: LintReport, seconds: float) -> None:
    rules: dict[str, list[str]] = {}
    for (table, rule), count in report.by_rule.items():
        rules.setdefault(table, []).append(f"{rule} {count:,}")
    numbers = ("rows", "strings", "different")
    columns = [Column("table"), *(Column(name, number=True) for name in numbers), Column("found")]
    rows = []
    for table in sorted({*report.rows, *report.strings, *rules}):
        height = f"{report.rows[table]:,}" if table in report.rows else "-"
        strings, distinct = f"{report.strings[table]:,}", f"{report.distinct[table]:,}"
        rows.append([table, height, strings, distinct, ", ".join(rules.get(table, ["nothing"]))])
    emit_table(columns, rows, title=f"{folder}: {report.files:,} files")
    for strike in report.strikes[:SHOWN]:
        emit(f"  {strike}")
    if len(report.strikes) > SHOWN:
        emit(f"  and {len(report.strikes) - SHOWN:,} more: --json has all")
    emit(
        f"{report.strings.total():,} strings read, {report.distinct.total():,} different ones, in {seconds:.0f} s: "
        f"{len(report.strikes):,} findings"
    )
