"""Compute every score of a board again from its predictions, or run a sample of its cells again, and name differences.

Predictions come from the board's store, and from runs for those that are not there (of reference methods only digests
are kept). A fold's answers are made once for all entries.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tipbench.data.fold import Prepared
from tipbench.loading import prepare
from tipbench.runs import runner
from tipbench.runs.cells import Cell
from tipbench.runs.cost import UNKNOWN_PEAK
from tipbench.runs.frames import RESULTS, read_results
from tipbench.runs.results import Result, digest_of, read_result, run_folders
from tipbench.runs.scoring import UNVERIFIED, evaluate_prepared
from tipbench.tasks import score_version, task_of
from tipcore.atomic import fill_folder_atomically, whole_folders
from tipcore.engines import run_all
from tipcore.errors import CheckFailed, UsageError
from tipcore.spelling import count_of
from tipcore.table_files import read_parquet

from tipboard.board import collection, files
from tipboard.board.collection import KeptDraws, Place, place_of
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

    @property
    def is_same(self) -> bool:
        """Whether both are the same number, up to rounding."""
        if self.stored is None or self.found is None:
            return self.stored is self.found
        return math.isclose(self.stored, self.found, rel_tol=RELATIVE, abs_tol=ABSOLUTE)

    @property
    def size(self) -> float:
        """The absolute difference; infinite where one of the two is missing."""
        if self.stored is None or self.found is None:
            return 0.0 if self.stored is self.found else math.inf
        return abs(self.stored - self.found)


def compare_numbers(path: str, stored: Result, found: Result) -> list[Difference]:
    """Return every number of scores, groups and oracle of two results, different or not."""
    one, other = _numbers(stored), _numbers(found)
    return [Difference(path, name, one.get(name), other.get(name)) for name in one | other]


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


class StoredPlace(NamedTuple):
    """Where a stored result lies: the folder of a submission's side or of all references, and its row there."""

    folder: Path
    row: Place

    def __str__(self) -> str:
        task, split, method, seed = self.row
        return f"{self.folder / RESULTS}: {task}/{split}/{method}/s{seed}"


class ScoredAgain(NamedTuple):
    """A result of today's scores, and its draws where they are kept."""

    result: Result
    draws: KeptDraws | None


@dataclass(frozen=True)
class Rescored:
    """What came of it. ``scored``: results scored again; ``without``: those whose predictions are nowhere."""

    scored: int
    without: list[str]
    differences: list[Difference]


def rescore(
    results: Path, data: str, runs: Path | None = None, write: bool = False, quiet: bool = False
) -> Rescored:
    """Score all stored predictions of a board again, and return where scores differ.

    ``data``: the board's release, ``version/size``; ``runs``: a folder of runs that may hold predictions missing from
    the store; ``write``: replace stored scores by new ones.

    Raises:
        UsageError: if a result is of other data, or if a submission's predictions are missing or altered;
            without ``write``, also if another evaluator scored a result or the board cannot be read.
    """
    stored = dict(_stored(results / data))
    _refuse_others(results, data, stored, write)
    if not write:
        files.read(results, data, draft=True)
    store = store_of(results)
    folds: dict[tuple[str, str, str], list[tuple[StoredPlace, Result]]] = {}
    for place, result in stored.items():
        folds.setdefault((result.data, result.task, result.split), []).append((place, result))
    work = partial(_rescore_fold, store, _by_digest(runs))
    done = run_all(work, list(folds.values()), label="folds", quiet=quiet)
    found = {place: again for fold in done for place, again in fold.items()}
    without = [place for place in stored if place not in found]
    if lost := [place for place in without if place.folder.name != files.REFERENCE]:
        raise UsageError(
            f"{store.url} lacks the predictions of {count_of(len(lost), 'submitted result')} (first: {lost[0]}): "
            "restore the files, or remove the submission."
        )
    if write:
        _write(stored, found)
    compared = (compare_numbers(str(place), stored[place], again.result) for place, again in found.items())
    differing = [one for numbers in compared for one in numbers if not one.is_same]
    return Rescored(len(found), list(map(str, without)), differing)


