"""Is the world as hard as it should be? python research/world/difficulty.py [TASK ...] [--release small]

Runs ``experiment=difficulty`` (every baseline, learning from truth; about twenty minutes for all tasks of ``small`` on
two cores; finished cells are kept) and prints a table of bands of known methods. Bands are those of the calibration
notes. A world is tuned on others than the released one: ``--release small.w1``.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from tipdata.release import Release

RISK, LINKAGE, AUTHORSHIP = "advert_risk", "advert_linkage", "advert_authorship"
PAYMENTS, PREVALENCE, ROUTES = "payment_risk", "prevalence", "route_forecast"
CROWDS, CASES = "flag_aggregation", "case_linkage"
SPLITS = {
    RISK: ("random", "operation", "forward"),
    LINKAGE: ("operation", "forward"),
    AUTHORSHIP: ("operation", "forward", "region"),
    CROWDS: ("operation", "forward"),
}
"""What the bands of a task read; its default split for all others."""


def main() -> int:
    """Run what is missing and print the tables."""
    from tipbench import cli
    from tipbench.tasks import task_of, tasks
    from tipdata.release import Release

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tasks", nargs="*", help="all where none is named", metavar="TASK")
    parser.add_argument("--release", default="small")
    parser.add_argument("--runs", type=Path, default=Path("runs/difficulty"))
    options = parser.parse_args()
    release = Release.from_name(options.release)
    wanted = options.tasks or list(tasks())
    words = [
        f"release={release.size}",
        f"release.version={release.version}",
        f"release.world={release.world}",
    ]
    code = 0
    for task in wanted:
        splits = ",".join(SPLITS.get(task, task_of(task).splits[:1]))
        grid = [f"grid.baselines=[{task}/*]", f"grid.splits=[{splits}]"]
        code |= cli.main(["run", "experiment=difficulty", *words, *grid, f"runs.path={options.runs}"])
    at = options.runs / release.name
    print(f"\n{'band, ' + release.name:<66} {'wanted':>12}  measured")
    for name, (low, high), values in [
        *(row for task in wanted if task in BANDS for row in BANDS[task](at)),
        *(raters(release) if RISK in wanted else ()),
        *oracles(at, wanted),
    ]:
        verdict = "" if all(low <= v <= high for v in values) else "   OUTSIDE"
        print(f"{name:<66} {low:>5g} to {high:<4g} {', '.join(f'{v:.3f}' for v in values)}{verdict}")
    for task in wanted:
        found = tiers(at, release.name, task)
        split = task_of(task).splits[0]
        print(f"\n{task}, {split}: {len(found)} tiers that differ clearly (Holm, paired cluster bootstrap)")
        for number, tier in enumerate(found, 1):
            print(f"  {number}: {', '.join(tier)}")
    return code


Rows = list[tuple[str, tuple[float, float], Sequence[float]]]


def folder(runs: Path, task: str, split: str, method: str) -> Path:
    """The folder of a method's run."""
    [found] = (runs / task / split / method).glob("*-s0")
    return found


def score(runs: Path, task: str, split: str, method: str, metric: str) -> float:
    """A metric of a run; raises where it has no value."""
    from tipbench.runs.results import read_result

    value = read_result(folder(runs, task, split, method)).scores[metric].value
    if value is None:
        raise ValueError(f"{task} {split} {method} has no {metric}")
    return value


def oracle(runs: Path, task: str, split: str) -> float | None:
    """The task's metric of its oracle, as a run or, on an independent world, as told beside other runs; else None."""
    from tipbench.runs.results import read_result
    from tipbench.tasks import task_of

    if (runs / task / split / "oracle").exists():
        return score(runs, task, split, "oracle", task_of(task).primary)
    beside = folder(runs, task, split, methods(runs, task)[0])
    return read_result(beside).oracle.get("oracle")


