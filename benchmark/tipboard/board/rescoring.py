"""Compute every score of a board again from its predictions, or run a sample of its cells again, and name differences.

Predictions come from the board's store, and from runs for those that are not there (of reference methods only digests
are kept). A fold's answers are made once for all entries.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tipbench.data.fold import Prepared
from tipbench.loading import prepare
from tipbench.runs import runner
from tipbench.runs.cells import Cell
from tipbench.runs.cost import UNKNOWN_PEAK
from tipbench.runs.digests import method_sources
from tipbench.runs.frames import RESULTS, read_results
from tipbench.runs.results import Result, digest_of, read_result, run_folders
from tipbench.runs.scoring import UNVERIFIED, evaluate_prepared
from tipbench.task import Task
from tipbench.tasks import score_version, task_of
from tipcore.atomic import fill_folder_atomically, whole_folders
from tipcore.engines import run_all
from tipcore.errors import CheckFailed, UsageError
from tipcore.sources import imported_names
from tipcore.table_files import read_parquet

from tipboard.board.acceptance import first_of
from tipboard.board.collection import (
    DRAWS,
    KeptDraws,
    draws_of_evaluation,
    place_of,
    read_draws,
)
from tipboard.board.files import (
    REFERENCE,
    REPRODUCED,
    SUBMISSIONS,
    UPLOADED,
    read,
    store_results,
)
from tipboard.submissions.storage import PredictionStore, store_of

RELATIVE, ABSOLUTE = 1e-9, 1e-12
"""Numbers closer than this are the same: processors round sums differently in the last digits."""


@dataclass(frozen=True)
class Difference:
    """A stored number that is not what its predictions score."""

    path: str
    metric: str
    stored: float | None
    found: float | None


def differences_of(path: str, stored: Result, found: Result) -> Iterator[Difference]:
    """Yield numbers of scores, groups and oracle that are not the same."""
    one, other = _numbers(stored), _numbers(found)
    for name in dict.fromkeys((*one, *other)):
        if not _same(one.get(name), other.get(name)):
            yield Difference(path, name, one.get(name), other.get(name))


def largest_difference(stored: Result, found: Result, only: str | None = None) -> tuple[str, float]:
    """Return the name of the number of scores, groups and oracle that differs most, and its absolute difference.

    ``only``: the one number to compare; all for None. ``("", 0.0)`` where all are equal; the difference is infinite
    where one of the two is missing.
    """
    one, other = _numbers(stored), _numbers(found)
    names = one | other if only is None else [only]
    differences = [("", 0.0), *((name, _distance(one.get(name), other.get(name))) for name in names)]
    return max(differences, key=lambda pair: pair[1])


def _numbers(result: Result) -> dict[str, float | None]:
    scores = {
        f"{name}{end}": value
        for name, score in result.scores.items()
        for end, value in (("", score.value), (" (low)", score.low), (" (high)", score.high))
    }
    groups = {
        f"{name} of {group}": v for group, values in result.groups.items() for name, v in values.items()
    }
    return scores | groups | {f"oracle: {name}": value for name, value in result.oracle.items()}


def _distance(one: float | None, other: float | None) -> float:
    if one is None or other is None:
        return 0.0 if one is other else math.inf
    return abs(one - other)


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


class StoredPlace(NamedTuple):
    """Where a stored result lies: the folder of a submission's side or of all references, and its row there."""

    folder: Path
    row: tuple[str, str, str, int]

    def __str__(self) -> str:
        task, split, method, seed = self.row
        return f"{self.folder / RESULTS}: {task}/{split}/{method}/s{seed}"


@dataclass(frozen=True)
class Rescored:
    """What came of it. ``scored``: results scored again; ``without``: those whose predictions are nowhere."""

    scored: int
    without: list[str]
    differences: list[Difference]


@dataclass(frozen=True)
class PredictionSources:
    """Where predictions are looked for: the store, and files of runs by digest."""

    store: PredictionStore
    runs: Mapping[str, Path] = field(default_factory=dict)

    def get(self, digest: str) -> bytes | None:
        """Return the predictions of a digest, None where they are nowhere. Raises UsageError where they were
        altered."""
        if digest in self.runs:
            content = self.runs[digest].read_bytes()
            if digest_of(content) == digest:
                return content
        return self.store.get(digest) if self.store.has(digest) else None


