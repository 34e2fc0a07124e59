"""Freeze a season's packages, make its worlds, and run every package and shipped method on each of them.

Each cell has a fence of its own, and a worker takes all cells of one package, so that two of them never run at once.
What was done stays: an interrupted run goes on where it was. Until the close nothing but "ran" or a reason of
:data:`tipboard.seasons.record.REASONS` is shown of an entry. The host's folder holds results, so the host could compute
scores early; the commitment makes every change that would follow from that visible.
"""

from __future__ import annotations

import inspect
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from tipbench.config.compose import Composer, parse
from tipbench.config.methods import method_class
from tipbench.config.options import config_folders
from tipbench.data.further_worlds import world_numbers
from tipbench.fence.session import Limits
from tipbench.method import is_oracle
from tipbench.runs.cells import Cell
from tipbench.runs.digests import digests_of, versions_of
from tipbench.runs.folds import SharedFold
from tipbench.runs.grid import Notice, expand
from tipbench.runs.methods import Methods
from tipbench.runs.results import read_result
from tipbench.runs.runner import Job, Outcome, decide, run_one
from tipbench.tasks import task_of
from tipcore.atomic import fill_folder_atomically, write_file_atomically
from tipcore.engines import Engine, engine_of, run_all
from tipcore.errors import CheckFailed, MachineFault, UsageError
from tipcore.operating_system import file_lock
from tipdata.core.world import release_name
from tipdata.release import open_release
from tipdata.release.release import VARIABLE, store_url

from tipboard.seasons.classes import ClassTest, measure_loss, score_disguised
from tipboard.seasons.entries import (
    LOCK,
    WHEELS,
    config_digest,
    configs_of,
    count_entries,
    entry_folder,
    file_digests,
    limits_of_cells,
    public_folder,
    publish_receipts,
    read_entries,
    read_frozen,
)
from tipboard.seasons.record import (
    ENTRIES,
    FOLDS,
    FROZEN,
    HOST,
    RAN,
    REASONS,
    STATUS,
    Entered,
    Frozen,
    FrozenEntry,
    Season,
    SeasonWorld,
    keep_wordbook,
    minute,
    open_secret,
    read,
    read_voids,
    release_of,
    to_json,
)
from tipboard.seasons.worlds import (
    AGAIN,
    Check,
    Draw,
    draw_world,
    forget_world,
    gate_failures,
    list_worlds,
    read_world,
    world_file,
    write_fold,
)
from tipboard.submissions.packages import Environment, install
from tipboard.submissions.storage import Packages

RUNS, FAILURES = "runs", "failures"
BY_ERROR = {
    **dict.fromkeys(("NotShown", "NotMapped"), "needs"),
    **dict.fromkeys(("PredictionsRefused", "AnswerRefused"), "refused"),
    **dict.fromkeys(("Ended", "MethodError", "UsageError"), "error"),
}
BY_LIMIT = {"minutes": "time", "cpu_minutes": "time", "memory_gib": "memory"}
MACHINE = ("CannotFence", "MachineFault")
"""Errors of the host's machine, which are nobody's failure."""


@dataclass(frozen=True)
class Participant:
    """A package or the shipped methods of one name. ``configs``: how its cells are run, by task; ``oracles``: the tasks
    on which it is shown hidden truth."""

    id: str
    configs: Mapping[str, dict[str, Any]]
    entered: Entered | None = None
    oracles: frozenset[str] = frozenset()

    @property
    def wheel(self) -> str | None:
        """SHA-256 of the wheel of an entered package; None for methods that ship with tipbench."""
        return None if self.entered is None else self.entered.wheel

    def as_frozen(self) -> FrozenEntry:
        """The record of this participant in ``frozen.json``."""
        return FrozenEntry(
            id=self.id,
            receipt=None if self.entered is None else self.entered.receipt,
            wheel=self.wheel,
            configs={task: config_digest(config) for task, config in self.configs.items()},
        )


