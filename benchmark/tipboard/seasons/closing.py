"""Close a season: score files of predictions, and publish key, worlds, entries, scores and the truth of its inputs."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from tipbench.config.methods import method_class
from tipbench.method import EntryClass, class_of
from tipbench.metrics.scores import Score
from tipbench.runs.cells import Cell
from tipbench.runs.frames import RESULTS, frame_of, read_results, to_parquet_bytes
from tipbench.runs.results import Result, read_result
from tipcore.atomic import fill_folder_atomically
from tipcore.errors import UsageError
from tipcore.operating_system import file_lock
from tipcore.spelling import count_of

from tipboard.seasons.classes import ClassTest
from tipboard.seasons.entries import (
    LOCK,
    count_entries,
    entry_folder,
    is_host,
    public_folder,
    publish_receipts,
    read_entries,
)
from tipboard.seasons.record import (
    ENTRIES,
    FROZEN,
    HOST,
    KEY,
    RAN,
    TRUTH,
    WORDBOOK,
    WORLDS,
    Closed,
    ClosedEntry,
    Entered,
    Frozen,
    Season,
    SeasonWorld,
    Standing,
    Worlds,
    entry_id,
    keep_wordbook,
    minute,
    open_public,
    open_secret,
    read,
    read_voids,
    release_of,
    to_json,
)
from tipboard.seasons.running import (
    Participant,
    cells_of,
    participants,
    read_class_tests,
    statuses,
)
from tipboard.seasons.worlds import (
    AGAIN,
    Draw,
    forget_world,
    frame_bytes,
    list_worlds,
    read_world,
    truth_frame,
)
from tipboard.submissions.storage import PredictionStore, store_of

PREDICTIONS = "predictions"
"""Where predictions are stored in the public folder, if not in the store of a board."""
GET_AGAIN = "get the season again"


@dataclass(frozen=True)
class ClosedSeason:
    """A closed season as it is published. ``frames`` gives what the standings take."""

    season: Season
    frozen: Frozen
    worlds: tuple[SeasonWorld, ...]
    closed: Closed
    results: tuple[Result, ...]

    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Return results, entries and worlds as :func:`tipboard.seasons.standings.rank_entries` takes them."""
        ids = pl.Series("entry", [entry_id(one) for one in self.results], dtype=pl.String)
        entries = [
            {
                "entry": one.id,
                "task": task,
                "team": (team := one.id.partition("--")[0]),
                "method": (method := one.id.partition("--")[2]),
                "name": method if one.entered is None else f"{team} / {method}",
                "entry_class": part.class_found,
                "declared_class": part.entry_class,
                "status": part.status,
            }
            for one in self.closed.entries
            if one.note is None
            for task, part in one.tasks.items()
        ]
        worlds = [
            {
                "task": task,
                "world": str(world.number),
                "drawn": world.drawn,
                "clusters": float(of_task.clusters),
                **{name: of_task.references.get(name) for name in ("chance", "oracle", "single_unit")},
            }
            for task in self.season.tasks
            for world in self.worlds
            if (of_task := world.tasks.get(task)) is not None
        ]
        return (
            frame_of(self.results).with_columns(ids),
            pl.DataFrame(entries),
            pl.DataFrame(worlds).with_columns(pl.col("chance", "oracle", "single_unit").cast(pl.Float64)),
        )


def read_closed(folder: Path) -> ClosedSeason:
    """Return a closed season from its public folder.

    Raises UsageError where it is none, is not closed, or a file of it is missing or damaged.
    """
    season = open_public(folder)
    if not (folder / ENTRIES).is_file():
        raise UsageError(f"season {season.name} is not closed: its scores are published at the close.")
    for name in (FROZEN, WORLDS, RESULTS):
        if not (folder / name).is_file():
            raise UsageError(f"{folder / name} is missing: {GET_AGAIN}.")
    try:
        results = read_results(folder / RESULTS)
    except UsageError:
        raise UsageError(f"{folder / RESULTS} holds no results: {GET_AGAIN}.") from None
    worlds = read(folder / WORLDS, Worlds).root
    frozen, closed = read(folder / FROZEN, Frozen), read(folder / ENTRIES, Closed)
    return ClosedSeason(season, frozen, tuple(worlds), closed, tuple(results))


def round_scores(result: Result, entry: str, decimals: int) -> Result:
    """Return a result as it is published: of its entry, scores to so many decimals."""

    def short(score: Score) -> Score:
        ends = {name: getattr(score, name) for name in ("value", "low", "high")}
        kept = {name: None if one is None else round(one, decimals) for name, one in ends.items()}
        return score.model_copy(update=kept)

    scores = {name: short(one) for name, one in result.scores.items()}
    valid = None if result.valid is None else short(result.valid)
    method = f"{result.task}/{entry.removeprefix(f'{HOST}--')}"
    return result.model_copy(update={"method": method, "scores": scores, "valid": valid})


