"""List columns, from a matrix of values and which of them are there."""

from collections.abc import Sequence

import numpy as np
import polars as pl


def lists(values: np.ndarray, there: np.ndarray, names: Sequence[str] = ()) -> pl.Series:
    """Return a column that lists, of each row, the values that are there.

    Args:
        values: (rows, places), or (places,) where they are the same in every row.
        there: (rows, places) bool.
        names: what the values are the numbers of, where they are not what is listed.
    """
    import pyarrow as pa  # for making data only: reading them does not wait for it

    offsets = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    listed = pa.array(np.broadcast_to(values, there.shape)[there])
    listed = pa.array(names).take(listed) if names else listed
    return pl.Series(pl.from_arrow(pa.LargeListArray.from_arrays(offsets, listed)))
