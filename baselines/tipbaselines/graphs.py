"""Graphs as sparse matrices, and what is computed of their nodes and edges."""

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix, diags


def adjacency_matrix(source: np.ndarray, target: np.ndarray, nodes: int) -> csr_matrix:
    """Return (nodes, nodes) float32: 1 where an edge leads from the row to the column, however many there are."""
    ones = np.ones(len(source), dtype=np.float32)
    matrix = csr_matrix((ones, (source, target)), shape=(nodes, nodes))
    matrix.data[:] = 1.0
    return matrix


def dense_codes(values: pl.Series) -> np.ndarray:
    """Return the place of each value among the sorted distinct ones, int64; -1 for null."""
    return values.rank("dense").cast(pl.Int64).fill_null(0).to_numpy() - 1


def one_hot(code: np.ndarray, width: int) -> csr_matrix:
    """Return (codes, width) float32: 1 in the column of each row's code; a row with -1 has none."""
    rows = np.flatnonzero(code >= 0)
    return csr_matrix((np.ones(len(rows), np.float32), (rows, code[rows])), shape=(len(code), width))


def sum_by(code: np.ndarray, groups: int) -> csr_matrix:
    """Return (groups, codes) float32: the matrix that sums rows by code."""
    return csr_matrix(one_hot(code, groups).T)


def without_diagonal(matrix: csr_matrix) -> csr_matrix:
    """Return a square matrix without its diagonal."""
    rest = csr_matrix(matrix - diags(matrix.diagonal()))
    rest.eliminate_zeros()
    return rest


def unit_rows(counts: csr_matrix) -> csr_matrix:
    """Return rows of length one; a row of zeros as it is."""
    return _divide_rows(counts, np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1))).ravel())


def mean_matrix(weights: csr_matrix) -> csr_matrix:
    """Return rows that add to 1, for means by these weights; a row of zeros as it is."""
    return _divide_rows(weights, np.asarray(weights.sum(axis=1)).ravel())


def _divide_rows(matrix: csr_matrix, size: np.ndarray) -> csr_matrix:
    return csr_matrix(diags(np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)) @ matrix)


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part over whole, float64, NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=np.asarray(whole) > 0)


def largest(at: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """Return the largest of the values at each position, float64 (count,), -inf where there is none."""
    found = np.full(count, -np.inf)
    np.maximum.at(found, at, values)
    return found


def since_last(time: np.ndarray, *keys: np.ndarray) -> np.ndarray:
    """Return time since the last row with the same ``keys`` (0 or more), float64 (rows,), NaN for the first."""
    order = np.lexsort((time, *keys))
    gap = np.diff(time[order], prepend=0).astype(np.float64)
    gap[np.any([np.diff(key[order], prepend=-1) != 0 for key in keys], axis=0)] = np.nan
    since = np.empty_like(gap)
    since[order] = gap
    return since


def fill_gaps(values: np.ndarray) -> np.ndarray:
    """Return (rows, columns) with each column's NaN as its median, 0 where all are."""
    gaps = np.isnan(values)
    known = ~gaps.all(axis=0)
    middle = np.zeros(values.shape[1], dtype=values.dtype)
    if known.any():
        middle[known] = np.nanmedian(values[:, known], axis=0)
    return np.where(gaps, middle[None, :], values)
