"""How many people an operation exploits. Sizes differ by form: a household is smaller than a compound.

Each form has bounds of its own (``people.sizes``), between which the size is log-uniform and mostly read from the
fact ``heads`` of the life. Those of some forms that never post are larger, by the share that each has of the region's
total of hidden people beside all others (``people.open_ended``): they last for years, and people come and go.
"""

from __future__ import annotations

import numpy as np

from tipdata.core.draw import Ints, log_uniform_from_bits
from tipdata.core.kinds import TRAFFICKING
from tipdata.core.world import Region
from tipdata.stages.operations.stage import Operations
from tipdata.text.facts import number_of

ALONE = "individual"
"""The organisation of one person."""
HEADS = "heads"


def size_bounds(region: Region, o: Operations) -> Ints:
    """Return the fewest and the most people of each operation, (operations, 2); meaningless for lawful operations.

    One person alone exploits few.
    """
    usual, posting = region["people.sizes"], region["people.sizes_posting"]
    by_form = np.array([[usual[form], posting.get(form, usual[form])] for form in o.forms])
    bounds = by_form[o.form, o.posts.astype(np.int64)]
    return np.where(is_alone(region, o)[:, None], np.minimum(bounds, region["people.most_alone"]), bounds)


def is_alone(region: Region, o: Operations) -> np.ndarray:
    """Return bool by operation: it is one person alone."""
    return o.organisation == list(region["operations.organisation"]).index(ALONE)


def draw_sizes(region: Region, o: Operations) -> Ints:
    """Return how many people each operation would exploit, before those are counted whom it needs for a certain day.

    0 for lawful ones.
    """
    local = np.arange(len(o.id))
    low, high = size_bounds(region, o).T
    coupled = region.chance("people/heads_coupled", local, "people.coupled")
    words = o.life.state.couple(number_of(HEADS), local, region.stream("people/heads").bits(local), coupled)
    size = np.where(o.kind == TRAFFICKING, log_uniform_from_bits(words, low, high), 0)
    listed = region["people.open_ended"]
    silent = (o.kind == TRAFFICKING) & ~o.posts
    open_ = silent & ~is_alone(region, o) & np.isin(o.forms, list(listed))[o.form]
    behind = region.values("people.size", region["operations.organisation"])[o.organisation]
    often = region.stream("people/many").quantile(local, "gamma_0.5") // 1000 + 20
    weight = np.array([round(100 * listed.get(form, 0)) for form in o.forms])[o.form] * behind * size
    days = o.ends - o.begins + 1
    weight *= often * (days * days // 365 + 1)  # what lasts longer is larger and more come and go
    weight[~open_] = 0
    rest = region["people.hidden"] - int(size[silent & ~open_].sum())
    return np.where(open_, np.maximum(rest * weight // max(int(weight.sum()), 1), low), size)
