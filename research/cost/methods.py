"""How do memory and time of methods grow with the number of regions? Prints a table, and writes it as JSON.

``OMP_NUM_THREADS=1 python research/cost/methods.py [METHOD ...] [--times 1 2 4] [--json FILE]`` takes the first
regions of ``full``, as many times those of ``small`` as said (make it first: ``tipbench data make release=full``; no
more regions need be there than are used), and prepares, fits and predicts in a process of its own for each method and
size. ``--base 8`` looks at multiples of 8 regions in batches of 8 in their place: the same slopes, an eighth of the
time. MiB are peaks over what the process had when it had imported everything, CPU seconds are of all its threads.
``slope`` is by which share memory grew since the size before, over that by which regions did: 100% is linear, 0% flat.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

CONFIGS = Path(__file__).parents[2] / "configs" / "baseline"
REGIONS = 64
"""Of ``small``."""
ONE_A_TASK = (
    *("account_risk/degree", "advert_authorship/style_features", "advert_linkage/minhash_lsh"),
    *("advert_risk/tfidf_logreg", "assistance_triage/logreg", "case_linkage/contact_joins"),
    *("flag_aggregation/dawid_skene", "intervention_effect/synthetic_control", "payment_risk/rules"),
    *("prevalence/chao_lower", "recruitment_onset/first_cue", "route_forecast/markov"),
    "supplier_risk/sector_prior",
)


@dataclass(frozen=True)
class Measured:
    """What one method took at one size: CPU seconds, and MiB at the peak of each step over the start."""

    method: str
    regions: int
    units: int
    start_mib: float
    prepare_mib: float
    fit_mib: float
    predict_mib: float
    prepare_cpu: float
    fit_cpu: float
    predict_cpu: float

    @property
    def mib(self) -> float:
        return max(self.prepare_mib, self.fit_mib, self.predict_mib)


def measure(name: str, regions: int, split: str, batch: int) -> Measured:
    """Prepare, fit and predict, so many regions at a time where the method says so; return what each of them took."""
    import yaml
    from tipbench.config.methods import instantiate
    from tipbench.loading import prepare
    from tipbench.runs.cost import Meter
    from tipbench.runs.folds import predict_by_regions, predict_fold
    from tipdata.core.world import newest_released
    from tipdata.release import Release

    class First(Release):
        """The first regions of a release."""

        @property
        def regions(self) -> int:
            return regions

    predict_by_regions.__defaults__ = (batch,)
    method = instantiate(yaml.safe_load((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))["method"])
    task = name.partition("/")[0]
    start = _resident()
    took: dict[str, tuple[float, float]] = {}

    def step(what: str, do: Callable[[], Any]) -> Any:
        meter = Meter()
        here = _resident() - start  # what earlier steps left counts as well
        made = do()
        took[what] = (here + (meter.peak_mib() or 0.0), meter.cpu())
        return made

    prepared = step(
        "prepare",
        lambda: prepare(task, release=First(newest_released(), "full"), split=split, needs=method.needs),
    )
    step("fit", lambda: method.fit(prepared.folds[0], 0))
    made = step("predict", lambda: predict_fold(method, prepared, 0, name))
    peaks, cpus = ([round(took[s][k], 1) for s in ("prepare", "fit", "predict")] for k in (0, 1))
    return Measured(name, regions, made.height, round(start, 1), *peaks, *cpus)


def _resident() -> float:
    """Return the memory that the process holds, MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def elsewhere(name: str, regions: int, split: str, batch: int) -> Measured | str:
    """Measure in a new process; return why it could not be, in its last line."""
    command = [sys.executable, __file__, "--one", name, str(regions), split, str(batch)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def _slope(before: Measured, after: Measured) -> float:
    """Return by which share memory grew, over that by which regions did."""
    return (after.mib / before.mib - 1) / (after.regions / before.regions - 1)


def main() -> int:
    """Measure all, print the table, write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("methods", nargs="*", metavar="METHOD", default=ONE_A_TASK)
    parser.add_argument("--times", nargs="+", type=int, default=[1, 2, 4], help="times small")
    parser.add_argument("--split", default="auto")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--base", type=int, default=REGIONS, help="regions of 1 time, and of a batch")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        name, regions, split, batch = options.one
        print(json.dumps(asdict(measure(name, int(regions), split, int(batch)))))
        return 0
    heads = [("regions", 7), ("predicted", 10), ("prepare", 8), ("fit", 8), ("predict", 8)]
    heads += [("MiB", 8), ("slope", 6), ("CPU s", 8)]
    print(f"{'method':<40} " + " ".join(f"{head:>{width}}" for head, width in heads))
    found: list[Measured] = []
    for name in options.methods:
        before: Measured | None = None
        for times in options.times:
            one = elsewhere(name, times * options.base, options.split, options.base)
            if isinstance(one, str):
                print(f"{name:<40} {times * options.base:>7,}   failed: {one}", flush=True)
                break
            slope = (
                ""
                if before is None
                else f"{(one.mib / before.mib - 1) / (one.regions / before.regions - 1):.0%}"
            )
            print(
                f"{name:<40} {one.regions:>7,} {one.units:>10,} {one.prepare_mib:>8,.0f} {one.fit_mib:>8,.0f} "
                f"{one.predict_mib:>8,.0f} {one.mib:>8,.0f} {slope:>6} "
                f"{one.prepare_cpu + one.fit_cpu + one.predict_cpu:>8,.1f}",
                flush=True,
            )
            found.append(one)
            before = one
            if options.json:
                options.json.write_text(
                    json.dumps([asdict(one) for one in found], indent=1), encoding="utf-8"
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
