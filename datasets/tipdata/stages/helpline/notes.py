"""Notes of case workers: which sentences they contain, and the evidence that these give of the hidden state.

A note is put together from listed sentences (:file:`text/notes/`), so that everything it can say can be listed and
audited; ``helpline.apart`` of the world file rules out sentences that contradict what is known of the contact, and
``helpline.unfit`` those that do not fit the form of exploitation. The pool *topics* is about what is particular to a
form (tests and a clinic, quotas, papers of a marriage, a household); lawful workers and others draw from it as well, so
that such a sentence is evidence and not proof.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from tipdata.core.draw import ONE, log, normalise
from tipdata.core.tables import as_lists, decode
from tipdata.core.world import Region
from tipdata.stages.helpline.cases import NEEDS, TABLES, CaseKinds, Cases, HelplineEvidence
from tipdata.text.documents import read_document

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
                said = self.sentences.get(name)
                holds |= self._holds(name, wanted) if said is None else np.isin(said, wanted)
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
TOPIC = "topic"
"""The pool of sentences about what is particular to a form."""
TOPICS = TABLES["contacts"].values(TOPIC)
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
        topics: indices of the sentences of each of :data:`TOPICS`, one topic after the other.
        filler: indices of neutral sentences.
        opener: (2, n) indices: the person themself, someone for them.
        space: what stands between two sentences.
    """

    strings: tuple[str, ...]
    pools: dict[str, np.ndarray]
    topics: np.ndarray
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
    topics = np.concatenate([add(document["topics"][name]) for name in TOPICS])
    return NoteSentences(tuple(strings), pools, topics, filler, opener, document["space"])


