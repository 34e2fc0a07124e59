"""What would ``xl`` take, or ``--size full``? Prints time, disk, memory and money in Markdown, from what is measured.

``OMP_NUM_THREADS=1 python research/cost/xl.py MEASURED.json [--core-hour USD] [--gib-month USD]`` makes
some regions anew, and takes methods from what ``methods.py --json MEASURED.json`` wrote. Time and memory are a line
through the two largest sizes that were measured there, continued to the regions of the size. Prices are assumptions:
give your own. A core is paid for with the memory that a machine has per core; a step that needs more pays for the cores
that this memory comes with.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

GIB_A_CORE = 8
"""Of a machine with much memory."""


def made(regions: int) -> tuple[float, float, float]:
    """Make regions; return CPU seconds and MB on disk per region, and the peak of memory, GiB."""
    from tipdata.core.world import World, newest_released
    from tipdata.release.builder import make_region

    world = World.of(newest_released())
    with tempfile.TemporaryDirectory() as place:
        make_region(world, Path(place), "", 0)  # the first loads what all use
        begun = time.process_time()
        for index in range(1, regions + 1):
            make_region(world, Path(place), "", index)
        seconds = time.process_time() - begun
        size = sum(path.stat().st_size for path in Path(place).rglob("*") if path.is_file())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return seconds / regions, size / (regions + 1) / 1e6, peak


def line(points: list[tuple[int, float]], at: int) -> float:
    """Return where the line through the last two points is at a number of regions, and never below the last."""
    (a, low), (b, high) = points[-2:]
    return max(high, high + (high - low) / (b - a) * (at - b))


def _row(*cells: object) -> None:
    *said, usd = cells
    print(f"| {' | '.join(map(str, said))} | {usd:,.1f} |")


def main() -> int:
    """Print the plan."""
    from tipdata.core.world import sizes

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("measured", type=Path, nargs="+")
    parser.add_argument("--size", default="xl")
    parser.add_argument("--make", type=int, default=8, help="regions that are made")
    parser.add_argument("--core-hour", type=float, default=0.06, help="USD, assumed")
    parser.add_argument("--gib-month", type=float, default=0.023, help="USD of a store, assumed")
    options = parser.parse_args()
    regions = sizes()[options.size]
    seconds, size, peak = made(options.make)
    hours, disk = seconds * regions / 3600, size * regions / 1e3
    heads = (
        "step",
        "measured up to",
        "a region",
        f"core hours of `{options.size}`",
        f"memory of `{options.size}`",
    )
    print(f"| {' | '.join(heads)} | USD |\n|{'---|' * 6}")
    _row(
        "make",
        f"{options.make} regions",
        f"{seconds:.2f} CPU-s",
        f"{hours:,.0f}",
        f"{peak:.1f} GiB a worker, flat",
        hours * options.core_hour,
    )
    _row(
        "keep a month", "", f"{size:.1f} MB", "", f"{disk:,.0f} GB on disk", disk / 1.0737 * options.gib_month
    )
    by_method = defaultdict(list)
    for file in options.measured:
        for one in json.loads(file.read_text(encoding="utf-8")):
            by_method[one["method"]].append(one)
    for name, found in sorted(by_method.items()):
        found.sort(key=lambda one: one["regions"])
        if len(found) < 2:
            continue
        cpu = [(o["regions"], o["prepare_cpu"] + o["fit_cpu"] + o["predict_cpu"]) for o in found]
        # Each step by itself: what is largest here need not be what grows.
        steps = ([(o["regions"], o[f"{step}_mib"]) for o in found] for step in ("prepare", "fit", "predict"))
        hours, memory = line(cpu, regions) / 3600, max(line(mib, regions) for mib in steps) / 1024
        cores = max(1.0, memory / GIB_A_CORE)
        a_region = (cpu[-1][1] - cpu[-2][1]) / (cpu[-1][0] - cpu[-2][0])
        usd = hours * cores * options.core_hour
        _row(
            name,
            f"{found[-1]['regions']:,} regions",
            f"{a_region:.3f} CPU-s",
            f"{hours:,.1f}",
            f"{memory:,.0f} GiB",
            usd,
        )
    print(
        f"\nAssumed: {options.core_hour} USD per hour of a core with {GIB_A_CORE} GiB, {options.gib_month} USD per GiB "
        "and month of a store. Replace them by your own."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
