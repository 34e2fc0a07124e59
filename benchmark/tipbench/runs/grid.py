"""From a config to the cells that it stands for: a single one, or those of a grid, on splits that the data can have."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from tipcore.errors import UsageError
from tipcore.extras import how_to_install, missing_extra
from tipcore.spelling import suggestion
from tipdata.core.own_worlds import is_own
from tipdata.release import open_release

from tipbench.config.compose import METHOD, TARGET, Composer, Override, values_of
from tipbench.config.methods import is_shipped, method_class
from tipbench.config.settings import SEEDS, Grid, Settings
from tipbench.data.custom.config import own_data
from tipbench.data.custom.folds import is_mapped
from tipbench.data.further_worlds import NO_WORLDS, count_worlds
from tipbench.data.release_folds import require_splits
from tipbench.data.releases import collect_units
from tipbench.loading import prepare
from tipbench.method import check_worlds, is_oracle
from tipbench.runs.cells import Cell, cell_of
from tipbench.task import NO_LABELS, Task
from tipbench.tasks import task_of


def allowed_splits(task: Task, settings: Settings, make: bool = True, quiet: bool = False) -> Iterator[str]:
    """Yield, on a release, those of the task that its units can be divided by; on own data, those that can be prepared.

    Each is tried only when it is needed, so that the default does not wait for the others. ``make``: whether a missing
    release may be made to find out; without, the task's own list is given. ``quiet``: as of ``open_release``. Raises
    UsageError where the data can have none.
    """
    if settings.data is not None:
        default = prepare(task, own=settings.data).split
        yield default
        for split in (one for one in task.own_splits if one != default):
            try:
                prepare(task, own=settings.data, split=split)
            except UsageError:
                continue
            yield split
        return
    if not make or settings.release is None:
        yield from task.splits
        return
    release, engine = settings.release, settings.engine
    source = open_release(release.version, release.size, engine, quiet, release.world)
    yield from require_splits(task, source, collect_units(task.units, source))


ALL, ALLOWED = "all", "allowed"
LISTS = {"baseline": "baselines", "split": "splits", "seed": "seeds", "release.world": "worlds"}
"""Keys whose comma lists, with ``-m``, are axes of one grid; those of other keys make a grid each."""

NUMBERS = {axis: key for key, axis in LISTS.items() if axis in ("seeds", "worlds")}
"""Axes of whole numbers from 0, and their keys."""

Notice = Callable[[str], None]
"""Callback for messages about baselines of a grid that are left out."""
Allowed = Callable[[Task, Settings], Iterable[str]]
"""A task and its settings -> the splits that its data can have, the default first; ``auto`` asks for no other."""


def sweep(composer: Composer, allowed: Allowed, notice: Notice = lambda said: None) -> list[Cell]:
    """Return the cells of ``-m``: every combination of comma lists, repeated cells once."""
    values = {o: values_of(o, composer.options) for o in composer.typed if o.key not in LISTS}
    lists = [o for o, several in values.items() if not o.is_path and len(several) > 1]
    fixed = composer.without(*(o.key for o in lists)).typed
    cells: dict[str, Cell] = {}
    for chosen in itertools.product(*(values[o] for o in lists)):
        typed = (*fixed, *(o._replace(value=value) for o, value in zip(lists, chosen, strict=True)))
        one = replace(composer, typed=typed)
        cells |= {str(cell.folder): cell for cell in expand(one, allowed, commas=True, notice=notice)}
    return list(cells.values())


def expand(
    composer: Composer, allowed: Allowed, commas: bool = False, notice: Notice = lambda said: None
) -> list[Cell]:
    """Return every cell that a config stands for, those that share a fold beside each other.

    Only splits that a task has and its data can have, one seed for a method whose seed changes nothing, and on
    independent worlds no oracle that only a pattern matches.

    Args:
        composer: what was typed.
        allowed: see :data:`Allowed`; asked only for ``splits: allowed`` and ``split=auto``.
        commas: whether values may be comma lists (``-m``).
        notice: called with a message about baselines that match a pattern and need an extra which is not installed.

    Raises:
        UsageError: where a baseline that is named needs such an extra or is an oracle on an independent world, there is
            nothing to run, a pattern matches no baseline, or no cell is left.
    """
    if not commas:
        _refuse_lists(composer)
    grid = _grid(composer, commas)
    if grid.baselines is None:
        return [_single(composer, allowed)]
    rest = composer.without(*LISTS, *(f"grid.{axis}" for axis in LISTS.values()))
    cells: list[Cell] = []
    splits_of: dict[tuple[str, int], list[str]] = {}
    left_out: dict[str, list[str]] = {}
    for name in _matching(rest, grid.baselines):
        settings = rest.settings(name)
        task = task_of(settings.task.name if settings.task else name)
        named = name in _as_list(grid.baselines)
        if not _is_for_data(settings, task):
            continue
        if (extra := missing_extra(settings.baseline.model_dump())) is not None:
            if named:
                raise _needs(name, extra)
            left_out.setdefault(extra, []).append(name)
            continue
        seeds = grid.seeds or [0]
        kept = seeds if len(seeds) == 1 or _is_stochastic(settings) else seeds[:1]
        searched = _search_settings(rest, name) if grid.search else [settings]
        for there in (place for one in searched for place in _in_worlds(one, grid.worlds)):
            if _is_misplaced_oracle(there) and not named:
                continue
            fold = (task.name, _world(there))
            if fold not in splits_of:
                splits_of[fold] = _splits(task, there, grid.splits, allowed)
            only = settings.baseline.splits if ALLOWED in _as_list(grid.splits or []) else None
            splits = [split for split in splits_of[fold] if only is None or split in only]
            places = itertools.product(splits, kept)
            cells += [_cell(there, task, split, seed, in_grid=True) for split, seed in places]
    for extra, names in left_out.items():
        notice(f"left out, since they need the extra {extra} ({how_to_install(extra)}): {', '.join(names)}")
    if not cells:
        wanted = ", ".join(f"{axis} {asked}" for axis, asked in grid if asked is not None)
        raise UsageError(
            f"the grid is empty: no task has what it asks for ({wanted}); see `tipbench list splits`."
        )
    return sorted(cells, key=lambda cell: (cell.task, cell.split, cell.data))


def _grid(composer: Composer, commas: bool) -> Grid:
    """Return the grid of the config, with what was typed for a key of :data:`LISTS` in the place of its axis."""
    settings = composer.without(*LISTS).settings(general=True)
    asked = settings.grid.model_dump()
    typed = {LISTS[o.key]: o for o in composer.typed if o.key in LISTS}
    listed = {axis: values_of(o, composer.options) if commas else [o.value] for axis, o in typed.items()}
    several = any(len(values) > 1 or "*" in values[0] for values in listed.values())
    if asked["baselines"] is None and not several and not asked["search"]:
        return Grid()
    if asked["baselines"] is None and "baselines" not in listed:
        raise UsageError(
            "a sweep needs baselines: add baseline=NAME, or an experiment that names some; see "
            "`tipbench list baselines`."
        )
    numbers = {axis: [_number(axis, text) for text in listed.pop(axis)] for axis in NUMBERS if axis in listed}
    asked = {**asked, **listed, **numbers}
    asked["splits"] = asked["splits"] or [settings.split.name]
    asked["seeds"] = asked["seeds"] if asked["seeds"] is not None else [settings.seed]
    return Grid.model_validate(asked)


def _single(composer: Composer, allowed: Allowed) -> Cell:
    settings = composer.settings()
    name, target = settings.baseline.name, settings.baseline.method.get("_target_")
    if target is None or name is None:
        raise UsageError(
            "There is nothing to run: give baseline=TASK/METHOD, experiment=NAME, or task=TASK with "
            f"{TARGET}=module.Class; see `tipbench list baselines`."
        )
    if (extra := missing_extra(settings.baseline.model_dump())) is not None:
        raise _needs(name, extra)
    task = task_of(settings.task.name if settings.task else name.partition("/")[0])
    split = settings.split.name
    if split == "auto":
        split = next(iter(allowed(task, settings)))
    return _cell(settings, task, split, settings.seed)


def _needs(baseline: str, extra: str) -> UsageError:
    return UsageError(f"baseline={baseline} needs the extra {extra}: {how_to_install(extra)}.")


def _in_worlds(settings: Settings, worlds: list[int] | None) -> list[Settings]:
    """Return the settings in each of these worlds; as they are where none are asked for."""
    if worlds is None:
        return [settings]
    release = settings.release
    if release is None:
        raise UsageError(
            "data of your own has no worlds: leave out data, or the worlds (release.world, grid.worlds)."
        )
    there = [release.model_copy(update={"world": world}) for world in dict.fromkeys(worlds)]
    return [settings.model_copy(update={"release": one}) for one in there]


def _search_settings(composer: Composer, name: str) -> list[Settings]:
    """Return the settings of a baseline with every combination of its ``search``, but for what was typed."""
    search = composer.settings(name).baseline.search
    if not search:
        raise UsageError(
            f"{name} lists no settings to search: write search, with values of each, in its config."
        )
    free = {
        f"{METHOD}{key}": values for key, values in search.items() if composer.value(METHOD + key) is None
    }
    found = []
    for values in itertools.product(*free.values()):
        chosen = (Override(key, value, literal=True) for key, value in zip(free, values, strict=True))
        found.append(replace(composer, typed=(*composer.typed, *chosen)).settings(name))
    return found


def _world(settings: Settings) -> int:
    return settings.release.world if settings.release else 0


def _is_misplaced_oracle(settings: Settings) -> bool:
    """Return whether this is an oracle on another world: one may take its parameters from the released world."""
    elsewhere = _world(settings) > 0 or (settings.release is not None and is_own(settings.release.version))
    return elsewhere and is_oracle(_class_of(settings))


def _cell(settings: Settings, task: Task, split: str, seed: int, in_grid: bool = False) -> Cell:
    """Return a cell; ``in_grid``: it has no labels, whatever was typed, on splits that allow none."""
    if _is_misplaced_oracle(settings):
        raise UsageError(
            f"{settings.baseline.name} is an oracle, which is for the released world only: leave out "
            "release.world, or a world of your own."
        )
    allowed = ("given",) if settings.data is not None else task.labels_on(split)
    is_usual = settings.labels == "auto" or (in_grid and allowed == (NO_LABELS,))
    labels = allowed[0] if is_usual else settings.labels
    access = task.tier if settings.access == "auto" else settings.access
    if count_worlds(settings.learnt_from):
        if settings.data is not None:
            raise UsageError(NO_WORLDS)
        if (method := _class_of(settings)) is not None:
            check_worlds(method, str(settings.baseline.name))
    return cell_of(settings, split, labels, access, seed)


def _as_list(given: str | list[str]) -> list[str]:
    return [given] if isinstance(given, str) else given


def _matching(composer: Composer, patterns: str | list[str]) -> list[str]:
    """Return baselines that any pattern matches, of the task typed where one was."""
    task = composer.value("task")
    known = [n for n in composer.options["baseline"] if task is None or n.partition("/")[0] == task]
    if _as_list(patterns) == [ALL]:
        return known
    found: set[str] = set()
    for pattern in _as_list(patterns):
        matched = [name for name in composer.options["baseline"] if fnmatchcase(name, pattern)]
        if not matched:
            raise UsageError(
                f"baseline={pattern} matches nothing. {suggestion(pattern, composer.options['baseline'])}"
            )
        found.update(matched)
    return [name for name in known if name in found]


def _splits(task: Task, settings: Settings, asked: str | list[str] | None, allowed: Allowed) -> list[str]:
    """Return the splits asked for that the task can have; a name that no task has is a mistake."""
    wanted = _as_list(asked or "auto")
    if ALLOWED in wanted:
        return list(allowed(task, settings))
    if wanted == ["auto"]:
        return [next(iter(allowed(task, settings)))]
    has = task.splits if settings.data is None else task.own_splits
    return [split for split in wanted if split in has]


def runnable(composer: Composer, data: Mapping[str, Any], task: Task) -> list[str]:
    """Return baselines of a task whose needs a user's own data maps: what to run where another cannot."""
    own, plain = own_data(data), composer.without(*LISTS, *(o.key for o in composer.typed if o.key != "data"))
    found = []
    for name in (one for one in composer.options["baseline"] if one.partition("/")[0] == task.name):
        method = method_class(plain.settings(name).baseline.method["_target_"])
        needs = getattr(method, "needs", ["?"])
        if not is_oracle(method) and all(is_mapped(task, own, need) for need in needs):
            found.append(name)
    return found


