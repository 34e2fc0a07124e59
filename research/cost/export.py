"""How long an export takes and how large it is; that every config of it loads as tipbench gives it; a trip to S3.

    python research/cost/export.py tiny --configs --croissant --s3
    python research/cost/export.py small

prints a table. ``--configs``: each config and part by ``datasets.load_dataset``, held against ``tipbench.load``.
``--croissant``: ``mlcroissant`` validates the file and reads the first records of every set (it is slow). ``--s3``:
writes to a server of moto on this machine and reads back (needs ``moto[server]`` and ``s3fs``).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal
from tipbench.loading import load
from tipbench.publishing.data_files import part_frames
from tipbench.publishing.export import export_release
from tipbench.publishing.relational import export_relational
from tipdata.core.world import newest_released
from tipdata.release import Release, open_release
from tipdata.release.release import open_export
from tipdata.stages import tables_of

RECORDS = 500
"""Records of a set that are read: mlcroissant makes one at a time, and 2 million take over five minutes."""


def timed(what: str, work: Callable[[], str]) -> None:
    """Print what was done, its wall and CPU seconds, and what it says."""
    wall, cpu = time.perf_counter(), time.process_time()
    said = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    sys.stdout.write(f"{what:<44} {wall:>8.1f} {cpu:>8.1f}  {said}\n")
    sys.stdout.flush()


def check_configs(release: Release, to: Path, cache: Path) -> str:
    """Load every config and part of an export and compare it with what tipbench gives; returns what was compared."""
    import datasets

    datasets.disable_progress_bars()
    names, parts, rows = datasets.get_dataset_config_names(str(to)), 0, 0
    tables = tables_of(release.version)
    for name in names:
        loaded = datasets.load_dataset(str(to), name, cache_dir=str(cache))
        first, _, split = name.partition(".")
        if first in tables:
            frames = {"table": release.scan(first, truth=True).collect()}
        else:
            frames = part_frames(load(first, release=release, split=split))
            again = part_frames(load(first, release=str(to), split=split))
            for part, frame in frames.items():
                assert_frame_equal(again[part], frame)
        if set(loaded) != set(frames):
            raise SystemExit(f"{name}: {sorted(loaded)} loaded, {sorted(frames)} expected")
        for part, frame in frames.items():
            found = pl.from_arrow(loaded[part].data.table)
            assert isinstance(found, pl.DataFrame)
            columns = found.columns if first in tables else frame.columns
            assert_frame_equal(found, frame.select(columns), categorical_as_str=True)
            parts, rows = parts + 1, rows + frame.height
    return f"{len(names)} configs, {parts} parts, {rows:,} rows equal"


def check_croissant(to: Path) -> str:
    """Validate the Croissant file and read the first records of every set; returns how many."""
    import mlcroissant

    data = mlcroissant.Dataset(jsonld=str(to / "croissant.json"))
    sets = [one.uuid for one in data.metadata.record_sets]
    read = sum(sum(1 for _ in islice(data.records(name), RECORDS)) for name in sets)
    return f"{len(sets)} record sets, {read:,} records read"


def to_s3(release: Release) -> str:
    """Write an export to a server of moto and read a fold back."""
    import boto3  # pyright: ignore[reportMissingImports]
    from moto.server import ThreadedMotoServer  # pyright: ignore[reportMissingImports]

    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ.update(keys)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    os.environ["AWS_ENDPOINT_URL"] = f"http://{host}:{port}"
    try:
        boto3.client("s3").create_bucket(Bucket="shelf")
        done = export_release(release, "s3://shelf/tiny", splits="headline")
        back = open_export("s3://shelf/tiny")
        for table in tables_of(release.version):
            assert_frame_equal(
                back.scan(table, truth=True).collect(), release.scan(table, truth=True).collect()
            )
        for part, frame in part_frames(load("advert_risk", release="s3://shelf/tiny")).items():
            assert_frame_equal(frame, part_frames(load("advert_risk", release=release))[part])
    finally:
        server.stop()
    return f"{done.files} files, all tables and a fold equal"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("size")
    for name in ("configs", "croissant", "s3"):
        parser.add_argument(f"--{name}", action="store_true")
    asked = parser.parse_args()
    release = open_release(newest_released(), asked.size, engine="sequential")

    def exported(to: Path, splits: str) -> str:
        done = export_release(release, str(to), splits=splits)
        return f"{done.files} files, {done.bytes / 1e6:.1f} MB, {len(done.configs)} configs of tasks"

    def relational(to: Path) -> str:
        done = export_relational(release, str(to))
        return f"{done.files} files, {done.bytes / 1e6:.1f} MB, {len(done.configs)} tasks"

    sys.stdout.write(f"{'release ' + release.name:<44} {'wall s':>8} {'CPU s':>8}\n")
    with tempfile.TemporaryDirectory() as folder:
        to = Path(folder)
        timed("export, every split", lambda: exported(to / "all", "all"))
        timed("export, headline splits", lambda: exported(to / "headline", "headline"))
        timed("export for RelBench", lambda: relational(to / "relbench"))
        if asked.configs:
            timed("load every config", lambda: check_configs(release, to / "all", to / "cache"))
        if asked.croissant:
            timed("validate, read every record", lambda: check_croissant(to / "all"))
        if asked.s3:
            timed("to S3 and back", lambda: to_s3(release))


if __name__ == "__main__":
    main()
