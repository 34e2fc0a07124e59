"""Do the statistics of a season keep what they promise? python research/seasons/power.py [--seasons 2000]

Simulates seasons of scores of eight equally good methods. A score varies over worlds by one of :data:`VARIANCES`, in
units of the variance of a cluster bootstrap within one world, and correlates with those of the other methods by
:data:`CORRELATION`; both were measured on five worlds of data 0.4.0. Effects are in standard deviations over worlds of
the paired difference of the first two methods. Printed as one table, in percent of seasons: how often the 95% interval
holds a mean and a paired difference; type I error of that pair; family-wise error over all 28 pairs after Holm; power
for a first method that is better than all others by an effect, of the pair alone and after Holm; how often a task is
marked as dependent on assumptions where it is not, and where the first method is one standard deviation better in one
half of the worlds and one worse in the other; and the smallest difference that the pair's test finds in 80%. For 8
worlds also a percentile bootstrap of worlds and a two-level one, of worlds and of the clusters in each.

``--releases small.w11 small.w12 [--tasks advert_risk ...]`` prints in its place what each task can detect
there: positive operations (all operations, where a task has no positives) of the training and the test part of the
default split; the difference between two cheap methods (:data:`PAIRS`) in the primary metric, with the standard error
of its paired cluster bootstrap; and the smallest difference that a two-sided test at 5% finds in 80%, in one such world
and over 16. Over worlds the difference is taken to vary by that standard error, times what :data:`VARIANCES` add to it.

``--season FOLDER`` prints for each task of a closed season, medians over its shipped methods (without oracles, lines
and constant scores) or over pairs of them: the standard deviation of a score over worlds, that of a paired difference,
the correlation, the ratio of the first variance to that of the bootstrap within a world, and the smallest difference
that a paired test at 5% finds in 80%.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import tipbench
from scipy.stats import norm
from tipbench.data.releases import collect_units, open_by_name
from tipbench.evaluation.comparison import adjust_holm
from tipbench.runs.findings import LINES
from tipbench.runs.frames import RESULTS, read_results
from tipbench.runs.results import Result
from tipboard.seasons.statistics import LEVEL, depends_on_assumptions, detectable_difference, interval, rank

VARIANCES = (1.4, 0.8, 0.4, 0.7, 0.9, 1.2, 1.8, 2.0)
"""Over worlds, of each method's score: the median of each of eight tasks."""
CORRELATION = 0.5
EFFECTS = (1.0, 1.5, 2.0)
REPLICATES = 2000
PAIRS = {
    "advert_risk": ("indicator_count", "tfidf_logreg"),
    "advert_linkage": ("exact_duplicates", "phone_components"),
    "advert_authorship": ("style_features", "tfidf_cosine"),
    "payment_risk": ("rules", "lightgbm"),
    "flag_aggregation": ("majority", "dawid_skene"),
}
"""Two cheap methods of each task that learn different things."""
POWER, WORLDS = 0.8, 16


def draw(rng: np.random.Generator, worlds: int, skewed: bool = False) -> np.ndarray:
    """Return deviations of variance 1, [worlds, methods], that correlate within a world."""
    shape = worlds, 1 + len(VARIANCES)
    found = rng.gamma(2.0, 1 / np.sqrt(2), shape) - np.sqrt(2) if skewed else rng.normal(size=shape)
    return np.sqrt(CORRELATION) * found[:, :1] + np.sqrt(1 - CORRELATION) * found[:, 1:]


def deviation_of_pair() -> float:
    """Return the standard deviation over worlds of the difference between the first two methods."""
    first, second = VARIANCES[:2]
    return float(np.sqrt(first + second - 2 * CORRELATION * np.sqrt(first * second)))


