"""Does a fresh world support a released score? The rule that marks a reproduced entry whose two scores do not agree.

The truth of an open release can be made again by anybody and carried inside a wheel; that of a world whose number was
drawn after the package was pinned cannot. A released score is *not supported* where it is better than the fresh one by
more than noise and a margin::

    d > sqrt(r^2 + f^2) + margin

``d`` is by how much the released score is better, ``r`` how far the 95% interval of the released score reaches towards
the fresh one, and ``f`` how far that of the fresh score reaches towards the released one. The worlds are independent,
so squares add: ``d - sqrt(r^2 + f^2)`` is the lower end of the 95% interval of the difference (MOVER: Zou and Donner
2008, Statistics in Medicine 27:1693-1702). The margin allows for what a bootstrap within one world cannot see, that
worlds differ as a whole. How often shipped methods are marked is measured in ``docs/board.md``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tipbench.metrics.registry import metric_of
from tipbench.metrics.scores import Score
from tipbench.runs.report import mean
from tipbench.runs.results import Result

from tipboard.board.collection import REPLICATES, seat_of

MARGIN, SMALLEST_MARGIN, LARGEST_MARGIN = 0.1, 0.005, 0.05
"""The share of the released score that worlds may differ by, and the least and the most that this allows. A score near
0 rests on a few hits: without the least, one that is .001 here and 0 there would be marked."""
ASSUMED = 0.25
"""Taken for how far an interval reaches where too few clusters allow none: with it, as many of the shipped methods are
beyond noise and margin as intervals of 95% let through (2.3% of 264 pairs of worlds of ``tiny`` of data 0.3.0)."""
NOT_SUPPORTED = "not supported"
MARK = "†"
NOT_SUPPORTED_MEANS = (
    "On a world drawn at random after its package was pinned, the method scores less than its score on the release by "
    "more than the noise of both and the spread between worlds."
)
"""What :data:`MARK` at a score means."""


@dataclass(frozen=True)
class Bounded:
    """A score and the ends of its 95% interval, means over seeds; None where not known.

    ``withheld``: where there is no interval, whether the evaluator was asked for one and said that it has none.
    """

    score: float | None
    low: float | None
    high: float | None
    withheld: bool = False

    def reach(self, up: bool) -> float:
        """Return how far the interval goes from the score, up or down; nowhere where none was asked for."""
        end = self.high if up else self.low
        if end is None or self.score is None:
            return ASSUMED if self.withheld else 0.0
        return abs(end - self.score)


@dataclass(frozen=True)
class Fresh:
    """The score on a fresh world, and whether it supports the released one of the same seeds."""

    score: Bounded
    supports: bool


def fresh_of(released: Sequence[Result], fresh: Sequence[Result], metric: str) -> Fresh | None:
    """Return what a fresh world says of a method on one task and split; None where no seed was run there.

    Args:
        released: its results on the release, by seed.
        fresh: its results on fresh worlds, of any task and split.
        metric: the task's primary metric.
    """
    there = {seat_of(one): one for one in fresh}
    pairs = [(one, there[seat]) for one in released if (seat := seat_of(one)) in there]
    if not pairs:
        return None
    before, after = (mean_score(side, metric) for side in zip(*pairs, strict=True))
    return Fresh(after, supports(before, after, metric_of(metric).lower_is_better))


def mean_score(results: Sequence[Result], metric: str) -> Bounded:
    """Return the mean over seeds of a score and of the ends of its interval."""
    scores = [result.scores[metric] for result in results]
    return Bounded(
        mean([one.value for one in scores]),
        mean([one.low for one in scores]),
        mean([one.high for one in scores]),
        all(map(_has_answer, results, scores)),
    )


def _has_answer(result: Result, score: Score) -> bool:
    """Return whether the evaluator gave an interval, or says after all of its draws why there is none."""
    asked = result.config.get("replicates", REPLICATES)
    enough = isinstance(asked, int) and asked >= REPLICATES
    return score.low is not None or (enough and bool(score.note))


def supports(released: Bounded, fresh: Bounded, lower_is_better: bool) -> bool:
    """Return whether the fresh score supports the released one; one that is undefined supports none."""
    if released.score is None:
        return True
    if fresh.score is None:
        return False
    better = (fresh.score - released.score) * (1 if lower_is_better else -1)
    noise = math.hypot(released.reach(up=lower_is_better), fresh.reach(up=not lower_is_better))
    return better <= noise + min(max(MARGIN * abs(released.score), SMALLEST_MARGIN), LARGEST_MARGIN)
