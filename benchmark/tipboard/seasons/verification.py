"""Check a closed season: its commitment, entries, worlds, truth and scores, and methods fitted again.

Everything public follows from the key, from what was entered, and from stored predictions; each difference is a clause.
Packages of other teams are not fitted again: their wheels are not published.
"""

from __future__ import annotations

import hashlib
import math
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.lanes import lanes
from tipbench.metrics.scores import Score
from tipbench.runs.cells import Cell
from tipbench.runs.digests import digests_of, versions_of
from tipbench.runs.folds import SharedFold
from tipbench.runs.frames import RESULTS
from tipbench.runs.methods import Methods
from tipbench.runs.results import Fence, Result
from tipbench.runs.runner import Job, run_one
from tipbench.tasks import score_version, task_of
from tipcore.engines import Engine, run_all
from tipcore.errors import UsageError, error_line
from tipcore.table_files import UNREADABLE, read_parquet

from tipboard.seasons.closing import (
    GET_AGAIN,
    PREDICTIONS,
    ClosedSeason,
    read_closed,
)
from tipboard.seasons.consistency import (
    entered_of,
    file_differences,
    files_of,
    packages_of,
    record_differences,
    stray,
)
from tipboard.seasons.entries import count_entries, limits_of_cells
from tipboard.seasons.record import (
    ENTRIES,
    FOLDS,
    FROZEN,
    HOST,
    KEY,
    RAN,
    SEASON,
    TRUTH,
    WORLDS,
    Season,
    SeasonWorld,
    commitment,
    differences,
    entry_id,
    keep_wordbook,
    minute,
    open_public,
    read_key,
    read_voids,
    release_of,
)
from tipboard.seasons.running import Participant, cells_of, list_shipped
from tipboard.seasons.worlds import (
    Check,
    Draw,
    fold_files,
    forget_world,
    frame_digest,
    gate_failures,
    is_drawn,
    list_worlds,
    truth_frame,
    try_world,
)
from tipboard.submissions.check import SCORING_FAILS
from tipboard.submissions.storage import PredictionStore, store_of

TOLERANCE = 1e-6
"""Relative difference of numbers that processors may compute otherwise."""
BRING_PREDICTIONS = "copy them there, or fit the shipped methods again with all=true results=BOARD"
NOT_CHECKED = "worlds and scores were not checked"
FENCE = Fence(files=True, network=True, memory=True, processes=True)
"""What every method of a season is kept from, but oracles."""

Place = tuple[str, str, str, int]
"""Entry, task, labels and world of a result."""


@dataclass(frozen=True)
class Verified:
    """``differences``: a clause for each thing that is not as it should be; ``notes``: what may explain some, and what
    was not checked; ``fitted``: how many cells were fitted again; ``unchecked``: how many results were neither fitted
    again nor compared with their predictions."""

    season: Season
    closed: bool
    differences: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fitted: int = 0
    unchecked: int = 0


