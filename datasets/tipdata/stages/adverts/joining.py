"""Put strings together: many pieces to one text a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tipdata.core.draw import Ints
from tipdata.text.misspellings import MISSPELT
from tipdata.text.phrases import Phrases

if TYPE_CHECKING:
    import pyarrow as pa

AS_WRITTEN, LOWER, UPPER = range(3)


def joined(words: Phrases, own: list[str], string: Ints, owner: Ints, count: int) -> pa.Array:
    """Return the strings of each owner, in order, as one; '' for an owner without any.

    Args:
        own: strings beside those of the wordbooks, numbered after all of them.
        string: number of the string of each piece.
        owner: of each piece, from 0 to ``count``, rising.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    known: Any = words.arrow.get("strings")
    if known is None:
        known = words.arrow["strings"] = pa.array(words.strings, type=pa.string())
    start = len(words.wrong) * MISSPELT
    mine = string >= start
    pieces = known.take(pa.array(np.where(mine, 0, string)))
    others = pa.array(own, type=pa.string()).take(pa.array(string[mine] - start))
    pieces = pc.replace_with_mask(pieces, pa.array(mine), others)  # type: ignore[attr-defined]
    listed = pa.ListArray.from_arrays(offsets(owner, count), pieces)
    return pc.binary_join(listed, "")  # type: ignore[attr-defined]


def cased(text: pa.Array, case: np.ndarray) -> pa.Array:
    """Return texts as written, in lower case or in capitals, as ``case`` says of each."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for way, change in ((LOWER, pc.utf8_lower), (UPPER, pc.utf8_upper)):  # type: ignore[attr-defined]
        if (here := case == way).any():
            mask = pa.array(here)
            text = pc.replace_with_mask(text, mask, change(text.filter(mask)))  # type: ignore[attr-defined]
    return text


def offsets(owner: Ints, count: int) -> pa.Array:
    """Return where each owner's part of a list begins, and its end; owners in rising order."""
    import pyarrow as pa

    return pa.array(np.r_[0, np.cumsum(np.bincount(owner, minlength=count))], type=pa.int32())


def ragged(first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Return for rows of ``count`` elements each: the row of each element, and ``first`` + its place within the row."""
    row = np.repeat(np.arange(len(count)), count)
    within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return row, np.asarray(first)[row] + within
