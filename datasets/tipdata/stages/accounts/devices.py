"""On which device each account was opened: one of the person who runs it, one that a circle shares, or one of a shop.

Several people run the accounts of a group, each on devices of their own that are replaced after a while. What is shared
is shared by lawful circles as well: a household's computer, an office's, and those of shops and internet cafés.
"""

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.world import Region
from tipdata.stages.operations.stage import Operations

HANDS = 8
"""The number of who runs an account is their operation's times this plus their own, or that of nobody's account."""
ROOM = 16
"""A device's number is its person's times this, plus which of theirs it is."""
REPLACED = 4
"""So many devices follow one another before numbers come again: after years."""
COMMON, PUBLIC = 1 << 26, 1 << 28
"""Local numbers of devices of circles, and of shops, start here."""


def draw_devices(
    region: Region, o: Operations, number: Ints, owner: Ints, circle: Ints, opened: Ints
) -> Ints:
    """Return the local number of each account's device.

    Args:
        owner: operation of each account, -1 where it is nobody's.
        circle: number of the circle that each belongs to.
        opened: day.
    """
    owned = owner >= 0
    hands = np.array([region["accounts.hands"][name] for name in region["operations.organisation"]])
    hand = region.stream("accounts/hand").below(number, hands[o.organisation[owner]])
    person = np.where(owned, owner * HANDS + hand, number)
    keeps = region["accounts.device_days"]
    turn = (opened + region.stream("accounts/device_from").below(person, keeps)) // keeps
    which = region.stream("accounts/which_device").choose(number, np.array(region["accounts.devices"]))
    own = person * ROOM + turn % REPLACED * (ROOM // REPLACED) + which

    def happens(name: str) -> np.ndarray:
        return region.stream(f"accounts/{name}").chance(number, probability(region[f"accounts.{name}"]))

    cafe = region.stream("accounts/cafe").below(number, region["accounts.cafes"])
    device = np.where(happens("common_device"), COMMON + circle, own)
    return np.where(happens("shared_device"), PUBLIC + cafe, device)
