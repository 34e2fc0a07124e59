"""Files are about one thing and functions do one step: no file over 800 lines, no function over 60."""

import ast
from pathlib import Path

import tipbaselines
import tipbench
import tipboard
import tipcore
import tipcourse
import tipdata

FILES = sorted(
    path
    for package in (tipcore, tipbench, tipboard, tipcourse, tipbaselines, tipdata)
    for path in Path(*package.__path__).rglob("*.py")
)
LONGEST_FILE, LONGEST_FUNCTION = 800, 60


def test_no_file_is_too_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert len(lengths) > 400
    assert {str(path): length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    functions = (
        (path, node)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    length = {f"{path}:{node.name}": (node.end_lineno or 0) - node.lineno + 1 for path, node in functions}
    assert {name: lines for name, lines in length.items() if lines > LONGEST_FUNCTION} == {}