def _stored(board: Path) -> Iterator[tuple[StoredPlace, Result]]:
    """Yield every stored result of references and of all sides of submissions."""
    submissions, sides = whole_folders(board / files.SUBMISSIONS), (files.UPLOADED, files.REPRODUCED)
    for folder in (board / files.REFERENCE, *(one / side for one in submissions for side in sides)):
        for result in read_results(folder / RESULTS) if folder.is_dir() else ():
            yield StoredPlace(folder, place_of(result)), result


def _by_digest(runs: Path | None) -> dict[str, Path]:
    """Return files of predictions below a folder of runs."""
    if runs is None:
        return {}
    if not runs.is_dir():
        raise UsageError(f"{runs} is not a folder: give the one that holds runs with their predictions.")
    read = ((folder, read_result(folder).predictions) for folder in run_folders(runs))
    found = {predictions.digest: folder / predictions.file for folder, predictions in read}
    return {digest: path for digest, path in found.items() if path.is_file()}


def _refuse_others(results: Path, data: str, stored: Mapping[StoredPlace, Result], write: bool) -> None:
    """Data of one release; unless all is to be written again, scores of this evaluator."""
    for place, result in stored.items():
        if not files.is_of(result, data):
            raise UsageError(
                f"{place} is of {result.data} on the board of {data}: scores of different data never stand "
                "on one board; remove it."
            )
    others = [str(place) for place, one in stored.items() if collection.is_old(one)]
    if others and not write:
        raise UsageError(
            f"{results}: another evaluator than this one scored {len(others):,} of {count_of(len(stored), 'result')} "
            f"(first: {others[0]}): add --write to score them again."
        )


def _rescore_fold(
    store: PredictionStore, runs: Mapping[str, Path], stored: Sequence[tuple[StoredPlace, Result]]
) -> dict[StoredPlace, ScoredAgain]:
    """Return results of one task and split, scored again where their predictions are found.

    Raises UsageError where predictions in the store were altered.
    """
    first, prepared = stored[0][1], None
    found: dict[StoredPlace, ScoredAgain] = {}
    for place, result in stored:
        content = _predictions(store, runs, result.predictions.digest)
        if content is not None:
            if prepared is None:
                prepared = prepare(task_of(first.task), release=first.data, split=first.split)
            found[place] = _score_again(prepared, result, content)
    return found


def _predictions(store: PredictionStore, runs: Mapping[str, Path], digest: str) -> bytes | None:
    """Return the predictions with this digest; None if neither the store nor the runs have them."""
    if digest in runs and digest_of(content := runs[digest].read_bytes()) == digest:
        return content
    return store.get(digest) if store.has(digest) else None


def _score_again(prepared: Prepared, result: Result, content: bytes) -> ScoredAgain:
    """Return a result with new scores. It keeps its warnings about cost."""
    task = task_of(result.task)
    evaluation = evaluate_prepared(task, prepared, read_parquet(content), open_entry=not result.verified)
    warnings = [one for one in evaluation.warnings if one != UNVERIFIED or not result.verified]
    warnings += [one for one in result.warnings if one == UNKNOWN_PEAK]
    versions = result.versions.model_copy(update={"evaluator": score_version(task)})
    again = result.model_copy(update={**evaluation.record(), "warnings": warnings, "versions": versions})
    draws = collection.draws_of_evaluation(result, evaluation) if collection.is_kept(result) else None
    return ScoredAgain(again, draws)