def methods(runs: Path, task: str) -> list[str]:
    """Methods that were run on the task's default split, but for references."""
    from tipbench.runs.results import read_result
    from tipbench.tasks import task_of

    split = task_of(task).splits[0]
    found = sorted((runs / task / split).iterdir())
    return [f.name for f in found if not read_result(folder(runs, task, split, f.name)).oracle_method]


def risk(runs: Path) -> Rows:
    def of(split: str, metric: str, method: str = "tfidf_logreg") -> float:
        return score(runs, RISK, split, method, metric)

    honest = ("operation", "forward")
    best = max(of("forward", "average_precision", m) for m in methods(runs, RISK))
    known = oracle(runs, RISK, "forward")
    if known is None:
        raise ValueError(f"{RISK}: runs in {runs} do not say what the oracle scores")
    leak = of("random", "average_precision") - of("operation", "average_precision")
    raw = of("random", "average_precision_raw") - of("operation", "average_precision_raw")
    return [
        ("TF-IDF + logistic regression, random, AUROC", (0.78, 0.95), [of("random", "auroc")]),
        ("the same, raw AUROC", (0.90, 1.0), [of("random", "auroc_raw")]),
        ("the same, operation and forward, AUROC", (0.62, 0.85), [of(s, "auroc") for s in honest]),
        ("leakage of the same, AP", (0.10, 1.0), [leak]),
        ("leakage of the same, raw AP", (0.30, 1.0), [raw]),
        ("oracle above the best baseline, forward, AP", (0.05, 1.0), [known - best]),
    ]


def raters(release: "Release") -> Rows:
    """How two raters agree."""
    from raters import agreement, labels_of
    from tipdata.core.kinds import KINDS, TRAFFICKING

    kinds = release.scan("operations", truth=True).select(
        "operation", truth=pl.col("kind") == KINDS[TRAFFICKING]
    )
    known = (
        release.scan("adverts", truth=True)
        .select("advert", "operation")
        .join(kinds, on="operation")
        .collect()
    )
    labels = labels_of(release.scan("annotations").collect())
    kappa, f1 = agreement(labels.join(known, on="advert").sort("advert"))
    return [
        ("two raters against their consensus, 33% positive, F1", (0.6, 0.75), f1),
        ("agreement of the two, kappa", (0.4, 0.6), [kappa]),
    ]


def linkage(runs: Path) -> Rows:
    def of(split: str, method: str, metric: str) -> float:
        return score(runs, LINKAGE, split, method, metric)

    splits = ("operation", "forward")
    precision = [of(s, "template_mdl", "pairwise_precision") for s in splits]
    phones = [of(s, "phone_components", m) for s in splits for m in ("b_cubed_precision", "b_cubed_recall")]
    return [
        ("near-duplicate templates, operation and forward, pairwise precision", (0.75, 0.92), precision),
        ("phone components, operation and forward, B-cubed P and R", (0.0, 0.9), phones),
    ]


def authorship(runs: Path) -> Rows:
    def of(split: str, method: str) -> float:
        return score(runs, AUTHORSHIP, split, method, "r_precision")

    seen = {m: of("operation", m) for m in methods(runs, AUTHORSHIP)}
    best = max(seen, key=lambda m: seen[m])
    cosine = [of(s, "tfidf_cosine") for s in ("operation", "forward")]
    return [
        ("character TF-IDF cosine, untrained, operation and forward, R-precision", (0.20, 0.50), cosine),
        (
            f"strongest ({best}), operation and forward, R-precision",
            (0.50, 0.85),
            [seen[best], of("forward", best)],
        ),
        ("the same, points lost on unseen regions", (0.01, 0.15), [seen[best] - of("region", best)]),
    ]


def crowds(runs: Path) -> Rows:
    gain = [
        score(runs, CROWDS, split, "dawid_skene", "accuracy")
        - score(runs, CROWDS, split, "majority", "accuracy")
        for split in ("operation", "forward")
    ]
    return [("Dawid-Skene over majority vote, operation and forward, accuracy", (0.02, 0.15), gain)]


