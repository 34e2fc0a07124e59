"""What is seen from behind the fence: Python, its libraries, what a method needs of tipbench, and the method itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

from tipcore.errors import UsageError
from tipcore.locations import home

OURS = ("tipcore", "tipbench", "tipbaselines")
"""Packages of this distribution that a method may need."""
WITHHELD = ("tipdata", "tipboard")
"""Those with the generator and its seed, and with what is done with predictions."""
INSTALLED = ("site-packages", "dist-packages")
"""Names of folders that hold what is installed, and nothing else."""
SYSTEM = ("/usr/lib/python3", "/usr/local/lib")
"""Where a system installs packages for all, beside what is shown for a reason of its own."""
WITHOUT_PYTHON = ("share", "include", "doc", "man", "locale", "__pycache__")


@dataclass(frozen=True)
class Sight:
    """``shown``: files and folders; ``hidden``: folders among them that are not; ``path``: of imports, in order."""

    shown: tuple[str, ...]
    hidden: tuple[str, ...]
    path: tuple[str, ...]


def sight_of(
    targets: Iterable[str], sources: Iterable[Path], hidden: Iterable[Path] = (), first: str = ""
) -> Sight:
    """Return what a method is shown.

    Args:
        targets: the classes that its config names.
        sources: the files that it is made of.
        hidden: folders of the host that no method may see, whatever lies around them, beside the host's home.
        first: a folder of packages of another environment, found before all others, where alone the method is looked
            for; the environment is shown.

    Raises:
        UsageError: for a class that was typed in a notebook or a script: no file holds it.
    """
    packages = set()
    for target in targets:
        if target.startswith("__main__."):
            raise UsageError(
                f"{target.removeprefix('__main__.')} was typed in a notebook or a script, and a fenced method is read "
                "from a file: put the class into a module, or set fence=off."
            )
        packages.add(target.partition(".")[0])
    path = tuple(dict.fromkeys(os.path.abspath(place) for place in (*([first] if first else ()), *sys.path)))
    places = [place for place in path if Path(place).name in INSTALLED]
    shown = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, *places}
    if first:
        shown.add(str(Path(first).parents[2]))  # <environment>/lib/python3.11/site-packages
    shown |= {str(place) for name in OURS for place in _places_of(name)}
    shown |= {str(place) for name in packages.difference(OURS) for place in _places_of(name, first)}
    shown |= {str(source) for source in sources}
    shown |= {os.path.realpath(place) for place in shown}
    withheld = {str(place) for name in WITHHELD for place in _places_of(name)}
    withheld |= {os.path.join(place, name) for place in path for name in WITHHELD}
    withheld |= {place for within in (*shown, *SYSTEM) for place in _withheld_in(within)}
    withheld |= {str(home()), *(str(place) for place in hidden)}
    withheld |= {os.path.realpath(place) for place in withheld}
    return Sight(tuple(sorted(shown)), tuple(sorted(withheld)), path)


def _places_of(package: str, first: str = "") -> Iterator[Path]:
    """Yield where a package or module of this name lies, without importing it.

    A folder without ``__init__.py`` is a package to Python, be it the folder of somebody's results: of one that nobody
    installed are only those files shown that the method is made of.
    """
    try:
        spec = PathFinder.find_spec(package, [first]) if first else find_spec(package)
    except (ImportError, ValueError):
        return
    if spec is None:
        return
    if spec.submodule_search_locations:
        places = [Path(place) for place in spec.submodule_search_locations]
        yield from (one for one in places if spec.origin or one.parent.name in INSTALLED)
    elif spec.origin and Path(spec.origin).is_file():
        yield Path(spec.origin)


@lru_cache
def _withheld_in(shown: str) -> tuple[str, ...]:
    """Return the folders of :data:`WITHHELD` below a folder, of other environments in it too."""
    found = []
    for folder, below, _ in os.walk(shown):
        found += [os.path.join(folder, name) for name in WITHHELD if name in below]
        # What is installed holds packages, and these hold none; the rest holds no Python.
        installed = os.path.basename(folder) in INSTALLED
        below[:] = [] if installed else [one for one in below if one not in (*WITHHELD, *WITHOUT_PYTHON)]
    return tuple(found)


def unreadable(shown: Iterable[str]) -> str | None:
    """Return the first of these paths that a user without any right to it cannot read, None where there is none."""
    for place in shown:
        needed = 0o005 if os.path.isdir(place) else 0o004
        if os.path.exists(place) and os.stat(place).st_mode & needed != needed:
            return place
    return None
