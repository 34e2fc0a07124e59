"""Read a release by some of its regions at a time: what is made on the way to a narrow frame is never there for all.

Regions of a release have nothing to do with one another, so that what a task says of units of some of them is what it
says of these units in the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl
from tipdata.release import Release

from tipbench.task import Source

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


def units_of(units: Callable[[Source], pl.LazyFrame], source: Source) -> pl.DataFrame:
    """Return all units that a task has on a source, collected; ``units``: the task's function."""
    return pl.concat([units(part).collect() for part in _batches(source)])


def of_units(
    made: Callable[[pl.DataFrame, Source], pl.DataFrame], rows: pl.DataFrame, source: Source
) -> pl.DataFrame:
    """Return what a task's function makes of its units ``[unit, region, ...]``, region by region in the order in which
    it gives them."""
    found = []
    for part in _batches(source):
        if not isinstance(part, Regions):
            return made(rows, part)
        some = rows.filter(pl.col("region").is_in(list(part.numbers)))
        if some.height:
            found.append(made(some, part))
    return pl.concat(found) if found else made(rows, source)


def _batches(source: Source) -> Iterator[Source]:
    """Yield a source by its regions; whole where it has no more, or cannot be read by region."""
    if not isinstance(source, Release) or source.regions <= REGIONS_AT_ONCE:
        yield source
        return
    for first in range(0, source.regions, REGIONS_AT_ONCE):
        yield Regions(source, range(first, min(first + REGIONS_AT_ONCE, source.regions)))
