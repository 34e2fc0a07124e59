"""Check and quote untrusted text; the problems of a submission."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tipcore.errors import CheckFailed

UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Unicode categories without a glyph of their own: control, format (bidirectional overrides, zero width, byte order
mark), surrogate, private use, unassigned, and separators of lines and paragraphs."""

BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Letters and marks that show nothing (Default_Ignorable_Code_Point of the Unicode Character Database, and Braille's
blank), beside the variation selectors."""

MOST_MARKS = 4
"""Combining marks that may follow each other: more of them run over neighbouring lines."""

SHOWN = 60
"""Characters of an untrusted text that a sentence quotes."""


def legal_text(text: str) -> str:
    """Return a text that is one line, in NFC, without invisible characters. Raises ValueError for any other."""
    if text != text.strip() or not text:
        raise ValueError("is blank, or begins or ends with a blank")
    for place, sign in enumerate(text, 1):
        if _is_invisible(sign):
            raise ValueError(f"holds the invisible character U+{ord(sign):04X} at {place}")
    if not unicodedata.is_normalized("NFC", text):
        raise ValueError("is not normalised: give it in Unicode's form NFC")
    marks = groupby(text, lambda sign: unicodedata.category(sign) in ("Mn", "Me"))
    if any(is_mark and len(list(run)) > MOST_MARKS for is_mark, run in marks):
        raise ValueError(f"has more than {MOST_MARKS} combining marks in a row")
    return text


def quote(text: object, most: int = SHOWN) -> str:
    """Return an untrusted text for use in a sentence: printable, in one line, cut where it is long."""
    # Two of these in a row are a command to the log of a continuous integration.
    return _escape_others(str(text), most, _is_plain).replace("##", "#\\x23")


def quote_name(path: str) -> str:
    """Return an untrusted file name; all but plain letters, digits and signs of a path are escaped."""
    return _escape_others(path, 120, lambda sign: sign.isascii() and (sign.isalnum() or sign in "._-/"))


def _escape_others(text: str, most: int, is_plain: Callable[[str], bool]) -> str:
    """Return a text with an escape for every sign that is not plain, cut where it is long."""
    safe = "".join(sign if is_plain(sign) else _escape(sign) for sign in text[:most])
    return safe + ("..." if len(text) > most else "")


def has_invisible(text: str) -> bool:
    """Return whether a text has an invisible character."""
    return not (text.isascii() and text.isprintable()) and any(map(_is_invisible, text))


def _is_invisible(sign: str) -> bool:
    code = ord(sign)
    selector = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
    return selector or sign in BLANK or unicodedata.category(sign) in UNSEEN


def _is_plain(sign: str) -> bool:
    return " " <= sign <= "~" or (sign > "\xa0" and not _is_invisible(sign))


def _escape(sign: str) -> str:
    code = ord(sign)
    return f"\\x{code:02x}" if code < 256 else sign.encode("unicode_escape").decode("ascii")


MOST_LINES = 20
MOST_SIGNS = 1_700
LONGEST = 400


@dataclass(frozen=True)
class Problem:
    """One problem. ``where``: a file, a field of one, or "it", the folder. ``said``: a sentence."""

    where: str
    said: str

    def __str__(self) -> str:
        return f"{self.where}: {self.said}"


class Refused(CheckFailed):
    """A submission that is not accepted. ``problems``: one sentence each, which begins with the file or field."""

    def __init__(self, folder: Path, problems: Sequence[Problem]) -> None:
        self.problems = [quote(problem, LONGEST) for problem in problems]
        super().__init__("\n".join([f"{quote(folder, 200)} is refused:", *problem_list(self.problems)]))


def problem_list(problems: Sequence[str]) -> list[str]:
    """Return the first problems, and how many more there are."""
    lines: list[str] = []
    for problem in problems[:MOST_LINES]:
        if sum(map(len, lines)) + len(problem) > MOST_SIGNS:
            break
        lines.append(f"  {problem}")
    if left := len(problems) - len(lines):
        lines.append(f"  and {left:,} more.")
    return lines
