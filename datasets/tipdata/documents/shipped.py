"""Find texts of the project that travel with the data: in a checkout where they are kept, in a wheel beside code."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tipdata.core.world import FOLDER

KEPT = {
    "ethics.md": "docs/ethics.md",
    "schema.svg": "docs/schema.svg",
    "LICENSE-DATA": "LICENSE-DATA",
    "CITATION.cff": "CITATION.cff",
}
"""Files by name, and where a checkout keeps them. The wheel holds them in ``tipdata`` (``pyproject.toml``)."""
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


def shipped(name: str) -> Path:
    """Return the path of a file of :data:`KEPT`."""
    inside = FOLDER / name
    return inside if inside.is_file() else FOLDER.parents[1] / KEPT[name]


@cache
def ethics() -> dict[str, str]:
    """Return the sections of ``docs/ethics.md`` by heading, in its order, without links, which lead nowhere outside of
    the repository."""
    text = _LINK.sub(r"\1", shipped("ethics.md").read_text(encoding="utf-8"))
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {heading.strip(): body.strip() for heading, body in zip(parts[1::2], parts[2::2], strict=True)}
