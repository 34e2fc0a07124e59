"""Links ``[query, view, candidate, score]``: for each seed the rows of other tables that belong to its case.

A view is a table (:attr:`tipbench.task.Problem.views`), a candidate the key of a row of it in the seed's region; at
most ten are named per seed and view. The ground truth is ``[unit, region, cluster, links, given]``: how many rows of
all views belong to the cluster, and the key of the account that the seed itself names, which counts neither way (null
for none); and, where seeds do not all count alike, ``weight``. The gallery is ``[region, view, candidate, cluster,
group]``, all that may be named; the cluster is null for rows of nobody's case. Queries are the seeds with a link.
"""

from __future__ import annotations

from typing import ClassVar

import polars as pl
from tipcore.errors import UsageError

from tipbench.kinds.answers import Answers
from tipbench.kinds.custom_truth import CustomTruth
from tipbench.kinds.kind import PredictionKind
from tipbench.kinds.lists import MOST_CANDIDATES
from tipbench.kinds.refusals import PredictionsRefused, first, same_type

COLUMNS = ("query", "view", "candidate", "score")
ITEM = ("region", "view", "candidate")
GALLERY = (*ITEM, "cluster", "group")
GIVEN_VIEW = "accounts"
"""The view of what a seed names itself."""
VIEWS = 4
"""The most views that a task has; a bound on rows."""


class Links(PredictionKind):
    """Ranked rows of other tables for each seed."""

    name = "links"
    title = "ranked rows of other tables per seed"
    rows = "ten at most of each view for each seed of test, of its region"
    truth_columns = ("region", "cluster", "links", "given")
    rows_per_unit = MOST_CANDIDATES * VIEWS
    custom_field: ClassVar[str] = "cluster"

    def columns(self, unit: str) -> tuple[str, ...]:
        return COLUMNS

    def key(self, unit: str) -> str:
        return "query"

    def keys(self, unit: str) -> tuple[str, ...]:
        return "query", "view", "candidate"

    def check_key(self, answers: Answers, predictions: pl.DataFrame, name: str) -> None:
        expected = answers.frame.schema[answers.unit] if name == "query" else _gallery(answers).schema[name]
        same_type(predictions, name, answers.unit if name == "query" else name, expected)

    def check_rows(self, answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
        seeds = answers.frame.select(pl.col(answers.unit).alias("query"), "region").with_row_index("_place")
        placed = predictions.join(seeds, on="query", how="left", maintain_order="left")
        unknown = placed.filter(pl.col("region").is_null())["query"].unique(maintain_order=True)
        if len(unknown):
            raise PredictionsRefused(
                f"{len(unknown):,} of {placed['query'].n_unique():,} query keys are not among the {seeds.height:,} "
                f"seeds ({first(answers, unknown)}); use those only"
            )
        strange = placed.join(_gallery(answers).select(ITEM), on=ITEM, how="anti", maintain_order="left")
        if strange.height:
            raise PredictionsRefused(
                f"{strange.height:,} of {placed.height:,} name a candidate that its view does not have in the query's "
                f"region ({first(answers, strange['query'], strange['candidate'])}); choose among the rows of the table"
            )
        _refuse_long_and_repeated(answers, predictions)
        order = ["_place", "view", "score", "candidate"]
        return placed.sort(order, descending=[False, False, True, False]).select(COLUMNS)

    def check_truth(self, answers: Answers) -> None:
        missing = [name for name in GALLERY if name not in _gallery(answers).columns]
        if missing:
            raise UsageError(
                f"answers: the gallery has no {', '.join(missing)}; links need {', '.join(GALLERY)}"
            )

    def counted(self, frame: pl.DataFrame, part: str) -> pl.Expr:
        return pl.col("links") > 0

    def has_custom_truth(self, own: CustomTruth) -> bool:
        return own.cluster is not None


def _gallery(answers: Answers) -> pl.DataFrame:
    if answers.gallery is None or answers.gallery.is_empty():
        raise UsageError("answers: nothing can be linked; links need a gallery of region, view and candidate")
    return answers.gallery


def _refuse_long_and_repeated(answers: Answers, predictions: pl.DataFrame) -> None:
    """Refuse a candidate named twice, and more than ten of a view. Raises PredictionsRefused."""
    repeated = predictions.filter(pl.struct("query", "view", "candidate").is_duplicated())
    if repeated.height:
        pairs = repeated.select("query", "candidate").unique(maintain_order=True)
        raise PredictionsRefused(
            f"{repeated.height:,} of {predictions.height:,} rows repeat a query, view and candidate "
            f"({first(answers, *pairs)}); give each once"
        )
    long = (
        predictions.group_by("query", "view", maintain_order=True)
        .len()
        .filter(pl.col("len") > MOST_CANDIDATES)
    )
    if long.height:
        raise PredictionsRefused(
            f"{long.height:,} lists of a query and view have more than {MOST_CANDIDATES} candidates "
            f"({first(answers, long['query'])}); keep the best {MOST_CANDIDATES} of each view"
        )


def with_links(seeds: pl.DataFrame, gallery: pl.DataFrame) -> pl.DataFrame:
    """Return seeds ``[unit, region, cluster, given, ...]`` with ``links``: rows of the gallery that are of their
    cluster, without the one that they name themselves."""
    counted = gallery.drop_nulls("cluster").group_by("region", "cluster").agg(_all=pl.len())
    named = gallery.filter(view=GIVEN_VIEW).select("region", "cluster", given="candidate", _own=1)
    joined = seeds.join(counted, on=["region", "cluster"], how="left", maintain_order="left")
    joined = joined.join(named, on=["region", "cluster", "given"], how="left", maintain_order="left")
    links = pl.col("_all").fill_null(0).cast(pl.Int64) - pl.col("_own").fill_null(0).cast(pl.Int64)
    return joined.with_columns(links=links).drop("_all", "_own")


def links_of(seeds: pl.DataFrame, gallery: pl.DataFrame) -> pl.DataFrame:
    """Return the links of seeds ``[unit, region, cluster, given, ...]``: their columns beside ``view``, ``candidate``
    and ``label``, which is 1; not the one that a seed names itself."""
    found = seeds.join(gallery.drop_nulls("cluster"), on=["region", "cluster"])
    is_given = (pl.col("view") == GIVEN_VIEW) & (pl.col("candidate") == pl.col("given"))
    return found.filter(~is_given.fill_null(False)).with_columns(label=pl.lit(1, pl.Int8))


LINKS = Links()
