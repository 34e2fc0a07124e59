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
from tipbench.stories.record import About, Event, Lane, Phase, Timeline, What
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
Dated = tuple[Phase, Lane, What, Row]
"""Phase, lane, what, and the rest of an event but whether it is inside."""
COMMITMENT = "reaches commitment"
WAYS = {
    "acquaintance": "an acquaintance",
    "conversation": "a conversation",
    "job_advert": "a job advert",
    "sold": "a sale by others",
}
"""How a person comes to an operation, in words."""
EXITS = {
    "self": "alone",
    "helped": "with help",
    "authorities": "through authorities",
    "released": "let go",
    "other": "in another way",
}
"""How a person gets out, in words."""
MOVED_ON = "moved_on"
"""How a stay ends that others go on with."""
ACCOUNTS = {
    "advertises": "that can advertise",
    "recruits": "that recruits",
    "other": "of another kind",
}
"""What an account is for, in words: one that can advertise need not, since many operations never post."""


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
    """Return the story of an operation.

    Args:
        source: what it is told from; that it has the operation's region is enough.
        row: the operation, as :func:`tipbench.stories.sources.candidates` has it.
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
    for of_table in PARTS:
        yield from of_table(source, about, towns)


def _rows(frame: pl.LazyFrame, about: About) -> Iterator[Row]:
    owned = frame.filter(pl.col("operation") == about.operation).collect()
    return owned.iter_rows(named=True)


def _recruits(source: Source, about: About, towns: dict[int, str]) -> Iterator[Dated]:
    said = sources.messages(source).group_by("conversation").agg(size=pl.len(), until=pl.col("day").max())
    for row in _rows(sources.conversations(source).join(said, on="conversation"), about):
        reached = [COMMITMENT] if row["onset"] is not None else []
        said = [row["kind"], *reached, *([row["outcome"]] if row["outcome"] else [])]
        sort = _words(", ".join(said))
        yield "recruits", "recruits", "conversation", {"day": row["day"], "until": row["until"],
              "size": row["size"], "sort": sort}  # fmt: skip


def _adverts(source: Source, about: About, towns: dict[int, str]) -> Iterator[Dated]:
    for row in _rows(sources.adverts(source), about):
        yield "advertises", "adverts", "advert", {"day": row["day"], "town": towns.get(row["town"]),
              "sort": row["platform"]}  # fmt: skip
    for row in _rows(sources.of_adverts(source, "flags"), about):
        yield "is disturbed", "adverts", "flag", {"day": row["day"], "sort": _words(row["reason"])}
    for row in _rows(sources.of_adverts(source, "queue"), about):
        yield "is disturbed", "help", "review", {"day": row["day"]}


def _accounts(source: Source, about: About, towns: dict[int, str]) -> Iterator[Dated]:
    used = list(_rows(sources.accounts(source), about))
    for row in used:
        yield "prepares", "accounts", "account", {"day": row["created_day"], "until": row["closed_day"],
              "sort": f"{ACCOUNTS[row['role']]} on {row['platform']}"}  # fmt: skip
        if row["closed_day"] is not None:
            yield (
                "is disturbed",
                "accounts",
                "account closes",
                {"day": row["closed_day"], "sort": row["platform"]},
            )
    mine = {row["platform"] for row in used}
    closed = source.scan("platforms").filter(
        (pl.col("region") == about.region) & pl.col("platform").is_in(mine) & pl.col("closed").is_not_null()
    )
    for row in closed.collect().iter_rows(named=True):
        if about.begins <= row["closed"] <= about.ends:
            yield "is disturbed", "accounts", "site closes", {"day": row["closed"], "sort": row["platform"]}
    for row in _rows(sources.operations(source), about):
        if row["investigated_day"] is not None:
            yield "is disturbed", "help", "investigation", {"day": row["investigated_day"]}


def _money(source: Source, about: About, towns: dict[int, str]) -> Iterator[Dated]:
    owned = list(_rows(source.scan("wallets", truth=True), about))
    wallets = {row["wallet"] for row in owned}
    for row in owned:
        yield "prepares", "money", "wallet", {"day": row["opened_day"], "town": towns.get(row["town"]),
              "sort": _words(row["role"] or row["holder"])}  # fmt: skip
    for row in _rows(sources.payments(source), about):
        carries = row["log_odds"] > NEVER  # its trade, lawful or not; else its members' everyday life
        what = _direction(row["payer"] in wallets, row["payee"] in wallets) if carries else "everyday payment"
        sort = _words(row["typology"] or row["purpose"])
        yield "is paid", "money", what, {"day": row["day"], "size": row["amount"], "sort": sort,
              "town": towns.get(row["town"])}  # fmt: skip


def _direction(pays: bool, takes: bool) -> What:
    """Return where money goes as seen from the operation's wallets; what it brings others to pay is beside."""
    if pays and takes:
        return "money moved"
    if not pays and not takes:
        return "money beside"
    return "money out" if pays else "money in"


