"""Tables of a round by region folder, read as a release's are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from tipcore.errors import UsageError
from tipcore.spelling import suggestion
from tipcore.table_files import scan_parquet
from tipdata.stages import all_tables

from tipboard.rounds.damage import AGAIN, check_file


@dataclass(frozen=True)
class RegionFolders:
    """A :class:`tipbench.task.Source` over ``folder/<region>/<table>.parquet``.

    ``whole``: whether the files hold hidden columns too. Without them, truth cannot be asked for.
    ``digests``: of files by ``<region>/<table>.parquet``, which are checked before a table is read; none where they
    were just made.
    """

    name: str
    version: str
    folder: Path
    numbers: range
    whole: bool
    digests: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def regions(self) -> int:
        return len(self.numbers)

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        """Return one table over all regions, lazily, in the order of regions and keys.

        Raises UsageError for a table that the round does not have, and for truth that it does not show; MachineFault
        where a file is damaged.
        """
        names = [f"{number}/{table}.parquet" for number in self.numbers]
        files = [self.folder / name for name in names]
        if truth and not self.whole:
            raise UsageError(f"{self.name} shows no truth about {table}: it is sealed.")
        if table not in all_tables() or not (names[0] in self.digests or files[0].is_file()):
            there = sorted(file.stem for file in files[0].parent.glob("*.parquet"))
            raise UsageError(
                f"{self.name} has no table {table}, as it publishes what its tasks read. {suggestion(table, there)}"
            )
        for name, file in zip(names, files, strict=True):
            check_file(file, self.digests.get(name), AGAIN)
        frame = scan_parquet(files)
        if truth or not self.whole:
            return frame
        return frame.drop(all_tables()[table].names("truth"), strict=False)  # a version may lack some
