"""What a record declares and is not so: one sentence each, and nothing where all is as it says."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mutated_case import CLUSTERS, ESTIMATES, SCORES
from tipbench.data.release_folds import allowed_splits
from tipbench.data.releases import collect_units
from tipbench.kinds.kind import ROOM
from tipbench.kinds.lists import MOST_CANDIDATES
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipboard.submissions.check import release_truth
from tipboard.submissions.files import Limits, limits_of
from tipboard.submissions.folder import SubmissionFolder
from tipboard.submissions.messages import Problem
from tipboard.submissions.record import RECORD, record_of
from tipboard.submissions.terms import disagreements, form_of
from tipdata.release import Release

VERSIONS = ["0.2.0", "0.5.0"]
FILES = {ESTIMATES: 100, SCORES: 100, CLUSTERS: 100}
QUICK = ("case_linkage", "prevalence", "recruitment_onset")
Spoil = Callable[[dict[str, Any]], Any]


@pytest.fixture
def content(honest: Path) -> dict[str, Any]:
    """A record with nothing wrong in it."""
    return json.loads((honest / RECORD).read_text(encoding="utf-8"))


def said(
    content: dict[str, Any], found: SubmissionFolder | None = None, limits: Limits | None = None
) -> list[str]:
    record = record_of(json.dumps(content).encode())
    problems = disagreements(
        record, found or SubmissionFolder(dict(FILES)), limits or limits_of("tiny"), VERSIONS
    )
    return [str(problem) for problem in problems]


def test_what_is_as_it_is_declared_has_no_problem(content: dict[str, Any]) -> None:
    assert said(content) == []
    content["pinned"] = {"package": "x==1", "overrides": {"prevalence": ["a=1"]}}
    assert said(content) == []


@pytest.mark.parametrize(
    ("spoil", "where", "says"),
    [
        (
            lambda r: r.update(team="tipbench"),
            "team",
            "tipbench is kept for methods that whoever keeps the board ran",
        ),
        (lambda r: r["versions"].update(data="9.9.9"), "versions.data", "there are 0.2.0, 0.5.0"),
        (lambda r: r["versions"].update(data="0.2.0"), "versions.data", "it is 0.2.0 and data is 0.5.0/tiny"),
        (
            lambda r: r.update(pinned={"package": "x==1", "overrides": {"route_forecast": ["a=1"]}}),
            "pinned.overrides",
            "route_forecast is not a task of the predictions",
        ),
        (lambda r: r["predictions"][0].update(task="prevalance"), "predictions[0]", "no task prevalance;"),
        (lambda r: r["predictions"][0].update(split="w1"), "predictions[0]", "has no split w1"),
        (lambda r: r["predictions"][1].update(split="nowhere"), "predictions[1]", "has no split nowhere"),
        (lambda r: r["predictions"][2].update(labels="given"), "predictions[2]", "has no labels given"),
    ],
)
def test_one_thing_that_is_not_so_is_one_problem_in_its_place(
    content: dict[str, Any], spoil: Spoil, where: str, says: str
) -> None:
    spoil(content)
    for one in content["predictions"]:
        one["file"] = f"{one['task']}/{one['split']}/s{one['seed']}.parquet"
    found = SubmissionFolder({one["file"]: 100 for one in content["predictions"]})
    [problem] = said(content, found)
    assert problem.startswith(f"{RECORD}: {where}: ")
    assert says in problem


def of_season(content: dict[str, Any], split: str = "w1", **more: Any) -> list[str]:
    """What is said of the record's predictions as those of a season."""
    content |= {"data": "season/spring-2027", "entry_class": "fold", **more}
    for one in content["predictions"]:
        one.update(split=split, file=f"{one['task']}/{split}/s{one['seed']}.parquet")
    return said(content, SubmissionFolder({one["file"]: 1 for one in content["predictions"]}))


