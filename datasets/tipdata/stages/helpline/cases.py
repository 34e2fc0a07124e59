"""The hidden state of a contact, and what has been observed of it: log-likelihoods by the state each depends on."""

from dataclasses import dataclass

import numpy as np

KINDS = ("labour", "services", "other_form", "worker", "enquiry")
"""Whose contact it is: exploited in labour, services or another form, a lawful worker in trouble, any other."""
EXPLOITED_KINDS = 3
WORKER, ENQUIRY = 3, 4
PHASES = ("inside", "fresh", "weeks", "months", "none")
"""Time since leaving: not yet, up to two weeks, three months, a year; none where there is nothing to leave."""
INSIDE, FRESH, WEEKS, MONTHS, NONE = range(5)
LEVELS = 3
"""Levels of danger and of urgency."""
CIRCUMSTANCES = ("earnings", "documents", "authorities")
"""Hidden facts of a case that needs depend on."""
ANY = 1 << 20
"""Weeks of work of those whose stay is in no table."""
NEEDS = ("shelter", "safety", "medical", "counselling", "legal", "papers", "wages", "interpreting")


@dataclass(frozen=True)
class Cases:
    """Contacts by position: int64 or bool arrays of equal length.

    ``local`` and ``person``: local numbers of the contact and of the person (draws are keyed by them).
    ``since``: days since leaving, -1 where not left. ``spoken``: an interpreter for the language is at hand, or
    none is needed. ``earnings``, ``documents``: withheld; ``authorities``: they ended it. ``trade``: level of the fact
    ``sector`` that their operation is of, -1 for none.
    """

    local: np.ndarray
    person: np.ndarray
    kind: np.ndarray
    phase: np.ndarray
    since: np.ndarray
    danger: np.ndarray
    language: np.ndarray
    foreign: np.ndarray
    spoken: np.ndarray
    earnings: np.ndarray
    documents: np.ndarray
    authorities: np.ndarray
    restricted: np.ndarray
    threatened: np.ndarray
    trade: np.ndarray
    weeks: np.ndarray


@dataclass(frozen=True)
class Evidence:
    """Log-likelihoods of all observations, milli-nats, by the state they depend on; added up in place.

    ``need`` (contacts, needs, 2: absent, present), ``kind`` (contacts, 5), ``phase`` (contacts, 5), ``danger``
    (contacts, 3), ``cell`` (contacts, 5, 5, 3) of the three together, ``circumstance`` (contacts, circumstances, 2: no,
    yes).
    """

    need: np.ndarray
    kind: np.ndarray
    phase: np.ndarray
    danger: np.ndarray
    cell: np.ndarray
    circumstance: np.ndarray

    @classmethod
    def none(cls, contacts: int) -> "Evidence":
        cells = len(KINDS), len(PHASES), LEVELS
        shapes = (len(NEEDS), 2), *((size,) for size in cells), cells, (len(CIRCUMSTANCES), 2)
        return cls(*(np.zeros((contacts, *shape), dtype=np.int64) for shape in shapes))

    def of(self, state: str) -> np.ndarray:
        """Return the (contacts, levels) slice of a need or a circumstance by its name, or of ``kind``, ``phase`` or
        ``danger``."""
        if state in CIRCUMSTANCES:
            return self.circumstance[:, CIRCUMSTANCES.index(state)]
        return self.need[:, NEEDS.index(state)] if state in NEEDS else getattr(self, state)