def rescore(
    results: Path, data: str, runs: Path | None = None, write: bool = False, quiet: bool = False
) -> Rescored:
    """Score all stored predictions of a board again, and return where scores differ.

    Args:
        results: the folder of all boards.
        data: the board's release, ``version/size``.
        runs: a folder of runs that may hold predictions missing from the store.
        write: replace stored scores by new ones.
        quiet: hide progress.

    Raises:
        UsageError: if a result is of other data, or if a submission's predictions are missing or altered;
            without ``write``, also if a result is of another evaluator or the board cannot be read.
    """
    stored = dict(_stored(results / data))
    _refuse_others(results, data, stored, write)
    if not write:
        read(results, data, draft=True)
    sources = PredictionSources(store_of(results), _by_digest(runs))
    folds: dict[tuple[str, str, str], list[tuple[StoredPlace, Result]]] = {}
    for place, result in stored.items():
        folds.setdefault((result.data, result.task, result.split), []).append((place, result))
    done = run_all(partial(_rescore_fold, sources), list(folds.values()), label="folds", quiet=quiet)
    found = {place: again for fold in done for place, again in fold}
    without = [place for place in stored if place not in found]
    _refuse_lost([place for place in without if place.folder.name != REFERENCE], sources.store)
    if write:
        _refuse_old(stored, without)
        _write(stored, found)
    differences = [
        one for place, (again, _) in found.items() for one in differences_of(str(place), stored[place], again)
    ]
    return Rescored(len(found), [str(place) for place in without], differences)


def _stored(board: Path) -> Iterator[tuple[StoredPlace, Result]]:
    """Yield every stored result of references and of all sides of submissions."""
    for folder in _folders(board):
        for result in read_results(folder / RESULTS):
            yield StoredPlace(folder, place_of(result)), result


def _folders(board: Path) -> list[Path]:
    sides = [one / side for one in whole_folders(board / SUBMISSIONS) for side in (UPLOADED, REPRODUCED)]
    return [folder for folder in (board / REFERENCE, *sides) if folder.is_dir()]


def _by_digest(runs: Path | None) -> dict[str, Path]:
    """Return files of predictions below a folder of runs."""
    if runs is None:
        return {}
    if not runs.is_dir():
        raise UsageError(f"{runs} is not a folder: give the one that holds runs with their predictions.")
    found = {}
    for folder in run_folders(runs):
        predictions = read_result(folder).predictions
        found[predictions.digest] = folder / predictions.file
    return {digest: path for digest, path in found.items() if path.is_file()}


def _refuse_others(results: Path, data: str, stored: Mapping[StoredPlace, Result], write: bool) -> None:
    """Data of one release; unless all is to be written again, scores of this evaluator."""
    version = data.partition("/")[0]
    for place, result in stored.items():
        if (result.data, result.versions.data) != (data, version):
            raise UsageError(
                f"{place} is of {result.data} on the board of {data}: scores of different data never stand "
                "on one board; remove it."
            )
    others = [str(place) for place, one in stored.items() if _is_old(one)]
    if others and not write:
        raise UsageError(
            f"{results}: {len(others):,} of {len(stored):,} results are of another evaluator than this one "
            f"(first: {others[0]}): add --write to score them again."
        )


def _refuse_lost(lost: Sequence[StoredPlace], store: PredictionStore) -> None:
    if lost:
        raise UsageError(
            f"{store.url} lacks the predictions of {len(lost):,} submitted result{'s' if len(lost) > 1 else ''} "
            f"(first: {lost[0]}): restore the files, or remove the submission."
        )


def _refuse_old(stored: Mapping[StoredPlace, Result], without: Sequence[StoredPlace]) -> None:
    """Refuse what this evaluator did not score."""
    old = [place for place in without if _is_old(stored[place])]
    if old:
        raise UsageError(
            f"{len(old):,} reference results are of an earlier evaluator and have no predictions here (first: "
            f"{old[0]}): run experiment=board again and give its folder with runs=."
        )


def _is_old(result: Result) -> bool:
    """Return whether a result's scores mean something else than scores of its task do now."""
    return result.versions.evaluator != score_version(result.task)


def _rescore_fold(
    sources: PredictionSources, stored: Sequence[tuple[StoredPlace, Result]]
) -> list[tuple[StoredPlace, tuple[Result, KeptDraws | None]]]:
    """Return results of one task and split, scored again where their predictions are found."""
    there = [(place, result, sources.get(result.predictions.digest)) for place, result in stored]
    if all(content is None for _, _, content in there):
        return []
    task, split = task_of(stored[0][1].task), stored[0][1].split
    return list(_rescored(task, prepare(task, release=stored[0][1].data, split=split), there))


def _rescored(
    task: Task, prepared: Prepared, there: Sequence[tuple[StoredPlace, Result, bytes | None]]
) -> Iterator[tuple[StoredPlace, tuple[Result, KeptDraws | None]]]:
    """Yield results of one fold, scored again where there are predictions."""
    for place, result, content in there:
        if content is None:
            continue
        predictions = read_parquet(content)
        evaluation = evaluate_prepared(task, prepared, predictions, open_entry=not result.verified)
        again = result.model_copy(
            update={
                **evaluation.record(),
                "warnings": _warnings(result, evaluation.warnings),
                "versions": result.versions.model_copy(update={"evaluator": score_version(task)}),
            }
        )
        on_default = result.split == task.splits[0] and not result.oracle_method
        drawn = draws_of_evaluation(result, evaluation) if on_default else None
        yield place, (again, drawn)