def list_shipped(season: Season, notice: Notice = lambda said: None) -> list[Participant]:
    """Return the methods that come with tipbench, on the tasks of a season."""
    patterns = ",".join(f"{name}/*" for name in season.tasks)
    words = [f"grid.baselines=[{patterns}]", "grid.splits=auto", "grid.seeds=[0]", "fence=on"]
    words += [f"release={season.size}", f"release.version={season.data}", f"replicates={season.replicates}"]
    cells = expand(
        Composer(config_folders(None), parse(words)), lambda task, settings: [task.splits[0]], notice=notice
    )
    found: dict[str, dict[str, dict[str, Any]]] = {}
    oracles: dict[str, set[str]] = {}
    for cell in cells:
        if cell.task in season.tasks:
            name = f"{HOST}--{cell.method}"
            found.setdefault(name, {})[cell.task] = {
                **cell.config,
                "labels": season.terms[cell.task].labels[0],
            }
            if is_oracle(method_class(cell.target)):
                oracles.setdefault(name, set()).add(cell.task)
    return [Participant(name, found[name], None, frozenset(oracles.get(name, ()))) for name in sorted(found)]


def participants(season: Season, secret: Path, notice: Notice = lambda said: None) -> list[Participant]:
    """Return the packages that count and the shipped methods, by id."""
    entries = read_entries(secret)
    notes = count_entries(entries, read_voids(secret), read_frozen(secret))
    packages = [one for one in entries if one.is_package and notes[one.receipt] is None]
    made = [Participant(one.id, configs_of(season, one.record), one) for one in packages]
    return sorted([*made, *list_shipped(season, notice)], key=lambda one: one.id)


def freeze(season: Season, secret: Path, now: datetime, notice: Notice = lambda said: None) -> Frozen:
    """Return the packages as they were frozen, which happens once. Raises UsageError before the season closes."""
    path = secret / FROZEN
    if not path.is_file():
        if now < season.closes:
            raise UsageError(
                f"season {season.name} takes packages until {minute(season.closes)}: run it after that."
            )
        with file_lock(secret / LOCK):
            entries = [one.as_frozen() for one in participants(season, secret, notice)]
            frozen = Frozen(name=season.name, frozen=now.replace(microsecond=0), entries=entries)
            write_file_atomically(path, to_json(frozen), AGAIN)
    return read(path, Frozen)


def check_frozen(frozen: Frozen, those: Sequence[Participant]) -> None:
    """Refuse packages or methods that are not those that were frozen; a void one may be missing. Raises UsageError."""
    known = {one.id: one for one in frozen.entries}
    for one in (each.as_frozen() for each in those):
        there = known.get(one.id)
        if there is None or (there.wheel, there.configs) != (one.wheel, one.configs):
            raise UsageError(f"{one.id} is not as it was frozen: restore it, or make the season void.")


def cells_of(season: Season, secret: Path, participant: Participant, world: SeasonWorld) -> Iterator[Cell]:
    """Yield the cells of a participant in a world. Of each task, the cell with the ranked labels comes first."""
    configs = participant.configs
    for task, config in ((task, configs[task]) for task in world.tasks if task in configs):
        oracle = task in participant.oracles
        release = {**config["release"], "world": world.number}
        baseline = config["baseline"]
        made: Any = method_class(baseline["method"]["_target_"]) if oracle else None
        if oracle and "world" in inspect.signature(made).parameters:
            method = {**baseline["method"], "world": release_name(season.data, season.size, world.number)}
            baseline = {**baseline, "method": method}
        for labels in season.terms[task].labels[: 1 if oracle else None]:
            here = {"release": release, "seed": world.k, "labels": labels, "baseline": baseline}
            yield Cell({**config, **here}, secret / RUNS / participant.id)