def verify(
    folder: Path,
    everything: bool = False,
    results: Path | None = None,
    engine: Engine | str = "loky",
    quiet: bool = False,
    check: Check = gate_failures,
) -> Verified:
    """Check a season's public folder.

    Args:
        everything: fit every cell of a shipped method again, not one per task that the key draws.
        results: a board, in whose store predictions lie; without one they lie in the folder. With ``everything`` the
            store may lack predictions: scores of shipped methods are then those of their new fit.
        check: of worlds, as they were drawn with.

    Raises:
        UsageError: where it is no season, its files cannot be read, or its shipped methods need an extra that is not
            installed.
    """
    season = open_public(folder)
    notes = [f"void since {minute(one.at)}: {one.reason}" for one in read_voids(folder) if one.entry is None]
    if not (folder / ENTRIES).is_file():
        said = "its key is published at the close: until then there is nothing to verify"
        return Verified(season, False, [], [*notes, said])
    closed = read_closed(folder)
    if not (folder / KEY).is_file():
        return Verified(season, True, [f"{KEY} is missing: {GET_AGAIN}"], notes)
    key = read_key(folder)
    if commitment(key, season) != season.commitment:
        return Verified(season, True, [f"{KEY} and {SEASON} do not give the commitment"], notes)
    if other := _other_wordbook(folder, season):
        return Verified(season, True, [other], notes)
    notes += [*differences(season), *_failure_notes(closed)]
    shipped, draw = _list_all_shipped(folder, closed), Draw(season, key, closed.frozen)
    packages, found = packages_of(folder, closed)
    stray_files = list(file_differences(folder, closed))
    if not found:  # all other checks read entries
        found = record_differences(folder, closed, shipped, packages)
    found += _number_differences(closed, draw)
    if found:
        return Verified(season, True, [*found, *stray_files], [*notes, NOT_CHECKED])
    counting = count_entries(entered_of(closed), closed.closed.voids, closed.frozen)
    those = [*(one for receipt, one in packages.items() if counting[receipt] is None), *shipped]
    expected = _expected_cells(closed, those)
    drawn = _drawn_cells(closed, key, those, everything)
    refits = {place: cell for place, cell in expected.items() if (place[0], place[1], place[3]) in drawn}
    store = PredictionStore(str(folder / PREDICTIONS)) if results is None else store_of(results)
    oracles = {(one.id, task) for one in those for task in one.oracles}
    found += [*stray_files, *_result_differences(closed, expected, oracles)]
    may_lack = everything and results is not None  # a board's store need not hold what is fitted again
    absent, unchecked = _absent_predictions(closed, store, refits, may_lack)
    if absent and not may_lack:
        found.append(f"{RESULTS}: {store.url} has none of its predictions: {BRING_PREDICTIONS}")
        return Verified(season, True, found, [*notes, NOT_CHECKED])
    work = partial(_world_differences, Published(closed, draw, folder, store, absent), refits, check)
    found += [said for of_one in run_all(work, closed.worlds, engine, "worlds", quiet) for said in of_one]
    return Verified(season, True, list(dict.fromkeys(found)), notes, len(drawn), unchecked)


def _expected_cells(closed: ClosedSeason, those: Sequence[Participant]) -> dict[Place, Cell]:
    """Return the cells that a season runs."""
    return {
        (one.id, cell.task, cell.config["labels"], world.k): cell
        for world in closed.worlds
        for one in those
        for cell in cells_of(closed.season, Path(), one, world)
    }


def _absent_predictions(
    closed: ClosedSeason, store: PredictionStore, refits: Collection[Place], may_lack: bool
) -> tuple[frozenset[str], int]:
    """Return the digests of predictions to do without, and how many results are not checked for it.

    Unless a store ``may_lack`` some, they are all or none: the absence of a few is named where they are looked for.
    """
    digests = {one.predictions.digest for one in closed.results}
    absent = frozenset(digest for digest in digests if not store.has(digest))
    if not may_lack and absent != digests:
        return frozenset(), 0
    return absent, sum(
        one.predictions.digest in absent and place_of(one) not in refits for one in closed.results
    )


def _other_wordbook(folder: Path, season: Season) -> str:
    """Return a clause where the published set C is not the one that the season committed to; '' where it is."""
    try:
        keep_wordbook(folder, season)
    except UsageError as error:
        return str(error).rstrip(".")
    return ""


def _list_all_shipped(folder: Path, closed: ClosedSeason) -> list[Participant]:
    """Return the shipped methods; raise UsageError where a season lists one that lacks its extra here."""
    left_out: list[str] = []
    shipped = list_shipped(closed.season, left_out.append)
    here = {(one.id, task) for one in shipped for task in one.configs}
    listed = {(one.id, task) for one in closed.closed.entries if one.entered is None for task in one.tasks}
    if left_out and not listed <= here:
        raise UsageError(f"{folder} cannot be verified here: methods of it are {'; '.join(left_out)}.")
    return shipped


