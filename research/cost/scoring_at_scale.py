"""What scoring costs in time and memory as rows grow: python research/cost/scoring_at_scale.py [ROWS ...]

Each line is a process of its own: what, rows, CPU seconds of all values with groups and references, of one replicate of
the bootstrap, and of both with a thousand of these; the peak of the memory that the process holds (not the files that
are mapped, nor what was given back), and that a row. Linux alone tells this. The truth and the predictions lie in files
that are mapped, as large tables do; 100 million rows need 6 GB of disk in the folder of temporary files. Columns are
those of advert_risk, 13 rows a cluster as on ``small``. Without ROWS: a million and ten million. Names of cases
(ranking, clustering, retrieval, early) choose.
"""

from __future__ import annotations

import os
import sys

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", POLARS_MAX_THREADS="1")

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from tipbench import kinds
from tipbench.evaluation import evaluation
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.metrics.bootstrap import Metrics, replicate
from tipbench.tasks import task_of

ROWS = (1_000_000, 10_000_000)
ROWS_PER_CLUSTER = 13
PIECE = 1_000_000
REPLICATES = 8
LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")
WORDS = {
    "part": ("valid", "test"),
    "group": ("trafficking", "business", "independent", "spam", "uncommitted"),
    "form": ("sexual", "labour", "criminality"),
    "sex": ("female", "male"),
    "language": LANGUAGES,
}

Columns = dict[str, np.ndarray]


def _pieces(rows: int) -> Iterator[tuple[slice, np.random.Generator]]:
    for number, first in enumerate(range(0, rows, PIECE)):
        yield slice(first, min(first + PIECE, rows)), np.random.default_rng(number)


def _clusters(where: slice, generator: np.random.Generator) -> np.ndarray:
    """Rows of a cluster lie near one another, as in a release, where no operation leaves its region."""
    first, last = where.start // ROWS_PER_CLUSTER, where.stop // ROWS_PER_CLUSTER
    return generator.integers(first, last, where.stop - where.start) * 7919


