"""The text of adverts: the sentences of a state, in the writer's style."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tipdata.core.draw import probability
from tipdata.core.kinds import MAX_TEMPLATES
from tipdata.core.world import Region
from tipdata.stages.adverts.templates import FIRST_CUE, NOUN, TITLE, Chains
from tipdata.stages.operations.stage import Operations
from tipdata.text.lexicon import CASES, CONTACTS, CUE_VARIANTS, FORMS, SLOTS, Lexicon

if TYPE_CHECKING:
    import pyarrow as pa

_BODY_ROOM = 3
"""Body positions beside slots and cues: contact line and two emoji."""


@dataclass(frozen=True)
class Text:
    """What was written, row by row as in :class:`tipdata.stages.adverts.templates.Chains`."""

    title: pa.Array
    body: pa.Array
    cues: np.ndarray
    """(n, cues) bool over ``Operations.cues``."""
    source: np.ndarray
    """Local number of the template whose text this is: its own, or the one it was copied from."""
    log_odds: np.ndarray
    """Of trafficking given this advert's own cues and category, milli-nats."""
    misspelt: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """From data 0.4.0 on, how many misspellings the body has."""


def _styles(region: Region, o: Operations, source: np.ndarray) -> dict[str, np.ndarray]:
    """Return style features of every template: its writer's, each redrawn now and then, or those of the copied one."""
    template = np.arange(len(source))
    writer = o.writer[template // MAX_TEMPLATES]
    keep = probability(region["writing.persistence"])
    emoji = [probability(p) for p in region["writing.emoji"]]
    choices = {
        "separator": np.ones(12, dtype=np.int64),
        "body_case": np.array(region["writing.body_case"]),
        "title_case": np.array(region["writing.title_case"]),
        "order": np.ones(8, dtype=np.int64),
        "mask": np.ones(8, dtype=np.int64),
        "contact": np.ones(CONTACTS, dtype=np.int64),
        "emoji0": _with_none(12, emoji[0]),
        "emoji1": _with_none(12, emoji[1]),
        **{
            f"drop{s}": _with_none(1, probability(region["writing.dropped_slot"]))
            for s in range(1, SLOTS - 1)
        },
    }
    styles: dict[str, np.ndarray] = {}
    for name, weights in choices.items():
        own = region.stream(f"writers/{name}").choose(writer, weights)
        new = region.stream(f"templates/{name}").choose(template, weights)
        kept = region.stream(f"templates/keeps_{name}").chance(template, keep)
        styles[name] = np.where(kept, own, new)[source]
    styles["writer"] = writer[source]
    return styles


def _with_none(choices: int, p: int) -> np.ndarray:
    """Return weights of ``choices`` equal options that share probability ``p``, and of none of them, listed last."""
    return np.array([p] * choices + [(65536 - p) * choices])


def render(
    region: Region,
    o: Operations,
    words: Lexicon,
    chains: Chains,
    state: np.ndarray,
    columns: np.ndarray,
    style: dict[str, np.ndarray],
) -> tuple[pa.Array, pa.Array]:
    """Return titles and bodies as arrow strings: gather the base strings, inflect them by style, order and join."""
    import pyarrow as pa  # for making data only: reading them does not wait for it

    n = len(chains.row)
    style = {name: values[chains.template] for name, values in style.items()}
    language, category = o.language[chains.operation], o.category[chains.operation]
    family = o.family[chains.operation]
    noun = state[:, NOUN]
    base = np.full((n, SLOTS + columns.shape[1] + _BODY_ROOM), -1, dtype=np.int64)
    slots = np.arange(SLOTS)[None, :]
    base[:, :SLOTS] = words.slot[language[:, None], category[:, None], slots, state[:, :SLOTS], noun[:, None]]
    for s in range(1, SLOTS - 1):
        if s != 2:
            base[style[f"drop{s}"] == 0, s] = -1
    phrase = _cue_phrases(region, chains, style["writer"], columns)
    cue = words.cue[language[:, None], family[:, None], np.maximum(columns, 0), phrase]
    base[:, SLOTS:-_BODY_ROOM] = np.where((state[:, FIRST_CUE:] == 1) & (columns >= 0), cue, -1)
    base[:, -3] = words.contact[language, style["contact"], style["mask"]]
    tokens = np.append(words.emoji, -1)
    base[:, -2], base[:, -1] = tokens[style["emoji0"]], tokens[style["emoji1"]]
    title = words.title[language, category, state[:, TITLE], noun]
    wrong = region.stream("writers/misspelling").chance(
        style["writer"][:, None], probability(region["writing.misspelling"]), np.arange(40)[None, :]
    )
    orders = _orders(words, columns.shape[1])[style["order"]]
    body = _forms(words, np.take_along_axis(base, orders, axis=1), wrong, style["body_case"])
    bodies = _joined(words, body, orders >= base.shape[1] - 2, language * 12 + style["separator"])
    titles = words.strings.take(pa.array(_forms(words, title[:, None], wrong, style["title_case"])[:, 0]))
    return titles, bodies


def _joined(words: Lexicon, body: np.ndarray, emoji: np.ndarray, separator: np.ndarray) -> pa.Array:
    """Join each row's strings by its writer's separator; an emoji stands a space apart from its sentence."""
    import pyarrow as pa
    import pyarrow.compute as pc

    there = body >= 0
    rank = np.cumsum(there, axis=1)
    leads = (there & emoji & (rank == 1)).any(axis=1)
    spaced = emoji | (leads[:, None] & (rank == 2))
    before = np.where(spaced, len(words.separators) - 1, separator[:, None])
    parts = []
    for column in range(body.shape[1]):
        absent = ~there[:, column]
        parts.append(words.separators.take(pa.array(before[:, column], mask=absent | (rank[:, column] == 1))))
        parts.append(words.strings.take(pa.array(body[:, column], mask=absent)))
    return pc.binary_join_element_wise(*parts, "", null_handling="skip")  # type: ignore[attr-defined]


def _cue_phrases(region: Region, chains: Chains, writer: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return (n, cues of the family) which of the phrases states each cue: the writer's own, or the template's
    choice."""
    cue = np.maximum(columns, 0)
    own = region.stream("writers/phrase").below(writer[:, None], CUE_VARIANTS, cue)
    new = region.stream("templates/phrase").below(chains.template[:, None], CUE_VARIANTS, cue)
    p = probability(region["writing.cue_phrase"])
    return np.where(region.stream("templates/own_phrase").chance(chains.template[:, None], p, cue), own, new)


def _orders(words: Lexicon, cues: int) -> np.ndarray:
    """Return (orders, body positions) column numbers in writing order; cues go by their block, third by third."""
    table = []
    for order in words.orders:
        row: list[int] = []
        for name in order:
            kind, number = name[0], int(name[1:] or 0)
            if kind == "s":
                row.append(number)
            elif kind == "c":
                row += [SLOTS + c for c in range(cues) if c * 3 // cues == number]
            else:
                row.append(SLOTS + cues + {"k": 0, "e": 1 + number}[kind])
        table.append(row)
    return np.array(table)


def _forms(words: Lexicon, base: np.ndarray, wrong: np.ndarray, case: np.ndarray) -> np.ndarray:
    """Return string numbers of base numbers, (n, m): misspelt and cased as the writer does; negative where absent."""
    listed = words.words[np.maximum(base, 0)]
    misspelt = np.zeros(base.shape, dtype=np.int64)
    for bit in range(2):
        word = listed[..., bit]
        misspelt += (np.take_along_axis(wrong, np.maximum(word, 0), axis=1) & (word >= 0)) << bit
    return np.where(base >= 0, base * FORMS + misspelt * len(CASES) + case[:, None], -1)
