"""What cannot be put beside each other is refused before anything is scored."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from made_answers import labelled, scored, task_of_scores
from tipbench import kinds
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.metrics.bootstrap import TOO_FEW, draw_multiplicities, encode_dense
from tipbench.metrics.metric import MetricInputs
from tipcore.errors import UsageError


def made(prevalence: float | None, parts: tuple[str, str] = ("test", "test")) -> MetricInputs:
    return scored(labelled([0, 1], part=parts), [0.1, 0.9], task_of_scores(prevalence=prevalence))


@pytest.mark.parametrize("prevalence", [-0.1, 0.0, 1.0, 1.1])
def test_a_prevalence_is_a_share_that_is_neither_none_nor_all(prevalence: float) -> None:
    with pytest.raises(UsageError, match="is not between 0 and 1"):
        made(prevalence)


@pytest.mark.parametrize("prevalence", [None, 1e-6, 0.999999])
def test_a_share_or_none_is_taken(prevalence: float | None) -> None:
    assert made(prevalence).positive.tolist() == [False, True]


def test_a_part_without_a_test_row_is_refused() -> None:
    with pytest.raises(UsageError, match="no row is of the test part"):
        made(None, ("valid", "train"))


BY_FORM_TASK = task_of_scores(
    metrics=("average_precision", "protection_gap", "harm_gap"), prevalence=0.05, groups=("business",)
)
REPLICATES = 200
OPERATIONS = {"labour": 40, "sexual": 30, "organs": 12, "marriage": 0}


def world() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Answers and predictions: three forms, one of them of 12 operations; scores find labour more often."""
    generator = np.random.default_rng(3)
    form = [name for name, count in OPERATIONS.items() for _ in range(count)] + [None] * 2000
    owner = np.repeat(np.arange(len(form)), generator.integers(1, 5, len(form)))
    told = [form[one] for one in owner]
    label = np.array([one is not None for one in told])
    high = np.array([one == "labour" for one in told])
    frame = labelled(
        label,
        part=np.where(generator.random(owner.size) < 0.3, "valid", "test"),
        cluster=owner,
        weight=1.0 / generator.integers(1, 4, owner.size),
        group=np.where(label, "trafficking", "business"),
        form=told,
    )
    score = generator.normal(size=owner.size) + 2.0 * label + 1.0 * high
    return frame, frame.select("advert", score=pl.Series(score))


def test_recall_of_each_form_and_its_interval() -> None:
    frame, predictions = world()
    made = evaluate(BY_FORM_TASK, Answers(kinds.SCORES, "advert", frame), predictions, replicates=REPLICATES)
    rows = frame.join(predictions, on="advert", maintain_order="left")
    valid = rows.filter(part="valid").sort("score", descending=True)
    fits = valid.filter(pl.col("weight").cum_sum() <= 0.01 * pl.col("weight").sum())
    rows = rows.filter(part="test").with_columns(found=pl.col("score") >= fits["score"].min())
    codes, count = encode_dense(rows["cluster"])
    drawn = np.concatenate(list(draw_multiplicities(count, REPLICATES, 0)))
    assert list(made.by_form) == ["labour", "organs", "sexual"]
    for form, one in made.by_form.items():
        mine = (rows["form"] == form).fill_null(False).to_numpy()
        weight, found = rows["weight"].to_numpy(), rows["found"].to_numpy()
        assert one.operations == rows.filter(form=form)["cluster"].n_unique()
        assert one.value == pytest.approx((weight * (mine & found)).sum() / (weight * mine).sum(), abs=1e-12)
        if form == "organs":
            assert (one.low, one.high, one.note) == (None, None, TOO_FEW)
            continue
        times = drawn[:, codes] * weight
        draws = (times @ (mine & found)) / (times @ mine)
        low, high = np.quantile(draws, [0.025, 0.975], method="weibull")
        assert (one.low, one.high) == (pytest.approx(low), pytest.approx(high))
    assert made.by_form["labour"].value > made.by_form["sexual"].value  # type: ignore[operator]


def test_without_draws_recall_stands_alone_and_without_forms_there_is_none() -> None:
    frame, predictions = world()
    made, bare = (
        evaluate(BY_FORM_TASK, Answers(kinds.SCORES, "advert", one), predictions, replicates=0)
        for one in (frame, frame.drop("form"))
    )
    assert [one.low for one in made.by_form.values()] == [None] * 3
    assert bare.by_form == {}
