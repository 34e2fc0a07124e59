"""Given one advert: which accounts, wallets, circuits and firms belong to the same operation?

The account that the seed itself names is given away by a column, so it counts neither way. Adverts, accounts and all
else are shown whole: how they are joined is the question.
"""

from __future__ import annotations

import polars as pl

from tipbench.data import adverts
from tipbench.data.adverts import TABLE, UNIT
from tipbench.data.custom.checks import check_cases
from tipbench.data.harm_groups import owned_firms, with_operation
from tipbench.data.selection import one_per_group
from tipbench.kinds.lists import LINKS, add_link_counts, find_links
from tipbench.task import Selection, Source, Task
from tipbench.tasks import account_risk, payment_risk, route_forecast, supplier_risk

VIEWS = {"accounts": "account", "wallets": "wallet", "circuits": "circuit", "firms": "firm"}
RESIDENT = "resident"
"""The group of rows of no operation."""


def list_items(source: Source) -> pl.LazyFrame:
    """Return ``[region, view, candidate, cluster]`` of all that may be linked."""
    owned = {**{view: source.scan(view, truth=True) for view in VIEWS}, "firms": owned_firms(source)}
    return pl.concat(
        owned[view].select("region", pl.lit(view).alias("view"), candidate=key, cluster="operation")
        for view, key in VIEWS.items()
    )


def units(source: Source) -> pl.LazyFrame:
    """Return the adverts of operations that have a row in any view, whatever their kind, with the account named."""
    linked = list_items(source).select("cluster").drop_nulls().unique()
    named = source.scan(TABLE, truth=True).select(UNIT, given="account")
    return adverts.units(source).join(linked, on="cluster", how="semi").join(named, on=UNIT)


def select(rows: pl.DataFrame, source: Source) -> Selection:
    """Return one keyed-chosen advert per operation and part: the seeds."""
    return Selection(one_per_group(rows, UNIT, ("cluster",)))


def gallery(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return all rows of the views in the regions of these units, with whose they are."""
    regions = rows["region"].unique()
    listed = list_items(source).filter(pl.col("region").is_in(regions.implode()))
    kinds = source.scan("operations", truth=True).select(cluster="operation", group="kind")
    known = listed.join(kinds, on="cluster", how="left", maintain_order="left")
    grouped = known.with_columns(pl.col("group").fill_null(RESIDENT))
    return grouped.sort("region", "view", "candidate").collect()


def label_links(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return the links of each seed of train and valid: ``[advert, view, candidate, label]``, label 1."""
    learnable = rows.filter(pl.col("part") != "test").select(UNIT, "region", "cluster", "given")
    return find_links(learnable, gallery(rows, source)).select(UNIT, "view", "candidate", "label")


def answers(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return each seed with its operation, how many links it has, and who is affected."""
    asked = rows.lazy().select(UNIT, "region", "cluster", "given", weight=pl.lit(1.0))
    seeds = with_operation(asked, source).collect()
    return add_link_counts(seeds.drop("oracle_log_odds"), gallery(rows, source))


SHOWN = {
    "ties": account_risk,
    "wallets": payment_risk,
    "payments": payment_risk,
    "circuits": route_forecast,
    "stops": route_forecast,
    "firms": supplier_risk,
    "agencies": supplier_risk,
}
"""Tables that are shown as in the task of each."""

TASK = Task(
    name="case_linkage",
    title="Rows of one case",
    question="Given one advert, which accounts, wallets, circuits and firms belong to the same operation?",
    unit=UNIT,
    table=TABLE,
    kind=LINKS,
    tables={
        TABLE: (*adverts.OTHERS, *adverts.TEXT, *adverts.LINKS),
        "accounts": adverts.ACCOUNTS,
        **{name: module.TASK.tables[name] for name, module in SHOWN.items()},
        **adverts.CONTEXT,
    },
    context=frozenset({TABLE, "accounts", *SHOWN, *adverts.CONTEXT}),
    views=VIEWS,
    splits=("forward", "operation", "random", "region"),
    own_splits=("all", "given"),
    tier="legal",
    clusters="operation",
    groups=("independent", "business", RESIDENT),
    primary="r_precision",
    metrics=("r_precision", *(f"r_precision_{view}" for view in VIEWS), "wrongful_links"),
    references=("Portnoff et al. (2017)", "Page et al. (1999), personalised PageRank"),
    signal_columns=frozenset(),
    units=units,
    supervise={"truth": label_links},
    answers=answers,
    select=select,
    gallery=gallery,
    check=check_cases,
)