def run(
    secret: Path,
    now: datetime,
    engine: Engine | str = "loky",
    quiet: bool = False,
    check: Check = gate_failures,
    notice: Notice = lambda said: None,
) -> dict[str, dict[str, str]]:
    """Freeze, make worlds and run all cells; return by entry and task "ran" or why it failed.

    Raises:
        UsageError: before the season closes, after its close, and where something cannot be written or fenced.
        CheckFailed: where no world passes its checks, and for an oracle that fails.
    """
    season, key = open_secret(secret)
    public = public_folder(secret, season)
    if (public / ENTRIES).is_file():
        raise UsageError(f"season {season.name} is closed: nothing is run any more.")
    if store_url() is not None:
        raise UsageError(f"worlds of a season stay on this machine: unset {VARIABLE}.")
    with file_lock(secret / ".run.lock"):
        frozen = freeze(season, secret, now, notice)
        those = participants(season, secret)
        check_frozen(frozen, those)
        write_file_atomically(public / FROZEN, to_json(frozen), AGAIN)
        publish_receipts(public, read_entries(secret))
        host = Host(Draw(season, key, frozen), secret, engine_of(engine), quiet)
        keep_wordbook(secret, season)
        worlds = _make_worlds(host, check)
        _make_further_worlds(host, those)
        if season.predictions is not None and not (public / FOLDS).is_dir():
            _publish_folds(host, worlds, public)
        with ExitStack() as stack:
            environments = {one.id: _environment(secret, one, stack) for one in those if one.wheel}
            for world in worlds:
                _run_world(host, world, those, environments)
                _test_classes(host, world, those, environments)
                if season.predictions is None:
                    forget_world(release_of(season, world.number))
        found = statuses(season, secret, those, worlds)
        write_file_atomically(public / STATUS, json.dumps(found, indent=1) + "\n", AGAIN)
    return found


@dataclass(frozen=True)
class Host:
    """What a run of a season works with."""

    draw: Draw
    secret: Path
    engine: Engine
    quiet: bool

    @property
    def season(self) -> Season:
        return self.draw.season

    def ids(self, k: int) -> dict[str, bytes]:
        """Return the keys of the ids of folds in world k by task."""
        return {name: self.draw.ids(k, name) for name in self.season.tasks}

    def words(self, k: int) -> dict[str, bytes]:
        """Return the keys of the made-up words of copies of folds in world k by task."""
        return {name: self.draw.words(k, name) for name in self.season.tasks}


def _make_worlds(host: Host, check: Check) -> list[SeasonWorld]:
    work = partial(_make_world, host, check)
    return run_all(work, list_worlds(host.season), host.engine, "worlds", host.quiet)


def _make_further_worlds(host: Host, those: Sequence[Participant]) -> None:
    """Make the public worlds that methods learn from before workers start."""
    season = host.season
    most = max((Cell(one, Path()).worlds for each in those for one in each.configs.values()), default=0)
    for world in world_numbers(most):
        open_release(season.data, season.size, host.engine, host.quiet, world)


def _make_world(host: Host, check: Check, place: tuple[int, int]) -> SeasonWorld:
    if (there := read_world(host.secret, *place)) is not None:
        return there
    made = draw_world(host.draw, *place, check)
    write_file_atomically(world_file(host.secret, *place), to_json(made), AGAIN)
    return made


def _publish_folds(host: Host, worlds: Sequence[SeasonWorld], public: Path) -> None:
    with fill_folder_atomically(public / FOLDS, replace=False, advice=AGAIN) as beside:
        work = partial(_write_folds, host.draw, beside)
        run_all(work, worlds, host.engine, "folds of worlds", host.quiet)


def _write_folds(draw: Draw, folder: Path, world: SeasonWorld) -> None:
    for name in (name for name in world.tasks if draw.season.terms[name].predictions):
        write_fold(folder, name, world.k, draw.prepare(world, name).folds[0])


def _environment(secret: Path, one: Participant, stack: ExitStack) -> Environment | None:
    """Return an environment with a participant's package; None where it cannot be installed any more."""
    assert one.entered is not None
    assert one.entered.record.pinned is not None
    work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tipbench-season-")))
    wheels = entry_folder(secret, one.entered.number) / WHEELS
    if file_digests({path.name: path for path in wheels.glob("*")}) != one.entered.wheels:
        raise UsageError(f"the wheels of {one.id} in {wheels} are not those that were frozen: restore them.")
    try:
        return install(one.entered.record.pinned.package, Packages(wheelhouse=str(wheels)), work)
    except CheckFailed:
        return None


