"""Captures: who of a region's hidden people is seen by which of six lists. Only counts are published.

A list sees a person by the person's visibility, form of exploitation and sex. Visibility is partly that of the whole
operation, so one who is found by one list is likelier found by another; some who were seen by one list keep away from
another; and lists refer people to each other. None of this can be learnt from the counts alone.
"""

from math import isqrt

import numpy as np

from tipdata.core.draw import Ints, log, probability, sigmoid
from tipdata.core.tables import read_tables
from tipdata.core.world import Region
from tipdata.stages import Columns, Past, Stage, Tables
from tipdata.stages.operations.stage import Operations
from tipdata.stages.people import SEXES, People

LISTS = ("police", "border", "labour_inspectorate", "shelter", "hotline", "platform")
ANY = "any"
"""Level of a stratum that is not divided by the column."""
CERTAIN = 1 << 30
"""The denominator of probabilities of being seen by any list."""
WHOLE = 1000
"""Thousandths of a person in one."""


def generate(region: Region, past: Past) -> tuple[int, Tables]:
    """Draw the captures of one region; the state is the number of those observed."""
    o: Operations = past["operations"]
    p: People = past["people"]
    # Who is sold is one person with two rows, and is counted with the last.
    person, owner, women = p.local[p.last], p.owner[p.last], p.women[p.last]
    merged = list(region["captures.forms"].values())
    coarse = np.array([next(i for i, forms in enumerate(merged) if form in forms) for form in o.forms])
    form = coarse[o.form[owner]]
    chance = sigmoid(_logits(region, person, owner, form, women))
    found = region.stream("captures/found").chance(person[:, None], chance, np.arange(len(LISTS)))
    # Some avoid a second list after the first, whichever came first.
    kept = found.copy()
    for pair, share in region.group("captures.avoidance").items():
        ends = np.array([LISTS.index(name) for name in pair.split("_and_")])
        avoids = region.stream(f"captures/avoids/{pair}").chance(person, probability(share))
        rows = np.flatnonzero(found[:, ends].all(axis=1) & avoids)
        later = region.stream(f"captures/avoided/{pair}").below(person[rows], 2)
        kept[rows, ends[later]] = False
    # One list refers people to another.
    on_list = kept.copy()
    for pair, share in region.group("captures.referral").items():
        start, end = (LISTS.index(name) for name in pair.split("_to_"))
        referred = region.stream(f"captures/refers/{pair}").chance(person, probability(share))
        on_list[:, end] |= kept[:, start] & referred
    seen = on_list.any(axis=1)
    strata = {
        "form": (form[seen], (*region["captures.forms"], ANY)),
        "sex": (women[seen].astype(np.int64), (*SEXES, ANY)),
    }
    inverse, variance = _inverse_chances(chance[seen])
    return int(seen.sum()), {
        "case_lists": _count_patterns(region, on_list[seen], strata),
        "populations": {
            "observed": [int(seen.sum())],
            "lists": [len(LISTS)],
            "hidden": [len(person)],
            "inverse_chance": [inverse],
            "inverse_chance_variance": [variance],
        },
    }


def _logits(region: Region, person: Ints, owner: Ints, form: Ints, women: np.ndarray) -> Ints:
    """Return log-odds (people, lists) in milli-nats of being found by each list, before anyone refers or avoids."""
    each = np.arange(len(LISTS))
    spread = region.spread("captures/spread", each, "normal", region["captures.spread"])
    base = region.values("captures.base", LISTS) + spread
    # Small regions see more of their people: log of the people by the shipped table, in eighths of a person.
    people = log(np.minimum(8 * np.array([len(person), region["captures.size_at"]]), 65536))
    level = region["captures.level"] - region["captures.size"] * int(people[0] - people[1]) // 1000
    by_form = np.array([[listed[name] for name in LISTS] for listed in region["captures.by_form"].values()])
    by_women = np.where(women[:, None], region.values("captures.women", LISTS), 0)
    weight = np.array([region[f"captures.visibility.{name}"] for name in LISTS])
    shared = region["captures.shared"]
    own = isqrt(1000 * 1000 - shared * shared)
    common = region.stream("captures/operation").quantile(owner, "normal")
    single = region.stream("captures/person").quantile(person, "normal")
    visible = (shared * common + own * single) // 1_000_000
    return base + level + by_form[form] + by_women + visible[:, None] * weight // 1000


def _inverse_chances(chance: np.ndarray) -> tuple[int, int]:
    """Sum over people of 1 / p and of (1 - p) / p squared in thousandths, p the chance that any list finds them.

    ``chance`` (people, lists) out of 65,536. Who avoids a list is on another, and who is referred was on one, so
    neither changes p.
    """
    missed = np.full(len(chance), CERTAIN)
    for by_list in chance.T:
        missed = missed * (65536 - by_list) >> 16
    inverse = CERTAIN * WHOLE // (CERTAIN - missed)
    return int(inverse.sum()), int((inverse * (inverse - WHOLE) // WHOLE).sum())


def _count_patterns(
    region: Region, on_list: np.ndarray, strata: dict[str, tuple[np.ndarray, tuple[str, ...]]]
) -> Columns:
    """Return counts by stratum and pattern; a column divides a stratum only into parts with enough people."""
    stratum = np.zeros(len(on_list), dtype=np.int64)
    for level, names in strata.values():
        parts = len(names) - 1
        sizes = np.bincount(stratum * parts + level, minlength=(stratum.max() + 1) * parts).reshape(-1, parts)
        enough = (sizes >= region["captures.smallest_stratum"]).all(axis=1)
        stratum = stratum * len(names) + np.where(enough[stratum], level, parts)
    pattern = (on_list * (1 << np.arange(len(LISTS)))).sum(axis=1)
    row, count = np.unique(stratum << len(LISTS) | pattern, return_counts=True)
    columns: dict[str, np.ndarray] = {}
    left = row >> len(LISTS)
    for column, (_, names) in reversed(strata.items()):
        columns[column] = np.array(names)[left % len(names)]
        left = left // len(names)
    return columns | {name: row >> index & 1 > 0 for index, name in enumerate(LISTS)} | {"count": count}


STAGE = Stage("captures", ("operations", "people"), tuple(read_tables("captures").values()), generate)
