"""A participant's fold: what an open release teaches, and the sealed inputs to predict. It needs no secret."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from tipbench.data.access import access_level, check_needs, visible_columns
from tipbench.data.fold import Fold, StepStream, hold_back_rows
from tipbench.data.release_folds import (
    check_columns_available,
    choose_split,
    choose_supervision,
    divide_units,
    visible_tables,
)
from tipbench.data.releases import open_source
from tipbench.data.streams import forecast_answers
from tipbench.kinds.answers import Answers
from tipbench.task import Forecast, Source, Task
from tipbench.tasks import task_of
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.units import PARTS

from tipboard.rounds.damage import AGAIN, published_digests, read_whole
from tipboard.rounds.make_round import INPUTS, UNITS
from tipboard.rounds.record import Round, read_round
from tipboard.rounds.source import RegionFolders
from tipboard.rounds.truth import key_column


@dataclass(frozen=True)
class SealedFold:
    """``fold``: train and valid of the open release, and as its test the sealed units. ``stream``: what a streamed
    task hands over. ``units``: the keys that predictions must have, one column. ``blank``: answers without a
    truth, which predictions can be checked against."""

    round: Round
    fold: Fold
    units: pl.DataFrame
    blank: Answers
    stream: StepStream | None = None
    split: str = ""
    access: str = ""
    notes: list[str] = field(default_factory=list)


def load(
    task: str | Task,
    round_folder: str | Path,
    release: str | Source = "small",
    split: str = "auto",
    labels: str = "auto",
    access: str = "auto",
) -> Fold:
    """Return the fold of a task whose test part is a sealed round's; see :func:`sealed_fold`.

    >>> fold = load("advert_risk", "rounds/spring-2027", release="small")  # doctest: +SKIP
    >>> fold.units("test").collect()  # doctest: +SKIP
    """
    return sealed_fold(task, round_folder, release, split, labels, access).fold


def sealed_fold(
    task: str | Task,
    round_folder: str | Path,
    release: str | Source = "small",
    split: str = "auto",
    labels: str = "auto",
    access: str = "auto",
    needs: Collection[str] = frozenset(),
) -> SealedFold:
    """Return what a method learns from and what it predicts in a round.

    Args:
        task: a task of the round, or its name.
        round_folder: the round as published.
        release: what is learnt from: a size, ``version/size``, or an open release.
        split: of the release; its test part is left out. ``auto``: the task's first.
        labels, access, needs: as of :func:`tipbench.loading.prepare`.

    Raises:
        UsageError: for a folder that is not a round, a task that it does not have, a release of another version, and
        what ``prepare`` refuses.
    """
    chosen, folder = task_of(task), expand_home(round_folder)
    described = read_round(folder)
    if chosen.name not in described.tasks:
        raise UsageError(
            f"round {described.name} has no {chosen.name}: choose one of {', '.join(described.tasks)}."
        )
    source = open_source(release)
    _check_version(source, described)
    level = access_level(chosen, access)
    check_needs(chosen, needs, level, oracle=False)
    visible = visible_columns(chosen, level)
    learnt, taught, policy, notes = _taught(chosen, source, split, labels)
    sealed, units = _published(described, folder, chosen)
    asked = _sealed_rows(chosen, sealed, units)
    open_tables = visible_tables(chosen, source, learnt, visible, level)
    sealed_tables = visible_tables(chosen, sealed, asked, visible, level)
    tables = {name: pl.concat([open_tables[name], sealed_tables[name]]) for name in open_tables}
    check_columns_available(needs, tables, sealed)
    parts = pl.concat([learnt.select(chosen.unit, "part"), asked.select(chosen.unit, "part")])
    fold, stream = Fold(chosen.problem, tables, parts, taught), None
    if chosen.stream:
        fold, stream = hold_back_rows(fold)
    blank = _blank(chosen, sealed, units)
    return SealedFold(described, fold, units, blank, stream, policy, level, notes)


def _check_version(source: Source, described: Round) -> None:
    if source.version != described.data:
        raise UsageError(
            f"round {described.name} is of data version {described.data} and {source.name} is not: learn from "
            f"release={described.data}/SIZE."
        )


def _taught(
    task: Task, source: Source, split: str, labels: str
) -> tuple[pl.DataFrame, pl.DataFrame, str, list[str]]:
    """Return units of the release that are of train and valid, their labels, the split's name, and notes."""
    units = task.units(source).collect()
    policy = choose_split(task, source, units, split)
    supervision = choose_supervision(task, labels, policy.name)
    rows, notes = divide_units(task, source, units, policy)
    learnt = rows.filter(pl.col("part") != "test")
    given = task.supervise[supervision](rows, source)
    taught = given.join(learnt.select(task.unit, "part"), on=task.unit, how="inner")
    return learnt, taught, policy.name, notes


