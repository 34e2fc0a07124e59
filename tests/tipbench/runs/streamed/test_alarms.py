"""The threshold that is fixed on valid, and the alarms that come of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tipbench import kinds
from tipbench.kinds.answers import Answers
from tipbench.metrics.bootstrap import compute_observed
from tipbench.metrics.early import measure_alarms
from tipbench.metrics.metric import make_inputs
from tipbench.runs.streams import NEVER, StepScores, alarms, best_threshold

TASK: Any = SimpleNamespace(kind=kinds.ALARMS, unit="chat", primary="f_latency", prevalence=None)

CHATS = st.lists(
    st.tuples(
        st.lists(st.integers(0, 6), max_size=12),  # scores, so few that many are equal
        st.one_of(st.none(), st.integers(1, 14)),  # onset
        st.booleans(),  # whether the label is known
    ),
    min_size=1,
    max_size=12,
)


def scored(chats) -> StepScores:
    rows = [
        (step, chat, score) for chat, (scores, *_) in enumerate(chats) for step, score in enumerate(scores, 1)
    ]
    rows.sort()
    return StepScores(
        pl.Series("chat", [row[1] for row in rows], dtype=pl.Int64),
        np.array([row[0] for row in rows], dtype=np.int32),
        np.array([row[2] for row in rows], dtype=np.float64),
    )


def labels(chats) -> pl.DataFrame:
    known = [(c, int(onset is not None), onset) for c, (_, onset, label) in enumerate(chats) if label]
    return pl.DataFrame(known, schema={"chat": pl.Int64, "label": pl.Int8, "onset": pl.Int32}, orient="row")


def f_latency(chats, threshold: float) -> float:
    """F-latency of the alarms at a threshold, of the units with a label, as the metric family gives it."""
    given = labels(chats)
    frame = given.with_columns(part=pl.lit("test"), cluster=pl.col("chat"), weight=pl.lit(1.0))
    made = alarms(scored(chats), given["chat"], threshold)
    inputs = make_inputs(TASK, Answers(kinds.ALARMS, "chat", frame), made)
    return compute_observed(measure_alarms(inputs).metrics, inputs.clusters.count)["f_latency"]


@given(CHATS)
@settings(max_examples=60, deadline=None)
def test_no_other_score_does_better_on_valid_and_none_higher_does_as_well(chats) -> None:
    found = best_threshold(scored(chats), labels(chats))
    seen = sorted({score for scores, *_ in chats for score in scores}, reverse=True)
    if len(seen) < 2:
        assert found == NEVER
        return
    assert found in seen[:-1]
    if labels(chats).filter(pl.col("label") == 1).is_empty():
        assert found == seen[0]
        return
    reached = {threshold: f_latency(chats, threshold) for threshold in seen[:-1]}
    best = max(reached.values())
    assert reached[found] == pytest.approx(best, abs=1e-12)
    # Two that are equal on paper may differ in the last bit, which decides between them.
    assert not [t for t, f in reached.items() if t > found and f > best - 1e-15 and f == reached[found]]


@given(CHATS, st.integers(0, 7))
@settings(max_examples=40, deadline=None)
def test_an_alarm_is_the_first_step_that_reaches_the_threshold(chats, threshold: int) -> None:
    units = pl.Series("chat", range(len(chats)), dtype=pl.Int64)
    found = alarms(scored(chats), units, threshold)
    assert found.schema == {"chat": pl.Int64, "step": pl.Int32}
    expected = [
        next((step for step, score in enumerate(scores, 1) if score >= threshold), None)
        for scores, *_ in chats
    ]
    assert found["step"].to_list() == expected


@given(CHATS, st.integers(0, 7), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_what_comes_after_a_step_moves_no_alarm_up_to_it(chats, threshold: int, kept: int) -> None:
    units = pl.Series("chat", range(len(chats)), dtype=pl.Int64)
    whole = alarms(scored(chats), units, threshold)["step"]
    short = alarms(scored([(scores[:kept], *rest) for scores, *rest in chats]), units, threshold)["step"]
    assert short.to_list() == [step if step is not None and step <= kept else None for step in whole]


@pytest.mark.parametrize("score", [0.0, 0.5, -3.0])
def test_a_constant_score_raises_no_alarm(score: float) -> None:
    chats = [([score] * 5, 2, True), ([score] * 9, None, True), ([], None, True)]
    threshold = best_threshold(scored(chats), labels(chats))
    assert threshold == NEVER
    assert alarms(scored(chats), labels(chats)["chat"], threshold)["step"].null_count() == 3


def test_a_valid_part_without_any_row_raises_no_alarm() -> None:
    assert best_threshold(scored([([], 3, True)]), labels([([], 3, True)])) == NEVER
