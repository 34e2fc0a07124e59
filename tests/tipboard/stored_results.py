"""Read and change the results that a folder of a board stores, and the record of a submission."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tipbench.runs.frames import RESULTS, read_results, to_parquet_bytes
from tipbench.runs.results import Result
from tipboard.submissions.record import RECORD


def change_record(folder: Path, **changes: object) -> Path:
    content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    (folder / RECORD).write_text(json.dumps({**content, **changes}), encoding="utf-8")
    return folder


def write_results(folder: Path, results: list[Result]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULTS).write_bytes(to_parquet_bytes(results))


def change_results(folder: Path, change: Callable[[dict[str, Any]], object], **where: object) -> None:
    """Change the results with these values of their fields, as documents of JSON."""
    changed = []
    for one in read_results(folder / RESULTS):
        content = json.loads(one.to_json())
        if all(content[name] == value for name, value in where.items()):
            change(content)
        changed.append(Result.model_validate(content))
    write_results(folder, changed)
