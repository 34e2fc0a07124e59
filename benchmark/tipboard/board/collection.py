"""The runs that may stand on one board, of one release and one evaluator, and their bootstrap draws.

All methods of a task and split are scored under the same seeded draws of the same clusters, so the draws of any two
are paired: their difference tests one against the other (``tipbench.evaluation``). They are kept for a task's
default split, of a method with several seeds for the first, as float32: 4 KB a method.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from tipbench.evaluation.comparison import Draws, draw_primary
from tipbench.evaluation.evaluation import Evaluation
from tipbench.metrics.metric import make_inputs
from tipbench.runs.folds import prepare_cell
from tipbench.runs.results import Result, read_predictions, read_result, run_folders
from tipbench.runs.results import read_draws as read_run_draws
from tipbench.tasks import score_version, task_of
from tipcore.errors import UsageError, error_line
from tipcore.table_files import read_parquet
from tipdata.core.world import check_status

FEW = 3
"""Examples in an error."""


class FinishedRun(NamedTuple):
    """A finished run: its result and its folder."""

    result: Result
    folder: Path


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
    found = [FinishedRun(read_result(folder), folder) for folder in run_folders(runs)]
    if not found:
        raise UsageError(f"{runs} holds no finished run: run experiment=board first.")
    _refuse_mixed(runs, found)
    first = found[0].result
    version, _, size = first.data.partition("/")
    if not size or version != first.versions.data:
        raise UsageError(
            f"{runs} holds runs on {first.data}, which is not a release: collect those of a release."
        )
    check_status(version, draft)
    _refuse_old(runs, found)
    _refuse_twins(found)
    return sorted(found, key=lambda run: place_of(run.result))


Place = tuple[str, str, str, int]


def place_of(result: Result) -> Place:
    """Return the place of a result on its board: task, split, name of the method without its task, and seed."""
    return result.task, result.split, result.method_name, result.seed


def seat_of(one: Any) -> tuple[str, str, int]:
    """Return task, split, seed: where a result or its draws stand among those of an entry."""
    return one.task, one.split, one.seed


def name_some(names: Sequence[str]) -> str:
    """Return the first :data:`FEW` names, and how many more there are."""
    more = len(names) - FEW
    return ", ".join(names[:FEW]) + (f" and {more:,} more" if more > 0 else "")


def _refuse_mixed(runs: Path, found: Sequence[FinishedRun]) -> None:
    """Raise UsageError if the runs are of several releases."""
    counts = Counter(run.result.data for run in found)
    [(most, _)] = counts.most_common(1)
    if odd := sorted(str(run.folder) for run in found if run.result.data != most):
        raise UsageError(
            f"{runs} mixes data ({', '.join(sorted(counts))}): {len(odd):,} of {len(found):,} runs are not of {most}: "
            f"{name_some(odd)}; collect one release, such as runs={runs}/{most}."
        )


def is_old(result: Result) -> bool:
    """Return whether a result's scores mean something else than scores of its task do now."""
    return result.versions.evaluator != score_version(result.task)


def _refuse_old(runs: Path, found: Sequence[FinishedRun]) -> None:
    """What is stored are scores of what the task's scores mean now, and nothing else."""
    if old := [run for run in found if is_old(run.result)]:
        first = old[0].result
        raise UsageError(
            f"{runs}: {len(old):,} of {len(found):,} runs were scored by another evaluator (first: {old[0].folder}, by "
            f"{first.versions.evaluator} where this one is {score_version(first.task)}): run them again; their "
            "predictions are kept and only scored."
        )


def _refuse_twins(found: Sequence[FinishedRun]) -> None:
    """Refuse two runs of one place: of one seed, or of two configs."""
    configs: dict[tuple[str, ...], FinishedRun] = {}
    seeds: dict[Place, FinishedRun] = {}
    for run in found:
        place = place_of(run.result)
        first, same_seed = configs.setdefault(place[:3], run), seeds.setdefault(place, run)
        other = same_seed if first.result.config_hash == run.result.config_hash else first
        if other is not run:
            raise UsageError(
                f"{run.folder} is of the same method and split as {other.folder}: a board shows one of them; move the "
                "other elsewhere."
            )


DRAWS = "draws.parquet"
REPLICATES, SEED = 1000, 0
"""Of the draws that are kept: others would not pair."""

_PLACE = {"task": pl.String(), "split": pl.String(), "method": pl.String(), "seed": pl.Int64()}
_SCHEMA = pl.Schema({**_PLACE, "value": pl.Float64(), "clusters": pl.Int64(), "draws": pl.List(pl.Float32())})


class KeptDraws(NamedTuple):
    """The draws of one method with one seed.

    The first four fields are the place of its result, as :func:`place_of` returns it; ``draws`` holds no draws where
    the test has too few clusters.
    """

    task: str
    split: str
    method: str
    seed: int
    draws: Draws


def first_of(drawn: Iterable[KeptDraws]) -> list[KeptDraws]:
    """Return the draws of the first seed of each task, split and method."""
    first: dict[tuple[str, ...], KeptDraws] = {}
    for one in sorted(drawn, key=lambda one: one.seed):
        first.setdefault((one.task, one.split, one.method), one)
    return list(first.values())


def to_bytes(kept: Iterable[KeptDraws]) -> bytes:
    """Return draws as a parquet file, sorted by task, split, method and seed; the same bytes for the same draws."""
    rows = [(*place, draws.value, draws.clusters, list(draws.draws)) for *place, draws in kept]
    buffer = io.BytesIO()
    found = pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort(list(_PLACE))
    found.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def read_draws(path: Path) -> list[KeptDraws]:
    """Return the bootstrap draws in a file. Raises UsageError if it is missing or holds something else."""
    try:
        frame = read_parquet(path)
        if frame.schema != _SCHEMA:
            raise ValueError(f"its columns are {', '.join(frame.columns)}")
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        said = "the file is missing" if isinstance(error, FileNotFoundError) else error_line(error)
        raise UsageError(
            f"{path} holds no bootstrap draws: {said}; make them with `tipbench board add runs=RUNS`."
        ) from None
    return [
        KeptDraws(*place, draws=Draws(value, np.asarray(drawn, dtype=np.float64), clusters))
        for *place, value, clusters, drawn in frame.iter_rows()
    ]


def is_kept(result: Result) -> bool:
    """Return whether draws of a result are kept: on its task's default split, and not of an oracle."""
    return result.split == task_of(result.task).splits[0] and not result.oracle_method


def draws_of_evaluation(result: Result, evaluation: Evaluation) -> KeptDraws:
    """Return the draws that an evaluation made, under the name of its result. Its truth must be known."""
    if evaluation.primary_draws is None:
        raise ValueError(f"{result.task}: there is no truth to draw scores against")
    return KeptDraws(*place_of(result), evaluation.primary_draws)


def draws_of_run(run: FinishedRun) -> KeptDraws:
    """Return the draws that a run left; they are made again only where it left none or others, as 0.4.0 did.

    Raises UsageError where they, or the predictions that they are made from, cannot be read.
    """
    result, folder = run
    draws = read_run_draws(folder) if result.config.get("replicates") == REPLICATES else None
    if draws is None:
        predictions, task = read_predictions(folder, result), task_of(result.task)
        answers = prepare_cell(dict(result.config)).answers_to(predictions)
        draws = draw_primary(make_inputs(task, answers, predictions), REPLICATES, SEED)
    return KeptDraws(*place_of(result), draws)
