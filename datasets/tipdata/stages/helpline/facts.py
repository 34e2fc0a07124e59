"""The coded facts of a contact: what the case worker ticked, as far as it was asked, understood and answered."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.columns import known, named
from tipdata.core.draw import ONE, log, normalised, probability
from tipdata.core.world import Region
from tipdata.stages.helpline.cases import LEVELS, NEEDS, NONE, Cases, Evidence

DEPENDS_ON = {
    "safe_place_tonight": "shelter",
    "threat_reported": "safety",
    "health_concern": "medical",
    "strain": "counselling",
    "asks_authorities": "legal",
    "holds_papers": "documents",
    "weeks_owed": "wages",
    "employer_aware": "danger",
    "free_to_leave": "movement",
    "lives_at_work": "kind",
    "sector": "kind",
    "dependants": "",
    "caller_relation": "kind",
    "channel": "phase",
}
"""Fact -> the hidden state that its levels depend on: a need, a circumstance, danger, kind or phase, or nothing; and
movement: danger, where it is not restricted and where it is."""
ALWAYS_KNOWN = ("caller_relation", "channel")
IMPOSSIBLE = -20_000
"""Log-likelihood of what cannot be, milli-nats."""


@dataclass(frozen=True)
class Facts:
    """``columns``: one a fact, null where missing. ``relation``: level of caller_relation, 0 the person themself."""

    columns: dict[str, pl.Series]
    relation: np.ndarray


def draw_facts(
    region: Region,
    c: Cases,
    needs: np.ndarray,
    seen: Evidence,
    trades: np.ndarray,
    restricted: np.ndarray,
) -> Facts:
    """Draw all facts of the contacts, and add what they say to ``seen``, for one who knows how long each stayed.

    Args:
        needs: (contacts, needs) bool.
        trades: (kinds, sectors) probabilities of the fact ``sector``, where those exploited have that of their
            operation.
        restricted: (kinds, phases) probabilities out of 65,536 that movement is.
    """
    n = len(c.local)
    gap = np.where(
        c.spoken, probability(region["helpline.missing"]), probability(region["helpline.missing_unspoken"])
    )
    columns: dict[str, pl.Series] = {}
    relation = np.zeros(n, dtype=np.int64)
    for k, (name, state) in enumerate(DEPENDS_ON.items()):
        levels = region[f"helpline.fact.{name}"]
        listed = np.array(list(levels.values())).T
        table, state_of = normalised(listed * ONE), _state(c, needs, state)
        possible = (listed > 0)[state_of]
        if name == "weeks_owed":
            possible &= np.array([int(low) for low in levels]) <= c.weeks[:, None]
        level = region.stream("helpline/fact").choose(c.local, np.where(possible, table[state_of], 0), k)
        if name == "sector":
            level, table = _own_trade(region, c, level), trades
        missing = region.stream("helpline/missing").chance(c.local, gap, k) & (name not in ALWAYS_KNOWN)
        if state == "movement":
            law = log(_of_cells(table, restricted))[..., level]
            seen.cell[...] += np.where(missing[:, None, None, None], 0, np.moveaxis(law, -1, 0))
        elif name == "weeks_owed":
            law = normalised(np.where(possible[:, None], table, 0) * ONE)
            said = log(law[np.arange(n), :, level])
            seen.of(state)[...] += np.where(missing[:, None], 0, said)
        elif state:
            seen.of(state)[...] += np.where(missing[:, None], 0, log(table)[:, level].T)
        if name == "caller_relation":
            relation = level
        columns[name] = _values(region, name, tuple(levels), level, missing, c)
    columns["interpreter_used"] = _interpreter(region, c, needs, seen)
    columns["days_since_leaving"] = _since(region, c, gap, seen)
    return Facts(columns, relation)


def _state(c: Cases, needs: np.ndarray, name: str) -> np.ndarray:
    """Return the level, from 0, of what a fact depends on."""
    if not name:
        return np.zeros(len(c.local), dtype=np.int64)
    if name == "movement":
        return c.danger + LEVELS * c.restricted
    return (
        needs[:, NEEDS.index(name)].astype(np.int64) if name in NEEDS else getattr(c, name).astype(np.int64)
    )


def _of_cells(table: np.ndarray, restricted: np.ndarray) -> np.ndarray:
    """Return (kinds, phases, danger, levels) probabilities of a fact that depends on movement: ``table`` has those by
    danger where it is not restricted, then where it is."""
    p = restricted[:, :, None, None]
    return np.maximum((p * table[LEVELS:] + (ONE - p) * table[:LEVELS]) // ONE, 1)


def _own_trade(region: Region, c: Cases, level: np.ndarray) -> np.ndarray:
    """Return the level of ``sector``: mostly that of the operation, for those who were exploited by one."""
    own = region.stream("helpline/own_trade").chance(c.person, probability(region["helpline.own_trade"]))
    return np.where((c.trade >= 0) & own, c.trade, level)


def _values(
    region: Region, name: str, levels: tuple[str, ...], level: np.ndarray, missing: np.ndarray, c: Cases
) -> pl.Series:
    """Return the values that levels stand for, null where missing: Boolean for no and yes, Int16 for numbers, else
    String."""
    if levels == ("no", "yes"):
        return known(level == 1, ~missing)
    if not levels[0].isdigit():
        return named(levels, np.where(missing, -1, level))
    lows = np.array([int(x) for x in levels])
    if name != "weeks_owed":
        return known(lows[level].astype(np.int16), ~missing)
    highs = np.append(lows[1:], region["helpline.weeks_owed_most"] + 1)
    most = np.minimum(highs[level], c.weeks + 1) - lows[level]
    within = region.stream("helpline/weeks_owed").below(c.local, most)
    return known((lows[level] + within).astype(np.int16), ~missing)


def _interpreter(region: Region, c: Cases, needs: np.ndarray, seen: Evidence) -> pl.Series:
    """Return whether an interpreter was used: only where one is at hand, mostly where one is needed."""
    p = {k: probability(v) for k, v in region["helpline.interpreter_used"].items()}
    offered = np.where(c.foreign, p["foreign"], p["resident"]) * c.spoken
    wanted = np.where(c.foreign, p["needed"], p["resident"]) * c.spoken
    needed = needs[:, NEEDS.index("interpreting")]
    used = region.stream("helpline/interpreter").chance(c.local, np.where(needed, wanted, offered))
    missing = region.stream("helpline/interpreter").chance(
        c.local, probability(region["helpline.missing"]), 1
    )
    chance = np.stack([offered, wanted], axis=1)
    said = log(np.clip(np.where(used[:, None], chance, ONE - chance), 1, ONE))
    seen.of("interpreting")[...] += np.where(missing[:, None], 0, said)
    return known(used, ~missing)


def _since(region: Region, c: Cases, gap: np.ndarray, seen: Evidence) -> pl.Series:
    """Return days since leaving, null where not left or not known; a number settles the phase."""
    missing = region.stream("helpline/since").chance(c.local, gap)
    shown = ~missing & (c.since >= 0)
    phases = np.arange(seen.phase.shape[1])
    left = (phases > 0) & (phases < NONE)
    other = np.where(phases == c.phase[:, None], 0, IMPOSSIBLE)
    seen.phase[...] += np.where(shown[:, None], other, np.where(left, log(gap)[:, None], 0))
    return known(c.since.astype(np.int16), shown)
