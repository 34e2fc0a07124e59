"""Habits of operations and of others who act: levels drawn given the kind, with their log probabilities."""

import numpy as np

from tipdata.core.draw import ONE, Ints, chosen, exp, log, normalised, probability
from tipdata.core.world import Region


def drawn_levels(
    region: Region,
    ids: np.ndarray,
    group: np.ndarray,
    groups: tuple[str, ...],
    listed: dict[str, dict],
    streams: tuple[str, str],
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return levels of categorical habits, and the sum over habits of log P(level | group), (ids, groups) milli-nats.

    Args:
        ids, group: of whoever has the habits, and its group (index into ``groups``).
        listed: habit -> group -> weights of its levels, which the region jitters; ``all`` in the place of groups where
            the habit tells nothing of the group: these are jittered together.
        streams: where the jitter and the levels are drawn; the habit's name follows.
    """
    jitter = probability(region["operations.jitter"])
    levels: dict[str, np.ndarray] = {}
    total = np.zeros((len(ids), len(groups)), dtype=np.int64)
    tables = [_table(by_group, groups) for by_group in listed.values()]
    cells = np.arange(max(table.size for table in tables))
    noises = region.streams(f"{streams[0]}/{name}" for name in listed).quantile(cells, "normal")
    noises = noises // 1000 * jitter // ONE
    words = region.streams(f"{streams[1]}/{name}" for name in listed).bits(ids)
    for name, weights, noise, drawn in zip(listed, tables, noises, words, strict=True):
        moved = (
            noise[: weights.shape[1]]
            if "all" in listed[name]
            else noise[: weights.size].reshape(weights.shape)
        )
        p = normalised(weights * exp(moved) // ONE)
        levels[name] = chosen(drawn, p[group])
        total += log(p)[:, levels[name]].T
    return levels, total


def _table(by_group: dict, groups: tuple[str, ...]) -> Ints:
    """Return (groups, levels) weights of a habit, as parts out of 65,536 of a unit."""
    return np.array([by_group["all" if "all" in by_group else g] for g in groups], dtype=np.int64) * ONE


def log_ratio(ratio: float) -> int:
    """Return natural logarithm of a parameter in milli-nats, by the shipped table (exact on every processor)."""
    return int(log(probability(ratio / 4)) - log(probability(0.25)))
