"""Write a story as text: a paragraph per phase, with a line per event or, if there are many, a line per period."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple, get_args

from tipbench.stories.record import TABLES, Event, Phase, Timeline
from tipbench.stories.sources import VIEWS

WIDTH, INDENT = 100, 19
FEW, LINES = 4, 6
"""Up to ``FEW`` events of a type have a line each. More events share at most ``LINES`` lines."""
PERIODS = (7, 14, 28, 91, 182, 365, 10_000)
"""Days that a line may cover. The shortest period that needs at most ``LINES`` lines is used."""
TOP = 3
"""The most frequent sorts or towns that a line names. If there is only one more, it is named too."""
UNDATED = "no day known"

SINGULAR = {what: words["one"] for what, words in TABLES["events"].items()}
"""Event type -> words for one event. A phase lists its events in this order of types."""
PLURAL = {what: words["many"] for what, words in TABLES["events"].items() if "many" in words}
"""Event type -> words for several events; types that happen once have none."""
MONEY = ("money in", "money out", "money moved", "money beside", "everyday payment")


class ChronicleLine(NamedTuple):
    """A line of a chronicle: days and what happened."""

    when: str
    text: str


class ChroniclePhase(NamedTuple):
    """A phase of a chronicle: its heading and its lines."""

    heading: str
    lines: list[ChronicleLine]


def tell(story: Timeline) -> str:
    """Return the chronicle of a story."""
    about = story.about
    head = f"{title(story)}. Operation {about.operation} of {story.release}, region {about.region}."
    lines = [head, "", *textwrap.wrap(story.note, WIDTH), ""]
    lines += [text for line in describe_operation(story) for text in _wrap(*line, indent=8)]
    for phase in phases(story):
        lines += ["", phase.heading]
        lines += [text for line in phase.lines for text in _wrap(*line)]
    return "\n".join(lines)


def phases(story: Timeline) -> list[ChroniclePhase]:
    """Return the phases of a story in their order, each with its lines."""
    found = []
    for phase in get_args(Phase):
        if events := [event for event in story.events if event.phase == phase]:
            known = [event.day for event in events if event.dated]
            span = f", {days(min(known), max(known))}" if len(known) > 1 else ""
            found.append(ChroniclePhase(f"{phase.capitalize()}{span}", list(_tell_phase(events))))
    return found


def title(story: Timeline) -> str:
    """Describe the operation in a few words."""
    about = story.about
    if about.form is not None:
        longer = {"sexual": "sexual exploitation", "labour": "labour exploitation", "organs": "organ removal"}
        return f"Trafficking: {longer.get(about.form, about.form.replace('_', ' '))}"
    return "Spam" if about.kind == "spam" else f"Lawful: {about.kind}"


def describe_operation(story: Timeline) -> list[ChronicleLine]:
    """Return who the operation is and what is seen of it, each with a word for it."""
    about = story.about
    outside = ", in a language outside the region's majority" if about.migrant else ""
    posting = f"posts adverts from {days(about.first_day, about.last_day)}"
    spell = posting if about.posts else "never posts an advert"
    lasts = about.ends - about.begins + 1
    life = f"{lasts / 7:.0f} weeks" if lasts >= 14 else f"{lasts} days"
    seen = ", ".join(f"{view} {story.rows[view]:,}" for view in VIEWS)
    outsiders = sum(not event.inside for event in story.events)
    rows = [
        ("who", about.organisation.replace("_", " ") + (f", {about.strategy}" if about.strategy else "")),
        ("offers", f"{about.category}{outside} ({about.language})"),
        ("lives", f"{days(about.begins, about.ends)} ({life}); {spell}"),
        ("seen", f"in {story.views} of {len(VIEWS)} views; rows of its life: {seen}"),
    ]
    if outsiders:
        beside = f"{outsiders:,} of {len(story.events):,} events lie outside its life, marked *"
        rows.append(("beside", beside))
    return [ChronicleLine(*row) for row in rows]


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
    text = f"{SINGULAR[event.what]}{size}{_towns_and_sorts([event])}"
    if event.what == "conversation":
        text += f", {event.size:,} messages"
    if event.dated and event.until is not None and event.until > event.day:
        text += f" (from day {event.day} until day {event.until})"
    return ChronicleLine(_days_of([event]), text)


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
    return ChronicleLine(_days_of(events), f"{len(events):,} {PLURAL[what]}{total}{_towns_and_sorts(events)}")


def _days_of(events: Sequence[Event]) -> str:
    if not events[0].dated:
        return UNDATED
    outside = "" if all(event.inside for event in events) else "*"
    return f"{days(events[0].day, events[-1].day)}{outside}"


def _towns_and_sorts(events: Sequence[Event]) -> str:
    words, towns = TABLES["events"][events[0].what], [event.town for event in events]
    place = _most_frequent(towns, "elsewhere", "no town given") if towns.count(None) * 2 < len(towns) else ""
    sorts = _most_frequent([event.sort for event in events], "the rest", "not given")
    at = f"{words.get('town', ' in ')}{place}" if place else ""
    return f"{at}{words.get('sort', ': ')}{sorts}" if sorts else at


def _most_frequent(values: Sequence[str | None], other: str, missing: str) -> str:
    """Return the most frequent values, each with its count if there are several; '' if none is known."""
    counts = Counter(value for value in values if value is not None)
    if len(counts) < 2 and counts.total() in (0, len(values)):
        return "".join(counts)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named, rest = (ranked, []) if len(ranked) == TOP + 1 else (ranked[:TOP], ranked[TOP:])
    unnamed = [(other, sum(count for _, count in rest)), (missing, len(values) - counts.total())]
    between = "; " if any("," in value for value, _ in named) else ", "
    return between.join(f"{value} ({count:,})" for value, count in [*named, *unnamed] if count)


def _money(minor: int) -> str:
    return f"{minor // 100:,} XTS"


def days(first: int, last: int) -> str:
    """Return a span of days in words."""
    return f"day {first}" if first == last else f"day {first} to {last}"


def _wrap(when: str, text: str, indent: int = INDENT) -> list[str]:
    first = f"  {f'{when} ':<{indent}}"  # a space even where the days fill the column
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=" " * (indent + 2))
