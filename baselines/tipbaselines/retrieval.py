"""Nearest neighbours in a gallery: chunked cosine similarity, at most ten candidates a query, never itself."""

from typing import Any

import numpy as np
import polars as pl

CANDIDATES = 10
"""Candidates a query may name."""


def nearest(units: pl.Series, vectors: Any, chunk: int = 512) -> pl.DataFrame:
    """Return the best candidates of every unit by the inner product of its row: [query, candidate, score].

    ``vectors``: (units, dimensions), dense or CSR, rows of unit length (or zero) so that the product is a cosine.
    Scores are Float64, mapped from [-1, 1] to [0, 1]. Ties go to the smaller unit, whatever the order of the rows.
    """
    order = units.arg_sort().to_numpy()
    keys, vectors = units.gather(order), vectors[order]
    count = len(keys)
    best = min(CANDIDATES, count - 1)
    if best <= 0:
        return candidate_frame(keys, np.empty((0, 2), dtype=np.int64), np.empty(0))
    pairs, scores = [], []
    across = vectors.T.tocsr() if hasattr(vectors, "tocsr") else vectors.T
    for start in range(0, count, chunk):
        block = vectors[start : start + chunk] @ across
        similarity = np.asarray(block.todense() if hasattr(block, "todense") else block, dtype=np.float64)
        found, value = top(similarity, np.arange(start, start + len(similarity)), best)
        query = np.repeat(np.arange(start, start + len(similarity)), best)
        pairs.append(np.stack([query, found.ravel()], axis=1))
        scores.append(value.ravel())
    return candidate_frame(keys, np.concatenate(pairs), np.clip((np.concatenate(scores) + 1) / 2, 0, 1))


def top(similarity: np.ndarray, own: np.ndarray, best: int) -> tuple[np.ndarray, np.ndarray]:
    """Return columns and values of the ``best`` largest entries a row, its ``own`` column left out; ties to the left.

    Similarities are rounded to 9 decimals first, so that the order of a floating sum cannot decide a tie.
    """
    similarity = np.round(similarity, 9)
    similarity[np.arange(len(similarity)), own] = -np.inf
    least = -np.partition(-similarity, best - 1, axis=1)[:, best - 1]
    row, column = np.nonzero(similarity >= least[:, None])
    value = similarity[row, column]
    order = np.lexsort((column, -value, row))
    row, column, value = row[order], column[order], value[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    kept = rank < best
    return column[kept].reshape(-1, best), value[kept].reshape(-1, best)


def candidate_frame(keys: pl.Series, pairs: np.ndarray, scores: np.ndarray) -> pl.DataFrame:
    """Return [query, candidate, score] from row numbers into ``keys``."""
    return pl.DataFrame(
        {
            "query": keys.gather(pairs[:, 0]),
            "candidate": keys.gather(pairs[:, 1]),
            "score": pl.Series(scores, dtype=pl.Float64),
        }
    )
