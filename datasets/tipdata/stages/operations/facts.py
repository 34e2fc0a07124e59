"""What an operation has to say: a level of each fact, drawn given its kind, family, category and region.

Facts are drawn in the order of :file:`text/facts.yaml`, each by integer weights: those of its law, the region's
deviation, what the category lacks, and what earlier facts rule out or make likelier. So the log-likelihood of all
levels given a kind is a sum of tabulated integers, and adding up single facts is not the whole of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from tipdata.core.draw import ONE, Ints, Stream, exp, log, normalised, probability
from tipdata.core.kinds import FAMILIES, KINDS
from tipdata.core.world import Region, World
from tipdata.text.facts import ALL, Fact, facts, facts_of, number_of, rules, shape

SILENT = -1
"""The level of a fact that a family lacks, or that earlier facts leave no level."""
BY_MIGRATION = ("languages", "origin")
"""Facts that depend on migration alone: they mean nothing for the kind."""
BY_ADOPTION = "masking"
"""The fact that follows from whether contacts are obfuscated on the day: operations have its first level, adverts say
that of their day."""


@dataclass(frozen=True)
class Law:
    """Weights of levels in a region, int64 (families, facts, kinds, levels); 0 for a level that does not exist.

    ``by_migration``: (facts,) bool: the third axis is resident, migrant instead of kinds (then both stand twice).
    """

    weights: np.ndarray
    by_migration: np.ndarray

    @property
    def logs(self) -> np.ndarray:
        """Log probability of each level, milli-nats, of the shape of ``weights``; 0 where it means nothing."""
        told = log(normalised(self.weights))
        told[:, self.by_migration] = 0
        return np.where(self.weights > 0, told, 0)


@dataclass(frozen=True)
class Facts:
    """What operations have to say. ``level``: (operations, facts), :data:`SILENT` where there is none. ``log``:
    (operations, kinds) log-likelihood of all levels, milli-nats."""

    level: np.ndarray
    log: np.ndarray
    law: Law


def has_facts(region: Region) -> bool:
    """Return whether adverts of this version of the data say facts."""
    return "facts.jitter" in region.world.parameters


def law(region: Region) -> Law:
    """Return the law of a region: that of the world, each ratio moved by the region's own small deviation."""
    usual, by_migration = _usual(region.world)
    noise = np.zeros(usual.shape, dtype=np.int64)
    for part, own in facts().items():
        families, cell = _cells(part)
        for c, fact in enumerate(own, 0 if part == ALL else len(facts()[ALL])):
            cells = cell + np.arange(len(KINDS) * len(fact.levels)).reshape(len(KINDS), -1)
            stream = region.stream(f"parameter/fact/{part}/{fact.name}")
            noise[families, c, :, : len(fact.levels)] = stream.quantile(cells, "normal") // 1000
    jitter = probability(region["facts.jitter"])
    moved = np.clip(noise * jitter // ONE, -jitter * 2000 // ONE, jitter * 2000 // ONE)
    return Law(np.where(usual > 0, np.maximum(usual * exp(moved) // ONE, 1), 0), by_migration)


def _cells(part: str) -> tuple[slice, Ints]:
    """Return the families that a part's facts are of, and where the numbers of each one's deviations begin."""
    if part == ALL:
        return slice(None), 64 * np.arange(len(FAMILIES))[:, None, None]
    return slice(FAMILIES.index(part), FAMILIES.index(part) + 1), np.array(0)


@lru_cache(maxsize=2)
def _usual(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of a world and which facts are by migration, as in :class:`Law`."""
    weights = np.zeros((len(FAMILIES), shape()[0], len(KINDS), shape()[1]), dtype=np.int64)
    by_migration = np.zeros(shape()[0], dtype=bool)
    for f, family in enumerate(FAMILIES):
        for c, fact in enumerate(facts_of(family)):
            by_migration[c] |= fact.name in BY_MIGRATION
            if fact.name != BY_ADOPTION:
                listed = world.parameters[f"facts.law.{fact.part}.{fact.name}"]["value"]
                by = _by_migration(listed, fact) if fact.name in BY_MIGRATION else _by_kind(listed, fact, f)
                weights[f, c, :, : by.shape[1]] = np.maximum(by, 1)
    return weights, by_migration


def _by_kind(listed: dict[str, dict[str, list[float]]], fact: Fact, family: int) -> np.ndarray:
    """Return (kinds, levels) weights, of a mean of about 2**16."""
    made = np.empty((len(KINDS), len(fact.levels)), dtype=np.int64)
    for number, level in enumerate(fact.levels):
        weight = listed[level]["weight"][family if fact.part == ALL else 0]
        made[:, number] = [round(weight * ratio * 1000) for ratio in listed[level]["ratio"]]
    return made


def _by_migration(listed: dict[str, dict[str, float]], fact: Fact) -> np.ndarray:
    """Return (kinds, levels) weights in which rows 0 and 1 are residents and migrants, twice."""
    rows = [[round(listed[level][who] * 1000) for level in fact.levels] for who in ("resident", "migrant")]
    return np.array(rows * 2, dtype=np.int64)


def draw_facts(region: Region, local: Ints, kind: Ints, family: Ints, category: Ints, migrant: Ints) -> Facts:
    """Return what each operation has to say."""
    made = law(region)
    kinds = np.arange(len(KINDS))[None, :]
    level = np.full((len(local), shape()[0]), SILENT)
    total = np.zeros((len(local), len(KINDS)), dtype=np.int64)
    for fact in range(level.shape[1]):
        if fact == number_of(BY_ADOPTION):
            level[:, fact] = 0
            continue
        weights = _given(
            made, fact, level, family, category, kinds if not made.by_migration[fact] else migrant[:, None]
        )
        mine = 0 if made.by_migration[fact] else kind
        level[:, fact] = _chosen(
            region.stream(f"operations/fact/{fact}"), local, weights[np.arange(len(local)), mine]
        )
        if not made.by_migration[fact]:
            p = log(normalised(weights))
            picked = np.take_along_axis(p, np.maximum(level[:, fact], 0)[:, None, None], axis=2)[:, :, 0]
            total += np.where((level[:, fact] != SILENT)[:, None], picked, 0)
    return Facts(level, total, made)


def redrawn(
    region: Region,
    path: str,
    facts: Facts,
    row: Ints,
    state: np.ndarray,
    change: np.ndarray,
    owner: tuple[Ints, Ints, Ints, Ints],
) -> np.ndarray:
    """Return (rows, facts) levels in which those to ``change`` are drawn anew by their owner's law, given all others.

    ``owner``: kind, family, category and migrant of each row's operation.
    """
    kind, family, category, migrant = owner
    level = state.copy()
    for fact in range(level.shape[1]):
        at = np.flatnonzero(change[:, fact] & (state[:, fact] != SILENT))
        if at.size == 0:
            continue
        by = (migrant if facts.law.by_migration[fact] else kind)[at][:, None]
        others = level[at]
        others[:, fact] = SILENT
        weights = _given(facts.law, fact, others, family[at], category[at], by)[:, 0]
        new = _chosen(region.stream(f"{path}/fact/{fact}"), row[at], weights)
        level[at, fact] = np.where(new == SILENT, level[at, fact], new)
    return level


def _given(
    made: Law, fact: int, level: np.ndarray, family: Ints, category: Ints, by: np.ndarray
) -> np.ndarray:
    """Return (rows, columns of ``by``, levels) weights of a fact, given the levels of others."""
    weights = made.weights[family[:, None], fact, by] * rules().has[category, fact][:, None]
    bound, times = _bound()
    for other in bound[fact]:
        weights = weights * times[family, other, level[:, other], fact][:, None] // 1000
    return weights


@cache
def _bound() -> tuple[tuple[tuple[int, ...], ...], np.ndarray]:
    """Return for each fact those that rule out, or make likelier, a level of it; and by how many thousandths the weight
    of a level is multiplied, (families, other facts, their levels, facts, levels): 1000 for :data:`SILENT`, the last.
    """
    held = rules()
    times = np.where(held.excluded, 0, held.together)
    bound = (times != 1000).any(axis=(0, 2, 4))
    silent = np.pad(times, ((0, 0), (0, 0), (0, 1), (0, 0), (0, 0)), constant_values=1000)
    return tuple(tuple(np.flatnonzero(of).tolist()) for of in bound.T), silent


def _chosen(stream: Stream, ids: Ints, weights: np.ndarray) -> np.ndarray:
    """Return a level each by (rows, levels) weights; :data:`SILENT` where all are 0."""
    drawn = stream.choose(ids, weights)
    return np.where(drawn == weights.shape[1], SILENT, drawn)
