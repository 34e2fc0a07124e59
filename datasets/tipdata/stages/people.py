"""People: those exploited, and those who exploit them. All hidden.

Fields follow IOM's Human Trafficking Case Data Standard.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tipdata.core.draw import ONE, Ints, Words, choose_from_bits, probability
from tipdata.core.kinds import FAMILIES, TRAFFICKING
from tipdata.core.tables import (
    as_lists,
    decode,
    place_in_group,
    read_tables,
    repeat_rows,
    take_rows,
    with_nulls,
)
from tipdata.core.world import DAYS, Region
from tipdata.stages import Columns, Past, Stage, Tables
from tipdata.stages.adverts.stage import Adverts
from tipdata.stages.messages.stage import JoinedPeople
from tipdata.stages.operations.habits import ARMED
from tipdata.stages.operations.sizes import draw_sizes, is_alone, size_bounds
from tipdata.stages.operations.stage import Operations
from tipdata.stages.operations.state import SILENT
from tipdata.stages.places import Places
from tipdata.stages.suppliers.firms import NOBODY, Agencies, Exploitation, is_within_reach
from tipdata.stages.trips.circuits import find_parties
from tipdata.text.facts import facts_of, number_of

VOICE = "voice"
"""The fact of who writes."""


@dataclass(frozen=True)
class NeededPeople:
    """People whom operations need, one entry each, sorted by operation; int64 arrays of equal length.

    ``owner``: the operation. ``by``: the last day on which one may come, ``until``: the first on which one may leave;
    where that is the earlier of the two, somebody is there at some time between them.
    """

    owner: Ints
    by: Ints
    until: Ints


def find_needed(region: Region, o: Operations, exploitation: Exploitation) -> NeededPeople:
    """Return the people that trafficking operations need: one as long as services are advertised, one at each firm in
    which they exploit, and, with the controller, the party of each circuit. One person meets several of
    these needs, so that small operations stay small."""
    sells = np.flatnonzero((o.kind == TRAFFICKING) & o.posts & (o.family == FAMILIES.index("services")))
    firm = np.flatnonzero(exploitation.in_force & (exploitation.operation != NOBODY))
    operation, party, start, end = find_parties(region, o)
    count = np.where(o.kind[operation] == TRAFFICKING, np.maximum(party - 1, 1), 0)
    travels = np.repeat(np.arange(len(party)), count)
    # So many people meet the needs of each operation: no fewer than its largest party.
    many = np.maximum(size_bounds(region, o)[:, 1] // 4, 1)
    np.maximum.at(many, operation, count)
    parts = (
        (sells, o.first_day[sells], o.last_day[sells]),
        (exploitation.operation[firm], exploitation.end[firm], exploitation.start[firm]),
        (operation[travels], start[travels], end[travels]),
    )
    owner, by, until = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(owner, kind="stable")
    needed = NeededPeople(owner[order], by[order], until[order])
    place = np.concatenate([np.zeros_like(sells), _turns(exploitation.operation[firm]), _turns(travels)])
    return _merge_needs(needed, place[order] % many[needed.owner])


def _turns(group: Ints) -> Ints:
    """Return the place of each row within its group, from 0; groups in any order."""
    order = np.argsort(group, kind="stable")
    turn = np.empty_like(group)
    turn[order] = place_in_group(group[order])
    return turn


def _merge_needs(needed: NeededPeople, who: Ints) -> NeededPeople:
    """Return the needs after those with the same ``owner`` and ``who`` are merged, so that one person meets them."""
    _, first, same = np.unique(np.stack([needed.owner, who]), axis=1, return_index=True, return_inverse=True)
    by, until = needed.by[first], needed.until[first]
    np.minimum.at(by, same.ravel(), needed.by)
    np.maximum.at(until, same.ravel(), needed.until)
    return NeededPeople(needed.owner[first], by, until)


def draw_sales(
    region: Region, o: Operations, owner: Ints, person: Ints, end: Ints, leaves: np.ndarray, open_: np.ndarray
) -> tuple[Ints, Ints]:
    """Return the positions of each sold person: the row with the seller, and the row with the buyer.

    Args:
        owner, person, end: of each of the people; local numbers, and the day of leaving.
        leaves: bool, those who are handed on within the window.
        open_: bool, places that buyers have.
    """
    sold, places = np.flatnonzero(leaves), np.flatnonzero(open_)
    buyers, first, room = np.unique(owner[places], return_index=True, return_counts=True)
    if not len(sold) or not len(buyers):
        return sold[:0], places[:0]
    day, stays = end[sold][:, None], region["people.shortest_days"]
    fits = (day >= o.begins[buyers]) & (day <= o.ends[buyers] - stays) & (owner[sold][:, None] != buyers)
    listed = region["people.sold_into"]
    by_form = np.array([[listed.get(sells, {}).get(buys, 0) for buys in o.forms] for sells in o.forms])
    weights = fits * room * by_form[o.form[owner[sold]][:, None], o.form[buyers]]
    chosen = region.stream("people/buyer").choose(person[sold], weights)
    chosen = np.where(weights.any(axis=1), chosen, len(buyers))
    # The first buys take what places a buyer has.
    order = np.argsort(chosen, kind="stable")
    chosen, turn = chosen[order], place_in_group(chosen[order])
    taken = turn < np.append(room, 0)[chosen]
    return sold[order[taken]], places[first[chosen[taken]] + turn[taken]]


TABLES = read_tables("people")
DOORS = TABLES["people"].values("door")
CONVERSATION, JOB_ADVERT, ACQUAINTANCE, SOLD, AGENCY = DOORS
SELLERS = ("network", ARMED)
"""Kinds of organisation that sell people, and that hand them on to others elsewhere."""
MOVED_ON, RELEASED, AUTHORITIES = "moved_on", "released", "authorities"
FAMILY, STRANGER = "family", "other"
NO_ONE = -1
YEAR = 365
MOST = ONE * 19 // 20
"""Largest share of people with enough room for a long stay who stay that long."""


@dataclass(frozen=True)
class Crew:
    """People of operations: arrays of equal length, exploited ones before staff.

    ``owner``, ``within``: the operation and the number within it; ``exploited``: bool; ``conversation``: local number
    of the one by which they came, -1 where by none; ``joins``: the day then. ``by``, ``until``: days of
    :class:`~tipdata.stages.people.NeededPeople`, without meaning where nobody is ``needed``; bool.
    """

    owner: np.ndarray
    within: np.ndarray
    exploited: np.ndarray
    conversation: np.ndarray
    joins: np.ndarray
    needed: np.ndarray
    by: np.ndarray
    until: np.ndarray


@dataclass(frozen=True)
class Stay:
    """Of each of a crew: ``way``: index into :data:`DOORS`; ``sold``: position of who they were with the operation that
    sold them, -1 for none; ``start``, ``end``: days; ``exit``: how it ends, by name."""

    way: np.ndarray
    sold: np.ndarray
    start: np.ndarray
    end: np.ndarray
    exit: np.ndarray


def draw_crew(region: Region, o: Operations, joined: JoinedPeople, needed: NeededPeople, most: int) -> Crew:
    """Draw how many people each trafficking operation has; ``most``: of one operation.

    One person alone never exploits many, and has no staff beside. Those who join by a conversation, and those who are
    needed, are among the exploited.
    """
    local = np.arange(len(o.id))
    alone = is_alone(region, o)
    count = np.minimum(draw_sizes(region, o), most)
    come = np.bincount(joined.owner, minlength=len(local))
    count = np.maximum(count, come + np.bincount(needed.owner, minlength=len(local)))
    staff = 1 + count * probability(region["people.staff"]) // ONE
    staff = np.where(count > 0, np.minimum(staff, np.where(alone, 1, 60)), 0)
    at, within = repeat_rows(np.append(count, staff))
    owner = at % len(local)
    first = np.cumsum(count) - count
    conversation, joins = np.full((2, len(owner)), NO_ONE)
    joined = take_rows(joined, np.lexsort((joined.conversation, joined.owner)))
    at = first[joined.owner] + place_in_group(joined.owner)
    conversation[at], joins[at] = joined.conversation, joined.day
    is_needed, by, until = np.zeros(len(owner), dtype=bool), np.zeros_like(owner), np.zeros_like(owner)
    at = (first + come)[needed.owner] + place_in_group(needed.owner)
    is_needed[at], by[at], until[at] = True, needed.by, needed.until
    exploited = np.arange(len(owner)) < count.sum()
    return Crew(owner, within, exploited, conversation, joins, is_needed, by, until)


def draw_relation(region: Region, o: Operations, crew: Crew, person: np.ndarray) -> np.ndarray:
    """Return each person's relation to the recruiter by published shares."""
    names = list(region["people.relation.other"])
    listed = by_form(region, o, "people.relation")
    weights = np.array([list(one.values()) for one in listed])[o.form[crew.owner]]
    return np.array(names)[region.stream("people/relation").choose(person, weights)]


