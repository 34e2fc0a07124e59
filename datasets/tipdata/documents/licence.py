"""The licence of the data with its statement on responsible use, as it stands in ``LICENSE-DATA``."""

from __future__ import annotations

from tipdata.documents.shipped import shipped

NAME = "CC BY 4.0"
FILE = "LICENSE-DATA"
HEADING = "Responsible use"


def licence() -> str:
    """Return the text of the file."""
    return shipped(FILE).read_text(encoding="utf-8")


def paragraphs() -> list[str | list[str]]:
    """Return the licence as paragraphs; a list of points is a list of texts."""
    found: list[str | list[str]] = []
    for block in licence().strip().split("\n\n"):
        points = [" ".join(point.split()) for point in block.removeprefix("- ").split("\n- ")]
        found.append(points if block.startswith("- ") else points[0])
    return found
