"""Submissions to a round as authors pack them, and the days on which they are handed in."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from tipbench.tasks import tasks
from tipboard.submissions.pack import Authorship, Gathered, Prediction, pack

OPEN, LAST = datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC)
OVER = datetime(2026, 7, 1, tzinfo=UTC)
FILE = "advert_risk/sealed/s0.parquet"


def submission(
    host: Any, folder: Path, seed: int = 0, team: str = "team-a", task: str = "advert_risk"
) -> Path:
    """A submission of chance scores."""
    units = pl.read_parquet(host.public / "units" / f"{task}.parquet")
    score = np.random.default_rng(seed).random(units.height)
    return packed(host, folder, task, units.with_columns(score=pl.Series(score)), team)


def packed(host: Any, folder: Path, task: str, predictions: pl.DataFrame, team: str = "team-a") -> Path:
    """A submission of these predictions."""
    read = partial(lambda frame: frame, predictions)
    one = Prediction(task, "sealed", 0, tasks()[task].labels[0], "public", None, read, "here")
    about = Authorship(
        team=team, summary="Guesses.", authors=[("A. Author", None)], method="chance", hardware="none"
    )
    pack(Gathered(f"round/{host.round.name}", [one], version=host.round.data), about, folder)
    return folder


def altered(folder: Path, frame: pl.DataFrame | None = None, content: bytes = b"") -> None:
    """Replace a submission's predictions by others or by bytes; update their digest and rows."""
    if frame is not None:
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        content = buffer.getvalue()
    (folder / FILE).write_bytes(content)
    record = json.loads((folder / "submission.json").read_text(encoding="utf-8"))
    record["predictions"][0]["digest"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
    record["predictions"][0]["rows"] = 1 if frame is None else frame.height
    (folder / "submission.json").write_text(json.dumps(record), encoding="utf-8")


def rewrite(path: Path, **changes: object) -> None:
    """Change fields of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def fails(*_: Any) -> Any:
    """Score predictions that no metric can hold."""
    raise OverflowError("intermediate overflow in fsum")