def _class_of(settings: Settings) -> object | None:
    """Return the class of a method, None where it cannot be imported or is not to be: what goes behind a fence is not
    imported in front of it, unless it comes with tipbench."""
    target = settings.baseline.method["_target_"]
    return method_class(target) if settings.fence == "off" or is_shipped(target) else None


def _is_for_data(settings: Settings, task: Task) -> bool:
    """Return whether a method can run on the data: their task, and tables that it has; some methods need what only a
    user's own data has."""
    if settings.data is not None:
        return settings.data.get("task") == task.name
    needs = getattr(_class_of(settings), "needs", frozenset())
    return {need.partition(".")[0] for need in needs} <= {*task.tables, "operations"}


def _is_stochastic(settings: Settings) -> bool:
    """Return whether seeds change a method; one that cannot be imported fails once, in its cell."""
    found = _class_of(settings)
    if found is None:
        return settings.fence == "on"  # its class was not imported
    return bool(getattr(found, "stochastic", True))


def _refuse_lists(composer: Composer) -> None:
    for override in composer.typed:
        if not override.key.startswith("data.") and len(values_of(override, composer.options)) > 1:
            raise UsageError(f"{override.key}={override.value} is a list: add -m to run every one of it.")


def _number(axis: str, text: str) -> int:
    """Return a number of an axis of :data:`NUMBERS`."""
    if not text.strip().isdecimal():
        raise UsageError(
            f"{NUMBERS[axis]}={text} is not a {axis.removesuffix('s')}: give whole numbers from 0."
        )
    if axis == "seeds" and int(text) >= SEEDS:
        raise UsageError(f"seed={text} is too large: give whole numbers below {SEEDS}.")
    return int(text)
