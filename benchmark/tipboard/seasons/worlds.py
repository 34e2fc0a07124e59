"""Worlds of a season on this machine: drawn from its key, checked, and shown to authors of predictions as folds.

A fold of a season has ids that follow from the key (:mod:`tipbench.data.relabelling`): neither the ids of the world,
which its number decides, nor the words of its images reach a method or an author.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import polars as pl
import polars.selectors as cs
from tipbench.data.fold import Fold, Prepared
from tipbench.data.relabelling import relabel
from tipbench.evaluation.references import references
from tipbench.gates import check_world, failures
from tipbench.lanes import lanes
from tipbench.loading import prepare
from tipbench.tasks import task_of
from tipcore.digest import column_digest
from tipcore.errors import CheckFailed, UsageError, error_line
from tipcore.sources import value_digest
from tipcore.table_files import UNREADABLE, read_parquet
from tipdata.core.world import DRAWN, with_set_c
from tipdata.release import Release
from tipdata.release.builder import open_on_disk, remove_from_disk

from tipboard.seasons.record import (
    FOLDS,
    NUMBER_BITS,
    Attempt,
    Frozen,
    Season,
    SeasonWorld,
    WorldTask,
    digest_parts,
    read,
    release_of,
)

MOST_ATTEMPTS = 20
AGAIN = "free space there and run the same command again: it goes on"
PARTS, TABLES = "parts.parquet", "tables"
SIGNIFICANT = 9
"""Digits of answers that enter their digest: logarithms may differ in their last bits between processors."""

Check = Callable[[Release, Sequence[str]], list[str]]
"""A made world and tasks -> why it cannot be used; nothing where it can."""


def gate_failures(world: Release, names: Sequence[str]) -> list[str]:
    """Return a sentence for each gate of :mod:`tipbench.gates` that a made world does not pass."""
    return failures(check_world(world, names))


@dataclass(frozen=True)
class Draw:
    """Makes the worlds of a season, and the ids of their folds, from its terms, its key and its frozen packages."""

    season: Season
    key: bytes
    frozen: Frozen

    def number(self, k: int, lane: int, attempt: int) -> int:
        """Return the number of world ``k`` (from 1) of a lane (from 1) at an attempt (from 0)."""
        counts = (str(one).encode() for one in (k, lane, attempt))
        digest = digest_parts(b"world", self.key, self.frozen.digest.encode(), *counts)
        number = 1 + (int(digest, 16) >> (256 - NUMBER_BITS))
        number = number + DRAWN if is_drawn(self.season, k) else min(number, DRAWN - 1)
        return number if self.season.wordbook is None else with_set_c(number, self.season.wordbook)

    def ids(self, k: int, task: str) -> bytes:
        """Return the key, 32 bytes, of the ids of a task's fold in world k."""
        return self._secret(b"ids", k, task)

    def words(self, k: int, task: str) -> bytes:
        """Return the key, 32 bytes, of the made-up words of the copy of a task's fold in world k."""
        return self._secret(b"words", k, task)

    def _secret(self, of: bytes, k: int, task: str) -> bytes:
        parts = of, self.key, self.frozen.digest.encode(), str(k).encode(), task.encode()
        return bytes.fromhex(digest_parts(*parts))

    def prepare(self, world: SeasonWorld, task: str) -> Prepared:
        """Return the fold and answers of a task in a world, with the ranked labels and ids that follow from the key."""
        terms, release = self.season.terms[task], release_of(self.season, world.number)
        open_on_disk(release.version, release.size, world=world.number, quiet=True)
        made = prepare(task, release=release, split=terms.split, labels=terms.labels[0])
        return relabel(made, self.ids(world.k, task))

    def describe(self, world: SeasonWorld, prepared: Prepared) -> WorldTask:
        """Return the published description of a task in a world; ``prepared``: its fold and answers there."""
        files = fold_files(prepared.folds[0]) if self.season.terms[prepared.task.name].predictions else {}
        shown = references(prepared.task, prepared, release_of(self.season, world.number))
        return WorldTask(
            clusters=int(shown.pop("clusters") or 0),
            answers=frame_digest(prepared.answers.frame),
            inputs=value_digest({name: frame_digest(one) for name, one in files.items()}) if files else None,
            references=shown,
        )


def is_drawn(season: Season, k: int) -> bool:
    """Return whether world k draws every assumed parameter: the second half of them does."""
    return k > season.worlds // 2


def list_worlds(season: Season) -> list[tuple[int, int]]:
    """Return k and lane, both from 1, of all worlds of a season."""
    return list(product(range(1, season.worlds + 1), range(1, len(lanes(season.tasks)) + 1)))


def lane_of(season: Season, task: str) -> int:
    """Return the lane of a task of a season."""
    return next(lane for lane, names in enumerate(lanes(season.tasks), 1) if task in names)