def write_notes(
    region: Region,
    language: str,
    c: Cases,
    needs: np.ndarray,
    facts: dict[str, pl.Series],
    relation: np.ndarray,
    seen: HelplineEvidence,
) -> dict[str, pl.Series]:
    """Write the note of every contact, add to ``seen`` what came up, and return both: columns of texts, of lists of
    pools, and of topics.

    Each pool comes up or not, and in which of its sentences, as the state it stands for has it;
    none that the facts or an earlier pool rule out. A note has room for two or three of these (``seen`` counts them
    all), is filled up with neutral sentences, and may have an opener.
    """
    book = read_notes(language)
    coded = {name: values.to_list() for name, values in facts.items()}
    known = KnownFacts(coded | {"foreign": c.foreign.tolist()}, len(c.local), {})
    raised, sentence = _draw_raised(region, book, c, needs, known, seen)
    columns = {"raised": as_lists(np.array((*NEEDS, *OTHER_POOLS)), raised)}
    topic = draw_topics(region, book, c, known, seen)
    columns[TOPIC] = decode(TOPICS, np.where(topic < 0, -1, topic // (len(book.topics) // len(TOPICS))))
    raised = np.column_stack([raised, topic >= 0])
    sentence = np.column_stack([sentence, book.topics[topic]])
    count = len(book.filler)
    begin = region.stream("helpline/filler").below(c.local[:, None], count)
    # Steps that are coprime to the number of sentences (a power of two) give different ones.
    step = 1 + 2 * region.stream("helpline/filler").below(c.local[:, None], count // 2, 1)
    filler = book.filler[(begin + step * np.arange(MOST_SENTENCES)) % count]
    pools = raised.shape[1]
    places = np.arange(pools + MOST_SENTENCES)
    order = region.stream("helpline/order").below(c.local[:, None], 1 << 20, places)
    same = (sentence[:, :, None] == sentence[:, None, :]) & raised[:, None, :]
    repeats = (same & np.tri(pools, k=-1, dtype=bool)).any(axis=2)
    order[:, :pools] += np.where(raised & ~repeats, 0, 1 << 22)
    order[:, pools:] += 1 << 21
    first = np.argsort(order, axis=1, kind="stable")[:, :MOST_SENTENCES]
    chosen = np.take_along_axis(np.concatenate([sentence, filler], axis=1), first, axis=1)
    room = 2 + region.choose("helpline/room", c.local, "helpline.sentence.room")
    opens = region.chance("helpline/opens", c.local, "helpline.sentence.opener")
    count = book.opener.shape[1]
    excluded = known.ruled_out(region, "opener_other", count) & (relation > 0)[:, None]
    which = region.stream("helpline/opener").below(c.local, count - excluded.sum(axis=1))
    possible = np.argsort(excluded, axis=1, kind="stable")
    opener = book.opener[np.minimum(relation, 1), possible[np.arange(len(which)), which]]
    is_shown = [opens, *(room > place for place in range(MOST_SENTENCES))]
    sentences = np.column_stack([opener, chosen]).tolist()
    text = [
        book.space.join(book.strings[one] for one, here in zip(numbers, visible, strict=True) if here)
        for numbers, visible in zip(sentences, np.column_stack(is_shown).tolist(), strict=True)
    ]
    return {"narrative": pl.Series(text, dtype=pl.String), **columns}


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
    kinds, at = CaseKinds.of(region), np.arange(len(c.local))
    for k, (pool, indices) in enumerate(book.pools.items()):
        kind = "need" if pool in NEEDS else pool
        level = needs[:, k].astype(np.int64) if pool in NEEDS else getattr(c, POOL_STATES[pool])
        chance = region.chances(f"helpline.said.{kind}")
        listed = region.values(f"helpline.sentence.{kind}") * _dialect(region, indices) * ONE
        if pool == "work":
            chance, listed = kinds.widen(chance), kinds.widen(listed)
        excluded = known.ruled_out(region, pool, len(indices))
        unfit = find_unfit(region, pool, len(indices))
        own = excluded | unfit[c.kind] if unfit.any() else excluded
        weights = _weights(listed[level], own)
        raised[:, k] = region.stream("helpline/said").chance(c.local, chance[level], k)
        variant = region.stream("helpline/sentence").choose(c.local, weights, k)
        sentence[:, k] = indices[variant]
        known.sentences[pool] = np.where(raised[:, k], variant, -1)
        silent = log(ONE - chance)
        state = POOL_STATES.get(pool, pool)
        if not unfit.any():
            # By contact, level of the state and sentence: what is ruled out is ruled out at every level.
            spoken = log(chance) + log(_weights(listed, excluded[:, None])[at, :, variant])
            seen.add(state, np.where(raised[:, k, None], spoken, silent))
        elif state == "kind":
            by_kind = _weights(listed, excluded[:, None] | unfit)[at, :, variant]
            seen.add(state, np.where(raised[:, k, None], log(chance) + log(by_kind), silent))
        else:
            by_kind = _weights(listed[:, None], excluded[:, None, None] | unfit)[at, :, :, variant]
            made = np.where(raised[:, k, None, None], log(chance)[:, None] + log(by_kind), silent[:, None])
            if state in NEEDS:
                seen.of(state)[...] += made
            else:
                seen.cell[...] += np.swapaxes(made, 1, 2)[..., None]
    return raised, sentence


def _dialect(region: Region, indices: np.ndarray) -> np.ndarray:
    """Return the weight that case workers of the region give to each sentence."""
    fond = region.values("helpline.sentence.dialect")
    return fond[region.stream("helpline/dialect").below(indices, len(fond))]


def _weights(listed: np.ndarray, excluded: np.ndarray) -> np.ndarray:
    """Return probabilities out of 65,536 over the last axis, 0 where ``excluded``."""
    return np.where(excluded, 0, normalise(np.where(excluded, 0, listed)))


UNFIT = "helpline.unfit"


def find_unfit(region: Region, pool: str, sentences: int) -> np.ndarray:
    """Return (kinds, sentences) bool: which sentences of a pool do not fit each kind of case.

    Raises ValueError for a sentence that the pool does not have.
    """
    names = CaseKinds.of(region).names
    made = np.zeros((len(names), sentences), dtype=bool)
    for name, said in region[UNFIT].get(pool, {}).items():
        if max(said) >= sentences:
            raise ValueError(f"{UNFIT}.{pool}: {said} names a sentence that the pool does not have")
        made[names.index(name), said] = True
    return made


def draw_topics(
    region: Region, book: NoteSentences, c: Cases, known: KnownFacts, seen: HelplineEvidence
) -> np.ndarray:
    """Return the sentence about what is particular to a form, -1 for none, and add to ``seen`` what it says.

    One that contradicts what is known of the contact is not said, and no other one instead.
    """
    said, listed = region["helpline.said.topic"], region["helpline.sentence.topic"]
    names, each = CaseKinds.of(region).names, len(book.topics) // len(TOPICS)
    chance = np.array([int(ONE * said[name]) for name in names])
    weights = np.array([[listed[name][topic] for topic in TOPICS] for name in names])
    weights = np.repeat(weights, each, axis=1) * _dialect(region, book.topics) * ONE
    excluded = known.ruled_out(region, TOPIC, len(book.topics))
    share = np.where(weights > 0, normalise(weights) * chance[:, None] // ONE, 0)
    share = np.where(excluded[:, None], 0, share)
    silent = ONE - share.sum(axis=-1)
    share = np.concatenate([share, silent[..., None]], axis=-1)
    at = np.arange(len(c.local))
    drawn = region.stream("helpline/topic").choose(c.local, share[at, c.kind])
    seen.add("kind", log(np.maximum(share[at, :, drawn], 1)))
    return np.where(drawn < len(book.topics), drawn, -1)
