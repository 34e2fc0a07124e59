"""A world that is drawn to be looked at once: its regions lie in a temporary folder and are gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl
from tipcore.atomic import temporary_folder
from tipcore.engines import Engine, run_all
from tipcore.errors import UsageError
from tipcore.locations import home
from tipcore.table_files import scan_parquet

from tipdata.core.release_names import release_name
from tipdata.core.world import World, sizes
from tipdata.release.footprint import ELSEWHERE
from tipdata.release.layout import region_name
from tipdata.release.make import make_region
from tipdata.release.reading import known_table, scan_files
from tipdata.release.release import Release
from tipdata.stages import tables_of


@dataclass(frozen=True)
class Drawn:
    """A world in a folder, read as a release is; nothing was published that its files could be checked against."""

    name: str
    version: str
    size: str
    folder: Path

    @property
    def regions(self) -> int:
        """Number of regions, numbered from 0."""
        return sizes()[self.size]

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        """Return one table over all regions, lazily; see :meth:`tipdata.release.Release.scan`."""
        known = known_table(tables_of(self.version), self.version, table, truth)
        return scan_files(known, truth, lambda suffix: scan_parquet(self._files(f"{table}{suffix}.parquet")))

    def _files(self, name: str) -> list[Path]:
        return [self.folder / region_name(index) / name for index in range(self.regions)]


@contextmanager
def other_assumptions(
    release: Release, number: int, engine: Engine | str = "loky", quiet: bool = False
) -> Iterator[Drawn]:
    """Draw a release's world under other assumptions (:mod:`tipdata.core.assumptions`) for the time of the block.

    Args:
        release: version, size and world.
        number: of the draw, from 1.
        engine, quiet: as for making a release.

    Raises:
        UsageError: for a draw that does not exist, and where there is no room for it.
    """
    if number < 1:
        raise UsageError(
            f"assumptions={number} does not exist: 1, 2, 3 and so on are draws of all that is assumed."
        )
    world = World.of(release.version, release.world, number, release.size)
    name = f"{release_name(release.version, release.size, release.world)}, assumptions {number}"
    with ExitStack() as held:
        try:
            home().mkdir(parents=True, exist_ok=True)
            folder = held.enter_context(temporary_folder(home()))
            work = partial(make_region, world, folder, "")
            indices = list(range(release.regions))
            run_all(work, indices, engine=engine, label=f"regions of {name}", quiet=quiet)
        except OSError as error:
            raise _no_room(name, error) from error
        yield Drawn(name, release.version, release.size, folder)


def _no_room(name: str, error: OSError) -> UsageError:
    return UsageError(f"{name} could not be drawn in {home()}: {error.strerror or error}; {ELSEWHERE}.")
