"""The runs that may stand on one board, of one release and one evaluator, and their bootstrap draws.

All methods of a task and split are scored under the same seeded draws of the same clusters, so the draws of any two
are paired: their difference tests one against the other (``tipbench.evaluation``). They are kept for a task's
default split, of a method with several seeds for the first, as float32: 4 KB a method.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from tipbench.evaluation.comparison import Draws, draw_primary
from tipbench.evaluation.evaluation import Evaluation
from tipbench.metrics.metric import make_inputs
from tipbench.runs.folds import prepare_cell
from tipbench.runs.results import Result, read_predictions, read_result, run_folders
from tipbench.runs.results import read_draws as read_run_draws
from tipbench.tasks import score_version, task_of
from tipcore.errors import UsageError
from tipcore.table_files import read_parquet
from tipdata.core.world import check_status

FEW = 3
"""Examples in an error."""


@dataclass(frozen=True)
class FinishedRun:
    """A finished run: its folder and its result."""

    folder: Path
    result: Result


def collect(runs: Path, draft: bool = False) -> list[FinishedRun]:
    """Return every finished run below a folder, sorted by task, split, method and seed.

    Raises:
        UsageError: where there is none, one cannot be read, they are of several data or evaluators or of another
            evaluator than this one, a method was run twice in one place, or they are of a draft and ``draft`` is false.
    """
    if not runs.is_dir():
        raise UsageError(
            f"{runs} is not a folder: give the one that `tipbench run experiment=board` wrote runs to."
        )
    found = [FinishedRun(folder, read_result(folder)) for folder in run_folders(runs)]
    if not found:
        raise UsageError(f"{runs} holds no finished run: run experiment=board first.")
    _refuse_mixed(runs, found)
    _refuse_no_release(runs, found[0].result)
    check_status(found[0].result.versions.data, draft)
    _refuse_old(runs, found)
    return sorted(_alone(found), key=lambda run: place_of(run.result))


def place_of(result: Result) -> tuple[str, str, str, int]:
    """Return the place of a result on its board: task, split, name of the method without its task, and seed."""
    return result.task, result.split, result.method_name, result.seed


Seat = tuple[str, str, int]


def seat_of(one: Any) -> Seat:
    """Return task, split, seed: where a result or its draws stand among those of an entry."""
    return one.task, one.split, one.seed


def _refuse_mixed(runs: Path, found: Sequence[FinishedRun]) -> None:
    """Refuse runs on several data."""
    counts = Counter(run.result.data for run in found)
    [(most, _)] = counts.most_common(1)
    odd = sorted(str(run.folder) for run in found if run.result.data != most)
    if odd:
        named = ", ".join(odd[:FEW]) + (f" and {len(odd) - FEW:,} more" if len(odd) > FEW else "")
        raise UsageError(
            f"{runs} mixes data ({', '.join(sorted(counts))}): {len(odd):,} of {len(found):,} runs are not of {most}: "
            f"{named}; collect one release, such as runs={runs}/{most}."
        )


def _refuse_no_release(runs: Path, first: Result) -> None:
    version, _, size = first.data.partition("/")
    if not size or version != first.versions.data:
        raise UsageError(
            f"{runs} holds runs on {first.data}, which is not a release: collect those of a release."
        )


def _refuse_old(runs: Path, found: Sequence[FinishedRun]) -> None:
    """What is stored are scores of what the task's scores mean now, and nothing else."""
    old = [run for run in found if run.result.versions.evaluator != score_version(run.result.task)]
    if old:
        first = old[0].result
        raise UsageError(
            f"{runs}: {len(old):,} of {len(found):,} runs were scored by another evaluator (first: {old[0].folder}, by "
            f"{first.versions.evaluator} where this one is {score_version(first.task)}): run them again; their "
            "predictions are kept and only scored."
        )


def _alone(found: Sequence[FinishedRun]) -> Sequence[FinishedRun]:
    """Return the runs, after a check that no two are of one place: of one seed, or of two configs."""
    configs: dict[tuple[str, ...], FinishedRun] = {}
    seeds: dict[tuple[str | int, ...], FinishedRun] = {}
    for run in sorted(found, key=lambda run: str(run.folder)):
        place = place_of(run.result)
        first, same_seed = configs.setdefault(place[:3], run), seeds.setdefault(place, run)
        other = same_seed if first.result.config_hash == run.result.config_hash else first
        if other is not run:
            raise UsageError(
                f"{run.folder} is of the same method and split as {other.folder}: a board shows one of them; move the "
                "other elsewhere."
            )
    return found


DRAWS = "draws.parquet"
REPLICATES, SEED = 1000, 0
"""Of the draws that are kept: others would not pair."""

_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(("task", "split", "method"), pl.String()),
        **{"seed": pl.Int64(), "value": pl.Float64(), "clusters": pl.Int64(), "draws": pl.List(pl.Float32())},
    }
)


@dataclass(frozen=True)
class KeptDraws:
    """The draws of one method with one seed. ``method`` is without its task; ``draws`` has none where the test has too
    few clusters."""

    task: str
    split: str
    method: str
    seed: int
    draws: Draws = field(repr=False)


def to_bytes(kept: Iterable[KeptDraws]) -> bytes:
    """Return draws as a parquet file, sorted by task, split, method and seed; the same bytes for the same draws."""
    rows = [
        (
            one.task,
            one.split,
            one.method,
            one.seed,
            one.draws.value,
            one.draws.clusters,
            list(one.draws.draws),
        )
        for one in kept
    ]
    found = pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort("task", "split", "method", "seed")
    buffer = io.BytesIO()
    found.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def read_draws(path: Path) -> list[KeptDraws]:
    """Return the draws of a file. Raises UsageError where it is absent or no file of draws."""
    try:
        frame = read_parquet(path)
        if frame.schema != _SCHEMA:
            raise ValueError(f"its columns are {', '.join(frame.columns)}")
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        missing = isinstance(error, FileNotFoundError)
        said = "the file is missing" if missing else str(error).strip().splitlines()[0][:160].rstrip(".")
        raise UsageError(
            f"{path} holds no draws: {said}; make them with `tipbench board add runs=RUNS`."
        ) from None
    return [
        KeptDraws(task, split, method, seed, Draws(value, np.asarray(drawn, dtype=np.float64), clusters))
        for task, split, method, seed, value, clusters, drawn in frame.iter_rows()
    ]


def draws_of_evaluation(result: Result, evaluation: Evaluation) -> KeptDraws:
    """Return the draws that an evaluation made, under the name of its result. Its truth must be known."""
    if evaluation.primary_draws is None:
        raise ValueError(f"{result.task}: there is no truth to draw scores against")
    return KeptDraws(result.task, result.split, result.method_name, result.seed, evaluation.primary_draws)


def draws_of_run(result: Result, folder: Path) -> KeptDraws:
    """Return the draws that a run left; they are made again only where it left none or others, as 0.4.0 did.

    Raises UsageError where they, or the predictions that they are made from, cannot be read.
    """
    draws = read_run_draws(folder) if result.config.get("replicates") == REPLICATES else None
    if draws is None:
        predictions, task = read_predictions(folder, result), task_of(result.task)
        answers = prepare_cell(dict(result.config)).answers_to(predictions)
        draws = draw_primary(make_inputs(task, answers, predictions), REPLICATES, SEED)
    return KeptDraws(result.task, result.split, result.method_name, result.seed, draws)
