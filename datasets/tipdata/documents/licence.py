"""The licence of the data with its statement on responsible use, as it stands in ``LICENSE-DATA``."""

from __future__ import annotations

from importlib.metadata import distribution

from tipdata.core.world import FOLDER

NAME = "CC BY 4.0"
FILE = "LICENSE-DATA"
HEADING = "Responsible use"


def licence() -> str:
    """Return the text of the file: of a checkout, else of the installed wheel."""
    beside = FOLDER.parents[1] / FILE
    if beside.is_file():
        return beside.read_text(encoding="utf-8")
    text = distribution("tipbench").read_text(f"licenses/{FILE}")
    if text is None:
        raise FileNotFoundError(f"the installed tipbench has no {FILE}: install it again")
    return text


def paragraphs() -> list[str | list[str]]:
    """Return the licence as paragraphs; a list of points is a list of texts."""
    found: list[str | list[str]] = []
    for block in licence().strip().split("\n\n"):
        points = [" ".join(point.split()) for point in block.removeprefix("- ").split("\n- ")]
        found.append(points if block.startswith("- ") else points[0])
    return found
