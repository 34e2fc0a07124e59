"""Wheels of strangers are checked before pip sees them: none makes it fetch, build or write anything elsewhere."""

from __future__ import annotations

import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterable
from email import message_from_string
from importlib import metadata
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tipcore.errors import CheckFailed

LIMITS, MOST = {"METADATA": 2**20, "entry_points.txt": 2**20}, 200
"""Of bytes that a wheel says about itself, which pip reads whole, and of wheels."""
LINE = re.compile(r"(#.*|\[[^/]*\]|[A-Za-z0-9_.+-]+\s*=[^/]*)?")
"""Of entry points, whose names become files."""


def collect(asked: Requirement, folder: Path, find: Callable[[Requirement], Iterable[Path]]) -> None:
    """Copy all wheels that a package may need, and this environment has not, into a new folder, and check them.

    ``find``: return wheels, among them those of a requirement.
    """
    folder.mkdir()
    left, seen = [asked], set[str]()
    while left:
        one = left.pop()
        if str(one) in seen:
            continue
        seen.add(str(one))
        own = next(iter(metadata.distributions(name=one.name)), None)
        if own is not None and one.specifier.contains(own.version, prereleases=True):
            needs = map(Requirement, own.requires or ()) if one.extras else ()
            left += [need for need in needs if _holds(need, one)]
            continue
        for path in find(one):
            if canonicalize_name(path.name.partition("-")[0]) == canonicalize_name(one.name):
                shutil.copyfile(path, folder / path.name)
                if len(list(folder.iterdir())) > MOST:
                    raise CheckFailed(f"{asked} cannot be installed: it needs more than {MOST} wheels.")
                left += [need for need in check_wheel(folder / path.name, str(asked)) if _holds(need, one)]


def _holds(need: Requirement, by: Requirement) -> bool:
    return need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *by.extras))


def check_wheel(path: Path, package: str) -> list[Requirement]:
    """Return what a wheel requires. Raises CheckFailed where pip would do more with it than copy its files."""
    wheel, found = f"{package} cannot be installed: {path.name}", list[Requirement]()
    try:
        with zipfile.ZipFile(path) as file:
            about = [one for one in file.infolist() if one.filename.split("/")[0].endswith(".dist-info")]
            names = [one.filename.removesuffix("/") for one in about]
            (info,) = {name.split("/")[0] for name in names}
            sizes = {one.filename.removeprefix(f"{info}/"): one.file_size for one in about}
            if any(sizes.get(name, 0) > most for name, most in LIMITS.items()) or sum(sizes.values()) > 2**24:
                raise CheckFailed(f"{wheel} says too much about itself in {info}: shorten it.")
            # pip reads another file for one that is empty, and x/./y as x/y
            plain = sorted({str(PurePosixPath(name)) for name in names}) == sorted(names)
            if (
                not plain
                or not sizes.get("METADATA")
                or any(one.compress_type not in (0, 8) for one in about)
            ):
                raise ValueError
            texts = [file.read(f"{info}/{name}").decode() if name in sizes else "" for name in LIMITS]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, zlib.error):
        raise CheckFailed(f"{wheel} is not as wheels are: build it again.") from None
    for line in map(str.strip, texts[1].splitlines()):
        if not LINE.fullmatch(line):
            raise CheckFailed(f"{wheel} has an entry point of no plain name ({line[:80]}): rename it.")
    for line in map(str, message_from_string(texts[0]).get_all("Requires-Dist", [])):
        try:
            found.append(Requirement(line))
            _holds(found[-1], found[-1])  # fails where the marker names what does not exist
        except (ValueError, KeyError):
            raise CheckFailed(f"{wheel} asks for what is no requirement ({line[:80]}): correct it.") from None
        if found[-1].url:
            what = f"asks for a file from a URL ({line[:80]})"
            raise CheckFailed(f"{wheel} {what}: let it name a version instead.")
    return found
