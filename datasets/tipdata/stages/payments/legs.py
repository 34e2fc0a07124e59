"""Payments before they have an id: arrays that every part of the ledger makes and the stage joins."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

CHANNELS = ("bank", "cash_deposit", "mobile_money", "prepaid", "virtual_currency", "remittance")
CASH = CHANNELS.index("cash_deposit")
PURPOSES = (
    *("wages", "rent", "shop", "transport", "advert", "room", "travel", "family", "donation", "savings"),
    *("supplier", "tax", "loan", "sale", "benefit"),
)
UNSTATED = -1


@dataclass(frozen=True)
class Legs:
    """One entry a payment; int64 but for ``core``.

    ``number``: local number of the payment. ``payer``, ``payee``: local numbers of wallets. ``amount``: minor units.
    ``channel``, ``purpose``: indices into :data:`CHANNELS` and :data:`PURPOSES` (-1 where none is given).
    ``source``: position of the scheme, household or employer that it comes of. ``core``: whether it is the scheme's
    own doing, and not the everyday life of those in it.
    """

    number: np.ndarray
    minute: np.ndarray
    payer: np.ndarray
    payee: np.ndarray
    amount: np.ndarray
    channel: np.ndarray
    purpose: np.ndarray
    source: np.ndarray
    core: np.ndarray

    def where(self, kept: np.ndarray) -> "Legs":
        """Return those of a mask or of positions."""
        return Legs(*(getattr(self, field.name)[kept] for field in fields(self)))


def joined(parts: Iterable[Legs]) -> Legs:
    """Return all of them, one part after the other."""
    parts = list(parts)
    return Legs(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Legs)))


def repeated(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each position as often as its count says, and the place within it, from 0."""
    position = np.repeat(np.arange(len(counts)), counts)
    return position, np.arange(len(position)) - np.repeat(np.cumsum(counts) - counts, counts)
