"""The bytes of a ``submission.json`` as a record, or all that is wrong with them: nothing is guessed or repaired."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from pydantic import ValidationError

from tipboard.submissions.record import RECORD, SubmissionRecord
from tipboard.submissions.text import shown

DEEPEST = 12
"""Brackets within brackets; a record needs five."""


class Malformed(Exception):
    """What is wrong with a record, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def record_of(content: bytes) -> SubmissionRecord:
    """The record. Raises Malformed where it is not JSON in UTF-8, or not of its schema."""
    try:
        return SubmissionRecord.model_validate(_parsed(content))
    except ValidationError as error:
        raise Malformed([said(one) for one in error.errors(include_url=False, include_input=False)]) from None


def to_json(record: SubmissionRecord) -> str:
    """Indented JSON, finite numbers only."""
    return json.dumps(record.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _parsed(content: bytes) -> Any:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed([f"{RECORD}: it is not UTF-8 at byte {error.start:,}."]) from None
    if _depth(text) > DEEPEST:
        raise Malformed([f"{RECORD}: it is nested more than {DEEPEST} deep."])
    try:
        return json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise Malformed([f"{RECORD}: it is no JSON at line {error.lineno}, column {error.colno}."]) from None
    except ValueError as error:  # a number with thousands of digits, or one of the two below
        raise Malformed([f"{RECORD}: {shown(error, 120).rstrip('.')}."]) from None


def _depth(text: str) -> int:
    """How deep its brackets go, those inside strings too: more than there is, never less."""
    depth = deepest = 0
    for sign in text:
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    return deepest


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"it has the key {shown(twice)} twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"it holds {name}, which is no number of JSON")


def said(error: Any) -> str:
    """An error of validation as a sentence that begins with the field."""
    where = ""
    for part in error["loc"]:
        where += f"[{part}]" if isinstance(part, int) else f".{shown(part, 40)}"
    said = shown(error["msg"].removeprefix("Value error, "), 160).rstrip(".")
    return f"{RECORD}: {where.lstrip('.') or 'it'}: {said[:1].lower()}{said[1:]}."
