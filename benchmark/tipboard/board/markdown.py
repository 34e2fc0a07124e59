"""A table as Markdown (GitHub's), whatever text is in it."""

from __future__ import annotations

from collections.abc import Sequence

_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`[]<>|#!"})


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is: no link, image, code, tag or column comes of it."""
    return text.translate(_SPECIAL)


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]], number: Sequence[bool]) -> str:
    """Return a table whose columns are as wide as they have to be, numbers at the right.

    Args:
        headings: one a column.
        rows: cells, Markdown already (see :func:`escaped`).
        number: whether a column stands at the right.
    """
    widths = [max(3, *(len(row[at]) for row in (headings, *rows))) for at in range(len(headings))]
    rule = [
        "-" * (width - 1) + ":" if right else "-" * width for width, right in zip(widths, number, strict=True)
    ]
    lines = [
        [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, number, strict=True)
        ]
        for row in (headings, *rows)
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))
