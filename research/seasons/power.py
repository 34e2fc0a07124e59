"""Do the statistics of a season keep what they promise? python research/seasons/power.py [--seasons 2000] [--methods 8]

Simulates seasons of scores: methods share a world's difficulty, and each has its own deviation in each world. A
paired difference of two methods then has standard deviation 1, so effects are in that unit. Printed for 6, 8 and 16
worlds, with normal and with skewed deviations: coverage of the 95% interval of a mean and of a paired difference,
type I error of one pair, family-wise error over all pairs after Holm, power for one method that is better by an effect,
and how often the best method is in the top group.
"""

from __future__ import annotations

import argparse

import numpy as np
from tipboard.seasons.statistics import detectable_difference, interval, rank

WORLDS = (6, 8, 16)
EFFECTS = (0.5, 1.0, 1.5)
SHARED = 2.0
"""Standard deviation of what the methods share in a world, in units of a paired difference's."""


def draw(rng: np.random.Generator, shape: tuple[int, int], skewed: bool) -> np.ndarray:
    """Return scores [worlds, methods] of methods that are equally good."""
    worlds, _ = shape
    own = rng.gamma(2.0, 1 / np.sqrt(2), shape) - np.sqrt(2) if skewed else rng.normal(size=shape)
    return SHARED * rng.normal(size=(worlds, 1)) + own / np.sqrt(2)


def simulate(worlds: int, methods: int, skewed: bool, seasons: int) -> dict[str, float]:
    """Return the share of seasons in which each statement holds."""
    rng = np.random.default_rng([worlds, methods, skewed])
    counts = dict.fromkeys(("mean covered", "difference covered", "type I", "family-wise"), 0.0)
    counts |= {f"power {effect:g}": 0.0 for effect in EFFECTS} | {"best in top group": 0.0}
    for _ in range(seasons):
        scores = draw(rng, (worlds, methods), skewed)
        null = rank(scores)
        mean, half = interval(scores[:, 0])
        counts["mean covered"] += abs(mean) <= half
        counts["difference covered"] += abs(null.difference[0, 1]) <= null.half_width[0, 1]
        counts["type I"] += abs(null.difference[0, 1]) > null.half_width[0, 1]
        counts["family-wise"] += null.better.any()
        for effect in EFFECTS:
            ranked = rank(scores + effect * (np.arange(methods) == 0))
            counts[f"power {effect:g}"] += ranked.better[0, 1]
            counts["best in top group"] += ranked.top[0] / len(EFFECTS)
    return {name: count / seasons for name, count in counts.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seasons", type=int, default=2000)
    parser.add_argument("--methods", type=int, default=8)
    options = parser.parse_args()
    for skewed in (False, True):
        for worlds in WORLDS:
            made = simulate(worlds, options.methods, skewed, options.seasons)
            least = detectable_difference(1.0, worlds)
            shares = "  ".join(f"{name} {share:.3f}" for name, share in made.items())
            print(
                f"K={worlds:<3}{'skewed' if skewed else 'normal'}  {shares}  detectable {least:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
