"""What a release costs by its size: ``python research/cost/sizes.py [REGIONS ...]`` (8 64: ``tiny`` and ``small``).

Each size is made by one worker, in a process of its own and a temporary folder, after a region that does not count.
Printed are its CPU and wall seconds, MB (a million bytes) on disk, the worker's peak of memory, and by how much each
lies off the straight line through the origin and all sizes.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from engines import work

MB = 1e6
USUAL = (8, 64)


@dataclass(frozen=True)
class Cost:
    """What a release of so many regions costs one worker."""

    regions: int
    cpu_s: float
    wall_s: float
    mb: float
    peak_mib: float


def costs(sizes: Sequence[int]) -> list[Cost]:
    """Return what releases of so many regions cost, each made in a process of its own."""
    found = []
    for regions in sizes:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            found.append(pool.submit(_cost, regions).result())
    return found


def _cost(regions: int) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        work(Path(folder), -1, 0)  # imports, and compiles the wordbooks: the same at every size
    with tempfile.TemporaryDirectory() as folder:
        start, wall = time.process_time(), time.perf_counter()
        for index in range(regions):
            work(Path(folder), -1, index)
        cpu, wall = time.process_time() - start, time.perf_counter() - wall
        mb = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / MB
    return Cost(regions, cpu, wall, mb, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def slope(regions: Sequence[float], values: Sequence[float]) -> float:
    """Return what a region costs: the slope through the origin from which values lie off least, in parts of them."""
    inverse = [one / value for one, value in zip(regions, values, strict=True)]
    return sum(inverse) / sum(one * one for one in inverse)


def main(sizes: Sequence[int]) -> None:
    """Print the table."""
    found = costs(sizes)
    a_region = slope([one.regions for one in found], [one.cpu_s for one in found])
    print(f"{'regions':>8} {'CPU s':>9} {'wall s':>9} {'MB':>9} {'peak MiB':>9} {'off the line':>13}")
    for one in found:
        off = one.cpu_s / (a_region * one.regions) - 1
        print(
            f"{one.regions:>8,} {one.cpu_s:>9.1f} {one.wall_s:>9.1f} {one.mb:>9.1f} {one.peak_mib:>9.0f} {off:>+13.1%}"
        )
    print(f"line: {a_region:.3f} CPU s a region")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or USUAL)
