"""Break the code on purpose, one small change at a time, and print which changes no test noticed.

    python research/mutation/run.py [--files PATTERN ...] [--per-file N] [--seed SEED] [--time SECONDS] [--list]

Each file of ``nearest.py`` is changed in up to N places, which the seed chooses: a comparison, an operator of
arithmetic or of sets, ``and`` or ``or``, a ``not``, a number by one, True or False, an ``if`` that only leaves, which
is taken away. The changed file lies alone in a folder of links to the sources, which stands before them on the path,
and the nearest test files run on it until the first one fails. A change is killed where a test fails, and survives
where none does; out of time counts as killed, since a test that never ends is noticed. The sources themselves are
never touched. Exit code 1 where anything survived, 2 where the tests fail without any change.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from changes import Change, changes_of
from nearest import NEAREST

REPOSITORY = Path(__file__).resolve().parents[2]
ROOTS = ("benchmark", "baselines", "datasets")
PASSED, FAILED, INTERRUPTED = 0, 1, 2
"""Exit codes of pytest; a module that cannot be imported interrupts it."""


def main() -> int:
    """Try changes of each chosen file, print what survived, and return the exit code."""
    options = _options()
    chosen = [file for file in NEAREST if any(fnmatch(file, f"*{one}*") for one in options.files)]
    totals: Counter[str] = Counter()
    for file in chosen:
        text = (REPOSITORY / file).read_text(encoding="utf-8")
        found = list(changes_of(text))
        drawn = random.Random(f"{options.seed} {file}").sample(found, min(options.per_file, len(found)))
        drawn.sort(key=lambda change: change.start)
        if options.list:
            _say(f"{file}: {len(found)} changes")
            continue
        if drawn and run_tests(file, text, options.time)[0] != "survived":
            _say(f"{file}: its tests fail without any change")
            return 2
        totals.update(_try_all(file, text, drawn, options.time))
    _say(f"in all: {_counted(totals)}")
    return 1 if totals["survived"] else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", nargs="+", default=[""], help="parts of the paths of files, or patterns")
    parser.add_argument("--per-file", type=int, default=10, help="changes tried in a file at most")
    parser.add_argument("--seed", type=int, default=0, help="which changes are tried")
    parser.add_argument("--time", type=float, default=120, help="seconds that the tests of a change may take")
    parser.add_argument("--list", action="store_true", help="only count the changes that there are")
    return parser.parse_args()


def _try_all(file: str, text: str, changes: Sequence[Change], seconds: float) -> Counter[str]:
    """Try changes of a file one by one, and return how many had which outcome."""
    outcomes: Counter[str] = Counter()
    started = time.monotonic()
    for change in changes:
        outcome, by = run_tests(file, change.applied(text), seconds)
        outcomes[outcome] += 1
        _say(f"  {outcome} {file}:{change.line}: {change.before} -> {change.after}{by and f' ({by})'}")
        if outcome == "survived":
            _say(f"    {text.splitlines()[change.line - 1].strip()}")
    _say(f"{file}: {_counted(outcomes)} ({time.monotonic() - started:.0f} s)")
    return outcomes


def run_tests(file: str, text: str, seconds: float) -> tuple[str, str]:
    """Run the nearest tests of a file as if it held this text: killed or timeout, and by which
    test; survived; or unknown, where a signal ended the tests."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        overlay = Path(folder)
        for root in ROOTS:
            _linked(REPOSITORY / root, overlay / root, (overlay / file).parts)
        (overlay / file).write_text(text, encoding="utf-8")
        (overlay / "configs").symlink_to(REPOSITORY / "configs")
        words = ["-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--no-header", "--tb=no"]
        process = subprocess.Popen(
            [sys.executable, *words, "-p", "no:randomly", *NEAREST[file]],
            cwd=REPOSITORY,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(str(overlay / root) for root in ROOTS),
                "PYTHONDONTWRITEBYTECODE": "1",
                "HYPOTHESIS_STORAGE_DIRECTORY": str(overlay / "hypothesis"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            return "timeout", ""
    if process.returncode == PASSED:
        return "survived", ""
    if process.returncode < 0:
        return "unknown", f"signal {-process.returncode}"
    if process.returncode not in (FAILED, INTERRUPTED):
        raise RuntimeError(f"pytest left with {process.returncode}:\n{said}")
    failed = [line.split(" ", 2)[1] for line in said.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return "killed", failed[0].rpartition("/")[2] if failed else ""


def _linked(source: Path, target: Path, changed: tuple[str, ...]) -> None:
    """Make a folder that links to all of another but the folders above the changed file, which are made again."""
    target.mkdir()
    for path in source.iterdir():
        above = (target / path.name).parts
        if path.is_dir() and changed[: len(above)] == above:
            _linked(path, target / path.name, changed)
        elif above != changed and path.name != "__pycache__":
            (target / path.name).symlink_to(path)


def _counted(outcomes: Counter[str]) -> str:
    killed = outcomes["killed"] + outcomes["timeout"]
    unknown = f", {outcomes['unknown']} unknown" if outcomes["unknown"] else ""
    return f"{outcomes.total()} tried, {killed} killed, {outcomes['survived']} survived{unknown}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
