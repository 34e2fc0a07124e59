"""Maintainers run an entry's method themselves, from its pinned package and config: access and streaming are enforced.

A submission's package is installed into a new virtual environment that sees this one's packages, and ``tipbench run``
is called there for each cell; what it predicts is scored and stored as *reproduced*, beside what was uploaded. Another
party's code runs on this machine with this user's rights: use a machine that holds nothing else. A reference method is
run as its stored config says and checked against its digest.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from tipbench.evaluation.meaning import score_version
from tipbench.kinds.predictions import as_stored
from tipbench.runs.cell import Cell
from tipbench.runs.results import Result, read_result, run_folders
from tipbench.runs.runner import run
from tipbench.tasks import task_of
from tipbench.version import __version__
from tipcore.atomic import fill_folder_atomically
from tipcore.engine import run_all
from tipcore.errors import CheckFailed, UsageError
from tipcore.operating_system import require_confinement
from tipcore.parquet import read_parquet

from tipboard.board.acceptance import first_of
from tipboard.board.draws import KeptDraws, draws_of_run
from tipboard.board.entries import Entry
from tipboard.board.files import REPRODUCED, SUBMISSIONS, UPLOADED, read, read_submission, store_results
from tipboard.board.predictions import PredictionStore, store_of

LAST_LINES = 3
"""Of what a failing command said."""
OWN = "tipbench: "


@dataclass(frozen=True)
class Reproduced:
    """One cell that was run again. ``same``: bit for bit the stored predictions; ``stored`` and ``found``: the primary
    scores."""

    task: str
    split: str
    seed: int
    same: bool
    stored: float | None
    found: float | None


def reproduce(
    results: Path,
    data: str,
    entry_id: str,
    tasks: Sequence[str] = (),
    splits: Sequence[str] = (),
    quiet: bool = False,
) -> list[Reproduced]:
    """Run the cells of an entry again; of a submission what comes of it is stored as reproduced.

    Args:
        results: where boards are kept.
        data: the board's release.
        entry_id: ``team--method``; ``tipbench--method`` is a reference method.
        tasks, splits: only these, all by default.
        quiet: no progress.

    Raises:
        UsageError: for an entry that is not there, names no package, or has no such cells.
        CheckFailed: where its package cannot be installed, or a cell fails.
    """
    entry = _entry(results, data, entry_id)
    cells = [
        one
        for one in (*entry.results, *entry.uploaded)
        if (not tasks or one.task in tasks) and (not splits or one.split in splits)
    ]
    cells = list({(one.task, one.split, one.seed): one for one in cells}.values())
    if not cells:
        raise UsageError(
            f"{entry_id} has no results on {', '.join((*tasks, *splits)) or data}: ask for others."
        )
    with tempfile.TemporaryDirectory(prefix="tipbench-reproduce-") as work:
        runs = Path(work) / "runs"
        if entry.record is None:
            found = _run_reference(cells, runs, quiet)
        else:
            found = _run_submission(entry, cells, Path(work), runs, quiet)
            _store(results, data, entry, found)
        store = store_of(results)
        return [_held(one, *again, store) for one, again in zip(cells, found, strict=True)]


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


def _run_reference(cells: Sequence[Result], runs: Path, quiet: bool) -> list[tuple[Result, Path]]:
    wanted = [Cell(dict(one.config), runs) for one in cells]
    found = []
    for outcome in run(wanted, quiet=quiet):
        if outcome.result is None:
            raise CheckFailed(f"{outcome.cell.name} failed: {outcome.cause}")
        found.append((outcome.result, outcome.cell.folder))
    return found


def _run_submission(
    entry: Entry, cells: Sequence[Result], work: Path, runs: Path, quiet: bool
) -> list[tuple[Result, Path]]:
    require_confinement("Reproducing a submission")
    record = entry.record
    if record is None or record.pinned is None:
        raise UsageError(
            f"{entry.id} names no package: its authors must submit it with --package before it can be reproduced."
        )
    python = _installed(record.pinned.package, work)
    overrides = record.pinned.overrides
    lacking = sorted({one.task for one in cells} - set(overrides))
    if lacking:
        raise UsageError(f"{entry.id} says of {', '.join(lacking)} not how it is run: leave out with --task.")
    return run_all(
        lambda one: _run_cell(python, overrides[one.task], one, entry, runs),
        list(cells),
        engine="sequential",
        label="cells",
        quiet=quiet,
    )


def _installed(package: str, work: Path) -> str:
    """Return the interpreter of an environment that has the package; this one's where it is this tipbench."""
    if package == f"tipbench=={__version__}":
        return sys.executable
    folder = work / "environment"
    venv.create(folder, with_pip=True, symlinks=True)
    python = str(folder / "bin" / "python")
    asked = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    # What this environment has, tipbench above all, is seen from the new one; what it installs goes before.
    seen = [path for path in sys.path if path and Path(path).is_dir()]
    Path(asked.stdout.strip(), "tipbench-of-the-maintainers.pth").write_text(
        "\n".join(seen) + "\n", encoding="utf-8"
    )
    done = subprocess.run(
        [python, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", package],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise CheckFailed(f"{package} cannot be installed: {_end(done.stderr)}")
    return python


def _run_cell(
    python: str, overrides: Sequence[str], wanted: Result, entry: Entry, runs: Path
) -> tuple[Result, Path]:
    """Run one cell in the other environment and check that it is the one that was submitted."""
    place = runs / f"{wanted.task}-{wanted.split}-{wanted.seed}"
    words = [*overrides, f"split={wanted.split}", f"seed={wanted.seed}", f"runs.path={place}"]
    done = subprocess.run(
        [python, "-m", "tipbench", "run", *words, "--quiet", "--json"],
        capture_output=True, text=True, check=False, env=dict(os.environ),
    )  # fmt: skip
    cell = f"{entry.id} on {wanted.task}, split {wanted.split}, seed {wanted.seed}"
    if done.returncode:
        raise CheckFailed(f"{cell} failed: {_end(done.stderr)}")
    folders = run_folders(place)
    if len(folders) != 1:
        raise CheckFailed(
            f"{cell} made {len(folders)} results in the place of one: its overrides must name one cell."
        )
    result = read_result(folders[0])
    asked = (wanted.task, wanted.data, wanted.split, wanted.seed, score_version(wanted.task))
    made = (result.task, result.data, result.split, result.seed, result.versions.evaluator)
    if asked != made:
        raise CheckFailed(
            f"{cell} made a result of {', '.join(map(str, made))}: its overrides are of another cell."
        )
    if (wanted.access, wanted.labels) != (result.access, result.labels):
        raise CheckFailed(
            f"{cell} was run with access {result.access} and labels {result.labels} and declares {wanted.access} and "
            f"{wanted.labels}: its authors must correct one of them."
        )
    if result.oracle_method:
        raise CheckFailed(f"{cell} is an oracle, shown hidden truth: oracles are not submitted.")
    named = {"method": f"{result.task}/{entry.method}", "verified": True}
    return result.model_copy(update=named), folders[0]


def _end(said: str) -> str:
    """Return the last words of a command in one line: tipbench's own sentence where there is one."""
    lines = [line.strip() for line in said.strip().splitlines() if line.strip()]
    own = [line.removeprefix(OWN) for line in lines if line.startswith(OWN)]
    return " ".join(own[-1:] or lines[-LAST_LINES:])[-500:] or "it said nothing"


def _store(results: Path, data: str, entry: Entry, found: Sequence[tuple[Result, Path]]) -> None:
    """Keep predictions and scores as reproduced, beside cells that were reproduced earlier."""
    store = store_of(results)
    drawn: list[KeptDraws] = []
    for result, folder in found:
        store.put((folder / result.predictions.file).read_bytes())
        if result.split == task_of(result.task).splits[0]:
            drawn.append(draws_of_run(result, folder))
    done = {(result.task, result.split, result.seed) for result, _ in found}
    earlier = [one for one in entry.results if one.verified and (one.task, one.split, one.seed) not in done]
    kept = [
        one
        for one in entry.draws
        if any((old.task, old.split, old.seed) == (one.task, one.split, one.seed) for old in earlier)
    ]
    folder = results / data / SUBMISSIONS / entry.id / REPRODUCED
    with fill_folder_atomically(folder, replace=True, advice="give another --results") as beside:
        store_results(beside, [*earlier, *(result for result, _ in found)], first_of([*kept, *drawn]))


def _held(stored: Result, found: Result, folder: Path, store: PredictionStore) -> Reproduced:
    digest = stored.predictions.digest
    same = digest == found.predictions.digest
    if not same and store.has(digest):
        # An uploaded file was written by another writer: what is in it decides.
        same = _content(store.get(digest)).equals(_content((folder / found.predictions.file).read_bytes()))
    return Reproduced(
        task=stored.task,
        split=stored.split,
        seed=stored.seed,
        same=same,
        stored=stored.scores[stored.primary].value,
        found=found.scores[found.primary].value,
    )


def _content(parquet: bytes) -> pl.DataFrame:
    """Return predictions in one order of rows and columns, as they are stored."""
    stored = as_stored(read_parquet(parquet))
    columns = sorted(stored.columns)
    return stored.select(columns).sort(columns)
