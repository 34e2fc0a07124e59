"""People: those exploited, and those who exploit them. All hidden.

Fields follow IOM's Human Trafficking Case Data Standard.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.columns import known, named
from tipdata.core.draw import ONE, probability
from tipdata.core.lists import lists
from tipdata.core.tables import Column, InWorld, Table
from tipdata.core.world import DAYS, Region
from tipdata.stages import Past, Stage
from tipdata.stages.messages.outcomes import Joined
from tipdata.stages.operations.stage import Operations
from tipdata.stages.people.lives import (
    WAYS,
    YEAR,
    by_form,
    draw_crew,
    draw_relation,
    draw_role,
    draw_stay,
)
from tipdata.stages.people.needed import find_needed
from tipdata.stages.places.stage import Places

EXPLOITED = "exploited"
STAFF = ("controller", "recruiter", "writer")
SEXES = ("male", "female")
DEBT, EARNINGS = "debt_bondage", "takes_earnings"
ROOM = 8192
"""A person's local number is the operation's times this plus the person's own; the upper half is staff."""

PEOPLE = Table(
    "people",
    ("person",),
    (
        Column("region", pl.Int32(), "truth"),
        Column("person", pl.Int64(), "truth", id_of="people"),
        Column("operation", pl.Int64(), "truth", id_of="operations"),
        Column("role", pl.String(), "truth", values=(EXPLOITED, *STAFF)),
        Column("town", pl.Int32(), "truth", note="home of the operation", id_of="places"),
        Column(
            "age_band",
            pl.String(),
            "truth",
            "years",
            note="on from_day, so that whoever is a row was an adult when it began",
            values=InWorld(("people.age_bands.exploited", "people.age_bands.staff")),
        ),
        Column("sex", pl.String(), "truth", values=SEXES),
        Column(
            "way",
            pl.String(),
            "truth",
            note="how those exploited came to the operation",
            values=WAYS,
        ),
        Column(
            "conversation",
            pl.Int64(),
            "truth",
            note="by which they came",
            id_of="conversations",
        ),
        Column(
            "from_operation",
            pl.Int64(),
            "truth",
            note="that sold them; null for others",
            id_of="operations",
        ),
        Column(
            "from_person",
            pl.Int64(),
            "truth",
            note="who they were there: a row that ends, moved on, on the day on which this one begins",
            id_of="people",
        ),
        Column(
            "recruiter_relation",
            pl.String(),
            "truth",
            note="of those exploited",
            values=InWorld(("people.relation.labour", "people.relation.other")),
        ),
        Column(
            "means_of_control",
            pl.List(pl.String()),
            "truth",
            note="of those exploited",
            values=InWorld(("people.control.labour", "people.control.other")),
        ),
        Column("from_day", pl.Int32(), "truth", "day", note="may lie before the first day"),
        Column("to_day", pl.Int32(), "truth", "day", note="null where it lasts beyond the last day"),
        Column(
            "exit",
            pl.String(),
            "truth",
            note="how it ended; null where it lasts. By authorities: one person was found, at a border or at work, "
            "which settles nothing about the operation; or all who were there when an investigation stopped it",
            values=InWorld(("people.exit",)),
        ),
    ),
    "People of trafficking operations: 500-6,000 adults exploited per region, most in operations that never post. Who "
    "is sold has a row with each operation.",
)


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


