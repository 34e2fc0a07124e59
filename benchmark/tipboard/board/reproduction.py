"""Maintainers run an entry's method themselves, behind a fence.

A submission's package is installed from wheels and its config composed from plain values; nothing of it is imported
here. Each cell is fitted and predicted behind a fence (:mod:`tipbench.fence`), and its predictions are scored in this
process, on the truth that no fence holds. Anybody can make the truth of an open release again and carry it inside a
wheel, so a reproduced score is not ranked: seasons rank (:mod:`tipboard.seasons`). A reference method is run as its
stored config says.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from tipbench.fence.session import Limits
from tipbench.runs.cells import Cell
from tipbench.runs.digests import digests_of, versions_of
from tipbench.runs.folds import SharedFold
from tipbench.runs.methods import Methods
from tipbench.runs.results import Result
from tipbench.runs.runner import Job, run_one
from tipcore.atomic import fill_folder_atomically
from tipcore.engines import run_all
from tipcore.errors import CheckFailed, UsageError
from tipcore.spelling import nearest
from tipcore.table_files import read_parquet

from tipboard.board.collection import REPLICATES, FinishedRun, draws_of_run, is_kept, seat_of
from tipboard.board.entries import Entry
from tipboard.board.files import REPRODUCED, SUBMISSIONS, UPLOADED, read, read_submission, store_results
from tipboard.submissions.packages import Environment, compose_pinned, install
from tipboard.submissions.storage import PredictionStore, read_config, store_of


def config_of(entry: Entry, wanted: Result) -> dict[str, Any]:
    """Return the config of a cell: of a reference method as it is stored, of a submission as its overrides compose.

    Raises UsageError where it says more than a method and its plain values, or is of another cell.
    """
    if entry.record is None or entry.record.pinned is None:
        return dict(wanted.config)
    version, _, size = wanted.data.partition("/")
    release = {"version": version, "size": size}
    cell = (wanted.task, release, wanted.split, wanted.seed)
    config = compose_pinned(entry.record.pinned, entry.id, *cell, REPLICATES)
    if (config["access"], config["labels"]) != (wanted.access, wanted.labels):
        raise UsageError(
            f"{entry.id}: pinned.overrides of {wanted.task} ask for access {config['access']} and labels "
            f"{config['labels']}, and the record declares {wanted.access} and {wanted.labels}: its authors must "
            "correct one of them."
        )
    return config


@dataclass(frozen=True)
class Reproduced:
    """One cell that was run again. ``same``: bit for bit the stored predictions; ``stored`` and ``found``: the primary
    scores."""

    task: str
    split: str
    seed: int
    same: bool
    stored: float | None
    found: float | None


def reproduce(
    results: Path,
    data: str,
    entry_id: str,
    tasks: Sequence[str] = (),
    splits: Sequence[str] = (),
    quiet: bool = False,
) -> list[Reproduced]:
    """Run the cells of an entry again. The results of a submission are stored as reproduced.

    ``data``: the board's release; ``entry_id``: ``team--method``, where ``tipbench--method`` is a reference method;
    ``tasks`` and ``splits``: only these, all by default.

    Raises UsageError for an entry that is not there, names no package, or has no such cells, and where no fence can be
    built; CheckFailed where its package cannot be installed, or a cell fails.
    """
    entry = _entry(results, data, entry_id)
    there = {seat_of(one): one for one in (*entry.results, *entry.uploaded)}.values()
    cells = [one for one in there if (not tasks or one.task in tasks) and (not splits or one.split in splits)]
    if not cells:
        raise UsageError(
            f"{entry_id} has no results on {', '.join((*tasks, *splits)) or data}: choose other tasks or splits."
        )
    with tempfile.TemporaryDirectory(prefix="tipbench-reproduce-") as folder:
        environment = Environment("")
        if entry.record is not None:
            if entry.record.pinned is None:
                raise UsageError(
                    f"{entry.id} names no package: its authors must submit it with package= before it can be "
                    "reproduced."
                )
            packages = read_config(results).packages
            environment = install(entry.record.pinned.package, packages, Path(folder))
        configs = [config_of(entry, one) for one in cells]
        work = partial(_run_again, entry, environment, Path(folder))
        pairs = list(zip(cells, configs, strict=True))
        found = run_all(work, pairs, engine="sequential", label="cells", quiet=quiet)
        store = store_of(results)
        if entry.record is not None:
            _keep(results / data / SUBMISSIONS / entry.id, store, entry, found)
        return [_compare(one, again, store) for one, again in zip(cells, found, strict=True)]


def _entry(results: Path, data: str, entry_id: str) -> Entry:
    folder = results / data / SUBMISSIONS / entry_id
    if (folder / UPLOADED).is_dir() and folder.parent == results / data / SUBMISSIONS:
        return read_submission(folder)
    entries = {one.id: one for one in read(results, data, draft=True).entries}
    if entry_id not in entries:
        near = nearest(entry_id, entries) or list(entries)[:3]
        raise UsageError(f"{entry_id} is not an entry of the board of {data}: choose {' or '.join(near)}.")
    return entries[entry_id]


def _run_again(
    entry: Entry, environment: Environment, folder: Path, cell_and_config: tuple[Result, dict[str, Any]]
) -> FinishedRun:
    """Return a cell that was run behind a fence and scored here."""
    stored, config = cell_and_config
    cell = Cell(config, folder / "runs" / f"{stored.task}-{stored.split}-{stored.seed}")
    versions = versions_of(cell)
    if entry.record is not None:
        versions = versions.model_copy(update={"method": environment.package})
    shared = SharedFold(cell)
    with closing(Methods(cell, shared, Limits(), environment.place)) as methods:
        outcome = run_one(Job(cell, versions, digests_of(cell, versions.data)), shared, methods)
    if outcome.result is None:
        kind = UsageError if outcome.usage else CheckFailed
        raise kind(f"{entry.id} on {cell.task}, split {cell.split}, seed {cell.seed} failed: {outcome.cause}")
    if outcome.result.oracle_method:
        raise CheckFailed(f"{entry.id} is an oracle, shown hidden truth: oracles are not reproduced.")
    return FinishedRun(outcome.result, cell.folder)


def _keep(folder: Path, store: PredictionStore, entry: Entry, found: Sequence[FinishedRun]) -> None:
    """Keep predictions and scores as reproduced, beside cells that were reproduced earlier."""
    drawn, made = [], []
    for result, place in found:
        store.put((place / result.predictions.file).read_bytes())
        named = {"method": f"{result.task}/{entry.method}", "verified": True}
        made.append(result.model_copy(update=named))
        if is_kept(result):
            drawn.append(draws_of_run(FinishedRun(made[-1], place)))
    done = set(map(seat_of, made))
    earlier = [one for one in entry.results if one.verified and seat_of(one) not in done]
    there = set(map(seat_of, earlier))
    kept = [one for one in entry.draws if seat_of(one) in there]
    with fill_folder_atomically(folder / REPRODUCED, replace=True, advice="give another results=") as beside:
        store_results(beside, [*earlier, *made], [*kept, *drawn])


def _compare(stored: Result, again: FinishedRun, store: PredictionStore) -> Reproduced:
    """Compare a cell that was run again with its stored predictions and score."""
    found, digest = again.result, stored.predictions.digest
    same = digest == found.predictions.digest
    if not same and store.has(digest):
        # Another writer may have written the uploaded file, perhaps as float32: compare the contents.
        uploaded = _content(store.get(digest))
        made = _content((again.folder / found.predictions.file).read_bytes())
        same = uploaded.columns == made.columns and uploaded.equals(made.cast(uploaded.schema, strict=False))
    return Reproduced(
        task=stored.task,
        split=stored.split,
        seed=stored.seed,
        same=same,
        stored=stored.scores[stored.primary].value,
        found=found.scores[found.primary].value,
    )


def _content(parquet: bytes) -> pl.DataFrame:
    """Return predictions in one order of rows and columns."""
    stored = read_parquet(parquet)
    columns = sorted(stored.columns)
    return stored.select(columns).sort(columns)
