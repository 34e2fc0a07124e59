"""How likely each kind says what is said: worked out in floats, from shares and policies alone."""

import numpy as np
from tipdata.core.draw import ONE
from tipdata.stages.operations.policy import ALWAYS, LAWFUL, SayingLaw
from tipdata.stages.operations.stage import Operations
from tipdata.stages.operations.state import (
    BY_ADOPTION,
    BY_MIGRATION,
    BY_TOURING,
    FAMILY,
    kinds_of_speakers,
)
from tipdata.text.facts import number_of


def log_by_kind(
    o: Operations, one: int, code: np.ndarray, *, keeps: float = 1, tours: bool = False
) -> np.ndarray:
    """Return (kinds,) log-likelihoods of codes of facts, given category and migration of an operation.

    Args:
        code: (facts,) as of :class:`SayingLaw`.
        keeps: probability that a brief advert keeps a fact, 1 for a usual one.
        tours: whether it is known, and part of what is observed, that the operation tours or stays.
    """
    law, category, migrant = o.life.law, o.category[one], o.traits["migrant"][one]
    touring = o.traits["circuit"][one]
    total = np.zeros(law.says.shape[2:])
    for fact in range(len(code)):
        if fact != number_of(BY_ADOPTION):
            share = law.state.share[category, fact] / ONE
            if fact in map(number_of, BY_MIGRATION):
                share = _alike(law.state.by_migration[fact, migrant], share)
            elif fact == number_of(BY_TOURING) and tours:
                share = _alike(law.state.by_touring[touring], share)
            says = law.says[category, fact] / ONE * (1 if fact == number_of(ALWAYS) else keeps)
            total += np.log(_code_chance(law, category, fact, share, says, code[fact]).clip(1 / ONE))
    if tours:
        total += np.log(np.abs(1 - touring - law.state.touring / ONE))[:, None, None]
    total += (law.profile[FAMILY[category]][:, :, None] + law.verbosity[migrant]) / 1000
    by_speaker = np.exp(total).sum(axis=(1, 2))
    form = np.exp(law.form_log[category] / 1000)
    return np.log([by_speaker[: len(form)] @ form, *by_speaker[len(form) :]])


def _alike(weights: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return weights of levels as shares, alike for all speakers and profiles."""
    made = np.zeros_like(share)
    made[..., : len(weights)] = weights / weights.sum()
    return made


def _code_chance(
    law: SayingLaw, category: int, fact: int, share: np.ndarray, says: np.ndarray, code: int
) -> np.ndarray:
    """Return the probability of a code, (speakers, profiles, verbosities): of all true levels behind it."""
    side = np.minimum(kinds_of_speakers(law.form_log.shape[1]), LAWFUL)
    claimed = np.einsum("spt,stc->spc", share, law.claims[category, fact, side, :, :-1] / ONE)
    said = claimed[..., None] * says[:, :, None]
    if code < law.levels:
        return said[:, :, code]
    ruled_out = code - law.levels >> np.arange(law.levels) & 1
    return 1 - said[:, :, ruled_out == 0].sum(axis=2)
