"""What is to be predicted of a season's worlds, as it is published: predictions are checked against it.

``folds/<task>/w<k>/units.parquet`` holds keys and their region, ``gallery.parquet`` what a task that links may name.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
from tipbench.data.fold import Fold, Prepared
from tipbench.kinds.answers import Answers
from tipbench.task import Task
from tipbench.tasks import task_of
from tipcore.errors import UsageError
from tipcore.table_files import UNREADABLE, error_line, read_parquet

from tipboard.seasons.record import FOLDS, Season, open_public
from tipboard.submissions.check import SubmissionTruth, TruthOf
from tipboard.submissions.record import SubmissionRecord

UNITS, GALLERY = "units.parquet", "gallery.parquet"


def write_units(fold: Fold, folder: Path) -> None:
    """Write what is to be predicted of one world's fold to ``folder``, without any truth."""
    task = fold.task
    units = fold.to_predict()
    shown = [name for name in units.collect_schema().names() if name in (task.unit, "region")]
    units.select(shown).sort(task.unit).collect().write_parquet(folder / UNITS)
    if task.views:
        listed = [
            fold.tables[view].select("region", pl.lit(view).alias("view"), candidate=key)
            for view, key in task.views.items()
        ]
        pl.concat(listed).sort("region", "view", "candidate").collect().write_parquet(folder / GALLERY)


def blank_answers(task: Task, folder: Path) -> Answers:
    """Return answers that say nothing about the units of one world, against which predictions can be checked.

    Raises UsageError where they are not published, or cannot be read.
    """
    frame = _read(folder / UNITS).with_columns(
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
    nobody = {"cluster": pl.lit(None, pl.Int64), "group": pl.lit(None, pl.String)}
    frame = frame.with_columns(links=pl.lit(0, pl.Int64), given=pl.lit(None, pl.Int64))
    return Answers(task.kind, task.unit, frame, gallery=_read(folder / GALLERY).with_columns(**nobody))


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
            record.data,
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
                f"{task_of(name).name}: predict every world, w1 to w{season.worlds}, and no other "
                f"({strange[0]} is {'too many' if strange[0] in there else 'missing'})."
            )
