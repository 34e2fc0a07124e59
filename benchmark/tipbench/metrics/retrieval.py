"""Retrieval metrics of ranked lists: a query's candidates against its cluster, and a seed's links against its case.

Ties are scored by expectation: candidates of equal score stand in random order, and a metric is its mean over
these orders, in closed form. So the order of rows never matters and a constant score is chance. Candidates that were
not given are misses.

**Queries** are the units whose cluster has another member in the gallery; each weighs one, or as many operations as
its own stands for (``weight`` of the answers). Those who stand beside it in the gallery cannot be weighted in a
ranking. A query without candidates scores zero.

- ``r_precision``: relevant among the first R, over R = min(relevant, 10) (Manning et al. 2008, section 8.4).
- ``mrr_at_10``: reciprocal rank of the first relevant candidate, zero if none is among the ten.
- ``recall_at_10``: relevant among the ten candidates over all relevant; below one by necessity where there
  are more than ten.

**Case links**: how well the rows of other tables that belong to a seed's case stand at the top of its lists.

- ``r_precision``: the mean over the views in which a seed has a link, over seeds. In a view it is the share of the
  first R candidates that belong to the case, R = min(links, 10).
- ``r_precision_<view>``: the same of one view, over the seeds that have a link in it.
- ``wrongful_links``: among the first three candidates of every view, rows of lawful people and businesses who have
  nothing to do with the case, for each true link. Lower is better.

A seed weighs as many operations as its own stands for (``weight`` of the answers; one each where there is none). Rows
that are wrongly named count as the seed does, whoever they are of. The account that a seed names itself counts neither
way.
"""

from __future__ import annotations

from functools import cache
from math import comb

import numpy as np
import polars as pl

from tipbench.kinds.lists import CANDIDATES, GIVEN_VIEW, ITEM, LINKS, MOST_CANDIDATES, split_lists
from tipbench.metrics.bootstrap import ClusterSums, Floats, row_weights
from tipbench.metrics.harm import LAWFUL, find_exploited_groups
from tipbench.metrics.metric import FORM, ByForm, Family, Groups, Metric, MetricInputs, MetricValues

R_PRECISION = Metric("r_precision", "R-precision")
RETRIEVAL_METRICS = (
    R_PRECISION,
    Metric("mrr_at_10", "mean reciprocal rank at 10"),
    Metric("recall_at_10", "recall at 10"),
)
RETRIEVAL_NAMES = tuple(metric.name for metric in RETRIEVAL_METRICS)


def measure_retrieval(inputs: MetricInputs) -> MetricValues:
    """Return the metrics of one set of inputs; queries are resampled by their cluster."""
    answers = inputs.answers
    queries = score_queries(answers.frame, answers.scored_rows(), inputs.predictions, answers.unit)
    weight = row_weights(answers.counted_rows())
    sums = ClusterSums(inputs.clusters)
    sums.add("queries", weight)
    for name in RETRIEVAL_NAMES:
        sums.add(name, weight, queries[name].to_numpy())
    none = () if queries.height else RETRIEVAL_NAMES
    return MetricValues(
        metrics=sums.ratios({name: (name, "queries") for name in RETRIEVAL_NAMES}),
        withheld=dict.fromkeys(none, "no query: every cluster of the gallery has one member"),
    )


def score_queries(
    gallery: pl.DataFrame, queries: pl.DataFrame, candidates: pl.DataFrame, unit: str
) -> pl.DataFrame:
    """Return ``[unit, relevant, r_precision, mrr_at_10, recall_at_10]``, one row per query, in the order of
    ``queries``.

    ``gallery`` and ``queries`` are ``[unit, cluster]``, ``candidates`` ``[query, candidate, score]``, those of a query
    together.
    """
    others = (pl.len().over("cluster").cast(pl.Int64) - 1).alias("relevant")
    relevant = queries.select(unit, "cluster", others)
    found = [_score_lists(relevant, gallery, some, unit) for some in split_lists(candidates, "query")]
    return (
        relevant.drop("cluster")
        .join(pl.concat(found), on=unit, how="left", maintain_order="left")
        .with_columns(pl.col(RETRIEVAL_NAMES).fill_null(0.0))
    )


