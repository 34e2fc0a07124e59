"""Which adverts have one operator?"""

from __future__ import annotations

import polars as pl

from tipbench.data import adverts, supervision
from tipbench.data.adverts import TABLE, UNIT
from tipbench.data.harm_groups import with_operation_weight
from tipbench.kinds.clusters import CLUSTERS
from tipbench.task import RANKED, Source, Task


def label_clusters(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return the operation of each advert of train and valid."""
    return supervision.learnable_units(rows).select(UNIT, label="cluster")


def answers(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return the operation of each test advert, its phone component within the test, its headline weight, and of how
    many operations its own tells, where data say so."""
    linked = supervision.phone_components(rows, source, UNIT, TABLE)
    found = linked.select(UNIT, "cluster", adverts.headline_weight(), proxy="component")
    return with_operation_weight(found, "stands_for", source)


CLUSTERING = ("b_cubed_f1", "b_cubed_precision", "b_cubed_recall")
PAIRWISE = ("pairwise_f1", "pairwise_precision", "pairwise_recall", "ari", "v_measure")

TASK = Task(
    name="advert_linkage",
    title="Adverts of one operator",
    question="Which adverts have one operator?",
    unit=UNIT,
    table=TABLE,
    kind=CLUSTERS,
    tables={
        "adverts": (*adverts.OTHERS, *adverts.TEXT, *adverts.LINKS),
        "accounts": adverts.ACCOUNTS,
        **adverts.CONTEXT,
    },
    splits=(*adverts.SPLITS, "channel"),
    own_splits=("all", "given"),
    tier="public",
    clusters="operation",
    groups=(),
    primary="b_cubed_f1",
    metrics=(*CLUSTERING, *PAIRWISE, *(f"proxy_{name}" for name in (*CLUSTERING, *PAIRWISE)), *RANKED),
    references=("Lee et al. (2021), InfoShield", "Nagpal et al. (2017)", "Li, Simek et al. (2018)"),
    signal_columns=frozenset(),
    leak_limits=adverts.LEAK_LIMITS,
    units=adverts.units,
    supervise={"truth": label_clusters, "proxy": supervision.same_phone(UNIT, TABLE)},
    answers=answers,
)
