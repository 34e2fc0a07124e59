"""Maintainers run an entry's method themselves, behind a fence, on the release and on a world that nobody knew.

A submission's package is installed from wheels and its config composed from plain values; nothing of it is imported
here. Each cell is fitted and predicted behind a fence (:mod:`tipbench.fence`), and its predictions are scored in this
process, on the truth that no fence holds. Anybody can make the truth of an open release again and carry it inside a
wheel: so each cell is run once more, on an independent world of its own whose number is drawn at random after the
package was installed. What one cell could pass on to the next is truth of a world on which the next is not scored. A
reference method is run as its stored config says.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from tipbench.config.compose import Composer, parse
from tipbench.config.methods import is_shipped
from tipbench.config.options import config_folders
from tipbench.fence.session import Limits
from tipbench.runs.cells import Cell
from tipbench.runs.digests import digests_of, targets_of, versions_of
from tipbench.runs.folds import SharedFold
from tipbench.runs.grid import expand
from tipbench.runs.methods import Methods
from tipbench.runs.results import Result
from tipbench.runs.runner import Job, run_one
from tipbench.tasks import task_of
from tipbench.version import __version__
from tipcore.atomic import fill_folder_atomically
from tipcore.engines import run_all
from tipcore.errors import CheckFailed, UsageError
from tipcore.operating_system import require_confinement
from tipcore.table_files import read_parquet
from tipdata.release import Release

from tipboard.board.acceptance import first_of
from tipboard.board.collection import REPLICATES, KeptDraws, draws_of_run, seat_of
from tipboard.board.entries import Entry
from tipboard.board.files import (
    FRESH,
    REPRODUCED,
    SUBMISSIONS,
    UPLOADED,
    check_submission,
    read,
    read_submission,
    store_results,
)
from tipboard.board.fresh import fresh_of
from tipboard.board.fresh_worlds import draw_world, store_record, worlds_of
from tipboard.board.storage import Packages, PredictionStore, read_config, store_of
from tipboard.seasons.worlds import has_split, make_world
from tipboard.submissions.pack import read_overrides

TIPBENCH = "tipbench"
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
    advice = "its authors must give package=NAME==VERSION, and you put the wheel where board.yaml says"
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
    if canonicalize_name(asked.name) == TIPBENCH:
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


ALLOWED = ("baseline", "task", "labels", "access")
"""Keys that a submission may set beside the parameters of its method."""
UNREAD = ("release", "release.version", "replicates")
"""Keys that records have and that are not read: release and split are those of the cell, replicates the board's."""
METHOD = "baseline.method."


def config_of(entry: Entry, wanted: Result) -> dict[str, Any]:
    """Return the config of a cell: of a reference method as it is stored, of a submission as its overrides compose.

    Raises UsageError where it says more than a method and its plain values, or is of another cell.
    """
    if entry.record is None or entry.record.pinned is None:
        return dict(wanted.config)
    pinned, where = entry.record.pinned, f"{entry.id}: pinned.overrides of {wanted.task}"
    if wanted.task not in pinned.overrides:
        raise UsageError(f"{entry.id} says of {wanted.task} not how it is run: choose others with task=.")
    typed = parse(pinned.overrides[wanted.task])
    for override in typed:
        if override.key not in (*ALLOWED, *UNREAD) and not override.key.startswith(METHOD):
            raise UsageError(
                f"{where}: {override.key} is not of the method: only {', '.join(ALLOWED)} and {METHOD}* are."
            )
    version, _, size = wanted.data.partition("/")
    ours = [f"release={size}", f"release.version={version}", f"split={wanted.split}", f"seed={wanted.seed}"]
    ours += [f"replicates={REPLICATES}", "fence=on"]
    try:
        plain = read_overrides(o for o in typed if o.key not in UNREAD)
        composer = Composer(config_folders(None), (*plain, *parse(ours)))
        cells = expand(composer, lambda task, settings: [wanted.split])
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    if len(cells) != 1 or cells[0].task != wanted.task:
        raise UsageError(f"{where} are of another cell: its authors must correct them.")
    config = cells[0].config
    _check_method(config["baseline"]["method"], pinned.package, where)
    if (config["access"], config["labels"]) != (wanted.access, wanted.labels):
        raise UsageError(
            f"{where} ask for access {config['access']} and labels {config['labels']}, and the record declares "
            f"{wanted.access} and {wanted.labels}: its authors must correct one of them."
        )
    return config