def by_form(region: Region, o: Operations, group: str) -> list[dict[str, float]]:
    """Return the parameter of a group for each form: its own, or that of forced labour or of all others."""
    listed = region.group(group)
    like = region["people.labour_like"]
    return [listed[form if form in listed else "labour" if form in like else "other"] for form in o.forms]


@dataclass(frozen=True)
class Answers:
    """Of each of a crew: ``advert``: position of the advert of the operation that they would answer, -1 for none;
    ``day``: on which they would come then."""

    advert: Ints
    day: Ints


def draw_answers(
    region: Region, o: Operations, crew: Crew, person: Ints, relation: np.ndarray, adverts: Adverts
) -> Answers:
    """Draw who comes by an advert of the operation for work or as an intermediary: within some weeks
    after it was posted, whoever recruited them."""
    latest = np.minimum(o.ends - region["people.shortest_days"], DAYS - 1)
    owner = adverts.operation
    may = (o.kind == TRAFFICKING) & (o.family != FAMILIES.index("services"))
    rows = np.flatnonzero(may[owner] & (adverts.day < latest[owner]))
    rows = rows[np.lexsort((adverts.row[rows], owner[rows]))]
    first = np.searchsorted(owner[rows], crew.owner)
    count = np.searchsorted(owner[rows], crew.owner, side="right") - first
    listed = region["people.by_advert"]
    p = np.array([probability(x) for x in listed.values()])[_positions(relation, list(listed))]
    answers = crew.exploited & (count > 0) & region.stream("people/answers_advert").chance(person, p)
    which = first + region.stream("people/answered").below(person, np.maximum(count, 1))
    advert = np.where(answers, np.append(rows, 0)[np.minimum(which, len(rows))], NO_ONE)
    wait = 1 + region.stream("people/answers").below(person, region["people.answer_days"])
    day = np.append(adverts.day, 0)[advert] + wait
    return Answers(advert, np.where(answers, np.minimum(day, latest[crew.owner]), 0))


