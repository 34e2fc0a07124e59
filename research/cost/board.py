"""What the board costs: CPU seconds a task and a method, from the results of ``experiment=board``.

``python research/cost/board.py RUNS`` reads what is there. With ``--run`` it first runs what is missing in RUNS on
``small``, a task at a time in a process each: all baselines but those that need torch, numpyro or an encoder. It then
also tells what no cell is charged with: starting, composing, splitting and preparing folds. A result has the CPU
seconds of a cell and the wall seconds of its parts; the one is divided by the other.
"""

import os
import resource
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tipbench.runs.results import Result

MINUTES = 30
"""Wall time of the whole board, on two cores."""
BUDGET = MINUTES * 60 * 2
"""CPU seconds."""
COSTLIEST = 25
LEFT_OUT = ("torch", "bayes", "encoder")
"""Extras whose methods do not count in the budget: they bring networks and samplers."""


def main(runs: Path, first_run: bool) -> int:
    from tipbench.runs.results import read_result
    from tipbench.tasks import tasks

    rest: dict[str, float] = {}
    for task in tasks() if first_run else ():
        before = sum(cost_of(read_result(path)).cpu for path in results(runs, task))
        spent = run(runs, task)
        rest[task] = spent - (sum(cost_of(read_result(path)).cpu for path in results(runs, task)) - before)
    by_task, cases = defaultdict(list), defaultdict(list)
    for path in results(runs):
        result = read_result(path)
        by_task[result.task].append(cost_of(result))
        cases[result.method].append(cost_of(result))
    print(f"{'task':<34} {'cells':>6} {'fit+predict':>12} {'score':>8} {'the rest':>9} {'CPU s':>8}")
    total = 0.0
    for task, costs in sorted(by_task.items()):
        total += line(task, costs, rest.get(task))
    print(f"{'all':<34} {'':>6} {'':>12} {'':>8} {'':>9} {total:>8.0f}   <= {BUDGET} for all tasks")
    print(f"\nThe {COSTLIEST} costliest methods")
    for method in sorted(cases, key=lambda m: -sum(c.cpu for c in cases[m]))[:COSTLIEST]:
        line(method, cases[method], None)
    return 0


class Spent(NamedTuple):
    """CPU seconds of a cell: all, and of scoring it."""

    cpu: float
    score: float


def cost_of(result: "Result") -> Spent:
    wall, cpu, score = result.seconds or 0.0, result.cost.cpu_s or 0.0, result.cost.score_s or 0.0
    return Spent(cpu, cpu * score / wall if wall else 0.0)


def results(runs: Path, task: str = "*") -> list[Path]:
    return sorted(runs.glob(f"*/*/{task}/*/*/*/result.json"))


def line(name: str, costs: Iterable[Spent], rest: float | None) -> float:
    """Print one, and give its CPU seconds."""
    costs = list(costs)
    cpu, score = sum(c.cpu for c in costs), sum(c.score for c in costs)
    beside = "" if rest is None else f"{rest:.0f}"
    whole = cpu + (rest or 0.0)
    print(
        f"{name:<34} {len(costs):>6} {cpu - score:>12.0f} {score:>8.0f} {beside:>9} {whole:>8.0f}", flush=True
    )
    return whole


def run(runs: Path, task: str) -> float:
    """Run what is missing of a task's board; the CPU seconds of that."""
    from tipbench.config.options import config_folder, describe_option, options

    known = options([config_folder()])["baseline"]
    plain = [
        name
        for name, at in known.items()
        if name.startswith(f"{task}/") and not any(f"extra {one}" in describe_option(at) for one in LEFT_OUT)
    ]
    words = ["experiment=board", "release=small", f"grid.baselines=[{','.join(plain)}]", "engine=sequential"]
    before = children()
    subprocess.run(
        [sys.executable, "-m", "tipbench", "run", *words, f"runs.path={runs}", "figure.path=null", "--quiet"],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return children() - before


def children() -> float:
    """CPU seconds of child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--run"]
    sys.exit(main(Path(words[0] if words else "runs"), "--run" in sys.argv))
