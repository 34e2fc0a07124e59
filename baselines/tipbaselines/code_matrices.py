"""Codes of values, and the sparse matrices that sum, share and compare rows by them."""

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix, diags


def position(values: pl.Series, known: pl.Series) -> np.ndarray:
    """Return the position of each value among unique known ones; -1 where it is none of them."""
    if not len(known):
        return np.full(len(values), -1)
    at = values.replace_strict(known, pl.int_range(len(known), eager=True), default=-1, return_dtype=pl.Int64)
    return at.fill_null(-1).to_numpy()


def group(values: pl.Series) -> np.ndarray:
    """Return dense codes of the values; -1 for null."""
    return values.rank("dense").cast(pl.Int64).fill_null(0).to_numpy() - 1


def one_hot(code: np.ndarray, width: int) -> csr_matrix:
    """Return one row per code with a one in its column; -1 has none."""
    rows = np.flatnonzero(code >= 0)
    return csr_matrix((np.ones(len(rows), np.float32), (rows, code[rows])), shape=(len(code), width))


def sum_by(code: np.ndarray, groups: int) -> csr_matrix:
    """Return the matrix that sums rows by code, [groups, rows]."""
    return csr_matrix(one_hot(code, groups).T)


def unit_rows(counts: csr_matrix) -> csr_matrix:
    """Return rows of length one, or zero."""
    length = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1))).ravel()
    return csr_matrix(diags(np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)) @ counts)


def rows_sum_to_one(counts: csr_matrix) -> csr_matrix:
    """Return each row over its sum; a row of zeros as it is."""
    total = np.asarray(counts.sum(axis=1)).ravel()
    return csr_matrix(diags(np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)) @ counts)


def dense(matrix: csr_matrix) -> np.ndarray:
    """Return a matrix with all its zeros, float32."""
    return np.asarray(matrix.todense(), dtype=np.float32)
