"""Who gets in touch with the helpline, and when: people of operations, lawful workers in trouble, and others."""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import ONE, probability
from tipdata.core.kinds import LANGUAGES
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages.helpline.cases import (
    ANY,
    ENQUIRY,
    EXPLOITED_KINDS,
    FRESH,
    INSIDE,
    KINDS,
    MONTHS,
    NONE,
    PHASES,
    WORKER,
    Cases,
)
from tipdata.stages.helpline.needs import circumstance_tables, danger_by_threats, phase_table
from tipdata.stages.helpline.stories import (
    KINDS_OF_FORMS,
    able,
    days_between,
    held_back,
    pick_soon,
    season_of_weeks,
    trades,
    weekday,
)
from tipdata.stages.operations.stage import Operations
from tipdata.stages.people.stage import People

ROOM = 4
"""A contact's local number is its first contact's times this plus its turn."""
OTHERS = 1 << 30
"""Local numbers of people who are not of ``people`` start here."""
NOBODY = -1
WEEK = 7


@dataclass(frozen=True)
class Calls:
    """When: local numbers of contacts and of their first contacts, turn 0-2, minute; int64 arrays by contact."""

    local: np.ndarray
    first: np.ndarray
    turn: np.ndarray
    minute: np.ndarray

    @property
    def day(self) -> np.ndarray:
        return self.minute // MINUTES_A_DAY


@dataclass(frozen=True)
class Callers:
    """Who, by first contact: local number of the person, position in people (-1 for others), kind, and the day of
    leaving (beyond the last day where that has not come)."""

    person: np.ndarray
    position: np.ndarray
    kind: np.ndarray
    leaves: np.ndarray


def draw_calls(region: Region) -> Calls:
    """Return first contacts in the documented weeks, and repeats of some: in the same week or in the next documented
    one."""
    weeks, spacing = region["helpline.weeks"], region["helpline.spacing"]
    opens = np.arange(weeks) * spacing + region.stream("helpline/weeks").below(np.arange(weeks), spacing)
    first = np.arange(region["helpline.first"])
    slot = region.stream("helpline/week").choose(first, season_of_weeks(region, opens))
    minute = _minute(region, first, opens[slot], 0)
    turns = [(first, np.zeros_like(first), minute)]
    happens = np.ones(len(first), dtype=bool)
    for turn, p in enumerate(region["helpline.again"], start=1):
        happens &= region.stream("helpline/again").chance(first, probability(p), turn)
        same = region.stream("helpline/same_week").chance(
            first, probability(region["helpline.again_same_week"]), turn
        )
        last = (opens[slot] + 1) * WEEK * MINUTES_A_DAY - 1
        ahead = days_between(region, first, turn) * MINUTES_A_DAY
        later = minute // MINUTES_A_DAY * MINUTES_A_DAY + ahead + _clock(region, first, turn)
        same &= later <= last
        happens &= np.where(same, minute < last, slot + 1 < weeks)
        slot = np.where(same, slot, np.minimum(slot + 1, weeks - 1))
        minute = np.where(same, later, _minute(region, first, opens[slot], turn))
        turns.append((first[happens], np.full(happens.sum(), turn), minute[happens]))
    of, turn, when = (np.concatenate(parts) for parts in zip(*turns, strict=True))
    return Calls(of * ROOM + turn, of, turn, when)


def _minute(region: Region, first: np.ndarray, week: np.ndarray, turn: int) -> np.ndarray:
    """Return a minute of the week."""
    return (week * WEEK + weekday(region, first, turn)) * MINUTES_A_DAY + _clock(region, first, turn)


