"""Which operations have their wallets in the sample: one rule for lawful ones and those that traffic.

Spam has no wallets here.
"""

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.kinds import SPAM
from tipdata.core.world import Region
from tipdata.stages.operations.stage import Operations


def draw_sample(region: Region, o: Operations, seen: np.ndarray) -> Ints:
    """Return local numbers of the operations in the sample. ``seen``: bool, those that travel or place people with
    firms.

    Whether an operation posts, and whether it is seen otherwise, decides; nothing else does.
    """
    local = np.arange(len(o.id))
    p = {name: probability(share) for name, share in region["payments.sampled"].items()}
    chance = np.where(o.posts, p["posts"], np.where(seen, p["seen"], p["silent"]))
    drawn = region.stream("payments/operations").chance(local, chance)
    return np.flatnonzero(drawn & (o.kind != SPAM))