@dataclass(frozen=True)
class CellBatch:
    """Cells for one worker, those of one fold beside each other, by the ids of their entries; ``ids``: the keys of the
    ids of folds by task. ``environment``: None for this one."""

    cells: tuple[tuple[str, Cell], ...]
    ids: Mapping[str, bytes]
    environment: Environment | None = None


def _run_world(
    host: Host,
    world: SeasonWorld,
    those: Sequence[Participant],
    environments: Mapping[str, Environment | None],
) -> None:
    """Run what is left of all cells of a world: a package's by one worker, shipped methods by their fold."""
    season, secret, ids = host.season, host.secret, host.ids(world.k)
    batches, by_fold = [], dict[str, list[tuple[str, Cell]]]()
    for one in those:
        cells = [(one.id, cell) for cell in cells_of(season, secret, one, world)]
        cells = [pair for pair in cells if read_failure(secret, *pair) is None and not is_done(pair[1])]
        if one.entered is None:
            for pair in cells:
                by_fold.setdefault(pair[1].fold_key, []).append(pair)
        elif one.wheel and environments[one.id] is None:
            for pair in cells:
                _fail(secret, *pair, "install", "pip failed")
        elif cells:
            batches.append(CellBatch(tuple(cells), ids, environments.get(one.id)))
    largest_first = sorted(by_fold.items(), key=lambda fold: (-len(fold[1]), fold[0]))
    batches += [CellBatch(tuple(cells), ids) for _, cells in largest_first]
    work = partial(_run_batch, secret, limits_of_cells(season.minutes, season.memory_gib))
    label = f"cells of {world}, of {season.worlds}"
    run_all(work, batches, host.engine, label, host.quiet, lambda batch: len(batch.cells))


def _test_classes(
    host: Host,
    world: SeasonWorld,
    those: Sequence[Participant],
    environments: Mapping[str, Environment | None],
) -> None:
    """Run the packages of the class fold once more, on a copy of a world whose words are made up."""
    season, secret, batches = host.season, host.secret, []
    for one in those:
        cells = (
            cell for cell in cells_of(season, secret, one, world) if _lacks_test(season, secret, one, cell)
        )
        if left := tuple((one.id, cell) for cell in cells if is_done(cell)):
            batches.append(CellBatch(left, host.ids(world.k), environments.get(one.id)))
    limits = limits_of_cells(season.minutes, season.memory_gib)
    work = partial(_test_class, secret, limits, host.words(world.k))
    label = f"tests of class in {world}, of {season.worlds}"
    run_all(work, batches, host.engine, label, host.quiet, lambda batch: len(batch.cells))


def is_tested(participant: Participant) -> bool:
    """Return whether a participant is run on copies with made-up words: a package that declares the class *fold*."""
    return participant.entered is not None and participant.entered.record.entry_class == "fold"


def _is_ranked(season: Season, cell: Cell) -> bool:
    return bool(cell.config["labels"] == season.terms[cell.task].labels[0])


def _lacks_test(season: Season, secret: Path, participant: Participant, cell: Cell) -> bool:
    """Return whether a cell has still to be run on the copy of its world."""
    is_due = is_tested(participant) and _is_ranked(season, cell)
    return is_due and not _class_path(secret, participant.id, cell).is_file()


def _test_class(secret: Path, limits: Limits, words: Mapping[str, bytes], batch: CellBatch) -> None:
    environment = batch.environment or Environment("")
    for entry, cell in batch.cells:
        shared = SharedFold(cell, ids=batch.ids[cell.task])
        score = score_disguised(shared, cell, words[cell.task], limits, environment.place)
        write_file_atomically(_class_path(secret, entry, cell), json.dumps(score) + "\n", AGAIN)


def _class_path(secret: Path, entry: str, cell: Cell) -> Path:
    """Return the file of the host's folder with the score of a cell on the copy of its world."""
    return secret / "classes" / entry / cell.task / f"w{cell.seed}.json"


