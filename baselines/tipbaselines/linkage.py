"""Which rows belong together: connected components, near-duplicate texts, nearest neighbours.

Near-duplicates: MinHash signatures by rensa (Broder 1997), banded candidates as in Leskovec, Rajaraman and Ullman,
"Mining of Massive Datasets", chapter 3, verified by exact Jaccard similarity. Cost: about 3 s for 30,000 adverts on
one core, linear in the texts plus the verified pairs.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.lib.stride_tricks import sliding_window_view
from scipy.sparse import csr_matrix
from tipcore.units import connected_components

from tipbaselines.cache import remember
from tipbaselines.text import equal_values, normalise, tokens


def components(nodes: int, edges: np.ndarray) -> np.ndarray:
    """Return smallest node of each node's component: int64 (nodes,). ``edges``: (n, 2) integers below ``nodes``."""
    return connected_components(edges[:, 0], edges[:, 1], nodes)


def value_edges(values: pl.Series) -> np.ndarray:
    """Return edges (n, 2) int64 from each row to the first row with its value, from a null to itself."""
    row = np.arange(len(values))
    rows = pl.DataFrame({"row": row, "value": values})
    first = rows.select(pl.col("row").min().over("value"))["row"].to_numpy()
    return np.stack([row, np.where(values.is_null().to_numpy(), row, first)], axis=1)


def contact_edges(contacts: pl.Series, limit: int | None = None) -> np.ndarray:
    """Return edges (n, 2) int64 between rows that share a contact: from each to the first row with that contact.
    ``contacts``: a list column, nulls allowed. ``limit``: contacts on more rows than this are ignored."""
    rows = pl.DataFrame({"row": np.arange(len(contacts)), "contact": contacts})
    rows = rows.explode("contact", empty_as_null=True).drop_nulls("contact").unique()
    if limit is not None:
        rows = rows.filter(pl.len().over("contact") <= limit)
    edges = rows.select("row", pl.col("row").min().over("contact").alias("first"))
    return edges.filter(pl.col("row") != pl.col("first")).sort("row", "first").to_numpy()


def cluster_frame(units: pl.Series, label: np.ndarray) -> pl.DataFrame:
    """Return predictions [unit, cluster], sorted by unit: a cluster is named by its smallest unit."""
    frame = pl.DataFrame({units.name: units, "label": label})
    return frame.select(units.name, pl.col(units.name).min().over("label").alias("cluster")).sort(units.name)


MIX = np.uint64(0xBF58476D1CE4E5B9)
SIGNATURE_SEED = 20_21
"""Seed of rensa's permutations: fixed, so that a signature is a function of the text alone."""
CHUNK = 10_000
"""Texts whose signatures are made at a time: rensa hands them over as lists of Python, five kilobytes a text."""
WINDOW = 24
"""In a crowded bucket a text is compared with this many neighbours in hash order instead of with all."""


@dataclass(frozen=True)
class Shingles:
    """Sets of hashed shingles, one a text: ``values`` uint64, sorted, distinct within ``offsets[i]:offsets[i+1]``."""

    values: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets) - 1


@remember(2)
def shingles(texts: Sequence[str], width: int) -> Shingles:
    """Return hashed runs of ``width`` tokens of each text (the whole text where it is shorter); content decides the
    hash."""
    known: dict[str, np.ndarray] = {}
    for text in texts:
        if text not in known:
            hashes = np.array([token_hash(token) for token in tokens(text)], dtype=np.uint64)
            if size := min(width, len(hashes)):
                runs = sliding_window_view(hashes, size)
                hashes = _mix(np.full(len(runs), size, dtype=np.uint64), runs.T)
            known[text] = np.unique(hashes)
    sets = [known[text] for text in texts]
    sizes = np.array([len(s) for s in sets], dtype=np.int64)
    values = np.concatenate(sets) if sets else np.empty(0, dtype=np.uint64)
    return Shingles(values, np.concatenate([[0], np.cumsum(sizes)]))


