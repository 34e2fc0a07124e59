"""Case links: how well the rows of other tables that belong to a seed's case stand at the top of its lists.

- ``r_precision``: the mean over the views in which a seed has a link, over seeds. In a view it is the share of the
  first R candidates that belong to the case, R = min(links, 10) (Manning et al. 2008, section 8.4).
- ``r_precision_<view>``: the same of one view, over the seeds that have a link in it.
- ``wrongful_links``: among the first three candidates of every view, rows of lawful people and businesses who have
  nothing to do with the case, for each true link. Lower is better.

A seed weighs as many operations as its own stands for (``weight`` of the answers; one each where there is none). Rows
that are wrongly named count as the seed does, whoever they are of. The account that a seed names itself counts neither
way. Ties are scored by expectation: candidates of equal score
stand in random order. Candidates that were not given are misses.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.kinds.links import GIVEN_VIEW, ITEM, LINKS
from tipbench.kinds.lists import MOST_CANDIDATES
from tipbench.metrics.bootstrap import ClusterSums, Metrics, observed, or_none, ratio, row_weights
from tipbench.metrics.by_form import FORM, ByForm
from tipbench.metrics.harm import ATTRIBUTES, LAWFUL, merged_groups
from tipbench.metrics.inputs import MetricInputs
from tipbench.metrics.metric import Family, Metric, MetricValues
from tipbench.metrics.retrieval import METRICS as RETRIEVAL

FIRST = 3
"""Candidates of a view that an analyst is taken to look at."""
VIEWS = ("accounts", "wallets", "circuits", "firms")
NOT_LAWFUL = ("trafficking", "spam")
"""Groups of rows that nobody is wronged by who links them."""
R_PRECISION = next(metric for metric in RETRIEVAL if metric.name == "r_precision")
WRONGFUL = Metric(
    "wrongful_links",
    "wrongful links per true link",
    lower_is_better=True,
    beside=True,
    says="lawful rows among the first three of each view, for each true link among them",
)
OF_VIEW = {view: Metric(f"r_precision_{view}", f"R-precision on {view}") for view in VIEWS}
METRICS = (R_PRECISION, *OF_VIEW.values(), WRONGFUL)


def measure(inputs: MetricInputs) -> MetricValues:
    """Return the metrics of one set of inputs; seeds are resampled by their cluster.

    ``groups``: each lawful group, and ``lawful``, with ``wrongful_links``; ``form=NAME``, ``sex=...``,
    ``language=...`` of those exploited with ``r_precision`` and ``operations``. ``by_form``: R-precision of the seeds
    of each form.
    """
    seeds = inputs.answers.scored()
    gallery = inputs.answers.gallery
    if gallery is None:
        raise ValueError("links are scored against a gallery")
    unit = inputs.answers.unit
    views = view_scores(seeds, gallery, inputs.predictions, unit)
    wrong = first_links(seeds, gallery, inputs.predictions, unit)
    weight = row_weights(seeds)
    score = _beside(seeds, views, unit, pl.col(R_PRECISION.name).mean())
    sums = ClusterSums(inputs.clusters)
    sums.add("seeds", weight)
    sums.add(R_PRECISION.name, weight * score)
    there = [view for view in VIEWS if view in views["view"]]
    for view in there:
        of_view = views.filter(view=view)
        sums.add(f"seeds/{view}", weight * _beside(seeds, of_view, unit, pl.len()))
        sums.add(view, weight * _beside(seeds, of_view, unit, pl.col(R_PRECISION.name).sum()))
    lawful = ~wrong["group"].is_in(NOT_LAWFUL)
    links = pl.col("links").sum()
    sums.add("true", weight * _beside(seeds, wrong.filter("is_true"), unit, links))
    sums.add("wrong", weight * _beside(seeds, wrong.filter(lawful & ~wrong["is_true"]), unit, links))

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        values = {R_PRECISION.name: ratio(total(R_PRECISION.name), total("seeds"))}
        values |= {OF_VIEW[view].name: ratio(total(view), total(f"seeds/{view}")) for view in there}
        values |= {OF_VIEW[view].name: np.full(len(drawn), np.nan) for view in VIEWS if view not in there}
        return values | {WRONGFUL.name: ratio(total("wrong"), total("true"))}

    withheld = {
        metric.name: f"no seed has a link among {view}"
        for view, metric in OF_VIEW.items()
        if view not in there
    }
    if not seeds.height:
        withheld = {metric.name: "no seed has a link" for metric in METRICS}
    by_form = None
    if FORM in seeds.columns:
        every = np.ones(seeds.height, dtype=bool)
        by_form = ByForm(inputs.clusters, seeds[FORM], every, weight, score)
    groups = _groups(inputs, seeds, wrong, score)
    return MetricValues(metrics=metrics, withheld=withheld, groups=groups, by_form=by_form)


def view_scores(
    seeds: pl.DataFrame, gallery: pl.DataFrame, predictions: pl.DataFrame, unit: str
) -> pl.DataFrame:
    """Return ``[unit, view, r_precision]``, one row per seed and view in which it has a link."""
    linked = _links(seeds, gallery, unit)
    most = pl.min_horizontal("linked", MOST_CANDIDATES)
    blocks = (
        _ranked(seeds, gallery, predictions, unit)
        .group_by(unit, "view", "score")
        .agg(size=pl.len().cast(pl.Int64), hits=pl.col("is_true").sum().cast(pl.Int64))
        .join(linked, on=[unit, "view"])
    )
    found = _first(blocks, [unit, "view"], most).group_by(unit, "view").agg(expected=pl.col("within").sum())
    return (
        linked.join(found, on=[unit, "view"], how="left", maintain_order="left")
        .with_columns((pl.col("expected").fill_null(0.0) / most).alias(R_PRECISION.name))
        .select(unit, "view", R_PRECISION.name)
    )


def first_links(
    seeds: pl.DataFrame, gallery: pl.DataFrame, predictions: pl.DataFrame, unit: str
) -> pl.DataFrame:
    """Return ``[unit, group, is_true, links]``: how many of the first three candidates of all views are to be expected
    of each group, true and not."""
    ranked = _ranked(seeds, gallery, predictions, unit)
    blocks = ranked.group_by(unit, "view", "score").agg(
        size=pl.len().cast(pl.Int64), hits=pl.len().cast(pl.Int64)
    )
    kept = _first(blocks, [unit, "view"], pl.lit(FIRST)).select(
        unit, "view", "score", each=pl.col("within") / pl.col("size")
    )
    return (
        ranked.join(kept, on=[unit, "view", "score"])
        .group_by(unit, "group", "is_true", maintain_order=True)
        .agg(links=pl.col("each").sum())
    )


def _links(seeds: pl.DataFrame, gallery: pl.DataFrame, unit: str) -> pl.DataFrame:
    """Return ``[unit, view, linked]``: the links of each seed by view."""
    own = seeds.select(unit, "region", "cluster", "given").join(
        gallery.drop("group"), on=["region", "cluster"]
    )
    asked = own.filter(~_is_given())
    return asked.group_by(unit, "view").agg(linked=pl.len().cast(pl.Int64)).sort(unit, "view")


def _ranked(seeds: pl.DataFrame, gallery: pl.DataFrame, predictions: pl.DataFrame, unit: str) -> pl.DataFrame:
    """Return predictions about these seeds with what is true of them, without what a seed names itself."""
    asked = seeds.select(unit, "region", "given", _cluster="cluster")
    return (
        predictions.rename({"query": unit})
        .join(asked, on=unit)
        .filter(~_is_given())
        .join(gallery, on=list(ITEM))
        .with_columns(is_true=(pl.col("cluster") == pl.col("_cluster")).fill_null(False))
        .sort(unit, "view", "score", "candidate", descending=[False, False, True, False])
    )


def _is_given() -> pl.Expr:
    return ((pl.col("view") == GIVEN_VIEW) & (pl.col("candidate") == pl.col("given"))).fill_null(False)


def _first(blocks: pl.DataFrame, of: list[str], most: pl.Expr) -> pl.DataFrame:
    """Return blocks of equal score ``[of, score, size, hits]`` with ``within``: hits to be expected among the first
    ``most``."""
    ordered = blocks.sort(*of, "score", descending=[*([False] * len(of)), True])
    above = pl.col("size").cum_sum().over(of) - pl.col("size")
    room = (most - above).clip(lower_bound=0)
    return ordered.with_columns(within=pl.col("hits") * pl.min_horizontal(room, "size") / pl.col("size"))


def _beside(seeds: pl.DataFrame, rows: pl.DataFrame, unit: str, value: pl.Expr) -> NDArray[np.float64]:
    """Return a value of each seed's rows, in the order of the seeds; 0 where it has none."""
    values = rows.group_by(unit).agg(value.cast(pl.Float64).alias("_value"))
    joined = seeds.select(unit).join(values, on=unit, how="left", maintain_order="left")
    return joined["_value"].fill_null(0.0).to_numpy()


