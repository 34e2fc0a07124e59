"""Releases as tasks read them: opened by name, and read some regions at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from tipcore.errors import UsageError
from tipcore.locations import expand_home, is_url
from tipdata.release import Release, open_release
from tipdata.release.release import open_export

from tipbench.console import notice
from tipbench.task import Source

ROUND = "round.json"
"""What the folder of a sealed round has, and no other."""
NAME = re.compile(r"((\d[\w.]*|own-\w+)/)?[\w.]+")
"""What is meant as the name of a release. A folder that looks so is named with its path, such as ``./tiny``."""


def open_source(release: str | Source) -> Source:
    """Return what a caller gave, open: a release as it is, a name as :func:`open_by_name`.

    Raises UsageError as that does, and for what is neither.
    """
    if isinstance(release, str):
        return open_by_name(release)
    if not hasattr(release, "scan"):
        raise UsageError(f'{release!r} is no release: give a name such as "tiny", or an open release.')
    return release


def open_by_name(name: str) -> Source:
    """Return a release, ready to read: by its name (:meth:`tipdata.release.Release.called`), or the one that an export
    holds, by the export's folder or URL (:func:`tipdata.release.release.open_export`). A notice on standard error says
    if an export cannot be checked against a published manifest.

    Raises UsageError as these do, and as :func:`refuse_sealed_round`.
    """
    refuse_sealed_round(name)
    if not NAME.fullmatch(name) and (set(name) & {"/", "\\"} or is_url(name) or expand_home(name).is_dir()):
        export = open_export(name)
        if (caveat := export.caveat) is not None:
            notice(caveat)
        return export
    try:
        release = Release.called(name)
    except UsageError as error:
        if not expand_home(name).is_dir():
            raise
        raise UsageError(
            f"{str(error).rstrip('.')}; for the export in the folder {name} write ./{name}."
        ) from None
    return open_release(release.version, release.size, world=release.world)


def refuse_sealed_round(name: str) -> None:
    """Refuse the folder of a sealed round in the place of a release. Raises UsageError."""
    if (Path(name) / ROUND).is_file():
        raise UsageError(
            f"release={name} is a sealed round, whose truth nobody is shown: name an open release."
        )


REGIONS_AT_ONCE = 64
"""As many as ``small`` has: ``full`` and ``xl`` cost no more memory to read, but for what is kept of each region."""


@dataclass(frozen=True)
class Regions:
    """Some regions of a release, as a :class:`tipbench.task.Source`: read where a whole one is."""

    release: Release
    numbers: Sequence[int]

    @property
    def name(self) -> str:
        return self.release.name

    @property
    def version(self) -> str:
        return self.release.version

    @property
    def regions(self) -> int:
        """How many are read; the whole release has more."""
        return len(self.numbers)

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        """Return one table over these regions, lazily; see :meth:`tipdata.release.Release.scan`."""
        return self.release.scan(table, truth, self.numbers)

    def only(self, number: int) -> Regions:
        """Return one region alone."""
        return Regions(self.release, (number,))


def collect_units(units: Callable[[Source], pl.LazyFrame], source: Source) -> pl.DataFrame:
    """Return all units that a task has on a source, collected; ``units``: the task's function."""
    return pl.concat([units(part).collect() for part in _region_batches(source)])


def apply_by_region(
    made: Callable[[pl.DataFrame, Source], pl.DataFrame], rows: pl.DataFrame, source: Source
) -> pl.DataFrame:
    """Return what a task's function makes of its units ``[unit, region, ...]``, region by region in the order in which
    it gives them."""
    found = []
    for part in _region_batches(source):
        if not isinstance(part, Regions):
            return made(rows, part)
        some = rows.filter(pl.col("region").is_in(list(part.numbers)))
        if some.height:
            found.append(made(some, part))
    return pl.concat(found) if found else made(rows, source)


def _region_batches(source: Source) -> Iterator[Source]:
    """Yield a source by its regions; whole where it has no more, or cannot be read by region."""
    if not isinstance(source, Release) or source.regions <= REGIONS_AT_ONCE:
        yield source
        return
    for first in range(0, source.regions, REGIONS_AT_ONCE):
        yield Regions(source, range(first, min(first + REGIONS_AT_ONCE, source.regions)))
