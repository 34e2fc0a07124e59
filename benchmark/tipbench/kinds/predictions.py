"""Check predictions against the ground truth: they are refused, never repaired, in one sentence with counts."""

from __future__ import annotations

import polars as pl

from tipbench.kinds.answers import Answers
from tipbench.kinds.refusals import PredictionsRefused


def check_predictions(answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
    """Return predictions with the columns of their format only, in the order of the ground truth.

    The format is in the module of the kind. Scores, clusters, alarms, label sets and estimates come back with one row
    per unit, row for row beside ``answers.frame``; candidates and forecasts by query in the order of the ground truth,
    then by falling score, then by candidate. Keys have exactly the dtype of the ground truth's keys. Scores keep the
    dtype that they were given in, Float32 or Float64: what is ranked is what is stored and hashed.

    Raises :class:`UsageError` for anything that is not a polars DataFrame, an empty frame, a missing column,
    a wrong dtype, nulls where none may be, NaN or infinite scores, steps below 1, repeated, missing or
    unknown keys, more than ten candidates per query, a candidate that is its own query, a forecast that is no
    candidate of its query's region, an interval that does not hold its estimate, and counts that are not positive.
    """
    if not isinstance(predictions, pl.DataFrame):
        kind = f"{type(predictions).__module__.partition('.')[0]} {type(predictions).__name__}".removeprefix(
            "builtins "
        )
        how = "; pl.from_pandas makes one of it" if kind == "pandas DataFrame" else ""
        raise PredictionsRefused(f"a {kind} was given; give a polars DataFrame{how}")
    return answers.kind.check(answers, predictions)
