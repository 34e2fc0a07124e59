"""All randomness of the world. Every draw is a pure function of (seed, path, row id, k).

The path (``region/table/column``) is hashed to a key by SHA-256; a counter hash in unsigned 64-bit arithmetic
(SplitMix64's finaliser, applied twice: Steele, Lea and Flood, 2014) gives the value for each id. A draw therefore
never depends on how many came before it: a new column, table or row leaves all others bit-identical.

Elementary functions differ in their last bit between processors. Values therefore come from integer thresholds and
from the tables in ``constants.npz``, which are rounded to integers once. ``tests/tipdata/core/shipped_tables.py`` makes
that file again; a test compares every entry with scipy.
"""

import hashlib
from collections.abc import Iterable
from functools import cache, partial, reduce
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

CONSTANTS = Path(__file__).with_name("constants.npz")

ONE = 1 << 16
"""Probabilities are integers out of 65,536."""
STEPS = 1 << 12
"""Quantile tables have 4,097 knots, at u = i/4096, the outer two at u = 1/8192 and 1 - 1/8192."""
SCALE = 1_000_000
"""Quantiles are in millionths of their unit."""
REACH = 12_000
"""Tables over log-odds or logarithms reach from -12,000 to 12,000 milli-nats."""
EXP_SCALE = 1 << 20
"""The exponential's table holds exp(x) times 2**20."""
GAMMA_SHAPES = (0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 4.0)


@cache
def constant_table(name: str) -> npt.NDArray[np.int64]:
    """Return one shipped table, int64: normal, logistic, exponential, gamma_<shape>, exp, log, sigmoid or log1p_exp."""
    with np.load(CONSTANTS) as stored:
        return stored[name].astype(np.int64)


Ids = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


@cache
def _word(number: int) -> Words:
    """Return a constant as an array without dimensions, which numpy handles twice as fast as a scalar."""
    word = np.array(number, dtype=np.uint64)
    word.flags.writeable = False
    return word


_GOLDEN = _word(0x9E3779B97F4A7C15).view(np.int64)
_SECOND = 0xD1B54A32D192ED03
_WORD = (1 << 64) - 1
_A = _word(0xBF58476D1CE4E5B9)
_B = _word(0x94D049BB133111EB)
_11, _27, _30, _31, _32, _33, _40, _48 = map(_word, (11, 27, 30, 31, 32, 33, 40, 48))
_CELL = _word(65 - STEPS.bit_length())
_WITHIN = _word(0xFFFFF)


FEW = 128
"""So many rows of weights are added up one by one, which is then faster."""
_BLOCK = 1 << 14
"""Words processed at once, so that they stay in the processor's cache."""


def _mix(words: Words) -> Words:
    """Apply SplitMix64's finaliser, a bijection on 64-bit words, in place: the words given are overwritten."""
    if words.size > _BLOCK:
        flat = words.reshape(-1)
        for start in range(0, len(flat), _BLOCK):
            _mix(flat[start : start + _BLOCK])
        return flat.reshape(words.shape)
    shifted = np.empty_like(words)
    words ^= np.right_shift(words, _30, shifted)
    words *= _A
    words ^= np.right_shift(words, _27, shifted)
    words *= _B
    words ^= np.right_shift(words, _31, shifted)
    return words


def _key(seed: int, path: str) -> Words:
    digest = hashlib.sha256(f"{seed}/{path}".encode()).digest()
    return np.frombuffer(digest, dtype="<u8", count=1)


@cache
def _rises(name: str) -> Ints:
    return np.diff(constant_table(name))


