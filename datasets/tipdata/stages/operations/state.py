"""What the life of an operation is like: a level of each fact of :file:`text/facts.yaml`, whatever adverts say of it.

Levels are independent given kind, form, category and one of a few *profiles* (who lives alike). Every form of
trafficking has a law of its own, so the law is a table by *speaker*: forms first, in the order of ``operations.form``,
then the lawful kinds and spam. What depends on migration or touring alone tells nothing of the kind.

Other tables depend on the same life by *coupling*: the uniform number that decided a level also decides the value that
depends on it. The two are correlated, and each keeps its own distribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tipdata.core.draw import ONE, Ints, Words, choose_from_bits, exp, log_sum, normalise, probability
from tipdata.core.kinds import CATEGORIES, FAMILIES, KINDS, TRAFFICKING
from tipdata.core.world import Region, World
from tipdata.text.facts import ALL, Fact, array_shape, facts_of, level_places, number_of, rules

SILENT = -1
"""The level of a fact that a family lacks, or that an advert does not state."""
BY_MIGRATION = ("languages", "origin")
"""Facts that depend on migration alone: they mean nothing for the kind."""
BY_ADOPTION = "masking"
"""The fact that follows from whether contacts are obfuscated on the day: operations have its only level, and adverts
say it on days on which they are."""
BY_TOURING = "stay"
"""The fact that depends on whether an operation tours."""
FAMILY = np.array(list(CATEGORIES.values()))
"""(categories,) family of each."""
MIGRATION, TOURING = ("resident", "migrant"), ("stays", "tours")


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
class StateLaw:
    """Shares of levels in a region out of 65,536; int64.

    ``share``: (categories, facts, speakers, profiles, levels), 0 for a level that is not there. Of facts by migration
    all levels have equal shares there. ``by_migration``: (facts, 2, levels) weights, resident and migrant.
    ``by_touring``: (2, levels) of :data:`BY_TOURING`, stays and tours. ``touring``: (speakers,) share of each that
    tours. ``profile``: (families, speakers, profiles). ``order``: (families, facts, levels) levels by how much likelier
    trafficking makes them.
    """

    share: np.ndarray
    by_migration: np.ndarray
    by_touring: np.ndarray
    touring: np.ndarray
    profile: np.ndarray
    order: np.ndarray


def build_state_law(region: Region, touring: np.ndarray) -> StateLaw:
    """Return the law of a region: that of the world, each ratio moved by the region's own small deviation.

    Args:
        touring: (speakers,) share of each that tours, out of 65,536.
    """
    law = _world_law(region.world)
    forms = law.weights.shape[2] - len(KINDS) + 1
    jitter = probability(region["state.jitter"])
    cells = np.arange(law.weights[:, :, : len(KINDS)].size)
    noise = region.stream("parameter/state").quantile(cells, "normal") // 1000 * jitter // ONE
    noise = np.clip(noise, -2 * jitter * 1000 // ONE, 2 * jitter * 1000 // ONE)
    noise = noise.reshape(*law.weights.shape[:2], len(KINDS), -1)
    noise[:, [number_of(fact) for fact in BY_MIGRATION]] = 0
    kind_of = kinds_of_speakers(forms)
    moved = law.weights * exp(noise[:, :, kind_of]) // ONE
    weights = moved[:, :, :, None] * law.ratio[FAMILY][:, :, None] // 1000
    share = np.where(weights > 0, normalise(weights), 0)
    by_touring = normalise(law.by_touring * ONE)
    stays = np.stack([ONE - touring, touring], axis=1) @ by_touring // ONE
    share[:, number_of(BY_TOURING), :, :, : stays.shape[1]] = stays[:, None]
    profile = normalise(law.profile * ONE)
    return StateLaw(share, law.by_migration, by_touring, touring, profile, law.order)


@dataclass(frozen=True)
class _WorldLaw:
    """As :class:`StateLaw`, before regions differ. ``weights``: (categories, facts, speakers, levels), of a mean of
    about 2**16. ``ratio``: (families, facts, profiles, levels), thousandths."""

    weights: np.ndarray
    ratio: np.ndarray
    by_migration: np.ndarray
    by_touring: np.ndarray
    profile: np.ndarray
    order: np.ndarray


@lru_cache(maxsize=2)
def _world_law(world: World) -> _WorldLaw:
    forms = tuple(world.parameters["operations.form"]["value"])
    _check_ratios(world, forms)
    count, levels = array_shape()
    weights = np.zeros((len(CATEGORIES), count, len(forms) + len(KINDS) - 1, levels), dtype=np.int64)
    by_migration = np.zeros((count, 2, levels), dtype=np.int64)
    leaning = np.ones((len(FAMILIES), count, levels))
    for k, (category, f) in enumerate(CATEGORIES.items()):
        for c, fact in enumerate(facts_of(FAMILIES[f])):
            if fact.name == BY_ADOPTION:
                weights[k, c, :, 0] = ONE
                continue
            listed = world.parameters[f"state.law.{fact.part}.{fact.name}"]["value"]
            _check_levels(f"state.law.{fact.part}.{fact.name}", fact, listed)
            if fact.name in (*BY_MIGRATION, BY_TOURING):
                weights[k, c, :, : len(fact.levels)] = ONE
                who = TOURING if fact.name == BY_TOURING else MIGRATION
                by = np.array([[listed[level][one] for level in fact.levels] for one in who])
                by_migration[c, :, : len(fact.levels)] = np.rint(by * 1000)
                continue
            weights[k, c, :, : len(fact.levels)] = _weigh_levels(world, listed, fact, category, forms)
            leaning[f, c, : len(fact.levels)] = [listed[level]["ratio"][TRAFFICKING] for level in fact.levels]
    touring = by_migration[number_of(BY_TOURING)]
    return _WorldLaw(
        weights=np.maximum(weights, weights > 0) * rules().has[:, :, None],
        ratio=_profile_ratios(world),
        by_migration=by_migration,
        by_touring=touring[:, touring.any(axis=0)],
        profile=_profile_weights(world, len(forms)),
        order=np.argsort(leaning, axis=2, kind="stable"),
    )


def _check_levels(path: str, fact: Fact, listed: dict[str, object]) -> None:
    if list(listed) != list(fact.levels):
        raise ValueError(f"{path}: its levels are {', '.join(fact.levels)}, in this order: list these")


def _weigh_levels(
    world: World,
    listed: dict[str, dict[str, list[float]]],
    fact: Fact,
    category: str,
    forms: tuple[str, ...],
) -> np.ndarray:
    """Return (speakers, levels) weights of a fact, of a mean of about 2**16. ``listed``: weights, ratios by level."""
    leaning = _level_ratios(world, f"state.category.{category}.{fact.name}")
    own = [_level_ratios(world, f"state.form.{form}.{fact.name}") for form in forms]
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
        group, _, rest = path.removeprefix("state.").partition(".")
        if not path.startswith("state.") or group not in ("category", "form"):
            continue
        name, _, fact = rest.partition(".")
        known = {level for family in families.get(name, ()) for level in level_places(family)}
        unknown = [level for level in entry["value"] if f"{fact}={level}" not in known]
        if (name in forms) != (group == "form") or unknown or fact in (*BY_MIGRATION, BY_ADOPTION):
            raise ValueError(f"{path}: there is no such {group}, fact or level, or none that leans by it")


def _profile_weights(world: World, forms: int) -> np.ndarray:
    """Return (families, speakers, profiles) weights."""
    listed = [world.parameters[f"state.profiles.{family}"]["value"] for family in FAMILIES]
    by_kind = np.array([list(one.values()) for one in listed], dtype=np.int64)
    return np.swapaxes(by_kind[:, :, kinds_of_speakers(forms)], 1, 2)


def _profile_ratios(world: World) -> np.ndarray:
    """Return (families, facts, profiles, levels) thousandths by which a profile multiplies a weight."""
    count, levels = array_shape()
    profiles = len(world.parameters[f"state.profiles.{FAMILIES[0]}"]["value"])
    made = np.full((len(FAMILIES), count, profiles, levels), 1000, dtype=np.int64)
    for f, family in enumerate(FAMILIES):
        for z, name in enumerate(world.parameters[f"state.profiles.{family}"]["value"]):
            path = f"state.profile.{family}.{name}"
            for said, ratio in world.parameters[path]["value"].items():
                if said not in level_places(family):
                    raise ValueError(f"{path}: {family} has no {said}: name a fact and a level of it")
                fact, level = level_places(family)[said]
                made[f, fact, z, level] = round(1000 * ratio)
    return made


@dataclass(frozen=True)
class State:
    """The lives of operations. ``level``: (operations, facts), :data:`SILENT` where an operation has none.

    ``profile``: (operations,). ``words``: (facts, operations) 64 random bits that decided each level, rising from what
    trafficking makes rarer to what it makes likelier.
    """

    level: np.ndarray
    profile: np.ndarray
    words: Words

    def couple(self, fact: int | Ints, owner: Ints, own: Words, coupled: np.ndarray) -> Words:
        """Return random bits of rows: those of a fact of their ``owner`` where ``coupled``, else ``own`` ones.

        ``fact``: one for all rows, or one each.
        """
        return np.where(coupled, self.words[fact, owner], own)


def draw_state(
    region: Region, law: StateLaw, local: Ints, speaker: Ints, category: Ints, migrant: Ints, tours: Ints
) -> State:
    """Draw a profile and a level of every fact for each operation."""
    family = FAMILY[category]
    profile = region.stream("operations/profile").choose(local, law.profile[family, speaker])
    names = range(law.share.shape[1])
    words = region.streams(f"operations/state/{fact}" for fact in names).bits(local)
    level = np.full((len(local), len(names)), SILENT)
    stay = number_of(BY_TOURING)
    for fact in names:
        weights = law.share[category, fact, speaker, profile]
        if law.by_migration[fact].any() and fact != stay:
            weights = law.by_migration[fact][migrant]
        elif fact == stay:
            weights = np.pad(law.by_touring[tours], ((0, 0), (0, weights.shape[1] - law.by_touring.shape[1])))
        by_pressure = law.order[family, fact]
        turn = choose_from_bits(words[fact].copy(), np.take_along_axis(weights, by_pressure, axis=1))
        there = weights.any(axis=1)
        level[there, fact] = np.take_along_axis(
            by_pressure, np.minimum(turn, weights.shape[1] - 1)[:, None], axis=1
        )[there, 0]
    return State(level, profile, words)
