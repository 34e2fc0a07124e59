"""The Python files of the packages, each parsed once for all tests that read code."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = {
    **{name: f"benchmark/{name}" for name in ("tipcore", "tipbench", "tipboard", "tipcourse")},
    "tipbaselines": "baselines/tipbaselines",
    "tipdata": "datasets/tipdata",
}
"""Package -> its folder below the root."""


@cache
def python_files(*below: str, root: Path = ROOT) -> list[Path]:
    """Return the Python files in these folders below the root; in all packages where none is given."""
    return [path for folder in below or FOLDERS.values() for path in sorted((root / folder).rglob("*.py"))]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    return list(ast.walk(tree_of(path)))