def _warnings(result: Result, said: Sequence[str]) -> list[str]:
    """Return the warnings of the evaluator, without doubts about a stream that was enforced, and the one about cost."""
    doubts = {UNVERIFIED} if result.verified else set()
    return [one for one in said if one not in doubts] + [
        one for one in result.warnings if one == UNKNOWN_PEAK
    ]


def _write(
    stored: Mapping[StoredPlace, Result], found: Mapping[StoredPlace, tuple[Result, KeptDraws | None]]
) -> None:
    """Write every folder again, with what was found in the place of what was stored."""

    def now_in(folder: Path) -> dict[StoredPlace, Result]:
        here = [place for place in stored if place.folder == folder]
        return {place: found[place][0] if place in found else stored[place] for place in here}

    folders = list(dict.fromkeys(place.folder for place in stored))
    for folder in folders:
        now = now_in(folder)
        drawn = first_of([kept for place in now if place in found and (kept := found[place][1])])
        again = {(one.task, one.method) for one in drawn}
        kept = [one for one in read_draws(folder / DRAWS) if (one.task, one.method) not in again]
        with fill_folder_atomically(folder, replace=True) as beside:
            store_results(beside, list(now.values()), [*kept, *drawn])


TOLERANCE = 1e-6
"""Largest absolute difference that counts as the same: machines round the last digits of a sum differently."""
GRADIENTS = ("torch", "sentence_transformers", "numpyro", "jax")
"""Libraries whose rounding grows over thousands of steps, so that another processor may arrive elsewhere."""
EXCEPTIONS = {
    "advert_authorship/metric_learning": 0.004,
    "advert_risk/joined_tables": 0.001,
    "advert_risk/lightgbm": 0.002,
    "advert_risk/sentence_encoder": TOLERANCE,
    "intervention_effect/structural_time_series": TOLERANCE,
    "recruitment_onset/windowed_logreg": 0.003,
}
"""Other methods that magnify rounding -> the largest difference of the primary score that counts as the same.

On three splits of ``small`` it was at most this between two kernels of OpenBLAS and numpy (AVX2 and AVX-512). Only the
primary score of these methods is compared. All other methods gave numbers within 1e-9 on ``tiny``.
"""


@dataclass(frozen=True)
class Recomputed:
    """A cell that was run again.

    ``number``: the name of the number that differs most, '' where all are equal. ``difference``: its absolute
    difference, None where one of the two numbers is missing. ``allowed``: the largest difference that counts as the
    same.
    """

    task: str
    split: str
    method: str
    seed: int
    number: str
    difference: float | None
    allowed: float
    same: bool


def recompute(
    results: Sequence[Result], count: int, seed: int, quiet: bool = False
) -> tuple[list[Recomputed], dict[str, str]]:
    """Run cells again, without a fence: ``count`` of ``results``, drawn at random without replacement.

    Args:
        results: results of reference methods, each with its resolved config.
        count: how many cells; all of them if there are fewer.
        seed: of the draw.
        quiet: whether to hide progress.

    Returns:
        The cells that were run again, and why others could not run here (cell -> sentence): a cell whose method needs
        an extra that is not installed is replaced by the next one of the draw.

    Raises:
        CheckFailed: where a cell fails.
    """
    waiting = [results[at] for at in np.random.default_rng(seed).permutation(len(results))]
    found: list[Recomputed] = []
    left_out: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="tipbench-recompute-") as folder:
        while waiting and len(found) < count:
            some, waiting = waiting[: count - len(found)], waiting[count - len(found) :]
            cells = [Cell(dict(one.config), Path(folder)) for one in some]
            for stored, outcome in zip(some, runner.run(cells, engine="loky", quiet=quiet), strict=True):
                if outcome.result is not None:
                    found.append(_compare_numbers(stored, outcome.result, _spread(stored, results)))
                elif outcome.usage:
                    left_out[outcome.cell.name] = str(outcome.cause)
                else:
                    raise CheckFailed(f"{outcome.cell.name} failed: {outcome.cause}")
    return found, left_out


def _compare_numbers(stored: Result, again: Result, spread: float) -> Recomputed:
    exception = EXCEPTIONS.get(stored.method)
    only = None if exception is None else stored.primary
    name, difference = largest_difference(stored, again, only)
    allowed = max(TOLERANCE, exception or 0.0, spread)
    finite = difference if math.isfinite(difference) else None
    cell = (stored.task, stored.split, stored.method, stored.seed)
    return Recomputed(*cell, name, finite, allowed, difference <= allowed)


def _spread(stored: Result, results: Sequence[Result]) -> float:
    """Return the range of the primary score over the stored seeds for a method that learns by :data:`GRADIENTS`, else
    0."""
    baseline: Any = stored.config["baseline"]
    used = imported_names(method_sources(baseline["method"]))
    if not any(name.partition(".")[0] in GRADIENTS for name in used):
        return 0.0
    cell = (stored.task, stored.split, stored.method)
    seeds = [one for one in results if (one.task, one.split, one.method) == cell]
    values = [v for one in seeds if (v := one.scores[one.primary].value) is not None]
    return max(values) - min(values) if values else 0.0
