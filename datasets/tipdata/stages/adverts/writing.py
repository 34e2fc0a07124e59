"""How adverts are written: writers' preferences, templates, copies, re-posts with edits, and the text itself.

A template has a *state*: which sentence stands in each slot, the noun, the title, and which cues it shows. A re-post
keeps its template's state but for up to three edited positions, and an edit lasts until the next one there.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tipdata.core.draw import log, log_add, log_sum, probability
from tipdata.core.world import Region
from tipdata.stages.operations.stage import (
    CATEGORIES,
    FAMILIES,
    KINDS,
    LANGUAGES,
    MAX_TEMPLATES,
    Operations,
    within,
)
from tipdata.text.lexicon import (
    CASES,
    CONTACTS,
    CUE_VARIANTS,
    FORMS,
    NOUNS,
    SLOTS,
    VARIANTS,
    Lexicon,
    lexicon,
)

NOUN, TITLE, FIRST_CUE = SLOTS, SLOTS + 1, SLOTS + 2
PHRASEBOOKS = ("phrases_first", "phrases_middle", "phrases_last")
"""Traits that say which sentences a writer leans to, each for a third of the slots; the title is with the last."""
_BODY_ROOM = 3
"""Body positions beside slots and cues: contact line and two emoji."""


@dataclass(frozen=True)
class Chains:
    """Adverts in the order of their templates and times; int64 arrays of length n.

    Attributes:
        row: local number of the advert (stable whatever other adverts exist).
        operation: local number of its operation.
        template: local number of its template, ``operation * MAX_TEMPLATES + t``.
        first: bool, the template's first advert.
    """

    row: np.ndarray
    operation: np.ndarray
    template: np.ndarray
    first: np.ndarray


@dataclass(frozen=True)
class Text:
    """What was written, row by row as in :class:`Chains`."""

    title: pa.Array
    body: pa.Array
    cues: np.ndarray
    """(n, cues) bool over ``Operations.cues``."""
    source: np.ndarray
    """Local number of the template whose text this is: its own, or the one it was copied from."""
    log_odds: np.ndarray
    """Of trafficking given this advert's own cues and category, milli-nats."""


def write(region: Region, operations: Operations, chains: Chains) -> Text:
    """Write every advert of a region."""
    words = lexicon(LANGUAGES, FAMILIES, tuple(CATEGORIES.items()), operations.cues)
    family_cues = _family_cues(operations, words)
    source = _copies(region, operations)
    state = _template_states(region, operations, family_cues, source)
    style = _styles(region, operations, source)
    edited = _edit(region, operations, family_cues, chains, state)
    shown = np.zeros((len(chains.row), len(operations.cues)), dtype=bool)
    columns = family_cues[operations.family[chains.operation]]
    present = (edited[:, FIRST_CUE:] == 1) & (columns >= 0)
    at, which = np.nonzero(present)
    shown[at, columns[at, which]] = True
    title, body = _render(region, operations, words, chains, edited, columns, style)
    return Text(title, body, shown, source[chains.template], _unit_log_odds(operations, chains, shown))


def _family_cues(operations: Operations, words: Lexicon) -> np.ndarray:
    """(families, most) cue numbers of each family, -1 beyond its own."""
    lists = [np.flatnonzero(words.cue[0, f, :, 0] >= 0) for f in range(len(FAMILIES))]
    table = np.full((len(lists), max(map(len, lists))), -1)
    for f, listed in enumerate(lists):
        table[f, : len(listed)] = listed
    return table


