"""The bytes of a ``submission.json`` as a record, or all that is wrong with them: nothing is guessed or repaired."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from pydantic import ValidationError

from tipboard.submissions.problems import Problem
from tipboard.submissions.record import RECORD, SubmissionRecord
from tipboard.submissions.text import shown

DEEPEST = 12
"""Brackets within brackets; a record needs five."""
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""A string of JSON, or what is left of one that never ends; possessive, so that no text is gone through twice."""


class Malformed(Exception):
    """What is wrong with a record."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def record_of(content: bytes) -> SubmissionRecord:
    """Return the record. Raises Malformed where it is not JSON in UTF-8, or not of its schema."""
    try:
        return SubmissionRecord.model_validate(_parsed(content))
    except ValidationError as error:
        raise Malformed([said(one) for one in error.errors()]) from None


def to_json(record: SubmissionRecord) -> str:
    """Return indented JSON, finite numbers only, with the fields that the record was made with."""
    content = record.model_dump(mode="json", exclude_unset=True)
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _parsed(content: bytes) -> Any:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed([Problem(RECORD, f"it is not UTF-8 at byte {error.start:,}.")]) from None
    if _depth(text) > DEEPEST:
        raise Malformed([Problem(RECORD, f"it is nested more than {DEEPEST} deep.")])
    try:
        return json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise Malformed(
            [Problem(RECORD, f"it is not JSON at line {error.lineno}, column {error.colno}.")]
        ) from None
    except ValueError as error:  # a number with thousands of digits, or one of the two below
        raise Malformed([Problem(RECORD, f"{shown(error, 120).rstrip('.')}.")]) from None


def _depth(text: str) -> int:
    """Return how deep its brackets go, those inside strings left out, in one pass."""
    depth = deepest = 0
    for sign in _STRING.sub("", text):
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    return deepest


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"it has the key {shown(key)} twice")
        found[key] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"it holds {name}, which is not a number of JSON")


def said(error: Any) -> Problem:
    """Return an error of validation as a problem of its field."""
    where = ""
    for part in error["loc"]:
        where += f"[{part}]" if isinstance(part, int) else f".{shown(part, 40)}"
    own = error["type"] == "value_error"
    words = shown(error["ctx"]["error"] if own else error["msg"], 160).rstrip(".")
    return Problem(f"{RECORD}: {where.lstrip('.') or 'it'}", f"{words[:1].lower()}{words[1:]}.")