def _score_lists(
    queries: pl.DataFrame, gallery: pl.DataFrame, candidates: pl.DataFrame, unit: str
) -> pl.DataFrame:
    """Return the metrics of the queries that these candidates are for, ``[unit, r_precision, ...]``."""
    members = gallery.select(pl.col(unit).alias("candidate"), pl.col("cluster").alias("_cluster"))
    is_hit = pl.col("cluster") == pl.col("_cluster")
    blocks = (
        candidates.rename({"query": unit})
        .join(queries, on=unit)
        .join(members, on="candidate")
        .group_by(unit, "relevant", "score")
        .agg(size=pl.len().cast(pl.Int64), hits=is_hit.sum().cast(pl.Int64))
    )
    ranked = _expect_hits(blocks, [unit], pl.col("relevant").clip(upper_bound=MOST_CANDIDATES))
    above, size, hits = (ranked[name].to_numpy() for name in ("above", "size", "hits"))
    ranks = pl.Series("rank", _reciprocal_ranks()[above, size, hits], dtype=pl.Float64)
    first = pl.col("relevant").first()
    # Only the first block with a hit has the first hit; later ones have lower values, so the largest is it.
    return (
        ranked.with_columns(ranks)
        .group_by(unit)
        .agg(
            r_precision=pl.col("within").sum() / first.clip(upper_bound=MOST_CANDIDATES),
            mrr_at_10=pl.col("rank").max(),
            recall_at_10=pl.col("hits").sum() / first,
        )
    )


def _expect_hits(blocks: pl.DataFrame, of: list[str], most: pl.Expr) -> pl.DataFrame:
    """Return blocks of equal score ``[of, score, size, hits]`` in order, with ``above``, how many candidates stand
    above each, and ``within``, the hits to be expected among the first ``most``."""
    ordered = blocks.sort(*of, "score", descending=[*([False] * len(of)), True])
    ordered = ordered.with_columns(above=pl.col("size").cum_sum().over(of) - pl.col("size"))
    room = (most - pl.col("above")).clip(lower_bound=0)
    return ordered.with_columns(within=pl.col("hits") * pl.min_horizontal(room, "size") / pl.col("size"))


@cache
def _reciprocal_ranks() -> Floats:
    """Return the expected reciprocal rank of the first of h hits in a block of s candidates in random order with a
    above it, [a, s, h]: sum over k of C(s - k, h - 1) / C(s, h) / (a + k); zero without a hit."""
    table = np.zeros((MOST_CANDIDATES + 1,) * 3)
    for above in range(MOST_CANDIDATES):
        for size in range(1, MOST_CANDIDATES - above + 1):
            for hits in range(1, size + 1):
                places = range(1, size - hits + 2)
                table[above, size, hits] = sum(
                    comb(size - k, hits - 1) / comb(size, hits) / (above + k) for k in places
                )
    return table


RETRIEVAL = Family("retrieval", CANDIDATES, RETRIEVAL_METRICS, measure_retrieval)


FIRST_CANDIDATES = 3
"""Candidates of a view that an analyst is taken to look at."""
VIEWS = ("accounts", "wallets", "circuits", "firms")
NOT_LAWFUL = ("trafficking", "spam")
"""Groups of rows that may be linked without wronging anybody."""
WRONGFUL = Metric(
    "wrongful_links",
    "wrongful links per true link",
    lower_is_better=True,
    beside=True,
    says="lawful rows among the first three of each view, for each true link among them",
)
OF_VIEW = {view: Metric(f"r_precision_{view}", f"R-precision on {view}") for view in VIEWS}
LINK_METRICS = (R_PRECISION, *OF_VIEW.values(), WRONGFUL)


def measure_case_links(inputs: MetricInputs) -> MetricValues:
    """Return the metrics of one set of inputs; seeds are resampled by their cluster.

    ``groups``: each lawful group, and ``lawful``, with ``wrongful_links``; ``form=NAME``, ``sex=...``,
    ``language=...`` of those exploited with ``r_precision`` and ``operations``. ``by_form``: R-precision of the seeds
    of each form.
    """
    seeds = inputs.answers.scored_rows().rename({inputs.answers.unit: "query"})
    gallery = inputs.answers.candidates
    ranked = _rank_candidates(seeds, gallery, inputs.predictions)
    views, links = _score_views(seeds, gallery, ranked), _find_first_links(ranked)
    weight = row_weights(seeds)
    score = _align_to_seeds(seeds, views, pl.col(R_PRECISION.name).mean())
    sums = ClusterSums(inputs.clusters)
    sums.add("seeds", weight)
    sums.add(R_PRECISION.name, weight, score)
    named = {R_PRECISION.name: (R_PRECISION.name, "seeds")}
    for view in VIEWS:
        of_view = views.filter(view=view)
        sums.add(f"seeds/{view}", weight, _align_to_seeds(seeds, of_view, pl.len()))
        sums.add(view, weight, _align_to_seeds(seeds, of_view, pl.col(R_PRECISION.name).sum()))
        named[OF_VIEW[view].name] = (view, f"seeds/{view}")
    wrong = links.filter(~pl.col("is_true") & ~pl.col("group").is_in(NOT_LAWFUL))
    count = pl.col("links").sum()
    wrong_of = {
        str(group): _align_to_seeds(seeds, wrong.filter(group=group), count)
        for group in sorted(wrong["group"].drop_nulls().unique())
    }
    wrong_of[LAWFUL] = _align_to_seeds(seeds, wrong, count)
    true = _align_to_seeds(seeds, links.filter("is_true"), count)
    sums.add("true", weight, true)
    sums.add("wrong", weight, wrong_of[LAWFUL])
    absent = {view: metric for view, metric in OF_VIEW.items() if view not in views["view"]}
    withheld = {metric.name: f"no seed has a link among {view}" for view, metric in absent.items()}
    if not seeds.height:
        withheld = {metric.name: "no seed has a link" for metric in LINK_METRICS}
    every, clusters = np.ones(seeds.height, dtype=bool), inputs.clusters
    exploited = find_exploited_groups(seeds, every, clusters.codes)
    by_group = ClusterSums(clusters)
    by_group.add("true", weight, true)
    for group, wrongful in wrong_of.items():
        by_group.add(group, weight, wrongful)
    for group, rows in exploited.items():
        by_group.add(group, weight, rows)
        by_group.add(f"{group}/score", weight, score, rows)
    shares = {group: (group, "true") for group in wrong_of}
    observed = by_group.observe(shares | {group: (f"{group}/score", group) for group in exploited})
    groups: Groups = {group: {WRONGFUL.name: observed[group]} for group in wrong_of}
    for group, rows in exploited.items():
        groups[group] = {R_PRECISION.name: observed[group], "operations": clusters.among(rows)}
    by_form = ByForm(clusters, seeds[FORM], every, weight, score) if FORM in seeds.columns else None
    ratios = sums.ratios(named | {WRONGFUL.name: ("wrong", "true")})
    return MetricValues(metrics=ratios, withheld=withheld, groups=groups, by_form=by_form)


