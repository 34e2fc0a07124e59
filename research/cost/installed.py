"""How much disk an installation takes, by distribution.

    python3 -m venv NEW && NEW/bin/python -m pip install -c constraints.txt .
    NEW/bin/python research/cost/installed.py [--extras NAME,NAME]

Prints one row per distribution that tipbench needs in this Python, without extras or with those that are named: its MB
on disk with its bytecode (of 2**20 bytes, as ``du -sm`` counts), what needs it, and how many MB would be free if it
went, with all that only it brings. Below: what all of them take, how much of it is bytecode, and what else is there.
Exit code 1 when all of them take more than the bound.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

BOUND = 925
MB = 2**20
BLOCK = 512
OWN = "tipbench"


class Size(NamedTuple):
    """MB on disk, in all and of bytecode."""

    total: float
    bytecode: float


def size_of(distribution: Distribution) -> Size:
    """Return what the files of a distribution take."""
    paths = {Path(str(distribution.locate_file(file))) for file in distribution.files or ()}
    taken = {path: _on_disk(path) for path in paths if path.is_file()}
    compiled = sum(size for path, size in taken.items() if path.suffix == ".pyc")
    return Size(sum(taken.values()) / MB, compiled / MB)


def _on_disk(path: Path) -> int:
    told = path.stat()
    blocks = getattr(told, "st_blocks", None)  # not on Windows
    return told.st_size if blocks is None else blocks * BLOCK


def needs_of(distribution: Distribution, extras: Iterable[str] = ()) -> set[str]:
    """Return the names of what a distribution asks for here, with these of its extras."""
    asked = [Requirement(text) for text in distribution.requires or ()]
    chosen = [{"extra": extra} for extra in ("", *extras)]
    return {
        canonicalize_name(one.name)
        for one in asked
        if one.marker is None or any(one.marker.evaluate(each) for each in chosen)
    }


def reached(graph: Mapping[str, set[str]], without: str | None = None) -> set[str]:
    """Return what tipbench needs in the end, where one distribution does not exist."""
    found: set[str] = set()
    waiting = [OWN]
    while waiting:
        name = waiting.pop()
        if name not in found and name != without and name in graph:
            found.add(name)
            waiting += graph[name]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--extras", default="", metavar="NAME,NAME", help="extras of tipbench that count too")
    extras = [name for name in parser.parse_args().extras.split(",") if name]
    here: dict[str, Distribution] = {canonicalize_name(one.name): one for one in distributions()}
    if OWN not in here:
        parser.error(f"{OWN} is not installed in {sys.executable}")
    graph: dict[str, set[str]] = {
        name: needs_of(one, extras if name == OWN else ()) for name, one in here.items()
    }
    sizes: dict[str, Size] = {name: size_of(one) for name, one in here.items()}
    needed = reached(graph)
    total = sum(sizes[name].total for name in needed)
    print(f"{'distribution':<26} {'MB':>7} {'MB freed':>9}  needed by")
    for name in sorted(needed, key=lambda name: -sizes[name].total):
        freed = total - sum(sizes[each].total for each in reached(graph, name))
        users = sorted(user for user in needed if name in graph[user] and user != name)
        print(f"{name:<26} {sizes[name].total:>7.1f} {freed:>9.1f}  {', '.join(users)}")
    compiled = sum(sizes[name].bytecode for name in needed)
    others = ", ".join(f"{name} {sizes[name].total:.1f}" for name in sorted(here.keys() - needed))
    kept = total <= BOUND
    print(
        f"{'all':<26} {total:>7.1f}   bound {BOUND}: {'kept' if kept else 'NOT KEPT'}; {compiled:.1f} bytecode"
    )
    print(f"not needed, and there: {others or 'nothing'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
