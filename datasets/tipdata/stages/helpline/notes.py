"""Case workers' notes: listed sentences (:file:`text/notes/`) said or not as the hidden state of a contact has it.

A note is a product of listed sentences, so what it can say can be listed and audited.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from tipdata.core.draw import ONE, log, normalised, probability
from tipdata.core.lists import lists
from tipdata.core.world import Region
from tipdata.stages.helpline.agreement import Known
from tipdata.stages.helpline.cases import NEEDS, Cases, Evidence
from tipdata.stages.helpline.facts import Facts
from tipdata.text.reading import read

OTHERS = ("danger", "time", "work")
"""Pools beside those of needs."""
STATES = {"danger": "danger", "time": "phase", "work": "kind"}
"""The hidden state that each of them stands for."""
MOST = 3
"""Sentences that a note has room for beside its opener."""


@dataclass(frozen=True)
class Notes:
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
def notes(language: str) -> Notes:
    """Return the compiled notes of a language."""
    document = read(f"notes/{language}")
    strings: list[str] = []

    def add(sentences: list[str]) -> np.ndarray:
        strings.extend(sentences)
        return np.arange(len(strings) - len(sentences), len(strings))

    shared: dict[str, np.ndarray] = {}
    for pair, sentences in document["shared"].items():
        shared |= dict.fromkeys(pair.split("_"), add(sentences))
    pools = {n: np.concatenate([add(document["needs"][n]), shared[n]]) for n in NEEDS}
    pools |= {name: add(document[name]) for name in OTHERS}
    opener = np.stack([add(document["opener"][who]) for who in ("self", "other")])
    filler = add(document["filler"])
    return Notes(tuple(strings), pools, filler, opener, document["space"])


@dataclass(frozen=True)
class Written:
    """By contact: the note, and the pools that came up, as a list of names."""

    text: pl.Series
    raised: pl.Series


def write_notes(
    region: Region, language: str, c: Cases, needs: np.ndarray, facts: Facts, seen: Evidence
) -> Written:
    """Write the note of every contact, and add to ``seen`` what came up.

    Each pool comes up or not, and in which of its sentences, as the state it stands for has it;
    none that the facts or an earlier pool rule out. A note has room for two or three of these (``seen`` counts them
    all), is filled up with neutral sentences, and may have an opener.
    """
    book = notes(language)
    coded = {name: values.to_list() for name, values in facts.columns.items()}
    known = Known(coded | {"foreign": c.foreign.tolist()}, len(c.local), {})
    raised, sentence = _raised(region, book, c, needs, known, seen)
    filler = _fillers(region, book, c)
    order = region.stream("helpline/order").below(
        c.local[:, None], 1 << 20, np.arange(raised.shape[1] + filler.shape[1])
    )
    order[:, : raised.shape[1]] += np.where(raised & ~_said_before(raised, sentence), 0, 1 << 22)
    order[:, raised.shape[1] :] += 1 << 21
    first = np.argsort(order, axis=1, kind="stable")[:, :MOST]
    kept = np.take_along_axis(np.concatenate([sentence, filler], axis=1), first, axis=1)
    room = 2 + region.stream("helpline/room").choose(c.local, np.array(region["helpline.sentence.room"]))
    opens = region.stream("helpline/opens").chance(c.local, probability(region["helpline.sentence.opener"]))
    opener = book.opener[np.minimum(facts.relation, 1), _opener(region, book, c, facts, known)]
    shown = [opens, *(room > place for place in range(MOST))]
    sentences = np.column_stack([opener, kept]).tolist()
    text = [
        book.space.join(book.strings[one] for one, here in zip(said, there, strict=True) if here)
        for said, there in zip(sentences, np.column_stack(shown).tolist(), strict=True)
    ]
    return Written(pl.Series(text, dtype=pl.String), lists(np.array((*NEEDS, *OTHERS)), raised))


def _opener(region: Region, book: Notes, c: Cases, facts: Facts, known: Known) -> np.ndarray:
    """Return the number of an opener each, of those for who called."""
    count = book.opener.shape[1]
    closed = known.ruled_out(region, "opener_other", count) & (facts.relation > 0)[:, None]
    which = region.stream("helpline/opener").below(c.local, count - closed.sum(axis=1))
    return np.argsort(closed, axis=1, kind="stable")[np.arange(len(which)), which]


def _raised(
    region: Region, book: Notes, c: Cases, needs: np.ndarray, known: Known, seen: Evidence
) -> tuple[np.ndarray, np.ndarray]:
    """Return which pools come up, and the sentence of each: two (contacts, pools) arrays."""
    said = np.zeros((len(c.local), len(book.pools)), dtype=bool)
    sentence = np.zeros_like(said, dtype=np.int64)
    fond = np.array(region["helpline.sentence.dialect"])
    for k, (pool, indices) in enumerate(book.pools.items()):
        kind = "need" if pool in NEEDS else pool
        level = needs[:, k].astype(np.int64) if pool in NEEDS else getattr(c, STATES[pool])
        chance = np.array([probability(p) for p in region[f"helpline.said.{kind}"]])
        dialect = fond[region.stream("helpline/dialect").below(indices, len(fond))]
        listed = np.array(region[f"helpline.sentence.{kind}"]) * dialect * ONE
        closed = known.ruled_out(region, pool, len(indices))[:, None, :]
        # By contact, level of the state and sentence: what is ruled out is ruled out at every level.
        weights = np.where(closed, 0, normalised(np.where(closed, 0, listed)))
        said[:, k] = region.stream("helpline/said").chance(c.local, chance[level], k)
        at = np.arange(len(c.local))
        variant = region.stream("helpline/sentence").choose(c.local, weights[at, level], k)
        sentence[:, k] = indices[variant]
        known.said[pool] = np.where(said[:, k], variant, -1)
        silent = log(ONE - chance)[None, :]
        spoken = log(chance)[None, :] + log(weights[at, :, variant])
        seen.of(STATES.get(pool, pool))[...] += np.where(said[:, k, None], spoken, silent)
    return said, sentence


def _said_before(raised: np.ndarray, sentence: np.ndarray) -> np.ndarray:
    """Return (contacts, pools) whether an earlier pool has come up in the very same, shared sentence."""
    same = (sentence[:, :, None] == sentence[:, None, :]) & raised[:, None, :]
    return (same & np.tri(raised.shape[1], k=-1, dtype=bool)).any(axis=2)


def _fillers(region: Region, book: Notes, c: Cases) -> np.ndarray:
    """Return (contacts, 3) different neutral sentences each."""
    count = len(book.filler)
    first = region.stream("helpline/filler").below(c.local[:, None], count)
    # Steps that are coprime to the number of sentences (a power of two) give different ones.
    step = 1 + 2 * region.stream("helpline/filler").below(c.local[:, None], count // 2, 1)
    return book.filler[(first + step * np.arange(MOST)) % count]