@lru_cache(maxsize=200_000)
def token_hash(token: str) -> int:
    """Return 64 bits of BLAKE2b over the token: the same in every process."""
    code = token.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(code, digest_size=8).digest(), "little")


def _mix(hashed: np.ndarray, columns: Iterable[np.ndarray]) -> np.ndarray:
    """Return hashes uint64 with further uint64 columns mixed in, one after the other."""
    for column in columns:
        hashed = (hashed ^ column) * MIX
        hashed ^= hashed >> np.uint64(31)
    return hashed


def signatures(sets: Shingles, permutations: int) -> np.ndarray:
    """Return MinHash signatures, (texts, permutations) uint32; an empty text has no signature that means anything."""
    from rensa import RMinHash  # pyright: ignore[reportAttributeAccessIssue]

    made = np.empty((len(sets), permutations), dtype=np.uint32)
    for start in range(0, len(sets), CHUNK):
        ends = sets.offsets[start : start + CHUNK + 1]
        values, offsets = sets.values[ends[0] : ends[-1]], (ends - ends[0]).astype(np.uint64)
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(values, offsets, permutations, SIGNATURE_SEED)
        made[start : start + CHUNK] = matrix.to_rows()
    return made


def candidate_pairs(sets: Shingles, permutations: int, bands: int) -> np.ndarray:
    """Return pairs of texts that agree in at least one band: (pairs, 2) int64, first < second, distinct, sorted.

    A bucket of more than ``2 * WINDOW`` texts gives each text its ``WINDOW`` next ones in the order of their
    smallest shingles instead of all pairs: near-duplicates still form a connected chain, in linear time.
    """
    filled = np.flatnonzero(np.diff(sets.offsets) > 0)
    if len(filled) < 2:
        return np.empty((0, 2), dtype=np.int64)
    signature = signatures(sets, permutations)[filled]
    order_key = sets.values[sets.offsets[filled]]
    rows = permutations // bands
    found = []
    for band in range(bands):
        columns = signature[:, band * rows : (band + 1) * rows].astype(np.uint64).T
        bucket = _mix(np.zeros(len(filled), dtype=np.uint64), columns)
        order = np.lexsort((order_key, bucket))
        found.append(filled[_bucket_pairs(order, bucket[order])])
    low, high = np.sort(np.concatenate(found), axis=1).T
    # as one number each: rows of two are sorted in twice the memory
    return np.stack(np.divmod(np.unique(low * len(sets) + high), len(sets)), axis=1)


def _bucket_pairs(order: np.ndarray, bucket: np.ndarray) -> np.ndarray:
    """Return pairs within runs of equal ``bucket``: all of them in small runs, the next ``WINDOW`` in large ones."""
    starts = np.flatnonzero(np.concatenate([[True], bucket[1:] != bucket[:-1]]))
    sizes = np.diff(np.concatenate([starts, [len(bucket)]]))
    size = np.repeat(sizes, sizes)
    end = np.repeat(starts + sizes, sizes)
    place = np.arange(len(bucket))
    reach = np.where(size > 2 * WINDOW, WINDOW, size)
    pairs = []
    for step in range(1, min(int(sizes.max()), 2 * WINDOW)):
        left = place[(place + step < end) & (step <= reach)]
        if len(left) == 0:
            break
        pairs.append(np.stack([order[left], order[left + step]], axis=1))
    return np.concatenate(pairs) if pairs else np.empty((0, 2), dtype=np.int64)


