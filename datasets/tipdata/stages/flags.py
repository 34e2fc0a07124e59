"""Flags: what the crowd reports, rightly, out of prejudice, out of rivalry, and in brigades. Positive-only."""

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.kinds import KINDS
from tipdata.core.tables import decode, read_tables, repeat_rows, with_nulls
from tipdata.core.world import Region
from tipdata.stages import Past, Stage, Tables
from tipdata.stages.adverts.stage import Adverts
from tipdata.stages.operations.stage import Operations

ROOM = 16
"""An advert's viewers are numbered below this."""
BRIGADES = 1 << 24
"""Local numbers of a brigade's flags start here."""
BRIGADE_ROOM = 256


def generate(region: Region, past: Past) -> tuple[None, Tables]:
    """Draw the flags of one region."""
    o: Operations = past["operations"]
    adverts: Adverts = past["adverts"]
    flags = zip(_by_viewers(region, o, adverts), _by_brigades(region, adverts), strict=True)
    number, at, day, flagger, brigade = map(np.concatenate, flags)
    weights = region.values("flags.reason_weights", KINDS)[o.kind[adverts.operation[at]]]
    return None, {
        "flags": {
            "flag": region.ids("flags", number),
            "advert": adverts.id[at],
            "flagger": region.ids("flaggers", flagger),
            "day": day,
            "reason": decode(region["flags.reasons"], region.stream("flags/reason").choose(number, weights)),
            "brigade": with_nulls(region.ids("brigades", brigade), brigade >= 0),
        }
    }


def _by_viewers(region: Region, o: Operations, adverts: Adverts) -> tuple[Ints, ...]:
    """Return local number, advert, day, flagger and brigade (-1) of flags by single viewers."""
    kind = o.kind[adverts.operation]
    p = region.chances("flags.rate", KINDS)[kind]
    reach = probability(region["flags.reach"])
    migrant = o.traits["migrant"][adverts.operation] == 1
    p = np.where(migrant, (p * reach >> 16) + probability(region["flags.prejudice"]), p)
    p = p + np.where(o.family[adverts.operation] == 0, probability(region["flags.rivalry"]), 0)
    watched = region.stream("flags/watched").quantile(adverts.row, "gamma_0.3") // 300
    p = np.minimum(p * np.minimum(watched, 4000) // 1000, 60000)
    viewers = np.arange(region["flags.viewers"])[None, :]
    at, viewer = np.nonzero(region.stream("flags/viewer").chance(adverts.row[:, None], p[:, None], viewers))
    number = adverts.row[at] * ROOM + viewer
    delay = region.spread("flags/delay", number, "exponential", region["flags.delay_days"])
    people = region["flags.flaggers"]
    # A few people flag most: the square of a uniform draw.
    first, second = (region.stream("flags/flagger").below(number, people, k) for k in (0, 1))
    day = np.minimum(adverts.day[at] + delay, adverts.until[at])
    return number, at, day, first * second // people, np.full(len(at), -1)


def _by_brigades(region: Region, adverts: Adverts) -> tuple[Ints, ...]:
    """Return the same of brigades: many flaggers hit one operation's adverts on one day."""
    brigade = np.arange(region["flags.brigades"])
    if not len(adverts.row):
        brigade = brigade[:0]
    size = region.between("brigades/size", brigade, region["flags.brigade_size"])
    target = region.stream("brigades/target").below(brigade, max(len(adverts.row), 1))
    which, place = repeat_rows(size)
    number = BRIGADES + which * BRIGADE_ROOM + place
    # The rows of an operation's template stand side by side, so neighbours of the target are its re-posts.
    near = target[which] + region.stream("brigades/near").below(number, 3)
    near = np.minimum(near, len(adverts.row) - 1)
    same = adverts.operation[near] == adverts.operation[target[which]] if len(which) else np.zeros(0, bool)
    at = np.where(same, near, target[which])
    day = np.minimum(np.maximum(adverts.day[at], adverts.day[target[which]]) + 1, adverts.until[at])
    flagger = which * BRIGADE_ROOM + region.stream("brigades/flagger").below(number, 60)
    return number, at, day, region["flags.flaggers"] + flagger, which


STAGE = Stage("flags", ("operations", "adverts"), tuple(read_tables("flags").values()), generate)
