"""How fast and how right is aggregation at 100,000 votes (20,000 items, 500 reviewers)? Prints a table.

``python research/methods/crowds.py [PYTHON]``: PYTHON is an interpreter that has crowd-kit, which is then run on the
same votes. Known for crowd-kit 1.4 on such votes: Dawid-Skene .8 s, GLAD over 100 s. Wanted here: under .5 s and 5 s.
Seconds are of CPU on one thread, so that a busy machine does not matter.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tipbaselines.flag_aggregation.dawid_skene import DawidSkene
from tipbaselines.flag_aggregation.glad import Glad
from tipbaselines.flag_aggregation.mace import Mace
from tipbaselines.flag_aggregation.majority import vote_shares
from tipbaselines.flag_aggregation.votes import HARMFUL, Votes

ITEMS, REVIEWERS, VOTES_AN_ITEM = 20_000, 500, 5
METHODS: dict[str, Callable[[Votes], np.ndarray]] = {
    "majority": vote_shares,
    "dawid_skene": DawidSkene().posterior,
    "glad": Glad().posterior,
    "mace": Mace().posterior,
}
CROWDKIT = """
import json, sys, time
import numpy as np, pandas as pd
from crowdkit.aggregation import GLAD, MACE, DawidSkene, MajorityVote
data = np.load(sys.argv[1])
votes = pd.DataFrame({"task": data["item"], "worker": data["reviewer"], "label": data["vote"]})
# crowd-kit's MACE mixes up reviewers and labels unless they first occur in sorted order.
votes = votes.sort_values(["label", "worker"]).reset_index(drop=True)
votes["worker"] = pd.factorize(votes["worker"])[0]
tasks, names = pd.factorize(votes["task"])
votes["task"] = tasks
for name, method in {"majority": MajorityVote(), "dawid_skene": DawidSkene(), "mace": MACE(), "glad": GLAD()}.items():
    started = time.process_time()
    found = method.fit_predict(votes)
    seconds = time.process_time() - started
    accuracy = float((found.to_numpy() == data["truth"][names[found.index]]).mean())
    print(json.dumps([name, seconds, accuracy]), flush=True)
"""


def simulated(seed: int = 0) -> tuple[Votes, np.ndarray]:
    """Votes of reviewers with their own confusions, a fifth of whom click at random; and the truth [items]."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 2, ITEMS)
    item = np.repeat(np.arange(ITEMS), VOTES_AN_ITEM)
    reviewer = generator.integers(0, REVIEWERS, len(item))
    right = generator.beta(8, 2, (REVIEWERS, 2))
    right[generator.random(REVIEWERS) < 0.2] = 0.5
    correct = generator.random(len(item)) < right[reviewer, truth[item]]
    vote = np.where(correct, truth[item], 1 - truth[item])
    return Votes(item, reviewer, vote, REVIEWERS, np.full(ITEMS, -1, dtype=np.int8)), truth


def crowdkit(python: str, votes: Votes, truth: np.ndarray) -> dict[str, tuple[float, float]]:
    """Seconds and accuracy by method, of crowd-kit under another interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "votes.npz"
        np.savez(file, item=votes.item, reviewer=votes.reviewer, vote=votes.vote, truth=truth)
        done = subprocess.run(
            [python, "-W", "ignore", "-c", CROWDKIT, str(file)], capture_output=True, text=True, check=True
        )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: (seconds, accuracy) for name, seconds, accuracy in rows}


def main(python: str | None) -> None:
    votes, truth = simulated()
    theirs = crowdkit(python, votes, truth) if python else {}
    print(f"{len(votes.vote):,} votes on {votes.items:,} items by {votes.reviewers} reviewers")
    print(f"{'method':<18} {'CPU s':>8} {'accuracy':>9}   {'crowd-kit s':>11} {'accuracy':>9}")
    for name, method in METHODS.items():
        started = time.process_time()
        scores = method(votes)[:, HARMFUL]
        seconds = time.process_time() - started
        right = np.where(scores == 0.5, 0.5, (scores > 0.5) == (truth == 1)).mean()
        other = "{:>11.2f} {:>9.4f}".format(*theirs[name]) if name in theirs else f"{'-':>11} {'-':>9}"
        print(f"{name:<18} {seconds:>8.2f} {right:>9.4f}   {other}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
