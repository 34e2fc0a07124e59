"""Bootstrap draws of primary scores, kept so that methods can be compared after their predictions are gone.

All methods of a task and split are scored under the same seeded draws of the same clusters, so the draws of any two
are paired: their difference tests one against the other (``tipbench.evaluation``), and the order of all under each
draw bounds a rank (:mod:`tipboard.board.ranks`). They are kept for a task's default split, of a method with several
seeds for the first, as float32: 4 KB a method.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from tipbench.evaluation.comparison import Draws, primary_draws
from tipbench.evaluation.evaluation import Evaluation
from tipbench.metrics.inputs import inputs_of
from tipbench.runs.results import Result, read_predictions
from tipbench.runs.results import read_draws as read_run_draws
from tipbench.runs.shared_fold import prepare_cell
from tipbench.tasks import task_of
from tipcore.errors import UsageError
from tipcore.table_files import read_parquet

DRAWS = "draws.parquet"
REPLICATES, SEED = 1000, 0
"""Of the draws that are kept: others would not pair."""

_SCHEMA = pl.Schema(
    {
        "task": pl.String(),
        "split": pl.String(),
        "method": pl.String(),
        "seed": pl.Int64(),
        "value": pl.Float64(),
        "clusters": pl.Int64(),
        "draws": pl.List(pl.Float32()),
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
    listed = sorted(kept, key=lambda one: (one.task, one.split, one.method, one.seed))
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
        for one in listed
    ]
    buffer = io.BytesIO()
    pl.DataFrame(rows, schema=_SCHEMA, orient="row").write_parquet(buffer, compression="zstd")
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
        raise UsageError(f"{path} holds no draws: {said}; make them with `tipbench board results`.") from None
    return [
        KeptDraws(task, split, method, seed, Draws(value, np.asarray(drawn, dtype=np.float64), clusters))
        for task, split, method, seed, value, clusters, drawn in frame.iter_rows()
    ]


def kept_draws(result: Result, evaluation: Evaluation) -> KeptDraws:
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
        draws = primary_draws(inputs_of(task, answers, predictions), REPLICATES, SEED)
    return KeptDraws(result.task, result.split, result.method_name, result.seed, draws)