def test_a_season_takes_predictions_of_its_worlds_with_one_seed(content: dict[str, Any]) -> None:
    assert of_season(content) == of_season(content, "w12") == []
    assert [problem.partition(": its")[0] for problem in of_season(content, "forward")] == [
        f"{RECORD}: predictions[{place}]" for place in range(3)
    ]
    content["predictions"][0]["seed"] = 1
    [problem] = of_season(content)
    assert "of a season give prevalence/w1/s0.parquet" in problem
    content["predictions"][0] |= {"seed": 0, "task": "route_forecast"}
    content["versions"]["tasks"]["route_forecast"] = tasks()["route_forecast"].version
    [problem] = of_season(content)
    assert "in a season it takes packages only" in problem


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"prevalence": ["a=1"]}, ""),
        ({}, "pinned.overrides: it names no task"),
        ({"prevalance": ["a=1"]}, "pinned.overrides: there is no task prevalance"),
        ({"payment_risk": ["a=1"]}, "versions: tasks does not list payment_risk"),
    ],
)
def test_a_package_of_a_season_says_of_every_task_how_it_is_run(
    content: dict[str, Any], overrides: dict[str, list[str]], says: str
) -> None:
    package = {"pinned": {"package": "x==1", "overrides": overrides}, "predictions": []}
    problems = of_season(content | package)
    assert len(problems) == bool(says)
    assert says in "".join(problems)


def test_files_that_are_not_there_or_not_listed_are_named_once(content: dict[str, Any]) -> None:
    other = "prevalence/all/s7.parquet"
    found = SubmissionFolder({SCORES: 1, CLUSTERS: 1, other: 1})
    assert said(content, found) == [
        f"{ESTIMATES}: it is listed in {RECORD} and not there.",
        f"{other}: it is not listed in {RECORD}; remove it or pack it.",
    ]
    seen = SubmissionFolder({SCORES: 1, CLUSTERS: 1}, problems=[Problem(ESTIMATES, "it is a link.")])
    assert said(content, seen) == []


def test_a_file_and_all_files_together_may_have_what_the_limit_says_and_not_a_byte_more(
    content: dict[str, Any],
) -> None:
    exact = replace(limits_of("tiny"), file_bytes=100)
    assert said(content, limits=exact) == []
    [over] = said(content, SubmissionFolder({**FILES, SCORES: 101}), exact)
    assert over == f"{SCORES}: it has 101 bytes and at most 100 bytes are taken."

    class Narrow(Limits):
        total_bytes = 300  # type: ignore[assignment]

    narrow = Narrow(100, 1, 1, 1, 1)
    assert said(content, limits=narrow) == []
    [over] = said(
        content, SubmissionFolder({**FILES, SCORES: 99, CLUSTERS: 99, "prevalence/all/s7.parquet": 3}), narrow
    )[1:]
    assert over == "it: its files have 301 bytes and at most 300 bytes are taken."


def test_a_file_that_is_listed_twice_is_said_once(content: dict[str, Any]) -> None:
    content["predictions"].append(dict(content["predictions"][0]))
    assert said(content) == [f"{RECORD}: predictions: {ESTIMATES} is listed more than once; list it once."]


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in QUICK else [pytest.mark.slow]) for n in sorted(tasks())]
)
def test_a_file_may_have_a_few_times_the_rows_of_every_split_and_far_fewer_than_the_reader_could_take(
    content: dict[str, Any], tiny: Release, name: str
) -> None:
    task, truth = tasks()[name], release_truth(quiet=True)(record_of(json.dumps(content).encode()))
    form = form_of(task, truth.units(task))
    lists = MOST_CANDIDATES * max(1, len(task.views)) if "candidate" in form.columns else 1
    allowed = allowed_splits(task, tiny, collect_units(task.units, tiny))
    longest = max(prepare(task, release=tiny, split=split).answers.frame.height for split in allowed)
    assert form.rows == ROOM * lists * truth.units(task)
    assert ROOM * lists * longest <= form.rows < limits_of("tiny").rows / 2
