"""How much of a release is read: the first regions of a large one, so that pages stay as small and as fast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from tipdata.release import Release

MOST_REGIONS = 64
"""Regions that are read at most. Each is drawn by the same rules, so that the first say as much as any others."""


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
        return len(self.numbers)

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        """Return a table of these regions; see :meth:`tipdata.release.Release.scan`."""
        return self.release.scan(table, truth, self.numbers)

    def only(self, number: int) -> Regions:
        """Return one region alone."""
        return Regions(self.release, (number,))


def first_regions(release: Release) -> Regions:
    """Return the regions of a release that pages are made of."""
    return Regions(release, range(min(release.regions, MOST_REGIONS)))
