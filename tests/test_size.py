"""Files are about one thing and functions do one step: no file over 800 lines, no function over 60."""

import ast

from parsed import nodes_of, python_files

LONGEST_FILE, LONGEST_FUNCTION = 800, 60


def test_no_file_is_too_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert len(lengths) > 400
    assert {str(path): length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    length = {
        f"{path}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in python_files()
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in length.items() if lines > LONGEST_FUNCTION} == {}
