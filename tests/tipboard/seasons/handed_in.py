"""What tests of seasons write by hand: records of entries, and changes of JSON files."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tipbench.tasks import score_version

OPENS, CLOSES, ENDS = (datetime(2027, month, 1, tzinfo=UTC) for month in (1, 3, 4))
"""When the season of the fixture ``opened`` opens, closes, and takes no predictions any more."""


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
        "versions": {"data": "0.5.0", "tasks": {task: score_version(task) for task in tasks}},
        "pinned": None,
        "predictions": [],
        "entry_class": "fold",
        **more,
    }


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    """Change what a JSON file holds."""
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
