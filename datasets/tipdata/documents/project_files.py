"""Find the project's documents, in a checkout or in a wheel below ``tipdata/shipped``, and write generated ones."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tipcore.errors import UsageError

from tipdata.core.world import FOLDER

_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


def project_file(name: str = "") -> Path:
    """Return the path of a file or folder of the repository that the wheel contains, such as ``docs/ethics.md``.

    Args:
        name: its path from the root of the repository; '' for the root itself.

    Raises UsageError if it is not there.
    """
    inside = FOLDER / "shipped"
    path = (inside if inside.is_dir() else FOLDER.parents[1]) / name
    if not path.exists():
        raise UsageError(f"{path} is not there: install tipbench again.")
    return path


def render_markdown(template: Path, **values: Any) -> str:
    """Return the text of a Jinja template of Markdown: HTML is not escaped, and every name must have a value."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(  # nosec B701 # the text is Markdown
        loader=FileSystemLoader(template.parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template.name).render(values)


def write_or_check(texts: Mapping[str, str], folder: Path, words: Sequence[str]) -> int:
    """Write generated files to a folder, or name those that differ where the words are ``--check``.

    Args:
        texts: the content of each file, by its path below the folder.
        folder: it is made if it does not exist.
        words: the arguments of the command.

    Returns:
        The exit code: 1 if a file is not up to date.
    """
    files = {folder / name: text for name, text in texts.items()}
    if list(words) != ["--check"]:
        for file, text in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return 0
    old = [f for f, text in files.items() if not f.is_file() or f.read_text(encoding="utf-8") != text]
    sys.stdout.writelines(f"not up to date: {file}\n" for file in old)
    return 1 if old else 0


@cache
def ethics() -> dict[str, str]:
    """Return the sections of ``docs/ethics.md`` by heading, in order, without links: they do not work elsewhere."""
    text = _LINK.sub(r"\1", project_file("docs/ethics.md").read_text(encoding="utf-8"))
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {heading.strip(): body.strip() for heading, body in zip(parts[1::2], parts[2::2], strict=True)}


LICENCE_NAME = "CC BY 4.0"
LICENCE_FILE = "LICENSE-DATA"
LICENCE_HEADING = "Responsible use"


def licence() -> str:
    """Return the licence of the data with its statement on responsible use."""
    return project_file(LICENCE_FILE).read_text(encoding="utf-8")


def licence_paragraphs() -> list[str | list[str]]:
    """Return the licence as paragraphs; a list of points is a list of texts."""
    found: list[str | list[str]] = []
    for block in licence().strip().split("\n\n"):
        points = [" ".join(point.split()) for point in block.removeprefix("- ").split("\n- ")]
        found.append(points if block.startswith("- ") else points[0])
    return found