def draw_world(draw: Draw, k: int, lane: int, check: Check = gate_failures) -> SeasonWorld:
    """Return world k of a lane, made on this machine: the first attempt that passes the check.

    Raises CheckFailed where none of :data:`MOST_ATTEMPTS` does.
    """
    season, names, attempts = draw.season, lanes(draw.season.tasks)[lane - 1], list[Attempt]()
    while len(attempts) < MOST_ATTEMPTS:
        attempts.append(try_world(season, draw.number(k, lane, len(attempts)), names, check))
        if not attempts[-1].reasons:
            made = SeasonWorld(k=k, lane=lane, drawn=is_drawn(season, k), attempts=attempts, tasks={})
            tasks = {name: draw.describe(made, draw.prepare(made, name)) for name in names}
            return made.model_copy(update={"tasks": tasks})
        forget_world(release_of(season, attempts[-1].number))
    raise CheckFailed(
        f"world {k} of lane {lane} of season {season.name} failed its checks {MOST_ATTEMPTS} times "
        f"({attempts[-1].reasons[0]}): make the season void and open another one."
    )


def try_world(season: Season, number: int, names: Sequence[str], check: Check) -> Attempt:
    """Make a world on this machine, where it stays, and return why it cannot be used."""
    release = release_of(season, number)
    open_on_disk(release.version, release.size, engine="sequential", world=number, quiet=True)
    return Attempt(number=number, reasons=check(release, names))


def world_file(secret: Path, k: int, lane: int) -> Path:
    """Return the file of the host's folder with world k of a lane as it was drawn."""
    return secret / "worlds" / f"{k}-{lane}.json"


def read_world(secret: Path, k: int, lane: int) -> SeasonWorld | None:
    """Return world k of a lane as it was drawn; None where it was not yet."""
    path = world_file(secret, k, lane)
    return read(path, SeasonWorld) if path.is_file() else None


def forget_world(world: Release) -> None:
    """Remove a world from this machine, if it is there."""
    if world.folder.is_dir():
        remove_from_disk(world)
    world.folder.with_name(f"{world.folder.name}.lock").unlink(missing_ok=True)


def frame_digest(frame: pl.DataFrame) -> str:
    """Return SHA-256 over the columns of a frame by name, floats to :data:`SIGNIFICANT` digits."""
    shown = frame.with_columns(
        cs.float().round_sig_figs(SIGNIFICANT).cast(pl.String), cs.enum().cast(pl.String)
    )
    return value_digest({one.name: column_digest(one) for one in shown.iter_columns()})


def fold_files(fold: Fold) -> dict[str, pl.DataFrame]:
    """Return the frames of a fold by the path of their file in its folder."""
    tables = {f"{TABLES}/{name}.parquet": table.collect() for name, table in sorted(fold.tables.items())}
    return {PARTS: fold.parts, "labels.parquet": fold.supervision, **tables}


def truth_frame(prepared: Prepared) -> pl.DataFrame:
    """Return the answers in the ids of the fold, sorted by them."""
    task, (fold,) = prepared.task, prepared.folds
    key, unit = task.kind.key(task.unit), task.unit
    new = fold.parts[unit]
    old = prepared.back(pl.DataFrame({key: new}))[key]
    known = pl.DataFrame({unit: old, "_new": new})
    made = prepared.answers.frame.join(known, on=unit, how="left", maintain_order="left")
    return made.with_columns(pl.col("_new").alias(unit)).drop("_new").sort(unit)


def frame_bytes(frame: pl.DataFrame) -> bytes:
    """Return a parquet file whose bytes follow from the frame and the libraries."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=False)
    return buffer.getvalue()


def write_fold(folder: Path, name: str, k: int, fold: Fold) -> None:
    """Write the fold of a task in world k below a folder."""
    for path, frame in fold_files(fold).items():
        file = folder / name / f"w{k}" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(frame_bytes(frame))


def load_fold(folder: str | Path, task: str, k: int) -> Fold:
    """Return the fold of a task in world k of a season's public folder, to fit and predict.

    Raises UsageError where it is not there, or its files cannot be read.

    >>> fold = load_fold("spring-2027", "advert_risk", 1)  # doctest: +SKIP
    """
    place = Path(folder) / FOLDS / task / f"w{k}"
    try:
        tables = {path.stem: read_parquet(path).lazy() for path in sorted((place / TABLES).iterdir())}
        parts, labels = (read_parquet(place / f"{name}.parquet") for name in ("parts", "labels"))
    except OSError as error:
        raise UsageError(
            f"{place} holds no fold ({error.strerror or error}): give a world from w1 on."
        ) from None
    except UNREADABLE as error:
        raise UsageError(f"{place} cannot be read ({error_line(error)}): get the season again.") from None
    return Fold(task_of(task).problem, tables, parts, labels, independent_regions=True)
