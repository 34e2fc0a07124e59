"""Count the files, folders and functions of this project that three jobs enter.

    python research/structure/walks.py

A function counts as entered when Python calls it (``sys.setprofile``), in any thread of this process, and a module when
its top level does not count alone. The jobs: draw one region of the world up to its adverts; ``tipbench run`` of one
cell (advert_risk/tfidf_logreg on tiny, in this process); ``tipbench submit`` of its predictions. Each runs in a
process of its own. The release tiny must exist, or is made first.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

PACKAGES = ("tipcore", "tipbench", "tipboard", "tipcourse", "tipbaselines", "tipdata")
CELL = ("baseline=advert_risk/tfidf_logreg", "release=tiny", "engine=sequential")
SUBMISSION = ("runs", "--to", "ours", "team=acme", "summary=Words.", "authors=A. Author, Acme University")


def main() -> int:
    """Print one line for each job."""
    if len(sys.argv) > 1:
        sys.stdout.write(json.dumps(entered(JOBS[sys.argv[1]])) + "\n")
        return 0
    sys.stdout.write(f"{'job':24}{'files':>7}{'folders':>9}{'functions':>11}{'lines':>8}\n")
    with tempfile.TemporaryDirectory() as folder:
        for job in JOBS:
            ran = subprocess.run(
                [sys.executable, Path(__file__).resolve(), job], cwd=folder, capture_output=True, text=True
            )
            if ran.returncode:
                raise SystemExit(f"{job} failed:\n{ran.stderr[-2000:]}")
            functions = [tuple(one) for one in json.loads(ran.stdout.splitlines()[-1])]
            files = {file for file, _ in functions}
            lines = sum(len(Path(file).read_bytes().splitlines()) for file in files)
            folders = {os.path.dirname(file) for file in files}
            sys.stdout.write(f"{job:24}{len(files):7}{len(folders):9}{len(functions):11,}{lines:8,}\n")
    return 0


def entered(job: Callable[[], None]) -> list[tuple[str, str]]:
    """Return the file and qualified name of every function of this project that a job enters."""
    found: set[tuple[str, str]] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_globals.get("__name__", "").partition(".")[0] in PACKAGES:
            code = frame.f_code
            if code.co_name != "<module>" and not code.co_filename.startswith("<"):
                found.add((code.co_filename, code.co_qualname))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            job()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return sorted(found)


def tipbench(*words: str) -> None:
    """Run a command in this process. Raises RuntimeError if it fails."""
    from tipbench.cli import main as command

    if code := command(list(words)):
        raise RuntimeError(f"tipbench {' '.join(words)} left with exit code {code}")


def draw_adverts() -> None:
    """Draw one region up to its adverts."""
    from tipdata.core.world import Region, World, newest_released
    from tipdata.stages import draw_tables, stages

    needed, waiting = set(), ["adverts"]
    after = {stage.name: stage.after for stage in stages()}
    while waiting:
        needed.add(name := waiting.pop())
        waiting += after[name]
    draw_tables(Region(World.of(newest_released(), size="tiny"), 0), needed)


def run_cell() -> None:
    """Run one cell."""
    tipbench("run", *CELL)


def pack_submission() -> None:
    """Pack the runs of another process."""
    tipbench("submit", *SUBMISSION)


JOBS: dict[str, Callable[[], None]] = {
    "one advert": draw_adverts,
    "one cell": run_cell,
    "one submission": pack_submission,
}

if __name__ == "__main__":
    sys.exit(main())
