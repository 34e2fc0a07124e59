"""Thrift's compact protocol, just enough to take a parquet footer or page header apart, change it, and put it together.

A struct is a list of ``[field id, type, value]``; a list is ``(element type, [values])``. Source of the encoding: the
Thrift compact protocol specification.
"""

from __future__ import annotations

from typing import Any

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)


def decode(data: bytes, at: int = 0) -> tuple[list[Any], int]:
    """The struct at a place, and the place after it."""
    fields, last = [], 0
    while data[at]:
        head, at = data[at], at + 1
        if step := head >> 4:
            last += step
        else:
            last, at = _signed(data, at)
        value, at = _value(data, at, head & 15)
        fields.append([last, head & 15, value])
    return fields, at + 1


def encode(fields: list[Any]) -> bytes:
    """The bytes of a struct."""
    out, last = b"", 0
    for number, kind, value in fields:
        kind = (TRUE if value else FALSE) if kind in (TRUE, FALSE) else kind
        step = number - last
        out += bytes([step << 4 | kind]) if 0 < step < 16 else bytes([kind]) + _zigzag(number)
        last = number
        out += b"" if kind in (TRUE, FALSE) else _bytes(value, kind)
    return out + b"\0"


def get(fields: list[Any], number: int) -> Any:
    """The value of a field."""
    return next(value for found, _, value in fields if found == number)


def put(fields: list[Any], number: int, value: Any) -> None:
    """Change the value of a field that is there."""
    next(field for field in fields if field[0] == number)[2] = value


def _value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (TRUE, FALSE):
        return kind == TRUE, at
    if kind == BYTE:
        return data[at], at + 1
    if kind in (I16, I32, I64):
        return _signed(data, at)
    if kind in (DOUBLE, BINARY):
        length, at = (8, at) if kind == DOUBLE else _unsigned(data, at)
        return data[at : at + length], at + length
    if kind == STRUCT:
        return decode(data, at)
    if kind not in (LIST, SET):
        raise ValueError(f"type {kind} at {at}")
    count, of, at = data[at] >> 4, data[at] & 15, at + 1
    if count == 15:
        count, at = _unsigned(data, at)
    values = []
    for _ in range(count):
        value, at = (data[at] == TRUE, at + 1) if of in (TRUE, FALSE) else _value(data, at, of)
        values.append(value)
    return (of, values), at


def _bytes(value: Any, kind: int) -> bytes:
    if kind in (TRUE, FALSE, BYTE):
        return bytes([value if kind == BYTE else TRUE if value else FALSE])
    if kind in (I16, I32, I64):
        return _zigzag(value)
    if kind in (DOUBLE, BINARY):
        return value if kind == DOUBLE else _varint(len(value)) + value
    if kind == STRUCT:
        return encode(value)
    of, values = value
    short = bytes([min(len(values), 15) << 4 | of])
    head = short if len(values) < 15 else short + _varint(len(values))
    return head + b"".join(_bytes(one, of) for one in values)


def _unsigned(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte, at = data[at], at + 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def _signed(data: bytes, at: int) -> tuple[int, int]:
    value, at = _unsigned(data, at)
    return (value >> 1) ^ -(value & 1), at


def _zigzag(value: int) -> bytes:
    return _varint((value << 1) ^ (value >> 63) if value < 0 else value << 1)


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])
