"""The files of :file:`text/`: read as plain documents, or with the line that each value stands in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tipdata.core.world import FOLDER

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Line(str):
    """A string that knows the line of its file, counted from 1."""

    line: int

    def __new__(cls, text: str, line: int) -> Line:
        made = super().__new__(cls, text)
        made.line = line
        return made


def read(name: str) -> Any:
    """Return one file of :file:`text/` as a plain document."""
    return yaml.load(path_of(name).read_text(encoding="utf-8"), Loader=LOADER)  # nosec B506 # both are safe


def read_lines(path: Path) -> Any:
    """Return a YAML document in which every string is a :class:`Line`.

    Raises ValueError, in one sentence with file and line, for a file that is not UTF-8, not YAML or empty, and for a
    key given twice.
    """
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=LOADER)
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ValueError(f"{path.name}, line {line}: this is not UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line, problem = (mark.line + 1 if mark else 1), getattr(error, "problem", None) or "no text of YAML"
        raise ValueError(f"{path.name}, line {line}: this is not YAML: {problem}.") from error
    if node is None:
        raise ValueError(f"{path.name}, line 1: the file is empty.")
    return _built(node, path)


def path_of(name: str) -> Path:
    """Return the place of a file of :file:`text/`."""
    return FOLDER / "text" / f"{name}.yaml"


def _built(node: Any, path: Path) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        made: dict[Any, Any] = {}
        for key, value in node.value:
            name = _built(key, path)
            if not isinstance(name, Line | int):
                raise ValueError(f"{path.name}, line {line}: a key must be a text or a number.")
            if name in made:
                again = key.start_mark.line + 1
                raise ValueError(f"{path.name}, line {again}: {name} is there twice.")
            made[name] = _built(value, path)
        return made
    if isinstance(node, yaml.SequenceNode):
        return [_built(one, path) for one in node.value]
    if node.tag.endswith(":int"):
        return int(node.value)
    if node.tag.endswith(":bool"):
        return node.value.lower() in ("true", "yes")
    return Line(node.value, line)
