"""Show an object in a notebook: a small table of HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def html_table(caption: str, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table of HTML below its caption, texts escaped. A caption inside it would be as narrow as it is."""

    def line(cells: Sequence[object], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"

    body = "".join(line(row, "td") for row in rows)
    head = line(headings, "th")
    return f"<p>{escape(caption)}</p><table><thead>{head}</thead><tbody>{body}</tbody></table>"
