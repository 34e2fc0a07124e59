"""How money follows the life of an operation.

Habits of its schemes are coupled to its state (:mod:`tipdata.stages.operations.state`). What people pay depends on the
operation's price, hours and number of workers. On a payday, wages are withheld from the people exploited there then.
"""

from functools import partial

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.kinds import CATEGORIES, FAMILIES, TRAFFICKING
from tipdata.core.world import Region
from tipdata.stages.operations.habits import Lead
from tipdata.stages.operations.stage import Operations
from tipdata.stages.operations.state import SILENT
from tipdata.stages.people import People
from tipdata.text.facts import facts_of

AS_IT_IS = 1000
"""Thousandths that leave a sum unchanged."""
NOT_THERE = -1


def lead_habits(region: Region, o: Operations, mechanism: str, number: Ints, owner: Ints) -> dict[str, Lead]:
    """Return, for the coupled habits of a mechanism's schemes, the fact of the state that decides each.

    ``payments.coupled`` of the schemes with an owner go by its state in all these habits, the others in none. Habits
    of a mechanism go by different facts, so that they stay independent given the group.

    Args:
        number: local number of each scheme.
        owner: local number of its operation, -1 for nobody's.

    Raises:
        ValueError: for a habit of which the world file does not list all levels.
    """
    coupled = (owner >= 0) & region.chance("payments/coupled", number, "payments.coupled")
    found: dict[str, Lead] = {}
    for habit, (fact, *rising) in region[f"payments.couples.{mechanism}"].items():
        column = fact_columns(fact)[o.family[owner]]
        here = coupled & (column != NOT_THERE)
        levels = region[f"payments.{mechanism}.habits.{habit}"]["levels"]
        if sorted(rising) != sorted(levels):
            raise ValueError(
                f"payments.couples.{mechanism}: {habit} has the levels {', '.join(levels)}: list all"
            )
        lead = partial(o.life.state.couple, np.maximum(column, 0), owner, coupled=here)
        found[habit] = lead, np.array([levels.index(level) for level in rising])
    return found


def fact_columns(name: str) -> Ints:
    """Return the column of a fact in the state for each family, :data:`NOT_THERE` where the family has none."""
    names = [[fact.name for fact in facts_of(family)] for family in FAMILIES]
    return np.array([listed.index(name) if name in listed else NOT_THERE for listed in names])


def scale_sums(region: Region, o: Operations, mechanism: str, owner: Ints) -> Ints:
    """Return by how many thousandths the sums of each scheme are multiplied; :data:`AS_IT_IS` for those of nobody.

    A payment in the middle is worth so many hours, days or months of work (``payments.takings.spells``) at the usual
    price of the category, times what the levels of price, times and heads of its state are worth.

    ``owner``: local number of each scheme's operation, -1 for nobody's.
    """
    as_it_is = np.full(len(owner), AS_IT_IS)
    if mechanism not in region["payments.takings.spells"]:
        return as_it_is
    spells = region["payments.takings.spells"][mechanism]
    middle = region["payments.takings.middle"][mechanism]
    bases = [spells.get(region["prices.basis"][category], 0) for category in CATEGORIES]
    worth = (
        np.array([round(1000 * spell) for spell in bases]) * region.values("prices.base", CATEGORIES) * 100
    )
    scale = np.where(worth > 0, worth // middle, AS_IT_IS)[o.category[owner]]
    for fact in region["payments.takings.by_state"][mechanism]:
        listed = region[f"payments.takings.worth.{fact}"]
        level = o.life.state.level[owner, np.maximum(fact_columns(fact)[o.family[owner]], 0)]
        factor = np.append(np.rint(1000 * np.array(list(listed.values()))).astype(np.int64), AS_IT_IS)
        scale = scale * factor[np.where(level == SILENT, len(listed), level)] // 1000
    return np.where(owner >= 0, np.maximum(scale, 1), as_it_is)


def is_taken(o: Operations, people: People, owner: Ints, day: Ints, seat: Ints) -> np.ndarray:
    """Return bool: whether the wages of a seat are passed on, because somebody fills it on the day.

    A trafficking operation fills as many seats, the first ones, as people are exploited there on the day. Those of
    others are all taken.

    Args:
        owner: local number of the operation of each seat, -1 for nobody's.
        seat: place among the seats of its scheme, from 0.
    """
    span = 1 << 16
    ours = people.exploited
    spells = (people.start, people.end + 1)
    come, gone = (np.sort(people.owner[ours] * span + np.clip(day[ours], 0, span - 1)) for day in spells)
    at = np.maximum(owner, 0) * span + np.clip(day, 0, span - 1)
    there = np.searchsorted(come, at, side="right") - np.searchsorted(gone, at, side="right")
    return (owner < 0) | (o.kind[owner] != TRAFFICKING) | (there > seat)
