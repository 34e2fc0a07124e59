"""What an operation says of its life: of each fact it says the truth, leaves it out, or says something false.

Trafficking operations often replace a fact that they hide by a false one. For the facts that they leave out they state
more neutral facts (``policy.neutral``), so the *number* of facts tells nothing. Whether a fact is stated depends on the
fact and on the operation's *verbosity*, which is independent of its kind.

Given kind, form, category, migration, profile and verbosity, facts are stated independently of each other. The
posterior of one advert and that of one operation are therefore exact sums over profiles, verbosities and forms, in
integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from tipdata.core.draw import ONE, Ints, choose_from_bits, log, log_sum, normalise, probability
from tipdata.core.kinds import BUSINESS, FAMILIES, INDEPENDENT, KINDS, TRAFFICKING
from tipdata.core.world import Region, World
from tipdata.stages.operations.state import (
    BY_ADOPTION,
    BY_MIGRATION,
    BY_TOURING,
    FAMILY,
    SILENT,
    State,
    StateLaw,
    add_forms,
    build_state_law,
    draw_state,
    kinds_of_speakers,
    speaker_of,
)
from tipdata.text.facts import ALL, Fact, array_shape, fact_number, facts, facts_of, number_of, rules

LAWFUL = 1
"""Who speaks, in policies: 0 trafficking, 1 all others."""
MOST_SAID = probability(0.95)
"""Highest probability that a fact is stated, except for :data:`ALWAYS`."""
ALWAYS = "contact"
NEUTRAL = probability(0.25), 4 * ONE
"""Bounds of the factor that multiplies how readily neutral facts are stated."""


@dataclass(frozen=True)
class SayingLaw:
    """How likely an operation says what; int64.

    ``claims``: (categories, facts, 2 sides, true levels, stated levels + 1) probabilities out of 65,536 of the level
    that a side would state given the true one; the last is to state none. ``says``: (categories, facts, speakers,
    profiles, verbosities) probability that this level is stated. ``chances``: (2 usual or brief adverts, 2 resident
    or migrant, categories, facts, levels, speakers, profiles, verbosities) int32 probability of stating a level,
    whatever the true one.
    ``profile`` and ``verbosity``: log shares, (families, speakers, profiles) and (2 resident or migrant, verbosities).
    ``form_log``: (categories, forms). ``verbosity_weights``: (2, verbosities).
    """

    state: StateLaw
    claims: np.ndarray
    says: np.ndarray
    chances: np.ndarray
    profile: np.ndarray
    verbosity: np.ndarray
    verbosity_weights: np.ndarray
    form_log: np.ndarray

    @property
    def levels(self) -> int:
        """Largest number of levels of a fact, which is the code of an unstated fact with no level ruled out."""
        return self.claims.shape[-1] - 1

    def code_logs(
        self,
        category: Ints | int,
        migrant: Ints | int,
        fact: Ints | int,
        code: Ints | int,
        brief: np.ndarray | bool = False,
    ) -> np.ndarray:
        """Return log-likelihoods of codes of facts, (..., speakers, profiles, verbosities) milli-nats.

        The code of a stated fact is its level. The code of another fact is the number of levels, plus one bit for each
        level that other facts of the advert rule out. ``brief``: whether the advert is. Arguments are broadcast.
        """
        logs = _code_logs(self.chances[np.asarray(brief).astype(int), migrant, category, fact], code)
        # Operations have its only level; adverts say it on days on which contacts are obfuscated.
        return np.where(np.asarray(fact == number_of(BY_ADOPTION))[..., None, None, None], 0, logs)

    def log_of(
        self, code: Ints, category: Ints, migrant: Ints, brief: np.ndarray | bool = False
    ) -> np.ndarray:
        """Return the log-likelihood of each row's codes, (rows, speakers, profiles, verbosities) int32.

        Args:
            code: (rows, facts).
            brief: (rows,) bool, of brief adverts.
        """
        facts, codes = code.shape[1], self.levels + (1 << self.levels)
        who = (category * 2 + migrant) * 2 + brief
        cell = (who[:, None] * facts + np.arange(facts)) * codes + code
        distinct, which = np.unique(cell, return_inverse=True)
        who, fact, code = np.unravel_index(distinct, (int(who.max(initial=0)) + 1, facts, codes))
        logs = self.code_logs(who // 4, who // 2 % 2, fact, code, who % 2 == 1).astype(np.int32)
        total = np.zeros((len(cell), *logs.shape[1:]), dtype=np.int32)
        for one in which.T:
            total += logs.take(one, axis=0)
        return total

    def by_kind(self, total: np.ndarray, category: Ints, migrant: Ints) -> np.ndarray:
        """Return (rows, kinds): of (rows, speakers, profiles, verbosities), profiles, verbosities and forms added up,
        each times its share."""
        total = total + self.profile[FAMILY[category]][..., None] + self.verbosity[migrant][:, None, None]
        return add_forms(log_sum(total.reshape(*total.shape[:2], -1)), self.form_log[category])

    def level_logs(self) -> np.ndarray:
        """Return (categories, facts, levels, speakers) log probability that a resident says a level, whoever's
        verbosity and profile; 0 for a level that is not there."""
        logs = log(np.maximum(self.chances[0, 0], 1))
        logs[:, number_of(BY_ADOPTION)] = 0
        total = logs + self.profile[FAMILY][:, None, None, :, :, None] + self.verbosity[0]
        made = log_sum(total.reshape(*total.shape[:4], -1))
        return np.where((self.state.share.max(axis=3) > 0).swapaxes(2, 3), made, 0)


@dataclass(frozen=True)
class Life:
    """The lives of operations, and what they usually say of them; one row an operation.

    ``claim``: (operations, facts) level that an operation would say, :data:`SILENT` for nothing; ``says``: bool,
    whether it usually does. ``verbosity``: class. ``log``: log-likelihood of all that and of its touring given kind,
    category and its own migration, (operations, kinds), milli-nats.
    """

    state: State
    claim: np.ndarray
    says: np.ndarray
    verbosity: np.ndarray
    log: np.ndarray
    law: SayingLaw

    @property
    def said(self) -> np.ndarray:
        """(operations, facts) level that an operation usually says of a fact, :data:`SILENT` for none."""
        return np.where(self.says, self.claim, SILENT)


def build_saying_law(region: Region, touring: np.ndarray, form_log: np.ndarray) -> SayingLaw:
    """Return the law of a region.

    Args:
        touring: (speakers,) share of each that tours, out of 65,536.
        form_log: (categories, forms) log P(form | category, trafficking), milli-nats.
    """
    state = build_state_law(region, touring)
    forms = state.share.shape[2] - len(KINDS) + 1
    claims = _world_claims(region.world)
    who = _who_speaks(forms)
    by_speaker = claims[:, :, who][..., :-1]
    said = (state.share[..., None] * by_speaker[:, :, :, None]).sum(axis=-2) >> 16
    factors = np.array([probability(x) for x in region["policy.verbosity.factor"]])
    listed = region["policy.verbosity.weights"]
    weights = normalise(np.array([listed["resident"], listed["migrant"]], dtype=np.int64) * ONE)
    says = _chances_to_say(region, state, said, factors)
    keeps = np.full(says.shape[1], probability(region["writing.brief_keeps"]))
    keeps[number_of(ALWAYS)] = ONE
    said = _said_by_migration(state, said, by_speaker)
    chances = [_chances_of_levels(said, p) for p in (says, says * keeps[:, None, None, None] >> 16)]
    return SayingLaw(
        state=state,
        claims=claims,
        says=says,
        chances=np.stack(chances),
        profile=log(state.profile),
        verbosity=log(weights),
        verbosity_weights=weights,
        form_log=form_log,
    )


def _said_by_migration(state: StateLaw, said: np.ndarray, by_speaker: np.ndarray) -> np.ndarray:
    """Return (2 resident or migrant, categories, facts, speakers, profiles, levels) shares of what would be said.

    Args:
        said: (categories, facts, speakers, profiles, levels) shares, whoever migrated.
        by_speaker: (categories, facts, speakers, true levels, stated levels) claims.
    """
    made = np.stack([said, said])
    for fact in map(number_of, BY_MIGRATION):
        share = normalise(state.by_migration[fact] * ONE)
        made[:, :, fact] = np.einsum("mt,cstl->mcsl", share, by_speaker[:, fact])[:, :, :, None] >> 16
    return made


def _who_speaks(forms: int) -> Ints:
    """Return the side in policies of each speaker: trafficking, or :data:`LAWFUL`."""
    return np.minimum(kinds_of_speakers(forms), LAWFUL)


def _chances_to_say(region: Region, state: StateLaw, said: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return (categories, facts, speakers, profiles, verbosities) probabilities.

    Neutral facts of each speaker and profile are said by so much more or less readily that all say equally many facts
    in the mean of verbosities: as many as lawful ones at a factor of 1.
    """
    ready, neutral, always = _world_readiness(region.world)
    expected = said.sum(axis=-1) * ready[FAMILY][:, :, None, None] >> 16
    expected[:, always] = 0
    free = neutral[FAMILY][:, :, None, None]
    rest, movable = np.where(free, 0, expected).sum(axis=1), np.where(free, expected, 0).sum(axis=1)
    forms = expected.shape[2] - len(KINDS) + 1
    lawful = [forms + BUSINESS - 1, forms + INDEPENDENT - 1]
    target = (rest + movable)[:, lawful].mean(axis=(1, 2)).astype(np.int64)
    factor = np.clip((target[:, None, None] - rest) * ONE // np.maximum(movable, 1), *NEUTRAL)
    readily = ready[FAMILY][:, :, None, None] * np.where(free, factor[:, None], ONE) >> 16
    says = np.minimum(readily[..., None] * factors >> 16, MOST_SAID)
    says[:, always] = ONE
    return says


def _chances_of_levels(said: np.ndarray, says: np.ndarray) -> np.ndarray:
    """Return probabilities of stating each level, (..., levels, speakers, profiles, verbosities) int32.

    Args:
        said: (..., speakers, profiles, levels) shares of what would be said.
        says: (..., speakers, profiles, verbosities) probability that it is.
    """
    p = np.moveaxis(said, -1, -3)[..., None] * says[..., None, :, :, :] >> 16
    return p.astype(np.int32, order="C")


def _code_logs(chances: np.ndarray, code: Ints | int) -> np.ndarray:
    """Return log-likelihoods of codes, (..., speakers, profiles, verbosities); see :meth:`SayingLaw.code_logs`.

    ``chances``: (..., levels, speakers, profiles, verbosities) of stating each level; ``code``: (...).
    """
    code = np.asarray(code)[..., None]
    levels = chances.shape[-4]
    level, stated = np.arange(levels), code < levels
    sign = np.where(stated, code == level, (code - levels >> level & 1) - 1).astype(np.int32)
    p = np.einsum("...l,...lspv->...spv", sign, chances) + np.where(stated, 0, ONE)[..., None, None]
    return log(np.clip(p, 1, ONE))


@lru_cache(maxsize=2)
def _world_readiness(world: World) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (families, facts) probabilities out of 65,536; bool, which are neutral; (facts,) bool, always said."""
    count = array_shape()[0]
    ready, neutral = (
        np.zeros((len(FAMILIES), count), dtype=np.int64),
        np.zeros((len(FAMILIES), count), dtype=bool),
    )
    for f, family in enumerate(FAMILIES):
        listed = world.parameters[f"policy.readiness.{family}"]["value"]
        free = {
            name for part in (ALL, family) for name in world.parameters[f"policy.neutral.{part}"]["value"]
        }
        names = [fact.name for fact in facts_of(family)]
        for name in (*listed, *free):
            if name not in names:
                raise ValueError(f"policy: {family} has no fact {name}: name one of {', '.join(names)}")
        for c, name in enumerate(names):
            if name != BY_ADOPTION and name not in listed:
                raise ValueError(f"policy.readiness.{family}: how readily is {name} said? Add it")
            ready[f, c] = probability(listed.get(name, 0.2))
            neutral[f, c] = name in free and name != ALWAYS
    return ready, neutral, np.arange(count) == number_of(ALWAYS)


@lru_cache(maxsize=2)
def _world_claims(world: World) -> np.ndarray:
    """Return :attr:`SayingLaw.claims`."""
    count, levels = array_shape()
    made = np.zeros((len(FAMILIES), count, 2, levels, levels + 1), dtype=np.int64)
    lawful = world.parameters["policy.lawful_claims"]["value"]
    for part, own in facts().items():
        for fact in own:
            tells, claims = (_policy(world, group, part, fact) for group in ("tells", "claims"))
            for f in range(len(FAMILIES)) if part == ALL else (FAMILIES.index(part),):
                c = fact_number(FAMILIES[f], fact.name)
                instead = np.array(
                    [probability(_of_family(claims.get(level, [0]), f)) for level in fact.levels]
                )
                for state, level in enumerate(fact.levels):
                    for who, name in enumerate(("trafficking", "lawful")):
                        truth = probability(_of_family(tells.get(level, {name: [1]})[name], f))
                        share = instead * (ONE if who == TRAFFICKING else probability(lawful)) >> 16
                        row = (ONE - truth) * share >> 16
                        row[state] = truth
                        if (left_out := ONE - row.sum()) < 0:
                            path = f"policy.claims.{part}.{fact.name}"
                            raise ValueError(f"{path}: its shares add up to more than 1: lower them")
                        made[f, c, who, state, : len(row)] = row
                        made[f, c, who, state, -1] = left_out
    # Nobody claims what adverts of the category cannot say: that is left out.
    own = made[FAMILY]
    own[..., :-1] *= rules().has[:, :, None, None]
    own[..., -1] = ONE - own[..., :-1].sum(axis=-1)
    return own


def _policy(world: World, group: str, part: str, fact: Fact) -> dict[str, Any]:
    """Return a policy of a fact, by level. Raises ValueError for a level that does not exist."""
    path = f"policy.{group}.{part}.{fact.name}"
    listed = world.parameters[path]["value"] if path in world.parameters else {}
    if unknown := [level for level in listed if level not in fact.levels]:
        raise ValueError(
            f"{path}: {fact.name} has no level {unknown[0]}: name one of {', '.join(fact.levels)}"
        )
    return listed


def _of_family(listed: list[float], family: int) -> float:
    return listed[family] if len(listed) > 1 else listed[0]


def draw_claims(
    region: Region,
    path: str,
    law: SayingLaw,
    state: State,
    verbosity: Ints,
    who: tuple[Ints, Ints, Ints],
    row: Ints,
    owner: Ints,
) -> tuple[np.ndarray, np.ndarray]:
    """Return what rows would say of each fact, (rows, facts) levels or :data:`SILENT`, and bool whether they do.

    Args:
        path: of the streams, keyed by ``row``.
        who: kind, speaker and category of each operation.
        owner: operation of each row.
    """
    kind, speaker, category = who
    facts_ = np.arange(state.level.shape[1])
    level = state.level[owner]
    side = np.minimum(kind[owner], LAWFUL)[:, None]
    weights = law.claims[category[owner][:, None], facts_, side, np.maximum(level, 0)]
    claim = choose_from_bits(region.stream(f"{path}/claim").bits(row[:, None], facts_), weights)
    nothing = (level == SILENT) | (claim >= law.levels)
    p = law.says[
        category[owner][:, None],
        facts_,
        speaker[owner][:, None],
        state.profile[owner][:, None],
        verbosity[owner][:, None],
    ]
    says = region.stream(f"{path}/says").chance(row[:, None], p, facts_)
    return np.where(nothing, SILENT, claim), says & ~nothing


def draw_life(
    region: Region,
    local: Ints,
    kind: Ints,
    form: Ints,
    category: Ints,
    traits: dict[str, Ints],
    touring: np.ndarray,
    form_log: np.ndarray,
) -> Life:
    """Draw the life of each operation and what it usually says, and sum the log-likelihood of that for each kind.

    ``touring``: (speakers,) share of each that tours, out of 65,536.
    """
    law = build_saying_law(region, touring, form_log)
    speaker = speaker_of(form_log.shape[1], kind, form)
    migrant, tours = traits["migrant"], traits["circuit"]
    state = draw_state(region, law.state, local, speaker, category, migrant, tours)
    verbosity = region.stream("operations/verbosity").choose(local, law.verbosity_weights[migrant])
    who = kind, speaker, category
    claim, says = draw_claims(region, "operations", law, state, verbosity, who, local, local)
    said = np.where(says, claim, SILENT)
    code = np.where(said == SILENT, law.levels, said)
    total = law.log_of(code, category, migrant)
    total = total + add_touring(law, code[:, number_of(BY_TOURING)], category, tours)
    return Life(state, claim, says, verbosity, law.by_kind(total, category, migrant), law)


def add_touring(law: SayingLaw, code: Ints, category: Ints, tours: Ints) -> np.ndarray:
    """Return what to add to log-likelihoods where it is known who tours, (rows, speakers, profiles, verbosities).

    This is the probability of touring itself, and the change in that of ``code``, the code of :data:`BY_TOURING`.
    """
    stay = number_of(BY_TOURING)
    forms = law.form_log.shape[1]
    who = _who_speaks(forms)
    by_level = law.claims[:, stay, :, : law.state.by_touring.shape[1], :-1]
    said = np.tensordot(law.state.by_touring, by_level, axes=(1, 2)) >> 16
    chances = _chances_of_levels(said[:, :, who, None], law.says[:, stay])[tours, category]
    of_touring = log(np.stack([ONE - law.state.touring, law.state.touring]))[tours]
    return _code_logs(chances, code) - law.code_logs(category, 0, stay, code) + of_touring[:, :, None, None]