class Stream:
    """A keyed source of draws. ``ids`` are int64 arrays of any shape; results have the same shape."""

    __slots__ = ("key",)

    def __init__(self, seed: int, path: str) -> None:
        self.key = _key(seed, path)

    @classmethod
    def several(cls, seed: int, paths: Iterable[str]) -> "Stream":
        """Return the streams of several paths as one, whose draws have shape (paths, ids)."""
        made = cls.__new__(cls)
        made.key = np.stack([_key(seed, path) for path in paths])
        return made

    def bits(self, ids: Ids, k: int | Ids = 0) -> Words:
        """Return 64 uniform bits per id; ``k`` numbers several draws for one id."""
        words = _mix((np.asarray(ids, dtype=np.int64) * _GOLDEN).view(np.uint64) + self.key)
        if isinstance(k, int):
            words ^= _word((k + 1) * _SECOND & _WORD)
        else:
            words = words ^ (np.atleast_1d(k).astype(np.uint64) + np.uint64(1)) * np.uint64(_SECOND)
        return _mix(words)

    def one_way(self, ids: Ids) -> Words:
        """Return 64 bits per id by a keyed BLAKE2b, which cannot be inverted to ids; those of :meth:`bits` can.

        Slow, about a microsecond each: for numbers that are published.
        """
        distinct, which = np.unique(ids, return_inverse=True)
        hashed = partial(hashlib.blake2b, key=self.key.tobytes(), digest_size=8)
        words = b"".join(hashed(one.tobytes()).digest() for one in distinct.astype("<i8"))
        return np.frombuffer(words, dtype="<u8").astype(np.uint64)[which].reshape(np.shape(ids))

    def uniform(self, ids: Ids, k: int | Ids = 0) -> npt.NDArray[np.float64]:
        """Return uniform on [0, 1) in steps of 2**-53, exactly representable."""
        drawn = self.bits(ids, k)
        drawn >>= _11
        return np.multiply(drawn, 2.0**-53, dtype=np.float64)

    def below(self, ids: Ids, n: int | Ids, k: int | Ids = 0) -> Ints:
        """Return uniform integers in [0, n), n < 2**31; an array ``n`` broadcasts with the ids."""
        return _below_from_bits(self.bits(ids, k), n)

    def between(self, ids: Ids, bounds: npt.ArrayLike, k: int | Ids = 0) -> Ints:
        """Return uniform integers from the first to the last of ``bounds``: two numbers for all ids, or (..., 2)."""
        low, high = np.moveaxis(np.asarray(bounds), -1, 0)
        return low + self.below(ids, high - low + 1, k)

    def chance(self, ids: Ids, p: int | Ids, k: int | Ids = 0) -> npt.NDArray[np.bool_]:
        """Return true with probability ``p`` out of 65,536."""
        drawn = self.bits(ids, k)
        drawn >>= _48
        return drawn.view(np.int64) < p

    def choose(self, ids: Ids, weights: Ints, k: int | Ids = 0) -> Ints:
        """Return an index by integer weights: one row of weights for all ids, or (len(ids), m) of them."""
        return choose_from_bits(self.bits(ids, k), weights)

    def quantile(self, ids: Ids, name: str, k: int | Ids = 0) -> Ints:
        """Return a draw from a shipped inverse CDF, in millionths: normal, logistic, exponential or gamma_<shape>."""
        drawn = self.bits(ids, k)
        cell = (drawn >> _CELL).view(np.int64)
        drawn >>= _32
        drawn &= _WITHIN
        made = _rises(name).take(cell)
        made *= drawn.view(np.int64)
        made >>= 20
        made += constant_table(name).take(cell)
        return made

    def shuffle(self, ids: Ids) -> Ints:
        """Return positions that put the ids into keyed random order (ties, practically none, by id)."""
        return np.lexsort((ids, self.bits(ids)))

    def permute(self, ids: Ids) -> Ints:
        """Return a keyed permutation of [0, 2**48), by four Feistel rounds: ids that reveal nothing."""
        left, right = ids >> 24, ids & 0xFFFFFF
        for turn in range(4):
            turned = self.bits(right, turn)
            turned >>= _40
            left, right = right, left ^ turned.view(np.int64)
        return (left << 24) | right


