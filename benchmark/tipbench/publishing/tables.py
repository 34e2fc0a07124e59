"""Write the tables of a release, one file each for what may be observed and for what is hidden."""

from __future__ import annotations

from pathlib import Path

from tipdata.release import Release
from tipdata.release.exported import table_file
from tipdata.release.layout import files_of
from tipdata.stages import tables_of

from tipbench.publishing.parquet import write_frames


def write_tables(release: Release, folder: Path) -> dict[str, int]:
    """Write every table of a release, region by region, and return its rows by table.

    Raises MachineFault where a file of the release is damaged, OSError where the folder cannot be written.
    """
    rows = {}
    for name, table in tables_of(release.version).items():
        release.scan(name, truth=True)  # checks its files
        for suffix, _ in files_of(table):
            frames = (release.read_file(index, f"{name}{suffix}.parquet") for index in range(release.regions))
            rows[name] = write_frames(folder / table_file(name, suffix), frames)
    return rows
