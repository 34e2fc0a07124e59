"""A release: a version of the data and a size, as parquet files by region."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import polars as pl
from tipcore.errors import UsageError
from tipcore.locations import home
from tipcore.table_files import read_parquet, scan_parquet

from tipdata.core.release_names import parts_of, release_name
from tipdata.core.world import (
    check_world,
    entry_of,
    newest_released,
    sizes,
    versions,
)
from tipdata.release.checking import check_table
from tipdata.release.layout import TRUTH, files_of, region_name
from tipdata.release.reading import known_table, scan_files
from tipdata.stages import tables_of


@dataclass(frozen=True)
class Release:
    """One release of the data, by version and size. It may or may not have been made yet.

    ``world``: 0 is the released world; any other number is an independent one, which has no published manifest.
    """

    version: str
    size: str
    world: int = 0

    @classmethod
    def of(cls, version: str, size: str, world: int = 0, retired: bool = False) -> "Release":
        """Return a release that can be made. Raises UsageError, naming those that can, for a part that does not
        exist, and as :func:`tipdata.core.world.entry_of`.

        ``retired``: also one that cannot be made any more, whose files may still be there.
        """
        if not (retired and version in versions()):
            entry_of(version)
        if size not in sizes():
            raise UsageError(f"release size {size} does not exist: choose one of {', '.join(sizes())}.")
        check_world(world)
        return cls(version, size, world)

    @classmethod
    def called(cls, name: str) -> "Release":
        """Return the release of a name: ``small`` (its newest released version), ``0.4.0/small`` or ``0.4.0/small.w3``.

        Raises UsageError as :meth:`of`, and for a world that is not a whole number from 1.
        """
        version, size, world = parts_of(name)
        return cls.of(version or newest_released(), size, int(world or 0))

    @property
    def name(self) -> str:
        return release_name(self.version, self.size, self.world)

    @property
    def regions(self) -> int:
        """Number of regions, numbered from 0."""
        return sizes()[self.size]

    @property
    def folder(self) -> Path:
        return home() / self.name

    @property
    def place(self) -> str:
        """Where it lies, for people to read."""
        return str(self.folder)

    def region_folder(self, index: int) -> Path:
        return self.folder / region_name(index)

    def scan(self, table: str, truth: bool = False, regions: Sequence[int] | None = None) -> pl.LazyFrame:
        """Return one table over all regions, lazily, in the order of regions and keys; its files are checked first.

        Args:
            table: its name.
            truth: with the hidden columns beside the observed ones.
            regions: of these alone, by number; no other file is looked at.

        Raises:
            UsageError: for a table that does not exist, or one that is all truth where ``truth`` is not asked for.
            MachineFault: where a file of it is damaged (:mod:`tipdata.release.checking`).
        """
        known = known_table(tables_of(self.version), self.version, table, truth)
        those = range(self.regions) if regions is None else regions
        check_table(self, table, (False, True) if truth else (False,), those)
        return scan_files(
            known, truth, lambda suffix: scan_parquet(self._files(f"{table}{suffix}.parquet", those))
        )

    def read_file(self, index: int, name: str) -> pl.DataFrame:
        """Return the rows of one file of a region, such as ``adverts.truth.parquet``; it is not checked."""
        return read_parquet(self.region_folder(index) / name)

    def lacking(self, index: int) -> list[Path]:
        """Return the files of a region that are not there."""
        folder = self.region_folder(index)
        there = set(os.listdir(folder)) if folder.is_dir() else set()
        return [folder / name for name in sorted(_file_names(self.version) - there)]

    def hidden(self, index: int) -> list[Path]:
        """Return the files of a region that hold truth."""
        folder = self.region_folder(index)
        return [folder / n for n in sorted(_file_names(self.version)) if n.endswith(f"{TRUTH}.parquet")]

    def _files(self, name: str, regions: Sequence[int]) -> list[Path]:
        return [self.region_folder(i) / name for i in regions]


@lru_cache
def _file_names(version: str) -> frozenset[str]:
    """Return the names of the files that a region of a version has."""
    tables = tables_of(version)
    return frozenset(f"{name}{suffix}.parquet" for name in tables for suffix, _ in files_of(tables[name]))