def payments(runs: Path) -> Rows:
    """Payments without and with their graph."""
    f1 = partial(score, runs, PAYMENTS, "forward", metric="f1")
    return [
        ("payments, trees without a graph, forward, F1", (0.10, 0.40), [f1("lightgbm")]),
        ("payments, trees with one, forward, F1", (0.40, 0.75), [f1("graph_lightgbm")]),
    ]


def routes(runs: Path) -> Rows:
    """Routes of short memory."""
    of = partial(score, runs, ROUTES, "forward")
    return [
        (
            "routes, every method, forward, hit@1",
            (0.0, 0.7),
            [of(m, metric="hit_at_1") for m in methods(runs, ROUTES)],
        ),
        (
            "routes, second over first order, forward, MRR",
            (0.03, 1.0),
            [of("backoff_markov", metric="mrr") - of("markov", metric="mrr")],
        ),
    ]


def lists(runs: Path) -> Rows:
    """Lists whose dependence is ignored."""
    ratio = score(runs, PREVALENCE, "all", "independence", "median_ratio")
    return [("lists, independence, median ratio to the truth", (0.4, 0.8), [ratio])]


def cases(runs: Path) -> Rows:
    """Rows of a case: neither given away nor hopeless, and more once it is known which adverts are of one case."""
    of = partial(score, runs, CASES, "forward", metric="r_precision")
    found = {m: of(m) for m in methods(runs, CASES)}
    best = max(found, key=lambda m: found[m])
    rows: Rows = [
        ("rows of a case by lot, forward, R-precision", (0.0, 0.02), [found["random"]]),
        (f"strongest ({best}), forward, R-precision", (0.10, 0.60), [found[best]]),
    ]
    if (runs / CASES / "forward" / "linked_reference").exists():  # on the released world only
        above = of("linked_reference") - found[best]
        rows.append(("bounded reference above it, forward, R-precision", (0.02, 1.0), [above]))
    return rows


BANDS = {
    RISK: risk,
    LINKAGE: linkage,
    AUTHORSHIP: authorship,
    CROWDS: crowds,
    PAYMENTS: payments,
    PREVALENCE: lists,
    ROUTES: routes,
    CASES: cases,
}


def oracles(runs: Path, wanted: Sequence[str]) -> Rows:
    """What the best baseline of each task on its default split leaves to an oracle, where it has one."""
    from tipbench.metrics.registry import metric_of
    from tipbench.tasks import task_of

    found: Rows = []
    for task in wanted:
        declared = task_of(task)
        split, primary = declared.splits[0], declared.primary
        if (known := oracle(runs, task, split)) is not None:
            sign = -1 if metric_of(primary).lower_is_better else 1
            best = max(sign * score(runs, task, split, m, primary) for m in methods(runs, task))
            above = sign * known - best
            found.append((f"oracle better than the best baseline of {task}, {split}", (0.0, 1.0), [above]))
    return found


def tiers(runs: Path, release: str, task: str) -> list[list[str]]:
    """Methods in tiers: a tier holds the best of those left and all that it does not beat significantly."""
    from tipbench.evaluation.comparison import compare
    from tipbench.loading import prepare
    from tipbench.metrics.registry import metric_of
    from tipbench.runs.results import read_predictions, read_result
    from tipbench.tasks import task_of

    declared = task_of(task)
    split = declared.splits[0]
    answers = prepare(declared, release=release, split=split).answers
    left = {}
    for method in methods(runs, task):
        at = folder(runs, task, split, method)
        left[method] = read_predictions(at, read_result(at))
    sign = -1 if metric_of(declared.primary).lower_is_better else 1
    value = {m: sign * score(runs, task, split, m, declared.primary) for m in left}
    found: list[list[str]] = []
    while left:
        best = max(left, key=lambda m: value[m])
        against = compare(declared, answers, left, best) if len(left) > 1 else []
        worse = {c.method for c in against if c.significant}
        found.append(sorted(set(left) - worse, key=lambda m: -value[m]))
        left = {m: p for m, p in left.items() if m in worse}
    return found


if __name__ == "__main__":
    sys.exit(main())
