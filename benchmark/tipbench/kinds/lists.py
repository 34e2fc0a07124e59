"""Lists: at most ten candidates per query, ranked by score.

**Candidates** ``[query, candidate, score]``: units of a gallery, never the query itself. The ground truth is
``[unit, cluster]``, the gallery, and ``weight`` where units do not all count alike. Queries are the units whose cluster
has at least two members.

**Forecasts** ``[query, candidate, score]``: Int64 candidates of the query's region. A query is a row of a stream, and
its one right candidate is what the next row of the unit has. The ground truth is
``[query, part, region, answer, cluster, weight]``: answer Int64, one of those that ``gallery`` lists for its region.
Where known, it also has ``intrusion`` Boolean (a lawful traveller's: measured, never rewarded),
``oracle_reciprocal_rank`` Float64 (of the answer by its true distribution), ``group`` and the harm columns of scores.

**Links** ``[query, view, candidate, score]``: for each seed the rows of other tables that belong to its case. A view is
a table (:attr:`tipbench.task.Problem.views`), a candidate the key of a row of it in the seed's region; at most ten are
named per seed and view. The ground truth is ``[unit, region, cluster, links, given]``: how many rows of all views
belong to the cluster, and the key of the account that the seed itself names, which counts neither way (null for none);
and ``weight`` where seeds do not all count alike. The gallery is ``[region, view, candidate, cluster, group]``, all
that may be named; the cluster is null for rows of no case. Queries are the seeds with a link.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.errors import UsageError

from tipbench.kinds.answers import Answers
from tipbench.kinds.clusters import LinkedKind
from tipbench.kinds.kind import CustomTruth, PartRows, PredictionKind, ScoreOf, count_distinct
from tipbench.kinds.refusals import (
    PredictionsRefused,
    check_key_type,
    describe_faults,
    refuse,
    refuse_rows,
    refuse_truth,
    show_keys,
)

MOST_CANDIDATES = 10
"""The longest list of candidates that a query may have."""

ROWS_AT_ONCE = 2**20
"""Rows of lists that are sorted and scored at once."""

LIST_COLUMNS = ("query", "candidate", "score")


class ListsKind(PredictionKind):
    """A kind whose predictions are lists."""

    rows_per_unit = MOST_CANDIDATES

    def columns(self, unit: str) -> tuple[str, ...]:
        return LIST_COLUMNS

    def keys(self, unit: str) -> tuple[str, ...]:
        return "query", "candidate"


def order_lists(answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
    """Return lists by query in the order of the ground truth, then by falling score, then by candidate.

    Raises UsageError for a repeated pair of query and candidate, and for more than ten candidates of a query.
    """
    place = answers.frame.select(pl.col(answers.unit).alias("query")).with_row_index("_place")
    placed = predictions.join(place, on="query", how="left", maintain_order="left")
    if not placed["_place"].is_sorted():
        placed = placed.sort("_place")
    ordered = []
    for some in split_lists(placed, "_place"):
        pairs = some.select(pl.struct("_place", "candidate").n_unique()).item()
        most = some.select(pl.col("_place").rle().struct.field("len").max()).item()
        if pairs < some.height or most > MOST_CANDIDATES:
            _refuse_repeated(answers, predictions, "query", "candidate")
            long, queries = _find_long(predictions, "query"), predictions["query"].n_unique()
            what = f"queries have more than {MOST_CANDIDATES} candidates"
            refuse_rows(answers, long, queries, what, f"keep the best {MOST_CANDIDATES}")
        by = ["_place", "score", "candidate"]
        ordered.append(some.sort(by, descending=[False, True, False]).drop("_place"))
    return pl.concat(ordered)


def split_lists(lists: pl.DataFrame, key: str) -> Iterator[pl.DataFrame]:
    """Yield rows, at least once, in pieces that never part those of one key, which stand together."""
    keys, start = lists[key], 0
    while start == 0 or start < lists.height:
        end = min(start + ROWS_AT_ONCE, lists.height)
        while end < lists.height and keys[end] == keys[end - 1]:
            end += 1
        yield lists.slice(start, end - start)
        start = max(end, 1)


def _refuse_repeated(answers: Answers, predictions: pl.DataFrame, *keys: str) -> None:
    """Refuse lists that name a candidate twice. Raises PredictionsRefused."""
    repeated = predictions.filter(pl.struct(keys).is_duplicated()).select("query", "candidate")
    what, instead = "rows repeat a pair of query and candidate", "give each pair once"
    if "view" in keys:
        what, instead = "rows repeat a query, view and candidate", "give each once"
    refuse_rows(answers, repeated, predictions.height, what, instead)


def _find_long(predictions: pl.DataFrame, *of: str) -> pl.DataFrame:
    """Return ``[query]`` of the lists of more than ten candidates."""
    counts = predictions.group_by(of, maintain_order=True).len()
    return counts.filter(pl.col("len") > MOST_CANDIDATES).select("query")


class CandidatesKind(ListsKind, LinkedKind):
    """Ranked candidates per query, from a gallery that holds the queries too."""

    name = "candidates"
    title = "ranked candidates per query"
    rows = "ten at most for each query of test"
    truth_columns = ("cluster",)

    def counted_rows(self, frame: pl.DataFrame, part: str) -> pl.Expr:
        return pl.col("cluster").is_not_null() & (pl.len().over("cluster") >= 2)

    def check_rows(self, answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
        gallery = answers.frame[answers.unit]
        for name in ("query", "candidate"):
            unknown = predictions.filter(~pl.col(name).is_in(gallery.implode())).select(name)
            what = f"{name} keys are not among the {gallery.len():,} of {answers.unit} in the gallery"
            given = predictions[name].n_unique()
            refuse_rows(answers, unknown.unique(maintain_order=True), given, what, "use those only")
        own = predictions.filter(pl.col("query") == pl.col("candidate")).select("query")
        what = "rows name the query as its own candidate"
        refuse_rows(answers, own, predictions.height, what, "leave it out")
        return order_lists(answers, predictions)

    def custom_truth(self, unit: str, rows: pl.DataFrame, quantity: str) -> pl.DataFrame:
        return rows.select(unit, "cluster")


CANDIDATES = CandidatesKind()


RECIPROCAL_RANK = "oracle_reciprocal_rank"
FORECAST_PRIMARY = "mrr"
"""The one metric that the true distribution gives a reference for."""

RANDOM_ORDER_SUM = float(np.sum(1 / np.arange(1, MOST_CANDIDATES + 1)))
"""Expected reciprocal rank of candidates in random order, ten of which are named, times their number."""


class ForecastsKind(ListsKind):
    """Ranked candidates for what follows each row of a stream."""

    name = "forecasts"
    title = "ranked candidates per step"
    rows = "ten at most for each query of test, of its region"
    truth_columns = ("part", "region", "answer", "cluster", "weight")
    has_parts = True
    custom_fields = ("group",)

    def check_key(self, answers: Answers, predictions: pl.DataFrame, name: str) -> None:
        known = "answer" if name == "candidate" else answers.unit
        check_key_type(predictions, name, known, answers.frame.schema[known])

    def check_rows(self, answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
        expected, given = answers.frame[answers.unit], predictions["query"].unique()
        missing = expected.filter(~expected.is_in(given.implode()))
        extra = given.filter(~given.is_in(expected.implode())).sort()
        refuse(
            len(missing) or len(extra),
            f"{describe_faults(answers, {'missing': missing, 'extra': extra})}; {len(expected):,} queries "
            f"expected, {len(given):,} given; name candidates for each of them",
        )
        regions = answers.frame.select(pl.col(answers.unit).alias("query"), "region")
        strange = predictions.join(regions, on="query", how="left", maintain_order="left").join(
            answers.candidates, on=["region", "candidate"], how="anti", maintain_order="left"
        )
        what = "name a candidate that the query's region does not have"
        instead = "choose among those of the region"
        refuse_rows(answers, strange.select("query", "candidate"), predictions.height, what, instead)
        return order_lists(answers, predictions)

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
        asked = count_distinct(codes[~rows["intrusion"].to_numpy()], int(codes.max(initial=-1)) + 1)
        return asked, asked

    def references(self, answers: Answers, primary: str, score: ScoreOf) -> dict[str, float]:
        queries = answers.scored_rows()
        unknown = RECIPROCAL_RANK not in queries.columns or queries[RECIPROCAL_RANK].null_count()
        if primary != FORECAST_PRIMARY or unknown:
            return {}
        count = answers.candidates.group_by("region").len("among")
        among = queries.join(count, on="region", maintain_order="left")["among"].to_numpy()
        return {
            "prior": _mean_over_queries(queries, RANDOM_ORDER_SUM / np.maximum(among, MOST_CANDIDATES)),
            "oracle": _mean_over_queries(queries, queries[RECIPROCAL_RANK].to_numpy()),
        }

    def has_custom_truth(self, own: CustomTruth) -> bool:
        return True

    def custom_columns(self) -> tuple[str, ...]:
        return ("label",)


def _mean_over_queries(queries: pl.DataFrame, values: NDArray[np.float64]) -> float:
    """Return the weighted mean of values [queries] over the queries that are not an intrusion; NaN without any."""
    weight = queries["weight"].to_numpy()
    if "intrusion" in queries.columns:
        weight = weight * ~queries["intrusion"].to_numpy()
    return float((weight * values).sum() / weight.sum()) if weight.any() else float("nan")


FORECASTS = ForecastsKind()


LINK_COLUMNS = ("query", "view", "candidate", "score")
ITEM = ("region", "view", "candidate")
GALLERY_COLUMNS = (*ITEM, "cluster", "group")
GIVEN_VIEW = "accounts"
"""The view of what a seed names itself."""
MOST_VIEWS = 4
"""The most views that a task has; a bound on rows."""


class LinksKind(ListsKind):
    """Ranked rows of other tables for each seed."""

    name = "links"
    title = "ranked rows of other tables per seed"
    rows = "ten at most of each view for each seed of test, of its region"
    truth_columns = ("region", "cluster", "links", "given")
    rows_per_unit = MOST_CANDIDATES * MOST_VIEWS
    custom_field: ClassVar[str] = "cluster"

    def columns(self, unit: str) -> tuple[str, ...]:
        return LINK_COLUMNS

    def keys(self, unit: str) -> tuple[str, ...]:
        return "query", "view", "candidate"

    def check_key(self, answers: Answers, predictions: pl.DataFrame, name: str) -> None:
        frame, known = (answers.frame, answers.unit) if name == "query" else (answers.candidates, name)
        check_key_type(predictions, name, known, frame.schema[known])

    def check_rows(self, answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
        seeds = answers.frame.select(pl.col(answers.unit).alias("query"), "region").with_row_index("_place")
        placed = predictions.join(seeds, on="query", how="left", maintain_order="left")
        unknown = placed.filter(pl.col("region").is_null()).select("query").unique(maintain_order=True)
        what, given = f"query keys are not among the {seeds.height:,} seeds", placed["query"].n_unique()
        refuse_rows(answers, unknown, given, what, "use those only")
        gallery = answers.candidates.select(ITEM)
        strange = placed.join(gallery, on=ITEM, how="anti", maintain_order="left")
        what = "name a candidate that its view does not have in the query's region"
        instead = "choose among the rows of the table"
        refuse_rows(answers, strange.select("query", "candidate"), placed.height, what, instead)
        _refuse_repeated(answers, predictions, "query", "view", "candidate")
        long = _find_long(predictions, "query", "view")
        if long.height:
            raise PredictionsRefused(
                f"{long.height:,} lists of a query and view have more than {MOST_CANDIDATES} candidates "
                f"({show_keys(answers, *long)}); keep the best {MOST_CANDIDATES} of each view"
            )
        order = ["_place", "view", "score", "candidate"]
        return placed.sort(order, descending=[False, False, True, False]).select(LINK_COLUMNS)

    def check_truth(self, answers: Answers) -> None:
        missing = [name for name in GALLERY_COLUMNS if name not in answers.candidates.columns]
        said = f"the gallery has no {', '.join(missing)}; links need {', '.join(GALLERY_COLUMNS)}"
        refuse_truth(missing, said)

    def counted_rows(self, frame: pl.DataFrame, part: str) -> pl.Expr:
        return pl.col("links") > 0


def add_link_counts(seeds: pl.DataFrame, gallery: pl.DataFrame) -> pl.DataFrame:
    """Return seeds ``[unit, region, cluster, given, ...]`` with ``links``: rows of the gallery that are of their
    cluster, without the one that they name themselves."""
    counted = gallery.drop_nulls("cluster").group_by("region", "cluster").agg(_all=pl.len())
    named = gallery.filter(view=GIVEN_VIEW).select("region", "cluster", given="candidate", _own=1)
    joined = seeds.join(counted, on=["region", "cluster"], how="left", maintain_order="left")
    joined = joined.join(named, on=["region", "cluster", "given"], how="left", maintain_order="left")
    links = pl.col("_all").fill_null(0).cast(pl.Int64) - pl.col("_own").fill_null(0).cast(pl.Int64)
    return joined.with_columns(links=links).drop("_all", "_own")


def find_links(seeds: pl.DataFrame, gallery: pl.DataFrame) -> pl.DataFrame:
    """Return the links of seeds ``[unit, region, cluster, given, ...]``: their columns beside ``view``, ``candidate``
    and ``label``, which is 1; not the one that a seed names itself."""
    found = seeds.join(gallery.drop_nulls("cluster"), on=["region", "cluster"])
    is_given = (pl.col("view") == GIVEN_VIEW) & (pl.col("candidate") == pl.col("given"))
    return found.filter(~is_given.fill_null(False)).with_columns(label=pl.lit(1, pl.Int8))


LINKS = LinksKind()
