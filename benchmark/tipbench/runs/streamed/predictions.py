"""Choose how a streamed task's predictions are made of what a method says at each step."""

from __future__ import annotations

import polars as pl

from tipbench.data.fold import Fold, StepStream
from tipbench.method import StreamMethod
from tipbench.runs.streamed.alarms import streamed_alarms
from tipbench.runs.streamed.forecasts import streamed_forecasts


def streamed_predictions(method: StreamMethod, fold: Fold, stream: StepStream, name: str) -> pl.DataFrame:
    """Return what a fitted method predicts of a test that it is handed step by step; see the two functions."""
    streamed = streamed_alarms if fold.task.forecast is None else streamed_forecasts
    return streamed(method, fold, stream, name)
