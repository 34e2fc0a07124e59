"""List columns, from a matrix of values and which of them are there."""

import numpy as np
import polars as pl


def lists(values: np.ndarray, there: np.ndarray) -> pl.Series:
    """Return a column that lists, of each row, the values that are there.

    Args:
        values: (rows, places), or (places,) where they are the same in every row.
        there: (rows, places) bool.
    """
    import pyarrow as pa  # for making data only: reading them does not wait for it

    offsets = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    listed = np.broadcast_to(values, there.shape)[there]
    return pl.Series(pl.from_arrow(pa.LargeListArray.from_arrays(offsets, listed)))
