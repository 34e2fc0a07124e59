"""What it takes to notice damage: seconds of loading a fold, whose files are checked before they are read.

    python research/cost/damage.py [--sizes tiny,small] [--tasks ...] [--against CHECKOUT] [--repeats N]

Prints one row per size and task: CPU seconds of ``tipbench.load`` in a fresh process (so that other work on the
machine counts little) where nothing was checked yet, where it was checked on the same day, and where nothing was and
the release was made by a version whose receipts hold no digests of files, so that columns are compared; medians. With
another checkout, such as one of an earlier commit, its seconds for the same stand at the end of the row. Releases are
made first, in a temporary folder, so that nothing of the user's is touched.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tipdata.release import Release, make_release
from tipdata.release.manifests import FILES, RECEIPT
from tipdata.release.verification import CHECKED

HERE = Path(__file__).parents[2]
LOAD = """
import sys, time
import tipbench
tipbench.load("prevalence", release=sys.argv[2])  # what is loaded once: libraries, manifests
import shutil
shutil.rmtree(sys.argv[3], ignore_errors=True) if sys.argv[3] else None
try:
    from tipdata.release import verification
    verification._in_this_process.clear()
except ImportError:
    pass
began = time.process_time()
tipbench.load(sys.argv[1], release=sys.argv[2])
print(time.process_time() - began)
"""
TASKS = "advert_risk,payment_risk,account_risk,recruitment_onset"


def seconds(task: str, release: Release, checkout: Path, forget: bool = False) -> float:
    """Return the CPU seconds of loading a fold in a fresh process; ``forget``: nothing counts as checked."""
    places = [str(checkout / place) for place in ("benchmark", "baselines", "datasets")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    words = [sys.executable, "-c", LOAD, task, release.name, str(release.folder / CHECKED) if forget else ""]
    return float(subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout)


def median(task: str, release: Release, checkout: Path, repeats: int, forget: bool = False) -> float:
    return statistics.median(seconds(task, release, checkout, forget) for _ in range(repeats))


def without_files(release: Release) -> None:
    """Make its receipts those of an earlier version."""
    for path in release.folder.glob(f"*/{RECEIPT}"):
        receipt = json.loads(path.read_text(encoding="utf-8"))
        receipt.pop(FILES, None)
        path.write_text(json.dumps(receipt, indent=1, sort_keys=True), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="tiny,small", help="sizes of the newest release (tiny,small)")
    parser.add_argument("--tasks", default=TASKS, help=f"({TASKS})")
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout, run as well")
    parser.add_argument("--repeats", type=int, default=5, help="fresh processes of each (5)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["TIPBENCH_HOME"] = home
        print(f"{'release':<12} {'task':<18} {'first':>7} {'again':>7} {'earlier':>8}")
        for size in options.sizes.split(","):
            release = make_release(Release.from_name(size), quiet=True)
            found = {}
            for task in options.tasks.split(","):
                first = median(task, release, HERE, options.repeats, forget=True)
                found[task] = [first, median(task, release, HERE, options.repeats)]
            without_files(release)
            for task, (first, again) in found.items():
                earlier = median(task, release, HERE, options.repeats, forget=True)
                before = options.against and median(task, release, options.against.resolve(), options.repeats)
                said = "" if before is None else f"  there {before:.3f}"
                print(
                    f"{release.name:<12} {task:<18} {first:>7.3f} {again:>7.3f} {earlier:>8.3f}{said}",
                    flush=True,
                )
            shutil.rmtree(release.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
