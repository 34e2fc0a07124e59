"""Which sentences of a note are ruled out by what is known of a contact: ``helpline.apart`` of the world file."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tipdata.core.world import Region

APART = "helpline.apart"


@dataclass(frozen=True)
class Known:
    """What is known of contacts: coded ``facts`` (a list each, None where missing), and by pool which of its sentences
    came up, -1 for none: (contacts,) int64, filled in as a note is written."""

    facts: Mapping[str, list[Any]]
    contacts: int
    said: dict[str, np.ndarray]

    def ruled_out(self, region: Region, pool: str, sentences: int) -> np.ndarray:
        """Return (contacts, sentences) bool: which sentences of a pool cannot be true of each contact.

        Raises ValueError where nothing of the pool is left for someone, and for a sentence or a name that is none.
        """
        made = np.zeros((self.contacts, sentences), dtype=bool)
        for rule in region[APART].get(pool, []):
            holds = np.zeros(self.contacts, dtype=bool)
            for name, wanted in rule["where"].items():
                holds |= np.isin(self.said[name], wanted) if name in self.said else self._holds(name, wanted)
            if max(rule["said"]) >= sentences:
                raise ValueError(
                    f"{APART}.{pool}: {rule['said']} names a sentence that the pool does not have"
                )
            made[:, rule["said"]] |= holds[:, None]
        if made.all(axis=1).any():
            raise ValueError(f"{APART}.{pool} leaves some contact no sentence")
        return made

    def _holds(self, name: str, wanted: list[str] | Mapping[str, int]) -> np.ndarray:
        """Return whether a fact is known and is one of the values, or lies from one number to another."""
        if name not in self.facts:
            raise ValueError(f"{APART}: {name} is neither a fact nor a pool that comes earlier")
        values = self.facts[name]
        if isinstance(wanted, Mapping):
            low, high = wanted.get("from", -math.inf), wanted.get("to", math.inf)
            return np.array([value is not None and low <= value <= high for value in values], dtype=bool)
        coded = any(isinstance(value, bool) for value in values)
        fits = {value == "yes" for value in wanted} if coded else set(wanted)
        return np.array([value is not None and value in fits for value in values], dtype=bool)
