"""Habits of operations and of others who act: levels drawn given the kind, with their log probabilities."""

import numpy as np

from tipdata.core.draw import ONE, exp, log, logit, normalised, probability, sigmoid
from tipdata.core.kinds import FAMILIES, KINDS
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


def draw_habits(
    region: Region, local: np.ndarray, kind: np.ndarray, family: np.ndarray, migrant: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray, tuple[int, int]]:
    """Return which cues each operation habitually shows, with the log probabilities behind it.

    Indicator cues depend on the kind; decoys on migration alone, so they say nothing more about the kind once
    the language is known and get no weight. From data 0.4.0 on there are none: facts take their place.
    """
    if not region.group("cues"):
        none = np.zeros((len(local), 0), dtype=bool)
        return (), none, np.zeros((len(FAMILIES), 0, len(KINDS), 2), dtype=np.int64), (0, 0)
    by_family = {f: region.group(f"cues.{f}") for f in FAMILIES}
    decoys = region.group("cues.decoys")
    cues = tuple(dict.fromkeys([*(c for f in FAMILIES for c in by_family[f]), *decoys]))
    p = np.zeros((len(FAMILIES), len(cues), len(KINDS)), dtype=np.int64)
    jitter = probability(region["operations.jitter"])
    for f, family_name in enumerate(FAMILIES):
        for name, listed in by_family[family_name].items():
            noise = (
                region.stream(f"parameter/cue/{family_name}/{name}").quantile(np.arange(4), "normal") // 1000
            )
            ratio = np.array([log_ratio(listed[k]) for k in KINDS])
            base = logit(probability(listed["habit"]))
            p[f, cues.index(name)] = sigmoid(base + ratio + noise * jitter // ONE)
    present = p > 0
    habit_log = np.zeros((*p.shape, 2), dtype=np.int64)
    habit_log[present] = np.stack([log(ONE - p), log(p)], axis=-1)[present]
    chance = p[family, :, kind]
    for name, listed in decoys.items():
        shares = np.array([probability(listed["resident"]), probability(listed["migrant"])])
        chance[:, cues.index(name)] = shares[migrant]
    stream = region.stream("operations/habits")
    habits = stream.chance(local[:, None], chance, np.arange(len(cues))[None, :])
    shown = probability(region["cues.shown_by_users"]), probability(region["cues.shown_by_others"])
    return cues, habits, habit_log, shown


def log_ratio(ratio: float) -> int:
    """Return natural logarithm of a parameter in milli-nats, by the shipped table (exact on every processor)."""
    return int(log(probability(ratio / 4)) - log(probability(0.25)))
