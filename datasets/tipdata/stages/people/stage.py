"""People: those exploited, and those who exploit them. All hidden.

Fields follow IOM's Human Trafficking Case Data Standard.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.draw import probability
from tipdata.core.kinds import TRAFFICKING
from tipdata.core.lists import lists
from tipdata.core.tables import Column, InWorld, Table
from tipdata.core.world import DAYS, Region
from tipdata.stages import Past, Stage
from tipdata.stages.operations.stage import Operations

EXPLOITED = "exploited"
STAFF = ("controller", "recruiter", "writer")
SEXES = ("male", "female")
ROOM = 8192
"""A person's local number is the operation's times this plus the person's own; the upper half is staff."""
YEAR = 365

PEOPLE = Table(
    "people",
    ("person",),
    (
        Column("region", pl.Int32(), "truth"),
        Column("person", pl.Int64(), "truth", id_of="people"),
        Column("operation", pl.Int64(), "truth", id_of="operations"),
        Column("role", pl.String(), "truth", values=(EXPLOITED, *STAFF)),
        Column(
            "age_band",
            pl.String(),
            "truth",
            "years",
            note="children only here, as margins; never in operations that post",
            values=InWorld(("people.age_bands",)),
        ),
        Column("sex", pl.String(), "truth", values=SEXES),
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
            note="how it ended; null where it lasts",
            values=InWorld(("people.exit",)),
        ),
    ),
    "People of trafficking operations: 500-6,000 exploited per region, most in operations that never post.",
)


@dataclass(frozen=True)
class People:
    """People of trafficking operations by position: arrays of equal length.

    ``local``: local number; ``owner``: local number of the operation; ``exploited``: not of the staff; ``adult``:
    eighteen or older; ``start``, ``end``: days, the end perhaps beyond the last day; ``exit``: how it ends.
    ``control``: (people, means) bool, columns as in ``means``.
    """

    local: np.ndarray
    owner: np.ndarray
    exploited: np.ndarray
    adult: np.ndarray
    start: np.ndarray
    end: np.ndarray
    exit: np.ndarray
    control: np.ndarray
    means: tuple[str, ...]


def generate(region: Region, past: Past) -> tuple[People, dict[str, pl.DataFrame]]:
    """Draw the people of one region."""
    o: Operations = past["operations"]
    exploited, staff = _numbers(region, o)
    owner = np.concatenate(
        [np.repeat(np.arange(len(o.id)), exploited), np.repeat(np.arange(len(o.id)), staff)]
    )
    is_staff = np.arange(len(owner)) >= exploited.sum()
    counts = np.concatenate([exploited, staff])
    within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    person = owner * ROOM + within + np.where(is_staff, ROOM // 2, 0)
    labour = o.form[owner] == o.forms.index("labour")
    start, end = _spell(region, person, labour)
    lasts = end >= DAYS
    exits = region["people.exit"]
    way = region.stream("people/exit").choose(person, np.array(list(exits.values())))
    role = np.where(
        is_staff, np.array(STAFF)[region.stream("people/role").choose(person, np.array([5, 3, 2]))], EXPLOITED
    )
    age_band = _age_bands(region, person, o.posts[owner] | is_staff)
    minor = list(region["people.age_bands"])[: region["people.minor_bands"]]
    means, control = _control(region, person, labour, ~is_staff)
    people = People(
        local=person,
        owner=owner,
        exploited=~is_staff,
        adult=~np.isin(age_band, minor),
        start=start,
        end=end,
        exit=np.array(list(exits))[way],
        control=control,
        means=means,
    )
    frame = pl.DataFrame(
        {
            "region": np.full(len(owner), region.index, dtype=np.int32),
            "person": region.ids("people", person),
            "operation": o.id[owner],
            "role": role,
            "age_band": age_band,
            "sex": pl.Series(SEXES)[_women(region, o, person, owner, is_staff).astype(np.int64)],
            "recruiter_relation": pl.Series(_relation(region, person, labour, is_staff)).replace("", None),
            "means_of_control": lists(np.array(means), control),
            "from_day": start.astype(np.int32),
            "to_day": pl.Series(np.where(lasts, -9999, end).astype(np.int32)).replace(-9999, None),
            "exit": pl.Series(np.where(lasts | is_staff, "", np.array(list(exits))[way])).replace("", None),
        }
    )
    return people, {"people": frame}


def _numbers(region: Region, o: Operations) -> tuple[np.ndarray, np.ndarray]:
    """Return exploited people and staff of each operation; zero but for trafficking ones."""
    local = np.arange(len(o.id))
    mean = region["people.posting"]
    few = 1 + mean * region.stream("people/few").quantile(local, "gamma_2.0") // 2_000_000
    share = region.stream("people/many").quantile(local, "gamma_0.5") + 20_000
    silent = (o.kind == TRAFFICKING) & ~o.posts
    total = np.maximum(share[silent].sum(), 1)
    many = 1 + region["people.hidden"] * share // total
    exploited = np.where(o.kind == TRAFFICKING, np.where(o.posts, few, many), 0)
    exploited = np.minimum(exploited, ROOM // 2 - 1)
    staff = 1 + exploited * probability(region["people.staff"]) // 65536
    return exploited, np.where(exploited > 0, np.minimum(staff, 60), 0)


def _age_bands(region: Region, person: np.ndarray, adults_only: np.ndarray) -> np.ndarray:
    weights = np.array(list(region["people.age_bands"].values()))
    adults = weights.copy()
    adults[: region["people.minor_bands"]] = 0
    table = np.stack([weights, adults])[adults_only.astype(np.int64)]
    return np.array(list(region["people.age_bands"]))[region.stream("people/age_band").choose(person, table)]


def _women(
    region: Region, o: Operations, person: np.ndarray, owner: np.ndarray, staff: np.ndarray
) -> np.ndarray:
    by_form = np.array([probability(region["people.women"][f]) for f in o.forms])[o.form[owner]]
    p = np.where(staff, probability(region["people.women_staff"]), by_form)
    return region.stream("people/sex").chance(person, p)


def _relation(region: Region, person: np.ndarray, labour: np.ndarray, staff: np.ndarray) -> np.ndarray:
    tables = [region["people.relation.other"], region["people.relation.labour"]]
    weights = np.array([list(t.values()) for t in tables])[labour.astype(np.int64)]
    picked = np.array(list(tables[0]))[region.stream("people/relation").choose(person, weights)]
    return np.where(staff, "", picked)


def _control(
    region: Region, person: np.ndarray, labour: np.ndarray, exploited: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the means of control, and (people, means) bool: which were used on each of those exploited."""
    tables = [region["people.control.other"], region["people.control.labour"]]
    p = np.array([[probability(x) for x in t.values()] for t in tables])[labour.astype(np.int64)]
    used = region.stream("people/control").chance(person[:, None], p, np.arange(p.shape[1])[None, :])
    return tuple(tables[0]), used & exploited[:, None]


def _spell(region: Region, person: np.ndarray, labour: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From and to day: under one, one to two, or two to five years, anywhere that touches the world's time."""
    weights = np.array([region["people.duration.other"], region["people.duration.labour"]])[
        labour.astype(np.int64)
    ]
    band = region.stream("people/duration").choose(person, weights)
    low, wide = np.array([20, YEAR, 2 * YEAR])[band], np.array([YEAR - 20, YEAR, 3 * YEAR])[band]
    length = low + region.stream("people/length").below(person, wide)
    start = region.stream("people/from").below(person, DAYS + length) - length
    return start, start + length


STAGE = Stage("people", ("operations",), (PEOPLE,), generate)
