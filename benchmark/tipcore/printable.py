"""Text of a user's files as a sentence may quote it: in one line, and nothing in it that a terminal obeys."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return the text with an escape for every sign that is not printable, such as a line break.

    >>> printable("a\\x1b[2J")
    'a\\\\x1b[2J'
    """
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in text
    )


def printable_lines(text: str) -> str:
    """Return the text with an escape for every character that is not printable, except line breaks."""
    return "\n".join(map(printable, text.split("\n")))
