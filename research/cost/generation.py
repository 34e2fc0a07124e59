"""How long it takes, and how much memory, to generate the data. Prints a table; run it on an idle machine.

``OMP_NUM_THREADS=1 python research/cost/generation.py [regions]``
"""

import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

CPU, PEAK, SPEED_UP = 0.25, 1024, 1.8
"""Bounds: CPU seconds a region, MiB of a worker, how much faster two workers are than one on two idle cores."""


class Generated(NamedTuple):
    """Of a region the median CPU seconds, of all and of writing it alone, and the mean rows; after each region the peak
    of memory, MiB."""

    cpu_s: float
    write_s: float
    rows: float
    peaks: list[float]


def generated(regions: int) -> Generated:
    """Generate and write so many regions in this process."""
    from tipdata.core.world import World, newest_released
    from tipdata.release import generate_region

    world = World.of(newest_released())
    generate_region(world, 0)  # compiles the wordbooks
    compute, write, rows, peaks = [], [], 0, []
    for index in range(regions):
        start = time.process_time()
        tables = generate_region(world, index)
        compute.append(time.process_time() - start)
        rows += sum(frame.height for frame in tables.values())
        with tempfile.TemporaryDirectory() as folder:
            start = time.process_time()
            for name, frame in tables.items():
                frame.write_parquet(Path(folder) / f"{name}.parquet", compression="zstd")
            write.append(time.process_time() - start)
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    total = statistics.median(c + w for c, w in zip(compute, write, strict=True))
    return Generated(total, statistics.median(write), rows / regions, peaks)


def walls(regions: int) -> tuple[float, float]:
    """Return the wall seconds of a release of so many regions with one worker and with two, the better of two each."""
    from tipcore.engines import Engine
    from tipdata.core.world import newest_released, sizes
    from tipdata.release import Release, make_release
    from tipdata.release import release as release_module

    found: dict[int, list[float]] = {1: [], 2: []}
    release_module.sizes = lambda: {**sizes(), "measured": regions}  # type: ignore[assignment]
    for workers in (1, 2, 1, 2):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["TIPBENCH_HOME"] = folder
            start = time.perf_counter()
            make_release(Release(newest_released(), "measured"), engine=Engine(workers=workers), quiet=True)
            found[workers].append(time.perf_counter() - start)
    return min(found[1]), min(found[2])


def main(regions: int) -> None:
    """Print the table."""
    made = generated(regions)
    one, two = walls(regions)
    print(f"{'what':<52} {'measured':>12}   bound")
    print(f"{'CPU a region, generated and written, median':<52} {made.cpu_s:>10.3f} s   <= {CPU} s")
    print(f"{'ratio to only writing them':<52} {made.cpu_s / made.write_s:>12.2f}")
    print(f"{'rows a region':<52} {made.rows:>12,.0f}")
    print(f"{'peak memory after 4 regions':<52} {made.peaks[min(3, regions - 1)]:>8.0f} MiB   <= {PEAK} MiB")
    print(f"{f'peak memory after {regions} regions':<52} {made.peaks[-1]:>8.0f} MiB   flat")
    print(f"{f'{regions} regions, one worker, wall':<52} {one:>10.2f} s")
    print(f"{f'{regions} regions, two workers, wall':<52} {two:>10.2f} s")
    print(f"{'two workers against one':<52} {one / two:>11.2f}x   >= {SPEED_UP}x on two idle cores")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 64)
