"""What an operation has to say: a level of each fact, drawn given its kind, form, category and region.

Facts are drawn in the order of :file:`text/facts.yaml`, each by integer weights: those of its law, the region's
deviation, and what earlier facts rule out or make likelier. So the log-likelihood of all levels given a kind is a sum
of tabulated integers, and adding up single facts is not the whole of it.

Every form of trafficking has a law of its own, so a kind's likelihood is exact only where those of its forms are added,
each times its share in the category. The law so is a table by *speaker*: forms first, in the order of
``operations.form``, then the lawful kinds and spam. A level leans by category for all speakers alike, and by form for
trafficking alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from tipdata.core.draw import ONE, Ints, Words, choose_from_bits, exp, log, log_sum, normalise, probability
from tipdata.core.kinds import CATEGORIES, FAMILIES, KINDS, TRAFFICKING
from tipdata.core.world import Region, World
from tipdata.stages.operations.habits import form_logs
from tipdata.text.facts import ALL, Fact, array_shape, facts, facts_of, level_places, number_of, rules

_FAMILY = np.array(list(CATEGORIES.values()))
SILENT = -1
"""The level of a fact that a family lacks, or that earlier facts leave no level."""
BY_MIGRATION = ("languages", "origin")
"""Facts that depend on migration alone: they mean nothing for the kind."""
BY_ADOPTION = "masking"
"""The fact that follows from whether contacts are obfuscated on the day: operations have its only level, and adverts
say it on days on which they are."""


@dataclass(frozen=True)
class FactLaw:
    """Weights of levels in a region, int64 (categories, facts, speakers, levels); 0 for a level that is not there.

    ``by_migration``: (facts,) bool: the third axis is resident, migrant and then nothing instead of speakers.
    ``form_log``: (categories, forms) log P(form | category, trafficking), milli-nats.
    """

    weights: np.ndarray
    by_migration: np.ndarray
    form_log: np.ndarray

    @property
    def logs(self) -> np.ndarray:
        """Log probability of each level, milli-nats, of the shape of ``weights``; 0 if it means nothing."""
        level_logs = log(normalise(self.weights))
        level_logs[:, self.by_migration] = 0
        return np.where(self.weights > 0, level_logs, 0)

    def speaker(self, kind: Ints, form: Ints) -> Ints:
        """Return :func:`speaker_of` operations."""
        return speaker_of(self.form_log.shape[1], kind, form)

    def by_kind(self, by_speaker: np.ndarray, category: Ints) -> np.ndarray:
        """Return :func:`add_forms` of (..., speakers) log-likelihoods."""
        return add_forms(by_speaker, self.form_log[category])


def speaker_of(forms: int, kind: Ints, form: Ints) -> Ints:
    """Return the row of the law of operations of a kind and form; ``forms``: how many there are."""
    return np.where(kind == TRAFFICKING, form, forms + kind - 1)


def kinds_of_speakers(forms: int) -> Ints:
    """Return the kind of each speaker; ``forms``: how many there are."""
    return np.array([TRAFFICKING] * forms + list(range(1, len(KINDS))))


def add_forms(by_speaker: np.ndarray, form_log: Ints) -> np.ndarray:
    """Return (..., kinds) log-likelihoods of (..., speakers) ones: forms are added, each times its share.

    ``form_log``: (..., forms) log shares of forms, of the shape that is left or broadcasting to it.
    """
    forms = form_log.shape[-1]
    trafficking = log_sum(by_speaker[..., :forms] + form_log)
    return np.concatenate([trafficking[..., None], by_speaker[..., forms:]], axis=-1)


@dataclass(frozen=True)
class OperationFacts:
    """The facts that operations can state. ``level``: the level of each fact, (operations, facts), :data:`SILENT` where
    an operation has none. ``log``: log-likelihood of all its levels given kind and category, (operations, kinds),
    milli-nats."""

    level: np.ndarray
    log: np.ndarray
    law: FactLaw


def build_law(region: Region) -> FactLaw:
    """Return the law of a region: that of the world, each ratio moved by the region's own small deviation."""
    usual, by_migration = _world_weights(region.world)
    forms = usual.shape[2] - len(KINDS) + 1
    noise = np.zeros((len(FAMILIES), array_shape()[0], len(KINDS), array_shape()[1]), dtype=np.int64)
    for part, own in facts().items():
        # The families that the part's facts are of, and where the numbers of each one's deviations begin.
        families, cell = slice(None), 64 * np.arange(len(FAMILIES))[:, None]
        if part != ALL:
            families, cell = [FAMILIES.index(part)], np.zeros((1, 1), dtype=np.int64)
        streams = region.streams(f"parameter/fact/{part}/{fact.name}" for fact in own)
        cells = cell + np.arange(len(KINDS) * array_shape()[1])
        drawn = streams.quantile(cells.ravel(), "normal").reshape(len(own), *cells.shape) // 1000
        first = 0 if part == ALL else len(facts()[ALL])
        for c, (fact, moved) in enumerate(zip(own, drawn, strict=True), first):
            own_cells = moved[..., : len(KINDS) * len(fact.levels)]
            noise[families, c, :, : len(fact.levels)] = own_cells.reshape(-1, len(KINDS), len(fact.levels))
    jitter = probability(region["facts.jitter"])
    moved = np.clip(noise * jitter // ONE, -jitter * 2000 // ONE, jitter * 2000 // ONE)
    speaks = kinds_of_speakers(forms)
    speaks = np.where(by_migration[:, None], np.arange(len(speaks)) % len(KINDS), speaks)
    moved = moved[np.array(list(CATEGORIES.values()))][:, np.arange(len(by_migration))[:, None], speaks]
    weights = np.where(usual > 0, np.maximum(usual * exp(moved) // ONE, 1), 0)
    return FactLaw(weights, by_migration, form_logs(region.natural))


@lru_cache(maxsize=2)
def _world_weights(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of a world and which facts are by migration, as in :class:`FactLaw`."""
    forms = tuple(world.parameters["operations.form"]["value"])
    _check_ratios(world, forms)
    count, levels = array_shape()
    weights = np.zeros((len(CATEGORIES), count, len(forms) + len(KINDS) - 1, levels), dtype=np.int64)
    by_migration = np.zeros(count, dtype=bool)
    for k, (category, f) in enumerate(CATEGORIES.items()):
        for c, fact in enumerate(facts_of(FAMILIES[f])):
            if fact.name == BY_ADOPTION:
                continue
            listed = world.parameters[f"facts.law.{fact.part}.{fact.name}"]["value"]
            if fact.name in BY_MIGRATION:
                by_migration[c] = True
                by = np.array(
                    [[listed[level][who] for level in fact.levels] for who in ("resident", "migrant")]
                )
                by = np.rint(by * 1000).astype(np.int64)
            else:
                by = weigh_levels(world, "facts", listed, fact, category, forms)
            weights[k, c, : len(by), : by.shape[1]] = np.maximum(by, 1)
    return weights * rules().has[:, :, None], by_migration


def weigh_levels(
    world: World,
    group: str,
    listed: dict[str, dict[str, list[float]]],
    fact: Fact,
    category: str,
    forms: tuple[str, ...],
) -> np.ndarray:
    """Return (speakers, levels) weights of a fact, of a mean of about 2**16.

    ``group``: of parameters by which levels lean by category and form. ``listed``: weights and ratios by level.
    """
    leaning = _level_ratios(world, f"{group}.category.{category}.{fact.name}")
    own = [_level_ratios(world, f"{group}.form.{form}.{fact.name}") for form in forms]
    made = np.empty((len(forms) + len(KINDS) - 1, len(fact.levels)), dtype=np.int64)
    for number, (level, one) in enumerate((level, listed[level]) for level in fact.levels):
        weight = one["weight"][CATEGORIES[category] if fact.part == ALL else 0] * leaning.get(level, 1.0)
        ratios = [one["ratio"][TRAFFICKING] * ratio.get(level, 1.0) for ratio in own] + one["ratio"][1:]
        made[:, number] = [round(weight * ratio * 1000) for ratio in ratios]
    return made


def _level_ratios(world: World, path: str) -> dict[str, float]:
    return world.parameters[path]["value"] if path in world.parameters else {}


def _check_ratios(world: World, forms: tuple[str, ...]) -> None:
    families = {**{form: FAMILIES for form in forms}, **{c: (FAMILIES[f],) for c, f in CATEGORIES.items()}}
    for path, entry in world.parameters.items():
        group, _, rest = path.removeprefix("facts.").partition(".")
        if not path.startswith("facts.") or group not in ("category", "form"):
            continue
        name, _, fact = rest.partition(".")
        known = {level for family in families.get(name, ()) for level in level_places(family)}
        unknown = [level for level in entry["value"] if f"{fact}={level}" not in known]
        if (name in forms) != (group == "form") or unknown or fact in (*BY_MIGRATION, BY_ADOPTION):
            raise ValueError(f"{path}: there is no such {group}, fact or level, or none that leans by it")


def draw_facts(
    region: Region, local: Ints, kind: Ints, form: Ints, category: Ints, migrant: Ints
) -> OperationFacts:
    """Draw a level of every fact for each operation, and sum the log-likelihood of the levels for each kind.

    Facts are drawn in order, because earlier levels change the weights of later ones. :data:`BY_ADOPTION` always has
    level 0. It and the facts that lean by migration add nothing to the log-likelihood.
    """
    law = build_law(region)
    speaker = law.speaker(kind, form)
    all_speakers = np.arange(law.weights.shape[2])[None, :]
    level = np.full((len(local), array_shape()[0]), SILENT)
    log_likelihood = np.zeros((len(local), all_speakers.size), dtype=np.int64)
    bits = region.streams(f"operations/fact/{fact}" for fact in range(level.shape[1])).bits(local)
    for fact in range(level.shape[1]):
        if fact == number_of(BY_ADOPTION):
            level[:, fact] = 0
            continue
        if law.by_migration[fact]:
            weights = _conditional_weights(law, fact, level, category, migrant[:, None])[:, 0]
            level[:, fact] = _choose_level(bits[fact], weights)
            continue
        weights = _conditional_weights(law, fact, level, category, all_speakers)
        level[:, fact] = _choose_level(bits[fact], weights[np.arange(len(local)), speaker])
        drawn_level = np.maximum(level[:, fact], 0)[:, None, None]
        share = np.take_along_axis(weights, drawn_level, axis=2)[:, :, 0] * ONE
        level_log = log(np.maximum(share // np.maximum(weights.sum(axis=2), 1), 1))
        log_likelihood += np.where((level[:, fact] != SILENT)[:, None], level_log, 0)
    return OperationFacts(level, law.by_kind(log_likelihood, category), law)


def redraw_facts(
    region: Region,
    path: str,
    facts: OperationFacts,
    row: Ints,
    state: np.ndarray,
    change: np.ndarray,
    owner: tuple[Ints, Ints, Ints, Ints],
) -> np.ndarray:
    """Return (rows, facts) levels in which those to ``change`` are drawn anew by their owner's law, given all others.

    ``owner``: kind, form, category and migrant of each row's operation.
    """
    kind, form, category, migrant = owner
    speaker = facts.law.speaker(kind, form)
    level = state.copy()
    for fact in range(level.shape[1]):
        at = np.flatnonzero(change[:, fact] & (state[:, fact] != SILENT))
        if at.size == 0:
            continue
        by = (migrant if facts.law.by_migration[fact] else speaker)[at][:, None]
        others = level[at]
        others[:, fact] = SILENT
        weights = _conditional_weights(facts.law, fact, others, category[at], by)[:, 0]
        new = _choose_level(region.stream(f"{path}/fact/{fact}").bits(row[at]), weights)
        level[at, fact] = np.where(new == SILENT, level[at, fact], new)
    return level


def _conditional_weights(law: FactLaw, fact: int, level: Ints, category: Ints, by: Ints) -> Ints:
    """Return (rows, columns of ``by``, levels) weights of a fact, given the levels of others."""
    weights = law.weights[category[:, None], fact, by]
    bound, times = _dependences()
    for other in bound[fact]:
        weights = weights * times[_FAMILY[category], other, level[:, other], fact][:, None] // 1000
    return weights


@cache
def _dependences() -> tuple[tuple[tuple[int, ...], ...], np.ndarray]:
    """Return for each fact those that rule out, or make likelier, a level of it; and by how many thousandths the weight
    of a level is multiplied, (families, other facts, their levels, facts, levels): 1000 for :data:`SILENT`, the last.
    """
    rule_arrays = rules()
    times = np.where(rule_arrays.excluded, 0, rule_arrays.together)
    dependent = (times != 1000).any(axis=(0, 2, 4))
    silent = np.pad(times, ((0, 0), (0, 0), (0, 1), (0, 0), (0, 0)), constant_values=1000)
    return tuple(tuple(np.flatnonzero(of).tolist()) for of in dependent.T), silent


def _choose_level(words: Words, weights: np.ndarray) -> np.ndarray:
    """Return a level each by (rows, levels) weights, from 64 bits; :data:`SILENT` where all are 0."""
    drawn = choose_from_bits(words, weights)
    return np.where(drawn == weights.shape[1], SILENT, drawn)
