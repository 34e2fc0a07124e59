"""Which adverts come from a trafficking operation?"""

from __future__ import annotations

import polars as pl

from tipbench.data import adverts, supervision
from tipbench.data.adverts import TABLE, UNIT
from tipbench.kinds.scores import SCORES
from tipbench.task import ACCUSATIONS, GAPS, RANKED, Source, Task
from tipbench.tasks import payment_risk


def answers(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return truth about adverts of valid and test: label, cluster, weight, harm groups and the oracle's odds."""
    positive = adverts.trafficking_operations(source)
    label = supervision.is_in_any(positive).alias("label")
    scored = rows.select(UNIT, "region", "part", "cluster", label, adverts.headline_weight())
    return adverts.harm_columns(scored, source).drop("region").with_columns(pl.col("part").cast(pl.String))


TASK = Task(
    name="advert_risk",
    title="Adverts of trafficking operations",
    question="Which adverts come from a trafficking operation?",
    unit=UNIT,
    table=TABLE,
    kind=SCORES,
    tables={
        "adverts": (*adverts.OTHERS, *adverts.TEXT, *adverts.LINKS),
        "accounts": adverts.ACCOUNTS,
        "flags": ("region", "flag", "advert", "flagger", "day", "reason"),
        "wallets": payment_risk.TASK.tables["wallets"],
        "payments": payment_risk.TASK.tables["payments"],
        **adverts.CONTEXT,
    },
    splits=(*adverts.SPLITS, "wordbook", "channel"),
    own_splits=("kfold", "all", "given"),
    tier="public",
    clusters="operation",
    groups=("independent", "business", "migrant", "terse", "spam"),
    version=3,
    primary="average_precision",
    metrics=(*RANKED, *GAPS, *ACCUSATIONS),
    references=("Tong et al. (2017), Trafficking-10k", "Nair et al. (2024), T-Net"),
    prevalence=0.05,
    probabilities=True,
    signal_columns=frozenset({"adverts.category", "adverts.price"}),
    leak_limits=adverts.LEAK_LIMITS,
    units=adverts.units,
    supervise={
        "truth": supervision.truth(UNIT, adverts.trafficking_operations),
        "expert": supervision.expert(UNIT),
        "weak": supervision.weak(UNIT),
        "proxy": supervision.same_phone_rated(UNIT, TABLE),
        "delayed": supervision.delayed(UNIT, adverts.trafficking_operations),
    },
    answers=answers,
)
