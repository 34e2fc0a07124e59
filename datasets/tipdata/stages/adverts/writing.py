"""How adverts are written: writers' preferences, templates, copies, re-posts with edits, and the text itself.

A template has a *state*: which sentence stands in each slot, the noun, the title, and which cues it shows. A re-post
keeps its template's state but for up to three edited positions, and an edit lasts until the next one there.
"""

import numpy as np

from tipdata.core.draw import log, log_add, log_sum
from tipdata.core.kinds import CATEGORIES, FAMILIES, LANGUAGES
from tipdata.core.world import Region
from tipdata.stages.adverts.rendering import Text, _styles, render
from tipdata.stages.adverts.templates import FIRST_CUE, Chains, draw_copies, edit, template_states
from tipdata.stages.operations.stage import Operations
from tipdata.text.lexicon import Lexicon, lexicon


def write(region: Region, operations: Operations, chains: Chains) -> Text:
    """Write every advert of a region."""
    words = lexicon(LANGUAGES, FAMILIES, tuple(CATEGORIES.items()), operations.cues)
    family_cues = _family_cues(operations, words)
    source = draw_copies(region, operations)
    state = template_states(region, operations, family_cues, source)
    style = _styles(region, operations, source)
    edited = edit(region, operations, family_cues, chains, state)
    shown = np.zeros((len(chains.row), len(operations.cues)), dtype=bool)
    columns = family_cues[operations.family[chains.operation]]
    present = (edited[:, FIRST_CUE:] == 1) & (columns >= 0)
    at, which = np.nonzero(present)
    shown[at, columns[at, which]] = True
    title, body = render(region, operations, words, chains, edited, columns, style)
    return Text(title, body, shown, source[chains.template], _unit_log_odds(operations, chains, shown))


def _family_cues(operations: Operations, words: Lexicon) -> np.ndarray:
    """Return (families, most) cue numbers of each family, -1 beyond its own."""
    lists = [np.flatnonzero(words.cue[0, f, :, 0] >= 0) for f in range(len(FAMILIES))]
    table = np.full((len(lists), max(map(len, lists))), -1)
    for f, listed in enumerate(lists):
        table[f, : len(listed)] = listed
    return table


def _unit_log_odds(o: Operations, chains: Chains, shown: np.ndarray) -> np.ndarray:
    """Return posterior log-odds of trafficking from one advert's own category and cues, milli-nats.

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
