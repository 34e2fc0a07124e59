"""A release's rows as aggregates need them: read once, with the weight of their operation."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import polars as pl
from tipcore.units import shared_value_components

from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.core.world import profile
from tipdata.stages import tables_of
from tipdata.text.reading import read

WEIGHT_UNIT = 1e6
"""Of ``operations.weight``: it is in millionths."""


class Tables(Protocol):
    """What has tables: a release, or a world that was drawn for this alone."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def size(self) -> str: ...
    @property
    def regions(self) -> int: ...
    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        """Return one table over all regions, lazily."""
        ...


class ReleaseView:
    """Tables of a release. ``weight`` says how many rows one stands for; it is 1 but in a size with a profile."""

    def __init__(self, source: Tables) -> None:
        self.source = source
        self._known = tables_of(source.version)

    def rows(self, table: str, *columns: str) -> pl.DataFrame:
        """Return ``[region, *columns, weight]`` of a table, hidden columns too where they are asked for."""
        known = self._known[table]
        wanted = list(dict.fromkeys(("region", *columns)))
        weighed = bool(profile(self.source.size)) and "operation" in known.schema
        read_too = [*wanted, *(["operation"] if weighed and "operation" not in wanted else [])]
        hidden = any(known[name].tier == "truth" for name in read_too)
        rows = self.source.scan(table, truth=hidden or known.hidden_only).select(read_too)
        if not weighed:
            return rows.with_columns(weight=pl.lit(1.0)).collect()
        joined = rows.join(self._weights, on="operation", how="left", maintain_order="left")
        return joined.select(*wanted, weight=pl.col("weight").fill_null(1.0)).collect()

    @property
    def _weights(self) -> pl.LazyFrame:
        weight = pl.col("weight") / WEIGHT_UNIT
        return self.source.scan("operations", truth=True).select("operation", weight=weight)

    @cached_property
    def adverts(self) -> pl.DataFrame:
        """Adverts with their operation's kind and the family of their category."""
        columns = ("advert", "operation", "category", "price", "price_basis", "facts", "minute", "platform")
        kinds = self.rows("operations", "operation", "kind").select("operation", "kind")
        return (
            self.rows("adverts", *columns, "contacts", "near_duplicate_group")
            .join(kinds, on="operation", how="left", maintain_order="left")
            .with_columns(
                family=pl.col("category").replace_strict(
                    {name: FAMILIES[number] for name, number in CATEGORIES.items()}
                )
            )
        )

    def of_family(self, family: str) -> pl.DataFrame:
        """Return the adverts of a family."""
        return self.adverts.filter(pl.col("family") == family)

    def indicators(self, family: str) -> pl.DataFrame:
        """Return the adverts of a family with ``shown``, how many listed indicators each shows."""
        listed = read("facts")["indicators"][family]
        rows = self.of_family(family)
        return rows.with_columns(shown=rows["facts"].list.set_intersection(listed).list.len())

    @cached_property
    def vendors(self) -> pl.DataFrame:
        """Adverts with ``component``, the vendor that shared contacts make, and ``size``, how many adverts it has."""
        found = shared_value_components(self.adverts, "advert", "contacts")
        return self.adverts.join(found, on="advert", maintain_order="left").with_columns(
            size=pl.len().over("component")
        )

    @cached_property
    def closures(self) -> pl.DataFrame:
        """Return ``[region, closed_site, closed_kind, closed]`` of the regions in which a site closes."""
        sites = self.rows("platforms", "platform", "kind", "closed").drop_nulls("closed")
        return sites.select("region", closed_site="platform", closed_kind="kind", closed="closed")

    @cached_property
    def market(self) -> pl.DataFrame:
        """Daily adverts per site of regions in which a site closes, with ``after``, days since then."""
        kinds = self.rows("platforms", "platform", "kind").drop("weight")
        return (
            self.rows("market", "platform", "day", "adverts")
            .drop_nulls("platform")
            .join(self.closures, on="region", maintain_order="left")
            .join(kinds, on=["region", "platform"], maintain_order="left")
            .with_columns(after=pl.col("day") - pl.col("closed"))
        )

    @cached_property
    def exploited(self) -> pl.DataFrame:
        """Adults exploited, with form and category of their operation."""
        operations = self.rows("operations", "operation", "form", "category").drop("region", "weight")
        columns = ("operation", "role", "sex", "recruiter_relation", "means_of_control", "from_day", "to_day")
        return (
            self.rows("people", *columns)
            .filter(pl.col("role") == "exploited")
            .join(operations, on="operation", how="left", maintain_order="left")
        )


def shares(rows: pl.DataFrame, where: pl.Expr) -> pl.DataFrame:
    """Return per region the weight of rows that meet a condition (``part``) and of all (``of``)."""
    return means(rows, where.cast(pl.Float64))


def means(rows: pl.DataFrame, value: pl.Expr) -> pl.DataFrame:
    """Return per region the weighted sum of a value (``part``) and the weight of the rows that have one (``of``)."""
    there = value.is_not_null()
    return (
        rows.group_by("region")
        .agg(
            part=(value * pl.col("weight")).filter(there).sum(),
            of=pl.col("weight").filter(there).sum(),
        )
        .sort("region")
    )
