"""Packages of submissions: installed from wheels into environments of their own, and composed from plain values.

Nothing of a package is imported here: what it holds runs behind a fence (:mod:`tipbench.fence`). A wheel can hold a
``.pth`` file, ``sitecustomize`` or a ``python`` of its own. So no interpreter is started that lies where a wheel was
installed, and outside a fence no such folder is on a path of imports.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from tipbench.config.compose import Composer, parse
from tipbench.config.methods import is_shipped, method_class
from tipbench.config.options import config_folders
from tipbench.method import is_oracle
from tipbench.runs.grid import expand
from tipbench.version import __version__
from tipcore.errors import CheckFailed, UsageError
from tipcore.operating_system import require_confinement

from tipboard.submissions.pack import read_overrides
from tipboard.submissions.record import Pinned
from tipboard.submissions.storage import Packages
from tipboard.submissions.wheels import collect

LAST_LINES = 3
"""Of what pip said when it failed."""
SITE = Path("lib", f"python{sys.version_info.major}.{sys.version_info.minor}", "site-packages")
"""Where an environment has its packages."""
SECONDS = 1800
"""How long pip may take."""


@dataclass(frozen=True)
class Environment:
    """An installed package.

    ``package``: as pinned, with the SHA-256 of the wheel. ``place``: the folder of installed packages, '' for those of
    this process.
    """

    package: str
    place: str = ""


def exact(package: str, house: str = "where board.yaml says") -> Requirement:
    """Return what a pinned package asks for. Raises UsageError for all but one exact version of one name.

    ``house``: where its wheel belongs, for the error.
    """
    advice = f"its authors must give package=NAME==VERSION, and you put the wheel {house}"
    try:
        asked = Requirement(package)
    except InvalidRequirement:
        raise UsageError(f"pinned.package {package} is not a requirement: {advice}.") from None
    versions = [one for one in asked.specifier if one.operator == "==" and not one.version.endswith(".*")]
    if asked.url or asked.marker or asked.extras or len(versions) != 1 or len(asked.specifier) != 1:
        raise UsageError(f"pinned.package {package} is not one exact version: {advice}.")
    return asked


def install(package: str, packages: Packages, work: Path, keep: Path | None = None) -> Environment:
    """Return an environment in ``work`` that has the pinned package; ours where that is this tipbench.

    ``packages``: where wheels come from. ``keep``: of a season, a folder for the wheels that were installed,
    with which the package can be installed again.

    Raises UsageError for what is not one exact version, another version of tipbench, and no source of
    packages; CheckFailed if pip fails, or installs nothing since the package is in this environment already.
    """
    require_confinement("Running a submission")
    asked = exact(package) if keep is None else exact(package, "into the folder of wheelhouse=")
    if canonicalize_name(asked.name) == "tipbench":
        if Version(next(iter(asked.specifier)).version) != Version(__version__):
            raise UsageError(
                f"pinned.package {package} is not the tipbench that runs here ({__version__}): use that one."
            )
        return Environment(package)
    if not packages.index and not packages.wheelhouse:
        raise UsageError(
            "board.yaml names no source of packages: set packages.wheelhouse to a folder of wheels, or packages.index."
            if keep is None
            else f"{package} has no source: add wheelhouse=FOLDER, which holds its wheels, or index=URL."
        )
    python, folder, report = _pip_environment(work / "pip"), work / "environment", work / "installed.json"
    place = folder / SITE
    place.mkdir(parents=True)
    (folder / "lib64").symlink_to("lib")  # where some systems install compiled packages
    checked, downloads = work / "checked", work / "downloads"

    def find(one: Requirement) -> Iterator[Path]:
        if packages.wheelhouse:
            return Path(packages.wheelhouse).glob("*.whl")
        words = ["--no-deps", "--index-url", packages.index, "--dest", str(downloads)]
        _pip(python, package, "download", *words, f"{one.name}{one.specifier}")
        return downloads.glob("*.whl")

    collect(asked, checked, find)
    words = ["--no-index", "--find-links", str(checked), "--prefix", str(folder), "--no-compile"]
    _pip(python, package, "install", *words, "--report", str(report), str(asked))
    installed = json.loads(report.read_text(encoding="utf-8"))["install"]
    archives = [one["download_info"]["archive_info"] for one in installed if one["requested"]]
    if not archives:
        raise CheckFailed(f"{package} is in this environment already: run it from one without it.")
    digest = archives[0].get("hash", "").removeprefix("sha256=") or archives[0]["hashes"]["sha256"]
    if keep is not None:
        for one in installed:
            shutil.copy(url2pathname(urlsplit(one["download_info"]["url"]).path), keep)
    return Environment(f"{package} sha256:{digest}", str(place))


def _pip_environment(folder: Path) -> str:
    """Return the interpreter of a new environment that runs pip, and into which no wheel is installed.

    For pip, what this process has counts as installed, and lies outside of the environment: pip leaves it as it is.
    """
    venv.create(folder, with_pip=True, symlinks=True)
    place = folder / SITE
    for own in place.glob("*.dist-info"):  # pip is no package that a method has, nor one to replace
        shutil.rmtree(own)
    seen = [path for path in sys.path if path and Path(path).is_dir()]
    (place / "tipbench-of-the-host.pth").write_text("\n".join(seen) + "\n", encoding="utf-8")
    return str(folder / "bin" / "python")


def _pip(python: str, package: str, action: str, *words: str) -> None:
    """Let pip do something with wheels alone. Raises CheckFailed where it fails."""
    common = ["--isolated", "--disable-pip-version-check", "--no-input", "--quiet", "--only-binary", ":all:"]
    try:
        done = subprocess.run(
            [python, "-I", "-m", "pip", action, *common, *words],
            capture_output=True, text=True, check=False, timeout=SECONDS, env={"PATH": "/usr/bin:/bin"},
            cwd=Path(python).parent,  # where no file has the name of a requirement
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise CheckFailed(f"{package} was not installed within {SECONDS // 60} minutes: try again.") from None
    if done.returncode:
        lines = list(filter(None, map(str.strip, done.stderr.splitlines())))
        said = " ".join(lines[-LAST_LINES:])[-500:] or "it said nothing"
        raise CheckFailed(f"{package} cannot be installed: {said}")


ALLOWED = ("baseline", "task", "labels", "access", "train")
"""Keys that a submission may set beside the parameters of its method."""
UNREAD = ("release", "release.version", "replicates")
"""Keys that records have and that are not read: release and split are those of the cell, replicates the board's."""
METHOD = "baseline.method."


