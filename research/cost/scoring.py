"""What scoring costs against the budgets of the design, on one core: python research/cost/scoring.py

Prints one row a budget: what, CPU seconds (one thread, so that other work on the machine counts little),
bound, peak memory, bound, whether it holds. Exit code 1 when one does not.
"""

from __future__ import annotations

import os
import sys

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", POLARS_MAX_THREADS="1")

import resource
import time
from collections.abc import Callable
from multiprocessing import get_context

import numpy as np
import polars as pl
from tipbench import kinds
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.kinds.refusals import check_predictions
from tipbench.metrics.bootstrap import ResamplingClusters, compute_observed, replicate
from tipbench.metrics.clustering import CLUSTERING_NAMES, compute_metrics, sum_contributions
from tipbench.metrics.ranking import Ranking
from tipbench.runs.streams import StepScores, alarms, best_threshold
from tipbench.tasks import task_of

Measure = Callable[[], float]


def scored_rows(rows: int, clusters: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scores with some ties, labels (5% positive by cluster), weights and clusters of so many rows."""
    generator = np.random.default_rng(0)
    codes = generator.integers(0, clusters, rows)
    positive = (generator.random(clusters) < 0.05)[codes]
    scores = np.round(generator.normal(size=rows) + positive, 5)
    return scores, positive, 1.0 / generator.integers(1, 9, rows), codes


def ranking_of_a_million_rows() -> float:
    scores, positive, weights, codes = scored_rows(1_000_000, 100_000)
    start = time.process_time()
    compute_observed(Ranking(scores, positive, weights, codes, 0.05).metrics, 100_000)
    return time.process_time() - start


def replicates_of_100k_rows() -> float:
    scores, positive, weights, codes = scored_rows(100_000, 10_000)
    start = time.process_time()
    replicate(Ranking(scores, positive, weights, codes, 0.05).metrics, 10_000, 1000, 0)
    return time.process_time() - start


def a_whole_cell_of_100k_rows() -> float:
    scores, positive, weights, codes = scored_rows(140_000, 10_000)
    generator = np.random.default_rng(1)
    group = np.array(["business", "independent", "spam"])[codes % 3]
    frame = pl.DataFrame(
        {
            "advert": np.arange(scores.size),
            "part": np.where(np.arange(scores.size) < 100_000, "test", "valid"),
            "label": positive.astype(np.int8),
            "cluster": codes,
            "weight": weights,
            "group": np.where(positive, "trafficking", group),
            "migrant": codes % 2 == 0,
            "form": np.array(["sexual", "labour", "criminality"])[codes % 3],
            "language": np.array(["ar", "en", "es", "fr", "ru", "zh"])[codes % 6],
            "oracle_log_odds": (positive * 2000 + generator.normal(0, 2000, scores.size)).astype(np.int32),
        }
    )
    predictions = frame.select("advert", pl.Series("score", scores))
    start = time.process_time()
    evaluate(task_of("advert_risk"), Answers(kinds.SCORES, "advert", frame), predictions)
    return time.process_time() - start


def _clusterings(rows: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    truth = generator.integers(0, rows // 10, rows)
    stray = generator.random(rows) < 0.3
    return truth, np.where(stray, generator.integers(0, rows // 10, rows), truth // 2)


def clustering_of_ten_million_rows() -> float:
    truth, predicted = _clusterings(10_000_000)
    weights = np.ones(truth.size)
    start = time.process_time()
    count = int(truth.max()) + 1
    sums = sum_contributions(truth, predicted, weights, ResamplingClusters(truth, count, count, count))
    values = compute_observed(lambda drawn: compute_metrics(sums, drawn), count)
    assert set(values) == set(CLUSTERING_NAMES)
    return time.process_time() - start


def clustering_of_ten_million_rows_from_frames() -> float:
    truth, predicted = _clusterings(10_000_000)
    unit = np.arange(truth.size)
    frame = pl.DataFrame({"advert": unit, "cluster": truth, "weight": np.ones(truth.size)})
    given = pl.DataFrame({"advert": unit, "cluster": predicted})
    del truth, predicted, unit
    start = time.process_time()
    evaluate(task_of("advert_linkage"), Answers(kinds.CLUSTERS, "advert", frame), given, replicates=0)
    return time.process_time() - start


def checking_a_million_shuffled_predictions() -> float:
    unit = np.random.default_rng(0).permutation(1_000_000)
    frame = pl.DataFrame(
        {"advert": np.sort(unit), "part": "test", "label": unit % 2, "cluster": unit, "weight": 1.0}
    )
    answers = Answers(kinds.SCORES, "advert", frame)
    given = pl.DataFrame({"advert": unit, "score": unit / 1e6})
    start = time.process_time()
    check_predictions(answers, given)
    return time.process_time() - start


def alarms_of_25k_units() -> float:
    """From the scores of every step to alarms by the best threshold, and their scores with intervals."""
    generator = np.random.default_rng(0)
    length = np.minimum(150, 2 + generator.geometric(1 / 30, 25_000))
    unit, count = np.repeat(np.arange(length.size), length), int(length.sum())
    step = np.arange(count) - np.repeat(np.cumsum(length) - length, length) + 1
    order = np.lexsort((unit, step))
    onset = [int(n) // 2 + 1 if u % 10 == 0 else None for u, n in enumerate(length)]
    frame = pl.DataFrame(
        {
            "conversation": np.arange(length.size),
            "part": "test",
            "label": pl.Series([o is not None for o in onset]).cast(pl.Int8),
            "onset": pl.Series(onset, dtype=pl.Int32),
            "cluster": generator.integers(0, 5_000, length.size),
            "weight": 1.0,
            "group": np.array(["business", "independent", "spam"])[np.arange(length.size) % 3],
        }
    )
    late = np.array([o or 999 for o in onset])[unit] <= step
    score = (generator.normal(size=count) + 2.0 * late)[order]
    scored = StepScores(pl.Series("conversation", unit[order]), step[order].astype(np.int32), score)
    start = time.process_time()
    threshold = best_threshold(scored, frame.select("conversation", "label", "onset"))
    found = alarms(scored, frame["conversation"], threshold)
    evaluate(task_of("recruitment_onset"), Answers(kinds.ALARMS, "conversation", frame), found)
    return time.process_time() - start


#: (what, how, bound in seconds or None, bound of the peak in MiB or None)
BUDGETS: tuple[tuple[str, Measure, float | None, float | None], ...] = (
    ("score 1M rows: AUROC + AP + recall@K", ranking_of_a_million_rows, 0.5, None),
    ("1,000 cluster-bootstrap replicates, 100k rows", replicates_of_100k_rows, 1.5, None),
    ("a whole cell, 100k test rows, harm and oracle", a_whole_cell_of_100k_rows, 2.0, None),
    ("clustering metrics, 10M rows", clustering_of_ten_million_rows, 10.0, 2048),
    ("the same from frames, with the checks", clustering_of_ten_million_rows_from_frames, 10.0, 2048),
    ("alarms of 25k units, with their threshold", alarms_of_25k_units, 2.0, None),
    ("check 1M shuffled predictions", checking_a_million_shuffled_predictions, None, None),
)


def alone(measure: Measure) -> tuple[float, float]:
    """The measure in a process of its own: CPU seconds, and peak memory in MiB."""
    value = measure()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return value, peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main() -> int:
    """Measure every budget, print the table, and say by the exit code whether all hold."""
    context, held = get_context("spawn"), True
    print(f"{'what':<48}{'CPU s':>12}{'bound':>9}{'peak MiB':>10}{'bound':>8}  held")
    for what, measure, seconds, mebibytes in BUDGETS:
        with context.Pool(1) as pool:
            value, peak = pool.apply(alone, (measure,))
        good = (seconds is None or value <= seconds) and (mebibytes is None or peak <= mebibytes)
        held &= good
        print(
            f"{what:<48}{value:>12.2f}{f'{seconds:.1f}' if seconds else '':>9}"
            f"{peak:>10.0f}{mebibytes or '':>8}  {'yes' if good else 'NO'}"
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
