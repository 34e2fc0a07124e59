"""Claims about what is kept of independent worlds, what is said of it, and which runs it may be made of."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tipbench.runs.results import Result
from tipboard.board.ranks import Agreement, agreement, friedman, keeps, wins
from tipboard.board.worlds import (
    Stability,
    TaskScores,
    collect_worlds,
    read_stability,
    store_stability,
)
from tipcore.errors import UsageError

Make = Callable[..., Result]
Write = Callable[..., Path]

SCORES = {"first": 0.9, "second": 0.6, "third": 0.3}


def scores_of(matrix: list[list[float]], methods: str = "abcdefgh", metric: str = "auroc") -> TaskScores:
    names = tuple(methods[: len(matrix[0])])
    return TaskScores.model_validate(
        {
            "task": "advert_risk",
            "split": "forward",
            "metric": metric,
            "version": 1,
            "methods": names,
            "scores": matrix,
            "left_out": {},
        }
    )


@pytest.fixture
def in_worlds(result: Make) -> Callable[..., list[Result]]:
    """A result a method and world; ``more`` replaces fields of all."""

    def make(worlds: range = range(1, 6), size: str = "tiny", **more: Any) -> list[Result]:
        return [
            result(f"advert_risk/{name}", score=score + world / 100, data=f"0.4.0/{size}.w{world}", **more)
            for world in worlds
            for name, score in SCORES.items()
        ]

    return make


def test_runs_on_five_worlds_become_scores_by_world_and_method(in_worlds, runs: Write, result: Make) -> None:
    beside = [
        result("advert_risk/first", data="0.4.0/tiny"),
        result("advert_risk/first", split="random", data="0.4.0/tiny.w1"),
        result("advert_risk/oracle", data="0.4.0/tiny.w1", oracle_method=True),
        result("advert_risk/first", split="kfold", data="sms_spam"),
    ]
    found = collect_worlds(runs(*in_worlds(), *beside))
    assert (found.data, found.worlds) == ("0.4.0/tiny", (1, 2, 3, 4, 5))
    (task,) = found.tasks
    assert (task.task, task.split, task.metric) == ("advert_risk", "forward", "average_precision")
    assert task.methods == ("first", "second", "third")
    assert task.left_out == {}
    assert np.array(task.scores) == pytest.approx(
        np.array([[score + world / 100 for score in SCORES.values()] for world in range(1, 6)])
    )


def test_a_method_without_a_score_in_every_world_is_left_out_and_named(in_worlds, runs: Write) -> None:
    some = in_worlds()
    third = [one for one in some if one.method.endswith("third")]
    unscored = {"average_precision": {"value": None, "note": "too few positives"}}
    changed = Result.model_validate({**third[3].model_dump(), "scores": unscored})
    second = [one for one in some if one.method.endswith("second") and not one.data.endswith(("w2", "w5"))]
    first = [one for one in some if one.method.endswith("first")]
    (task,) = collect_worlds(runs(*first, *second, *third[:3], changed, third[4])).tasks
    assert task.methods == ("first",)
    assert task.left_out == {
        "second": "not run in world 2, 5",
        "third": "no score in world 4: too few positives",
    }
    assert task.ranking.groups == (("first",),)
    assert task.ranking.critical_difference is None


def test_runs_of_two_sizes_are_refused_until_one_is_chosen(in_worlds, runs: Write) -> None:
    folder = runs(*in_worlds(), *in_worlds(size="small"))
    with pytest.raises(UsageError, match=r"mixes worlds of 0\.4\.0/small, 0\.4\.0/tiny: choose one"):
        collect_worlds(folder)
    assert collect_worlds(folder, "0.4.0/small").data == "0.4.0/small"


def test_fewer_than_five_worlds_are_refused(in_worlds, runs: Write) -> None:
    with pytest.raises(UsageError, match=r"runs on 4 independent worlds of 0\.4\.0/tiny: .* needs 5 or more"):
        collect_worlds(runs(*in_worlds(range(1, 5))))


def test_the_released_world_is_none_of_the_five(in_worlds, runs: Write, result: Make) -> None:
    released = [result(f"advert_risk/{name}", data="0.4.0/tiny") for name in SCORES]
    with pytest.raises(UsageError, match="4 independent worlds"):
        collect_worlds(runs(*in_worlds(range(1, 5)), *released))


def test_another_evaluator_is_refused(in_worlds, runs: Write) -> None:
    old = {"data": "0.4.0", "evaluator": 0, "method": "0.2.0"}
    some = [*in_worlds(range(1, 5)), *in_worlds(range(5, 6), versions=old)]
    with pytest.raises(UsageError, match=r"scored by another evaluator .*, by 0 where this one is 2"):
        collect_worlds(runs(*some))


def test_a_method_twice_in_a_world_is_refused(in_worlds, runs: Write, result: Make) -> None:
    again = result("advert_risk/first", data="0.4.0/tiny.w3", seed=1)
    with pytest.raises(UsageError, match="of the same method and world as"):
        collect_worlds(runs(*in_worlds(), again))


@pytest.mark.parametrize(
    "other",
    [
        {"config": {"replicates": 10}},
        {"labels": "expert"},
        {"seed": 3},
        {"versions": {"data": "0.4.0", "evaluator": "this", "method": "sha256:0"}},
    ],
)
def test_a_method_that_was_not_run_alike_in_every_world_is_refused(
    in_worlds, runs: Write, other: dict
) -> None:
    *rest, last = in_worlds()
    if "versions" in other:
        other = {"versions": {**other["versions"], "evaluator": last.versions.evaluator}}
    odd = Result.model_validate({**last.model_dump(), **other})
    with pytest.raises(
        UsageError, match=r"was not run as .* was: a method is compared over worlds under one"
    ):
        collect_worlds(runs(*rest, odd))


def test_the_release_in_a_config_may_differ(in_worlds, runs: Write) -> None:
    some = [
        one.model_copy(update={"config": {"release": {"world": number}, "replicates": 5}})
        for number, one in enumerate(in_worlds())
    ]
    assert len(collect_worlds(runs(*some)).tasks) == 1


def test_a_folder_without_such_runs_is_refused(runs: Write, result: Make, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match="holds no finished run on an independent world: run tipbench run exp"
    ):
        collect_worlds(runs(result("advert_risk/first")))
    with pytest.raises(UsageError, match="is not a folder"):
        collect_worlds(tmp_path / "nowhere")


def test_what_is_stored_is_read_back_and_nothing_else_is_left(in_worlds, runs: Write, tmp_path: Path) -> None:
    found = collect_worlds(runs(*in_worlds()))
    results = tmp_path / "results"
    assert read_stability(results, found.data) is None
    path = store_stability(results, found)
    assert path == results / "0.4.0" / "tiny" / "worlds.json"
    assert read_stability(results, found.data) == found
    assert store_stability(results, found).read_bytes() == path.read_bytes()
    assert [one.name for one in path.parent.iterdir()] == ["worlds.json"]


@pytest.mark.parametrize(
    "change",
    [
        ("1,\n  2,", "1,\n  1,"),
        ('"first",', '"second",'),
        ('"first",\n', ""),
        ('"metric"', '"measure"'),
        ("0.91", "NaN"),
        ("{", "", 1),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(
    in_worlds, runs: Write, tmp_path: Path, change: tuple
) -> None:
    path = store_stability(tmp_path, collect_worlds(runs(*in_worlds())))
    text = path.read_text(encoding="utf-8")
    assert text.replace(*change) != text
    path.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(UsageError, match="holds no scores over worlds"):
        read_stability(tmp_path, "0.4.0/tiny")


def test_four_worlds_are_no_stability() -> None:
    one = scores_of([[0.5, 0.4]] * 4)
    with pytest.raises(ValueError, match="at least 5"):
        Stability(data="0.4.0/tiny", worlds=(1, 2, 3, 4), tasks=(one,))


def test_one_ranking_in_every_world_is_stable() -> None:
    found = scores_of([[0.1, 0.5, 0.9], [0.2, 0.3, 0.4], [0.6, 0.7, 0.8], [0.1, 0.2, 0.3], [0, 1, 2]]).ranking
    assert found.methods == ("c", "b", "a")
    assert found.mean_ranks == (1.0, 2.0, 3.0)
    assert agreement(found.scores) == Agreement(1.0, 1.0)
    kept = keeps(found.scores)
    assert wins(found.scores)[0, 1] == kept[0, 1] == kept[1, 2] == 1.0
    assert friedman(found.scores).rejects
    # Demšar's (2006) q of three methods, 2.343, times sqrt(3 * 4 / (6 * 5)): only the ends are distinguished.
    assert found.critical_difference == pytest.approx(2.343 * np.sqrt(12 / 30), abs=0.001)
    assert found.groups == (("c", "b"), ("b", "a"))


def test_of_an_error_less_is_better() -> None:
    matrix = [[0.1, 0.5], [0.2, 0.3], [0.6, 0.7], [0.1, 0.2], [0.0, 1.0]]
    assert scores_of(matrix).ranking.methods == ("b", "a")
    errors = scores_of(matrix, metric="median_abs_log_error")
    assert errors.ranking.methods == ("a", "b")


def test_without_a_difference_by_friedmans_test_all_methods_are_one_group() -> None:
    found = scores_of([[0, 1, 2], [2, 1, 0], [0, 1, 2], [2, 1, 0], [1, 0, 2]]).ranking
    assert not friedman(found.scores).rejects
    assert [set(group) for group in found.groups] == [{"a", "b", "c"}]
    assert [set(group) for group in scores_of([[1.0, 1.0]] * 5).ranking.groups] == [{"a", "b"}]


def test_the_verb_keeps_worlds_beside_the_board_says_how_stable_it_is_and_renders_the_page(
    in_worlds, runs: Write, result: Make, tipbench: Callable, tmp_path: Path
) -> None:
    results = tmp_path / "results"
    released = [result(f"advert_risk/{name}", score=score) for name, score in SCORES.items()]
    folder = runs(*in_worlds(), *released)
    assert tipbench("board", "add", f"runs={folder / '0.4.0/tiny'}", "--to", str(results))[0] == 0
    words = ("board", "add", f"worlds={folder}", "--to", str(results))
    code, out, _ = tipbench(*words)
    assert code == 0
    assert "3 of 3" in out
    assert tipbench("board", "check", f"results={results}")[0] == 0
    assert "In 5 worlds of other seeds" in (results / "README.md").read_text(encoding="utf-8")
    code, out, _ = tipbench(*words, "--json")
    [task] = json.loads(out)["tasks"]
    assert (task["methods"], task["mean_ranks"], task["tau_mean"]) == (list(SCORES), [1.0, 2.0, 3.0], 1.0)
    # The reference results may be made again without losing the worlds.
    tipbench("board", "add", f"runs={folder / '0.4.0/tiny'}", "--to", str(results))
    assert read_stability(results, "0.4.0/tiny") is not None
