"""What the quickstart takes, and where its time goes.

    python research/cost/quickstart.py [--repeats N] [PYTHON ...]
    python research/cost/quickstart.py --parts [OVERRIDE ...]

The first runs ``tipbench run`` with each PYTHON in turn, N times, each time in an empty folder and with nothing made
before. Each PYTHON belongs to a virtual environment that has tipbench; without any this one runs, with this checkout.
Prints CPU and wall seconds, medians, and the ratio to the first. Exit code 1 where the wall seconds of the first are
over the bound, which is for two idle cores.

``--parts`` runs it in one process and prints the CPU seconds of each part, without those of the parts inside it; what
is typed beside it narrows the run, such as ``baseline=advert_risk/lightgbm``.
"""

import argparse
import functools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parents[2]
PACKAGES = ("benchmark", "baselines", "datasets")
BOUND = 30
PARTS = (
    ("making tiny", "tipbench.runs.grid", "open_release"),
    ("composing configs", "tipbench.config.compose", "compose"),
    ("units, for their splits", "tipbench.runs.grid", "units_of"),
    ("digests of code", "tipbench.runs.runner", "decide"),
    ("preparing folds", "tipbench.runs.folds", "prepare_cell"),
    ("fit and predict", "tipbench.runs.runner", "fit_and_predict"),
    ("checking predictions", "tipbench.runs.runner", "check_predictions"),
    ("scoring, bootstrap", "tipbench.runs.runner", "evaluate"),
    ("the valid part", "tipbench.runs.runner", "validate"),
    ("recording", "tipbench.runs.runner", "record"),
    ("figure", "tipbench.commands.run", "save"),
)
"""What a part is called, and the name by which it is called."""


class Taken(NamedTuple):
    """Seconds of a run with the processes that it started."""

    cpu: float
    wall: float


def taken(python: str, checkout: Path | None) -> Taken:
    """Return the seconds of a quickstart by a Python, with the packages of a checkout or with what is installed."""
    with tempfile.TemporaryDirectory() as place:
        environment = {**os.environ, "TIPBENCH_HOME": str(Path(place, "home")), "OMP_NUM_THREADS": "1"}
        environment.pop("PYTHONPATH", None)
        if checkout is not None:
            environment["PYTHONPATH"] = os.pathsep.join(str(checkout / name) for name in PACKAGES)
        began = time.perf_counter()
        process = subprocess.Popen(
            [python, "-m", "tipbench", "run", "--quiet"],
            cwd=place,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode or not Path(place, "runs", "quickstart.png").is_file():
            raise SystemExit(f"the quickstart of {python} failed")
    return Taken(used.ru_utime + used.ru_stime, wall)


def compare(pythons: Sequence[str], repeats: int) -> int:
    """Print what each takes, run in turn."""
    asked = [(python, None) for python in pythons] or [(sys.executable, HERE)]
    times: list[list[Taken]] = [[] for _ in asked]
    for _ in range(repeats):
        for one, (python, checkout) in zip(times, asked, strict=True):
            one.append(taken(python, checkout))
    print(f"{'quickstart of':<48} {'CPU s':>7} {'wall s':>7} {'ratio of CPU':>13}")
    medians = [Taken(*map(statistics.median, zip(*one, strict=True))) for one in times]
    for (python, _), median in zip(asked, medians, strict=True):
        print(
            f"{python[-48:]:<48} {median.cpu:>7.1f} {median.wall:>7.1f} {median.cpu / medians[0].cpu:>13.2f}"
        )
    kept = medians[0].wall <= BOUND
    print(f"bound: {BOUND} s of wall on two idle cores: {'kept' if kept else 'NOT KEPT'}")
    return 0 if kept else 1


class Stopwatch:
    """CPU seconds by part; those of a part that is called inside another count for the inner one alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)
        self._inside: list[float] = []

    def watch(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, watched."""

        @functools.wraps(function)
        def watched(*args: Any, **more: Any) -> Any:
            began = time.process_time()
            self._inside.append(0.0)
            try:
                return function(*args, **more)
            finally:
                spent = time.process_time() - began
                self.seconds[part] += spent - self._inside.pop()
                self.calls[part] += 1
                if self._inside:
                    self._inside[-1] += spent

        return watched


def parts(overrides: Sequence[str]) -> int:
    """Print where the CPU seconds of a quickstart go that runs in this process."""
    sys.path[:0] = [str(HERE / name) for name in PACKAGES]
    from tipbench.cli import main as tipbench

    stopwatch = Stopwatch()
    for part, module, name in PARTS:
        there = import_module(module)
        setattr(there, name, stopwatch.watch(part, getattr(there, name)))
    with tempfile.TemporaryDirectory() as place:
        os.environ.setdefault("TIPBENCH_HOME", str(Path(place, "home")))
        before, rest = Path.cwd(), stopwatch.watch("all else, imports", tipbench)
        os.chdir(place)
        sys.argv[1:] = ["run", "experiment=quickstart", "engine=sequential", "--quiet", *overrides]
        failed = rest()
        os.chdir(before)
    print(f"{'part':<26} {'calls':>6} {'CPU s':>7}")
    for part, spent in sorted(stopwatch.seconds.items(), key=lambda one: -one[1]):
        print(f"{part:<26} {stopwatch.calls[part]:>6} {spent:>7.2f}")
    print(f"{'all':<26} {'':>6} {sum(stopwatch.seconds.values()):>7.2f}")
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=3, help="runs of each (3)")
    parser.add_argument("--parts", action="store_true", help="where the CPU seconds go, in one process")
    parser.add_argument("words", nargs="*", metavar="PYTHON | OVERRIDE")
    options = parser.parse_args()
    return parts(options.words) if options.parts else compare(options.words, options.repeats)


if __name__ == "__main__":
    sys.exit(main())
