"""The story of one operation: every row of every table becomes an event of a phase and a lane."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from numbers import Integral
from pathlib import Path
from typing import Any

import polars as pl
from tipcore.errors import UsageError
from tipdata.stages.payments.stage import NEVER

from tipbench.data.releases import open_source
from tipbench.stories import sources
from tipbench.stories.chronicle import tell, title
from tipbench.stories.figure import save_story
from tipbench.stories.record import TABLES, About, Event, Lane, Phase, Timeline, What
from tipbench.stories.sources import RICHEST, VIEWS, candidates, find_operations_of
from tipbench.task import Source


class Story(Timeline):
    """The timeline of one operation; printed it is a chronicle."""

    def __repr__(self) -> str:
        events = f"{len(self.events):,} events"
        return f"Story of operation {self.about.operation} of {self.release} ({title(self)}): {events}"

    def __str__(self) -> str:
        return tell(self)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(tell(self))}</pre>"

    def save(self, path: str | Path) -> None:
        """Draw the story into a .png, .svg or .pdf. Raises UsageError for another ending, and where it cannot be."""
        save_story(self, path)


Row = dict[str, Any]
OwnRows = Callable[[pl.LazyFrame], list[Row]]
"""Rows -> those of the operation, with the names of their towns."""
Dated = tuple[Phase, Lane, What, Row]
"""Phase, lane, what, and the rest of an event but whether it is inside."""
COMMITMENT = "reaches commitment"
MOVED_ON = "moved_on"
"""How a stay ends that others go on with."""
WORDS = TABLES["words"]
"""Values of columns in words."""


def story_of(source: Source, operation: int | None = None) -> Story:
    """Return the story of an operation; of the trafficking operation that is seen best where none is given.

    Raises UsageError for an operation that does not exist, and for a source that shows no truth.
    """
    if operation is None:
        chosen = find_operations_of(source, RICHEST).head(1)
    else:
        chosen = candidates(source).filter(pl.col("operation") == operation)
    if chosen.is_empty():
        raise UsageError(
            f"{source.name} has no operation {operation}: find one with `tipbench data story find=form=labour`."
        )
    return story_from(source, chosen.row(0, named=True))


def story_from(source: Source, row: Row) -> Story:
    """Return the story of an operation, a row of :func:`tipbench.stories.sources.candidates`.

    ``source``: what it is told from; that it has the operation's region is enough.
    """
    about = About(**{name: row[name] for name in About.model_fields})
    events = [
        Event(phase=phase, lane=lane, what=what, inside=about.begins <= rest["day"] <= about.ends, **rest)
        for phase, lane, what, rest in _events(source, about)
    ]
    return Story(
        release=source.name,
        about=about,
        rows={view: row[view] for view in VIEWS},
        views=row["views"],
        events=tuple(sorted(events, key=lambda event: (event.day, event.phase, event.what, str(event)))),
    )


def _events(source: Source, about: About) -> Iterator[Dated]:
    yield "prepares", "people", "begins", {"day": about.begins}
    yield "ends", "people", "ends", {"day": about.ends}
    names = source.scan("places").filter(pl.col("region") == about.region).select("town", "name")
    towns = dict(names.collect().iter_rows())

    def rows(frame: pl.LazyFrame) -> list[Row]:
        owned = frame.filter(pl.col("operation") == about.operation).collect().to_dicts()
        return [{**row, "town": towns.get(row.get("town"))} for row in owned]

    for of_table in PARTS:
        yield from of_table(source, about, rows)


def _recruits(source: Source, about: About, rows: OwnRows) -> Iterator[Dated]:
    said = sources.messages(source).group_by("conversation").agg(size=pl.len(), until=pl.col("day").max())
    for row in rows(sources.scan_with_day(source, "conversations").join(said, on="conversation")):
        reached = [COMMITMENT] if row["onset"] is not None else []
        sort = _words(", ".join([row["kind"], *reached, *([row["outcome"]] if row["outcome"] else [])]))
        days = {"day": row["day"], "until": row["until"]}
        yield "recruits", "recruits", "conversation", {**days, "size": row["size"], "sort": sort}


def _adverts(source: Source, about: About, rows: OwnRows) -> Iterator[Dated]:
    for row in rows(sources.scan_with_day(source, "adverts")):
        at = {"day": row["day"], "town": row["town"], "sort": row["platform"]}
        yield "advertises", "adverts", "advert", at
    for row in rows(sources.of_adverts(source, "flags")):
        yield "is disturbed", "adverts", "flag", {"day": row["day"], "sort": _words(row["reason"])}
    for row in rows(sources.of_adverts(source, "queue")):
        yield "is disturbed", "help", "review", {"day": row["day"]}


def _accounts(source: Source, about: About, rows: OwnRows) -> Iterator[Dated]:
    used = rows(source.scan("accounts", truth=True))
    for row in used:
        days = {"day": row["created_day"], "until": row["closed_day"]}
        sort = f"{WORDS['role'][row['role']]} on {row['platform']}"
        yield "prepares", "accounts", "account", {**days, "sort": sort}
        if row["closed_day"] is not None:
            end = {"day": row["closed_day"], "sort": row["platform"]}
            yield "is disturbed", "accounts", "account closes", end
    mine = pl.col("platform").is_in({row["platform"] for row in used})
    sites = source.scan("platforms").filter(mine, pl.col("region") == about.region)
    for row in sites.filter(pl.col("closed").is_between(about.begins, about.ends)).collect().to_dicts():
        yield "is disturbed", "accounts", "site closes", {"day": row["closed"], "sort": row["platform"]}
    for row in rows(source.scan("operations", truth=True)):
        if row["investigated_day"] is not None:
            yield "is disturbed", "help", "investigation", {"day": row["investigated_day"]}


def _money(source: Source, about: About, rows: OwnRows) -> Iterator[Dated]:
    owned = rows(source.scan("wallets", truth=True))
    wallets = {row["wallet"] for row in owned}
    for row in owned:
        at = {"day": row["opened_day"], "town": row["town"], "sort": _words(row["role"] or row["holder"])}
        yield "prepares", "money", "wallet", at
    # As seen from the operation's wallets; what it brings others to pay is beside.
    ways: dict[tuple[bool, bool], What] = {
        (True, True): "money moved",
        (True, False): "money out",
        (False, True): "money in",
        (False, False): "money beside",
    }
    for row in rows(sources.scan_with_day(source, "payments")):
        carries = row["log_odds"] > NEVER  # its trade, lawful or not; else its members' everyday life
        what = ways[row["payer"] in wallets, row["payee"] in wallets] if carries else "everyday payment"
        at = {"day": row["day"], "town": row["town"], "sort": _words(row["typology"] or row["purpose"])}
        yield "is paid", "money", what, {**at, "size": row["amount"]}


def _movement(source: Source, about: About, rows: OwnRows) -> Iterator[Dated]:
    for row in rows(sources.stops(source)):
        yield "moves", "movement", "stop", {"day": row["day"], "town": row["town"]}
    for row in rows(source.scan("trips", truth=True)):
        at = {"day": row["day"], "town": row["town"], "sort": row["mode"]}
        yield "moves", "movement", "journey", at


def _firms(source: Source, about: About, rows: OwnRows) -> Iterator[Dated]:
    for row in rows(sources.firms(source)):
        dated = row["from_day"] is not None
        since = row["from_day"] if dated else about.begins
        until = about.ends if row["to_day"] is None else min(row["to_day"], about.ends)
        more = {"sort": row["sector"], "town": row["town"], "dated": dated}
        what = "exploiting firm" if row["exploits"] else "firm"
        yield "works", "firms", what, {"day": since, "until": until, **more}
    for row in rows(sources.firm_visits(source, "audits")):
        found = _words(", ".join(row["findings"])) or "nothing found"
        yield "is disturbed", "firms", "audit", {"day": row["day"], "sort": found}
    for row in rows(sources.firm_visits(source, "complaints")):
        yield "is disturbed", "firms", "complaint", {"day": row["day"], "sort": _words(row["topic"])}


def _people(source: Source, about: About, rows: OwnRows) -> Iterator[Dated]:
    for row in rows(source.scan("people", truth=True)):
        days = {"day": row["from_day"], "until": row["to_day"]}
        if row["role"] != "exploited":
            yield "prepares", "people", "member", {**days, "sort": row["role"]}
            continue
        way = WORDS["door"][row["door"]]
        yield "works", "people", "person", {**days, "sort": way, "town": row["town"]}
        if row["to_day"] is not None:
            left = "handed on" if row["exit"] == MOVED_ON else "exit"
            sort = WORDS["exit"].get(row["exit"])
            yield "people leave", "people", left, {"day": row["to_day"], "sort": sort}
    for row in rows(sources.scan_with_day(source, "contacts")):
        yield "people leave", "help", "helpline contact", {"day": row["day"], "sort": row["channel"]}


def _words(name: str | None) -> str | None:
    return None if name is None else name.replace("_", " ")


PARTS = (_recruits, _adverts, _accounts, _money, _movement, _firms, _people)
"""What makes the events of each part of a story."""


def story(operation: int | None = None, release: str | Source = "tiny") -> Story:
    """Return the story of an operation of an open release; truth is shown.

    Args:
        operation: its number; None for the trafficking operation that is seen best.
        release: a size ("tiny"), version and size ("0.5.0/tiny"), either with an independent world ("tiny.w3"), or an
            open release; made first where missing.

    Raises:
        UsageError: for an operation that does not exist or is no whole number, for what is no release, and for a
            release that shows no truth.

    >>> print(story())  # doctest: +SKIP
    >>> story(release="small").save("case.png")  # doctest: +SKIP
    """
    if operation is not None and (isinstance(operation, bool) or not isinstance(operation, Integral)):
        raise UsageError(f"operation {operation!r} is no whole number: give one such as tipbench.story(123).")
    return story_of(open_source(release), None if operation is None else int(operation))