def _write(stored: Mapping[StoredPlace, Result], found: Mapping[StoredPlace, ScoredAgain]) -> None:
    """Write every folder again, with new results in the place of those stored.

    Raises UsageError if predictions are missing for a result of another evaluator.
    """
    if old := [place for place, one in stored.items() if place not in found and collection.is_old(one)]:
        raise UsageError(
            f"the predictions of {count_of(len(old), 'reference result')} of an earlier evaluator are missing (first: "
            f"{old[0]}): run experiment=board again and give its folder with runs=."
        )
    for folder in dict.fromkeys(place.folder for place in stored):
        places = [place for place in stored if place.folder == folder]
        now = [found[place].result if place in found else stored[place] for place in places]
        drawn = [draws for place in places if place in found and (draws := found[place].draws) is not None]
        with fill_folder_atomically(folder, replace=True) as beside:
            files.store_results(beside, now, [*drawn, *collection.read_draws(folder / collection.DRAWS)])


TOLERANCE = 1e-6
"""Largest absolute difference that counts as the same: machines round the last digits of a sum differently."""
BY_GRADIENTS = (
    "account_risk/graphsage",
    "prevalence/bayes_loglinear",
    "recruitment_onset/gru",
)
"""Methods of torch and jax. Their rounding grows over thousands of steps, so another processor may end elsewhere: the
primary score may differ by its range over the stored seeds."""
EXCEPTIONS = {
    "advert_authorship/metric_learning": 0.004,
    "advert_risk/joined_tables": 0.001,
    "advert_risk/lightgbm": 0.002,
    "advert_risk/sentence_encoder": TOLERANCE,
    "intervention_effect/structural_time_series": TOLERANCE,
    "recruitment_onset/windowed_logreg": 0.003,
}
"""Other methods that magnify rounding -> the largest difference of the primary score that counts as the same.

On three splits of ``small`` it was at most this between two kernels of OpenBLAS and numpy (AVX2 and AVX-512). Of these
methods and of :data:`BY_GRADIENTS` only the primary score is compared: ends of intervals and counts at
a threshold jump where one unit changes sides. All other methods gave numbers within 1e-9 on ``tiny``.
"""


@dataclass(frozen=True)
class Recomputed:
    """A cell that was run again. ``number``: the name of the number that differs most, '' where all are equal;
    ``difference``: its absolute difference, None where one of the two is missing; ``allowed``: the largest difference
    that counts as the same.
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
    """Run cells of reference methods again, without a fence: ``count`` of ``results``, or all if there are fewer, drawn
    with ``seed`` without replacement.

    Returns the cells that were run again, and why others could not run here (cell -> sentence): a cell whose method
    needs an extra that is not installed is replaced by the next one of the draw. Raises CheckFailed where a cell fails.
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
                    found.append(_compare(stored, outcome.result, results))
                elif outcome.usage:
                    left_out[outcome.cell.name] = str(outcome.cause)
                else:
                    raise CheckFailed(f"{outcome.cell.name} failed: {outcome.cause}")
    return found, left_out


def _compare(stored: Result, again: Result, results: Sequence[Result]) -> Recomputed:
    allowed, numbers = TOLERANCE, compare_numbers("", stored, again)
    if stored.method in (*EXCEPTIONS, *BY_GRADIENTS):
        allowed = max(allowed, EXCEPTIONS.get(stored.method) or _spread(stored, results))
        numbers = [one for one in numbers if one.metric == stored.primary]
    largest = max(numbers, key=lambda one: one.size)
    return Recomputed(
        task=stored.task,
        split=stored.split,
        method=stored.method,
        seed=stored.seed,
        number=largest.metric if largest.size else "",
        difference=largest.size if math.isfinite(largest.size) else None,
        allowed=allowed,
        same=largest.size <= allowed,
    )


def _spread(stored: Result, results: Sequence[Result]) -> float:
    """Return the range of the primary score over the stored seeds of a cell."""
    cell = (stored.task, stored.split, stored.method)
    seeds = [one for one in results if (one.task, one.split, one.method) == cell]
    values = [v for one in seeds if (v := one.scores[one.primary].value) is not None]
    return max(values) - min(values) if values else 0.0
