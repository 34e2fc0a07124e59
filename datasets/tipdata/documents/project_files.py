"""Find the project's documents: in a checkout where they are kept, in a wheel below ``tipdata/shipped``."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tipcore.errors import UsageError

from tipdata.core.world import FOLDER

_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


def project_file(name: str = "") -> Path:
    """Return where a file or folder of the repository lies that travels with the wheel, such as ``docs/ethics.md``.

    Args:
        name: its path from the root of the repository; the root itself where none is given.

    Raises UsageError where it is not there.
    """
    inside = FOLDER / "shipped"
    path = (inside if inside.is_dir() else FOLDER.parents[1]) / name
    if not path.exists():
        raise UsageError(f"{path} is not there: install tipbench again.")
    return path


@cache
def ethics() -> dict[str, str]:
    """Return the sections of ``docs/ethics.md`` by heading, in its order, without links, which lead nowhere outside of
    the repository."""
    text = _LINK.sub(r"\1", project_file("docs/ethics.md").read_text(encoding="utf-8"))
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {heading.strip(): body.strip() for heading, body in zip(parts[1::2], parts[2::2], strict=True)}


LICENCE_NAME = "CC BY 4.0"
LICENCE_FILE = "LICENSE-DATA"
LICENCE_HEADING = "Responsible use"


def licence() -> str:
    """Return the text of the file."""
    return project_file(LICENCE_FILE).read_text(encoding="utf-8")


def licence_paragraphs() -> list[str | list[str]]:
    """Return the licence as paragraphs; a list of points is a list of texts."""
    found: list[str | list[str]] = []
    for block in licence().strip().split("\n\n"):
        points = [" ".join(point.split()) for point in block.removeprefix("- ").split("\n- ")]
        found.append(points if block.startswith("- ") else points[0])
    return found
