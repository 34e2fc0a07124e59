"""A method that knows codes loses its score where they are made up; one that learns from its fold keeps it."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from tipbench.config.methods import instantiate
from tipbench.data.fold import Fold
from tipbench.kinds.answers import Answers
from tipbench.kinds.estimates import ESTIMATES
from tipbench.runs.cells import Cell
from tipbench.runs.folds import SharedFold, predict_fold
from tipbench.tasks import task_of
from tipboard.seasons import classes
from tipboard.seasons.classes import PAIRS, ClassTest, check_class, measure_loss
from tipcore.errors import UsageError
from tipdata.release import Release

KEY = bytes(range(32))


class KnowsCodes:
    """Scores conversations by what an act is called, which its fold does not teach."""

    needs = frozenset({"messages.act"})
    stochastic = False

    def fit(self, fold: Fold, seed: int) -> None: ...

    def begin(self, units: pl.DataFrame) -> None: ...

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        late = pl.col("act").is_in(["restrict", "threaten", "state_debt", "ask_documents"])
        return rows.select("conversation", score=late.fill_null(False).cast(pl.Float64))


def cell(task: str, target: str, release: Release) -> Cell:
    chosen = task_of(task)
    split = chosen.splits[0]
    return Cell(
        {
            "task": task,
            "release": {"version": release.version, "size": release.size},
            "data": None,
            "split": split,
            "labels": chosen.labels_on(split)[0],
            "access": chosen.tier,
            "seed": 0,
            "replicates": 0,
            "baseline": {"name": f"{task}/mine", "method": {"_target_": target}},
        },
        Path("runs"),
    )


@pytest.mark.parametrize(
    ("task", "target", "loses"),
    [
        ("recruitment_onset", f"{__name__}.KnowsCodes", True),
        ("recruitment_onset", "tipbaselines.recruitment_onset.windowed_logreg.WindowedLogreg", False),
        ("account_risk", "tipbaselines.account_risk.label_propagation.LabelPropagation", False),
    ],
)
def test_who_knows_codes_is_moved_and_who_learns_is_not(
    tiny: Release, task: str, target: str, loses: bool
) -> None:
    one = cell(task, target, tiny)
    shared = SharedFold(one)
    prepared, method = shared.prepared(frozenset(), False), instantiate({"_target_": target})
    method.fit(prepared.folds[0], 0)
    plain = predict_fold(method, prepared, 0, target)
    found = check_class(shared, one, plain, KEY, None, replicates=200)
    assert found.disguised is not None
    assert found.lost is loses
    assert found.entry_class("fold") == ("worlds" if loses else "fold")
    assert found.entry_class("outside") == "outside"
    assert shared.prepared(frozenset(), False) is prepared


def test_a_loss_is_positive_in_both_directions_of_a_metric() -> None:
    units, truth = range(40), pl.Series([100.0 + unit for unit in range(40)])
    frame = pl.DataFrame({"region": units, "cluster": units, "truth": truth}).with_columns(
        quantity=pl.lit("count"), weight=pl.lit(1.0), group=pl.lit("sparse"), oracle_estimate="truth"
    )
    answers = Answers(ESTIMATES, "region", frame.with_columns(pl.col("region").cast(pl.Int32)))
    good, bad = (
        pl.DataFrame({"region": answers.frame["region"], "estimate": truth * factor}).with_columns(
            lower="estimate", upper="estimate"
        )
        for factor in (1.1, 1.5)
    )
    task = task_of("prevalence")
    worse, better = (
        measure_loss(task, answers, *pair, replicates=100) for pair in ((good, bad), (bad, good))
    )
    assert worse.lost
    assert not better.lost
    assert worse.low is not None
    assert better.high is not None
    assert 0 < worse.low <= worse.loss <= worse.high == -better.low  # type: ignore[operator]
    assert better.loss == -worse.loss  # type: ignore[operator]


class FailsOnTheCopy(KnowsCodes):
    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        if not rows["side"].is_in(["first", "second"]).all():
            raise UsageError("an unknown side")
        return super().step(rows)


def test_who_fails_on_the_copy_is_moved_and_who_has_too_few_clusters_is_not(tiny: Release) -> None:
    one = cell("recruitment_onset", f"{__name__}.FailsOnTheCopy", tiny)
    shared, method = SharedFold(one), FailsOnTheCopy()
    plain = predict_fold(method, shared.prepared(frozenset(), False), 0, "mine")
    found = check_class(shared, one, plain, KEY, None)
    assert found.entry_class("fold") == "worlds"
    assert found.note == classes.FAILED
    assert (found.score is not None, found.disguised) == (True, None)
    assert ClassTest(metric="auroc", score=0.9, disguised=0.5, loss=0.4).entry_class("fold") == "fold"


@pytest.mark.parametrize("lost", [3, 2, 1, 0])
def test_a_loss_counts_where_other_seeds_and_copies_have_it_too(
    tiny: Release, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    """Losses by chance are of one pair of runs alone."""
    one, seeds = cell("recruitment_onset", f"{__name__}.KnowsCodes", tiny), list[int]()
    first = SharedFold(one)

    def losses() -> Iterator[ClassTest]:
        for pair in range(PAIRS):
            low = 0.1 if pair < lost else -0.1
            yield ClassTest(metric="f_latency", score=float(pair), disguised=0.1, loss=0.4, low=low)

    found = losses()
    monkeypatch.setattr(classes, "predict", lambda _, cell, *__: seeds.append(cell.seed))
    monkeypatch.setattr(classes, "measure_loss", lambda *_: next(found))
    checked = check_class(first, one, pl.DataFrame(), KEY, None)
    assert checked.lost is (lost == PAIRS)
    assert checked.score == (0 if lost == PAIRS else lost)
    assert sorted(seeds) == [0, 1000, 1000, 2000, 2000][: 1 + 2 * min(lost, PAIRS - 1)]
