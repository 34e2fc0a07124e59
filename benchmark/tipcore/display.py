"""Text for terminals and notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


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


def html_table(caption: str, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table of HTML below its caption, texts escaped. A caption inside it would be as narrow as it is."""

    def line(cells: Sequence[object], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"

    body = "".join(line(row, "td") for row in rows)
    head = line(headings, "th")
    return f"<p>{escape(caption)}</p><table><thead>{head}</thead><tbody>{body}</tbody></table>"
