"""The layers inside tipdata, and that the check sees an import which goes the wrong way."""

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import tipdata

FOLDER = Path(tipdata.__file__).parent
PROJECT = FOLDER.parents[1] / "pyproject.toml"


def test_nothing_of_the_project_is_imported_inside_a_function() -> None:
    inside = []
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for found in ast.walk(node):
                    names = [a.name for a in found.names] if isinstance(found, ast.Import) else []
                    names += [found.module or ""] if isinstance(found, ast.ImportFrom) else []
                    inside += [(path.name, name) for name in names if name.startswith("tip")]
    assert inside == []


@pytest.mark.parametrize(
    ("file", "planted"),
    [
        ("", ""),
        ("core/tables.py", "import tipdata.stages"),
        ("core/world.py", "import tipdata.text.phrases"),
        ("text/phrases.py", "import tipdata.stages"),
        ("stages/places.py", "import tipdata.release"),
        ("release/builder.py", "import tipdata.documents.cards"),
        ("rooms/__init__.py", ""),
    ],
)
def test_the_layers_hold_and_a_planted_violation_is_seen(tmp_path: Path, file: str, planted: str) -> None:
    """Also a folder that is in no layer."""
    pytest.importorskip("importlinter")
    shutil.copytree(FOLDER, tmp_path / "tipdata", ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    if file:
        path = tmp_path / "tipdata" / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            f"{planted}\n" + (path.read_text(encoding="utf-8") if path.exists() else ""), encoding="utf-8"
        )
    contracts = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    [layers] = [c for c in contracts if c.get("containers") == ["tipdata"]]
    config = ["[importlinter]", "root_package = tipdata", "[importlinter:contract:layers]", "type = layers"]
    config += [f"name = {layers['name']}", "containers = tipdata", "exhaustive = true", "layers ="]
    (tmp_path / ".importlinter").write_text(
        "\n".join([*config, *(f"    {x}" for x in layers["layers"])]), encoding="utf-8"
    )
    code = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env={"PATH": ""}
    )
    assert (run.returncode == 0) == (not file), run.stdout + run.stderr
