"""Read YAML together with the line of each value, so that a fault can be reported with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from tipcore.operating_system import check_regular
from yaml.constructor import SafeConstructor

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TAG = "tag:yaml.org,2002:"
TEXT_TAGS = ("str", "timestamp", "value")
OTHER_TAGS = ("int", "float", "bool", "null")


class LineText(str):
    """A string with its line in the file, counted from 1."""

    line: int

    def __new__(cls, text: str, line: int) -> LineText:
        made = super().__new__(cls, text)
        made.line = line
        return made


class LineList(list[Any]):
    """A list with the line of each entry."""

    def __init__(self, entries: list[Any], lines: list[int]) -> None:
        super().__init__(entries)
        self.lines = lines


def read_yaml_lines(path: Path) -> Any:
    """Return a YAML document in which every string is a :class:`LineText` and every list :class:`LineList`.

    Raises ValueError, in one sentence with file and line, for a file that cannot be read, is not UTF-8, not YAML or
    empty, and for a key given twice.
    """
    try:
        check_regular(path)
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=LOADER)
    except OSError as error:
        raise ValueError(f"{path.name or path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ValueError(f"{path.name}, line {line}: this is not UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line, problem = (mark.line + 1 if mark else 1), getattr(error, "problem", None) or "invalid text"
        raise ValueError(f"{path.name}, line {line}: this is not YAML: {problem}.") from error
    if node is None:
        raise ValueError(f"{path.name}, line 1: the file is empty.")
    return _Builder(path.name).of(node)


def read_yaml(path: Path) -> Any:
    """Return a YAML document without its lines. Raises ValueError as :func:`read_yaml_lines`."""
    return strip_lines(read_yaml_lines(path))


def strip_lines(node: Any) -> Any:
    """Return a document without its lines."""
    if isinstance(node, dict):
        return {strip_lines(key): strip_lines(value) for key, value in node.items()}
    if isinstance(node, list):
        return [strip_lines(one) for one in node]
    return str(node) if isinstance(node, LineText) else node


def line_of(mapping: dict[str, Any], name: str, otherwise: int) -> int:
    """Return the line of a key, or ``otherwise`` if the key is missing."""
    return next((getattr(key, "line", otherwise) for key in mapping if key == name), otherwise)


class _Builder:
    def __init__(self, name: str) -> None:
        self._name, self._others = name, SafeConstructor()

    def of(self, node: Any) -> Any:
        """Return the value of a node."""
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return LineList([self.of(one) for one in node.value], [_line_of_node(one) for one in node.value])
        kind = node.tag.removeprefix(TAG)
        if kind in TEXT_TAGS:
            return LineText(node.value, _line_of_node(node))
        if kind not in OTHER_TAGS:
            raise self._fault(node, f"{node.tag} is no kind of value here")
        try:
            return self._others.construct_object(node)
        except ValueError as error:
            raise self._fault(node, f"{node.value!r} is not a valid {kind}: put it in quotes") from error

    def _mapping(self, node: yaml.MappingNode) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key, value in node.value:
            name = self.of(key) if isinstance(key, yaml.ScalarNode) else None
            if not isinstance(name, LineText | int) or isinstance(name, bool):
                raise self._fault(key, "a key must be a text or a number")
            if name in made:
                raise self._fault(key, f"{name} is there twice: keep one of the two")
            made[name] = self.of(value)
        return made

    def _fault(self, node: Any, said: str) -> ValueError:
        return ValueError(f"{self._name}, line {_line_of_node(node)}: {said}.")


def _line_of_node(node: Any) -> int:
    return node.start_mark.line + 1
