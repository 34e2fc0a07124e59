"""Forecasts ``[query, candidate, score]``: a list for every query, of Int64 candidates of its region, at most ten.

A query is a row of a stream, and its one right candidate is what the next row of the unit has. The ground truth is
``[query, part, region, answer, cluster, weight]``: answer Int64, one of those that ``gallery`` lists for its region;
where known, ``intrusion`` Boolean (a lawful traveller's: measured, never rewarded), ``oracle_reciprocal_rank`` Float64
(of the answer by its true distribution), ``group`` and the harm columns of scores.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.errors import UsageError

from tipbench.kinds.answers import Answers
from tipbench.kinds.custom_truth import CustomTruth
from tipbench.kinds.kind import ScoreOf
from tipbench.kinds.lists import MOST_CANDIDATES, ListsKind, ordered_lists
from tipbench.kinds.part_rows import PartRows
from tipbench.kinds.refusals import PredictionsRefused, counted, first, same_type

RECIPROCAL_RANK = "oracle_reciprocal_rank"
PRIMARY = "mrr"
"""The one metric that the true distribution gives a reference for."""

CONSTANT = float(np.sum(1 / np.arange(1, MOST_CANDIDATES + 1)))
"""Expected reciprocal rank of candidates in random order, ten of which are named, times their number."""


class Forecasts(ListsKind):
    """Ranked candidates for what follows each row of a stream."""

    name = "forecasts"
    title = "ranked candidates per step"
    rows = "ten at most for each query of test, of its region"
    truth_columns = ("part", "region", "answer", "cluster", "weight")
    has_parts = True
    custom_fields = ("group",)

    def check_key(self, answers: Answers, predictions: pl.DataFrame, name: str) -> None:
        known = "answer" if name == "candidate" else answers.unit
        same_type(predictions, name, known, answers.frame.schema[known])

    def check_rows(self, answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
        expected, given = answers.frame[answers.unit], predictions["query"].unique()
        missing = expected.filter(~expected.is_in(given.implode()))
        extra = given.filter(~given.is_in(expected.implode())).sort()
        if len(missing) or len(extra):
            raise PredictionsRefused(
                f"{counted(answers, {'missing': missing, 'extra': extra})}; {len(expected):,} queries expected, "
                f"{len(given):,} given; name candidates for each of them"
            )
        regions = answers.frame.select(pl.col(answers.unit).alias("query"), "region")
        strange = predictions.join(regions, on="query", how="left", maintain_order="left").join(
            answers.candidates, on=["region", "candidate"], how="anti", maintain_order="left"
        )
        if strange.height:
            raise PredictionsRefused(
                f"{strange.height:,} of {predictions.height:,} name a candidate that the query's region "
                f"does not have ({first(answers, strange['query'], strange['candidate'])}); "
                "choose among those of the region"
            )
        return ordered_lists(answers, predictions)

    def check_truth(self, answers: Answers) -> None:
        known = answers.candidates.rename({"candidate": "answer"})
        strange = answers.frame.join(known, on=["region", "answer"], how="anti")
        if strange.height:
            raise UsageError(
                f"answers: {strange.height:,} of {answers.frame.height:,} are not a candidate of their region "
                f"(first: {strange['answer'][0]}); list it in the gallery"
            )

    def cluster_counts(self, rows: PartRows, codes: NDArray[np.integer]) -> tuple[int, int]:
        if "intrusion" not in rows.columns:
            return super().cluster_counts(rows, codes)
        asked = np.unique(codes[~rows["intrusion"].to_numpy()]).size
        return asked, asked

    def references(self, answers: Answers, primary: str, score: ScoreOf) -> dict[str, float]:
        queries = answers.scored()
        unknown = RECIPROCAL_RANK not in queries.columns or queries[RECIPROCAL_RANK].null_count()
        if primary != PRIMARY or unknown:
            return {}
        count = answers.candidates.group_by("region").len("among")
        among = queries.join(count, on="region", maintain_order="left")["among"].to_numpy()
        return {
            "prior": _mean(queries, CONSTANT / np.maximum(among, MOST_CANDIDATES)),
            "oracle": _mean(queries, queries[RECIPROCAL_RANK].to_numpy()),
        }

    def has_custom_truth(self, own: CustomTruth) -> bool:
        return True

    def custom_columns(self) -> tuple[str, ...]:
        return ("label",)


def _mean(queries: pl.DataFrame, values: NDArray[np.float64]) -> float:
    """Return the weighted mean of values [queries] over the queries that are not an intrusion; NaN without any."""
    weight = queries["weight"].to_numpy()
    if "intrusion" in queries.columns:
        weight = weight * ~queries["intrusion"].to_numpy()
    return float((weight * values).sum() / weight.sum()) if weight.any() else float("nan")


FORECASTS = Forecasts()