def _failure_notes(closed: ClosedSeason) -> Iterator[str]:
    """Yield what is not checked of shipped methods: that they failed, which may depend on the host's machine."""
    for one in closed.closed.entries:
        failed = [task for task, part in one.tasks.items() if one.entered is None and part.status != RAN]
        yield from (
            f"{one.id} in {task} failed, as the host says: it was not fitted again" for task in failed
        )


def _number_differences(closed: ClosedSeason, draw: Draw) -> Iterator[str]:
    """Yield where worlds are not those that follow from the key and the freeze."""
    season = closed.season
    if [(one.k, one.lane) for one in closed.worlds] != list_worlds(season):
        yield f"{WORLDS}: they are not numbered from 1 to {season.worlds} in each lane"
        return
    for one in closed.worlds:
        numbers = [draw.number(one.k, one.lane, attempt) for attempt in range(len(one.attempts))]
        if [attempt.number for attempt in one.attempts] != numbers or one.drawn != is_drawn(season, one.k):
            yield f"{WORLDS}: {one} does not follow from the key and {FROZEN}"
        if set(one.tasks) != set(lanes(season.tasks)[one.lane - 1]):
            yield f"{WORLDS}: {one} has other tasks than its lane"
        if (
            not one.attempts
            or one.attempts[-1].reasons
            or not all(attempt.reasons for attempt in one.attempts[:-1])
        ):
            yield f"{WORLDS}: {one} is not the first attempt that passed"


def _result_differences(
    closed: ClosedSeason, expected: Mapping[Place, Cell], oracles: Collection[tuple[str, str]]
) -> Iterator[str]:
    """Yield results that are missing, there twice or of no entry, and what differs of those that belong there.

    ``oracles``: entry and task of the methods that are shown hidden truth.
    """
    handed_in = _handed_in(closed)
    wanted = {place for place in expected if _ran(closed, place[0], place[1])} | handed_in.keys()
    places = [place_of(one) for one in closed.results]
    yield from (f"{RESULTS}: lacks {name_of(place)}" for place in sorted(wanted - set(places)))
    yield from (
        f"{RESULTS}: {name_of(place)} belongs to no entry that ran" for place in sorted(set(places) - wanted)
    )
    yield from (
        f"{RESULTS}: has {name_of(place)} {count} times"
        for place, count in Counter(places).items()
        if count > 1
    )
    for place, one in zip(places, closed.results, strict=True):
        if place in wanted:
            cell = expected.get(place)
            if not _was_run(closed, place, one, cell):
                yield f"{RESULTS}: {name_of(place)} was run otherwise than the season says"
            is_oracle = cell is not None and place[:2] in oracles
            if one.oracle_method != is_oracle:
                yield f"{RESULTS}: {name_of(place)} says otherwise whether it is an oracle"
            if (one.fence, one.verified) != (FENCE if cell and not is_oracle else None, cell is not None):
                yield f"{RESULTS}: {name_of(place)} says otherwise whether it was fenced, or handed in"
            if cell is None and one.predictions.digest != handed_in[place]:
                yield f"{RESULTS}: {name_of(place)} is not of the file that was entered"


def _handed_in(closed: ClosedSeason) -> dict[Place, str]:
    """Return the digests of the files of predictions that count, as they were entered."""
    return {
        (one.id, file.task, closed.season.terms[file.task].labels[0], int(file.split.removeprefix("w"))): (
            f"sha256:{one.entered.files.get(file.file)}"
        )
        for one in closed.closed.entries
        if one.entered is not None and one.note is None
        for file in one.entered.record.predictions
    }


def _was_run(closed: ClosedSeason, place: Place, one: Result, cell: Cell | None) -> bool:
    """Return whether a result is of its world, split, scores and config; ``cell``: None of predictions."""
    season, (entry, task, _, k) = closed.season, place
    number = next(world.number for world in closed.worlds if world.k == k and task in world.tasks)
    said = one.method, one.data, one.split, one.versions.data, one.versions.evaluator, one.primary
    is_same = said == (
        f"{task}/{entry.removeprefix(f'{HOST}--')}", release_of(season, number).name, season.terms[task].split,
        season.data, score_version(task), task_of(task).primary,
    )  # fmt: skip
    return is_same and (cell is None or (one.config, one.config_hash) == (cell.config, cell.hash))