def _sealed_rows(task: Task, sealed: Source, units: pl.DataFrame) -> pl.DataFrame:
    """Return the sealed units as rows of the test part: ``[unit, region, part]``."""
    rows = sealed.scan(task.table).select(*dict.fromkeys((task.unit, "region"))).collect()
    if task.forecast is None:
        rows = rows.join(units, on=task.unit, how="semi", maintain_order="left")
    return rows.with_columns(pl.lit("test", pl.Enum(PARTS)).alias("part"))


def blank_answers(name: str, round_folder: Path) -> Answers:
    """Return answers to a round's units that say nothing: predictions can be checked against them without the
    secret."""
    described = read_round(round_folder)
    sealed, units = _published(described, round_folder, task_of(name))
    return _blank(task_of(name), sealed, units)


def _published(described: Round, folder: Path, task: Task) -> tuple[RegionFolders, pl.DataFrame]:
    """Return the inputs of a round and the units of a task. Raises MachineFault where their files are damaged."""
    digests = published_digests(folder, described)
    units = read_whole(folder, f"{UNITS}/{task.name}.parquet", digests, AGAIN)
    inputs = {name.removeprefix(f"{INPUTS}/"): one for name, one in digests.items()}
    name, numbers = f"round {described.name}", described.region_numbers
    return RegionFolders(name, described.data, folder / INPUTS, numbers, whole=False, digests=inputs), units


def _blank(task: Task, sealed: Source, units: pl.DataFrame) -> Answers:
    key = key_column(task)
    frame = units.with_columns(
        part=pl.lit("test"),
        label=pl.lit(None, pl.Int8),
        onset=pl.lit(None, pl.Int32),
        cluster=pl.lit(None, pl.Int64),
        weight=pl.lit(1.0),
        quantity=pl.lit(task.quantity or "level"),
        truth=pl.lit(None, pl.Float64),
    )
    if task.forecast is not None:
        return _blank_forecasts(task, task.forecast, sealed, frame)
    if task.views:
        return _blank_links(task, sealed, frame)
    frame = frame.with_columns(pl.lit(None, pl.Int8).alias(name) for name in task.label_columns)
    return Answers(task.kind, key, frame)


def _blank_links(task: Task, sealed: Source, frame: pl.DataFrame) -> Answers:
    """Return answers that list all that may be linked, as nobody's."""
    at = sealed.scan(task.table).select(task.unit, "region").collect()
    seeds = frame.join(at, on=task.unit, how="left").with_columns(
        links=pl.lit(0, pl.Int64), given=pl.lit(None, pl.Int64)
    )
    nobody = {"cluster": pl.lit(None, pl.Int64), "group": pl.lit(None, pl.String)}
    listed = [
        sealed.scan(view).select("region", pl.lit(view).alias("view"), candidate=key)
        for view, key in task.views.items()
    ]
    return Answers(task.kind, task.unit, seeds, gallery=pl.concat(listed).with_columns(**nobody).collect())


def _blank_forecasts(task: Task, forecast: Forecast, sealed: Source, frame: pl.DataFrame) -> Answers:
    """Return answers for which any candidate of the region stands."""
    listed = sealed.scan(forecast.gallery).select("region", forecast.candidate).collect()
    first = listed.group_by("region").agg(answer=pl.col(forecast.candidate).min().cast(pl.Int64))
    at = sealed.scan(task.stream).select(forecast.query, "region").collect()
    known = frame.join(at, on=forecast.query, how="left").join(first, on="region", how="left")
    return forecast_answers(forecast, known, listed)
