"""How long tipbench takes to start, beyond Python's own start.

    python research/cost/startup.py [--against CHECKOUT] [--repeats N]

Prints one row per budget: what, CPU seconds (so that other work on the machine counts little), wall seconds, bound,
whether the CPU seconds hold it; medians over fresh processes. With another checkout, such as one of an earlier commit,
each process is run there too, in turn, and its CPU seconds and their ratio stand at the end of the row. Exit code 1
when a bound does not hold. The release ``tiny`` is made first, where it is missing.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parents[2]


def command(*words: str) -> str:
    """Return the Python code that runs a command."""
    return f"import sys; sys.argv = {['tipbench', *words]}; from tipbench.cli import main; sys.exit(main())"


BOUNDS = {
    "import tipbench": ("import tipbench", 0.05),
    "tipbench --help": (command("--help"), 0.1),
    "tipbench run --help": (command("run", "--help"), 0.1),
    "tipbench score --help": (command("score", "--help"), 0.4),
    "tipbench board --help": (command("board", "--help"), 0.1),
    "tipbench list baselines": (command("list", "baselines"), 0.2),
    "tipbench list splits": (command("list", "splits"), 0.4),
    "tipbench list tasks": (command("list", "tasks"), 0.4),
    "first use (tipbench.load)": ("import tipbench; tipbench.load", 0.4),
    "first load of a fold": ("import tipbench; tipbench.load('advert_risk')", 0.6),
}
"""What is started -> the code, and the most CPU seconds that it may take."""


class Taken(NamedTuple):
    """Seconds of a process."""

    cpu: float
    wall: float


def taken(code: str, checkout: Path, python: str = sys.executable) -> Taken:
    """Return the seconds of a fresh Python that runs this with the packages of a checkout."""
    places = [str(checkout / place) for place in ("benchmark", "baselines", "datasets")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    began = time.perf_counter()
    process = subprocess.Popen([python, "-c", code], stdout=subprocess.DEVNULL, env=environment)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"failed in {checkout}: {code}")
    return Taken(used.ru_utime + used.ru_stime, wall)


def measured(checkouts: Sequence[Path], repeats: int) -> dict[str, list[Taken]]:
    """Return the median of what each start takes in each checkout, beyond a Python that does nothing."""
    for checkout in checkouts:
        for code, _ in BOUNDS.values():
            taken(code, checkout)
    found: dict[str, list[list[Taken]]] = {name: [[] for _ in checkouts] for name in BOUNDS}
    for _ in range(repeats):
        bare = taken("pass", HERE)
        for name, (code, _) in BOUNDS.items():
            for times, checkout in zip(found[name], checkouts, strict=True):
                here = taken(code, checkout)
                times.append(Taken(here.cpu - bare.cpu, here.wall - bare.wall))
    return {
        name: [Taken(*map(statistics.median, zip(*times, strict=True))) for times in columns]
        for name, columns in found.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout, run in turn")
    parser.add_argument("--repeats", type=int, default=15, help="fresh processes of each (15)")
    options = parser.parse_args()
    checkouts = [HERE, *([options.against.resolve()] if options.against else [])]
    print(f"{'what':<28} {'CPU s':>7} {'wall s':>7} {'bound s':>8}")
    kept = True
    for name, (here, *there) in measured(checkouts, options.repeats).items():
        bound = BOUNDS[name][1]
        kept &= here.cpu <= bound
        said = "kept" if here.cpu <= bound else "NOT KEPT"
        beside = "".join(f"  there {other.cpu:.3f}, ratio {here.cpu / other.cpu:.2f}" for other in there)
        print(f"{name:<28} {here.cpu:>7.3f} {here.wall:>7.3f} {bound:>8.2f}  {said:<8}{beside}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
