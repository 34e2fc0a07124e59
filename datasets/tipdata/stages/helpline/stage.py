"""Contacts with a helpline: who got in touch and when, what was coded and noted down, and what each person needs.

Some are exploited (adults of ``people``), some are lawful workers in trouble, some are in the wrong place or ask on
another's behalf. People who were exploited call after getting out, or in the last days before; their trade is that of
the operation, and what was withheld from them is what the table of people holds. Whole weeks are documented, one in
ten, so that contacts compete for a week's case workers. Facts and sentences are weak, overlapping and often missing
signs of needs and urgency, most of all where no interpreter for the language was at hand.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.draw import ONE, Ints, log, normalise, probability
from tipdata.core.kinds import BUSINESS, CATEGORIES, INDEPENDENT, LANGUAGES
from tipdata.core.tables import as_lists, with_nulls
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages import Past, Stage, Tables
from tipdata.stages.adverts.stage import Adverts
from tipdata.stages.helpline.cases import (
    ANY,
    FRESH,
    INSIDE,
    KINDS,
    MONTHS,
    NEEDS,
    NONE,
    PHASES,
    TABLES,
    CaseKinds,
    Cases,
    HelplineEvidence,
    build_need_model,
    circumstance_tables,
    danger_by_threats,
    draw_coded_facts,
    draw_needs,
    need_posterior,
    phase_table,
    urgency_table,
)
from tipdata.stages.helpline.notes import write_notes
from tipdata.stages.operations.stage import Operations
from tipdata.stages.people import MOVED_ON, People

WEEK = 7
MONTHS_A_YEAR = 12
YEAR = 365
TRIES = 8
"""Candidates that are tried to find somebody who gets out soon."""


def find_able(region: Region, o: Operations, people: People) -> np.ndarray:
    """Return positions of people who may call: exploited, and not handed on to others.

    People of operations that post stand there several times: where there are adverts, there are helplines' as well.
    """
    here = np.flatnonzero(people.exploited & (people.exit != MOVED_ON))
    return np.repeat(here, np.where(o.posts[people.owner[here]], region["helpline.outreach"], 1))


def pick_soon(
    region: Region, people: People, ordered: np.ndarray, first: np.ndarray, day: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each first contact a place in ``ordered`` of somebody who gets out soon, and whether there is one."""
    ends = people.end[ordered]
    start = np.searchsorted(ends, day, side="right")
    stop = np.searchsorted(ends, day + region["helpline.soon_days"], side="right")
    room = np.maximum(stop - start, 1)[:, None]
    into = region.stream("helpline/inside").below(first[:, None], room, np.arange(TRIES))
    tried = np.minimum(start[:, None] + into, len(ordered) - 1)
    fits = (people.start[ordered[tried]] <= day[:, None]) & (tried < stop[:, None])
    return tried[np.arange(len(first)), fits.argmax(axis=1)], fits.any(axis=1)


def operation_trades(region: Region, o: Operations) -> np.ndarray:
    """Return the level of the fact ``sector`` that is the trade of each operation."""
    levels = list(region["helpline.fact.sector"])
    by_category = [levels.index(region["helpline.trades"][name]) for name in CATEGORIES]
    return np.array(by_category)[o.category]