def _groups(
    inputs: MetricInputs, seeds: pl.DataFrame, wrong: pl.DataFrame, score: NDArray[np.float64]
) -> dict[str, dict[str, float | None]]:
    """Return wrongful links by lawful group, and the primary metric, ``score`` [seeds], by who is exploited."""
    unit, weight = inputs.answers.unit, row_weights(seeds)
    sums = ClusterSums(inputs.clusters)
    sums.add("true", weight * _beside(seeds, wrong.filter("is_true"), unit, pl.col("links").sum()))
    lawful = wrong.filter(~pl.col("is_true") & ~pl.col("group").is_in(NOT_LAWFUL))
    names = [*sorted(lawful["group"].drop_nulls().unique()), LAWFUL]
    for name in names:
        of_group = lawful if name == LAWFUL else lawful.filter(group=name)
        sums.add(name, weight * _beside(seeds, of_group, unit, pl.col("links").sum()))
    members: dict[str, NDArray[np.bool_]] = {}
    every = np.ones(seeds.height, dtype=bool)
    for attribute in ATTRIBUTES:
        if attribute in seeds.columns:
            held = merged_groups(seeds[attribute], every, inputs.clusters.codes)
            members |= {f"{attribute}={name}": mask for name, mask in held.items() if mask.any()}
    for name, mask in members.items():
        sums.add(name, weight * mask)
        sums.add(f"{name}/score", weight * score * mask)

    def values(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        found = {name: ratio(total(name), total("true")) for name in names}
        return found | {name: ratio(total(f"{name}/score"), total(name)) for name in members}

    made = observed(values, inputs.clusters.count)
    found: dict[str, dict[str, float | None]] = {name: {WRONGFUL.name: or_none(made[name])} for name in names}
    for name, mask in members.items():
        operations = inputs.clusters.among(mask)
        found[name] = {R_PRECISION.name: or_none(made[name]), "operations": operations}
    return found


FAMILY = Family(LINKS, METRICS, measure)
