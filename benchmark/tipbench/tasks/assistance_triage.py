"""What does this person need, and how soon?"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
from tipdata.core.world import MINUTES_A_DAY
from tipdata.stages.helpline.cases import NEEDS

from tipbench.data.custom.checks import check_contacts
from tipbench.data.splits.policy import DAY_OF_MINUTE
from tipbench.data.supervision import learnable_units
from tipbench.kinds.answers import LABEL_PREFIX
from tipbench.kinds.labelsets import LABELSETS
from tipbench.task import Source, Task

UNIT = "contact"
TABLE = "contacts"
MINUTES_A_WEEK = 7 * MINUTES_A_DAY
WEEKS = 1000
"""A slot's number is the region's times this plus the week's."""

TEXT = ("narrative",)
CODED = (
    *(
        "safe_place_tonight",
        "threat_reported",
        "health_concern",
        "strain",
        "asks_authorities",
        "holds_papers",
    ),
    *("weeks_owed", "employer_aware", "free_to_leave", "lives_at_work", "sector", "dependants"),
    *("caller_relation", "channel", "interpreter_used", "days_since_leaving", "repeat_contact"),
)


def units(source: Source) -> pl.LazyFrame:
    """Return all contacts, their person as the cluster, and what they need."""
    return source.scan(TABLE, truth=True).select(
        UNIT,
        "region",
        pl.col("person").alias("cluster"),
        DAY_OF_MINUTE,
        "language",
        (pl.col("region").cast(pl.Int64) * WEEKS + pl.col("minute") // MINUTES_A_WEEK).alias("slot"),
        "settled_day",
        *(pl.col("needs").list.contains(name).cast(pl.Int8).alias(f"{LABEL_PREFIX}{name}") for name in NEEDS),
        pl.col("urgency").cast(pl.Int8),
        *(pl.col(f"log_odds_{name}").alias(f"oracle_log_odds_{name}") for name in NEEDS),
    )


LABELS = (*(f"{LABEL_PREFIX}{name}" for name in NEEDS), "urgency")


def label_needs(of: pl.Expr) -> Callable[[pl.DataFrame, Source], pl.DataFrame]:
    """Return needs and urgency of the contacts of train and valid for which ``of`` is true."""

    def supervise(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
        return learnable_units(rows).filter(of).select(UNIT, *LABELS)

    return supervise


def answers(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return truth about contacts: needs, urgency, the week that they compete in, the person's language, the oracle's
    odds."""
    part, weight = pl.col("part").cast(pl.String), pl.lit(1.0).alias("weight")
    odds = (f"oracle_log_odds_{name}" for name in NEEDS)
    return rows.select(UNIT, part, "cluster", weight, *LABELS, "slot", "language", *odds)


TASK = Task(
    name="assistance_triage",
    title="Triage of requests for help",
    question="What does this person need, and how soon?",
    unit=UNIT,
    table=TABLE,
    kind=LABELSETS,
    tables={TABLE: ("region", UNIT, "minute", "language", *TEXT, *CODED)},
    splits=("forward", "operation", "random", "region", "language"),
    own_splits=("kfold", "all", "given"),
    tier="platform",
    clusters="person",
    groups=("language",),
    primary="macro_average_precision",
    metrics=(*("macro_average_precision", "hamming_loss", "micro_f1"), *("urgent_recall", "protection_gap")),
    references=(
        "Tsoumakas and Katakis (2007), multi-label classification",
        "Polaris (2022), hotline statistics",
    ),
    signal_columns=frozenset(f"{TABLE}.{name}" for name in ("language", "days_since_leaving")),
    units=units,
    supervise={
        "truth": label_needs(pl.lit(True)),
        "delayed": label_needs((pl.col("settled_day") < pl.col("cut")).fill_null(False)),
    },
    answers=answers,
    label_columns=LABELS,
    check=check_contacts,
)