def simulate_t(rng: np.random.Generator, worlds: int, skewed: bool, seasons: int) -> dict[str, float]:
    """Return the share of seasons in which each statement of :func:`rank` holds."""
    unit = deviation_of_pair()
    drawn = np.arange(worlds) >= worlds // 2
    counts: dict[str, float] = {}

    def count(name: str, holds: bool | np.bool_ | np.ndarray) -> None:
        counts[name] = counts.get(name, 0) + bool(holds) / seasons

    for _ in range(seasons):
        scores = draw(rng, worlds, skewed) * np.sqrt(VARIANCES)
        null = rank(scores)
        apart = abs(null.difference[0, 1]) > null.half_width[0, 1]
        mean, half = interval(scores[:, 0])
        count("mean", abs(mean) <= half)
        count("difference", not apart)
        count("type I", apart)
        count("family", null.better.any())
        for effect in EFFECTS:
            found = rank(scores + effect * unit * (np.arange(len(VARIANCES)) == 0))
            if effect == 1:
                count("power 1", found.difference[0, 1] > found.half_width[0, 1])
            count(f"Holm {effect:g}", found.better[0, 1])
        count("assumptions", depends_on_assumptions(scores, drawn))
        turned = unit * np.where(drawn, -1, 1)[:, None] * (np.arange(len(VARIANCES)) == 0)
        count("turned", depends_on_assumptions(scores + turned, drawn))
    return counts | {"least": detectable_difference(1.0, worlds)}


def simulate_bootstrap(
    rng: np.random.Generator, worlds: int, skewed: bool, seasons: int, within: bool
) -> dict[str, float]:
    """Return the same of a percentile bootstrap of worlds; ``within``: of the clusters in each drawn world too."""
    unit = deviation_of_pair()
    methods = len(VARIANCES)
    first, second = np.triu_indices(methods, k=1)
    names = ("mean", "difference", "type I", "family", "power 1", "Holm 1")
    counts: dict[str, float] = dict.fromkeys(names, 0.0)
    for _ in range(seasons):
        scores = draw(rng, worlds, skewed) * np.sqrt(VARIANCES)
        weights = rng.multinomial(worlds, np.full(worlds, 1 / worlds), REPLICATES) / worlds
        drawn = weights @ scores
        if within:  # a drawn world's score varies by the cluster bootstrap, whose variance is the unit
            drawn += draw(rng, REPLICATES) * np.sqrt((weights**2).sum(axis=1))[:, None]
        low, high = np.quantile(drawn[:, 0], [LEVEL / 2, 1 - LEVEL / 2])
        counts["mean"] += low <= 0 <= high
        for effect, pair, family in ((0.0, "type I", "family"), (1.0, "power 1", "Holm 1")):
            moved = drawn + effect * unit * (np.arange(methods) == 0)
            apart = moved[:, first] - moved[:, second]
            below = np.minimum((apart <= 0).sum(axis=0), (apart >= 0).sum(axis=0))
            p = np.minimum(1.0, 2 * (1 + below) / (1 + REPLICATES))
            counts[pair] += p[0] < LEVEL
            adjusted = np.array(adjust_holm(p)) < LEVEL
            counts[family] += adjusted[0] if effect else adjusted.any()
    counts["difference"] = seasons - counts["type I"]
    return {name: count / seasons for name, count in counts.items()}


def count_operations(task: str, release: str) -> dict[str, int]:
    """Return how many operations the training and the test part have, positive ones where the task has positives."""
    made = tipbench.prepare(task, release=release, labels="truth")
    clusters = collect_units(made.task.units, open_by_name(release)).select(made.task.unit, "cluster")
    learnt = made.folds[0].supervision.filter(part="train").join(clusters, on=made.task.unit)
    tested = made.answers.scored_rows()
    if "label" in tested.columns:
        learnt, tested = learnt.filter(pl.col("label") == 1), tested.filter(pl.col("label") == 1)
    return {"train": learnt["cluster"].n_unique(), "test": tested["cluster"].n_unique()}


def measure_detectable(task: str, release: str) -> Iterator[str]:
    """Yield the cells of a row: operations, difference and its standard error, and what can be detected."""
    with tempfile.TemporaryDirectory() as runs:
        pair = [
            tipbench.run(f"{task}/{name}", release=release, replicates=0, runs=runs) for name in PAIRS[task]
        ]
        found = tipbench.compare(*pair, runs=runs).row(0, named=True)
    yield from (f"{count:,}" for count in count_operations(task, release).values())
    error = (found["high"] - found["low"]) / (2 * norm.ppf(1 - LEVEL / 2))
    yield from (f"{found['difference']:+.4f}", f"{error:.4f}")
    yield f"{(norm.ppf(1 - LEVEL / 2) + norm.ppf(POWER)) * error:.4f}"
    yield f"{detectable_difference(error * deviation_of_pair(), WORLDS, POWER):.4f}"


