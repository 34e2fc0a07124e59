"""Further worlds of a fold: who gets which, what they show and what not, on both sides of a fence."""

import json
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal
from tipbench.data.further_worlds import count_worlds, world_numbers
from tipbench.fence.wire import read_fold, write_fold
from tipbench.loading import load, prepare
from tipbench.tasks import task_of, tasks
from tipcore.errors import UsageError
from tipdata.release import Release

POOLED = '''
import polars as pl


class Pooled:
    """The share of positives by category, of the fold and of further worlds."""

    needs = frozenset({"adverts.category"})
    stochastic = False
    uses_worlds = True

    def fit(self, fold, seed):
        labelled = [one.units_with_labels("train").select("category", "label") for one in (fold, *fold.worlds)]
        self.shares = pl.concat(labelled).group_by("category").agg(score=pl.col("label").mean())
        self.notes = [f"learnt from {len(fold.worlds)} further worlds"]

    def predict(self, fold):
        units = fold.to_predict().select("advert", "category").collect()
        scores = units.join(self.shares, on="category", how="left", maintain_order="left")
        return scores.select("advert", pl.col("score").fill_null(0.0))


class Alone(Pooled):
    uses_worlds = False


class Writes(Pooled):
    def fit(self, fold, seed):
        super().fit(fold, seed)
        for world in fold.worlds:
            world.tables.clear()
'''
TARGET = ("task=advert_risk", "baseline.method._target_=mine.Pooled")


@pytest.fixture
def pooled(place: Path, tiny: Release) -> None:
    (place / "mine.py").write_text(POOLED, encoding="utf-8")


@pytest.mark.parametrize(
    "train", ["worlds:0", "worlds:33", "worlds", "worlds:", "worlds:-1", "worlds:1.5", "", "auto"]
)
def test_train_is_the_fold_or_a_number_of_worlds(train: str) -> None:
    with pytest.raises(
        UsageError, match=rf"^train={train} is wrong: give fold, or worlds:N with N from 1 to 32, such"
    ):
        count_worlds(train)


def test_the_world_of_the_fold_is_not_among_its_further_worlds() -> None:
    assert (count_worlds("fold"), count_worlds("worlds:3")) == (0, 3)
    assert world_numbers(3) == world_numbers(3, own=7) == [101, 102, 103]
    assert world_numbers(3, own=102) == [101, 103, 104]


def test_further_worlds_are_folds_of_the_same_split_with_true_labels(tiny: Release) -> None:
    fold = load("advert_risk", tiny, labels="expert", train="worlds:2")
    first, second = fold.worlds
    assert "further worlds: 2" in repr(fold)
    assert_frame_equal(load("advert_risk", tiny, labels="expert").parts, fold.parts)
    same = load("advert_risk", "0.5.0/tiny.w101", labels="truth")
    assert_frame_equal(first.supervision, same.supervision)
    for name, table in same.tables.items():
        assert_frame_equal(first.tables[name].collect(), table.collect())
    assert not first.parts.equals(second.parts)
    with pytest.raises(UsageError, match="labels of the test part are never given"):
        first.labels("test")


@pytest.mark.parametrize("task", sorted(tasks()))
def test_every_task_has_further_worlds_to_learn_from(task: str, tiny: Release) -> None:
    fold = load(task, tiny, train="worlds:1")
    (world,) = fold.worlds
    assert world.labels("train").collect().height
    assert world.task == fold.task
    assert {name: table.collect_schema() for name, table in world.tables.items()} == {
        name: table.collect_schema() for name, table in fold.tables.items()
    }


def test_what_a_split_holds_out_it_holds_out_in_further_worlds(tiny: Release) -> None:
    fold = load("advert_risk", tiny, split="language", train="worlds:1")
    seen = {one: set(fold.worlds[0].units(one).collect()["language"]) for one in ("train", "valid", "test")}
    unseen = set(fold.units("test").collect()["language"])
    assert seen["train"].isdisjoint(unseen)
    assert seen["valid"].isdisjoint(unseen)
    assert seen["test"] <= unseen


def test_a_fence_shows_further_worlds_as_they_are(tiny: Release, tmp_path: Path) -> None:
    fold = load("recruitment_onset", tiny, train="worlds:2")
    write_fold(fold, tmp_path)
    read = read_fold(tmp_path)
    assert len(read.worlds) == 2
    for there, here in zip(read.worlds, fold.worlds, strict=True):
        assert there.worlds == ()
        assert_frame_equal(there.supervision, here.supervision)
        for name, table in here.tables.items():
            assert_frame_equal(there.tables[name].collect(), table.collect())


def test_own_data_has_no_further_worlds() -> None:
    with pytest.raises(UsageError, match=r"^data of your own has no further worlds: set train=fold"):
        prepare(task_of("advert_risk"), own={}, train="worlds:1")


def test_a_run_with_further_worlds_is_of_class_worlds(tipbench, pooled: None) -> None:
    found = {}
    for train in ("fold", "worlds:1"):
        code, out, err = tipbench("run", *TARGET, f"train={train}", "--json")
        assert code == 0, err
        found[train] = out
    alone, more = (json.loads(found[train]) for train in ("fold", "worlds:1"))
    assert (alone["entry_class"], more["entry_class"]) == ("fold", "worlds")
    assert (alone["config"].get("train"), more["config"]["train"]) == (None, "worlds:1")
    assert more["notes"][-1] == "learnt from 1 further worlds"
    assert alone["config_hash"] != more["config_hash"]
    assert alone["scores"]["average_precision"]["value"] != more["scores"]["average_precision"]["value"]


def test_worlds_for_a_method_that_does_not_read_them_are_refused(tipbench, pooled: None) -> None:
    target = ("task=advert_risk", "baseline.method._target_=mine.Alone", "train=worlds:1")
    code, out, err = tipbench("run", *target)
    assert (code, out) == (2, "")
    assert "does not learn from further worlds: set train=fold, or read fold.worlds and declare" in err


def test_the_contract_covers_further_worlds(tipbench, pooled: None) -> None:
    code, out, _ = tipbench("check", "mine.Pooled", "task=advert_risk", "train=worlds:1")
    assert code == 0, out
    assert "words   " not in out
    code, out, _ = tipbench("check", "mine.Writes", "task=advert_risk", "train=worlds:1")
    assert code == 1
    assert "broken  Write nothing to the fold.\n        fold.worlds[0]" in out
    code, _, err = tipbench("check", "mine.Alone", "task=advert_risk", "train=worlds:1")
    assert (code, "mine.Alone does not learn from further worlds" in err) == (2, True)
