"""Scores keep their meaning, or a version says that they do not."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import lock as locking
import pytest
import tipbench
import tipcore
import tipdata
import yaml
from lock import Locked, is_same, numbers_of, read_expected, read_lock, updated
from tipbench.kinds import CLUSTERS
from tipbench.runs.digests import score_digest
from tipbench.task import Task
from tipbench.tasks import tasks
from tipcore.errors import UsageError

TASK = tasks()["advert_risk"]


def test_the_lock_is_up_to_date() -> None:
    lock = read_lock()
    assert set(lock) == set(tasks())
    stale = [name for name, task in tasks().items() if lock[name].digest != score_digest(task)]
    assert not stale, "run `python tests/scores/lock.py`"


@pytest.mark.parametrize("task", tasks().values(), ids=list(tasks()))
def test_made_up_predictions_score_what_they_did(task: Task) -> None:
    expected, found = read_expected()[task.name], numbers_of(task)
    assert set(found) == set(expected)
    for place, value in expected.items():
        assert is_same(value, found[place]), place


def test_made_up_predictions_reach_every_metric_of_every_task() -> None:
    expected = read_expected()
    for name, task in tasks().items():
        given = {place.split("/")[2] for place, value in expected[name].items() if value is not None}
        assert set(task.metrics) <= given, name


@pytest.fixture
def one() -> tuple[dict[str, Task], dict[str, Locked], dict[str, Any]]:
    """One task whose code is another than the lock says."""
    old = Locked(version=TASK.version, digest="0" * 64, reason="as it was")
    return {"advert_risk": TASK}, {"advert_risk": old}, {"advert_risk": numbers_of(TASK)}


def test_code_that_gives_the_same_scores_is_recorded_and_the_version_stays(one) -> None:
    lock, expected = updated(*one)
    assert lock["advert_risk"] == Locked(version=TASK.version, digest=score_digest(TASK), reason="as it was")
    assert expected == one[2]


def test_a_metric_that_scores_otherwise_is_refused_until_the_version_rises_with_a_reason(
    one, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, lock, expected = one
    scored = locking.evaluate

    def off_by(share: float):
        def evaluate(*args: Any, **more: Any):
            made = scored(*args, **more)
            brier = made.scores["brier"]
            assert brier.value is not None
            odd = brier.model_copy(update={"value": brier.value * (1 + share)})
            return replace(made, scores={**made.scores, "brier": odd})

        return evaluate

    monkeypatch.setattr(locking, "evaluate", off_by(1e-15))
    assert numbers_of(TASK) != expected["advert_risk"]
    assert updated(known, lock, expected)[1] == expected, "rounding of another processor is not a change"
    monkeypatch.setattr(locking, "evaluate", off_by(2e-12))
    with pytest.raises(
        UsageError, match=r"1 scores of advert_risk .*units/scores/brier/value .*raise the version"
    ):
        updated(known, lock, expected)
    with pytest.raises(UsageError, match="raise the version"):
        updated(known, lock, expected, "a reason alone does not do")
    monkeypatch.setattr(locking, "score_version", lambda task: TASK.version + 1)
    with pytest.raises(UsageError, match="rose to 4: give the reason"):
        updated(known, lock, expected)
    again, numbers = updated(known, lock, expected, "brier is rounded up")
    assert (again["advert_risk"].version, again["advert_risk"].reason) == (4, "brier is rounded up")
    assert numbers["advert_risk"] != expected["advert_risk"]
    monkeypatch.setattr(locking, "score_version", lambda task: 0)
    with pytest.raises(UsageError, match="never falls"):
        updated(known, lock, expected, "no reason is good enough")


def test_a_new_metric_beside_the_others_changes_no_meaning_and_one_less_does(one) -> None:
    known, lock, expected = one
    fewer = {place: value for place, value in expected["advert_risk"].items() if "/brier/" not in place}
    assert updated(known, lock, {"advert_risk": fewer})[1] == expected
    with pytest.raises(UsageError, match=r"units/scores/gone/value is None and was 0\.5"):
        updated(known, lock, {"advert_risk": {**fewer, "units/scores/gone/value": 0.5}})


def test_a_metric_edited_in_a_copy_is_locked_where_its_values_stay_and_refused_where_they_do_not(
    tmp_path: Path,
) -> None:
    for package in (tipbench, tipcore, tipdata):
        (source,) = package.__path__
        ignored = shutil.ignore_patterns("__pycache__", "releases")
        shutil.copytree(source, tmp_path / package.__name__, ignore=ignored)
    folder, metric = tmp_path / "scores", tmp_path / "tipbench/metrics/clustering.py"
    shutil.copytree(Path(__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    before, text = (
        (folder / "scores.lock.yaml").read_text(encoding="utf-8"),
        metric.read_text(encoding="utf-8"),
    )
    command = [sys.executable, str(folder / "lock.py")]

    def run() -> subprocess.CompletedProcess[str]:
        there = {**os.environ, "PYTHONPATH": str(tmp_path)}
        return subprocess.run(command, env=there, cwd=tmp_path, capture_output=True, text=True, check=False)

    metric.write_text(text + "\nSAME = 1\n", encoding="utf-8")
    assert run().returncode == 0
    after = (folder / "scores.lock.yaml").read_text(encoding="utf-8")
    then, now = yaml.safe_load(before), yaml.safe_load(after)
    changed = {task for task in then if then[task] != now[task]}
    assert changed == {name for name, task in tasks().items() if task.kind is CLUSTERS}
    assert now["advert_linkage"]["version"] == then["advert_linkage"]["version"]
    wrapped = (
        "\n_right = measure_clustering\n\n\ndef measure_clustering(inputs):\n    found = _right(inputs)\n"
    )
    wrapped += "    return replace(found, metrics=lambda drawn: {k: v / 2 for k, v in found.metrics(drawn).items()})\n"
    wrapped += '\n\nCLUSTERING = Family("clustering", CLUSTERS, CLUSTERING_METRICS, measure_clustering)\n'
    metric.write_text(text + "\nfrom dataclasses import replace\n" + wrapped, encoding="utf-8")
    done = run()
    assert done.returncode == 2
    assert "advert_linkage are not what they were" in done.stderr
    assert "raise the version of the task" in done.stderr
    assert (folder / "scores.lock.yaml").read_text(encoding="utf-8") == after
