"""One module asks which system it runs on; text files name their encoding; names of files are fine on every system."""

import ast
import re
from collections.abc import Iterable

import pytest
from parsed import ROOT, nodes_of, python_files
from tipcore.operating_system import name_problem

FOLDERS = ("benchmark", "baselines", "configs", "datasets", "docs", "results", "tests")
ONE = "operating_system.py"
LINUX = ROOT / "benchmark" / "tipbench" / "fence" / "linux"
"""Of which no other system has anything."""
MODULES = frozenset(
    (
        "ctypes",
        "fcntl",
        "filelock",
        "grp",
        "msvcrt",
        "posix",
        "pwd",
        "resource",
        "select",
        "signal",
        "termios",
    )
)
ATTRIBUTES = frozenset(
    {"sys.platform", "os.name", "platform.system", "os.fork", "os.kill", "os.rename", "os.replace"}
)
OPENS = re.compile(r"\bopen\(|\.(read|write)_text\(")
LONGEST = 120
"""Characters of a path below the checkout: Windows takes 259 with the folders above it."""


def nodes_in(source: str) -> list[ast.AST]:
    return list(ast.walk(ast.parse(source)))


def system_specific(nodes: Iterable[ast.AST]) -> list[str]:
    """What code has that differs by system: imports, attributes, and paths below /proc."""
    found = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.partition(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in MODULES:
            found.append(node.module)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name = f"{node.value.id}.{node.attr}"
            flag = (
                node.value.id == "os"
                and node.attr.startswith("O_")
                and node.attr not in ("O_RDONLY", "O_WRONLY")
            )
            found += [name] if name in ATTRIBUTES or flag else []
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("/proc")
        ):
            found.append(node.value)
    return found


def without_encoding(nodes: Iterable[ast.AST]) -> list[int]:
    """Lines that open, read or write a text file in whatever encoding the system prefers."""
    lines = []
    for node in nodes:
        if not isinstance(node, ast.Call) or any(one.arg in ("encoding", None) for one in node.keywords):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        given = [*node.args, *(one.value for one in node.keywords if one.arg == "mode")]
        modes = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        text = not any(re.fullmatch(r"[rwxa+]*b[rwxa+]*", mode) for mode in modes)
        opens = name == "open" and isinstance(node.func, ast.Name) and text
        reads = name == "read_text" and not node.args
        writes = name == "write_text" and len(node.args) < 2
        lines += [node.lineno] if opens or reads or writes else []
    return lines


@pytest.mark.parametrize(
    "source",
    [
        "import fcntl",
        "from signal import SIGINT",
        "os.O_NOFOLLOW",
        "sys.platform",
        "p = '/proc/self'",
        "os.fork()",
    ],
)
def test_what_differs_by_system_is_found(source: str) -> None:
    assert system_specific(nodes_in(source))
    fine = "import os\nos.open(path, os.O_RDONLY)\nsys.path\n'a /proc'"
    assert not system_specific(nodes_in(fine))


@pytest.mark.parametrize(
    "source", ["open(p)", "open(p, 'w')", "open(p, mode='a')", "p.read_text()", "p.write_text(t)"]
)
def test_a_text_file_without_an_encoding_is_found(source: str) -> None:
    assert without_encoding(nodes_in(source))
    fine = "open(p, 'rb')\nopen(p, encoding=e)\np.read_text(e)\np.write_text(t, encoding=e)\np.open('rb')\nopen(p, **k)"
    assert not without_encoding(nodes_in(fine))


def test_one_module_knows_what_differs_by_system_and_one_folder_what_linux_has_alone() -> None:
    offenders = {
        path.relative_to(ROOT).as_posix(): found
        for path in python_files()
        if not {ONE, "tipcourse"} & set(path.parts) and LINUX not in path.parents
        if (found := system_specific(nodes_of(path)))
    }
    assert offenders == {}, f"use tipcore.{ONE}"


def test_every_text_file_names_its_encoding() -> None:
    offenders = {
        path.relative_to(ROOT).as_posix(): lines
        for path in (*python_files(), *python_files("tests"))
        if OPENS.search(path.read_text(encoding="utf-8")) and (lines := without_encoding(nodes_of(path)))
    }
    assert offenders == {}


def test_names_of_files_are_fine_on_every_system() -> None:
    paths = {path.relative_to(ROOT) for folder in FOLDERS for path in (ROOT / folder).rglob("*")}
    paths = {path for path in paths if "__pycache__" not in path.parts}
    assert [str(path) for path in paths if name_problem(path.name)] == []
    assert len({str(path).casefold() for path in paths}) == len(paths), "two names differ in case alone"
    assert [str(path) for path in paths if len(str(path)) > LONGEST] == []
