"""Paired comparison: the same draws for both methods, a two-sided p, Holm over the list."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tipbench import kinds
from tipbench.evaluation.comparison import adjust_holm, compare, compute_two_sided_p
from tipbench.kinds.answers import Answers
from tipcore.errors import UsageError

TASK: Any = SimpleNamespace(
    kind=kinds.SCORES, unit="advert", primary="auroc", prevalence=0.05, metrics=("auroc",)
)


def data(clusters: int = 120) -> tuple[Answers, dict[str, pl.DataFrame]]:
    """Answers, a weak reference, a better method, and one that is the reference with a little noise."""
    generator = np.random.default_rng(0)
    codes = np.repeat(np.arange(clusters), 4)
    positive = codes % 3 == 0
    frame = pl.DataFrame(
        {
            "advert": np.arange(codes.size),
            "part": "test",
            "label": positive.astype(np.int8),
            "cluster": codes,
            "weight": 0.25,
        }
    )
    weak = generator.normal(size=codes.size) + 0.3 * positive
    scores = {
        "weak": weak,
        "strong": weak + 1.5 * positive,
        "same": weak + generator.normal(0, 0.01, codes.size),
    }
    return Answers(kinds.SCORES, "advert", frame), {
        name: frame.select("advert", pl.Series("score", values)) for name, values in scores.items()
    }


def test_a_better_method_is_told_from_the_reference_and_an_equal_one_is_not() -> None:
    answers, predictions = data()
    strong, same = compare(TASK, answers, predictions, "weak", replicates=400)
    assert (strong.method, strong.reference, strong.metric) == ("strong", "weak", "auroc")
    assert strong.significant
    assert strong.low is not None
    assert strong.low > 0
    assert (strong.p, strong.p_holm) == pytest.approx((2 / 401, 4 / 401))
    assert not same.significant
    assert same.p is not None
    assert same.p > 0.05
    assert same.high is not None
    assert same.low is not None
    assert same.high - same.low < 0.02, "far narrower than the interval of a single score"


def test_a_method_against_itself_has_p_one_and_no_width() -> None:
    answers, predictions = data()
    (copy,) = compare(
        TASK, answers, {"weak": predictions["weak"], "copy": predictions["weak"]}, "weak", replicates=50
    )
    assert (copy.difference, copy.low, copy.high, copy.p) == (0.0, 0.0, 0.0, 1.0)


def test_exchanging_method_and_reference_turns_the_sign() -> None:
    answers, predictions = data()
    pair = {name: predictions[name] for name in ("weak", "strong")}
    (one,) = compare(TASK, answers, pair, "weak", replicates=100)
    (other,) = compare(TASK, answers, pair, "strong", replicates=100)
    assert one.difference == -(other.difference or 0)
    assert one.p == other.p


def test_too_few_clusters_leave_the_difference_alone() -> None:
    answers, predictions = data(clusters=30)
    strong = compare(TASK, answers, predictions, "weak", replicates=50)[0]
    assert strong.difference is not None
    assert (strong.low, strong.p, strong.p_holm, strong.significant) == (None, None, None, False)
    assert strong.note == "too few clusters"


def test_a_missing_reference_or_truth_and_a_malformed_method_are_named() -> None:
    answers, predictions = data()
    with pytest.raises(UsageError, match="'best' is not among weak, strong, same"):
        compare(TASK, answers, predictions, "best")
    with pytest.raises(UsageError, match=r"^strong: predictions: 1 missing"):
        compare(TASK, answers, {**predictions, "strong": predictions["strong"].tail(-1)}, "weak")

    unknown = Answers(kinds.SCORES, "advert", answers.frame.with_columns(label=pl.lit(None, dtype=pl.Int8)))
    with pytest.raises(UsageError, match="no test row has a known label"):
        compare(TASK, unknown, predictions, "weak")


def test_p_is_twice_the_smaller_tail_and_never_zero() -> None:
    assert compute_two_sided_p(np.arange(1.0, 1000.0)) == pytest.approx(2 / 1000)
    assert compute_two_sided_p(np.concatenate([-np.ones(29), np.ones(970)])) == pytest.approx(60 / 1000)
    assert compute_two_sided_p(np.zeros(99)) == 1.0


def test_holm_is_the_textbook_example() -> None:
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    assert adjust_holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert adjust_holm([]) == []


@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=8))
def test_holm_never_lowers_a_p_and_keeps_their_order(p: list[float]) -> None:
    adjusted = adjust_holm(p)
    assert all(before <= after <= 1.0 for before, after in zip(p, adjusted, strict=True))
    assert [adjusted[k] for k in np.argsort(p, kind="stable")] == sorted(adjusted)
