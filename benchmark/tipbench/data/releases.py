"""Releases as tasks read them: opened by name, and read some regions at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl
from tipcore.errors import UsageError
from tipcore.locations import expand_home, is_url
from tipdata.release import Release, open_release
from tipdata.release.release import open_export

from tipbench.console import notice
from tipbench.task import Source

NAME = re.compile(r"((\d[\w.]*|own-\w+)/)?[\w.]+")
"""Text that names a release. A folder with such a name needs a path, such as ``./tiny``."""


def open_source(release: str | Source) -> Source:
    """Return an open release as it is, or open a name by :func:`open_by_name`. Raises UsageError for others."""
    if isinstance(release, str):
        return open_by_name(release)
    if not hasattr(release, "scan"):
        raise UsageError(f'{release!r} is no release: give a name such as "tiny", or an open release.')
    return release


def open_by_name(name: str) -> Source:
    """Return a release, ready to read, by its name (:meth:`tipdata.release.Release.from_name`) or by the folder or URL
    of an export (:func:`tipdata.release.release.open_export`).

    A notice on standard error says if an export cannot be checked against a published manifest. Raises UsageError for a
    release or export that cannot be opened.
    """
    if not NAME.fullmatch(name) and (set(name) & {"/", "\\"} or is_url(name) or expand_home(name).is_dir()):
        export = open_export(name)
        if (caveat := export.caveat) is not None:
            notice(caveat)
        return export
    try:
        release = Release.from_name(name)
    except UsageError as error:
        if not expand_home(name).is_dir():
            raise
        raise UsageError(
            f"{str(error).rstrip('.')}; for the export in the folder {name} write ./{name}."
        ) from None
    return open_release(release.version, release.size, world=release.world)


REGIONS_AT_ONCE = 64
"""Regions of a release that are read together; as many as ``small`` has, so that larger releases need little more
memory. Regions are independent, so the result is that of the whole release."""


@dataclass(frozen=True)
class Regions:
    """Some regions of a release, as a :class:`tipbench.task.Source`."""

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
        """The number of these regions, and not of the whole release."""
        return len(self.numbers)

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        """Return one table over these regions, lazily; see :meth:`tipdata.release.Release.scan`."""
        return self.release.scan(table, truth, self.numbers)

    def one_region(self, number: int) -> Regions:
        """Return one region alone."""
        return Regions(self.release, (number,))


def collect_units(units: Callable[[Source], pl.LazyFrame], source: Source) -> pl.DataFrame:
    """Return all units of a task on a source; ``units`` is the task's function."""
    return pl.concat([units(part).collect() for part in _region_batches(source)])


def apply_by_region(
    function: Callable[[pl.DataFrame, Source], pl.DataFrame], rows: pl.DataFrame, source: Source
) -> pl.DataFrame:
    """Return the results of a task's function on its units ``[unit, region, ...]``, some regions at a time, stacked."""
    found = []
    for part in _region_batches(source):
        if not isinstance(part, Regions):
            return function(rows, part)
        some = rows.filter(pl.col("region").is_in(list(part.numbers)))
        if some.height:
            found.append(function(some, part))
    return pl.concat(found) if found else function(rows, source)


def _region_batches(source: Source) -> Iterator[Source]:
    """Yield a source by regions; whole if it has few, or cannot be read by region."""
    if not isinstance(source, Release) or source.regions <= REGIONS_AT_ONCE:
        yield source
        return
    for first in range(0, source.regions, REGIONS_AT_ONCE):
        yield Regions(source, range(first, min(first + REGIONS_AT_ONCE, source.regions)))
