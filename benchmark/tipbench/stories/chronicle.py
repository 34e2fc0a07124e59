"""Tell a story as text: a paragraph per phase, day by day where there is little and period by period where much."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple, get_args

from tipbench.stories.record import Event, Phase, Timeline
from tipbench.stories.sources import VIEWS

WIDTH, INDENT = 100, 19
FEW, LINES = 4, 6
"""Events that are told one by one, and lines that many are told in at most."""
PERIODS = (7, 14, 28, 91, 182, 365, 10_000)
"""Days that are told together."""
TOP = 3
"""Sorts and towns that a line names; one more where it is the last."""
UNDATED = "no day known"

SINGULAR = {
    "begins": "begins",
    "wallet": "has a wallet",
    "account": "has an account",
    "member": "a member joins",
    "conversation": "starts a conversation",
    "advert": "posts an advert",
    "firm": "mainly staffs a firm",
    "exploiting firm": "exploits people at a firm",
    "person": "a person comes under its control",
    "stop": "stops",
    "journey": "books a journey",
    "money in": "takes",
    "money out": "pays",
    "money moved": "moves between its own wallets",
    "money beside": "people around it pay each other",
    "everyday payment": "an everyday payment of a member,",
    "flag": "users flag an advert",
    "review": "an advert is queued for review",
    "account closes": "loses an account",
    "site closes": "a site that it uses closes",
    "audit": "a firm is audited",
    "complaint": "workers of a firm complain",
    "investigation": "an investigation settles what it is",
    "exit": "a person gets out",
    "handed on": "a person is handed on to other traffickers",
    "helpline contact": "the helpline is told of it",
    "ends": "ends",
}
"""What happened, as it is told of one event; in the order in which a phase is told."""
PLURAL = {
    "wallet": "wallets",
    "account": "accounts",
    "member": "members join",
    "conversation": "conversations",
    "advert": "adverts",
    "firm": "firms mainly staffed by it",
    "exploiting firm": "firms that exploit people",
    "person": "people come under its control",
    "stop": "stops",
    "journey": "journeys booked",
    "money in": "payments in",
    "money out": "payments out",
    "money moved": "payments between its own wallets",
    "money beside": "payments between people around it",
    "everyday payment": "everyday payments of its members",
    "flag": "flags by users",
    "review": "adverts queued for review",
    "account closes": "accounts lost",
    "site closes": "sites closed",
    "audit": "audits of firms",
    "complaint": "complaints by workers",
    "exit": "people get out",
    "handed on": "people are handed on to other traffickers",
    "helpline contact": "helpline contacts",
}
"""The same of several."""
BEFORE_SORT = {
    **{"account": " ", "advert": " on ", "journey": " by "},
    **{"person": ", through ", "exit": ", ", "helpline contact": ", by "},
}
"""What stands before the sort of an event, where it is no colon."""
BEFORE_TOWN = {"journey": " to "}
"""What stands before its town, where it is not *in*."""
MONEY = ("money in", "money out", "money moved", "money beside", "everyday payment")


class ChronicleLine(NamedTuple):
    """A line of a chronicle: days and what happened."""

    when: str
    text: str


class ChroniclePhase(NamedTuple):
    """A phase of a chronicle: its heading and its lines."""

    heading: str
    told: list[ChronicleLine]


def tell(story: Timeline) -> str:
    """Return the chronicle of a story."""
    about = [line for told in describe_operation(story) for line in _line(*told, indent=8)]
    lines = [_title(story), "", *textwrap.wrap(story.note, WIDTH), "", *about]
    for phase in phases(story):
        lines += ["", phase.heading]
        lines += [line for told in phase.told for line in _line(*told)]
    return "\n".join(lines)


def phases(story: Timeline) -> list[ChroniclePhase]:
    """Return the phases of a story in their order, each with its lines."""
    found = []
    for phase in get_args(Phase):
        of_phase = [event for event in story.events if event.phase == phase]
        if of_phase:
            found.append(ChroniclePhase(_heading(phase, of_phase), list(_tell_phase(of_phase))))
    return found


def title(story: Timeline) -> str:
    """Return what the operation is, in a few words."""
    about = story.about
    if about.form is not None:
        return f"Trafficking: {_form(about.form)}"
    return "Spam" if about.kind == "spam" else f"Lawful: {about.kind}"


def _form(form: str) -> str:
    said = form.replace("_", " ")
    return (
        f"{said} exploitation"
        if form in ("sexual", "labour")
        else "organ removal"
        if form == "organs"
        else said
    )


def _title(story: Timeline) -> str:
    return (
        f"{title(story)}. Operation {story.about.operation} of {story.release}, region {story.about.region}."
    )


def describe_operation(story: Timeline) -> list[ChronicleLine]:
    """Return who the operation is and what is seen of it, each with a word for it."""
    about = story.about
    outside = ", in a language outside the region's majority" if about.migrant else ""
    spell = (
        f"posts adverts from {days(about.first_day, about.last_day)}"
        if about.posts
        else "never posts an advert"
    )
    seen = ", ".join(f"{view} {story.rows[view]:,}" for view in VIEWS)
    outsiders = sum(not event.inside for event in story.events)
    rows = [
        ("who", about.organisation.replace("_", " ") + (f", {about.strategy}" if about.strategy else "")),
        ("offers", f"{about.category}{outside} ({about.language})"),
        ("lives", f"{days(about.begins, about.ends)} ({_weeks(about.ends - about.begins + 1)}); {spell}"),
        ("seen", f"in {story.views} of {len(VIEWS)} views; rows of its life: {seen}"),
    ]
    if outsiders:
        rows.append(
            ("beside", f"{outsiders:,} of {len(story.events):,} events lie outside its life, marked *")
        )
    return [ChronicleLine(*row) for row in rows]


def _heading(phase: str, events: Sequence[Event]) -> str:
    known = [event.day for event in events if event.dated]
    said = f"{phase[0].upper()}{phase[1:]}"
    return f"{said}, {days(min(known), max(known))}" if len(known) > 1 else said


def _tell_phase(events: Sequence[Event]) -> Iterator[ChronicleLine]:
    """Yield the lines of a phase, one thing after the other: few events one by one, many by periods."""
    for what in SINGULAR:
        alike = [event for event in events if event.what == what]
        if len(alike) > FEW and alike[0].dated:
            yield from _tell_many(what, alike)
        elif len(alike) > FEW:
            yield _period(what, alike)
        else:
            yield from map(_tell_one, alike)


def _tell_one(event: Event) -> ChronicleLine:
    size = f" {_money(event.size)}" if event.what in MONEY and event.size is not None else ""
    told = f"{SINGULAR[event.what]}{size}{_town_of([event])}{_sorts([event])}"
    if event.what == "conversation":
        told += f", {event.size:,} messages"
    if event.dated and event.until is not None and event.until > event.day:
        told += f" (from day {event.day} until day {event.until})"
    return ChronicleLine(_days_of([event]), told)


def _tell_many(what: str, events: Sequence[Event]) -> Iterator[ChronicleLine]:
    """Yield a line per period with events, the shortest periods that need few lines."""
    start = events[0].day
    length = next(n for n in PERIODS if len({(event.day - start) // n for event in events}) <= LINES)
    periods: dict[int, list[Event]] = {}
    for event in events:
        periods.setdefault((event.day - start) // length, []).append(event)
    return (_period(what, within) for within in periods.values())


def _period(what: str, events: Sequence[Event]) -> ChronicleLine:
    if len(events) == 1:
        return _tell_one(events[0])
    total = f", {_money(sum(event.size or 0 for event in events))} in all" if what in MONEY else ""
    return ChronicleLine(
        _days_of(events), f"{len(events):,} {PLURAL[what]}{total}{_town_of(events)}{_sorts(events)}"
    )


def _days_of(events: Sequence[Event]) -> str:
    """Return the days of events in words, with a mark where one lies outside the life."""
    if not events[0].dated:
        return UNDATED
    outside = "" if all(event.inside for event in events) else "*"
    return f"{days(events[0].day, events[-1].day)}{outside}"


def _town_of(events: Sequence[Event]) -> str:
    """Return the towns of events, where most of them have one."""
    towns = [event.town for event in events]
    named = _most_frequent(towns, "elsewhere", "no town given") if towns.count(None) * 2 < len(towns) else ""
    return f"{BEFORE_TOWN.get(events[0].what, ' in ')}{named}" if named else ""


def _sorts(events: Sequence[Event]) -> str:
    named = _most_frequent([event.sort for event in events], "the rest", "not given")
    return f"{BEFORE_SORT.get(events[0].what, ': ')}{named}" if named else ""


def _most_frequent(values: Sequence[str | None], other: str, missing: str) -> str:
    """Return the most frequent values, with counts that add up to all where they are not one; '' where none is
    known."""
    counts = Counter(value for value in values if value is not None)
    if len(counts) < 2 and counts.total() in (0, len(values)):
        return "".join(counts)
    ranked = _rank_values(counts)
    named, rest = (ranked, []) if len(ranked) == TOP + 1 else (ranked[:TOP], ranked[TOP:])
    unnamed = [(other, sum(count for _, count in rest)), (missing, len(values) - counts.total())]
    between = "; " if any("," in value for value, _ in named) else ", "
    return between.join(f"{value} ({count:,})" for value, count in [*named, *unnamed] if count)


def _rank_values(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _money(minor: int) -> str:
    return f"{minor // 100:,} XTS"


def days(first: int, last: int) -> str:
    """Return a span of days in words."""
    return f"day {first}" if first == last else f"day {first} to {last}"


def _weeks(count: int) -> str:
    return f"{count / 7:.0f} weeks" if count >= 14 else f"{count} days"


def _line(when: str, text: str, indent: int = INDENT) -> list[str]:
    first = f"{when} "  # a space even where the days fill the column
    return textwrap.wrap(
        text, WIDTH, initial_indent=f"  {first:<{indent}}", subsequent_indent=" " * (indent + 2)
    )
