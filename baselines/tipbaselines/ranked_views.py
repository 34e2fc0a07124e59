"""From scores of all rows of a view to the ten best of each seed."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.case_regions import Region, regions
from tipbaselines.frames import to_predict

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

MOST = 10
"""Candidates that are named per seed and view."""
SCHEMA = {"query": pl.Int64(), "view": pl.String(), "candidate": pl.Int64(), "score": pl.Float64()}
COLUMNS = tuple(SCHEMA)


def best_of_view(
    seeds: pl.Series, view: str, keys: pl.Series, scores: np.ndarray, named: float = 0.0
) -> pl.DataFrame:
    """Return the best rows of one view: [query, view, candidate, score], ten at most per seed.

    Args:
        scores: [seeds, rows]. Rounded to 9 decimals, so that the order of a floating sum cannot decide a tie; ties go
            to the smaller key.
        named: rows are named whose score is above it. Without evidence nobody is named.
    """
    if not len(seeds) or not len(keys):
        return pl.DataFrame(schema=SCHEMA)
    order = keys.arg_sort().to_numpy()
    values = np.round(np.asarray(scores, dtype=np.float64)[:, order], 9)
    most = min(MOST, values.shape[1])
    best = np.argsort(-values, axis=1, kind="stable")[:, :most]
    found = pl.DataFrame(
        {
            "query": seeds.gather(np.repeat(np.arange(len(seeds)), most)),
            "candidate": keys.gather(order[best.ravel()]),
            "score": np.take_along_axis(values, best, axis=1).ravel(),
        }
    )
    typed = [pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()]
    return found.filter(pl.col("score") > named).with_columns(pl.lit(view).alias("view")).select(typed)


def ranked_views(
    fold: "Fold",
    score: Callable[[Region], Mapping[str, tuple[pl.Series, np.ndarray]]],
    true_cases: bool = False,
    named: float = 0.0,
) -> pl.DataFrame:
    """Return the lists of every seed that the task wants predicted, a region at a time.

    Args:
        score: of a region, per view the keys of its rows and scores [seeds, rows].
        true_cases: as of :func:`tipbaselines.case_regions.regions`. named: as of :func:`best_of_view`.
    """
    asked = to_predict(fold)[fold.task.unit].cast(pl.Int64)
    return ranked(((region.keys, score(region)) for region in regions(fold, asked, true_cases)), named)


def ranked(
    scored: Iterable[tuple[pl.Series, Mapping[str, tuple[pl.Series, np.ndarray]]]], named: float = 0.0
) -> pl.DataFrame:
    """Return the lists of the seeds of all regions.

    Args:
        scored: of each region its seeds, and per view the keys of its rows and scores [seeds, rows].
        named: as of :func:`best_of_view`.
    """
    found = [pl.DataFrame(schema=SCHEMA)]
    for seeds, views in scored:
        lists = pl.concat([best_of_view(seeds, view, *one, named) for view, one in views.items()])
        found += [lists, _for_silence(seeds, lists, views)]
    return pl.concat(found).sort(
        "query", "view", "score", "candidate", descending=[False, False, True, False]
    )


def _for_silence(
    seeds: pl.Series, lists: pl.DataFrame, scored: Mapping[str, tuple[pl.Series, np.ndarray]]
) -> pl.DataFrame:
    """Return one row per seed for which nothing speaks, as each has to be answered: the first of the largest view."""
    silent = seeds.filter(~seeds.is_in(lists["query"].implode()))
    view, (keys, _) = max(scored.items(), key=lambda item: len(item[1][0]))
    if not len(silent) or not len(keys):
        return pl.DataFrame(schema=SCHEMA)
    named = {"view": pl.lit(view), "candidate": pl.lit(keys.min(), pl.Int64), "score": pl.lit(0.0)}
    return pl.DataFrame({"query": silent}).with_columns(**named).select(COLUMNS)
