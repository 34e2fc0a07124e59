"""What the fence costs: python research/cost/fence.py [--release tiny] [--repeats N] [BASELINE ...]

Runs cells without and with a fence in turn, in one process, and prints medians of wall seconds: *alone*, one cell
that prepares its fold, fits, predicts and is scored; *next*, each further cell (another seed) that shares the fold and
its files. A cell is run once before, so that libraries are loaded.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from tipbench.config.compose import Composer, parse
from tipbench.config.options import config_folders
from tipbench.fence.session import Limits
from tipbench.runs.grid import allowed_splits, expand
from tipbench.runs.runner import run

BASELINES = (
    "advert_risk/prior", "advert_risk/tfidf_logreg", "account_risk/lightgbm", "advert_linkage/exact_duplicates",
    "recruitment_onset/first_cue", "route_forecast/markov", "flag_aggregation/dawid_skene", "prevalence/independence",
)  # fmt: skip


SHARING = 3
"""How many further cells share a fold where their cost is measured."""


def seconds(baseline: str, release: str, runs: Path, fence: Limits | None, cells: int) -> float:
    """Return the wall seconds of cells of one baseline, seeds 0, 1, ..., that are run again."""
    words = [f"baseline={baseline}", f"release={release}", f"runs.path={runs}"]
    typed = [Composer(config_folders(None), parse([*words, f"seed={seed}"])) for seed in range(cells)]
    grid = [cell for one in typed for cell in expand(one, allowed_splits)]
    began = time.perf_counter()
    for outcome in run(grid, overwrite="always", quiet=True, fence=fence):
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
    columns = [f"{kind} {fence}" for kind in ("alone", "next") for fence in ("off", "on", "more")]
    print(f"{'cell, wall s':36}" + "".join(f"{name:>11}" for name in columns))
    with tempfile.TemporaryDirectory() as folder:
        for baseline in options.baselines:
            taken: dict[tuple[bool, int], list[float]] = {}
            for repeat in range(options.repeats + 1):
                for fenced in (False, True):
                    for cells in (1, 1 + SHARING):
                        limits = Limits() if fenced else None
                        one = seconds(baseline, options.release, Path(folder), limits, cells)
                        if repeat:
                            taken.setdefault((fenced, cells), []).append(one)
            median = {key: statistics.median(values) for key, values in taken.items()}
            alone = [median[fenced, 1] for fenced in (False, True)]
            further = [
                (median[fenced, 1 + SHARING] - median[fenced, 1]) / SHARING for fenced in (False, True)
            ]
            values = [*alone, alone[1] - alone[0], *further, further[1] - further[0]]
            print(f"{baseline:36}" + "".join(f"{value:11.3f}" for value in values), flush=True)


if __name__ == "__main__":
    main()
