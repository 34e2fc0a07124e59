"""What a user's own circuits must be before a method is shown them: each fault in one sentence."""

from __future__ import annotations

import polars as pl
from tipdata.errors import UsageError

KEY = "circuit"
STOP = "stop"
_SHOWN = 3


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
    if "circuits" in tables:
        _check_circuits(tables["circuits"], stops)
    if {KEY, "sequence", "day"} <= set(stops.columns):
        _check_order(stops)
    if "town" in stops.columns and "town" in tables.get("places", pl.DataFrame()).columns:
        _check_towns(tables["places"], stops)


def _check_keys(stops: pl.DataFrame) -> None:
    if STOP in stops.columns:
        bad = stops.filter(pl.col(STOP).is_null() | pl.col(STOP).is_duplicated())
        if bad.height:
            raise UsageError(
                f"stops: {bad.height:,} of {stops.height:,} have no key stop of their own; map a column or an "
                "expression that tells stops apart."
            )
    if not {KEY, "sequence"} <= set(stops.columns):
        return
    bad = stops.filter(pl.any_horizontal(pl.col(KEY, "sequence").is_null()))
    if bad.height:
        raise UsageError(
            f"stops: {bad.height:,} of {stops.height:,} have no circuit or no sequence; number the stops of each "
            "from 1."
        )
    repeated = stops.filter(pl.struct(KEY, "sequence").is_duplicated())
    if repeated.height:
        raise UsageError(
            f"stops: {repeated.height:,} of {stops.height:,} share their sequence with another of their circuit "
            f"({_first(repeated)}); number the stops of each from 1."
        )


def _check_circuits(circuits: pl.DataFrame, stops: pl.DataFrame) -> None:
    if KEY not in stops.columns:
        return
    empty = circuits.join(stops, on=KEY, how="anti")
    if empty.height:
        raise UsageError(
            f"circuits: {empty.height:,} of {circuits.height:,} have no stop ({_first(empty)}); leave them out or "
            "add their stops."
        )
    strays = stops.join(circuits, on=KEY, how="anti")
    if strays.height:
        raise UsageError(
            f"stops: {strays.height:,} of {stops.height:,} are of a circuit that circuits does not have "
            f"({_first(strays)}); add it or leave them out."
        )


def _check_order(stops: pl.DataFrame) -> None:
    early = stops.sort(KEY, "sequence").filter(pl.col("day") < pl.col("day").shift(1).over(KEY))
    if early.height:
        raise UsageError(
            f"stops: {early.height:,} of {stops.height:,} are earlier than the one before them ({_first(early)}); "
            "number the stops of each circuit in the order of their days."
        )


def _check_towns(places: pl.DataFrame, stops: pl.DataFrame) -> None:
    on = ["region", "town"] if "region" in stops.columns and "region" in places.columns else ["town"]
    unknown = stops.join(places, on=on, how="anti", nulls_equal=False)
    if unknown.height:
        named = ", ".join(map(str, unknown["town"].unique(maintain_order=True).head(_SHOWN)))
        raise UsageError(
            f"stops: {unknown.height:,} of {stops.height:,} are in a town that places does not have ({named}); "
            "list it there or leave them out."
        )


def _first(rows: pl.DataFrame) -> str:
    keys = rows[KEY].unique(maintain_order=True).head(_SHOWN)
    return f"{KEY} {', '.join(map(str, keys))}"
