"""What is measured over several worlds or tasks, as figures and tables show it; nothing of it is computed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Ranking:
    """Mean ranks, best first. ``over``: what they are means over, such as ``7 worlds``.

    ``critical_difference``: of two mean ranks, None where it is not known. ``groups``: names that are not told apart.
    """

    names: Sequence[str]
    mean_ranks: Sequence[float]
    critical_difference: float | None
    groups: Sequence[Sequence[str]]
    over: str


@dataclass(frozen=True)
class Pair:
    """Two methods that follow each other here; ``share``: of worlds in which ``better`` is better than ``worse``."""

    better: str
    worse: str
    share: float


@dataclass(frozen=True)
class Worlds:
    """A task over independent worlds. ``tau``: Kendall's, of the ranking, over pairs of worlds."""

    ranking: Ranking
    pairs: Sequence[Pair]
    tau: float | None


@dataclass(frozen=True)
class Measured:
    """All there is of one release. ``across``: methods over tasks, None where too few share tasks."""

    across: Ranking | None = None
    by_task: Mapping[str, Worlds] = field(default_factory=dict)
