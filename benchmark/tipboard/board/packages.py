"""Install the package that a submission pins: wheels only, from where the board's config says, nothing of it run."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from tipbench.version import __version__
from tipcore.errors import CheckFailed, UsageError
from tipcore.operating_system import require_confinement

from tipboard.board.config import Packages

OURS = "tipbench"
LAST_LINES = 3
"""Of what pip said when it failed."""
SECONDS = 1800
"""How long pip may take."""


@dataclass(frozen=True)
class Environment:
    """An installed package.

    ``package``: as pinned, with the SHA-256 of the wheel. ``python``, ``place``: the interpreter and the folder of
    installed packages; '' for those of this process.
    """

    package: str
    python: str = ""
    place: str = ""


def exact(package: str) -> Requirement:
    """Return what a pinned package asks for. Raises UsageError for anything but one exact version of one name."""
    advice = "its authors must give --package NAME==VERSION, and you put the wheel where board.yaml says"
    try:
        asked = Requirement(package)
    except InvalidRequirement:
        raise UsageError(f"pinned.package {package} is not a requirement: {advice}.") from None
    versions = [one for one in asked.specifier if one.operator == "==" and not one.version.endswith(".*")]
    if asked.url or asked.marker or asked.extras or len(versions) != 1 or len(asked.specifier) != 1:
        raise UsageError(f"pinned.package {package} is not one exact version: {advice}.")
    return asked


def install(package: str, packages: Packages, work: Path) -> Environment:
    """Return an environment that has the package; ours where it is this tipbench.

    Args:
        package: as pinned.
        packages: where wheels come from.
        work: a folder for the environment.

    Raises:
        UsageError: for what is not one exact version, another version of tipbench, and a board without a source.
        CheckFailed: if pip fails, or installs nothing because the package is in this environment already.
    """
    require_confinement("Reproducing a submission")
    asked = exact(package)
    if canonicalize_name(asked.name) == OURS:
        if Version(next(iter(asked.specifier)).version) != Version(__version__):
            raise UsageError(
                f"pinned.package {package} is not the tipbench that runs here ({__version__}): use that one."
            )
        return Environment(package)
    if not packages.index and not packages.wheelhouse:
        raise UsageError(
            "board.yaml names no source of packages: set packages.wheelhouse to a folder of wheels, or packages.index."
        )
    folder = work / "environment"
    venv.create(folder, with_pip=True, symlinks=True)
    python = str(folder / "bin" / "python")
    place = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    # What this environment has, tipbench above all, counts as installed; what is installed goes before it.
    seen = [path for path in sys.path if path and Path(path).is_dir()]
    (place / "tipbench-of-the-host.pth").write_text("\n".join(seen) + "\n", encoding="utf-8")
    source = ["--no-index", "--find-links", packages.wheelhouse] if packages.wheelhouse else []
    source = source or ["--index-url", packages.index]
    report = work / "installed.json"
    source += ["--report", str(report)]
    words = ["--isolated", "--disable-pip-version-check", "--no-input", "--quiet", "--only-binary", ":all:"]
    try:
        done = subprocess.run(
            [python, "-m", "pip", "install", *words, *source, str(asked)],
            capture_output=True, text=True, check=False, timeout=SECONDS, env={"PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise CheckFailed(f"{package} was not installed within {SECONDS // 60} minutes: try again.") from None
    if done.returncode:
        raise CheckFailed(f"{package} cannot be installed: {_end(done.stderr)}")
    installed = json.loads(report.read_text(encoding="utf-8"))["install"]
    archives = [one["download_info"]["archive_info"] for one in installed if one["requested"]]
    if not archives:
        raise CheckFailed(f"{package} is in this environment already: reproduce it from one without it.")
    digest = archives[0].get("hash", "").removeprefix("sha256=") or archives[0]["hashes"]["sha256"]
    return Environment(f"{package} sha256:{digest}", python, str(place))


def _end(said: str) -> str:
    """Return the last words of a command in one line."""
    lines = [line.strip() for line in said.strip().splitlines() if line.strip()]
    return " ".join(lines[-LAST_LINES:])[-500:] or "it said nothing"
