from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from tipbench.runs.results import Result
from tipboard.board.entries import Entry
from tipboard.board.files import Board
from tipboard.board.ranks import agreement, wins
from tipboard.board.standings import standings
from tipboard.board.worlds import Stability, TaskScores, store_stability
from tipboard.site.sizes import across, size_of, with_rankings

TASKS = ("advert_risk", "account_risk", "payment_risk", "recruitment_onset")
SCORES = TaskScores(
    task="advert_risk", split="forward", metric="average_precision", version=1, methods=("a", "b", "c"),
    scores=tuple((0.9 - 0.1 * (world == 4), 0.85, 0.1) for world in range(5)), left_out={},
)  # fmt: skip


def test_every_pair_of_methods_has_its_share_of_worlds() -> None:
    found = SCORES.ranking
    assert wins(found.scores)[np.triu_indices(3, k=1)].tolist() == [0.8, 1.0, 1.0]
    assert (found.methods, found.over) == (("a", "b", "c"), "5 worlds")
    # 10 pairs of worlds, of which 4 differ by one swap: tau is 1/3 in them.
    tau = agreement(found.scores)
    assert (tau.mean, tau.least) == pytest.approx(((6 + 4 / 3) / 10, 1 / 3))


def test_a_board_without_worlds_says_nothing_of_them(tmp_path: Path) -> None:
    size = size_of(Board("0.4.0/tiny", []))
    assert with_rankings(size, tmp_path).worlds == {}
    store_stability(tmp_path, Stability(data="0.4.0/tiny", worlds=(1, 2, 3, 4, 5), tasks=(SCORES,)))
    assert list(with_rankings(size, tmp_path).worlds) == ["advert_risk"]


def entries(
    result: Callable[..., Result], covered: Mapping[str, tuple[str, ...]], verified: bool
) -> list[Entry]:
    """Methods with a score on the default split of some tasks, the first the best everywhere."""
    splits = {"recruitment_onset": "f_latency"}
    return [
        Entry(
            "lab",
            name,
            [
                result(
                    f"{task}/{name}", score=0.9 - at / 10, verified=verified,
                    primary=splits.get(task, "average_precision"),
                    scores={splits.get(task, "average_precision"): {"value": 0.9 - at / 10}},
                )
                for task in tasks
            ],
        )
        for at, (name, tasks) in enumerate(covered.items())
    ]  # fmt: skip


def test_methods_on_the_same_three_tasks_are_ranked_across_them(result: Callable) -> None:
    covered = {"a": TASKS, "b": TASKS[:3], "c": TASKS[:3], "d": TASKS[2:]}
    found = across(standings(Board("0.4.0/tiny", entries(result, covered, True))))
    assert found is not None
    assert (found.methods, found.mean_ranks) == (("lab / a", "lab / b", "lab / c"), (1.0, 2.0, 3.0))
    assert found.over == "3 tasks (account_risk, advert_risk, payment_risk)"


def test_two_methods_or_two_tasks_are_too_few_and_self_reported_scores_count_for_nothing(
    result: Callable,
) -> None:
    for covered in ({"a": TASKS, "b": TASKS}, {"a": TASKS[:2], "b": TASKS[:2], "c": TASKS[:2]}):
        assert across(standings(Board("0.4.0/tiny", entries(result, covered, True)))) is None
    mine = entries(result, {"a": TASKS, "b": TASKS}, True)
    theirs = entries(result, {"c": TASKS, "d": TASKS, "e": TASKS}, False)
    assert across(standings(Board("0.4.0/tiny", [*mine, *theirs]))) is None