def jaccard(sets: Shingles, pairs: np.ndarray, chunk: int = 200_000) -> np.ndarray:
    """Return exact Jaccard similarity of the shingle sets of each pair: float64, shape (len(pairs),)."""
    _, column = np.unique(sets.values, return_inverse=True)
    cells = np.ones(len(column), dtype=np.int32), column.astype(np.int64), sets.offsets
    matrix = csr_matrix(cells, shape=(len(sets), int(column.max(initial=-1)) + 1))
    sizes = np.diff(sets.offsets)
    similarity = np.zeros(len(pairs))
    for start in range(0, len(pairs), chunk):
        left, right = pairs[start : start + chunk].T
        common = np.asarray(matrix[left].multiply(matrix[right]).sum(axis=1)).ravel()
        similarity[start : start + chunk] = common / np.maximum(sizes[left] + sizes[right] - common, 1)
    return similarity


@remember(3)
def near_duplicate_groups(
    texts: Sequence[str], threshold: float, width: int = 3, permutations: int = 128, bands: int = 32
) -> np.ndarray:
    """Return the group of each text, int64 (texts,), for reading only: connected components over the pairs whose exact
    similarity is at least ``threshold``, equal normalised texts together. An empty text is a group of its own."""
    plain = normalise(texts)
    distinct, first = equal_values(plain)
    sets = shingles([plain[i] for i in first], width)
    pairs = candidate_pairs(sets, permutations, bands)
    group = components(len(first), pairs[jaccard(sets, pairs) >= threshold])[distinct]
    empty = np.array([not text for text in plain], dtype=bool)
    group[empty] = len(first) + np.arange(int(empty.sum()))
    group.flags.writeable = False
    return group


def group_weights(group: np.ndarray) -> np.ndarray:
    """Return weights that give every group the same total, one on average: float64, one a row."""
    _, dense, size = np.unique(group, return_inverse=True, return_counts=True)
    weights = 1.0 / size[dense]
    return weights / weights.mean()


CANDIDATES = 10  # Candidates a query may name


def nearest(units: pl.Series, vectors: Any, chunk: int = 512) -> pl.DataFrame:
    """Return the best candidates of every unit by the inner product of its row: [query, candidate, score].

    ``vectors``: (units, dimensions), dense or CSR, rows of unit length (or zero) so that the product is a cosine.
    Scores are Float64, mapped from [-1, 1] to [0, 1]. Ties go to the smaller unit.
    """
    order = units.arg_sort().to_numpy()
    keys, vectors = units.gather(order), vectors[order]
    across = vectors.T.tocsr() if hasattr(vectors, "tocsr") else vectors.T
    blocks = (vectors[start : start + chunk] @ across for start in range(0, len(keys), chunk))
    dense = (block.todense() if hasattr(block, "todense") else block for block in blocks)
    found = best_candidates(keys, (np.asarray(block, dtype=np.float64) for block in dense))
    return found.with_columns(((pl.col("score") + 1) / 2).clip(0, 1))


def best_candidates(keys: pl.Series, blocks: Iterable[np.ndarray]) -> pl.DataFrame:
    """Return [query, candidate, score] of the best others of every unit; ties go to the first. ``blocks``: similarities
    (rows, units) of some units at a time, in order."""
    best, start = min(CANDIDATES, len(keys) - 1), 0
    pairs, scores = [np.empty((0, 2), dtype=np.int64)], [np.empty(0)]
    for similarity in blocks if best > 0 else ():
        rows = np.arange(start, start + len(similarity))
        found, value = top(similarity, rows, best)
        pairs.append(np.stack([np.repeat(rows, best), found.ravel()], axis=1))
        scores.append(value.ravel())
        start += len(similarity)
    return candidate_frame(keys, np.concatenate(pairs), np.concatenate(scores))


def top(similarity: np.ndarray, own: np.ndarray, best: int) -> tuple[np.ndarray, np.ndarray]:
    """Return columns and values of the ``best`` largest entries a row, its ``own`` column left out; ties to the left.
    Similarities are rounded to 9 decimals first, so that the order of a floating sum cannot decide a tie."""
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
    query, candidate = (keys.gather(rows) for rows in pairs.T)
    score = pl.Series(scores, dtype=pl.Float64)
    return pl.DataFrame({"query": query, "candidate": candidate, "score": score})
