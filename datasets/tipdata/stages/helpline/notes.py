"""What is recorded of a contact: the coded facts that a case worker ticked, and the note.

A note is put together from listed sentences (:file:`text/notes/`), so that everything it can say can be listed and
audited. ``helpline.apart`` of the world file rules out sentences that contradict what is known of the contact.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from tipdata.core.draw import ONE, log, normalise, probability
from tipdata.core.tables import as_lists, decode, with_nulls
from tipdata.core.world import Region
from tipdata.stages.helpline.cases import LEVELS, NEEDS, NONE, Cases, HelplineEvidence
from tipdata.text.documents import read_document

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
"""Log-likelihood of the impossible, milli-nats."""


@dataclass(frozen=True)
class CodedFacts:
    """``columns``: one a fact, null where missing. ``relation``: level of caller_relation, 0 the person themself."""

    columns: dict[str, pl.Series]
    relation: np.ndarray


def draw_coded_facts(
    region: Region,
    c: Cases,
    needs: np.ndarray,
    seen: HelplineEvidence,
    trades: np.ndarray,
    restricted: np.ndarray,
) -> CodedFacts:
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
        table, state_of = normalise(listed * ONE), _state_level(c, needs, state)
        possible = (listed > 0)[state_of]
        if name == "weeks_owed":
            possible &= np.array([int(low) for low in levels]) <= c.weeks[:, None]
        level = region.stream("helpline/fact").choose(c.local, np.where(possible, table[state_of], 0), k)
        if name == "sector":
            own = region.chance("helpline/own_trade", c.person, "helpline.own_trade")
            level, table = np.where((c.trade >= 0) & own, c.trade, level), trades
        missing = region.stream("helpline/missing").chance(c.local, gap, k) & (name not in ALWAYS_KNOWN)
        if state == "movement":
            p = restricted[:, :, None, None]
            law = log(np.maximum((p * table[LEVELS:] + (ONE - p) * table[:LEVELS]) // ONE, 1))[..., level]
            seen.cell[...] += np.where(missing[:, None, None, None], 0, np.moveaxis(law, -1, 0))
        elif name == "weeks_owed":
            law = normalise(np.where(possible[:, None], table, 0) * ONE)
            log_likelihood = log(law[np.arange(n), :, level])
            seen.of(state)[...] += np.where(missing[:, None], 0, log_likelihood)
        elif state:
            seen.of(state)[...] += np.where(missing[:, None], 0, log(table)[:, level].T)
        if name == "caller_relation":
            relation = level
        columns[name] = _values(region, name, tuple(levels), level, missing, c)
    columns["interpreter_used"] = _interpreter(region, c, needs, seen)
    columns["days_since_leaving"] = _days_since_leaving(region, c, gap, seen)
    return CodedFacts(columns, relation)


def _state_level(c: Cases, needs: np.ndarray, name: str) -> np.ndarray:
    if not name:
        return np.zeros(len(c.local), dtype=np.int64)
    if name == "movement":
        return c.danger + LEVELS * c.restricted
    return (
        needs[:, NEEDS.index(name)].astype(np.int64) if name in NEEDS else getattr(c, name).astype(np.int64)
    )


def _values(
    region: Region, name: str, levels: tuple[str, ...], level: np.ndarray, missing: np.ndarray, c: Cases
) -> pl.Series:
    """Return the column of a fact: Boolean for no and yes, Int16 for numbers, else String; null where missing."""
    if levels == ("no", "yes"):
        return with_nulls(level == 1, ~missing)
    if not levels[0].isdigit():
        return decode(levels, np.where(missing, -1, level))
    lows = np.array([int(x) for x in levels])
    if name != "weeks_owed":
        return with_nulls(lows[level].astype(np.int16), ~missing)
    highs = np.append(lows[1:], region["helpline.weeks_owed_most"] + 1)
    most = np.minimum(highs[level], c.weeks + 1) - lows[level]
    within = region.stream("helpline/weeks_owed").below(c.local, most)
    return with_nulls((lows[level] + within).astype(np.int16), ~missing)


def _interpreter(region: Region, c: Cases, needs: np.ndarray, seen: HelplineEvidence) -> pl.Series:
    p = {k: probability(v) for k, v in region["helpline.interpreter_used"].items()}
    offered = np.where(c.foreign, p["foreign"], p["resident"]) * c.spoken
    wanted = np.where(c.foreign, p["needed"], p["resident"]) * c.spoken
    needed = needs[:, NEEDS.index("interpreting")]
    used = region.stream("helpline/interpreter").chance(c.local, np.where(needed, wanted, offered))
    missing = region.chance("helpline/interpreter", c.local, "helpline.missing", 1)
    chance = np.stack([offered, wanted], axis=1)
    log_likelihood = log(np.clip(np.where(used[:, None], chance, ONE - chance), 1, ONE))
    seen.of("interpreting")[...] += np.where(missing[:, None], 0, log_likelihood)
    return with_nulls(used, ~missing)


def _days_since_leaving(region: Region, c: Cases, gap: np.ndarray, seen: HelplineEvidence) -> pl.Series:
    """Return days since leaving, null where not left or not known; a number settles the phase."""
    missing = region.stream("helpline/since").chance(c.local, gap)
    shown = ~missing & (c.since >= 0)
    phases = np.arange(seen.phase.shape[1])
    left = (phases > 0) & (phases < NONE)
    other = np.where(phases == c.phase[:, None], 0, IMPOSSIBLE)
    seen.phase[...] += np.where(shown[:, None], other, np.where(left, log(gap)[:, None], 0))
    return with_nulls(c.since.astype(np.int16), shown)


APART = "helpline.apart"


@dataclass(frozen=True)
class KnownFacts:
    """What is known of contacts: coded ``facts`` (a list each, None where missing), and by pool which of its sentences
    came up, -1 for none: (contacts,) int64, filled in as a note is written."""

    facts: Mapping[str, list[Any]]
    contacts: int
    sentences: dict[str, np.ndarray]

    def ruled_out(self, region: Region, pool: str, sentences: int) -> np.ndarray:
        """Return (contacts, sentences) bool: which sentences of a pool cannot be true of each contact.

        Raises ValueError where nothing of the pool is left for someone, and for a sentence or a name that is none.
        """
        made = np.zeros((self.contacts, sentences), dtype=bool)
        for rule in region[APART].get(pool, []):
            holds = np.zeros(self.contacts, dtype=bool)
            for name, wanted in rule["where"].items():
                holds |= (
                    np.isin(self.sentences[name], wanted)
                    if name in self.sentences
                    else self._holds(name, wanted)
                )
            if max(rule["said"]) >= sentences:
                raise ValueError(
                    f"{APART}.{pool}: {rule['said']} names a sentence that the pool does not have"
                )
            made[:, rule["said"]] |= holds[:, None]
        if made.all(axis=1).any():
            raise ValueError(f"{APART}.{pool} leaves some contact no sentence")
        return made

    def _holds(self, name: str, wanted: list[str] | Mapping[str, int]) -> np.ndarray:
        if name not in self.facts:
            raise ValueError(f"{APART}: {name} is neither a fact nor a pool that comes earlier")
        values = self.facts[name]
        if isinstance(wanted, Mapping):
            low, high = wanted.get("from", -math.inf), wanted.get("to", math.inf)
            return np.array([value is not None and low <= value <= high for value in values], dtype=bool)
        coded = any(isinstance(value, bool) for value in values)
        fits = {value == "yes" for value in wanted} if coded else set(wanted)
        return np.array([value is not None and value in fits for value in values], dtype=bool)


OTHER_POOLS = ("danger", "time", "work")
"""Pools of sentences besides those of needs."""
POOL_STATES = {"danger": "danger", "time": "phase", "work": "kind"}
"""The hidden state that each of these pools reflects."""
MOST_SENTENCES = 3
"""Most sentences of a note besides its opener."""


@dataclass(frozen=True)
class NoteSentences:
    """One language.

    Attributes:
        strings: all sentences.
        pools: indices of a need's own sentences and those that it shares, and of danger, time and work.
        filler: indices of neutral sentences.
        opener: (2, n) indices: the person themself, someone for them.
        space: what stands between two sentences.
    """

    strings: tuple[str, ...]
    pools: dict[str, np.ndarray]
    filler: np.ndarray
    opener: np.ndarray
    space: str


@cache
def read_notes(language: str) -> NoteSentences:
    """Return the compiled notes of a language."""
    document = read_document(f"notes/{language}")
    strings: list[str] = []

    def add(sentences: list[str]) -> np.ndarray:
        strings.extend(sentences)
        return np.arange(len(strings) - len(sentences), len(strings))

    shared: dict[str, np.ndarray] = {}
    for pair, sentences in document["shared"].items():
        shared |= dict.fromkeys(pair.split("_"), add(sentences))
    pools = {n: np.concatenate([add(document["needs"][n]), shared[n]]) for n in NEEDS}
    pools |= {name: add(document[name]) for name in OTHER_POOLS}
    opener = np.stack([add(document["opener"][who]) for who in ("self", "other")])
    filler = add(document["filler"])
    return NoteSentences(tuple(strings), pools, filler, opener, document["space"])


def write_notes(
    region: Region, language: str, c: Cases, needs: np.ndarray, facts: CodedFacts, seen: HelplineEvidence
) -> tuple[pl.Series, pl.Series]:
    """Write the note of every contact, add to ``seen`` what came up, and return both: texts, and lists of pools.

    Each pool comes up or not, and in which of its sentences, as the state it stands for has it;
    none that the facts or an earlier pool rule out. A note has room for two or three of these (``seen`` counts them
    all), is filled up with neutral sentences, and may have an opener.
    """
    book = read_notes(language)
    coded = {name: values.to_list() for name, values in facts.columns.items()}
    known = KnownFacts(coded | {"foreign": c.foreign.tolist()}, len(c.local), {})
    raised, sentence = _draw_raised(region, book, c, needs, known, seen)
    filler = _fillers(region, book, c)
    order = region.stream("helpline/order").below(
        c.local[:, None], 1 << 20, np.arange(raised.shape[1] + filler.shape[1])
    )
    same = (sentence[:, :, None] == sentence[:, None, :]) & raised[:, None, :]
    order[:, : raised.shape[1]] += np.where(
        raised & ~(same & np.tri(raised.shape[1], k=-1, dtype=bool)).any(axis=2), 0, 1 << 22
    )
    order[:, raised.shape[1] :] += 1 << 21
    first = np.argsort(order, axis=1, kind="stable")[:, :MOST_SENTENCES]
    chosen = np.take_along_axis(np.concatenate([sentence, filler], axis=1), first, axis=1)
    room = 2 + region.stream("helpline/room").choose(c.local, region.values("helpline.sentence.room"))
    opens = region.chance("helpline/opens", c.local, "helpline.sentence.opener")
    count = book.opener.shape[1]
    excluded = known.ruled_out(region, "opener_other", count) & (facts.relation > 0)[:, None]
    which = region.stream("helpline/opener").below(c.local, count - excluded.sum(axis=1))
    opener = book.opener[
        np.minimum(facts.relation, 1),
        np.argsort(excluded, axis=1, kind="stable")[np.arange(len(which)), which],
    ]
    is_shown = [opens, *(room > place for place in range(MOST_SENTENCES))]
    sentences = np.column_stack([opener, chosen]).tolist()
    text = [
        book.space.join(book.strings[one] for one, here in zip(numbers, visible, strict=True) if here)
        for numbers, visible in zip(sentences, np.column_stack(is_shown).tolist(), strict=True)
    ]
    return pl.Series(text, dtype=pl.String), as_lists(np.array((*NEEDS, *OTHER_POOLS)), raised)


def _draw_raised(
    region: Region,
    book: NoteSentences,
    c: Cases,
    needs: np.ndarray,
    known: KnownFacts,
    seen: HelplineEvidence,
) -> tuple[np.ndarray, np.ndarray]:
    """Return which pools come up, and the sentence of each: two (contacts, pools) arrays."""
    raised = np.zeros((len(c.local), len(book.pools)), dtype=bool)
    sentence = np.zeros_like(raised, dtype=np.int64)
    fond = region.values("helpline.sentence.dialect")
    for k, (pool, indices) in enumerate(book.pools.items()):
        kind = "need" if pool in NEEDS else pool
        level = needs[:, k].astype(np.int64) if pool in NEEDS else getattr(c, POOL_STATES[pool])
        chance = region.chances(f"helpline.said.{kind}")
        dialect = fond[region.stream("helpline/dialect").below(indices, len(fond))]
        listed = region.values(f"helpline.sentence.{kind}") * dialect * ONE
        excluded = known.ruled_out(region, pool, len(indices))[:, None, :]
        # By contact, level of the state and sentence: what is ruled out is ruled out at every level.
        weights = np.where(excluded, 0, normalise(np.where(excluded, 0, listed)))
        raised[:, k] = region.stream("helpline/said").chance(c.local, chance[level], k)
        at = np.arange(len(c.local))
        variant = region.stream("helpline/sentence").choose(c.local, weights[at, level], k)
        sentence[:, k] = indices[variant]
        known.sentences[pool] = np.where(raised[:, k], variant, -1)
        silent = log(ONE - chance)[None, :]
        spoken = log(chance)[None, :] + log(weights[at, :, variant])
        seen.of(POOL_STATES.get(pool, pool))[...] += np.where(raised[:, k, None], spoken, silent)
    return raised, sentence


def _fillers(region: Region, book: NoteSentences, c: Cases) -> np.ndarray:
    count = len(book.filler)
    first = region.stream("helpline/filler").below(c.local[:, None], count)
    # Steps that are coprime to the number of sentences (a power of two) give different ones.
    step = 1 + 2 * region.stream("helpline/filler").below(c.local[:, None], count // 2, 1)
    return book.filler[(first + step * np.arange(MOST_SENTENCES)) % count]
