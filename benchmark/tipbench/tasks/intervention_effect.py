"""What did a platform's closure, or a campaign, change?"""

from __future__ import annotations

import polars as pl
from tipcore.errors import UsageError

from tipbench.data import adverts
from tipbench.data.custom.checks import is_none_of, refuse
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
    return source.scan(TABLE, truth=True).select(
        UNIT,
        "region",
        pl.col("region").cast(pl.Int64).alias("cluster"),
        "day",
        "platform",
        "outcome",
        "first_day",
        "last_day",
        "scale",
        pl.col("truth") / THOUSANDTHS,
        *(pl.col(c) / THOUSANDTHS for c in ("expected_without", "displaced")),
    )


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
    return rows.join(observed, on=UNIT, how="left", maintain_order="left").select(
        UNIT,
        pl.col("scale").replace_strict(QUANTITY).alias("quantity"),
        "truth",
        "cluster",
        pl.lit(1.0).alias("weight"),
        pl.col("outcome").alias("group"),
        reference.alias("oracle_estimate"),
    )


def _count_observed(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return ``[effect, observed Float64]``: the counts of each effect's outcome over its window."""
    counts = source.scan(SERIES).select(*KEYS, *(pl.col(c).cast(pl.Int64) for c in COUNTED))
    of_region = counts.group_by("region", "day").agg(pl.col(COUNTED).sum(), pl.lit("").alias("platform"))
    series = pl.concat([counts.drop_nulls("platform"), of_region.select(counts.collect_schema().names())])
    of = ["region", "platform"]
    until = series.sort(*of, "day").with_columns(pl.col(COUNTED).cum_sum().over(of)).collect()
    wanted = rows.select(
        UNIT,
        "region",
        "outcome",
        pl.col("platform").fill_null(""),
        before=pl.col("first_day") - 1,
        last="last_day",
    )
    ends = []
    for end in ("before", "last"):
        at = wanted.join(until, left_on=[*of, end], right_on=[*of, "day"], how="left", maintain_order="left")
        count = pl.when(outcome="contacts").then("contacts").otherwise("adverts")
        ends.append(at.select(count.fill_null(0)).to_series())
    return wanted.select(UNIT, (ends[1] - ends[0]).cast(pl.Float64).alias("observed"))


def check(tables: dict[str, pl.DataFrame]) -> None:
    """What a user's effects and series must fulfil together. Raises UsageError with how many and the first."""
    effects, series = tables[TABLE], tables.get(SERIES)
    if series is None:
        raise UsageError(
            f"{TABLE} are changes of a series: map data.tables.{SERIES} with region, day and a value."
        )
    wanted = {
        TABLE: ("region", "outcome", "day", "first_day", "last_day", "scale"),
        SERIES: ("region", "day"),
    }
    for table, columns in wanted.items():
        if lacking := [c for c in columns if c not in tables[table].columns]:
            raise UsageError(f"{table} have no {', '.join(lacking)}: map data.tables.{table}.{lacking[0]}.")
    _check_series(series)
    series = series.drop_nulls("region")
    _check_effects(effects, series)
    starts = series.group_by("region").agg(start=pl.col("day").min(), end=pl.col("day").max())
    spans = effects.join(starts, on="region", how="left", maintain_order="left")
    wrong = (pl.col("start") >= pl.col("day")).fill_null(True)
    refuse(TABLE, spans, wrong, "begin before their region's series does", "give earlier days")
    wrong = (pl.col("end") < pl.col("last_day")).fill_null(True)
    refuse(TABLE, spans, wrong, "end after their region's series does", "give later days")


def _check_effects(effects: pl.DataFrame, series: pl.DataFrame) -> None:
    values = [name for name in series.columns if name not in KEYS]
    named = pl.col("outcome").is_in(values) | (pl.col("scale") == "share")
    ordered = (pl.col("day") <= pl.col("first_day")) & (pl.col("first_day") <= pl.col("last_day"))
    faults = (
        (
            is_none_of("region", series["region"]),
            f"are of a region that {SERIES} does not have",
            "add its series",
        ),
        (
            (~named).fill_null(True),
            f"have an outcome that is not a column of {SERIES}",
            f"map data.tables.{SERIES} with a column of that name",
        ),
        (
            is_none_of("scale", pl.Series(list(QUANTITY))),
            "have no scale",
            f"map it to {' or '.join(QUANTITY)}",
        ),
        (
            (~ordered).fill_null(True),
            "have days out of order",
            "let day come first, then first_day, then last_day",
        ),
    )
    for wrong, what, instead in faults:
        refuse(TABLE, effects, wrong, what, instead)


def _check_series(series: pl.DataFrame) -> None:
    """Refuse a day that a series has twice, or lacks between its first and last. Rows without a region are of none."""
    of = [name for name in ("region", "platform") if name in series.columns]
    since = pl.col("day") - pl.col("day").shift(1).over(of, order_by="day")
    for wrong, what, instead in (
        (pl.col("day").is_null(), "have no day", "give each row its day"),
        (pl.struct(*of, "day").is_duplicated(), "share region and day", "give each day once"),
        (
            since > 1,
            "come after a gap in their series",
            "give every day from the first to the last, or number weeks",
        ),
    ):
        refuse(SERIES, series, pl.col("region").is_not_null() & wrong, what, instead)


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
    check=check,
    quantity="level",
)
