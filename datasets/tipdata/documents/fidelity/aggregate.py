"""What an aggregate is: what was published, how near ours should come, and how ours is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipdata.documents.fidelity.view import ReleaseView

Sums = Mapping[str, NDArray[np.float64]]
"""Sums by name, each over some regions, one entry per set of regions."""
Use = Literal["input", "tuned", "unused"]
USES: dict[Use, str] = {
    "input": "a parameter of the world file is this number, so that meeting it proves nothing",
    "tuned": "parameters were chosen with this number in view, so that meeting it shows that it can be met",
    "unused": "no parameter was chosen for it: it tests the world",
}
"""What an aggregate was used for when the world was made."""
Mark = Literal["read", "computed", "secondary", "memory"]
MARKS: dict[Mark, str] = {
    "read": "read in the source",
    "computed": "computed from numbers read in the source",
    "secondary": "read where another cites it",
    "memory": "cited from memory, not checked: weaker",
}


def quotient(sums: Sums) -> NDArray[np.float64]:
    """Return ``part`` over ``of``."""
    return sums["part"] / sums["of"]


@dataclass(frozen=True)
class Aggregate:
    """One published aggregate.

    Attributes:
        name: what it says, in the plural where it is a share.
        published: what was published, as text.
        low, high: the band in which ours should lie; both ends count.
        source: a key of :file:`sources.bib`.
        tables: what it is measured on, the first as the main one.
        measure: returns one row per region that can tell, with its sums (``region``, ``part``, ``of`` and others).
        use: what it was used for when the world was made.
        parameter: for an input the parameter that is this number, else the main one that decides it; '' for none.
        mark: how well the published number is known.
        formula: makes the value of sums over regions.
        rows: the sum that says how much a value rests on.
        needs: how large it must be for anything to be said.
        note: in what ours differs from what was published; '' for nothing.
    """

    name: str
    published: str
    low: float
    high: float
    source: str
    tables: tuple[str, ...]
    measure: Callable[[ReleaseView], pl.DataFrame]
    use: Use
    parameter: str = ""
    mark: Mark = "read"
    formula: Callable[[Sums], NDArray[np.float64]] = quotient
    rows: str = "of"
    needs: float = 100
    note: str = ""