def close_season(
    secret: Path, now: datetime, to: Path | None = None, results: Path | None = None
) -> tuple[Season, Path]:
    """Publish a season's key, scores and truth, all at once; return the season and its public folder.

    Args:
        to: the public folder, where not as it was opened.
        results: a board, in whose store predictions are kept; without one they are published too.

    Raises:
        UsageError: before its day, before all cells were run, and where it is closed already or cannot be written.
    """
    season, key = open_secret(secret)
    public = public_folder(secret, season, to)
    _check_time(season, secret, public, now)
    frozen = read(secret / FROZEN, Frozen)
    keep_wordbook(secret, season)
    with file_lock(secret / LOCK):
        _check_time(season, secret, public, now)  # another process may have closed it
        those = participants(season, secret)
        places = list_worlds(season)
        worlds = [made for place in places if (made := read_world(secret, *place)) is not None]
        status = statuses(season, secret, those, worlds) if len(worlds) == len(places) else {}
        if lacking := sum(task not in status.get(one.id, {}) for one in those for task in one.configs):
            raise UsageError(
                f"season {season.name} was not run to its end ({count_of(lacking, 'task')} of its methods left): run "
                f"`tipbench season run {secret}` again."
            )
        entries, voids = read_entries(secret), read_voids(secret)
        notes = count_entries(entries, voids, frozen)
        found = [*_ran(season, secret, those, worlds, status, notes), *_handed_in(secret, entries, notes)]
        tests = {one.id: read_class_tests(season, secret, one, worlds) for one in those}
        listed = _closed_entries(those, entries, notes, status, tests)
        closed = Closed(name=season.name, closed=now.replace(microsecond=0), entries=listed, voids=voids)
        with fill_folder_atomically(public, replace=True, advice=AGAIN) as beside:
            shutil.copytree(public, beside, dirs_exist_ok=True)
            publish_receipts(beside, entries)
            store = PredictionStore(str(beside / PREDICTIONS)) if results is None else store_of(results)
            for _, file, _ in found:
                store.put(file.read_bytes())
            made = [round_scores(result, entry, season.decimals) for entry, _, result in found]
            made.sort(key=lambda one: (one.task, one.method, one.labels, one.seed))
            (beside / RESULTS).write_bytes(to_parquet_bytes(made))
            (beside / WORLDS).write_text(to_json(Worlds(worlds)), encoding="utf-8")
            (beside / ENTRIES).write_text(to_json(closed), encoding="utf-8")
            (beside / KEY).write_text(key.hex() + "\n", encoding="ascii")
            if season.wordbook is not None:
                shutil.copyfile(secret / WORDBOOK, beside / WORDBOOK)
            for name, world, frame in truths(Draw(season, key, frozen), worlds):
                path = beside / TRUTH / name / f"w{world.k}.parquet"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(frame_bytes(frame))
    for world in worlds:
        forget_world(release_of(season, world.number))
    return season, public


def _check_time(season: Season, secret: Path, public: Path, now: datetime) -> None:
    """Refuse a season that is closed, still open, or not run. Raises UsageError."""
    if (public / ENTRIES).is_file():
        raise UsageError(f"season {season.name} is closed already.")
    if now < (ends := season.predictions or season.closes):
        raise UsageError(f"season {season.name} is open until {minute(ends)}: close it after that.")
    if not (secret / FROZEN).is_file():
        raise UsageError(f"season {season.name} was not run: `tipbench season run {secret}` comes first.")


def _handed_in(
    secret: Path, entries: Sequence[Entered], notes: dict[str, str | None]
) -> Iterator[tuple[str, Path, Result]]:
    """Yield entry, file and result of all predictions that count."""
    for one in entries:
        if notes[one.receipt] is None and not one.is_package:
            folder = entry_folder(secret, one.number)
            for result in read_results(folder / RESULTS):
                yield one.id, folder / result.predictions.file, result


def truths(draw: Draw, worlds: Iterable[SeasonWorld]) -> Iterator[tuple[str, SeasonWorld, pl.DataFrame]]:
    """Yield the answers of each task with predictions in each world, in the ids of its published fold."""
    if draw.season.predictions is None:
        return
    for world in worlds:
        for name in (name for name in world.tasks if draw.season.terms[name].predictions):
            yield name, world, truth_frame(draw.prepare(world, name))


def _ran(
    season: Season,
    secret: Path,
    those: Sequence[Participant],
    worlds: Sequence[SeasonWorld],
    status: dict[str, dict[str, str]],
    notes: dict[str, str | None],
) -> Iterator[tuple[str, Path, Result]]:
    """Yield entry, file of predictions and result of every cell of the packages that count and did not fail."""
    for one in those:
        if one.entered is not None and notes[one.entered.receipt] is not None:
            continue
        for cell in (cell for world in worlds for cell in cells_of(season, secret, one, world)):
            if status[one.id][cell.task] == RAN:
                result = read_result(cell.folder)
                yield one.id, cell.folder / result.predictions.file, result


def _closed_entries(
    those: Sequence[Participant],
    entries: Sequence[Entered],
    notes: dict[str, str | None],
    status: dict[str, dict[str, str]],
    tests: dict[str, dict[str, ClassTest]],
) -> list[ClosedEntry]:
    made = [
        ClosedEntry(
            id=one.id,
            is_host=True,
            kind="package",
            entered=None,
            tasks={
                task: Standing(entry_class=declared_class(config), status=status[one.id][task])
                for task, config in one.configs.items()
            },
        )
        for one in those
        if one.entered is None
    ]
    for one in entries:
        note = notes[one.receipt]
        said = status.get(one.id, {}) if one.is_package else dict.fromkeys(one.record.tasks, RAN)
        assert one.record.entry_class is not None
        tasks = {
            task: Standing(
                entry_class=one.record.entry_class,
                class_test=tests.get(one.id, {}).get(task) if text == RAN else None,
                status=text,
            )
            for task, text in ({} if note is not None else said).items()
        }
        made.append(
            ClosedEntry(
                id=one.id,
                is_host=is_host(one.id),
                kind="package" if one.is_package else "predictions",
                entered=one,
                tasks=tasks,
                note=note,
            )
        )
    return made


def declared_class(config: dict[str, Any]) -> EntryClass:
    """Return the class of a shipped method; ``fold`` of an oracle, which is never ranked."""
    method = method_class(config["baseline"]["method"]["_target_"])
    return class_of(method, Cell(config, Path()).worlds) or "fold"
