"""``tipbench board check``: check that the page shows the results, and that their numbers can be reproduced.

settings:
  results=results         where results are kept
  [cells=N]               also run N cells of the reference methods again, drawn at random
  [seed=N]                seed of that random draw (a new one, which is printed)
  scores=false            true: instead, compute every score again from its predictions
  [runs=RUNS]             with scores=true: a folder of runs whose predictions are used as well
  [data=RELEASE]          with scores=true: the release of the board, such as 0.5.0/small (the newest)

options:
  --write                 with scores=true: store the new scores
  --draft --quiet --json

examples:
  tipbench board check                            exit 1 if the page does not show the results
  tipbench board check cells=20
  tipbench board check scores=true                list scores that differ from their predictions; exit 1 if any
  tipbench board check scores=true runs=runs      also for reference methods, whose predictions are only in runs
  tipbench board check scores=true --write        store the new scores, also after a change of evaluator

A cell that is run again fails if a number differs by more than 1e-6 (for torch and jax: by more than between the
stored seeds). A board has one evaluator and one data version: others are refused.
"""

import argparse
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tipbench.console import Column, emit, emit_json, emit_result, emit_table, notice
from tipbench.exit_codes import FAILED
from tipbench.runs.report import NOTHING
from tipcore.errors import CheckFailed, UsageError
from tipcore.locations import expand_home
from tipcore.spelling import count_of

from tipboard.board.files import Board, find_results, lacks_draws, newest, read, reference_only
from tipboard.board.page import PAGE, render
from tipboard.board.rescoring import recompute, rescore
from tipboard.board.season import newest_season
from tipboard.commands.board.build import FIGURE

SHOWN = 20


def call(options: argparse.Namespace) -> int | None:
    """Check the page, run cells again, or score everything again."""
    results = find_results(options.results, options.quiet)
    if options.scores:
        return _check_scores(results, options)
    if options.write or options.runs is not None:
        raise UsageError("--write and runs= are for scores=true: add it, or leave them out.")
    if options.cells is not None and options.cells < 1:
        raise UsageError(f"cells={options.cells}: give 1 or more.")
    return _check_page(results, options)


def _check_page(to: Path, options: argparse.Namespace) -> int | None:
    page = to / PAGE
    board = read(to, draft=options.draft)
    current, text = None, f"{page} is not compared: it was rendered with bootstrap draws"
    if not lacks_draws(to):
        wanted = render(board, FIGURE, newest_season(to, board.data))
        if not page.is_file() or page.read_text(encoding="utf-8") != wanted:
            advice = f"run `tipbench board build results={to}`"
            raise CheckFailed(f"{page} is not what the results beside it render to: {advice}.")
        current, text = True, f"{page} is what the results beside it render to"
    about = {"page": str(page), "current": current}
    if options.cells is None:
        return emit_result(about, text, options)
    notice(text, options.quiet)
    return _recompute(board, about, options)


def _recompute(board: Board, about: dict[str, Any], options: argparse.Namespace) -> int:
    """Run a sample of the reference cells again; exit code 1 where a number differs."""
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    cells, left_out = recompute(reference_only(board).results, options.cells, seed, quiet=options.quiet)
    same = sum(one.same for one in cells)
    for name, why in left_out.items():
        notice(f"left out: {name}: {why}", options.quiet)
    if options.json:
        emit_json({**about, "seed": seed, "cells": [asdict(one) for one in cells]})
    else:
        heads = [Column("method"), Column("split"), Column("seed", True), Column("largest difference", True)]
        heads += [Column("allowed", True), Column("of"), Column("same")]
        rows = []
        for one in cells:
            difference = "missing" if one.difference is None else f"{one.difference:.1e}"
            bounds = (difference, f"{one.allowed:.1e}", one.number or NOTHING)
            rows.append([one.method, one.split, str(one.seed), *bounds, "yes" if one.same else "no"])
        emit_table(heads, rows)
        said = (
            f"{same} of {count_of(len(cells), 'cell')} gave the same numbers; seed={seed} draws them again."
        )
        notice(said, options.quiet)
    return 0 if same == len(cells) else FAILED


def _check_scores(results: Path, options: argparse.Namespace) -> int:
    runs = expand_home(options.runs) if options.runs else None
    data = newest(results, options.data, options.draft)
    found = rescore(results, data, runs=runs, write=options.write, quiet=options.quiet)
    code = FAILED if found.differences and not options.write else 0
    if options.json:
        differences = [asdict(one) for one in found.differences]
        emit_json({"scored": found.scored, "without": len(found.without), "differences": differences})
        return code
    if found.without:
        those = count_of(len(found.without), "reference result")
        said = f"not scored, because predictions are missing: {those}; give runs=, or run `tipbench board reproduce`."
        notice(said, options.quiet)
    if found.differences:
        rows = [
            [one.path, one.metric, *("-" if n is None else f"{n:.12g}" for n in (one.stored, one.found))]
            for one in found.differences[:SHOWN]
        ]
        emit_table([Column("result"), Column("number"), Column("stored", True), Column("found", True)], rows)
    more = max(0, len(found.differences) - SHOWN)
    did = ", now stored as found" if options.write and found.differences else ""
    emit(
        f"{data}: {count_of(found.scored, 'result')} scored again, "
        f"{count_of(len(found.differences), 'number')} different{did}"
        + (f" ({more:,} more than shown)" if more else "")
    )
    return code