def _positions(values: np.ndarray, names: list[str]) -> Ints:
    """Return the position of each value among some names; each is one of them."""
    order = np.argsort(names)
    return order[np.searchsorted(np.array(names)[order], values)]


def draw_agency(
    region: Region, places: Places, o: Operations, agencies: Agencies, crew: Crew, person: Ints, stay: Stay
) -> Ints:
    """Return the position of the agency by which each came, -1 for none.

    It is the operation's own, or that of another trafficking operation within reach that is there on the day; some of
    those of whom nothing else brought anybody come by one.
    """
    ours = np.flatnonzero(agencies.trafficking)
    free = np.flatnonzero(crew.exploited & (stay.way == DOORS.index(ACQUAINTANCE)))
    number, owner, day = agencies.number[ours], crew.owner[free][:, None], stay.start[free][:, None]
    own = number == owner
    there = (o.begins[number] <= day) & (day <= o.ends[number])
    near = own | (there & is_within_reach(places, o, number, o.town[crew.owner[free]]))
    near &= own | ~own.any(axis=1, keepdims=True)
    p = region.chances("people.by_agency", ("other", "own"))[own.any(axis=1).astype(np.int64)]
    comes = near.any(axis=1) & region.stream("people/by_agency").chance(person[free], p)
    agency = np.full(len(crew.owner), NO_ONE)
    if not comes.any():
        return agency
    chosen = region.stream("people/agency").choose(person[free][comes], near[comes].astype(np.int64))
    agency[free[comes]] = ours[chosen]
    return agency


