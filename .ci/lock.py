"""Make ``constraints.txt`` and the locks of this folder from ``pyproject.toml``; ``--check`` checks them.

``constraints.txt`` names a version of all that any extra brings. The locks name the same versions, each with the
SHA-256 of every file that PyPI has of it, for any system: ``.ci/lock.txt`` what the core and the extras ``test`` and
``dev`` bring, ``.ci/lock-build.txt`` what builds this project and the one dependency that PyPI has as source alone.

The other extras are in no lock. Files of torch differ by where pip takes them from (with CUDA from PyPI, without from a
folder of wheels), and so would their hashes; jax and a browser are large, and few tests need them.

``python3 .ci/lock.py`` keeps the versions of ``constraints.txt``: change or delete a line there to get another one. It
needs the extra ``dev``, which brings uv. ``python3 .ci/lock.py --check`` also looks at what is installed: run it with
the Python of the environment that is to be checked.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = "constraints.txt"
LOCKS = {".ci/lock.txt": ("core", "test", "dev"), ".ci/lock-build.txt": ("build", "source")}
"""Lock -> the groups of requirements that it holds."""
SOURCE = ["setuptools>=77"]
"""What builds antlr4-python3-runtime, which hydra-core needs and of which PyPI has no wheel."""
CUDA = re.compile(r"(cuda|nvidia|triton)\b")
"""What torch brings where pip takes it from PyPI. torch itself says in which versions."""
UNCHECKED = frozenset({"tipbench", "pip", "setuptools"})
"""Installed and not looked at: this project, and what a new virtual environment brings."""
HASH = re.compile(r"--hash=(\S+)")

Groups = dict[str, list[Requirement]]


class Line(NamedTuple):
    """What a file says of one distribution."""

    specifier: SpecifierSet
    hashes: list[str]

    @property
    def pin(self) -> str | None:
        """The one version that is asked for; None where the line allows more than one."""
        one = re.fullmatch(r"==([^,*]+)", str(self.specifier))
        return one[1] if one else None


Lines = dict[str, Line]


def project_file(root: Path) -> dict[str, Any]:
    """Return ``pyproject.toml``."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def python_version(root: Path) -> str:
    """Return the oldest Python that tipbench takes: all files are made for it."""
    return project_file(root)["project"]["requires-python"].removeprefix(">=")


def declared(root: Path) -> Groups:
    """Return the requirements of the core, of each extra, and of what builds the project and its dependencies."""
    file = project_file(root)
    groups = {
        "core": file["project"]["dependencies"],
        **file["project"]["optional-dependencies"],
        "build": file["build-system"]["requires"],
        "source": SOURCE,
    }
    asked = {group: [Requirement(text) for text in texts] for group, texts in groups.items()}
    return {group: list(_of_others(asked, group)) for group in asked}


def _of_others(asked: Groups, group: str) -> Iterable[Requirement]:
    """Yield the requirements of a group, in the place of an extra of this project those of the extra."""
    for requirement in asked[group]:
        if canonicalize_name(requirement.name) == "tipbench":
            for extra in sorted(requirement.extras):
                yield from _of_others(asked, extra)
        else:
            yield requirement


def parse(text: str) -> tuple[Lines, list[str]]:
    """Return the lines of a file by distribution, and those that are none, such as an option of pip.

    Of a distribution that has a line for older and one for newer Pythons the older version is taken, which all of them
    can install.
    """
    lines: Lines = {}
    others = []
    for line in text.replace("\\\n", " ").splitlines():
        said = line.partition("#")[0].strip()
        if not said:
            continue
        try:
            requirement = Requirement(HASH.sub("", said))
        except InvalidRequirement:
            others.append(said)
        else:
            name, line = canonicalize_name(requirement.name), Line(requirement.specifier, HASH.findall(said))
            lines[name] = min(lines.get(name, line), line, key=lambda one: Version(one.pin or "0"))
    return lines, others


def installed() -> dict[str, str]:
    """Return the version of each distribution that this Python has."""
    found = {canonicalize_name(each.name): each.version for each in metadata.distributions()}
    return {name: version for name, version in sorted(found.items()) if name not in UNCHECKED}


