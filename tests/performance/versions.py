"""What a region costs in two versions of the data, in one paired run.

``python tests/performance/versions.py [--regions 24] [--versions 0.4.0 0.4.0]``

CPU milliseconds per region, by stage: medians over regions, and the median of their ratios; other processes on the
machine hardly enter. The versions take turns at going first. *tables*: they are cast, sorted by key and checked.
*written*: as parquet files. *a process*: CPU of a new process's imports and first region, less one more region;
``cold`` in an empty home, ``warm`` in one where a process was before.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

os.environ.update(OMP_NUM_THREADS="1", POLARS_MAX_THREADS="1", RAYON_NUM_THREADS="1")
TABLES, GENERATED, WRITTEN, BOTH = "tables", "generated", "written", "generated and written"
FRESH = """
import time
from tipdata.core.world import World
from tipdata.release import generate_region
taken = [0.0]
for _ in range(2):
    generate_region(World.of({version!r}), 0)
    taken.append(time.process_time())
print(taken[1] - (taken[2] - taken[1]))
"""


def spent(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return CPU milliseconds, and what the work returned."""
    start = time.process_time()
    made = work()
    return 1000 * (time.process_time() - start), made


def region_cost(version: str, index: int) -> dict[str, float]:
    """Return CPU milliseconds of one region: by stage, of its tables, and in all."""
    from tipdata import stages as module
    from tipdata.core.world import World
    from tipdata.release import generate_region
    from tipdata.stages import stages_of

    cost: dict[str, float] = {}

    def timed(name: str, generate: Callable[..., Any], *given: Any) -> Any:
        cost[name], made = spent(lambda: generate(*given))
        return made

    module.stages_of = lambda version: tuple(  # type: ignore[assignment]
        replace(stage, generate=partial(timed, stage.name, stage.generate)) for stage in stages_of(version)
    )
    try:
        whole, tables = spent(lambda: generate_region(World.of(version), index))
    finally:
        module.stages_of = stages_of
    written, _ = spent(
        lambda: [frame.write_parquet(io.BytesIO(), compression="zstd") for frame in tables.values()]
    )
    rest = whole - sum(cost.values())
    return {**cost, TABLES: rest, GENERATED: whole, WRITTEN: written, BOTH: whole + written}


def process_cost(version: str, home: str) -> float:
    """Return CPU milliseconds that a new process spends beside its regions."""
    run = subprocess.run(  # nosec B603 # this interpreter
        [sys.executable, "-c", FRESH.format(version=version)],
        env={**os.environ, "TIPBENCH_HOME": home},
        capture_output=True,
        text=True,
        check=True,
    )
    return 1000 * float(run.stdout)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--regions", type=int, default=24)
    parser.add_argument("--versions", nargs=2, default=("0.4.0", "0.4.0"))
    options = parser.parse_args()
    costs: dict[str, dict[str, list[float]]] = {v: defaultdict(list) for v in options.versions}
    for index in range(options.regions + 1):
        for version in sorted(options.versions, reverse=bool(index % 2)):
            cost = region_cost(version, index)
            for name, value in cost.items() if index else ():  # the first reads and compiles
                costs[version][name].append(value)
    for _ in range(3):
        for version in options.versions:
            with tempfile.TemporaryDirectory() as home:
                for name in ("a process, cold", "a process, warm"):
                    costs[version][name].append(process_cost(version, home))
    first, second = (costs[version] for version in options.versions)
    print(f"{'CPU ms a region':<24} {options.versions[0]:>9} {options.versions[1]:>9} {'ratio':>7}")
    for name in dict.fromkeys([*first, *second]):
        shown = [f"{statistics.median(c[name]):9.1f}" if c[name] else f"{'-':>9}" for c in (first, second)]
        ratios = [b / a for a, b in zip(first[name], second[name], strict=False)]
        print(f"{name:<24} {' '.join(shown)} {statistics.median(ratios) if ratios else 0:7.2f}")


if __name__ == "__main__":
    main()