def draw_stay(
    region: Region, o: Operations, crew: Crew, person: Ints, relation: np.ndarray, answers: Answers
) -> Stay:
    """Draw ways in, spells and ways out."""
    way, comes = _ways(region, o, crew, person, relation, answers)
    buys = crew.exploited & (way == DOORS.index(SOLD))
    free = buys | (way == DOORS.index(ACQUAINTANCE))
    start, end = _spells(region, o, crew, person, free, comes)
    hands_on = draw_exit(region, o, crew, person, end) == MOVED_ON
    leaves = crew.exploited & hands_on & (end < DAYS) & ~buys
    seller, buyer = draw_sales(region, o, crew.owner, person, end, leaves, buys)
    sold = np.full(len(way), NO_ONE)
    sold[buyer] = seller
    way[buys & (sold == NO_ONE)] = DOORS.index(ACQUAINTANCE)
    # All but who was sold on once more, now that the days are known on which the sold come.
    comes[buyer], free[buyer] = end[seller], False
    again = _spells(region, o, crew, person, free, comes)
    again[0][seller], again[1][seller] = start[seller], end[seller]
    exit = draw_exit(region, o, crew, person, again[1])
    exit[seller] = MOVED_ON
    return Stay(way, sold, *again, exit)


def _spells(
    region: Region, o: Operations, crew: Crew, person: Ints, free: np.ndarray, comes: Ints
) -> tuple[Ints, Ints]:
    """Return first and last days: of staff, of who is ``free`` to come on any day, and of those who come on one."""
    room = o.ends[crew.owner] - np.where(free, o.begins[crew.owner], comes)
    length = np.minimum(_lengths(region, o, crew, person, room), room)
    length = np.where(crew.needed, np.maximum(length, crew.until - crew.by), length)
    # Who came before the first day is there on it.
    length = np.where(free, length, np.maximum(length, 1 - comes))
    start = np.where(free, _free_start(region, o, crew, person, length), comes)
    first, last = _staff_spell(region, o, crew, person)
    return np.where(crew.exploited, start, first), np.where(crew.exploited, start + length, last)


def _free_start(region: Region, o: Operations, crew: Crew, person: Ints, length: Ints) -> Ints:
    begins, ends = o.begins[crew.owner], o.ends[crew.owner]
    high = np.minimum(ends - length, DAYS - 1)
    prepared = np.minimum(begins + region["people.prepares_days"], high)
    high = np.where(crew.needed, np.maximum(np.minimum(high, crew.by), prepared), high)
    low = np.maximum(prepared, 1 - length)
    low = np.where(crew.needed, np.clip(crew.until - length, low, high), low)
    anywhere = low + region.stream("people/from").below(person, np.maximum(high - low + 1, 1))
    # Those who are there when an investigation ends it all stay until then.
    there = o.disturbed.stopped[crew.owner] & (high == ends - length)
    found = there & region.chance("people/found", person, "people.found")
    return np.where(found, high, anywhere)


def _ways(
    region: Region, o: Operations, crew: Crew, person: Ints, relation: np.ndarray, answers: Answers
) -> tuple[Ints, Ints]:
    """Return how each came, and the day of those who came by a conversation or an advert."""
    strangers = relation == STRANGER
    sold = region.chance("people/sold", person, "people.sold")
    way = np.where(sold & strangers, DOORS.index(SOLD), DOORS.index(ACQUAINTANCE))
    way = np.where(answers.advert >= 0, DOORS.index(JOB_ADVERT), way)
    way = np.where(crew.needed, DOORS.index(ACQUAINTANCE), way)
    way = np.where(crew.conversation >= 0, DOORS.index(CONVERSATION), way)
    return way, np.where(crew.conversation >= 0, crew.joins, answers.day)


def organisation_names(region: Region, o: Operations) -> np.ndarray:
    """Return the organisation of each operation, by name."""
    return np.array(list(region["operations.organisation"]))[o.organisation]


