"""Columns of names, and columns that have values in some rows only, from numpy arrays."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from tipdata.core.draw import Ints


def named(names: Sequence[str], code: Ints) -> pl.Series:
    """Return the name of each code, null for one below 0."""
    at = np.where(code < 0, len(names), code).astype(np.uint32)
    return pl.Series([*names, None], dtype=pl.String)[at]


def known(values: np.ndarray, there: np.ndarray) -> pl.Series:
    """Return numbers, texts or truth values where they are there, null elsewhere."""
    import pyarrow as pa  # for making data only: reading them does not wait for it

    return pl.Series(pl.from_arrow(pa.array(values, mask=~there)))
