"""Entries of seasons, written by hand: packages with their wheels, and files of predictions."""

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from tipbench.runs.results import digest_of, parquet_bytes
from tipbench.tasks import score_version

OPENS, CLOSES, ENDS = (datetime(2027, month, 1, tzinfo=UTC) for month in (1, 3, 4))
"""When the season of the fixture ``opened`` opens, closes, and takes no predictions any more."""
HONEST = """
from tipbaselines.{task}.{module} import {cls}

class Method({cls}):
    pass
"""


def write_wheel(folder: Path, name: str, source: str) -> None:
    """A wheel of version 1.0 with one module."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}.py", source)
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", f"{name}.py,,\n")


def record_of(season: str, team: str, method: str, tasks: tuple[str, ...], **more: Any) -> dict[str, Any]:
    return {
        "format": 1,
        "team": team,
        "method": method,
        "title": method,
        "summary": "A test.",
        "authors": [{"name": "A. Author", "affiliation": None}],
        "paper": None,
        "code": None,
        "hardware": "a laptop",
        "data": f"season/{season}",
        "versions": {"data": "0.4.0", "tasks": {task: score_version(task) for task in tasks}},
        "pinned": None,
        "predictions": [],
        "entry_class": "fold",
        **more,
    }


def write_package(
    folder: Path, season: str, team: str, task: str, target: str, package: str, *words: str, **more: Any
) -> Path:
    """An entry that pins a package whose class runs on one task."""
    overrides = {task: [f"task={task}", f"baseline.method._target_={target}", *words]}
    pinned = {"package": package, "overrides": overrides}
    folder.mkdir(parents=True)
    content = record_of(season, team, "mine", (task,), pinned=pinned, **more)
    (folder / "submission.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def write_predictions(
    folder: Path, season: str, team: str, task: str, frames: dict[int, pl.DataFrame], **more: Any
) -> Path:
    """An entry with predictions of worlds."""
    files = []
    for k, frame in frames.items():
        content = parquet_bytes(frame)
        place = f"{task}/w{k}/s0.parquet"
        (folder / place).parent.mkdir(parents=True)
        (folder / place).write_bytes(content)
        files.append(
            {
                "task": task, "split": f"w{k}", "seed": 0, "file": place, "digest": digest_of(content),
                "rows": frame.height, "access": "platform", "labels": "gold", "cost": None,
            }
        )  # fmt: skip
    record = record_of(season, team, "mine", (task,), predictions=files, **more)
    (folder / "submission.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    """Change what a JSON file holds."""
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