def _copies(region: Region, o: Operations) -> np.ndarray:
    """For every template the template whose text it has: mostly itself, sometimes a stranger's of the same kind."""
    template = np.arange(len(o.id) * MAX_TEMPLATES)
    owner, number = template // MAX_TEMPLATES, template % MAX_TEMPLATES
    exists = o.posts[owner] & (number <= o.traits["templates"][owner])
    p = np.array([probability(region["writing.copies"][k]) for k in KINDS])[o.kind[owner]]
    copied = exists & region.stream("templates/copied").chance(template, p)
    group = (o.language[owner] * len(CATEGORIES) + o.category[owner]) * 3 + o.part[owner]
    other = within(region, "templates/source", template, group, exists & ~copied)
    foreign = copied & (other >= 0) & (owner != other // MAX_TEMPLATES)
    return np.where(foreign, other, template)


def _preferences(region: Region, o: Operations) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Integer weights of each operation's writer: (operations, slots, variants), titles and nouns.

    A sparse Dirichlet: gamma weights, of a larger shape for the sentences that the writer's phrasebooks favour,
    times the region's dialect.
    """
    left, favoured = (f"gamma_{shape}" for shape in region["writing.preference"])
    size = (SLOTS + 1) * VARIANTS
    cells = o.writer[:, None] * 1024 + np.arange(size)[None, :]
    stream = region.stream("writers/sentences")
    text_key = (np.arange(len(LANGUAGES))[:, None] * len(FAMILIES) + np.arange(len(FAMILIES))).ravel()
    sentence = text_key[:, None] * 1024 + np.arange(size)[None, :]
    dialect = region.stream("dialect").quantile(sentence, f"gamma_{region['writing.dialect']}")
    book = region.world.stream("phrasebooks").below(sentence, 4)
    key = o.language * len(FAMILIES) + o.family
    books = np.stack([o.traits[name] for name in PHRASEBOOKS], axis=1)
    level = np.repeat(books[:, np.arange(SLOTS + 1) * len(PHRASEBOOKS) // (SLOTS + 1)], VARIANTS, axis=1)
    own = np.where(book[key] == level, stream.quantile(cells, favoured), stream.quantile(cells, left))
    weights = own * (dialect[key] // 1000 + 50) // 1000 + 1
    weights = weights.reshape(len(o.id), SLOTS + 1, VARIANTS)
    shape = f"gamma_{region['writing.noun_preference']}"
    nouns = region.stream("writers/nouns").quantile(o.writer[:, None] * 16 + np.arange(NOUNS)[None, :], shape)
    return weights[:, :SLOTS], weights[:, SLOTS], nouns + 1


def _template_states(
    region: Region, o: Operations, family_cues: np.ndarray, source: np.ndarray
) -> np.ndarray:
    """(templates, positions) first state of every template."""
    template = np.arange(len(source))
    owner = template // MAX_TEMPLATES
    positions = FIRST_CUE + family_cues.shape[1]
    drawn = _values(
        region, o, family_cues, "templates", template, owner, np.ones((len(template), positions), bool)
    )
    return drawn[source]


def _values(
    region: Region,
    o: Operations,
    family_cues: np.ndarray,
    path: str,
    row: np.ndarray,
    owner: np.ndarray,
    at: np.ndarray,
) -> np.ndarray:
    """Draw the positions marked in ``at`` for each row from its owner's preferences; 0 elsewhere."""
    slots, titles, nouns = _preferences(region, o)
    value = np.zeros(at.shape, dtype=np.int64)
    r, s = np.nonzero(at[:, :SLOTS])
    value[r, s] = region.stream(f"{path}/slot").choose(row[r], slots[owner[r], s], s)
    r = np.flatnonzero(at[:, NOUN])
    value[r, NOUN] = region.stream(f"{path}/noun").choose(row[r], nouns[owner[r]])
    r = np.flatnonzero(at[:, TITLE])
    value[r, TITLE] = region.stream(f"{path}/title").choose(row[r], titles[owner[r]])
    r, c = np.nonzero(at[:, FIRST_CUE:])
    cue = family_cues[o.family[owner[r]], c]
    p = np.where(o.habits[owner[r], np.maximum(cue, 0)], *o.shown)
    value[r, FIRST_CUE + c] = (cue >= 0) & region.stream(f"{path}/cue").chance(row[r], p, cue + 1)
    return value


def _edit(
    region: Region, o: Operations, family_cues: np.ndarray, chains: Chains, state: np.ndarray
) -> np.ndarray:
    """(n, positions) state of every advert: its template's, with each edit lasting until the next one there."""
    count = state.shape[1]
    weights = np.empty(count, dtype=np.int64)
    listed = region["writing.edit_positions"]
    weights[:SLOTS], weights[NOUN], weights[TITLE] = listed["slot"], listed["noun"], listed["title"]
    weights[FIRST_CUE:] = listed["cue"]
    edits = region.stream("adverts/edits").choose(chains.row, np.array(region["writing.edits"]))
    edited = np.zeros((len(chains.row), count), dtype=bool)
    for turn in range(int(edits.max(initial=0))):
        r = np.flatnonzero(edits > turn)
        edited[r, region.stream("adverts/edited").choose(chains.row[r], weights, turn)] = True
    edited[chains.first] = False
    value = _values(region, o, family_cues, "adverts", chains.row, chains.operation, edited)
    value[chains.first] = state[chains.template[chains.first]]
    known = edited | chains.first[:, None]
    last = np.maximum.accumulate(np.where(known, np.arange(len(chains.row))[:, None], 0), axis=0)
    return np.take_along_axis(value, last, axis=0)


def _styles(region: Region, o: Operations, source: np.ndarray) -> dict[str, np.ndarray]:
    """Style features of every template: its writer's, each redrawn now and then, or those of the copied one."""
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
    """Weights of ``choices`` equal options that share probability ``p``, and of none of them, listed last."""
    return np.array([p] * choices + [(65536 - p) * choices])


def _render(
    region: Region,
    o: Operations,
    words: Lexicon,
    chains: Chains,
    state: np.ndarray,
    columns: np.ndarray,
    style: dict[str, np.ndarray],
) -> tuple[pa.Array, pa.Array]:
    """Titles and bodies as arrow strings: gather the base strings, inflect them by style, order and join."""
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
    """(n, cues of the family) which of the phrases states each cue: the writer's own, or the template's choice."""
    cue = np.maximum(columns, 0)
    own = region.stream("writers/phrase").below(writer[:, None], CUE_VARIANTS, cue)
    new = region.stream("templates/phrase").below(chains.template[:, None], CUE_VARIANTS, cue)
    p = probability(region["writing.cue_phrase"])
    return np.where(region.stream("templates/own_phrase").chance(chains.template[:, None], p, cue), own, new)


def _orders(words: Lexicon, cues: int) -> np.ndarray:
    """(orders, body positions) column numbers in writing order; cues go by their block, third by third."""
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
    """String numbers of base numbers, (n, m): misspelt and cased as the writer does; negative where absent."""
    listed = words.words[np.maximum(base, 0)]
    misspelt = np.zeros(base.shape, dtype=np.int64)
    for bit in range(2):
        word = listed[..., bit]
        misspelt += (np.take_along_axis(wrong, np.maximum(word, 0), axis=1) & (word >= 0)) << bit
    return np.where(base >= 0, base * FORMS + misspelt * len(CASES) + case[:, None], -1)


def _unit_log_odds(o: Operations, chains: Chains, shown: np.ndarray) -> np.ndarray:
    """Posterior log-odds of trafficking from one advert's own category and cues, milli-nats.

    Each cue's habit is summed out: P(shown | kind) = sum over habit of P(shown | habit) P(habit | kind).
    """
    yes, no = log(np.array(o.shown)), log(65536 - np.array(o.shown))
    absent, present = o.habit_log[..., 0], o.habit_log[..., 1]
    has = (absent != 0) | (present != 0)
    if_shown = np.where(has, log_add(present + yes[0], absent + yes[1]), 0)
    if_not = np.where(has, log_add(present + no[0], absent + no[1]), 0)
    family, category = o.family[chains.operation], o.category[chains.operation]
    total = (o.kind_log + if_not.sum(axis=1))[family] + o.category_log[category]
    gain = (if_shown - if_not)[family]
    total = total + (gain * shown[:, :, None]).sum(axis=1)
    return total[:, 0] - log_sum(total[:, 1:])
