"""What did a platform's closure, or a campaign, change?"""

from __future__ import annotations

import polars as pl

from tipbench.data import adverts
from tipbench.data.custom.checks import check_effects
from tipbench.data.supervision import learnable_units, none
from tipbench.kinds.estimates import ESTIMATES
from tipbench.task import NO_LABELS, Source, Task

UNIT = "effect"
TABLE = "effects"
SERIES = "market"
KEYS = ("region", "platform", "day")
"""Columns of the series that say what a value is of."""
COUNTED = ("adverts", "contacts")
"""Columns of the series that effects of a release are about."""
THOUSANDTHS = 1000.0
QUANTITY = {"log": "log_effect", "share": "share", "level": "level"}
"""What each scale estimates."""


def units(source: Source) -> pl.LazyFrame:
    """Return all effects, their region as the cluster and the intervention's day as theirs."""
    cluster = pl.col("region").cast(pl.Int64).alias("cluster")
    names = ("day", "platform", "outcome", "first_day", "last_day", "scale")
    amounts = (pl.col(name) / THOUSANDTHS for name in ("truth", "expected_without", "displaced"))
    return source.scan(TABLE, truth=True).select(UNIT, "region", cluster, *names, *amounts)


def label_effects(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return the true effects of train and valid: a logarithm, or a share."""
    return learnable_units(rows).select(UNIT, label=pl.col("truth"))


def answers(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return truth about effects, in nats or as a share, and the oracle's estimate.

    The oracle knows the noise-free course without the intervention and sees the counts with it.
    """
    observed = _count_observed(rows, source)
    without, displaced = pl.col("expected_without"), pl.col("displaced")
    reference = (
        pl.when(scale="log")
        .then((pl.col("observed").clip(0.5) / without).log())
        .otherwise((pl.col("observed") - without) / displaced)
    )
    quantity, weight = pl.col("scale").replace_strict(QUANTITY).alias("quantity"), pl.lit(1.0).alias("weight")
    known = rows.join(observed, on=UNIT, how="left", maintain_order="left")
    return known.select(
        UNIT, quantity, "truth", "cluster", weight, group="outcome", oracle_estimate=reference
    )


def _count_observed(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return ``[effect, observed Float64]``: the counts of each effect's outcome over its window."""
    counts = source.scan(SERIES).select(*KEYS, *(pl.col(c).cast(pl.Int64) for c in COUNTED))
    of_region = counts.group_by("region", "day").agg(pl.col(COUNTED).sum(), pl.lit("").alias("platform"))
    series = pl.concat([counts.drop_nulls("platform"), of_region.select(counts.collect_schema().names())])
    of = ["region", "platform"]
    until = series.sort(*of, "day").with_columns(pl.col(COUNTED).cum_sum().over(of)).collect()
    platform, before = pl.col("platform").fill_null(""), pl.col("first_day") - 1
    wanted = rows.select(UNIT, "region", "outcome", platform, before=before, last="last_day")
    ends = []
    for end in ("before", "last"):
        at = wanted.join(until, left_on=[*of, end], right_on=[*of, "day"], how="left", maintain_order="left")
        count = pl.when(outcome="contacts").then("contacts").otherwise("adverts")
        ends.append(at.select(count.fill_null(0)).to_series())
    return wanted.select(UNIT, (ends[1] - ends[0]).cast(pl.Float64).alias("observed"))


TASK = Task(
    name="intervention_effect",
    title="Effects of interventions",
    question="What did a platform's closure, or a campaign, change?",
    unit=UNIT,
    table=TABLE,
    kind=ESTIMATES,
    tables={
        TABLE: (
            *("region", UNIT, "intervention", "kind", "outcome", "platform"),
            *("day", "first_day", "last_day", "scale"),
        ),
        SERIES: ("region", "platform", "day", "adverts", "flags", "contacts", "hash_matches"),
        "interventions": ("region", "intervention", "kind", "platform", "day"),
        "platforms": adverts.CONTEXT["platforms"],
    },
    splits=("all", "region"),
    own_splits=("all", "kfold", "given"),
    tier="public",
    clusters="region",
    groups=(),
    primary="median_abs_error",
    metrics=(
        *("median_abs_error", "coverage", "interval_score", "failures", "failed_intervals"),
        *("median_abs_share_error", "share_coverage", "share_interval_score", "share_failures"),
        "share_failed_intervals",
    ),
    references=(
        "Abadie, Diamond and Hainmueller (2010), synthetic control",
        "Brodersen et al. (2015), CausalImpact",
    ),
    signal_columns=frozenset({f"{TABLE}.first_day", f"{TABLE}.platform"}),
    units=units,
    supervise={NO_LABELS: none(label_effects), "truth": label_effects},
    answers=answers,
    context=frozenset({SERIES, "interventions", "platforms"}),
    check=check_effects,
    quantity="level",
)