def _score_views(seeds: pl.DataFrame, gallery: pl.DataFrame, ranked: pl.DataFrame) -> pl.DataFrame:
    """Return ``[query, view, r_precision]``, one row per seed and view in which it has a link."""
    own = seeds.select("query", "region", "cluster", "given")
    own = own.join(gallery.drop("group"), on=["region", "cluster"]).filter(~_is_given())
    linked = own.group_by("query", "view").agg(linked=pl.len().cast(pl.Int64)).sort("query", "view")
    hits = pl.col("is_true").sum().cast(pl.Int64)
    blocks = ranked.group_by("query", "view", "score").agg(size=pl.len().cast(pl.Int64), hits=hits)
    most = pl.min_horizontal("linked", MOST_CANDIDATES)
    found = _expect_hits(blocks.join(linked, on=["query", "view"]), ["query", "view"], most)
    expected = found.group_by("query", "view").agg(expected=pl.col("within").sum())
    precision = (pl.col("expected").fill_null(0.0) / most).alias(R_PRECISION.name)
    joined = linked.join(expected, on=["query", "view"], how="left", maintain_order="left")
    return joined.select("query", "view", precision)


def _find_first_links(ranked: pl.DataFrame) -> pl.DataFrame:
    """Return ``[query, group, is_true, links]``: how many of the first three candidates of all views are to be expected
    of each group, true and not."""
    count = pl.len().cast(pl.Int64)
    blocks = ranked.group_by("query", "view", "score").agg(size=count, hits=count)
    first = _expect_hits(blocks, ["query", "view"], pl.lit(FIRST_CANDIDATES))
    each = first.select("query", "view", "score", each=pl.col("within") / pl.col("size"))
    joined = ranked.join(each, on=["query", "view", "score"])
    groups = joined.group_by("query", "group", "is_true", maintain_order=True)
    return groups.agg(links=pl.col("each").sum())


def _rank_candidates(seeds: pl.DataFrame, gallery: pl.DataFrame, predictions: pl.DataFrame) -> pl.DataFrame:
    """Return predictions about these seeds with what is true of them, without what a seed names itself."""
    return (
        predictions.join(seeds.select("query", "region", "given", _cluster="cluster"), on="query")
        .filter(~_is_given())
        .join(gallery, on=list(ITEM))
        .with_columns(is_true=(pl.col("cluster") == pl.col("_cluster")).fill_null(False))
        .sort("query", "view", "score", "candidate", descending=[False, False, True, False])
    )


def _is_given() -> pl.Expr:
    return ((pl.col("view") == GIVEN_VIEW) & (pl.col("candidate") == pl.col("given"))).fill_null(False)


def _align_to_seeds(seeds: pl.DataFrame, rows: pl.DataFrame, value: pl.Expr) -> Floats:
    """Return a value of each seed's rows, in the order of the seeds; 0 where it has none."""
    values = rows.group_by("query").agg(value.cast(pl.Float64).alias("_value"))
    joined = seeds.select("query").join(values, on="query", how="left", maintain_order="left")
    return joined["_value"].fill_null(0.0).to_numpy()


CASE_LINKS = Family("case_links", LINKS, LINK_METRICS, measure_case_links)
