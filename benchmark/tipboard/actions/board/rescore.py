"""``tipbench board rescore``: every score computed again from its predictions."""

import argparse
from dataclasses import asdict

from tipbench.console import Column, emit, emit_json, emit_table, notice
from tipcore.locations import expand_home

from tipboard.board.files import newest
from tipboard.board.rescoring import Rescored, rescore

SHOWN = 20


def call(options: argparse.Namespace) -> int:
    """Do it."""
    results = expand_home(options.results)
    runs = expand_home(options.runs) if options.runs else None
    data = newest(results, options.data, options.draft)
    found = rescore(results, data, runs=runs, write=options.write, quiet=options.quiet)
    _say(found, data, options)
    return 1 if found.differences and not options.write else 0


def _say(found: Rescored, data: str, options: argparse.Namespace) -> None:
    if options.json:
        differences = [asdict(one) for one in found.differences]
        emit_json({"scored": found.scored, "without": len(found.without), "differences": differences})
        return
    if found.without:
        said = "reference results have no predictions here and were not scored: give --runs, or run"
        notice(f"{len(found.without):,} {said} `tipbench board reproduce`.", options.quiet)
    if found.differences:
        rows = [[one.path, one.metric, _number(one.stored), _number(one.found)] for one in found.differences]
        emit_table(
            [Column("result"), Column("number"), Column("stored", True), Column("found", True)], rows[:SHOWN]
        )
    more = max(0, len(found.differences) - SHOWN)
    did = ", now stored as found" if options.write and found.differences else ""
    emit(
        f"{data}: {found.scored:,} results scored again, {len(found.differences):,} numbers differ{did}"
        + (f" ({more:,} more than shown)" if more else "")
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.12g}"