def generate(region: Region, past: Past) -> tuple[People, dict[str, pl.DataFrame]]:
    """Draw the people of one region: adults alone, each within the life of the operation."""
    places: Places = past["places"]
    o: Operations = past["operations"]
    joined: Joined = past["messages"]
    needed = find_needed(region, o, past["suppliers"].exploitation)
    crew = draw_crew(region, o, joined, needed, ROOM // 2 - 1)
    person = crew.owner * ROOM + crew.within + np.where(crew.exploited, 0, ROOM // 2)
    relation = draw_relation(region, o, crew, person)
    stay = draw_stay(region, o, crew, person, relation)
    tables = by_form(region, o, "people.control")
    means, control = _control(region, person, tables, o.form[crew.owner], crew.exploited)
    people = People(
        local=person,
        owner=crew.owner,
        exploited=crew.exploited,
        start=stay.start,
        end=stay.end,
        exit=stay.exit,
        control=control,
        means=means,
        women=_as_before(_women(region, o, person, crew.owner, ~crew.exploited), stay.sold),
        sold=stay.sold,
    )
    relation = np.where(crew.exploited, relation, "")
    more = {
        "role": np.where(crew.exploited, EXPLOITED, draw_role(region, o, crew, person)),
        "town": places.town[o.town[crew.owner]],
        "way": named(WAYS, np.where(crew.exploited, stay.way, -1)),
        "conversation": known(region.ids("conversations", crew.conversation), crew.conversation >= 0),
        "from_operation": known(o.id[crew.owner[stay.sold]], stay.sold >= 0),
        "from_person": known(region.ids("people", person[stay.sold]), stay.sold >= 0),
    }
    frame = _frame(region, o, people, _age_band(region, people), relation)
    return people, {"people": frame.hstack(pl.DataFrame(more))}


def _as_before(values: np.ndarray, sold: np.ndarray) -> np.ndarray:
    """Return values in which who was sold has that of who they were."""
    return np.where(sold >= 0, values[sold], values)


def _age_band(region: Region, p: People) -> np.ndarray:
    """Return the age band of each on the first day of the spell; who was sold is as much older as time went by."""
    names = list(region["people.age_bands.exploited"])
    weights = np.array([list(region[f"people.age_bands.{who}"].values()) for who in ("staff", "exploited")])
    chosen = region.stream("people/age_band").choose(p.local, weights[p.exploited.astype(np.int64)])
    low, high = np.array([[int(name.rstrip("+").split("-")[end]) for end in (0, -1)] for name in names]).T
    age = low[chosen] + region.stream("people/age").below(p.local, (high - low + 1)[chosen])
    age = _as_before(age, p.sold) + np.where(p.sold >= 0, (p.start - p.start[p.sold]) // YEAR, 0)
    return np.array(names)[np.searchsorted(low, age, side="right") - 1]


def _frame(
    region: Region, o: Operations, p: People, age_band: np.ndarray, relation: np.ndarray
) -> pl.DataFrame:
    lasts = p.end >= DAYS
    return pl.DataFrame(
        {
            "region": np.full(len(p.local), region.index, dtype=np.int32),
            "person": region.ids("people", p.local),
            "operation": o.id[p.owner],
            "age_band": age_band,
            "sex": pl.Series(SEXES)[p.women.astype(np.int64)],
            "recruiter_relation": known(relation, relation != ""),
            "means_of_control": lists(np.array(p.means), p.control),
            "from_day": p.start.astype(np.int32),
            "to_day": known(p.end, ~lasts),
            "exit": known(p.exit, ~lasts & p.exploited),
        }
    )


def _women(
    region: Region, o: Operations, person: np.ndarray, owner: np.ndarray, staff: np.ndarray
) -> np.ndarray:
    by_form = np.array([probability(region["people.women"][f]) for f in o.forms])[o.form[owner]]
    p = np.where(staff, probability(region["people.women_staff"]), by_form)
    return region.stream("people/sex").chance(person, p)


def _control(
    region: Region,
    person: np.ndarray,
    tables: list[dict[str, float]],
    which: np.ndarray,
    exploited: np.ndarray,
) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the means of control, and (people, means) bool: which were used on each of those exploited; ``which`` of
    the tables has their probabilities. Whose debts bind them has mostly their earnings taken as well."""
    means = tuple(tables[0])
    p = np.array([[probability(x) for x in t.values()] for t in tables])[which]
    bound = region.stream("people/bound").chance(person, probability(region["people.bound"]))
    number = np.tile(np.arange(len(means)), (len(person), 1))
    number[bound, means.index(EARNINGS)] = means.index(DEBT)
    used = region.stream("people/control").chance(person[:, None], p, number)
    return means, used & exploited[:, None]


def either_kept(region: Region, table: dict[str, float]) -> int:
    """Return with what probability, out of 65,536, debts bind somebody or earnings are taken, by a table of means."""
    debt, earnings = (probability(table[name]) for name in (DEBT, EARNINGS))
    bound = probability(region["people.bound"])
    apart = ONE - ((ONE - debt) * (ONE - earnings) >> 16)
    return (bound * max(debt, earnings) + (ONE - bound) * apart) >> 16


STAGE = Stage("people", ("places", "operations", "messages", "suppliers"), (PEOPLE,), generate)
