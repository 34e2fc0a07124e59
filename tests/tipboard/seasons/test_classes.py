"""A method that knows codes loses its score where they are made up; one that learns from its fold keeps it."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats
from tipbench.config.methods import instantiate
from tipbench.data.fold import Fold
from tipbench.evaluation.comparison import draw_primary
from tipbench.metrics.metric import make_inputs
from tipbench.runs.cells import Cell
from tipbench.runs.folds import SharedFold, predict_fold
from tipbench.tasks import task_of
from tipboard.seasons.classes import FAILED, measure_loss, score_disguised
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
        ("account_risk", "tipbaselines.account_risk.lightgbm.LightGBM", False),
    ],
)
def test_who_knows_codes_loses_on_the_copy_and_who_learns_does_not(
    tiny: Release, task: str, target: str, loses: bool
) -> None:
    one = cell(task, target, tiny)
    shared = SharedFold(one)
    prepared, method = shared.prepared(frozenset(), False), instantiate({"_target_": target})
    method.fit(prepared.folds[0], 0)
    plain = predict_fold(method, prepared, 0, target)
    score = draw_primary(make_inputs(prepared.task, prepared.answers_to(plain), plain), 1).value
    copy = score_disguised(shared, one, KEY, None)
    assert copy is not None
    assert (score - copy > 0.02) is loses
    assert shared.prepared(frozenset(), False) is prepared


class FailsOnTheCopy(KnowsCodes):
    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        if not rows["side"].is_in(["first", "second"]).all():
            raise UsageError("an unknown side")
        return super().step(rows)


def test_who_fails_on_the_copy_has_no_score(tiny: Release) -> None:
    one = cell("recruitment_onset", f"{__name__}.FailsOnTheCopy", tiny)
    assert score_disguised(SharedFold(one), one, KEY, None) is None


WORLDS = [0.5, 0.6, 0.55, 0.52, 0.58, 0.61]


@pytest.mark.parametrize(
    ("task", "copies", "found"),
    [
        ("advert_risk", WORLDS, "fold"),
        ("advert_risk", [one - 0.2 for one in WORLDS], "worlds"),
        ("advert_risk", [one + 0.2 for one in WORLDS], "fold"),
        ("advert_risk", [one + shift for one, shift in zip(WORLDS, [0.3, -0.3] * 3, strict=True)], "fold"),
        # Who hides what it knows in one world still loses over all.
        ("advert_risk", [WORLDS[0], *(one - 0.2 for one in WORLDS[1:])], "worlds"),
        # Who ruins one copy does not hide behind the spread.
        ("advert_risk", [0.0, *(one - 0.05 for one in WORLDS[1:])], "worlds"),
        ("advert_risk", [None, *WORLDS[1:]], "worlds"),
        ("prevalence", [one + 0.2 for one in WORLDS], "worlds"),
        ("prevalence", [one - 0.2 for one in WORLDS], "fold"),
    ],
)
def test_a_mean_loss_over_worlds_beyond_its_interval_moves_a_fold_entry(
    task: str, copies: list[float | None], found: str
) -> None:
    test = measure_loss(task_of(task), WORLDS, copies)
    assert test.entry_class("fold") == found
    assert test.entry_class("outside") == "outside"
    assert test.note == (FAILED if None in copies else None)


def test_the_interval_of_a_loss_is_student_t_over_worlds() -> None:
    copies = [0.4, 0.6, 0.45, 0.5, 0.5, 0.55]
    test, losses = measure_loss(task_of("advert_risk"), WORLDS, copies), np.subtract(WORLDS, copies)
    expected = stats.ttest_1samp(losses, 0).confidence_interval(0.95)
    bounded = stats.ttest_1samp(np.minimum(losses, np.median(losses)), 0).confidence_interval(0.95)
    assert (test.low, test.high) == pytest.approx((expected.low, expected.high))
    assert test.bounded_low == pytest.approx(bounded.low)
    assert test.loss == pytest.approx(losses.mean())
    assert measure_loss(task_of("advert_risk"), [None, 0.5], [0.5, 0.5]).entry_class("fold") == "fold"
