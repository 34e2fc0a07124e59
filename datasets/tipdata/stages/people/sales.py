"""Sales: who is handed on leaves the seller, and comes to the buyer, on one day.

Networks and armed groups hand people on. A buyer takes them for a form that fits and while it lives, in the place of
people whom it would have had through others; for whom there is no buyer in the region is handed on beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.world import Region
from tipdata.stages.operations.stage import Operations


@dataclass(frozen=True)
class Sales:
    """Positions among the people, one entry per sale: as one of the ``seller``'s and as one of the ``buyer``'s."""

    seller: Ints
    buyer: Ints


def draw_sales(
    region: Region, o: Operations, owner: Ints, person: Ints, end: Ints, leaves: np.ndarray, open_: np.ndarray
) -> Sales:
    """Return who is sold as whom.

    Args:
        owner, person, end: of each of the people; local numbers, and the day of leaving.
        leaves: bool, those who are handed on within the window.
        open_: bool, places that buyers have.
    """
    sold, places = np.flatnonzero(leaves), np.flatnonzero(open_)
    buyers, first, room = np.unique(owner[places], return_index=True, return_counts=True)
    if not len(sold) or not len(buyers):
        return Sales(sold[:0], places[:0])
    day, stays = end[sold][:, None], region["people.shortest_days"]
    fits = (day >= o.begins[buyers]) & (day <= o.ends[buyers] - stays) & (owner[sold][:, None] != buyers)
    listed = region["people.sold_into"]
    by_form = np.array([[listed.get(sells, {}).get(buys, 0) for buys in o.forms] for sells in o.forms])
    weights = fits * room * by_form[o.form[owner[sold]][:, None], o.form[buyers]]
    chosen = region.stream("people/buyer").choose(person[sold], weights)
    chosen = np.where(weights.any(axis=1), chosen, len(buyers))
    # The first buys take what places a buyer has.
    order = np.argsort(chosen, kind="stable")
    turn = np.arange(len(sold)) - np.searchsorted(chosen[order], chosen[order])
    taken = turn < np.append(room, 0)[chosen[order]]
    return Sales(sold[order][taken], places[first[chosen[order][taken]] + turn[taken]])
