"""Signals to a helpline, what becomes of them, and how late authorities act."""

from __future__ import annotations

import polars as pl

from tipdata.core.world import MINUTES_A_DAY
from tipdata.documents.fidelity.aggregate import Aggregate
from tipdata.documents.fidelity.view import ReleaseView, means, shares

WEEK, YEAR = 7, 365
EXPLOITED = ("labour", "services", "other_form")
"""Kinds of contacts that are cases."""


def _documented(view: ReleaseView) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return contacts with their week, and per region all signals of the weeks that are documented."""
    columns = ("operation", "minute", "person", "kind", "caller_relation")
    contacts = view.rows("contacts", *columns).with_columns(week=pl.col("minute") // MINUTES_A_DAY // WEEK)
    weeks = contacts.select("region", pl.col("week").cast(pl.Int64)).unique()
    signals = (
        view.rows("market", "day", "contacts")
        .with_columns(week=(pl.col("day") // WEEK).cast(pl.Int64))
        .join(weeks, on=["region", "week"], how="semi", maintain_order="left")
        .group_by("region")
        .agg(of=pl.col("contacts").sum().cast(pl.Float64))
    )
    return contacts, signals


def _cases(view: ReleaseView) -> pl.DataFrame:
    contacts, signals = _documented(view)
    exploited = contacts.filter(pl.col("kind").is_in(EXPLOITED)).unique(
        ["region", "person"], maintain_order=True
    )
    return _of_signals(exploited, signals)


def _own_calls(view: ReleaseView) -> pl.DataFrame:
    contacts, signals = _documented(view)
    own = contacts.filter(pl.col("kind").is_in(EXPLOITED), pl.col("caller_relation") == "self")
    return _of_signals(own, signals)


def _of_signals(rows: pl.DataFrame, signals: pl.DataFrame) -> pl.DataFrame:
    counted = rows.group_by("region").agg(part=pl.col("weight").sum())
    return signals.join(counted, on="region", how="left", maintain_order="left").fill_null(0).sort("region")


def _trafficking(view: ReleaseView) -> pl.DataFrame:
    rows = view.rows("operations", "operation", "kind", "posts", "begins", "first_day", "investigated_day")
    return rows.filter(pl.col("kind") == "trafficking")


AGGREGATES = (
    Aggregate(
        "signals that become cases",
        ".18",
        0.14,
        0.23,
        "polaris2022",
        ("contacts", "market"),
        _cases,
        "tuned",
        "helpline.exploited",
        "computed",
        note="people who are exploited, of all signals in the weeks that are documented",
    ),
    Aggregate(
        "signals from those exploited themselves",
        ".18",
        0.12,
        0.24,
        "polaris2022",
        ("contacts", "market"),
        _own_calls,
        "unused",
        mark="computed",
    ),
    Aggregate(
        "cases that reach the authorities",
        ".22",
        0.16,
        0.28,
        "polaris2022",
        ("operations",),
        lambda v: shares(
            _trafficking(v).filter(pl.col("first_day") < YEAR), pl.col("investigated_day").is_not_null()
        ),
        "input",
        "operations.investigated",
        "computed",
        note="trafficking operations that begin in the first of the two years, so that an investigation is seen; "
        "published of a helpline's cases",
    ),
    Aggregate(
        "days until a definitive label",
        "months to years",
        90,
        730,
        "tnet2024",
        ("operations",),
        lambda v: means(
            _trafficking(v).filter("posts"),
            (pl.col("investigated_day") - pl.col("first_day")).cast(pl.Float64),
        ),
        "input",
        "operations.investigation_days",
        needs=20,
        note="from the first advert to the investigation, where there is one within the two years",
    ),
)