def print_detectable(tasks: list[str], releases: list[str]) -> None:
    """Print a row for each task and release."""
    print("| task | release | methods | train | test | difference | standard error | one world | 16 worlds |")
    print("|---|---|---|" + "--:|" * 6)
    for task in tasks:
        for release in releases:
            cells = [task, release, " → ".join(PAIRS[task]), *measure_detectable(task, release)]
            print("|", " | ".join(cells), "|", flush=True)


def print_season(results: list[Result]) -> None:
    """Print a row for each task of a season."""
    print(
        "| task | methods | sd of a score | sd of a difference | correlation | variance ratio | detectable |"
    )
    print("|---|" + "--:|" * 6)
    for task in sorted({one.task for one in results}):
        found: dict[str, list[tuple[float, float]]] = {}
        for one in results:
            if one.task != task or one.labels == "expert" or one.oracle_method:
                continue
            if one.method in LINES or "--" in one.method:  # a package's name has its team
                continue
            score = one.scores[one.primary]
            if score.value is not None:
                width = np.nan if score.low is None or score.high is None else score.high - score.low
                found.setdefault(one.method, []).append((score.value, width / (2 * norm.ppf(1 - LEVEL / 2))))
        worlds = max(map(len, found.values()))
        whole = np.array([rows for rows in found.values() if len(rows) == worlds])  # [methods, worlds, 2]
        scores, errors = np.moveaxis(whole[whole[:, :, 0].std(axis=1) > 0], 2, 0)
        first, second = np.triu_indices(len(scores), k=1)
        alone = scores.std(axis=1, ddof=1)
        paired = float(np.median((scores[first] - scores[second]).std(axis=1, ddof=1)))
        ratio = np.median(alone**2 / (errors**2).mean(axis=1))
        cells = [
            f"{np.median(alone):.4f}",
            f"{paired:.4f}",
            f"{np.median(np.corrcoef(scores)[first, second]):.2f}",
        ]
        cells += [
            "" if np.isnan(ratio) else f"{ratio:.1f}",
            f"{detectable_difference(paired, worlds):.4f}",
        ]
        print(f"| {task} | {len(scores)} |", " | ".join(cells), "|")


COLUMNS = {
    "mean": "mean covered",
    "difference": "difference covered",
    "type I": "type I",
    "family": "family-wise",
    "power 1": "power, 1 sd",
    **{f"Holm {effect:g}": f"Holm, {effect:g} sd" for effect in EFFECTS},
    "assumptions": "wrongly marked",
    "turned": "rightly marked",
    "least": "detectable, sd",
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seasons", type=int, default=2000)
    parser.add_argument("--releases", nargs="+", default=[])
    parser.add_argument("--tasks", nargs="+", default=list(PAIRS), choices=PAIRS)
    parser.add_argument("--season", type=Path)
    options = parser.parse_args()
    seasons = options.seasons
    if options.season:
        print_season(read_results(options.season / RESULTS))
        return
    if options.releases:
        print_detectable(options.tasks, options.releases)
        return
    print("| worlds | deviations | interval |", " | ".join(COLUMNS.values()), "|")
    print("|--:|---|---|" + "--:|" * len(COLUMNS))
    for skewed in (False, True):
        for worlds in (6, 8, 16):
            rng = np.random.default_rng([worlds, skewed])
            made = {"Student's t": simulate_t(rng, worlds, skewed, seasons)}
            if worlds == 8:
                made["bootstrap of worlds"] = simulate_bootstrap(rng, worlds, skewed, seasons, within=False)
                made["two-level bootstrap"] = simulate_bootstrap(rng, worlds, skewed, seasons, within=True)
            for name, shares in made.items():
                cells = [
                    ""
                    if key not in shares
                    else f"{shares[key]:.2f}"
                    if key == "least"
                    else f"{shares[key]:.1%}"
                    for key in COLUMNS
                ]
                print(
                    f"| {worlds} | {'skewed' if skewed else 'normal'} | {name} |",
                    " | ".join(cells),
                    "|",
                    flush=True,
                )


if __name__ == "__main__":
    main()