def _check_method(method: Mapping[str, Any], package: str, where: str) -> None:
    """Refuse a method that names other classes than its own, and one of tipbench's package that is not shipped."""
    if len(list(targets_of(method))) != 1 or any(str(key).startswith("_") for key in _keys(method)):
        raise UsageError(
            f"{where}: parameters are plain values: no _target_ or other key that begins with _."
        )
    ours = package.partition("==")[0].strip() == "tipbench"
    if ours != is_shipped(str(method["_target_"])):
        raise UsageError(f"{where}: {method['_target_']} is not of the package {package}.")


def _keys(value: Any, top: bool = True) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not (top and key == "_target_"):
                yield key
            yield from _keys(inner, top=False)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _keys(inner, top=False)


@dataclass(frozen=True)
class Reproduced:
    """One cell that was run again. ``same``: bit for bit the stored predictions; ``stored`` and ``found``: the primary
    scores; ``fresh``: that on a world that nobody knew, None where the split cannot be had there; ``supported``:
    whether that supports ``found``."""

    task: str
    split: str
    seed: int
    same: bool
    stored: float | None
    found: float | None
    fresh: float | None
    supported: bool | None


@dataclass(frozen=True)
class Again:
    """A cell run again: its result, the folder of its run, its fresh world, and its result and folder there, None where
    that world has no such split."""

    result: Result
    folder: Path
    world: Release
    fresh: Result | None
    fresh_folder: Path


def reproduce(
    results: Path,
    data: str,
    entry_id: str,
    tasks: Sequence[str] = (),
    splits: Sequence[str] = (),
    quiet: bool = False,
    limits: Limits | None = None,
) -> list[Reproduced]:
    """Run the cells of an entry again; of a submission what comes of it is stored as reproduced.

    Args:
        results: where boards are kept.
        data: the board's release.
        entry_id: ``team--method``; ``tipbench--method`` is a reference method.
        tasks, splits: only these, all by default.
        quiet: no progress.
        limits: of each cell's fence.

    Raises:
        UsageError: for an entry that is not there, names no package, or has no such cells, where no fence can be built,
        and where what was reproduced earlier and stays is not as it was written.
        CheckFailed: where its package cannot be installed, or a cell fails.
    """
    entry = _entry(results, data, entry_id)
    cells = [
        one
        for one in (*entry.results, *entry.uploaded)
        if (not tasks or one.task in tasks) and (not splits or one.split in splits)
    ]
    cells = list({seat_of(one): one for one in cells}.values())
    if not cells:
        raise UsageError(
            f"{entry_id} has no results on {', '.join((*tasks, *splits)) or data}: ask for others."
        )
    if entry.record is not None and _stays(entry, cells):
        check_submission(results / data / SUBMISSIONS / entry.id, entry)  # what stays is bound again
    with tempfile.TemporaryDirectory(prefix="tipbench-reproduce-") as work:
        environment = _environment(entry, results, Path(work))
        configs = [config_of(entry, one) for one in cells]
        found = run_all(
            lambda pair: _again(*pair, entry, environment, Path(work), limits or Limits()),
            list(zip(cells, configs, strict=True)),
            engine="sequential",
            label="cells",
            quiet=quiet,
        )
        if entry.record is not None:
            _store(results, data, entry, found)
        store = store_of(results)
        return [_held(one, again, store) for one, again in zip(cells, found, strict=True)]


def _entry(results: Path, data: str, entry_id: str) -> Entry:
    folder = results / data / SUBMISSIONS / entry_id
    if (folder / UPLOADED).is_dir() and folder.parent == results / data / SUBMISSIONS:
        return read_submission(folder)
    entries = {one.id: one for one in read(results, data, draft=True).entries}
    if entry_id not in entries:
        from difflib import get_close_matches

        near = get_close_matches(entry_id, entries, n=3, cutoff=0.3) or list(entries)[:3]
        raise UsageError(f"{entry_id} is not on the board of {data}: choose {' or '.join(near)}.")
    return entries[entry_id]


def _stays(entry: Entry, cells: Sequence[Result]) -> bool:
    """Return whether anything that was reproduced earlier is not among these cells."""
    again = {seat_of(one) for one in cells}
    return any(one.verified and seat_of(one) not in again for one in entry.results)


def _environment(entry: Entry, results: Path, work: Path) -> Environment:
    if entry.record is None:
        return Environment("")
    if entry.record.pinned is None:
        raise UsageError(
            f"{entry.id} names no package: its authors must submit it with package= before it can be reproduced."
        )
    return install(entry.record.pinned.package, read_config(results).packages, work)


