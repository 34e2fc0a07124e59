"""Everything that a round's secret seed decides outside the generator, by keyed BLAKE2b (RFC 7693).

The generator's own counter hash is fast and not cryptographic, so nothing that is published may rest on its secrecy
alone: labels of ids, masks of images and the parts of a round are drawn here. BLAKE2b with a 256-bit key is a
pseudo-random function; ``person`` keeps the uses apart.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

SEED_BYTES = 32
_PERSON = b"tipbench sealed"


def words(seed: bytes, purpose: str, ids: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return 64 keyed bits of each id, [ids]; another purpose gives bits that have nothing to do with these."""
    base = _base(seed, purpose, 8)
    return np.frombuffer(b"".join(_digests(base, ids)), dtype="<u8").astype(np.uint64)


def blocks(seed: bytes, purpose: str, ids: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return 64 keyed bytes of each id, [ids, 64]."""
    return np.frombuffer(b"".join(_digests(_base(seed, purpose, 64), ids)), dtype=np.uint8).reshape(-1, 64)


def _base(seed: bytes, purpose: str, size: int) -> hashlib.blake2b:
    made = hashlib.blake2b(digest_size=size, key=seed, person=_PERSON)
    text = purpose.encode()
    made.update(len(text).to_bytes(8, "little") + text)
    return made


def _digests(base: hashlib.blake2b, ids: NDArray[np.int64]) -> list[bytes]:
    raw = np.ascontiguousarray(ids, dtype="<i8").tobytes()
    found = []
    for start in range(0, len(raw), 8):
        one = base.copy()
        one.update(raw[start : start + 8])
        found.append(one.digest())
    return found
