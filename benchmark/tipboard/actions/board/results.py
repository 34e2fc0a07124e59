"""``tipbench board results``: what is kept of reference runs, and the page and figure rendered from it."""

import argparse
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tipbench.console import Column, emit_json, emit_result, emit_table, notice
from tipbench.exit_codes import FAILED
from tipbench.runs.report import NOTHING
from tipcore.atomic import write_file_atomically
from tipcore.errors import CheckFailed, UsageError
from tipcore.locations import expand_home

from tipboard.board.collection import collect
from tipboard.board.files import ELSEWHERE, Board, read, reference_only, store_reference
from tipboard.board.forest import draw
from tipboard.board.page import PAGE, render
from tipboard.board.rescoring import recompute
from tipboard.board.standings import draws_of, standings
from tipboard.board.worlds import read_stability as read_stability

FIGURE = "board.svg"


def call(options: argparse.Namespace) -> int:
    """Do it."""
    to = expand_home(options.to)
    if options.cells is not None and (not options.check or options.cells < 1):
        raise UsageError("--cells N runs N cells again: give it with --check, and N of 1 or more.")
    if options.check:
        return _check(to, options)
    if options.render:
        return _render(to, options)
    return _make(expand_home(options.runs), to, options)


def _make(runs: Path, to: Path, options: argparse.Namespace) -> int:
    found = collect(runs, options.draft)
    draws = draws_of(found, options.quiet)
    folder = store_reference(to, found, draws)
    page = render_page(to, options.draft)
    untested = sorted({run.result.task for run in found} - {one.task for one in draws})
    if untested:
        said = "no tests and no intervals of ranks, because predictions are missing: "
        notice(said + ", ".join(untested), options.quiet)
    emit_result(
        {"results": len(found), "folder": str(folder), "page": str(page)},
        f"{len(found):,} results in {folder}, rendered as {page}",
        options,
    )
    return 0


def render_page(to: Path, draft: bool = False) -> Path:
    """Write the page and the figure of the reference methods in ``to``; the page's path."""
    board = reference_only(read(to, draft=draft))
    draw(standings(board), board.label, to / FIGURE)
    write_file_atomically(to / PAGE, render(board, FIGURE, read_stability(to, board.data)), ELSEWHERE)
    return to / PAGE


def _render(to: Path, options: argparse.Namespace) -> int:
    page = render_page(to, options.draft)
    emit_result(
        {"page": str(page), "rendered": True}, f"{page} is rendered from the results beside it", options
    )
    return 0


def _check(to: Path, options: argparse.Namespace) -> int:
    page = to / PAGE
    board = read(to, draft=options.draft)
    wanted = render(board, FIGURE, read_stability(to, board.data))
    if not page.is_file() or page.read_text(encoding="utf-8") != wanted:
        raise CheckFailed(
            f"{page} is not what the results beside it render to: run `tipbench board results --render --to {to}`."
        )
    about: dict[str, Any] = {"page": str(page), "current": True}
    said = f"{page} is what the results beside it render to"
    if options.cells is None:
        emit_result(about, said, options)
        return 0
    notice(said, options.quiet)
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
        notice(f"{same} of {len(cells)} cells are the same; --seed {seed} draws them again.", options.quiet)
    return 0 if same == len(cells) else FAILED