def _again(
    stored: Result,
    config: dict[str, Any],
    entry: Entry,
    environment: Environment,
    work: Path,
    limits: Limits,
) -> Again:
    place = work / "runs" / f"{stored.task}-{stored.split}-{stored.seed}"
    cell = Cell(config, place)
    result = _run(cell, entry, environment, limits)
    with make_world(draw_world(stored.data)) as world:
        there = Cell({**config, "release": {**config["release"], "world": world.world}}, place)
        has = has_split(cell.task, world, cell.split, config["labels"], config["access"])
        fresh = _run(there, entry, environment, limits) if has else None
    return Again(result, cell.folder, world, fresh, there.folder)


def _run(cell: Cell, entry: Entry, environment: Environment, limits: Limits) -> Result:
    """Return the result of a cell that is run behind a fence and scored here."""
    versions = versions_of(cell)
    if entry.record is not None:
        versions = versions.model_copy(update={"method": environment.package})
    shared = SharedFold(cell)
    with closing(Methods(cell, shared, limits, environment.python, environment.place)) as methods:
        outcome = run_one(Job(cell, versions, digests_of(cell, versions.data)), shared, methods)
    if outcome.result is None:
        kind = UsageError if outcome.usage else CheckFailed
        where = " of a fresh world" if cell.config["release"]["world"] else ""
        raise kind(
            f"{entry.id} on {cell.task}, split {cell.split}, seed {cell.seed}{where} failed: {outcome.cause}"
        )
    if outcome.result.oracle_method:
        raise CheckFailed(f"{entry.id} is an oracle, shown hidden truth: oracles are not reproduced.")
    return outcome.result


def _named(result: Result, entry: Entry) -> Result:
    named = {"method": f"{result.task}/{entry.method}", "verified": True}
    return result.model_copy(update=named)


def _store(results: Path, data: str, entry: Entry, found: Sequence[Again]) -> None:
    """Keep predictions and scores as reproduced, beside cells that were reproduced earlier."""
    store = store_of(results)
    drawn: list[KeptDraws] = []
    made = [replace(one, result=_named(one.result, entry)) for one in found]
    for one in made:
        store.put((one.folder / one.result.predictions.file).read_bytes())
        if one.fresh is not None:
            store.put((one.fresh_folder / one.fresh.predictions.file).read_bytes())
        if one.result.split == task_of(one.result.task).splits[0]:
            drawn.append(draws_of_run(one.result, one.folder))
    done = {seat_of(one.result) for one in made}

    def others(kept: Sequence[Result]) -> list[Result]:
        return [one for one in kept if seat_of(one) not in done]

    folder = results / data / SUBMISSIONS / entry.id
    earlier = others([one for one in entry.results if one.verified])
    there = {seat_of(one) for one in earlier}
    kept = [one for one in entry.draws if seat_of(one) in there]
    fresh = [_named(one.fresh, entry) for one in made if one.fresh is not None]
    worlds = {place: world for place, world in worlds_of(folder / FRESH).items() if place not in done}
    worlds |= {seat_of(one.result): one.world.name for one in made}
    with fill_folder_atomically(folder / REPRODUCED, replace=True, advice="give another results=") as beside:
        store_results(beside, [*earlier, *(one.result for one in made)], first_of([*kept, *drawn]))
    with fill_folder_atomically(folder / FRESH, replace=True, advice="give another results=") as beside:
        store_results(beside, [*others(entry.fresh), *fresh], [])
        store_record(beside, folder / REPRODUCED, entry.id, worlds)


def _held(stored: Result, again: Again, store: PredictionStore) -> Reproduced:
    found, digest = again.result, stored.predictions.digest
    same = digest == found.predictions.digest
    if not same and store.has(digest):
        # Another writer may have written the uploaded file, perhaps as float32: compare the contents.
        uploaded = _content(store.get(digest))
        made = _content((again.folder / found.predictions.file).read_bytes())
        same = uploaded.columns == made.columns and uploaded.equals(made.cast(uploaded.schema, strict=False))
    fresh = fresh_of([found], [] if again.fresh is None else [again.fresh], found.primary)
    return Reproduced(
        task=stored.task,
        split=stored.split,
        seed=stored.seed,
        same=same,
        stored=stored.scores[stored.primary].value,
        found=found.scores[found.primary].value,
        fresh=None if fresh is None else fresh.score.score,
        supported=None if fresh is None else fresh.supports,
    )


def _content(parquet: bytes) -> pl.DataFrame:
    """Return predictions in one order of rows and columns."""
    stored = read_parquet(parquet)
    columns = sorted(stored.columns)
    return stored.select(columns).sort(columns)
