"""Is making a region cheaper than it was? Holds two checkouts of this project against each other, and prints a table.

``OMP_NUM_THREADS=1 python research/cost/generation_paired.py BEFORE AFTER [regions]``: a process each, which take turns
region by region, so that both meet the machine as it is at the moment; CPU seconds, medians over regions. Each makes
its newest data; the digests of all columns must be equal. ``stage``: drawing it; ``sort, cast, check``: the rest
of ``generate_region``.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOTS = ("benchmark", "baselines", "datasets")
ALL = "all of make_region"


def serve() -> None:
    """Make the regions whose numbers come in, and tell what each took."""
    from tipdata.core.world import World, newest_released
    from tipdata.release import builder, region
    from tipdata.release.manifests import region_receipt

    spent: dict[str, float] = defaultdict(float)

    def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            start = time.process_time()
            made = work(*given)
            spent[name] += time.process_time() - start
            return made

        return call

    draw_stages = region.draw_stages

    def timed_stages(*given: Any) -> Iterator[Any]:
        drawn = draw_stages(*given)
        start = time.process_time()
        for stage, made in drawn:
            spent[f"stage {stage.name}"] = time.process_time() - start
            yield stage, made
            start = time.process_time()

    region.draw_stages = timed_stages  # type: ignore[assignment]
    builder.generate_region = timed("generate_region", region.generate_region)
    builder._write_files = timed("write files", builder._write_files)
    builder.column_digest = timed("digests", builder.column_digest)
    world = World.of(newest_released())
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            spent.clear()
            index = int(line)
            timed(ALL, builder.make_region)(world, Path(folder), "", index)
            stages = sum(seconds for name, seconds in spent.items() if name.startswith("stage"))
            spent["sort, cast, check"] = spent["generate_region"] - stages
            made = Path(folder) / f"{index:05d}"
            size = sum(path.stat().st_size for path in made.glob("*.parquet"))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            told = {"spent": spent, "size": size, "peak": peak, "digests": region_receipt(made)["digests"]}
            print(json.dumps(told), flush=True)


def start(checkout: str) -> "subprocess.Popen[str]":
    """Start a process that makes regions with a checkout's sources."""
    paths = os.pathsep.join(str(Path(checkout).resolve() / root) for root in ROOTS)
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    command = [sys.executable, __file__, "serve"]
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def make(process: "subprocess.Popen[str]", index: int) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{index}\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def main(before: str, after: str, regions: int) -> int:
    processes = [start(before), start(after)]
    for process in processes:
        make(process, 0)  # compiles the wordbooks
    found: list[list[dict[str, Any]]] = [[], []]
    for index in range(regions):
        for side, process in list(enumerate(processes))[:: 1 if index % 2 == 0 else -1]:
            found[side].append(make(process, index))
    for process in processes:
        process.communicate()
    unequal = [i for i, (a, b) in enumerate(zip(*found, strict=True)) if a["digests"] != b["digests"]]
    print(f"{f'CPU ms per region, median of {regions}':<36} {'before':>8} {'after':>8} {'ratio':>6}")
    for name in found[1][0]["spent"]:
        old, new = (statistics.median(one["spent"].get(name, 0.0) for one in side) * 1000 for side in found)
        print(f"{name:<36} {old:8.1f} {new:8.1f} {new / old if old else 0:6.2f}")
    pairs = [
        b["spent"]["generate_region"] / a["spent"]["generate_region"] for a, b in zip(*found, strict=True)
    ]
    print(f"{'generate_region, median of ratios':<36} {'':8} {'':8} {statistics.median(pairs):6.2f}")
    for name, unit in (("size", 1e6), ("peak", 1)):
        old, new = (max(one[name] for one in side) / unit for side in found)
        print(f"{f'most {name}, MB':<36} {old:8.2f} {new:8.2f} {new / old:6.2f}")
    print(f"regions whose digests differ: {unequal or 'none'}")
    return 1 if unequal else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        sys.exit(serve())
    parser = argparse.ArgumentParser(description="CPU per region by two checkouts.")
    parser.add_argument("before", metavar="BEFORE")
    parser.add_argument("after", metavar="AFTER")
    parser.add_argument("regions", nargs="?", type=int, default=16)
    options = parser.parse_args()
    sys.exit(main(options.before, options.after, options.regions))
