"""What is to be predicted of a season's worlds: predictions are checked against the published folds alone."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from tipbench.data.fold import Prepared
from tipbench.kinds.answers import Answers
from tipbench.task import Task
from tipcore.errors import UsageError, error_line
from tipcore.table_files import UNREADABLE, read_parquet

from tipboard.seasons.record import FOLDS, Season, open_public
from tipboard.seasons.worlds import PARTS, TABLES
from tipboard.submissions.check import SubmissionTruth, TruthOf
from tipboard.submissions.record import SubmissionRecord


def blank_answers(task: Task, folder: Path) -> Answers:
    """Return answers that say nothing about the units of one world, against which predictions can be checked.

    ``folder``: of the task and world, below ``folds``. Raises UsageError where a file is not there or cannot be read.
    """
    parts = _read(folder / PARTS).filter(pl.col("part").is_in(task.predicted_parts))
    frame = parts.select(pl.col(task.unit).sort()).with_columns(
        part=pl.lit("test"),
        label=pl.lit(None, pl.Int8),
        cluster=pl.lit(None, pl.Int64),
        weight=pl.lit(1.0),
        quantity=pl.lit(task.quantity or "level"),
        truth=pl.lit(None, pl.Float64),
        **{name: pl.lit(None, pl.Int8) for name in task.label_columns},
    )
    if not task.views:
        return Answers(task.kind, task.unit, frame)
    tables = {name: _read(folder / TABLES / f"{name}.parquet") for name in {task.table, *task.views}}
    region = tables[task.table].select(task.unit, "region")
    frame = frame.join(region, on=task.unit, maintain_order="left").with_columns(
        links=pl.lit(0, pl.Int64), given=pl.lit(None, pl.Int64)
    )
    listed = [
        tables[view].select("region", pl.lit(view).alias("view"), candidate=key)
        for view, key in task.views.items()
    ]
    nobody = {"cluster": pl.lit(None, pl.Int64), "group": pl.lit(None, pl.String)}
    return Answers(task.kind, task.unit, frame, gallery=pl.concat(listed).with_columns(**nobody))


def _read(path: Path) -> pl.DataFrame:
    try:
        return read_parquet(path)
    except UNREADABLE as error:
        raise UsageError(
            f"{path} cannot be read ({error_line(error)}): get the season's folds again."
        ) from None


def season_truth(folder: Path) -> TruthOf:
    """Return what a submission to a published season is checked against; nothing is scored.

    Raises UsageError where ``folder`` is not a season.
    """
    season = open_public(folder)

    def answers(task: Task, world: str) -> Answers:
        return blank_answers(task, folder / FOLDS / task.name / world)

    def of(record: SubmissionRecord) -> SubmissionTruth:
        _check_terms(record, season)
        return SubmissionTruth(
            lambda task, world: Prepared(
                task, [], answers(task, world), data=record.data, split=world, labels="", access=""
            ),
            units=lambda task: max(answers(task, world).frame.height for world in _worlds(season)),
            scored=False,
        )

    return of


def _worlds(season: Season) -> list[str]:
    return [f"w{number}" for number in range(1, season.worlds + 1)]


def _check_terms(record: SubmissionRecord, season: Season) -> None:
    """Refuse an entry of another season or version, of other tasks, and of some worlds only. Raises UsageError."""
    if record.season != season.name:
        raise UsageError(f"data: it is {record.data} and this is season/{season.name}.")
    if record.versions.data != season.data:
        raise UsageError(f"versions.data: it is {record.versions.data} and the season is of {season.data}.")
    if strange := [name for name in record.tasks if name not in season.tasks]:
        raise UsageError(f"{strange[0]} is not a task of the season: it has {', '.join(season.tasks)}.")
    if record.predictions and season.predictions is None:
        raise UsageError(f"season {season.name} takes packages only: give package= and how it is run.")
    for name in record.tasks if record.predictions else ():
        there = {entry.split for entry in record.predictions if entry.task == name}
        if strange := sorted(there ^ set(_worlds(season))):
            raise UsageError(
                f"{name}: predict every world, w1 to w{season.worlds}, and no other "
                f"({strange[0]} is {'too many' if strange[0] in there else 'missing'})."
            )