def place_of(one: Result) -> Place:
    """Return the entry, task, labels and world of a result."""
    return entry_id(one), one.task, one.labels, one.seed


def name_of(place: Place) -> str:
    """Return the name of a cell in messages."""
    return f"{place[0]} on {place[1]} with labels {place[2]} in world {place[3]}"


def _ran(closed: ClosedSeason, entry: str, task: str) -> bool:
    parts = [one.tasks.get(task) for one in closed.closed.entries if one.id == entry and one.note is None]
    return any(part is not None and part.status == RAN for part in parts)


def _drawn_cells(
    closed: ClosedSeason, key: bytes, those: Sequence[Participant], everything: bool
) -> set[tuple[str, str, int]]:
    """Return entry, task and world of the cells to fit again: of each task one that the key draws, or all."""
    chosen: set[tuple[str, str, int]] = set()
    for task in closed.season.tasks:
        places = sorted(
            (one.id, task, world.k)
            for one in those
            if one.entered is None and task in one.configs and task not in one.oracles
            if _ran(closed, one.id, task)
            for world in closed.worlds
            if task in world.tasks
        )
        word = hashlib.sha256(b"cell" + key + task.encode()).digest()
        chosen |= (
            set(places)
            if everything
            else set(places[int.from_bytes(word) % len(places) :][:1] if places else ())
        )
    return chosen


@dataclass(frozen=True)
class Published:
    """What a closed season is checked against. ``draw``: makes its worlds again; ``store``: has its predictions, but
    for those whose digests are ``absent``."""

    closed: ClosedSeason
    draw: Draw
    folder: Path
    store: PredictionStore
    absent: frozenset[str]


def _world_differences(
    published: Published,
    refits: Mapping[Place, Cell],
    check: Check,
    world: SeasonWorld,
) -> list[str]:
    """Return what differs of a world that is made again with all its attempts, and of its tasks."""
    season, found = published.draw.season, list[str]()
    for number, attempt in enumerate(world.attempts):
        if try_world(season, attempt.number, list(world.tasks), check) != attempt:
            found.append(f"{WORLDS}: attempt {number} of {world} fails for other reasons, or for none")
        if attempt is not world.attempts[-1]:
            forget_world(release_of(season, attempt.number))
    found += [said for task in world.tasks for said in _task_differences(published, refits, world, task)]
    forget_world(release_of(season, world.number))
    return found


def _task_differences(
    published: Published,
    refits: Mapping[Place, Cell],
    world: SeasonWorld,
    task: str,
) -> list[str]:
    """Return what differs of one task in one world: its description, fold, truth and scores, and cells fitted again."""
    closed, draw, folder = published.closed, published.draw, published.folder
    season, where = closed.season, f"world {world.k} of {task}"
    prepared = draw.prepare(world, task)
    found = []
    if not same(draw.describe(world, prepared), world.tasks[task]):
        found.append(f"{WORLDS}: {where} has other answers, inputs or references")
    if season.predictions is not None and season.terms[task].predictions:
        files = {f"{TRUTH}/{task}/w{world.k}.parquet": truth_frame(prepared)}
        if (folder / FOLDS).is_dir():  # a board leaves them out: they are large, and follow from the key
            fold = fold_files(prepared.folds[0])
            place = f"{FOLDS}/{task}/w{world.k}"
            files |= {f"{place}/{name}": one for name, one in fold.items()}
            found += [stray(name) for name in files_of(folder, place) if name not in files]
        found += [
            f"{name}: is not what the key gives"
            for name, one in files.items()
            if _differs(folder / name, one)
        ]
    shared: dict[str, SharedFold] = {}
    for one in closed.results:
        if (one.task, one.seed) == (task, world.k):
            place = place_of(one)
            try:
                if one.predictions.digest not in published.absent and not _scores_again(
                    season, prepared, one, published.store
                ):
                    found.append(
                        f"{RESULTS}: the scores of {name_of(place)} are not those of its predictions"
                    )
            except UsageError as error:
                found.append(f"{RESULTS}: {name_of(place)}: {str(error).rstrip('.')}")
            except (*SCORING_FAILS, LookupError, OSError) as error:
                found.append(f"{RESULTS}: {name_of(place)}: cannot be scored ({error_line(error)})")
            if (cell := refits.get(place)) is not None:
                fold = shared.setdefault(cell.fold_key, SharedFold(cell, ids=draw.ids(world.k, task)))
                found += _fit_again(season, cell, fold, one, name_of(place))
    return found


