"""Do all engines make the same, how long do they take, and what does a killed worker cost? Prints a table.

``OMP_NUM_THREADS=1 python research/cost/engines.py [--engines loky dask ray submitit] [--sizes 1 2 4 8]`` makes as
many times the regions of ``small`` on each engine, compares the digests of all columns with one process's, and kills a
worker in the middle of the smallest. Each size starts workers anew, where the engine starts any; so the wall time is a
line that does not begin at 0, which is drawn through the sizes and said, with how far the worst lies off it. Then each
engine runs a few methods on ``tiny``, whose results and digests of predictions must be those of one process. Run it on
an idle machine; engines whose extra is not installed are left out, and named.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

MODULES = {"loky": "joblib", "dask": "distributed", "ray": "ray", "submitit": "submitit"}
REGIONS = 64
"""Of ``small``."""
METHODS = (
    *("advert_risk/tfidf_logreg", "advert_risk/lightgbm", "advert_linkage/minhash_lsh"),
    *("flag_aggregation/dawid_skene", "payment_risk/rules", "prevalence/chao_lower"),
)
EQUAL = (
    "scores",
    "valid",
    "groups",
    "oracle",
    "curves",
    "estimates",
    "by_form",
    "notes",
    "predictions",
    "valid_predictions",
)
"""What results of a cell have in common wherever it is run; the rest is when and where, and what it cost."""


def work(folder: Path, killed: int, index: int) -> tuple[int, int]:
    """Make a region; return the worker's number and its peak of memory, MiB. ``killed``: where it dies, once."""
    from tipcore.operating_system import peak_memory
    from tipdata.core.world import World, newest_released
    from tipdata.release.builder import make_region

    mark = folder / "killed"
    if index == killed and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    make_region(World.of(newest_released()), folder, "", index)
    return os.getpid(), (peak_memory() or 0) // 1024  # getrusage would begin at the parent's


def digests(folder: Path) -> dict[str, object]:
    """Return the digests of all columns of all regions that are there."""
    from tipdata.release.manifests import RECEIPT

    found = sorted(path for path in folder.iterdir() if (path / RECEIPT).is_file())
    return {path.name: json.loads((path / RECEIPT).read_bytes())["digests"] for path in found}


def results(engine: str, workers: int) -> dict[str, dict[str, object]]:
    """Return what the methods come to on an engine, by the cell's folder."""
    with tempfile.TemporaryDirectory() as place:
        runs = Path(place) / "runs"
        command = [sys.executable, "-m", "tipbench", "run", "-m", f"baseline={','.join(METHODS)}"]
        command += ["release=tiny", "seed=0,1", f"engine={engine}", f"runs.path={runs}", "--quiet"]
        command += [f"engine.workers={workers}"] if engine != "sequential" else []
        command += ["engine.cluster=local", f"engine.folder={place}/jobs"] if engine == "submitit" else []
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found = {
            str(path.parent.relative_to(runs)): json.loads(path.read_bytes())
            for path in runs.rglob("result.json")
        }
    return {cell: {name: result.get(name) for name in EQUAL} for cell, result in found.items()}


def line_of(regions: list[int], walls: list[float]) -> str:
    """Return the line that wall times follow, each of them counting by its share, and the farthest from it."""
    import numpy as np

    wall = np.array(walls)
    terms = np.column_stack([np.ones(len(regions)), regions])
    (start, slope), *_ = np.linalg.lstsq(terms / wall[:, None], np.ones(len(wall)), rcond=None)
    off = np.abs(terms @ [start, slope] / wall - 1).max()
    return f"{start:.1f} s and {slope:.3f} s a region; the worst is {off:.0%} off"


def main() -> int:
    """Run all and print the table; return 1 where digests differ."""
    from tipcore.engines import Engine, run_all

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engines", nargs="+", choices=MODULES, default=list(MODULES))
    parser.add_argument("--sizes", nargs="+", type=int, default=[1, 2, 4, 8], help="times small")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    right: dict[str, object] = {}
    first: dict[str, dict[str, object]] = {}
    print(
        f"{'engine':<11} {'regions':>8} {'wall s':>8} {'a region':>9} {'peak MiB':>9} {'workers':>8}   digests"
    )
    for name in ("sequential", *options.engines):
        if name != "sequential" and find_spec(MODULES[name]) is None:
            print(f"{name:<11} left out: its extra is not installed")
            continue
        sizes: list[int] = []
        walls: list[float] = []
        runs = [(times, -1) for times in options.sizes]
        runs += [(options.sizes[0], REGIONS // 2)] if name != "sequential" else []
        for times, killed in runs if name != "sequential" else [(max(options.sizes), -1)]:
            with tempfile.TemporaryDirectory() as place:
                folder, jobs = Path(place) / "release", Path(place) / "jobs"
                folder.mkdir()
                engine = Engine(name, options.workers if name != "sequential" else None)
                if name == "submitit":
                    engine = replace(engine, cluster="local", folder=str(jobs))
                start = time.perf_counter()
                made = run_all(partial(work, folder, killed), range(times * REGIONS), engine, quiet=True)
                wall = time.perf_counter() - start
                found = digests(folder)
            right = right or found
            same = all(found[region] == right[region] for region in found) and len(found) == times * REGIONS
            said = "as one process" if same else "DIFFER"
            peak, workers = max(peak for _, peak in made), len({process for process, _ in made})
            print(
                f"{name:<11} {len(made):>8,} {wall:>8.1f} {wall / len(made):>9.3f} {peak:>9,} {workers:>8}   {said}"
                f"{'; a worker was killed' if killed >= 0 else ''}",
                flush=True,
            )
            if not same:
                return 1
            if killed < 0:
                sizes.append(len(made))
                walls.append(wall)
        if len(sizes) > 2:
            print(f"{name:<11} {line_of(sizes, walls)}", flush=True)
        came_to = results(name, options.workers)
        first = first or came_to
        if not came_to or came_to != first:
            print(f"{name:<11} {len(came_to)} results DIFFER")
            return 1
        print(f"{name:<11} {len(came_to)} results and digests of predictions as of one process", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
