"""All randomness of the world. Every draw is a pure function of (seed, path, row id, k).

The path (``region/table/column``) is hashed to a key by SHA-256; a counter hash in unsigned 64-bit arithmetic
(SplitMix64's finaliser, applied twice: Steele, Lea and Flood, 2014) gives the value for each id. A draw therefore
never depends on how many came before it: a new column, table or row leaves all others bit-identical. Values come
from integer thresholds and the shipped tables of :mod:`tipdata.core.constants`; nothing here rounds differently on
another processor.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import cast

import numpy as np
import numpy.typing as npt

from tipdata.core.constants import EXP_SCALE, ONE, REACH, STEPS, table

Ids = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


@cache
def _word(number: int) -> Words:
    """Return a constant as numpy works with it fastest: an array without a dimension, in half of a scalar's time."""
    word = np.array(number, dtype=np.uint64)
    word.flags.writeable = False
    return word


_GOLDEN = _word(0x9E3779B97F4A7C15)
_SECOND = 0xD1B54A32D192ED03
_WORD = (1 << 64) - 1
_A = _word(0xBF58476D1CE4E5B9)
_B = _word(0x94D049BB133111EB)
_11, _27, _30, _31, _32, _33, _40, _48 = map(_word, (11, 27, 30, 31, 32, 33, 40, 48))
_CELL = _word(65 - STEPS.bit_length())
_WITHIN = _word(0xFFFFF)


_BLOCK = 1 << 14
"""So many words are worked on at once: they stay in the processor's cache."""


def _mix(words: Words) -> Words:
    """Put words through SplitMix64's finaliser, a bijection on 64-bit words; in place, so give none that are needed."""
    flat = words.reshape(-1)
    room = np.empty(min(len(flat), _BLOCK), dtype=np.uint64)
    for start in range(0, len(flat), _BLOCK):
        x = flat[start : start + _BLOCK]
        shifted = room[: len(x)]
        x ^= np.right_shift(x, _30, shifted)
        x *= _A
        x ^= np.right_shift(x, _27, shifted)
        x *= _B
        x ^= np.right_shift(x, _31, shifted)
    return flat.reshape(words.shape)


def _key(seed: int, path: str) -> Words:
    digest = hashlib.sha256(f"{seed}/{path}".encode()).digest()
    return np.frombuffer(digest, dtype="<u8", count=1)


@cache
def _rises(name: str) -> Ints:
    """Return by how much each knot of a quantile table is above the one before."""
    return np.diff(table(name))