def _adverts(where: slice, generator: np.random.Generator) -> Columns:
    cluster = _clusters(where, generator)
    count, kind = cluster.size, cluster // 7919 % 20
    positive = kind == 0
    return {
        "advert": np.arange(where.start, where.stop),
        "part": (generator.random(count) < 0.88).astype(np.uint8),
        "cluster": cluster,
        "label": positive.astype(np.int8),
        "weight": 1.0 / generator.integers(1, 9, count),
        "unit_log_odds": (generator.normal(0, 1000, count) + 1000 * positive).astype(np.int32),
        "oracle_log_odds": (generator.normal(0, 2000, count) + 2000 * positive).astype(np.int32),
        "group": np.where(positive, 0, 1 + kind % 3).astype(np.uint8),
        "form": (cluster // 7919 // 20 % 3).astype(np.uint8),
        "sex": (cluster // 7919 // 20 % 2).astype(np.uint8),
        "language": (cluster // 7919 // 20 % 6).astype(np.uint8),
        "migrant": (kind % 2).astype(np.uint8),
        "score": (generator.normal(size=count) + positive).astype(np.float32),
    }


def _linked(where: slice, generator: np.random.Generator) -> Columns:
    cluster = _clusters(where, generator)
    stray = generator.random(cluster.size) < 0.3
    predicted = np.where(stray, generator.permutation(cluster), cluster // 2)
    return {
        "advert": np.arange(where.start, where.stop),
        "cluster": cluster,
        "weight": 1.0 / generator.integers(1, 9, cluster.size),
        "predicted": predicted,
    }


def _conversations(where: slice, generator: np.random.Generator) -> Columns:
    made = _adverts(where, generator)
    onset = generator.integers(1, 60, made["label"].size).astype(np.int32)
    step = np.maximum(onset + generator.integers(-10, 30, onset.size), 1).astype(np.int32)
    alarm = generator.random(onset.size) < np.where(made["label"] == 1, 0.7, 0.05)
    made |= {"onset": np.where(made["label"] == 1, onset, -1), "step": np.where(alarm, step, -1)}
    made["part"][:] = 1
    return made


def _mapped(folder: Path, rows: int, make: Callable[[slice, np.random.Generator], Columns]) -> pl.DataFrame:
    """Return a frame whose columns lie in files, made piece by piece."""
    files: dict[str, Any] = {}
    types: dict[str, np.dtype] = {}
    for where, generator in _pieces(rows):
        for name, values in make(where, generator).items():
            if name not in files:
                files[name], types[name] = (folder / name).open("wb"), values.dtype
            values.tofile(files[name])
    for file in files.values():
        file.close()
    columns = [_column(folder / name, rows, dtype) for name, dtype in types.items()]
    return pl.DataFrame(pl.from_arrow(pa.table(columns, list(types))))


def _column(path: Path, rows: int, dtype: np.dtype) -> pa.Array:
    values = pa.memory_map(str(path)).read_buffer()
    return pa.Array.from_buffers(pa.from_numpy_dtype(dtype), rows, [None, values])


def _in_words(frame: pl.DataFrame) -> pl.DataFrame:
    """Return codes as what they stand for, in a byte each; marks as such, and null for what only positives have."""
    named = frame.with_columns(
        pl.col(name).cat.to(pl.Enum(words)) for name, words in WORDS.items() if name in frame.columns
    )
    exploited = pl.when(pl.col("label") == 1)
    return named.with_columns(
        *(exploited.then(name).alias(name) for name in ("form", "sex", "language")),
        migrant=pl.col("migrant") == 1,
    )


def ranking(folder: Path, rows: int) -> tuple[Any, Answers, pl.DataFrame]:
    frame = _in_words(_mapped(folder, rows, _adverts))
    truth = Answers(kinds.SCORES, "advert", frame.drop("score"))
    return task_of("advert_risk"), truth, frame.select("advert", "score")


def clustering(folder: Path, rows: int) -> tuple[Any, Answers, pl.DataFrame]:
    frame = _mapped(folder, rows, _linked)
    truth = Answers(kinds.CLUSTERS, "advert", frame.drop("predicted"))
    return task_of("advert_linkage"), truth, frame.select("advert", cluster="predicted")


def retrieval(folder: Path, rows: int) -> tuple[Any, Answers, pl.DataFrame]:
    """Ten candidates a query: ROWS are those of the candidates."""
    frame = _mapped(folder, rows // 10, _linked)
    truth = Answers(kinds.CANDIDATES, "advert", frame.select("advert", "cluster", "weight"))

    def listed(where: slice, generator: np.random.Generator) -> Columns:
        query = np.arange(where.start, where.stop) // 10
        step = 1 + np.arange(where.start, where.stop) % 10 * 3
        return {
            "query": query,
            "candidate": (query + step) % frame.height,
            "score": np.round(generator.random(query.size), 2).astype(np.float32),
        }

    lists = folder / "lists"
    lists.mkdir()
    return task_of("advert_authorship"), truth, _mapped(lists, rows, listed)


def early(folder: Path, rows: int) -> tuple[Any, Answers, pl.DataFrame]:
    frame = _in_words(_mapped(folder, rows, _conversations)).rename({"advert": "conversation"})
    absent = (pl.when(pl.col(name) > 0).then(name).alias(name) for name in ("onset", "step"))
    frame = frame.with_columns(absent)
    truth = Answers(kinds.ALARMS, "conversation", frame.drop("score", "step"))
    return task_of("recruitment_onset"), truth, frame.select("conversation", "step")


CASES = {one.__name__: one for one in (ranking, clustering, retrieval, early)}


@contextmanager
def _peak() -> Iterator[SimpleNamespace]:
    """Watch the memory that is the process's own, in MiB, until the block ends."""
    seen, ended = SimpleNamespace(mib=_own_memory()), threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            seen.mib = max(seen.mib, _own_memory())

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield seen
    finally:
        ended.set()
        watching.join()


def _own_memory() -> float:
    """Return MiB that the process holds: without files that are mapped, and what it gave back and the system has not
    yet taken."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="utf-8").splitlines()[1:]
    held = {line.split()[0]: int(line.split()[1]) for line in lines}
    return (held["Anonymous:"] - held["LazyFree:"]) / 1024


def _alone(what: str, rows: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "few").mkdir()
        evaluate(
            *CASES[what](Path(folder) / "few", 20_000), replicates=REPLICATES
        )  # loads what is loaded once
        (Path(folder) / "rows").mkdir()
        task, answers, predictions = CASES[what](Path(folder) / "rows", rows)
        with _peak() as peak, _of_replicates() as spent:
            start = time.process_time()
            made = evaluate(task, answers, predictions, replicates=REPLICATES)
            seconds = time.process_time() - start - sum(spent)
    if made.scores[task.primary].low is None:
        raise RuntimeError(f"{what} has no interval: {made.scores[task.primary]}")
    each = sum(spent) / REPLICATES
    return (
        f"{what:<12}{rows:>13,}{seconds:>10.2f}{each:>14.4f}{seconds + 1000 * each:>14,.0f}"
        f"{peak.mib:>10,.0f}{peak.mib * 2**20 / rows:>8.0f}"
    )


@contextmanager
def _of_replicates() -> Iterator[list[float]]:
    """Give the CPU seconds that replicates take, once they are made."""
    spent: list[float] = []

    def timed(*given: Any) -> Metrics:
        start = time.process_time()
        found = replicate(*given)
        spent.append(time.process_time() - start)
        return found

    evaluation.replicate = timed  # type: ignore[assignment]
    try:
        yield spent
    finally:
        evaluation.replicate = replicate


def main(words: list[str]) -> int:
    """Measure every case at every size, and print the table."""
    chosen = [word for word in words if word in CASES] or list(CASES)
    sizes = [int(float(word)) for word in words if word not in CASES] or list(ROWS)
    print(
        f"{'what':<12}{'rows':>13}{'values s':>10}{'replicate s':>14}{'1,000 in s':>14}{'peak MiB':>10}{'B/row':>8}"
    )
    for what in chosen:
        for rows in sizes:
            with get_context("spawn").Pool(1) as pool:
                print(pool.apply(_alone, (what, rows)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
