"""The picture that the format asks for: a seal on a folded sheet, drawn in two colours."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

SIDE = 256
PAPER, INK = (244, 241, 234), (31, 78, 95)
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def logo() -> bytes:
    """A PNG of one bit a pixel, stored uncompressed, so that every zlib gives the same bytes."""
    rows = np.packbits(_drawn(), axis=1)
    lines = np.concatenate([np.zeros((SIDE, 1), np.uint8), rows], axis=1)
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 1, 3, 0, 0, 0)
    return b"".join(
        [
            SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", bytes((*PAPER, *INK))),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 0)),
            _chunk(b"IEND", b""),
        ]
    )


def _drawn() -> NDArray[np.bool_]:
    """The frame of a sheet, its two folds, and a seal on them with a keyhole left open."""
    y, x = np.indices((SIDE, SIDE)) - SIDE // 2
    inside = (abs(x) <= 104) & (abs(y) <= 72)
    frame = inside & ((abs(x) > 96) | (abs(y) > 64))
    folds = inside & (abs(abs(x) * 72 - (y + 72) * 104) < 500) & (y < 0)
    seal = x**2 + y**2 <= 44**2
    keyhole = (x**2 + (y + 10) ** 2 <= 12**2) | ((abs(x) <= 5) & (y > -8) & (y < 24))
    margin = x**2 + y**2 <= 54**2
    return ((frame | folds) & ~margin) | (seal & ~keyhole)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