def compose_pinned(
    pinned: Pinned, entry: str, task: str, release: Mapping[str, str], split: str, seed: int, replicates: int
) -> dict[str, Any]:
    """Return the config of a cell as the overrides of a submission compose, which are read as plain values.

    ``entry``: the submission's id, for errors. ``release``: ``version`` and ``size``.

    Raises UsageError where the overrides say more than a method and its plain values, or are of another cell.
    """
    where = f"{entry}: pinned.overrides of {task}"
    if task not in pinned.overrides:
        raise UsageError(f"{entry} says of {task} not how it is run: choose others with task=.")
    typed = parse(pinned.overrides[task])
    for override in typed:
        if override.key not in (*ALLOWED, *UNREAD) and not override.key.startswith(METHOD):
            raise UsageError(
                f"{where}: {override.key} is not of the method: only {', '.join(ALLOWED)} and {METHOD}* are."
            )
    ours = [f"release={release['size']}", f"release.version={release['version']}", f"split={split}"]
    ours += [f"seed={seed}", f"replicates={replicates}", "fence=on"]
    try:
        plain = read_overrides(o for o in typed if o.key not in UNREAD)
        composer = Composer(config_folders(None), (*plain, *parse(ours)))
        cells = expand(composer, lambda task, settings: [split])
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    if len(cells) != 1 or cells[0].task != task:
        raise UsageError(f"{where} are of another cell: its authors must correct them.")
    _check_method(cells[0].config["baseline"]["method"], pinned.package, where)
    return cells[0].config


def _check_method(method: Mapping[str, Any], package: str, where: str) -> None:
    """Refuse a method that names other classes than its own, and one of tipbench's package that is not shipped."""
    parameters = {key: value for key, value in method.items() if key != "_target_"}
    if not isinstance(method.get("_target_"), str) or any(key.startswith("_") for key in _keys(parameters)):
        raise UsageError(
            f"{where}: parameters are plain values: no _target_ or other key that begins with _."
        )
    ours = package.partition("==")[0].strip() == "tipbench"
    if ours != is_shipped(str(method["_target_"])):
        raise UsageError(f"{where}: {method['_target_']} is not of the package {package}.")
    if ours and is_oracle(method_class(method["_target_"])):
        raise UsageError(
            f"{where}: {method['_target_']} is an oracle, which sees hidden truth: choose a method."
        )


def _keys(value: Any) -> Iterator[str]:
    """Yield every key in a value."""
    if isinstance(value, Mapping):
        yield from map(str, value)
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _keys(inner)