def _circuits(source: Source, about: About, towns: dict[int, str]) -> Iterator[Dated]:
    for row in _rows(sources.stops(source), about):
        yield "moves", "movement", "stop", {"day": row["day"], "town": towns.get(row["town"])}


def _trips(source: Source, about: About, towns: dict[int, str]) -> Iterator[Dated]:
    for row in _rows(sources.trips(source), about):
        yield (
            "moves",
            "movement",
            "journey",
            {"day": row["day"], "town": towns.get(row["town"]), "sort": row["mode"]},
        )


def _firms(source: Source, about: About, towns: dict[int, str]) -> Iterator[Dated]:
    for row in _rows(sources.firms(source), about):
        what = "exploiting firm" if row["exploits"] else "firm"
        dated = row["from_day"] is not None
        since = row["from_day"] if dated else about.begins
        until = about.ends if row["to_day"] is None else min(row["to_day"], about.ends)
        yield "works", "firms", what, {"day": since, "until": until, "sort": row["sector"],
              "town": towns.get(row["town"]), "dated": dated}  # fmt: skip
    for row in _rows(sources.firm_visits(source, "audits"), about):
        found = _words(", ".join(row["findings"])) or "nothing found"
        yield "is disturbed", "firms", "audit", {"day": row["day"], "sort": found}
    for row in _rows(sources.firm_visits(source, "complaints"), about):
        yield "is disturbed", "firms", "complaint", {"day": row["day"], "sort": _words(row["topic"])}


def _people(source: Source, about: About, towns: dict[int, str]) -> Iterator[Dated]:
    for row in _rows(sources.people(source), about):
        if row["role"] != "exploited":
            yield (
                "prepares",
                "people",
                "member",
                {"day": row["from_day"], "until": row["to_day"], "sort": row["role"]},
            )
            continue
        yield "works", "people", "person", {"day": row["from_day"], "until": row["to_day"], "sort": WAYS[row["way"]],
              "town": towns.get(row["town"])}  # fmt: skip
        if row["to_day"] is not None:
            left = "handed on" if row["exit"] == MOVED_ON else "exit"
            yield "people leave", "people", left, {"day": row["to_day"], "sort": EXITS.get(row["exit"])}


def _help(source: Source, about: About, towns: dict[int, str]) -> Iterator[Dated]:
    for row in _rows(sources.calls(source), about):
        yield "people leave", "help", "helpline contact", {"day": row["day"], "sort": row["channel"]}


def _words(name: str | None) -> str | None:
    return None if name is None else name.replace("_", " ")


PARTS: tuple[Callable[[Source, About, dict[int, str]], Iterator[Dated]], ...] = (
    _recruits, _adverts, _accounts, _money, _circuits, _trips, _firms, _people, _help,
)  # fmt: skip
"""What makes the events of each part of a story."""


def story(operation: int | None = None, release: str | Source = "tiny") -> Story:
    """Return the story of an operation of an open release; truth is shown.

    Args:
        operation: its number; None for the trafficking operation that is seen best.
        release: a size ("tiny"), version and size ("0.4.0/tiny"), either with an independent world ("tiny.w3"), or an
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