def choose_from_bits(words: Words, weights: Ints) -> Ints:
    """Return what :meth:`Stream.choose` returns for ids with these 64 bits each; the words are overwritten."""
    if weights.ndim == 1:
        total = np.cumsum(weights)
        return np.searchsorted(total, _below_from_bits(words, total[-1]), side="right")
    if len(words) < FEW:
        total = np.cumsum(weights, axis=-1)
        return (total <= _below_from_bits(words, total[..., -1])[..., None]).sum(axis=-1)
    # Column by column: numpy adds up many short rows far more slowly.
    last = weights.ndim - 1
    total = np.array(weights.transpose(last, *range(last)), dtype=np.int64, order="C")
    for before, column in pairwise(total):
        column += before
    return (total <= _below_from_bits(words, total[-1])).sum(axis=0)


def log_uniform_from_bits(words: Words, low: Ints, high: Ints) -> Ints:
    """Return log-uniform whole numbers from ``low`` to ``high``; they increase with the 64 bits.

    Args:
        words: uniform bits, which stay as they are.
        low, high: int64 that broadcast with the words, 1 <= low <= high < 65,536.
    """
    wide = log(ONE) - log(ONE * low // (high + 1))
    part = wide * (words >> _33).view(np.int64) >> 31
    return np.clip(scale_exp(np.asarray(low), part), low, high)


def _below_from_bits(words: Words, n: int | Ints) -> Ints:
    words >>= _33
    made = words.view(np.int64) * n
    made >>= 31
    return made


def probability(p: float) -> int:
    """Return a probability as an integer out of 65,536."""
    return int(p * ONE + 0.5)


def sigmoid(milli: int | Ints) -> Ints:
    """Return probabilities out of 65,536 of log-odds in milli-nats."""
    return constant_table("sigmoid").take(np.asarray(milli) + REACH, mode="clip")


def log(p: int | Ints) -> Ints:
    """Return natural logarithm in milli-nats of probabilities out of 65,536."""
    return constant_table("log").take(p)


def exp(milli: int | Ints) -> Ints:
    """Return exp of milli-nats, times 2**20."""
    return constant_table("exp").take(np.asarray(milli) + REACH, mode="clip")


def log_add(a: Ints, b: Ints) -> Ints:
    """Return log(exp(a) + exp(b)) of milli-nats, in integers."""
    return np.maximum(a, b) + constant_table("log1p_exp").take(np.abs(a - b), mode="clip")


def log_sum(values: Ints) -> Ints:
    """Return log of the sum of exponentials over the last axis, milli-nats, folded from left to right."""
    return reduce(log_add, np.ascontiguousarray(np.moveaxis(values, -1, 0)))


def scale_exp(base: Ints, milli: Ints) -> Ints:
    """Return ``base`` times exp(``milli``), integers rounded down."""
    return (base * exp(milli)) // EXP_SCALE


def normalise(weights: Ints) -> Ints:
    """Return weights over the last axis as probabilities out of 65,536, each at least one part."""
    total = weights.sum(axis=-1, keepdims=True)
    return np.maximum((weights * ONE) // np.maximum(total, 1), 1)


UNIT = 1000
"""Intensities are integers in thousandths of a count."""
LARGE = 12 * UNIT
"""From this mean on, a normal approximation with a correction for skewness is used."""
LONGEST = 60
"""A count with a mean below LARGE never reaches this (P < 1e-20)."""
NEGLIGIBLE = 1e-9
"""Counts with a smaller probability than this are not drawn."""


def effective_size(weights: np.ndarray) -> float:
    """Return the effective size of a weighted sample: (sum w)^2 / sum w^2 (Kish 1965)."""
    weights = np.asarray(weights, dtype=np.float64)
    return float(weights.sum() ** 2 / (weights**2).sum()) if len(weights) else 0.0


def poisson(stream: Stream, ids: Ids, mean: Ints) -> Ints:
    """Return a Poisson count of each mean (thousandths), arrays of one shape.

    Below LARGE by inversion, above it as mean + sqrt(mean) z + (z^2 - 1) / 6 (Cornish and Fisher, 1938), rounded.
    """
    ids, mean = np.broadcast_arrays(ids, mean)
    out = np.zeros(ids.shape, dtype=np.int64)
    few = (mean > 0) & (mean < LARGE)
    many = mean >= LARGE
    out[few] = _count_by_inversion(stream.uniform(ids[few]), mean[few])
    rate, z = mean[many] / UNIT, stream.quantile(ids[many], "normal") / 1_000_000
    drawn = np.floor(rate + np.sqrt(rate) * z + (z * z - 1.0) / 6.0 + 0.5)
    out[many] = np.maximum(drawn, 0.0).astype(np.int64)
    return out


def over_disperse(stream: Stream, ids: Ids, mean: Ints, weight: int) -> Ints:
    """Return means (thousandths) times 1 + weight (g - 1), with g gamma of mean 1 and shape 4; weight in permille."""
    around = stream.quantile(ids, "gamma_4.0") // 4 - 1_000_000
    return np.maximum(mean + mean * (around * weight // 1000) // 1_000_000, 0)


def _count_by_inversion(u: np.ndarray, mean: Ints) -> Ints:
    rate, quarter = mean / UNIT, mean // 4
    # exp(-mean) as a product of four values of the table, which is too coarse for small ones
    part = exp(-quarter) / EXP_SCALE
    p = part * part * part * (exp(3 * quarter - mean) / EXP_SCALE)
    below, count = p.copy(), np.zeros(len(u), dtype=np.int64)
    for k in range(1, LONGEST):
        # What rounding leaves of the last probability is not a count.
        more = (u >= below) & (p > NEGLIGIBLE)
        if not more.any():
            break
        count += more
        p = p * rate / k
        below = below + p
    return count


class Clock:
    """Converts time to busy time and back, so that uniform draws of busy time have the rhythm of the week.

    Args:
        weights: (levels, slots) whole weights of the slots of a week, such as 168 hours or seven days, none below zero;
            a level each for those who keep unlike hours.
        step: units of time in a slot: 60 where a slot is an hour and time is in minutes.
    """

    def __init__(self, weights: Ints, step: int = 1) -> None:
        self._weights, self._step = weights, step
        self._slots = weights.shape[1]
        until = np.cumsum(weights, axis=1) * step
        self.week = until[:, -1]
        """(levels,) busy time of a week."""
        self._before = until - weights * step
        self._apart = int(self.week.max()) + 1
        level = np.arange(len(weights))[:, None]
        self._all = (self._before + level * self._apart).ravel()

    def busy(self, level: int | Ints, time: Ints) -> Ints:
        """Return the busy time that has passed until a time; each unit of time counts by its slot's weight."""
        slot, rest = _divide(time, self._step)
        week, slot = _divide(slot, self._slots)
        return week * self.week[level] + self._before[level, slot] + self._weights[level, slot] * rest

    def time(self, level: int | Ints, busy: Ints) -> Ints:
        """Return the unit of time at which this much busy time has passed."""
        week, rest = _divide(busy, self.week[level])
        level = np.asarray(level)
        slot = np.searchsorted(self._all, rest + level * self._apart, side="right") - 1 - level * self._slots
        into = (rest - self._before[level, slot]) // np.maximum(self._weights[level, slot], 1)
        return (week * self._slots + slot) * self._step + into


def _divide(number: Ints, by: int | Ints) -> tuple[Ints, Ints]:
    """Return quotient and remainder; ``np.divmod`` is far slower for a single divisor."""
    whole = number // by
    return whole, number - whole * by


PART_SHARES = (45, 15, 40)
"""Percent of operations in each part. A constant of the benchmark, not a parameter of the world."""

_PART_SEED = 1


def assign_parts(ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
    """Return the part of each id (operation or other cluster): index into :data:`PARTS`, int8."""
    drawn = Stream(_PART_SEED, "partition").below(ids, sum(PART_SHARES))
    return np.searchsorted(np.cumsum(PART_SHARES), drawn, side="right").astype(np.int8)
