"""Measure how the code is laid out, per package.

    python research/structure/measure.py [--root CHECKOUT] [--names]

Counts of each package: lines, files, the median length of a file, modules that exactly one other module imports,
private functions of modules that are called once, and the words of the documents. Files named ``__init__.py`` of less
than ten lines count as lines, but not as files with a length. ``--names`` lists class names that two modules define
and functions and modules named by a bare participle.
"""

from __future__ import annotations

import argparse
import ast
import statistics
import sys
from collections import Counter, defaultdict
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests"))

from test_names import participles, shared_class_names, trees  # noqa: E402

PACKAGES = {
    "tipcore": "benchmark/tipcore",
    "tipbench": "benchmark/tipbench",
    "tipboard": "benchmark/tipboard",
    "tipcourse": "benchmark/tipcourse",
    "tipbaselines": "baselines/tipbaselines",
    "tipdata": "datasets/tipdata",
}
STUB = 10
"""Lines below which a package's ``__init__`` does not count as a file."""


def main() -> int:
    """Print the table, or the names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, default=REPOSITORY)
    parser.add_argument("--names", action="store_true", help="list names instead of counts")
    options = parser.parse_args()
    every = trees(options.root)
    shared, bare = shared_class_names(every), sorted(participles(every))
    if options.names:
        sys.stdout.write(yaml.safe_dump({"classes": list(shared), "participles": bare}))
        return 0
    once = imported_once(every)
    sys.stdout.write(
        f"{'package':14}{'lines':>8}{'files':>7}{'median':>8}{'1 importer':>12}{'called once':>13}\n"
    )
    total: Counter[str] = Counter()
    for package, place in PACKAGES.items():
        of = {path: tree for path, tree in every.items() if path.startswith(f"{place}/")}
        lengths = [_lines(options.root / path) for path in of]
        full = [
            n for path, n in zip(of, lengths, strict=True) if not path.endswith("__init__.py") or n >= STUB
        ]
        row = {
            "lines": sum(lengths),
            "files": len(of),
            "alone": sum(path in once for path in of),
            "private": sum(private_called_once(tree) for tree in of.values()),
        }
        total.update(row)
        sys.stdout.write(
            f"{package:14}{row['lines']:8,}{row['files']:7,}{statistics.median(full):8.0f}"
            f"{row['alone']:12,}{row['private']:13,}\n"
        )
    sys.stdout.write(
        f"{'all':14}{total['lines']:8,}{total['files']:7,}{'':8}{total['alone']:12,}{total['private']:13,}\n"
    )
    for what, folder, suffix in (("tests", "tests", ".py"), ("research", "research", ".py")):
        files = sorted((options.root / folder).rglob(f"*{suffix}"))
        lines = sum(map(_lines, files))
        sys.stdout.write(f"{what:14}{lines:8,}{len(files):7,}\n")
    words = sum(len(p.read_text(encoding="utf-8").split()) for p in (options.root / "docs").rglob("*.md"))
    readme = len((options.root / "README.md").read_text(encoding="utf-8").split())
    sys.stdout.write(
        f"words of docs {words:,}, of the README {readme:,}; class names with two meanings {len(shared)}; "
        f"functions and modules named by a bare participle {len(bare)}\n"
    )
    return 0


def imported_once(modules: dict[str, ast.Module]) -> set[str]:
    """Return the modules that exactly one other module of the packages imports."""
    places = {_module(path): path for path in modules}
    importers: defaultdict[str, set[str]] = defaultdict(set)
    for path, tree in modules.items():
        for node in ast.walk(tree):
            names: list[str] = []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                if (found := places.get(name, path)) != path and not found.endswith("__init__.py"):
                    importers[found].add(path)
    return {path for path, by in importers.items() if len(by) == 1}


def private_called_once(tree: ast.Module) -> int:
    """Return how many private functions of a module are named exactly once besides their definition."""
    private = {n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("_")}
    uses = Counter(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id in private)
    return sum(uses[name] == 1 for name in private)


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _module(path: str) -> str:
    parts = path.removesuffix(".py").split("/")[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


if __name__ == "__main__":
    sys.exit(main())