def _lengths(region: Region, o: Operations, crew: Crew, person: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Return days of exploitation: under one year, one to two or over two, each as often as published over all people
    of forms alike, of those with room for it; of organ removal weeks."""
    form = o.form[crew.owner]
    labour = np.isin(o.forms, region["people.labour_like"])[form]
    brief = np.isin(o.forms, list(region["people.brief_days"]))[form]
    band = np.zeros(len(person), dtype=np.int64)
    long, mid = room > 2 * YEAR, room > YEAR
    for alike, name in ((labour, "labour"), (~labour, "other")):
        here = alike & crew.exploited & ~brief
        weights = region[f"people.duration.{name}"]
        part = [int(here.sum()) * w * ONE // sum(weights) for w in weights]
        chance = [0, 0, min(part[2] // max(int((here & long).sum()), 1), MOST)]
        left = int((here & mid).sum()) * ONE - int((here & long).sum()) * chance[2]
        chance[1] = min(part[1] * ONE // max(left, 1), MOST)
        longest = long & region.stream("people/duration").chance(person, chance[2], 2)
        longer = mid & region.stream("people/duration").chance(person, chance[1], 1)
        band = np.where(here, np.where(longest, 2, np.where(longer, 1, 0)), band)
    least, usual = region["people.least_days"], region["people.shortest_days"]
    shortest = np.array([least.get(name, usual) for name in o.forms])[form]
    low = np.maximum(np.array([0, YEAR, 2 * YEAR])[band], shortest)
    high = np.minimum(np.array([YEAR, 2 * YEAR, 5 * YEAR])[band], room + 1)
    length = low + region.stream("people/length").below(person, np.maximum(high - low, 1))
    for name, bounds in region["people.brief_days"].items():
        weeks = region.between("people/weeks", person, bounds)
        length = np.where(form == o.forms.index(name), weeks, length)
    return length


def draw_role(region: Region, o: Operations, crew: Crew, person: np.ndarray) -> np.ndarray:
    """Return the role of staff, by name: there is always a controller, and no writer if nothing is posted.

    The role of the second mostly follows :data:`VOICE`: where somebody writes for others, it is a writer.
    """
    roles = region["people.roles"]
    weights = np.tile(np.array(list(roles.values())), (len(person), 1))
    weights[~o.posts[crew.owner], list(roles).index("writer")] = 0
    words = region.stream("people/role").bits(person)
    second = (crew.within == 1) & region.chance("people/role_coupled", person, "people.coupled")
    words = o.life.state.couple(number_of(VOICE), crew.owner, words, second)
    drawn = np.array(list(roles))[choose_from_bits(words, weights)]
    return np.where(crew.within == 0, "controller", drawn)


def _staff_spell(region: Region, o: Operations, crew: Crew, person: Ints) -> tuple[Ints, Ints]:
    """Return first and last day of staff: most of the life, all of the posting; the first staff stay the whole life."""
    owner = crew.owner
    third = (o.ends - o.begins)[owner] // 3
    late = region.stream("people/from").below(person, third + 1)
    early = region.stream("people/length").below(person, third + 1)
    start = np.minimum(o.begins[owner] + late, o.first_day[owner])
    end = np.maximum(o.ends[owner] - early, o.last_day[owner])
    whole = crew.within == 0
    return np.where(whole, o.begins[owner], start), np.where(whole, o.ends[owner], end)


def draw_exit(region: Region, o: Operations, crew: Crew, person: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return how it ends, by name. Only those of a network or an armed group are handed on, others are released; and
    the authorities find those who are there when an investigation ends the operation."""
    names = np.array(list(region["people.exit"]))
    weights = np.tile(region.values("people.exit"), (len(person), 1))
    behind = organisation_names(region, o)[crew.owner]
    weights[behind == ARMED, names == MOVED_ON] *= region["people.armed_sales"]
    exit = names[region.stream("people/exit").choose(person, weights)]
    raided = o.disturbed.stopped[crew.owner] & (end >= o.ends[crew.owner])
    kept = (exit == MOVED_ON) & ~np.isin(behind, SELLERS)
    return np.where(raided, AUTHORITIES, np.where(kept, RELEASED, exit))


EXPLOITED = "exploited"
SEXES = TABLES["people"].values("sex")
DEBT, EARNINGS = "debt_bondage", "takes_earnings"
ROOM = 8192
"""A person's local number is the operation's times this plus the person's own; the upper half is staff."""


@dataclass(frozen=True)
class People:
    """People of trafficking operations by position: arrays of equal length.

    ``local``: local number; ``owner``: local number of the operation; ``exploited``: not of the staff; ``start``,
    ``end``: days, the end perhaps beyond the last day; ``exit``: how it ends. ``control``: (people, means) bool,
    columns as in ``means``; ``women``: bool; ``sold``: position of who they were with the operation that sold them, -1
    for none.
    """

    local: np.ndarray
    owner: np.ndarray
    exploited: np.ndarray
    start: np.ndarray
    end: np.ndarray
    exit: np.ndarray
    control: np.ndarray
    means: tuple[str, ...]
    women: np.ndarray
    sold: np.ndarray

    @property
    def last(self) -> np.ndarray:
        """bool: of those exploited, who is not somebody else's row later on."""
        return self.exploited & ~np.isin(np.arange(len(self.local)), self.sold)


def generate(region: Region, past: Past) -> tuple[People, Tables]:
    """Draw the people of one region: adults alone, each within the life of the operation."""
    places: Places = past["places"]
    o: Operations = past["operations"]
    joined: JoinedPeople = past["messages"]
    needed = find_needed(region, o, past["suppliers"].exploitation)
    crew = draw_crew(region, o, joined, needed, ROOM // 2 - 1)
    person = crew.owner * ROOM + crew.within + np.where(crew.exploited, 0, ROOM // 2)
    relation = draw_relation(region, o, crew, person)
    answers = draw_answers(region, o, crew, person, relation, past["adverts"])
    stay = draw_stay(region, o, crew, person, relation, answers)
    means, control = draw_control(region, o, crew, person)
    stay, doors = _draw_doors(region, past, crew, person, answers, stay)
    women = region.chances("people.women", o.forms)[o.form[crew.owner]]
    women = np.where(crew.exploited, women, probability(region["people.women_staff"]))
    people = People(
        local=person,
        owner=crew.owner,
        exploited=crew.exploited,
        start=stay.start,
        end=stay.end,
        exit=stay.exit,
        control=control,
        means=means,
        women=_as_before(region.stream("people/sex").chance(person, women), stay.sold),
        sold=stay.sold,
    )
    relation = np.where(crew.exploited, relation, "")
    lasts = people.end >= DAYS
    return people, {
        "people": {
            "person": region.ids("people", people.local),
            "operation": o.id[people.owner],
            "age_band": _age_band(region, people),
            "sex": decode(SEXES, people.women.astype(np.int64)),
            "recruiter_relation": with_nulls(relation, relation != ""),
            "means_of_control": as_lists(np.array(people.means), people.control),
            "from_day": people.start,
            "to_day": with_nulls(people.end, ~lasts),
            "exit": with_nulls(people.exit, ~lasts & people.exploited),
            "role": np.where(crew.exploited, EXPLOITED, draw_role(region, o, crew, person)),
            "town": places.town[o.town[crew.owner]],
            **doors,
            "conversation": with_nulls(
                region.ids("conversations", crew.conversation), crew.conversation >= 0
            ),
            "from_operation": with_nulls(o.id[crew.owner[stay.sold]], stay.sold >= 0),
            "from_person": with_nulls(region.ids("people", person[stay.sold]), stay.sold >= 0),
        }
    }


def _draw_doors(
    region: Region, past: Past, crew: Crew, person: Ints, answers: Answers, stay: Stay
) -> tuple[Stay, Columns]:
    """Return the stay of each, those who came by an agency among them, and the columns of doors."""
    agencies: Agencies = past["suppliers"].agencies
    adverts: Adverts = past["adverts"]
    agency = draw_agency(region, past["places"], past["operations"], agencies, crew, person, stay)
    door = np.where(agency >= 0, DOORS.index(AGENCY), stay.way)
    answers_one = crew.exploited & (door == DOORS.index(JOB_ADVERT))
    return replace(stay, way=door), {
        "door": decode(DOORS, np.where(crew.exploited, door, -1)),
        "advert": with_nulls(np.append(adverts.id, 0)[answers.advert], answers_one),
        "agency": with_nulls(np.append(agencies.id, 0)[agency], agency >= 0),
    }


def _as_before(values: np.ndarray, sold: np.ndarray) -> np.ndarray:
    """Return the values, with those of sold people taken from their row with the seller."""
    return np.where(sold >= 0, values[sold], values)


def _age_band(region: Region, p: People) -> np.ndarray:
    names = list(region["people.age_bands.exploited"])
    weights = np.array([list(region[f"people.age_bands.{who}"].values()) for who in ("staff", "exploited")])
    chosen = region.stream("people/age_band").choose(p.local, weights[p.exploited.astype(np.int64)])
    bounds = np.array([[int(name.rstrip("+").split("-")[end]) for end in (0, -1)] for name in names])
    age = region.between("people/age", p.local, bounds[chosen])
    age = _as_before(age, p.sold) + np.where(p.sold >= 0, (p.start - p.start[p.sold]) // YEAR, 0)
    return np.array(names)[np.searchsorted(bounds[:, 0], age, side="right") - 1]


CLAIMS = "claims"
"""What a means of control may follow beside facts: how much of what an operation says is false."""
NOTHING, CLAIMED = -1, -2
"""Instead of the number of a fact: the means follows no fact; it follows :data:`CLAIMS`."""


def _control_facts(region: Region, means: tuple[str, ...]) -> Ints:
    """Return (families, means) the fact that each means of control follows: its number, or one of the two above."""
    listed = region["people.control_by"]
    made = np.full((len(FAMILIES), len(means)), NOTHING)
    for f, family in enumerate(FAMILIES):
        names = [fact.name for fact in facts_of(family)]
        for name, fact in listed[family].items():
            if name not in means or fact not in (*names, CLAIMS):
                raise ValueError(
                    f"people.control_by: {family} has no {name} by {fact}: name a means and a fact"
                )
            made[f, means.index(name)] = CLAIMED if fact == CLAIMS else names.index(fact)
    return made


def rank_false_claims(region: Region, o: Operations) -> Words:
    """Return 64 uniform bits of each operation, which rise with the number of its false claims.

    They are uniform among trafficking operations of one family whose forms share a table of means of control, so that
    these keep their shares.
    """
    local, life = np.arange(len(o.id)), o.life
    false = ((life.said != SILENT) & (life.said != life.state.level)).sum(axis=1)
    tables = by_form(region, o, "people.control")
    alike = np.array([tables.index(one) for one in tables])[o.form]
    group = np.where(o.kind == TRAFFICKING, alike * len(FAMILIES) + o.family, -1)
    drawn = region.stream("people/claims").below(local[:, None], 1 << 30, np.arange(2))
    order = np.lexsort((drawn[:, 0], false, group))
    rank = np.empty_like(local)
    rank[order] = place_in_group(group[order])
    _, same, size = np.unique(group, return_inverse=True, return_counts=True)
    return (((rank << 30) + drawn[:, 1]) // size[same] << 33).view(np.uint64) << np.uint64(1)


def draw_control(
    region: Region, o: Operations, crew: Crew, person: Ints
) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the means of control, and (people, means) bool: which were used on each of those exploited.

    Each mostly follows one fact of the operation's life (``people.control_by``): who is under it are those of
    operations with the levels that trafficking makes likeliest, as many as published. Debts that bind somebody mostly
    take their earnings as well: both then follow the fact of either.
    """
    tables = by_form(region, o, "people.control")
    means = tuple(tables[0])
    p = np.array([[probability(x) for x in t.values()] for t in tables])[o.form[crew.owner]]
    number = np.arange(len(means))
    own = region.stream("people/control").bits(person[:, None], number)
    coupled = region.chance("people/coupled", person[:, None], "people.coupled", number)
    fact = _control_facts(region, means)[o.family[crew.owner]]
    words = o.life.state.couple(np.maximum(fact, 0), crew.owner[:, None], own, coupled & (fact >= 0))
    claims = rank_false_claims(region, o)[crew.owner]
    words = np.where(coupled & (fact == CLAIMED), claims[:, None], words)
    both = np.array([means.index(DEBT), means.index(EARNINGS)])
    bound = np.flatnonzero(region.chance("people/bound", person, "people.bound"))
    of_either = both[region.stream("people/binds").below(person[bound], len(both))]
    words[bound[:, None], both] = words[bound, of_either][:, None]
    used = (words >> np.uint64(48)).astype(np.int64) >= ONE - p
    return means, used & crew.exploited[:, None]


def probability_of_withheld_earnings(region: Region, table: dict[str, float]) -> int:
    """Return with what probability, out of 65,536, debts bind somebody or earnings are taken, by a table of means."""
    debt, earnings = (probability(table[name]) for name in (DEBT, EARNINGS))
    bound = probability(region["people.bound"])
    apart = ONE - ((ONE - debt) * (ONE - earnings) >> 16)
    return (bound * max(debt, earnings) + (ONE - bound) * apart) >> 16


STAGE = Stage(
    "people",
    ("places", "operations", "adverts", "messages", "suppliers"),
    tuple(TABLES.values()),
    generate,
)
