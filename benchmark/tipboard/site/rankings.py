"""Hold rankings of methods over several worlds or tasks, as figures and tables show them; nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class MeanRanks:
    """Mean ranks, best first. ``over``: what they are means over, such as ``7 worlds``.

    ``critical_difference``: of two mean ranks, None where it is not known. ``groups``: names not clearly different.
    """

    names: Sequence[str]
    mean_ranks: Sequence[float]
    critical_difference: float | None
    groups: Sequence[Sequence[str]]
    over: str


@dataclass(frozen=True)
class Pair:
    """Two methods, the better by mean rank first; ``share``: of worlds in which it is better, a tie one half."""

    better: str
    worse: str
    share: float


@dataclass(frozen=True)
class Worlds:
    """A task over independent worlds. ``pairs``: every two methods. ``tau`` and ``least_tau``: Kendall's, between the
    rankings of two worlds, mean and smallest; None where a world ties all methods."""

    ranking: MeanRanks
    pairs: Sequence[Pair]
    tau: float | None
    least_tau: float | None = None


@dataclass(frozen=True)
class BoardRankings:
    """All there is of one release. ``across``: ranked methods over tasks, None where there are not enough of them."""

    across: MeanRanks | None = None
    by_task: Mapping[str, Worlds] = field(default_factory=dict)
