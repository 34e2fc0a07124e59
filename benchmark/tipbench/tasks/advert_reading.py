"""Which listed facts and levels does this advert state?

Labels are what is said (``adverts.facts``), true or not: never the state of the operation, and never what kind it is.
Price and fields of a job are hidden, since they state facts in a column of their own.
"""

from __future__ import annotations

from itertools import chain

import polars as pl
from tipdata.core.kinds import FAMILIES
from tipdata.text.facts import level_places

from tipbench.data import adverts
from tipbench.data.adverts import TABLE, UNIT
from tipbench.data.harm_groups import with_operation_weight
from tipbench.data.selection import one_per_group
from tipbench.data.supervision import learnable_units
from tipbench.kinds.answers import LABEL_PREFIX
from tipbench.kinds.labelsets import LABELSETS
from tipbench.task import Selection, Source, Task

LEVELS = tuple(dict.fromkeys(chain.from_iterable(level_places(family) for family in FAMILIES)))
"""Every ``fact=level`` that an advert of any family may state."""
LABELS = tuple(f"{LABEL_PREFIX}{level}" for level in LEVELS)
FEWEST_OPERATIONS = 30
"""Operations of the test part that must state a level for it to be scored."""


def select(rows: pl.DataFrame, source: Source) -> Selection:
    """Return one advert a template and operation within each part: re-posts say the same."""
    return Selection(one_per_group(rows, UNIT, ("template", "cluster")))


def with_levels(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return the units with :data:`LABELS`, Int8: whether each states a level."""
    said = source.scan(TABLE, truth=True).select(UNIT, "facts")
    found = rows.lazy().join(said, on=UNIT, how="left", maintain_order="left").collect()
    states = (pl.col("facts").list.contains(pl.lit(level)) for level in LEVELS)
    labels = (one.cast(pl.Int8).alias(name) for one, name in zip(states, LABELS, strict=True))
    return found.with_columns(labels).drop("facts")


def supervise(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return what the adverts of train and valid state."""
    return with_levels(learnable_units(rows), source).select(UNIT, *LABELS)


def answers(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return what adverts state, and how many operations of the world each tells of."""
    weighed = with_operation_weight(
        rows.select(UNIT, pl.col("part").cast(pl.String), "cluster"), "weight", source
    )
    weight = [] if "weight" in weighed.columns else [pl.lit(1.0).alias("weight")]
    return with_levels(weighed.with_columns(weight), source)


TASK = Task(
    name="advert_reading",
    title="Facts that adverts state",
    question="Which listed facts and levels does this advert state?",
    unit=UNIT,
    table=TABLE,
    kind=LABELSETS,
    tables={TABLE: ("region", UNIT, "language", "category", *adverts.TEXT)},
    splits=("forward", "language", "wordbook"),
    own_splits=("kfold", "all", "given"),
    tier="public",
    clusters="operation",
    groups=(),
    primary="macro_average_precision",
    metrics=("macro_average_precision", "macro_f1"),
    references=("Tsoumakas and Katakis (2007), multi-label classification",),
    signal_columns=frozenset({f"{TABLE}.category"}),
    leak_limits=adverts.LEAK_LIMITS,
    version=1,
    tuned=True,
    label_clusters=FEWEST_OPERATIONS,
    units=adverts.units,
    supervise={"truth": supervise},
    answers=answers,
    select=select,
    label_columns=LABELS,
)
