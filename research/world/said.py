"""Does what is said predict what happens? python research/world/said.py [--worlds 11 12 13] [--regions 64]

The units are trafficking operations that post. For each fact, a column of people, payments or helpline contacts is
regressed on what the operation's adverts state of the fact. The column is the means of control that follows the fact
(``people.control_by``), else the one that :data:`COLUMNS` lists. A stated level counts as the mean place of the true
level among offenders of the form and category who state it, by the law; places rise from levels that trafficking
makes rarer to those that it makes likelier (price: its mean worth). Operations that never state the fact are left out.

Printed is the slope in standard deviations of the column, within form and category, with a 95% interval that is robust
to unequal variances: over all forms, in labour, and in sexual exploitation. Fewer than 20 operations have none. A star:
the interval lies above 0.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from drawn import asking
from tipdata.core.kinds import CATEGORIES, FAMILIES, TRAFFICKING
from tipdata.core.world import Region, World, newest_released
from tipdata.stages import draw_tables
from tipdata.stages.operations.policy import Life
from tipdata.stages.operations.stage import Operations
from tipdata.stages.operations.state import SILENT
from tipdata.text.facts import facts_of, number_of

NEEDED = (
    "places", "operations", "accounts", "adverts", "messages", "suppliers", "trips", "people", "payments", "helpline"
)  # fmt: skip
PAID = {"price": "small_sums", "concrete": "unstated", "named": "no_firm", "payment": "not_bank"}
COLUMNS = {
    "services": {
        "heads": "people",
        "voice": "writers",
        "place": "lives_at_work",
        "transport": "employer_aware",
    },
    "jobs": {
        "heads": "people",
        "lodging": "lives_at_work",
        "answerer": "employer_aware",
        "payday": "weeks_owed",
    },
    "intermediary": {
        "heads": "people",
        "voice": "writers",
        "place": "lives_at_work",
        "answerer": "employer_aware",
    },
}
"""Columns that follow a fact beside means of control and those of payments (:data:`PAID`), by family."""
CLAIMS = "claims"
"""What is no fact in ``people.control_by``."""
GROUPS = ("all", "labour", "sexual")
FEWEST = 20
"""Operations of which a slope is estimated."""


def mean_places(region: Region, o: Operations, life: Life) -> np.ndarray:
    """Return (operations, facts, levels) mean place of the true level among offenders of a form and category who say a
    level, 0 to 1; NaN where none does."""
    form = np.maximum(o.form, 0)
    law, profile = life.law, life.law.state.profile[o.family, form].astype(float)
    share = np.einsum("ofzl,oz->ofl", law.state.share[o.category, :, form].astype(float), profile)
    share /= np.maximum(share.sum(axis=2, keepdims=True), 1)
    order = law.state.order[o.family]
    rising = np.take_along_axis(share, order, axis=2)
    place = np.empty_like(share)
    np.put_along_axis(place, order, rising.cumsum(axis=2) - rising / 2, axis=2)
    # Sums of money follow what a level of price is worth.
    worth = np.array(list(region["payments.takings.worth.price"].values()))
    place[:, number_of("price"), : len(worth)] = -np.log(worth)
    said = share[..., None] * law.claims[o.category, :, TRAFFICKING, :, :-1]
    with np.errstate(invalid="ignore"):
        return (said * place[..., None]).sum(axis=2) / said.sum(axis=2)


def columns_of(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the columns of each operation: means over its people, contacts, payments and heads of schemes."""
    people = tables["people"].filter(role="exploited")
    means = people["means_of_control"].explode().drop_nulls().unique().sort().to_list()
    crew = people.group_by("operation").agg(
        pl.len().cast(pl.Float64).log().alias("people"),
        *(pl.col("means_of_control").list.contains(one).mean().alias(one) for one in means),
    )
    calls = ("lives_at_work", "employer_aware", "weeks_owed")
    contacts = (
        tables["contacts"].group_by("operation").agg(pl.col(one).cast(pl.Float64).mean() for one in calls)
    )
    wallets = tables["wallets"].filter(role="head").group_by("operation")
    heads = wallets.agg((pl.col("holder") != "firm").mean().alias("no_firm"))
    amount = pl.col("amount").cast(pl.Float64).log()
    paid = tables["payments"].drop_nulls(["operation", "typology"])
    paid = paid.group_by("operation").agg(
        (-amount).mean().alias("small_sums"),
        pl.col("purpose").is_null().mean().alias("unstated"),
        (pl.col("channel") != "bank").mean().alias("not_bank"),
    )
    staff = tables["people"].filter(pl.col("role") != "exploited").group_by("operation")
    beside = staff.agg((pl.col("role") == "writer").sum().alias("writers"), pl.len().alias("n")).filter(
        pl.col("n") > 1
    )
    beside = beside.select("operation", pl.col("writers") / (pl.col("n") - 1))
    made = crew
    for other in (beside, contacts, heads, paid):
        made = made.join(other.drop_nulls("operation"), on="operation", how="left")
    return made


