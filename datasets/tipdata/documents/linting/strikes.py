"""One finding of the lint: which rule, where, and the part that breaks it."""

from __future__ import annotations

from typing import NamedTuple

SHOWN = 60
"""Letters of a text that are shown on either side of what breaks a rule."""


class Strike(NamedTuple):
    """One finding.

    Attributes:
        table: its table.
        column: its column; '' where the whole table is meant.
        rule: what it breaks.
        found: the part that does, as the rule reads it.
        where: file and row, or the source of a text.
        text: what stands about it, shortened.
    """

    table: str
    column: str
    rule: str
    found: str
    where: str
    text: str

    def __str__(self) -> str:
        named = f"{self.table}.{self.column}" if self.column else self.table
        shown = f" in {self.text!r}" if self.text not in ("", self.found) else ""
        return f"{self.where}: {named}: {self.rule}: {self.found!r}{shown}"


def excerpt(text: str, found: str) -> str:
    """Return the part of a text about what was found in it, or its beginning where a disguise hides the place."""
    place = max(text.casefold().find(found.casefold()), 0)
    begin, end = max(place - SHOWN, 0), place + len(found) + SHOWN
    return f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"
