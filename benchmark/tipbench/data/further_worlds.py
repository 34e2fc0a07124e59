"""Further worlds, from which a method learns beside its fold (``train=worlds:N``).

They are independent worlds of the fold's data, under the same world file, numbered from 101. Everyone can make them,
and no season uses them. What a split holds out in the fold it holds out in further worlds too, so a shifted split
stays shifted.
"""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl
from tipcore.errors import UsageError
from tipdata.release import Release, open_release

from tipbench.data.fold import Fold, Prepared
from tipbench.data.release_folds import build_fold, label_units
from tipbench.data.releases import Regions, collect_units
from tipbench.data.splits import PART, SPLITS
from tipbench.task import Source

FIRST = 101
"""The number of the first one."""
MOST = 32
FOLD_ALONE = "fold"
"""The value of ``train`` without further worlds."""
NO_WORLDS = f"data of your own has no further worlds: set train={FOLD_ALONE}."
LABELS = "truth"
"""Further worlds always have true labels, even where the fold has others."""


def count_worlds(train: str) -> int:
    """Return N of ``worlds:N``, and 0 for ``fold``. Raises UsageError for anything else."""
    found = re.fullmatch(r"worlds:([1-9]\d{0,8})", train)
    number = int(found[1]) if found else 0
    if train != FOLD_ALONE and not 1 <= number <= MOST:
        raise UsageError(
            f"train={train} is wrong: give {FOLD_ALONE}, or worlds:N with N from 1 to {MOST}, such as worlds:2."
        )
    return number


def world_numbers(number: int, own: int = 0) -> list[int]:
    """Return the numbers of so many further worlds, without that of the fold's ``own`` world."""
    return [world for world in range(FIRST, FIRST + number + 1) if world != own][:number]


def add_worlds(prepared: Prepared, source: Source, number: int) -> Prepared:
    """Return a prepared release whose fold has so many further worlds, which are made first where they are missing.

    Raises UsageError for a source that is no release, whose further worlds nobody can make.
    """
    worlds = []
    for world in _open_worlds(source, number):
        try:
            worlds.append(_world_fold(prepared, world))
        except UsageError as error:
            raise UsageError(f"further world {world.name}: {error}") from None
    note = f"Learns from {number} further worlds, whose labels are true, beside labels {prepared.labels} of the fold."
    folds = [replace(fold, worlds=tuple(worlds)) for fold in prepared.folds]
    return replace(prepared, folds=folds, notes=[*prepared.notes, note])


def _open_worlds(source: Source, number: int) -> list[Source]:
    release = source.release if isinstance(source, Regions) else source
    if not isinstance(release, Release):
        raise UsageError(
            f"{source.name} is no release, which alone has further worlds: set train={FOLD_ALONE}."
        )
    numbers = world_numbers(number, release.world)
    worlds = [open_release(release.version, release.size, world=world) for world in numbers]
    return [Regions(one, source.numbers) if isinstance(source, Regions) else one for one in worlds]


def _world_fold(prepared: Prepared, source: Source) -> Fold:
    """Return the fold of a further world: split and columns of the fold, true labels of train and valid."""
    task, split = prepared.task, SPLITS[prepared.split]
    fold, rows, _ = build_fold(
        task, source, collect_units(task.units, source), split, LABELS, prepared.access
    )
    if not split.all_tested:
        return fold
    # Where every unit of the fold is tested, those of further worlds are all there is to learn from.
    rows = rows.with_columns(part=pl.lit("train", dtype=PART))
    parts = rows.select(task.unit, "part")
    return replace(fold, parts=parts, supervision=label_units(task, LABELS, rows, source))