class Stream:
    """A keyed source of draws. ``ids`` are int64 arrays of any shape; results have the same shape."""

    __slots__ = ("key",)

    def __init__(self, seed: int, path: str) -> None:
        self.key = _key(seed, path)

    @classmethod
    def several(cls, seed: int, paths: Iterable[str]) -> "Stream":
        """Return the streams of several paths as one: it draws from each, (paths, ids)."""
        made = cls.__new__(cls)
        made.key = np.stack([_key(seed, path) for path in paths])
        return made

    def bits(self, ids: Ids, k: int | Ids = 0) -> Words:
        """Return 64 uniform bits an id; ``k`` numbers several draws for one id."""
        words = _mix((np.asarray(ids, dtype=np.int64) * _GOLDEN.view(np.int64)).view(np.uint64) + self.key)
        if isinstance(k, int):
            words ^= _word((k + 1) * _SECOND & _WORD)
        else:
            words = words ^ (np.atleast_1d(k).astype(np.uint64) + np.uint64(1)) * np.uint64(_SECOND)
        return _mix(words)

    def one_way(self, ids: Ids) -> Words:
        """Return 64 bits an id by a keyed BLAKE2b: nobody works them back to ids, as those of :meth:`bits` can be.

        Slow, about a microsecond each: for numbers that are published.
        """
        distinct, which = np.unique(ids, return_inverse=True)
        key = self.key.tobytes()
        words = [
            hashlib.blake2b(one.tobytes(), key=key, digest_size=8).digest() for one in distinct.astype("<i8")
        ]
        return np.frombuffer(b"".join(words), dtype="<u8").astype(np.uint64)[which].reshape(np.shape(ids))

    def uniform(self, ids: Ids, k: int | Ids = 0) -> npt.NDArray[np.float64]:
        """Return uniform on [0, 1) in steps of 2**-53, exactly representable."""
        drawn = self.bits(ids, k)
        drawn >>= _11
        return np.multiply(drawn, 2.0**-53, dtype=np.float64)

    def below(self, ids: Ids, n: int | Ids, k: int | Ids = 0) -> Ints:
        """Return uniform integers in [0, n), n < 2**31, an array of n's broadcasting with the ids."""
        return _below(self.bits(ids, k), n)

    def chance(self, ids: Ids, p: int | Ids, k: int | Ids = 0) -> npt.NDArray[np.bool_]:
        """Return true with probability ``p`` out of 65,536."""
        drawn = self.bits(ids, k)
        drawn >>= _48
        return drawn.view(np.int64) < p

    def choose(self, ids: Ids, weights: Ints, k: int | Ids = 0) -> Ints:
        """Return an index by integer weights: one row of weights for all ids, or (len(ids), m) of them."""
        return chosen(self.bits(ids, k), weights)

    def quantile(self, ids: Ids, name: str, k: int | Ids = 0) -> Ints:
        """Return a draw from a shipped inverse CDF, in millionths: normal, logistic, exponential or gamma_<shape>."""
        drawn = self.bits(ids, k)
        cell = (drawn >> _CELL).view(np.int64)
        drawn >>= _32
        drawn &= _WITHIN
        made = _rises(name).take(cell)
        made *= drawn.view(np.int64)
        made >>= 20
        made += table(name).take(cell)
        return made

    def shuffled(self, ids: Ids) -> Ints:
        """Return positions that put the ids into keyed random order (ties, practically none, by id)."""
        return np.lexsort((ids, self.bits(ids)))

    def permute(self, ids: Ids) -> Ints:
        """Return a keyed permutation of [0, 2**48): an id that tells nothing of what it names (four Feistel rounds)."""
        left, right = ids >> 24, ids & 0xFFFFFF
        for turn in range(4):
            turned = self.bits(right, turn)
            turned >>= _40
            left, right = right, left ^ turned.view(np.int64)
        return (left << 24) | right


def chosen(words: Words, weights: Ints) -> Ints:
    """Return for 64 bits each, which are used up, what :meth:`Stream.choose` returns for the ids that they are of."""
    if weights.ndim == 1:
        total = np.cumsum(weights)
        return np.searchsorted(total, _below(words, total[-1]), side="right")
    # Column by column: numpy adds up many short rows far more slowly.
    last = weights.ndim - 1
    total = np.array(weights.transpose(last, *range(last)), dtype=np.int64, order="C")
    for before, column in pairwise(total):
        column += before
    return (total <= _below(words, total[-1])).sum(axis=0)


def _below(words: Words, n: int | Ints) -> Ints:
    words >>= _33
    made = words.view(np.int64) * n
    made >>= 31
    return made


def probability(p: float) -> int:
    """Return a probability as an integer out of 65,536."""
    return int(p * ONE + 0.5)


def sigmoid(milli: int | Ints) -> Ints:
    """Return probabilities out of 65,536 of log-odds in milli-nats."""
    return table("sigmoid").take(np.asarray(milli) + REACH, mode="clip")


def log(p: int | Ints) -> Ints:
    """Return natural logarithm in milli-nats of probabilities out of 65,536."""
    return table("log")[p]


def exp(milli: int | Ints) -> Ints:
    """Return exp of milli-nats, times 2**20."""
    return table("exp").take(np.asarray(milli) + REACH, mode="clip")


def log_add(a: Ints, b: Ints) -> Ints:
    """Return log(exp(a) + exp(b)) of milli-nats, in integers."""
    apart = np.minimum(np.abs(a - b), REACH)
    return np.maximum(a, b) + table("log1p_exp")[apart]


def log_sum(values: Ints) -> Ints:
    """Return log of the sum of exponentials over the last axis, milli-nats, folded from left to right."""
    total = values[..., 0]
    for index in range(1, values.shape[-1]):
        total = log_add(total, values[..., index])
    return cast(Ints, total)


def scaled(base: Ints, milli: Ints) -> Ints:
    """Return ``base`` times exp(``milli``), integers rounded down."""
    return (base * exp(milli)) // EXP_SCALE


def normalised(weights: Ints) -> Ints:
    """Return weights over the last axis as probabilities out of 65,536, each at least one part."""
    total = weights.sum(axis=-1, keepdims=True)
    return np.maximum((weights * ONE) // np.maximum(total, 1), 1)
