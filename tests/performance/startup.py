"""How long tipbench takes to start, beyond Python's own start: python tests/performance/startup.py

Prints one row a budget: what, CPU seconds (so that other work on the machine counts little), wall seconds,
bound, whether the CPU seconds hold it; medians of fresh processes. Exit code 1 when one does not.
"""

import os
import statistics
import subprocess
import sys
import time

REPEATS = 15
HELP = "import sys; sys.argv = ['tipbench', '--help']; from tipbench.cli import main; main()"
BOUNDS = {
    "import tipbench": ("import tipbench", 0.05),
    "tipbench --help": (HELP, 0.1),
    "first use (tipbench.load)": ("import tipbench; tipbench.load", 0.4),
}


def seconds(code: str) -> tuple[float, float]:
    """CPU and wall seconds of a fresh Python that runs this."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"failed: {code}")
    return used.ru_utime + used.ru_stime, wall


def main() -> int:
    for code, _ in BOUNDS.values():
        seconds(code)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in BOUNDS}
    for _ in range(REPEATS):
        bare = seconds("pass")
        for name, (code, _) in BOUNDS.items():
            here = seconds(code)
            taken[name].append((here[0] - bare[0], here[1] - bare[1]))
    print(f"{'what':<28} {'CPU s':>7} {'wall s':>7} {'bound s':>8}")
    kept = True
    for name, (_, bound) in BOUNDS.items():
        cpu, wall = (statistics.median(column) for column in zip(*taken[name], strict=True))
        kept &= cpu <= bound
        print(f"{name:<28} {cpu:>7.3f} {wall:>7.3f} {bound:>8.2f}  {'kept' if cpu <= bound else 'NOT KEPT'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