def find_faults(root: Path, environment: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the files of a folder and with an environment, one sentence each."""
    files = {name: parse((root / name).read_text(encoding="utf-8")) for name in (CONSTRAINTS, *LOCKS)}
    groups, constraints = declared(root), files[CONSTRAINTS][0]
    faults = [
        f"{name}: {other!r} is no requirement" for name, (_, others) in files.items() for other in others
    ]
    faults += _missing(CONSTRAINTS, constraints, groups, groups)
    for name, line in constraints.items():
        if "+" in str(line.specifier):
            faults.append(f"{CONSTRAINTS}: {name}{line.specifier} is a build that PyPI does not have")
    for file, of in LOCKS.items():
        faults += _missing(file, files[file][0], groups, of)
        faults += _unlocked(file, files[file][0], constraints)
    for name, version in environment.items():
        if name not in constraints:
            faults.append(f"{name} {version} is installed and not in {CONSTRAINTS}")
        elif not _allows(constraints[name], version):
            faults.append(f"{name} {version} is installed; {CONSTRAINTS} says {constraints[name].specifier}")
    return faults


def _allows(line: Line, version: str) -> bool:
    return line.specifier.contains(Version(version).public, prereleases=True)


def _missing(file: str, lines: Lines, groups: Groups, of: Iterable[str]) -> Iterable[str]:
    for group in of:
        for requirement in groups[group]:
            line = lines.get(canonicalize_name(requirement.name))
            if line is None:
                yield f"{file}: {requirement.name} is missing, which pyproject.toml asks for ({group})"
            elif line.pin is not None and not requirement.specifier.contains(line.pin, prereleases=True):
                yield f"{file}: {requirement.name} {line.pin}; pyproject.toml asks for {requirement} ({group})"


def _unlocked(file: str, lines: Lines, constraints: Lines) -> Iterable[str]:
    for name, line in lines.items():
        if not line.hashes or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in line.hashes):
            yield f"{file}: {name} lacks a SHA-256"
        if line.pin is None:
            yield f"{file}: {name} lacks a version"
        elif name not in constraints:
            yield f"{file}: {name} is not in {CONSTRAINTS}"
        elif not _allows(constraints[name], line.pin):
            yield f"{file}: {name} {line.pin}; {CONSTRAINTS} says {constraints[name].specifier}"


def make(root: Path) -> None:
    """Write the three files. Versions and ranges that ``constraints.txt`` has stay."""
    groups, path = declared(root), root / CONSTRAINTS
    kept, _ = parse(path.read_text(encoding="utf-8"))
    lines, _ = parse(_compile(root, groups, groups))
    ranges = {name: line for name, line in kept.items() if name in lines and line.pin is None}
    head = (
        f"# Versions that tipbench is tested with on Python {python_version(root)}."
        " Use: python3 -m pip install -c constraints.txt .\n"
        "# Made by `python3 .ci/lock.py`. torch has a range, since builds of one version have different names.\n"
    )
    pins = sorted({**lines, **ranges}.items())
    body = "".join(f"{name}{line.specifier}\n" for name, line in pins if not CUDA.match(name))
    path.write_text(head + body, encoding="utf-8")
    for file, of in LOCKS.items():
        head = "# Made by `python3 .ci/lock.py`, which says what is in here. Use: .ci/install-locked\n"
        (root / file).write_text(head + _compile(root, groups, of, "--generate-hashes"), encoding="utf-8")


def _compile(root: Path, groups: Groups, of: Iterable[str], *options: str) -> str:
    """Return what uv finds to install for some groups of requirements."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "-", "--constraints", CONSTRAINTS]
    command += ["--universal", "--python-version", python_version(root)]
    command += ["--quiet", "--no-header", "--no-annotate", *options]
    asked = "\n".join(str(requirement) for group in of for requirement in groups[group])
    done = subprocess.run(command, cwd=root, input=asked, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit("uv failed, as it says above; the extra `dev` installs it")
    return done.stdout


def main() -> None:
    """Make the files, or check them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail where something is wrong")
    if not parser.parse_args().check:
        make(ROOT)
        return
    environment = installed()
    faults = find_faults(ROOT, environment)
    if faults:
        sys.exit("\n".join([*faults, "after a change of pyproject.toml, run: python3 .ci/lock.py"]))
    print(f"constraints and locks agree; all {len(environment)} distributions here are in {CONSTRAINTS}")


if __name__ == "__main__":
    main()
