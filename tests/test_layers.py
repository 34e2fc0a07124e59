"""First-party imports stand at the top of a module, where import-linter's contracts and a reader see them."""

import ast
import re

from parsed import FOLDERS, ROOT, python_files

INSIDE = re.compile(r"(?:^[ \t]+|[:;] *)(?:import|from)[ \t]+(?:\.|.*\btip)", re.MULTILINE)
"""An import of the project that does not begin its line: most files have none and are not parsed."""


def imports_inside_functions(source: str) -> list[str]:
    """First-party modules that functions of this source import."""
    found: list[str] = []
    if not INSIDE.search(source):
        return found
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.ImportFrom):
                found.append("." if node.level else node.module or "")
            elif isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
    return [name for name in found if name.partition(".")[0] in ("", *FOLDERS)]


def test_an_import_inside_a_function_is_found_wherever_it_stands() -> None:
    hidden = "class A:\n    def f(self):\n        if x:\n            from tipdata.core import draw\n"
    assert imports_inside_functions(hidden) == ["tipdata.core"]
    assert imports_inside_functions("async def f():\n    import tipbench.task as t\n") == ["tipbench.task"]
    assert imports_inside_functions("def f():\n    from . import task\n") == ["."]
    assert imports_inside_functions("import tipdata\ndef f():\n    import numpy, tipdatabase\n") == []


def test_no_first_party_import_stands_inside_a_function() -> None:
    offenders = {
        path.relative_to(ROOT).as_posix()
        for path in python_files()
        if imports_inside_functions(path.read_text(encoding="utf-8"))
    }
    assert offenders == set(), "move them to the top"


def test_the_picture_of_the_architecture_has_every_package_and_every_room() -> None:
    picture = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    drawn = re.findall(r">([^<>]+)</text>", picture)
    words = {word.partition("/")[0] for text in drawn for word in text.split(" | ")}
    rooms = {
        folder.name
        for package in ("tipbench", "tipboard", "tipdata")
        for folder in (ROOT / FOLDERS[package]).iterdir()
        if (folder / "__init__.py").is_file()
    }
    assert {*FOLDERS, *rooms} <= words
