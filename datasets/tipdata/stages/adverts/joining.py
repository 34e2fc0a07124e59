"""Put strings together: many pieces to one text a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tipdata.core.draw import Ints
from tipdata.text.misspellings import MISSPELT
from tipdata.text.phrases import Phrases

if TYPE_CHECKING:
    import pyarrow as pa

CASES = ("as written", "lower", "upper")
"""How a writer cases words: the strings of the wordbooks stand in each case, one after another."""


def joined(words: Phrases, own: list[str], string: Ints, owner: Ints, count: int) -> pa.Array:
    """Return the strings of each owner, in order, as one; '' for an owner without any.

    Args:
        own: strings beside those of the wordbooks, numbered from :func:`first_own` on. They have no case.
        string: number of the string of each piece: those of the wordbooks, in each of :data:`CASES`, then ``own``.
        owner: of each piece, from 0 to ``count``, rising.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    known: Any = words.arrow.get("strings")
    if known is None:
        written = pa.array(words.strings, type=pa.string())
        cased = [written, pc.utf8_lower(written), pc.utf8_upper(written)]  # type: ignore[attr-defined]
        known = words.arrow["strings"] = pa.concat_arrays(cased)
    start = first_own(words)
    mine = string >= start
    pieces = known.take(pa.array(np.where(mine, 0, string)))
    others = pa.array(own, type=pa.string()).take(pa.array(string[mine] - start))
    pieces = pc.replace_with_mask(pieces, pa.array(mine), others)  # type: ignore[attr-defined]
    listed = pa.ListArray.from_arrays(offsets(owner, count), pieces)
    return pc.binary_join(listed, "")  # type: ignore[attr-defined]


def first_own(words: Phrases) -> int:
    """Return the number of the first string that is not one of the wordbooks'."""
    return len(CASES) * len(words.wrong) * MISSPELT


def offsets(owner: Ints, count: int) -> pa.Array:
    """Return where each owner's part of a list begins, and its end; owners in rising order."""
    import pyarrow as pa

    return pa.array(np.r_[0, np.cumsum(np.bincount(owner, minlength=count))], type=pa.int32())


def ragged(first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Return for rows of ``count`` elements each: the row of each element, and ``first`` + its place within the row."""
    row = np.repeat(np.arange(len(count)), count)
    within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return row, np.asarray(first)[row] + within
