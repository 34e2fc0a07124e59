"""What the fence costs: python tests/performance/fence.py [--release tiny] [--repeats N] [BASELINE ...]

Runs each cell without and with a fence in turn, in one process, and prints medians: wall seconds of preparing,
fitting, predicting and scoring, and what the fence adds. A cell is run once before, so that libraries are loaded.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from tipbench.config.compose import Composer, parse
from tipbench.config.paths import config_folders
from tipbench.fence.session import Limits
from tipbench.runs.allowed_splits import splits_of
from tipbench.runs.grid import expand
from tipbench.runs.runner import run

BASELINES = (
    "advert_risk/prior", "advert_risk/tfidf_logreg", "account_risk/lightgbm", "advert_linkage/exact_duplicates",
    "recruitment_onset/first_cue", "route_forecast/markov", "flag_aggregation/dawid_skene", "prevalence/independence",
)  # fmt: skip


def seconds(baseline: str, release: str, runs: Path, fence: Limits | None) -> float:
    """Return the wall seconds of one cell that is run again."""
    words = [f"baseline={baseline}", f"release={release}", f"runs.path={runs}"]
    composer = Composer(config_folders(None), parse(words))
    cells = expand(composer, lambda task, settings: splits_of(task, settings))
    began = time.perf_counter()
    (outcome,) = run(cells, overwrite="always", quiet=True, fence=fence)
    if outcome.result is None:
        raise SystemExit(f"{baseline}: {outcome.cause}")
    return time.perf_counter() - began


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("baselines", nargs="*", default=BASELINES)
    parser.add_argument("--release", default="tiny")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(f"{'cell, wall s':38} {'off':>8} {'on':>8} {'more':>8} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for baseline in options.baselines:
            taken: dict[bool, list[float]] = {False: [], True: []}
            for repeat in range(options.repeats + 1):
                for on in (False, True):
                    one = seconds(baseline, options.release, Path(folder), Limits() if on else None)
                    taken[on] += [one] if repeat else []
            off, on_ = (statistics.median(taken[key]) for key in (False, True))
            print(f"{baseline:38} {off:8.3f} {on_:8.3f} {on_ - off:8.3f} {on_ / off:6.2f}")


if __name__ == "__main__":
    main()
