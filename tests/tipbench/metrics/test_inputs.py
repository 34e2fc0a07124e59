"""What cannot be put beside each other is refused before anything is scored."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from tipbench import kinds
from tipbench.kinds.answers import Answers
from tipbench.metrics.inputs import MetricInputs, inputs_of
from tipcore.errors import UsageError


def made(prevalence: float | None, parts: tuple[str, str] = ("test", "test")) -> MetricInputs:
    task: Any = SimpleNamespace(kind=kinds.SCORES, unit="advert", primary="auroc", prevalence=prevalence)
    labels = pl.Series([0, 1], dtype=pl.Int8)
    frame = pl.DataFrame(
        {"advert": [1, 2], "part": parts, "label": labels, "cluster": [1, 2], "weight": [1.0, 1.0]}
    )
    scores = pl.DataFrame({"advert": [1, 2], "score": [0.1, 0.9]})
    return inputs_of(task, Answers(kinds.SCORES, "advert", frame), scores)


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
