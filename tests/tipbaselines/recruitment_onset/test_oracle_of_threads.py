"""The reference filter of conversations is exact: calibrated, and worse without any part of the law."""

import numpy as np
import polars as pl
import pytest
from tipbaselines.recruitment_onset.oracle import Oracle
from tipbench.loading import prepare
from tipbench.runs.streams import scores_of
from tipdata.release import Release


def scored(tiny: Release, change: str = "") -> pl.DataFrame:
    """What the filter says of every message of the test part, and whether commitment had been reached; without a part
    of the law where ``change`` names one."""
    prepared = prepare("recruitment_onset", release=tiny, split="operation", oracle=True)
    method = Oracle()
    method.fit(prepared.folds[0], 0)
    begin = method.begin

    def changed(units: pl.DataFrame) -> None:
        begin(units)
        for one in method._filters:
            if change:
                table = getattr(one, change)
                setattr(one, change, np.ones_like(table))

    method.begin = changed
    found = scores_of(method, prepared.streams[0].test, "oracle")
    frame = pl.DataFrame({"conversation": found.unit, "step": found.step, "score": found.score})
    rows = prepared.answers.frame.join(frame, on="conversation")
    return rows.with_columns(now=(pl.col("onset") <= pl.col("step")).fill_null(False))


def surprise(rows: pl.DataFrame) -> float:
    """Return the mean log loss over messages."""
    p = rows["score"].to_numpy().clip(1e-6, 1 - 1e-6)
    return float(-np.where(rows["now"].to_numpy(), np.log(p), np.log(1 - p)).mean())


@pytest.fixture(scope="module")
def exact(tiny: Release) -> pl.DataFrame:
    return scored(tiny)


def test_the_posterior_after_the_last_message_is_calibrated(exact: pl.DataFrame) -> None:
    last = exact.sort("conversation", "step").unique("conversation", keep="last")
    binned = last.with_columns(bin=(pl.col("score") * 4).floor().clip(0, 3)).group_by("bin")
    found = binned.agg(pl.col("score").mean(), pl.col("now").mean(), pl.len())
    assert found.height == 4
    error = (found["score"] * (1 - found["score"]) / found["len"]).sqrt()
    assert ((found["score"] - found["now"]).abs() < 3 * error + 0.01).all()


def test_without_the_law_of_answers_the_filter_is_more_surprised(tiny: Release, exact: pl.DataFrame) -> None:
    assert surprise(scored(tiny, "_reply")) > surprise(exact) + 1e-4