def _clock(region: Region, first: np.ndarray, turn: int) -> np.ndarray:
    """Return a minute of the day, mostly in the afternoon (the sum of two uniform draws)."""
    half = MINUTES_A_DAY // 2
    hour = region.stream("helpline/hour").below(first, half, 2 * turn)
    hour += region.stream("helpline/hour").below(first, half, 2 * turn + 1)
    return (hour + MINUTES_A_DAY // 8) % MINUTES_A_DAY


def draw_callers(region: Region, o: Operations, people: People, calls: Calls) -> Callers:
    """Return the person behind each first contact, and how long after leaving they get in touch."""
    first, day = calls.first[calls.turn == 0], calls.day[calls.turn == 0]
    exploited, worker = (probability(region[f"helpline.{name}"]) for name in ("exploited", "worker"))
    group = region.stream("helpline/group").choose(
        first, np.array([exploited, worker, ONE - exploited - worker])
    )
    table = phase_table(region)[[0, WORKER, ENQUIRY]]
    phase = region.stream("helpline/phase").choose(first, table[group])
    position = np.where(group == 0, _pick(region, o, people, first, day, phase), NOBODY)
    at = np.maximum(position, 0)
    kind = np.where(group == 0, kinds_of_forms(o)[o.form[people.owner[at]]], group + WORKER - 1)
    low, high = _phase_days(region)
    lag = low[phase] + region.stream("helpline/lag").below(first, (high - low + 1)[phase])
    leaves = np.where(phase == INSIDE, DAYS * 2, day - lag)
    return Callers(
        person=np.where(group == 0, people.local[at], OTHERS + first),
        position=position,
        kind=kind,
        leaves=np.where(group == 0, people.end[at], leaves),
    )


def kinds_of_forms(o: Operations) -> np.ndarray:
    """Return the kind of case of each form of exploitation: (forms,) indices into ``cases.KINDS``."""
    kinds = KINDS_OF_FORMS
    return np.array([KINDS.index(kinds.get(form, "other_form")) for form in o.forms])


def kind_weights(region: Region, o: Operations, people: People) -> np.ndarray:
    """Return (5,) integer weights of the kinds among first contacts: the posterior's prior."""
    may = able(region, o, people)
    forms = np.bincount(kinds_of_people(o, people)[may], minlength=EXPLOITED_KINDS)
    exploited, worker = (probability(region[f"helpline.{name}"]) for name in ("exploited", "worker"))
    return np.array([*(forms * exploited // max(len(may), 1)), worker, ONE - exploited - worker])


def _phase_days(region: Region) -> tuple[np.ndarray, np.ndarray]:
    """Return fewest and most days since leaving, by phase; zero where a phase has none."""
    bounds = np.array([region["helpline.phase_days"].get(phase, (0, 0)) for phase in PHASES])
    return bounds[:, 0], bounds[:, 1]


def _pick(
    region: Region, o: Operations, people: People, first: np.ndarray, day: np.ndarray, phase: np.ndarray
) -> np.ndarray:
    """For each first contact an exploited adult who on that day is in the phase, else in the nearest there is."""
    may = able(region, o, people)
    may = may[np.lexsort((people.local[may], people.end[may]))]
    ends = people.end[may]
    low, high = _phase_days(region)
    start = np.searchsorted(ends, day - high[phase], side="left")
    stop = np.searchsorted(ends, day - low[phase], side="right")
    left = start + region.stream("helpline/left").below(first, np.maximum(stop - start, 1))
    left = np.where(stop > start, left, stop - 1)
    inside, fits = pick_soon(region, people, may, first, day)
    return may[np.where(((phase == INSIDE) & fits) | (left < 0), inside, left)]


def chances(region: Region, o: Operations, people: People) -> dict[str, np.ndarray]:
    """Return by circumstance (kinds, phases) probabilities out of 65,536."""
    return held_back(region, o, people, kinds_of_people(o, people), circumstance_tables(region))


def kinds_of_people(o: Operations, people: People) -> np.ndarray:
    """Return the kind of case that each of the people would be."""
    return kinds_of_forms(o)[o.form[people.owner]]


def draw_cases(
    region: Region,
    o: Operations,
    people: People,
    calls: Calls,
    callers: Callers,
    listed: dict[str, np.ndarray],
) -> Cases:
    """Return the hidden state of every contact on its day. ``listed``: what :func:`chances` returns."""
    kind, person = callers.kind[calls.first], callers.person[calls.first]
    since = np.where(kind == ENQUIRY, NOBODY, np.maximum(calls.day - callers.leaves[calls.first], NOBODY))
    _, high = _phase_days(region)
    phase = np.where(since < 0, INSIDE, np.searchsorted(high[FRESH:MONTHS], since, side="left") + FRESH)
    phase = np.where(kind == ENQUIRY, NONE, phase)
    foreign = region.stream("helpline/foreign").chance(
        person, np.array([probability(region["helpline.foreign"][k]) for k in KINDS])[kind]
    )
    others = np.array([region["operations.languages"][code] for code in LANGUAGES])
    others[o.majority] = 0
    language = np.where(foreign, region.stream("helpline/language").choose(person, others), o.majority)
    at_hand = np.array([probability(region["helpline.interpreter"][code]) for code in LANGUAGES])
    at = callers.position[calls.first]
    used = people.control[np.maximum(at, 0)]
    circumstances = {
        name: region.stream(f"helpline/{name}").chance(person, p[kind, phase]) for name, p in listed.items()
    }
    took = used[:, people.means.index("takes_earnings")] | used[:, people.means.index("debt_bondage")]
    ended = (people.exit[np.maximum(at, 0)] == "authorities") & (since >= 0)
    known = {
        "earnings": took,
        "documents": used[:, people.means.index("withholds_documents")],
        "authorities": ended,
        "restricted": used[:, people.means.index("restricts_movement")] & (since < 0),
        "threatened": used[:, people.means.index("threats")],
    }
    of = {name: np.where(at >= 0, known[name], drawn) for name, drawn in circumstances.items()}
    dangers = danger_by_threats(region, listed["threatened"])[of["threatened"].astype(np.int64), kind, phase]
    stay = np.minimum(calls.day, people.end[np.maximum(at, 0)]) - people.start[np.maximum(at, 0)]
    # Where nobody is there yet on a day, who comes next calls, and has worked no week.
    stay = np.maximum(stay, 0)
    return Cases(
        local=calls.local,
        person=person,
        kind=kind,
        phase=phase,
        since=since,
        danger=region.stream("helpline/danger").choose(calls.local, dangers),
        language=language,
        foreign=foreign,
        spoken=~foreign | region.stream("helpline/spoken").chance(calls.local, at_hand[language]),
        **of,
        trade=np.where(at >= 0, trades(region, o)[people.owner[at]], NOBODY),
        weeks=np.where(at >= 0, stay // WEEK, ANY),
    )
