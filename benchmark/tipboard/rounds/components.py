"""What a round was made with and will be scored with, as digests and versions that its commitment binds."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

from tipboard.rounds.record import Components

EVALUATOR = (
    *("tipbench/kinds", "tipbench/metrics", "tipbench/evaluation", "tipbench/task.py", "tipbench/tasks"),
    *("tipbench/data", "tipbench/runs/forecasts.py"),
    "tipboard/rounds",
)
"""Files and folders of our packages that decide what is true of a unit and what a prediction scores."""
LIBRARIES = ("numpy", "polars", "pyarrow")


def components() -> Components:
    """Those at hand."""
    import platform

    from tipbench.evaluation.evaluation import EVALUATOR_VERSION
    from tipdata.core.world import fingerprint

    return Components(
        generator=fingerprint(),
        evaluator=f"{EVALUATOR_VERSION}+{evaluator_digest()}",
        dependencies={"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
    )


def evaluator_digest() -> str:
    """SHA-256 over the paths and contents of the evaluator's source files."""
    package = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for path in sorted(_sources(package)):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _sources(package: Path) -> list[Path]:
    found: list[Path] = []
    for name in EVALUATOR:
        path = package / name
        found += path.rglob("*.py") if path.is_dir() else [path]
    return found


def differences(committed: Components, here: Components) -> list[str]:
    """One clause for each component that is another one here."""
    found = []
    for name in ("generator", "evaluator"):
        then, now = getattr(committed, name), getattr(here, name)
        if then != now:
            found.append(f"{name} is {_short(now)} here and was {_short(then)} in the round")
    for name, then in committed.dependencies.items():
        now = here.dependencies.get(name, "missing")
        if then != now:
            found.append(f"{name} is {now} here and was {then} in the round")
    return found


def _short(digest: str) -> str:
    head, plus, tail = digest.rpartition("+")
    return f"{head}{plus}{tail[:12]}"
