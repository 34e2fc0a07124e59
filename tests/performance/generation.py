"""How long it takes, and how much memory, to generate the data. Prints a table; run it on an idle machine.

``OMP_NUM_THREADS=1 python tests/performance/generation.py [regions]``
"""

import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")


def main(regions: int) -> None:
    from tipcore.engines import Engine
    from tipdata.core.world import World, sizes
    from tipdata.release import Release, generate_region, make_release
    from tipdata.release import release as release_module

    world = World.of("0.4.0")
    tables = generate_region(world, 0)  # compiles the wordbooks
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

    walls = {}
    release_module.sizes = lambda: {**sizes(), "measured": regions}  # type: ignore[assignment]
    for workers in (1, 2, 1, 2):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["TIPBENCH_HOME"] = folder
            start = time.perf_counter()
            make_release(Release("0.4.0", "measured"), engine=Engine(workers=workers), quiet=True)
            walls.setdefault(workers, []).append(time.perf_counter() - start)
    one, two = min(walls[1]), min(walls[2])

    print(f"{'what':<52} {'measured':>12}   bound")
    print(f"{'CPU a region, generated and written, median':<52} {total:>10.3f} s   <= 0.35 s")
    print(f"{'ratio to only writing them':<52} {total / statistics.median(write):>12.2f}")
    print(f"{'rows a region':<52} {rows / regions:>12,.0f}")
    print(f"{'peak memory after 4 regions':<52} {peaks[min(3, regions - 1)]:>8.0f} MiB   <= 1024 MiB")
    print(f"{f'peak memory after {regions} regions':<52} {peaks[-1]:>8.0f} MiB   flat")
    print(f"{f'{regions} regions, one worker, wall':<52} {one:>10.2f} s")
    print(f"{f'{regions} regions, two workers, wall':<52} {two:>10.2f} s")
    print(f"{'two workers against one':<52} {one / two:>11.2f}x   >= 1.8x on two idle cores")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 64)