def draw_rows(world: World, regions: int) -> pl.DataFrame:
    """Return a row for each operation that posts and fact that it says: its place, and the value of its column."""
    parts = []
    for index in range(regions):
        region = world.region(index)
        past, tables = draw_tables(region, NEEDED)
        o, adverts = past["operations"], past["adverts"]
        first = np.flatnonzero(tables["adverts"]["parent"].is_null() & ~tables["adverts"]["copied"])
        owner, level = adverts.operation[first], adverts.statements.level[first]
        place = mean_places(region, o, o.life)
        ours = np.flatnonzero((o.kind == TRAFFICKING) & o.posts)
        columns = pl.DataFrame({"operation": o.id[ours]}).join(columns_of(tables), on="operation", how="left")
        for f, family in enumerate(FAMILIES):
            names = [fact.name for fact in facts_of(family)]
            follows = {
                one: means for means, one in region["people.control_by"][family].items() if one != CLAIMS
            }
            here = o.family[ours] == f
            for name, column in (PAID | COLUMNS[family] | follows).items():
                c = names.index(name)
                rows = np.flatnonzero((level[:, c] != SILENT) & np.isin(owner, ours[here]))
                x = place[owner[rows], c, level[rows, c]]
                total, many = (np.bincount(owner[rows], w, len(o.id)) for w in (x, None))
                some = here & (many[ours] > 0)
                parts.append(
                    pl.DataFrame(
                        {
                            "form": np.array(o.forms)[o.form[ours[some]]],
                            "category": np.array(list(CATEGORIES))[o.category[ours[some]]],
                            "fact": name,
                            "column": column,
                            "x": (total[ours[some]] / many[ours[some]]),
                            "y": columns[column].filter(pl.Series(some)).cast(pl.Float64),
                        }
                    )
                )
    return pl.concat(parts).drop_nulls("y")


def slopes(rows: pl.DataFrame) -> pl.DataFrame:
    """Return for each fact the slope within form, category and column, its standard error, and how many operations."""
    by = ("fact", "column", "form", "category")
    rows = rows.filter(pl.len().over(by) > 1).with_columns(
        pl.col("y") / pl.col("y").std().over("fact", "column"), pl.len().over(by).alias("n")
    )
    rows = rows.filter(pl.col("y").is_finite())
    rows = rows.with_columns((pl.col(one) - pl.col(one).mean().over(by)).alias(one) for one in "xy")
    rows = rows.with_columns(
        slope=((pl.col("x") * pl.col("y")).sum() / pl.col("x").pow(2).sum()).over("fact")
    )
    left = (pl.col("y") - pl.col("slope") * pl.col("x")).pow(2) * pl.col("n") / (pl.col("n") - 1)
    return rows.group_by("fact").agg(
        pl.col("slope").first(),
        ((pl.col("x").pow(2) * left).sum().sqrt() / pl.col("x").pow(2).sum()).alias("error"),
        pl.len().alias("operations"),
        pl.col("column").unique().sort().str.join(", ").alias("columns"),
    )


def main() -> None:
    """Print a table for each world."""
    asked = asking(__doc__, worlds=[11, 12, 13]).parse_args()
    for number in asked.worlds:
        rows = draw_rows(World.of(newest_released(), number, size="small"), asked.regions)
        found = {one: slopes(rows if one == "all" else rows.filter(form=one)) for one in GROUPS}
        print(f"world {number:<6}" + "".join(f"{one:>28}" for one in GROUPS))
        count = dict.fromkeys(GROUPS, 0)
        for name in sorted(found["all"]["fact"].to_list()):
            line = f"{name:12}"
            for one in GROUPS:
                row = found[one].filter(fact=name).rows(named=True)
                if not row or row[0]["operations"] < FEWEST:
                    line += " " * 28
                    continue
                slope, half, many = row[0]["slope"], 1.96 * row[0]["error"], row[0]["operations"]
                count[one] += (star := slope > half)
                line += f"{slope:9.2f} ±{half:5.2f}{'*' if star else ' '} {many:5}      "[:28]
            print(line, found["all"].filter(fact=name)["columns"][0])
        print("above 0     " + "".join(f"{count[one]:>10}{'':18}" for one in GROUPS), flush=True)


if __name__ == "__main__":
    main()