def read_class_tests(
    season: Season, secret: Path, participant: Participant, worlds: Sequence[SeasonWorld]
) -> dict[str, ClassTest]:
    """Return the tests of class of a package by task, of tasks that ran in every world."""
    if not is_tested(participant):
        return {}
    plain, disguised = dict[str, list[float | None]](), dict[str, list[float | None]]()
    for world in worlds:
        for cell in cells_of(season, secret, participant, world):
            path = _class_path(secret, participant.id, cell)
            if _is_ranked(season, cell) and path.is_file():
                result = read_result(cell.folder)
                plain.setdefault(cell.task, []).append(result.scores[result.primary].value)
                disguised.setdefault(cell.task, []).append(json.loads(path.read_bytes()))
    return {
        task: measure_loss(task_of(task), scores, disguised[task])
        for task, scores in plain.items()
        if len(scores) == season.worlds
    }


def is_done(cell: Cell) -> bool:
    """Return whether a cell was run by the code that would run it now."""
    if not cell.folder.exists():
        return False
    found = decide(cell)
    return isinstance(found, Outcome) and found.result is not None


def _run_batch(secret: Path, limits: Limits, batch: CellBatch) -> None:
    environment = batch.environment or Environment("")
    shared: SharedFold | None = None
    for entry, cell in batch.cells:
        if read_failure(secret, entry, cell) is not None:
            continue  # of other labels of the same task
        if shared is None or shared.cell.fold_key != cell.fold_key:
            shared = SharedFold(cell, ids=batch.ids[cell.task])
        versions = versions_of(cell)
        if environment.package:
            versions = versions.model_copy(update={"method": environment.package})
        job = Job(cell, versions, digests_of(cell, versions.data), valid=False)
        with closing(Methods(cell, shared, limits, environment.place)) as methods:
            outcome = run_one(job, shared, methods)
            is_fenced = methods.fence is not None
        if outcome.result is None:
            if not is_fenced:
                raise CheckFailed(f"{entry} on {cell.data} failed: {outcome.cause}")
            if outcome.error in MACHINE:
                raise MachineFault(str(outcome.cause))
            _fail(secret, entry, cell, reason_of(outcome), str(outcome.trace or outcome.cause))


def reason_of(outcome: Outcome) -> str:
    """Return which of :data:`tipboard.seasons.record.REASONS` it is that a fenced cell failed.

    An error of scoring itself, such as a number that is not finite, is a fault of the predictions.
    """
    if str(outcome.cause).startswith("MemoryError"):
        return "memory"
    return BY_LIMIT.get(str(outcome.limit)) or BY_ERROR.get(str(outcome.error), "refused")


def _failure_path(secret: Path, entry: str, task: str) -> Path:
    return secret / FAILURES / entry / f"{task}.json"


def _fail(secret: Path, entry: str, cell: Cell, reason: str, said: str) -> None:
    content = {"reason": reason, "cell": cell.name, "said": said}
    path = _failure_path(secret, entry, cell.task)
    write_file_atomically(path, json.dumps(content, indent=1) + "\n", AGAIN)


def read_failure(secret: Path, entry: str, cell: Cell) -> str | None:
    """Return why an entry failed in the task of a cell, in words; None where it did not."""
    path = _failure_path(secret, entry, cell.task)
    return REASONS[json.loads(path.read_bytes())["reason"]] if path.is_file() else None


def statuses(
    season: Season, secret: Path, those: Sequence[Participant], worlds: Sequence[SeasonWorld]
) -> dict[str, dict[str, str]]:
    """Return by participant and task "ran" or why it failed; a task with a cell that was not run is missing."""
    found: dict[str, dict[str, str]] = {}
    for one in those:
        tasks, left = found.setdefault(one.id, {}), set[str]()
        for cell in (cell for world in worlds for cell in cells_of(season, secret, one, world)):
            if (reason := read_failure(secret, one.id, cell)) is not None:
                tasks[cell.task] = f"failed: {reason}"
            elif cell.task not in left and (not is_done(cell) or _lacks_test(season, secret, one, cell)):
                left.add(cell.task)
        tasks |= {task: RAN for task in one.configs if task not in tasks and task not in left}
    return found
