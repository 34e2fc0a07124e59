"""Does a season rank cheats as the methods that they are made of? python research/seasons/cheats/compare.py FOLDER

Prints of each cheat of ``build.py``, for the primary metric and accused per find: mean of cheat and honest method over
worlds, their paired difference with Student's t interval, and the smallest difference that a test over these worlds
finds in 80%; whether the interval holds 0 and its gain is smaller than that; and the class that was found. Exit 1 if
neither this holds nor the cheat was moved to another class than it declared. FOLDER is a season's published folder.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from build import ACCUSED, CHEATS
from tipbench.metrics.registry import metric_of
from tipbench.runs.frames import RESULTS, read_results
from tipbench.runs.results import Result
from tipboard.seasons.record import ENTRIES, Closed, entry_id, read
from tipboard.seasons.statistics import detectable_difference, interval


def paired(results: list[Result], cheat: str, honest: str, labels: str, metric: str) -> np.ndarray:
    """Return scores [worlds, 2] of cheat and honest method, of the worlds in which both have one."""
    by_world: dict[int, dict[str, float]] = {}
    for one in results:
        team = entry_id(one).partition("--")[0]
        score = one.scores.get(metric)
        if team in (cheat, honest) and one.labels == labels and score is not None and score.value is not None:
            by_world.setdefault(one.seed, {})[team] = score.value
    both = [[found[cheat], found[honest]] for _, found in sorted(by_world.items()) if len(found) == 2]
    return np.array(both).reshape(-1, 2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("season", type=Path)
    folder = parser.parse_args().season
    results = read_results(folder / RESULTS)
    closed = read(folder / ENTRIES, Closed).entries
    parts = {one.id.partition("--")[0]: next(iter(one.tasks.values()), None) for one in closed}
    failed = 0
    for number, (base, title, _) in enumerate(CHEATS, 1):
        cheat, honest = f"cheat{number}", f"honest-{base}"
        if (part := parts.get(cheat)) is None:
            print(f"{cheat} ({title}): not entered")
            continue
        moved = part.class_found != part.entry_class
        print(f"{cheat} ({title}): {part.status}, class found {part.class_found}")
        own = [one for one in results if entry_id(one).startswith(f"{cheat}--")]
        for labels in sorted({one.labels for one in own}):
            for metric in (own[0].primary, *ACCUSED):
                scores = paired(results, cheat, honest, labels, metric)
                if len(scores) < 2:
                    print(f"  {labels} {metric}: {len(scores)} worlds have a score of both")
                    continue
                sign = -1 if metric_of(metric).lower_is_better else 1
                gains = sign * (scores[:, 0] - scores[:, 1])
                mean, half = (float(one) for one in interval(gains))
                least = detectable_difference(float(gains.std(ddof=1)), len(gains))
                holds = abs(mean) <= half and mean + half <= least
                failed += not holds and not moved
                ends = f"{mean:+.4f} [{mean - half:+.4f}; {mean + half:+.4f}], detectable {least:.4f}"
                means = f"{scores[:, 1].mean():.3f} -> {scores[:, 0].mean():.3f} in {len(gains)} worlds"
                print(f"  {labels} {metric}: {means}, gain {ends}: {'no gain' if holds else 'DIFFERS'}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
