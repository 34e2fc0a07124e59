"""Values as JSON: the arguments of an answer, its result, and the comparison with the expected one.

Behind the fence an answer meets no other module of the course.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl

TOLERANCE = 1e-6
"""Relative; a number nearer than this to the expected one is right."""
SMALLEST = 1e-9
FRAME, NOT_A_NUMBER = "frame", "not a number"
DEEPEST, LONGEST = 8, 10_000


class NotPlain(Exception):
    """An answer may not return such a value. The message names it."""


def encode(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON can hold it: numpy's and polars' too, sets sorted, frames by column.

    Raises NotPlain for any other, and for one that is too deep or too long.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 63 else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else {NOT_A_NUMBER: str(value)}
    if depth == DEEPEST:
        raise NotPlain("lists within lists within lists")
    if isinstance(value, pl.DataFrame):
        if value.height > LONGEST:
            raise NotPlain(f"a table of {value.height:,} rows")
        return {FRAME: {name: [str(value.schema[name]), value[name].to_list()] for name in value.columns}}
    if isinstance(value, pl.Series | np.ndarray):
        value = value.to_list() if isinstance(value, pl.Series) else value.tolist()
    if isinstance(value, set | frozenset):
        value = sorted(value, key=lambda one: (str(type(one)), one))
    if isinstance(value, list | tuple):
        if len(value) > LONGEST:
            raise NotPlain(f"a list of {len(value):,}")
        return [encode(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {str(key): encode(one, depth + 1) for key, one in value.items()}
    raise NotPlain(f"a {type(value).__name__}")


def decode(value: Any) -> Any:
    """Return a new copy of an encoded value, which a caller may change; frames as polars'."""
    if isinstance(value, list):
        return [decode(one) for one in value]
    if isinstance(value, dict):
        if set(value) == {FRAME}:
            columns = {
                name: pl.Series(name, values, dtype=getattr(pl, dtype))
                for name, (dtype, values) in value[FRAME].items()
            }
            return pl.DataFrame(columns)
        return {key: decode(one) for key, one in value.items()}
    return value


def equal(found: Any, expected: Any) -> bool:
    """Return whether an encoded value is the expected one: numbers within the tolerance, the rest as it is."""
    if isinstance(expected, bool) or expected is None or isinstance(expected, str):
        return type(found) is type(expected) and found == expected
    if isinstance(expected, int | float):
        if isinstance(found, bool) or not isinstance(found, int | float):
            return False
        if isinstance(found, int) and isinstance(expected, int):
            return found == expected  # ids are larger than what a float tells apart
        return math.isclose(found, expected, rel_tol=TOLERANCE, abs_tol=SMALLEST)
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(equal, found, expected))
    same = isinstance(found, dict) and set(found) == set(expected)
    return same and all(equal(found[key], expected[key]) for key in expected)


def kind(value: Any) -> str:
    """Name the kind of an encoded value in words."""
    if isinstance(value, dict):
        return {FRAME: "a table", NOT_A_NUMBER: "not a number"}.get(next(iter(value), ""), "a dictionary")
    words = {bool: "True or False", int: "a number", float: "a number", str: "text", list: "a list"}
    return words.get(type(value), "nothing (None)")


def show(value: Any, longest: int = 120) -> str:
    """Return an encoded value in one line, cut where it is long; of a table its columns."""
    if isinstance(value, dict) and set(value) == {FRAME} and isinstance(value[FRAME], dict):
        text = f"a table with the columns {', '.join(value[FRAME])}"
    elif isinstance(value, dict) and set(value) == {NOT_A_NUMBER}:
        text = str(value[NOT_A_NUMBER])
    else:
        text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= longest else f"{text[:longest]}…"
