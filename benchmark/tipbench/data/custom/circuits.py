"""What a user's own circuits must be before a method is shown them: each fault in one sentence."""

from __future__ import annotations

import polars as pl

from tipbench.data.custom.refusals import check_numbers, check_order, check_owners, refuse

KEY = "circuit"
STOP = "stop"


def check_tables(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse circuits without stops, stops out of order or without a key, and towns that are not listed.

    ``tables``: ``stops`` with at least ``[stop, circuit, sequence, town]``, ``circuits`` and ``places``. What is not
    there is not looked at: the columns that a run needs are checked where it is chosen.

    Raises:
        UsageError: naming what is wrong, how often, where first, and what to do.
    """
    if "stops" not in tables:
        return
    stops = tables["stops"]
    _check_keys(stops)
    if "circuits" in tables and KEY in stops.columns:
        check_owners("circuits", tables["circuits"], "stops", stops, KEY)
    if {KEY, "sequence", "day"} <= set(stops.columns):
        check_order("stops", stops, KEY, "day")
    if "town" in stops.columns and "town" in tables.get("places", pl.DataFrame()).columns:
        _check_towns(tables["places"], stops)


def _check_keys(stops: pl.DataFrame) -> None:
    if STOP in stops.columns:
        refuse(
            "stops",
            stops,
            pl.col(STOP).is_null() | pl.col(STOP).is_duplicated(),
            "have no key stop of their own",
            "map a column or an expression that tells stops apart",
        )
    if {KEY, "sequence"} <= set(stops.columns):
        check_numbers("stops", stops, KEY)


def _check_towns(places: pl.DataFrame, stops: pl.DataFrame) -> None:
    on = ["region", "town"] if "region" in stops.columns and "region" in places.columns else ["town"]
    known = places.select(*on, listed=True).unique()
    found = stops.join(known, on=on, how="left", maintain_order="left")
    refuse(
        "stops",
        found,
        pl.col("listed").is_null(),
        "are in a town that places does not have",
        "list it there or leave them out",
    )
