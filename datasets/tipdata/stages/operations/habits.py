"""Habits of operations and of others who act: levels drawn given the kind, with their log probabilities."""

import numpy as np

from tipdata.core.draw import ONE, exp, log, normalised, probability
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
    for name, by_group in listed.items():
        alike = "all" in by_group
        weights = np.array([by_group["all" if alike else g] for g in groups], dtype=np.int64) * ONE
        cells = np.arange(weights.size).reshape(weights.shape)
        cells = np.broadcast_to(cells[0], cells.shape) if alike else cells
        noise = region.stream(f"{streams[0]}/{name}").quantile(cells, "normal") // 1000 * jitter // ONE
        p = normalised(weights * exp(noise) // ONE)
        levels[name] = region.stream(f"{streams[1]}/{name}").choose(ids, p[group])
        total += log(p)[:, levels[name]].T
    return levels, total


def log_ratio(ratio: float) -> int:
    """Return natural logarithm of a parameter in milli-nats, by the shipped table (exact on every processor)."""
    return int(log(probability(ratio / 4)) - log(probability(0.25)))