def trade_table(region: Region, o: Operations, people: People, able: Ints, kind: Ints) -> Ints:
    """Return (kinds, sectors) probabilities of the fact ``sector``: of those exploited mostly their operation's.

    ``able``: positions of people who may call; ``kind``: of the case of each.
    """
    kinds = CaseKinds.of(region)
    listed = kinds.widen(normalise(region.values("helpline.fact.sector").T * ONE))
    own, level = probability(region["helpline.own_trade"]), operation_trades(region, o)[people.owner[able]]
    for k in range(kinds.exploited):
        among = np.bincount(level[kind == k], minlength=listed.shape[1])
        if among.any():
            listed[k] = (among * ONE // among.sum() * own + listed[k] * (ONE - own)) // ONE
    return normalise(listed)


CALL_ROOM = 4
"""A contact's local number is its first contact's times this plus its turn."""
OTHERS = 1 << 30
"""Local numbers of people who are not in the table ``people`` start here."""
NOBODY = -1


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
    """Return first contacts in the documented weeks, and repeats of some in the same or the next documented week."""
    weeks, spacing = region["helpline.weeks"], region["helpline.spacing"]
    opens = np.arange(weeks) * spacing + region.stream("helpline/weeks").below(np.arange(weeks), spacing)
    first = np.arange(region["helpline.first"])
    month = opens * WEEK % YEAR * MONTHS_A_YEAR // YEAR
    slot = region.stream("helpline/week").choose(first, region.values("helpline.season")[month])
    minute = _minute(region, first, opens[slot], 0)
    turns = [(first, np.zeros_like(first), minute)]
    happens = np.ones(len(first), dtype=bool)
    for turn, p in enumerate(region["helpline.again"], start=1):
        happens &= region.stream("helpline/again").chance(first, probability(p), turn)
        same = region.chance("helpline/same_week", first, "helpline.again_same_week", turn)
        last = (opens[slot] + 1) * WEEK * MINUTES_A_DAY - 1
        # Few days lie between, so that the calls of one person cluster.
        ahead = 1 + region.choose("helpline/between", first, "helpline.days_between", turn)
        later = (minute // MINUTES_A_DAY + ahead) * MINUTES_A_DAY + _clock(region, first, turn)
        same &= later <= last
        happens &= np.where(same, minute < last, slot + 1 < weeks)
        slot = np.where(same, slot, np.minimum(slot + 1, weeks - 1))
        minute = np.where(same, later, _minute(region, first, opens[slot], turn))
        turns.append((first[happens], np.full(happens.sum(), turn), minute[happens]))
    of, turn, when = (np.concatenate(parts) for parts in zip(*turns, strict=True))
    return Calls(of * CALL_ROOM + turn, of, turn, when)


def _minute(region: Region, first: Ints, week: Ints, turn: int) -> Ints:
    day = week * WEEK + region.choose("helpline/weekday", first, "helpline.weekdays", turn)
    return day * MINUTES_A_DAY + _clock(region, first, turn)


def _clock(region: Region, first: np.ndarray, turn: int) -> np.ndarray:
    """Return a minute of the day, mostly in the afternoon (the sum of two uniform draws)."""
    one, two = (region.stream("helpline/hour").below(first, MINUTES_A_DAY // 2, 2 * turn + k) for k in (0, 1))
    return (one + two + MINUTES_A_DAY // 8) % MINUTES_A_DAY


def group_shares(region: Region) -> Ints:
    """Return the shares of first contacts by those exploited, workers and others, out of 65,536."""
    exploited, worker = (probability(region[f"helpline.{name}"]) for name in ("exploited", "worker"))
    return np.array([exploited, worker, ONE - exploited - worker])


def draw_callers(region: Region, people: People, calls: Calls, able: Ints, kinds: Ints) -> Callers:
    """Return the person behind each first contact, and how long after leaving they get in touch.

    ``able``: positions of people who may call; ``kinds``: of the case of each of the people.
    """
    first, day = calls.first[calls.turn == 0], calls.day[calls.turn == 0]
    group = region.stream("helpline/group").choose(first, group_shares(region))
    apart = CaseKinds.of(region)
    table = phase_table(region)[[0, apart.exploited, apart.enquiry]]
    phase = region.stream("helpline/phase").choose(first, table[group])
    # An exploited adult who is in the phase on that day, else in the nearest phase.
    may = able[np.lexsort((people.local[able], people.end[able]))]
    ends = people.end[may]
    low, high = _phase_days(region)
    start = np.searchsorted(ends, day - high[phase], side="left")
    stop = np.searchsorted(ends, day - low[phase], side="right")
    left = start + region.stream("helpline/left").below(first, np.maximum(stop - start, 1))
    left = np.where(stop > start, left, stop - 1)
    inside, fits = pick_soon(region, people, may, first, day)
    picked = may[np.where(((phase == INSIDE) & fits) | (left < 0), inside, left)]
    position = np.where(group == 0, picked, NOBODY)
    at = np.maximum(position, 0)
    kind = np.where(group == 0, kinds[at], group + apart.exploited - 1)
    lag = region.between("helpline/lag", first, np.stack([low, high], axis=1)[phase])
    leaves = np.where(phase == INSIDE, DAYS * 2, day - lag)
    return Callers(
        person=np.where(group == 0, people.local[at], OTHERS + first),
        position=position,
        kind=kind,
        leaves=np.where(group == 0, people.end[at], leaves),
    )


def count_kinds_by_phase(region: Region, people: People, calls: Calls, able: Ints, kinds: Ints) -> Ints:
    """Return (kinds of exploitation, phases) weights of who may call on the days of first contacts, in each phase.

    Forms that last weeks are among those who have left far more than among all.
    """
    day, apart = calls.day[calls.turn == 0], CaseKinds.of(region)
    order = able[np.argsort(people.end[able], kind="stable")]
    ends, ones = people.end[order], np.eye(apart.exploited, dtype=np.int64)[kinds[order]]
    before = np.concatenate([np.zeros_like(ones[:1]), np.cumsum(ones, axis=0)])
    low, high = _phase_days(region)
    made = np.zeros((apart.exploited, len(PHASES)), dtype=np.int64)
    for phase in range(NONE):
        first, last = day - high[phase], day - low[phase]
        if phase == INSIDE:
            first, last = day + 1, day + region["helpline.soon_days"]
        among = before[np.searchsorted(ends, last, side="right")] - before[np.searchsorted(ends, first)]
        made[:, phase] = (among * ONE // np.maximum(among.sum(axis=1, keepdims=True), 1)).sum(axis=0)
    # Where nobody is in a phase, and in the one that nobody exploited is in, whatever is usual.
    return np.where(made.any(axis=0), made, made.sum(axis=1, keepdims=True))


def _phase_days(region: Region) -> tuple[np.ndarray, np.ndarray]:
    """Return fewest and most days since leaving, by phase; zero where a phase has none."""
    bounds = np.array([region["helpline.phase_days"].get(phase, (0, 0)) for phase in PHASES])
    return bounds[:, 0], bounds[:, 1]


def _treatment(people: People) -> dict[str, np.ndarray]:
    """Return by circumstance whether each of the people is held in it, bool."""
    used = dict(zip(people.means, people.control.T, strict=True))
    return {
        "earnings": used["takes_earnings"] | used["debt_bondage"],
        "documents": used["withholds_documents"],
        "restricted": used["restricts_movement"],
        "threatened": used["threats"],
    }


def circumstance_chances(region: Region, people: People, able: Ints, kind: Ints) -> dict[str, Ints]:
    """Return by circumstance (kinds, phases) probabilities out of 65,536.

    ``able``: positions of people who may call; ``kind``: of the case of each.
    """
    made = circumstance_tables(region)
    for name, held in _treatment(people).items():
        for k in range(CaseKinds.of(region).exploited):
            among = held[able][kind == k]
            if len(among):
                made[name][k] = np.clip(int(among.sum()) * ONE // len(among), 1, ONE - 1)
    made["restricted"][:, INSIDE + 1 :] = 0
    return made


def kinds_of_people(region: Region, o: Operations, people: People) -> np.ndarray:
    """Return the kind of case of each person, by the form of exploitation: a number of the region's kinds."""
    names = CaseKinds.of(region).names
    of_form = np.array([names.index(form) for form in o.forms])
    return of_form[o.form[people.owner]]


def draw_cases(
    region: Region, o: Operations, people: People, calls: Calls, callers: Callers, listed: dict[str, Ints]
) -> Cases:
    """Return the hidden state of every contact on its day. ``listed``: what :func:`circumstance_chances` returns."""
    kind, person = callers.kind[calls.first], callers.person[calls.first]
    apart = CaseKinds.of(region)
    since = np.where(
        kind == apart.enquiry, NOBODY, np.maximum(calls.day - callers.leaves[calls.first], NOBODY)
    )
    _, high = _phase_days(region)
    phase = np.where(since < 0, INSIDE, np.searchsorted(high[FRESH:MONTHS], since, side="left") + FRESH)
    phase = np.where(kind == apart.enquiry, NONE, phase)
    p = apart.widen(region.chances("helpline.foreign", KINDS))[kind]
    foreign = region.stream("helpline/foreign").chance(person, p)
    others = region.values("operations.languages", LANGUAGES)
    others[o.majority] = 0
    language = np.where(foreign, region.stream("helpline/language").choose(person, others), o.majority)
    at_hand = region.chances("helpline.interpreter", LANGUAGES)
    at = callers.position[calls.first]
    row = np.maximum(at, 0)
    known = {name: held[row] for name, held in _treatment(people).items()}
    known["restricted"] &= since < 0
    known["authorities"] = (people.exit[row] == "authorities") & (since >= 0)
    of = {}
    for name, p in listed.items():
        drawn = region.stream(f"helpline/{name}").chance(person, p[kind, phase])
        of[name] = np.where(at >= 0, known[name], drawn)
    dangers = danger_by_threats(region, listed["threatened"])[of["threatened"].astype(np.int64), kind, phase]
    stay = np.minimum(calls.day, people.end[row]) - people.start[row]
    # Where nobody is there yet on a day, who comes next calls, and has worked no week.
    stay = np.maximum(stay, 0)
    return Cases(
        local=calls.local,
        person=person,
        operation=np.where(at >= 0, people.owner[row], NOBODY),
        kind=kind,
        phase=phase,
        since=since,
        danger=region.stream("helpline/danger").choose(calls.local, dangers),
        language=language,
        foreign=foreign,
        spoken=~foreign | region.stream("helpline/spoken").chance(calls.local, at_hand[language]),
        **of,
        trade=np.where(at >= 0, operation_trades(region, o)[people.owner[at]], NOBODY),
        weeks=np.where(at >= 0, stay // WEEK, ANY),
    )


SHOWN = 2
"""Contacts of an advert that a caller may name: the telephone number and the handle."""


def name_contacts(
    region: Region,
    o: Operations,
    adverts: Adverts,
    people: People,
    able: Ints,
    kind: Ints,
    c: Cases,
    day: Ints,
    seen: HelplineEvidence,
) -> dict[str, pl.Series]:
    """Return the column of the number or handle that a caller names, one that adverts showed, null mostly.

    Who was exploited names one of their operation, if it posts; others name one of a lawful operation, as often. What
    naming one says is added to ``seen``.

    Args:
        able, kind: positions of people who may call, and the kind of case of each.
        day: of each contact.
    """
    kinds, (contact, shows) = CaseKinds.of(region), adverts.contacts
    rows = np.flatnonzero(shows[:, :SHOWN].any(axis=1))
    rows = rows[np.lexsort((adverts.day[rows], adverts.operation[rows]))]
    # One number that orders operations, and days within each.
    order = adverts.operation[rows] * (2 * DAYS) + adverts.day[rows]
    posts = np.zeros(len(o.id), dtype=bool)
    posts[adverts.operation[rows]] = True
    share = int(posts[people.owner[able]].mean() * ONE) if len(able) else 0
    most = probability(region["helpline.known_contact"]["most"])
    names = min(probability(region["helpline.known_contact"]["names"]), most * ONE // max(share, 1))
    among = np.bincount(kind, minlength=kinds.exploited)[: kinds.exploited]
    posting = np.bincount(kind[posts[people.owner[able]]], minlength=kinds.exploited)[: kinds.exploited]
    chance = np.append(names * posting // np.maximum(among, 1), np.full(2, names * share // ONE))
    lawful = np.flatnonzero(posts & np.isin(o.kind, (BUSINESS, INDEPENDENT)))
    begins = o.first_day[lawful]
    lawful = lawful[np.argsort(begins, kind="stable")]
    begun = np.maximum(np.searchsorted(np.sort(begins), day, side="right"), 1)
    exploited = c.kind < kinds.exploited
    of = lawful[region.stream("helpline/named_operation").below(c.person, begun)]
    of = np.where(exploited, np.maximum(c.operation, 0), of)
    p = np.where(exploited, names * posts[of], chance[c.kind])
    first = np.searchsorted(order, of * (2 * DAYS))
    until = np.searchsorted(order, of * (2 * DAYS) + day, side="right")
    named = (until > first) & region.stream("helpline/named").chance(c.local, p)
    turn = region.stream("helpline/named_advert").below(c.person, np.maximum(until - first, 1))
    row = rows[np.minimum(first + turn, len(rows) - 1)]
    slot = region.stream("helpline/named_slot").below(c.person, SHOWN)
    slot = np.where(shows[row, slot], slot, SHOWN - 1 - slot)
    seen.add("kind", log(np.clip(np.where(named[:, None], chance, ONE - chance), 1, ONE)))
    return {"known_contact": with_nulls(contact[row, slot], named)}


def generate(region: Region, past: Past) -> tuple[None, Tables]:
    """Draw the contacts of one region."""
    o: Operations = past["operations"]
    people: People = past["people"]
    able, kinds = find_able(region, o, people), kinds_of_people(region, o, people)
    apart = CaseKinds.of(region)
    calls = draw_calls(region)
    callers = draw_callers(region, people, calls, able, kinds)
    circumstances = circumstance_chances(region, people, able, kinds[able])
    cases = draw_cases(region, o, people, calls, callers, circumstances)
    # Weights of the kinds among first contacts: the prior of the posterior.
    forms, shares = count_kinds_by_phase(region, people, calls, able, kinds), group_shares(region)
    exploited = forms * shares[0] // np.maximum(forms.sum(axis=0), 1)
    lawful = np.repeat(shares[1:, None], forms.shape[1], axis=1)
    m = build_need_model(region, np.concatenate([exploited, lawful]), circumstances)
    needs = draw_needs(region, m, cases)
    urgency = urgency_table(region)[cases.phase, cases.danger]
    urgency = region.stream("helpline/urgency").choose(calls.local, urgency)
    seen = HelplineEvidence.none(len(calls.local), len(apart.names))
    sectors = trade_table(region, o, people, able, kinds[able])
    facts, relation = draw_coded_facts(region, cases, needs, seen, sectors, circumstances["restricted"], o)
    notes = write_notes(region, LANGUAGES[o.majority], cases, needs, facts, relation, seen)
    named = name_contacts(region, o, past["adverts"], people, able, kinds[able], cases, calls.day, seen)
    odds, urgent = need_posterior(m, cases.foreign, seen)
    happens = region.chance("helpline/settled", calls.local, "helpline.settled")
    delay = region.spread("helpline/settled_days", calls.local, "gamma_2.0", region["helpline.settled_days"])
    settled = np.where(happens, calls.day + 1 + delay // 2, -1)
    at = callers.position[calls.first]
    owner = people.owner[np.maximum(at, 0)]
    recognised = region.chance("helpline/recognised", calls.local, "helpline.recognised")
    return None, {
        "contacts": {
            "contact": region.ids("helpline", calls.local),
            "minute": calls.minute,
            "language": pl.Series(LANGUAGES)[cases.language],
            **notes,
            **facts,
            **named,
            "repeat_contact": (calls.turn > 0) & recognised,
            "person": region.ids("people", cases.person),
            "operation": with_nulls(o.id[owner], at >= 0),
            "kind": pl.Series(KINDS)[apart.coarse[cases.kind]],
            "phase": pl.Series(PHASES)[cases.phase],
            "danger": cases.danger,
            "earnings_withheld": cases.earnings,
            "documents_withheld": cases.documents,
            "needs": as_lists(np.array(NEEDS), needs),
            "urgency": urgency,
            "settled_day": with_nulls(settled, settled >= 0),
            **{f"log_odds_{name}": odds[:, k] for k, name in enumerate(NEEDS)},
            "log_odds_urgent": urgent,
        }
    }


STAGE = Stage("helpline", ("operations", "people", "adverts"), tuple(TABLES.values()), generate)
