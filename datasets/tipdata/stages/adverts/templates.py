"""Templates of adverts: their states, copies of them, and edits from re-post to re-post."""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import probability
from tipdata.core.kinds import CATEGORIES, FAMILIES, KINDS, LANGUAGES, MAX_TEMPLATES
from tipdata.core.world import Region
from tipdata.stages.operations.lives import within
from tipdata.stages.operations.stage import Operations
from tipdata.text.lexicon import NOUNS, SLOTS, VARIANTS

NOUN, TITLE, FIRST_CUE = SLOTS, SLOTS + 1, SLOTS + 2
PHRASEBOOKS = ("phrases_first", "phrases_middle", "phrases_last")
"""Traits that say which sentences a writer leans to, each for a third of the slots; the title is with the last."""


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


def draw_copies(region: Region, o: Operations) -> np.ndarray:
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
    """Return integer weights of each operation's writer: (operations, slots, variants), titles and nouns.

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


def template_states(region: Region, o: Operations, family_cues: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Return (templates, positions) first state of every template."""
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


def edit(
    region: Region, o: Operations, family_cues: np.ndarray, chains: Chains, state: np.ndarray
) -> np.ndarray:
    """Return (n, positions) state of every advert: its template's, with each edit lasting until the next one there."""
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
