"""Contacts, images and places hidden: who wrote this advert?

Places are hidden because an operation stays within one region, so that a method could find it without reading. Day,
price and fields of a job are hidden too: trees on these alone find the writer without reading.
"""

from __future__ import annotations

import polars as pl

from tipbench.data import adverts, supervision
from tipbench.data.adverts import TABLE, UNIT
from tipbench.data.harm_groups import with_operation_weight
from tipbench.data.selection import fixed_gallery, one_per_group
from tipbench.kinds.lists import CANDIDATES
from tipbench.task import Selection, Source, Task
from tipbench.tasks.advert_linkage import label_clusters

GALLERY_A_REGION = 36
"""Units of the gallery a region of the release, the same in every split."""


def select(rows: pl.DataFrame, source: Source) -> Selection:
    """Return one advert a template and operation within each part, and a gallery of the release's fixed size."""
    thinned = one_per_group(rows, UNIT, ("template", "cluster"))
    return fixed_gallery(thinned, GALLERY_A_REGION * source.regions)


def answers(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return the operation of each advert of the gallery, and of how many operations it tells, where data say so."""
    return with_operation_weight(rows.select(UNIT, "cluster"), "weight", source)


TASK = Task(
    name="advert_authorship",
    title="Authors of adverts",
    question="Contacts and images hidden: who wrote this advert?",
    unit=UNIT,
    table=TABLE,
    kind=CANDIDATES,
    tables={"adverts": ("advert", "language", "category", *adverts.TEXT)},
    splits=adverts.SPLITS,
    own_splits=("all", "given"),
    tier="public",
    clusters="operation",
    groups=(),
    primary="r_precision",
    metrics=("r_precision", "mrr_at_10", "recall_at_10"),
    references=(
        "Saxena et al. (2023), IDTraffickers",
        "Saxena et al. (2025), MATCHED",
        "Saxena et al. (2023), VendorLink",
    ),
    signal_columns=frozenset(),
    leak_limits=adverts.LEAK_LIMITS,
    units=adverts.units,
    supervise={"truth": label_clusters, "proxy": supervision.same_phone(UNIT, TABLE)},
    answers=answers,
    select=select,
)