def _differs(path: Path, frame: pl.DataFrame) -> bool:
    try:
        return frame_digest(read_parquet(path)) != frame_digest(frame)
    except UNREADABLE:
        return True


def _scores_again(season: Season, prepared: Prepared, one: Result, store: PredictionStore) -> bool:
    """Return whether stored predictions give everything that a result says of them. Raises UsageError where they cannot
    be read or scored."""
    predictions = prepared.back(read_parquet(store.get(one.predictions.digest)))
    answers = prepared.answers_to(predictions)
    made = evaluate(
        prepared.task, answers, predictions, replicates=season.replicates, open_entry=not one.verified
    )
    record = {name: part for name, part in made.record().items() if name not in ("scores", "warnings")}
    again, there = (each.model_dump(include=set(record)) for each in (one.model_copy(update=record), one))
    return same(again, there, TOLERANCE) and _are_rounded(one.scores, made.scores, season.decimals)


def _are_rounded(published: Mapping[str, Score], made: Mapping[str, Score], decimals: int) -> bool:
    """Return whether published scores are these scores rounded to so many decimals."""

    def is_rounded(shown: float | None, whole: float | None) -> bool:
        if shown is None or whole is None:
            return shown is whole
        return shown == round(shown, decimals) and abs(shown - whole) <= 0.5 * 10.0**-decimals + TOLERANCE

    return published.keys() == made.keys() and all(
        there.note == made[name].note
        and all(is_rounded(getattr(there, end), getattr(made[name], end)) for end in ("value", "low", "high"))
        for name, there in published.items()
    )


def _fit_again(season: Season, cell: Cell, shared: SharedFold, one: Result, name: str) -> list[str]:
    """Return a clause for each score of a shipped method that is another one when the method is fitted again."""
    with tempfile.TemporaryDirectory(prefix="tipbench-season-") as work:
        cell = Cell(cell.config, Path(work))
        versions = versions_of(cell)
        limits = limits_of_cells(season.minutes, season.memory_gib)
        with closing(Methods(cell, shared, limits)) as methods:
            job = Job(cell, versions, digests_of(cell, versions.data), valid=False)
            outcome = run_one(job, shared, methods)
    if outcome.result is None:
        return [f"{name} cannot be fitted again ({outcome.cause})"]
    # Wider than rounding: another processor, or another number of threads, may fit a method a little otherwise.
    again, within = outcome.result.scores, 10.0**-season.decimals
    return [
        f"{name} has {metric} {again[metric].value} when fitted again"
        for metric, there in one.scores.items()
        if metric not in again or not same(again[metric].value, there.value, within)
    ]


def same(left: Any, right: Any, within: float = 0.0) -> bool:
    """Return whether two values are the same, numbers up to :data:`TOLERANCE` or ``within``, whatever is larger."""
    if isinstance(left, BaseModel | Mapping) and isinstance(right, BaseModel | Mapping):
        a, b = dict(left), dict(right)
        return a.keys() == b.keys() and all(same(a[key], b[key], within) for key in a)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(partial(same, within=within), left, right))
    if isinstance(left, float) and isinstance(right, int | float):
        return math.isclose(left, right, rel_tol=TOLERANCE, abs_tol=1.01 * within)
    return left == right
