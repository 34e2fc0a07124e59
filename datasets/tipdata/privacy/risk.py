"""How much an attack finds out beyond what it would of anybody: the risk of Giomi et al. (2023), with its interval.

Success on records of a control, which the audited table cannot know, is what can be said of anybody. The risk is the
success beyond that, as a share of what was left to be found: (attack - control) / (1 - control). Rates are those of
Wilson (1927), and the half-width of the risk is that of both by linear propagation.
"""

from __future__ import annotations

import math
from typing import NamedTuple

Z = 1.959963984540054
"""Of a two-sided interval of 95%."""
WIDE_Z = 2.5758293035489
"""Of one of 99%."""


class Rate(NamedTuple):
    """A rate of success and the half-width of its interval, of 95% unless another is asked for."""

    value: float
    error: float


class Risk(NamedTuple):
    """A risk between 0 and 1 with its interval, which is that of its two rates."""

    value: float
    low: float
    high: float


def rate_of(successes: int, attacks: int, z: float = Z) -> Rate:
    """Return Wilson's rate of so many successes. Raises ValueError where there was no attack."""
    if not 0 <= successes <= attacks or not attacks:
        raise ValueError(f"{successes} successes of {attacks} attacks are no rate")
    whole = attacks + z * z
    spread = successes * (attacks - successes) / attacks + z * z / 4
    return Rate((successes + z * z / 2) / whole, z * math.sqrt(spread) / whole)


def risk_of(attack: Rate, control: Rate) -> Risk:
    """Return the risk beyond the control, cut to 0 and 1."""
    left = 1 - control.value
    value = (attack.value - control.value) / left
    error = math.hypot(attack.error / left, control.error * (1 - attack.value) / left**2)
    return Risk(*(min(max(one, 0.0), 1.0) for one in (value, value - error, value + error)))
