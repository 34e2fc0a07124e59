"""Define what candidates and forecasts share: a list per query, at most ten candidates, ranked by score."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import PredictionKind
from tipbench.kinds.refusals import PredictionsRefused, first

MOST_CANDIDATES = 10
"""The longest list of candidates that a query may have."""

ROWS_AT_ONCE = 2**20
"""Rows of lists that are sorted and scored at once."""

COLUMNS = ("query", "candidate", "score")


class ListsKind(PredictionKind):
    """A kind whose predictions are lists."""

    rows_per_unit = MOST_CANDIDATES

    def columns(self, unit: str) -> tuple[str, ...]:
        return COLUMNS

    def key(self, unit: str) -> str:
        return "query"

    def keys(self, unit: str) -> tuple[str, ...]:
        return "query", "candidate"


def ordered_lists(answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
    """Return lists by query in the order of the ground truth, then by falling score, then by candidate.

    Raises UsageError for a repeated pair of query and candidate, and for more than ten candidates of a query.
    """
    place = answers.frame.select(pl.col(answers.unit).alias("query")).with_row_index("_place")
    placed = predictions.join(place, on="query", how="left", maintain_order="left")
    if not placed["_place"].is_sorted():
        placed = placed.sort("_place")
    ordered = []
    for some in pieces(placed, "_place"):
        pairs = some.select(pl.struct("_place", "candidate").n_unique()).item()
        most = some.select(pl.col("_place").rle().struct.field("len").max()).item()
        if pairs < some.height or most > MOST_CANDIDATES:
            _refuse_lists(answers, predictions)
        by = ["_place", "score", "candidate"]
        ordered.append(some.sort(by, descending=[False, True, False]).drop("_place"))
    return pl.concat(ordered)


def pieces(lists: pl.DataFrame, key: str) -> Iterator[pl.DataFrame]:
    """Yield rows, at least once, in pieces that never part those of one key, which stand together."""
    keys, start = lists[key], 0
    while start == 0 or start < lists.height:
        end = min(start + ROWS_AT_ONCE, lists.height)
        while end < lists.height and keys[end] == keys[end - 1]:
            end += 1
        yield lists.slice(start, end - start)
        start = max(end, 1)


def _refuse_lists(answers: Answers, predictions: pl.DataFrame) -> None:
    """Refuse lists that repeat a candidate, or are too long. Raises PredictionsRefused."""
    repeated = predictions.filter(pl.struct("query", "candidate").is_duplicated())
    if repeated.height:
        pairs = repeated.select("query", "candidate").unique(maintain_order=True)
        raise PredictionsRefused(
            f"{repeated.height:,} of {predictions.height:,} rows repeat a pair of query and "
            f"candidate ({first(answers, *pairs)}); give each pair once"
        )
    long = predictions.group_by("query", maintain_order=True).len().filter(pl.col("len") > MOST_CANDIDATES)
    if long.height:
        raise PredictionsRefused(
            f"{long.height:,} of {predictions['query'].n_unique():,} queries have more than "
            f"{MOST_CANDIDATES} candidates ({first(answers, long['query'])}); "
            f"keep the best {MOST_CANDIDATES}"
        )
