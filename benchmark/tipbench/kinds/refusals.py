"""Check predictions against the ground truth: they are refused, never repaired.

A refusal is one sentence with counts on both sides and the first few keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl
from tipcore.display import printable
from tipcore.errors import UsageError

if TYPE_CHECKING:
    from tipbench.kinds.answers import Answers

SHOWN_KEYS = 3
"""Keys that a refusal shows."""
SHOWN_NAMES, NAME_SIGNS = 12, 40
"""Names of columns that a refusal shows, and signs of each."""


class PredictionsRefused(UsageError):
    """Predictions are not what their kind asks for. ``said``: a sentence that does not name the predictions."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = printable(said)

    def __str__(self) -> str:
        return f"predictions: {self.said}"


def refuse(wrong: object, said: str) -> None:
    """Raise PredictionsRefused with a sentence where anything is wrong."""
    if wrong:
        raise PredictionsRefused(said)


def refuse_truth(wrong: object, said: str) -> None:
    """Raise UsageError with a sentence where anything is wrong with the ground truth."""
    if wrong:
        raise UsageError(f"answers: {said}")


def quote_names(names: Sequence[str]) -> str:
    """Return the names of a file's columns as a sentence quotes them: the first few, cut where they are long."""
    shown = [name[:NAME_SIGNS] + "..." * (len(name) > NAME_SIGNS) for name in names[:SHOWN_NAMES]]
    return ", ".join(shown) + f" and {len(names) - SHOWN_NAMES:,} more" * (len(names) > SHOWN_NAMES)


def check_key_type(predictions: pl.DataFrame, name: str, known: str, expected: pl.DataType) -> None:
    """Refuse a key whose dtype is not that of the ground truth. Raises PredictionsRefused."""
    given = predictions.schema[name]
    said = f"{name} is {given} and {known} is {expected} in the answers; cast it to {expected}"
    refuse(given != expected, said)


def find_out_of_range(column: pl.Series, largest: float) -> dict[str, pl.Series]:
    """Return which values are NaN, infinite, or further from 0 than the largest that may be, by the words for it."""
    faults = {
        "NaN": column.is_nan(),
        "infinite": column.is_infinite(),
        f"outside -{largest:g} to {largest:g}": column.abs() > largest,
    }
    return {what: mask.fill_null(False) for what, mask in faults.items()}


def align_units(answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
    """Return predictions in the order of the ground truth.

    Raises PredictionsRefused where units are not each there once.
    """
    unit = answers.unit
    expected = answers.frame[unit]
    if expected.equals(predictions[unit].rename(unit)):
        return predictions
    given = predictions[unit]
    if given.len() == expected.len():
        # Sorting takes a tenth of the memory of a join.
        place, ordered = expected.arg_sort(), predictions.sort(unit)
        if ordered[unit].equals(expected.gather(place).rename(unit)):
            return ordered if expected.is_sorted() else ordered[place.arg_sort()]
    repeated = predictions.filter(given.is_duplicated())[unit].unique(maintain_order=True)
    missing = expected.filter(~expected.is_in(given.implode()))
    extra = given.filter(~given.is_in(expected.implode())).unique(maintain_order=True)
    faults = describe_faults(answers, {"missing": missing, "extra": extra, "repeated": repeated})
    raise PredictionsRefused(
        f"{faults}; {expected.len():,} of {unit} expected, "
        f"{given.n_unique():,} unique in {given.len():,} rows given; predict each of them once"
    )


def refuse_rows(answers: Answers, wrong: pl.DataFrame, total: int, what: str, instead: str) -> None:
    """Raise PredictionsRefused where any of ``total`` rows is wrong; ``wrong``: the keys of those."""
    if wrong.height:
        keys = show_keys(answers, *wrong.unique(maintain_order=True))
        raise PredictionsRefused(f"{wrong.height:,} of {total:,} {what} ({keys}); {instead}")


def describe_faults(answers: Answers, faults: dict[str, pl.Series]) -> str:
    """Return how many keys have each fault, with the first of them; faults without keys are left out."""
    return ", ".join(
        f"{len(keys):,} {what} ({show_keys(answers, keys)})" for what, keys in faults.items() if len(keys)
    )


def show_keys(answers: Answers, *keys: pl.Series) -> str:
    """Return the first few keys as the reader wrote them: 5, 8, 9, and pairs of two columns as 5-8."""
    rows = zip(*(answers.as_written(column.head(SHOWN_KEYS)) for column in keys), strict=True)
    return ", ".join("-".join(map(str, row)) for row in rows)


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
        package, _, _ = type(predictions).__module__.partition(".")
        kind = f"{package} {type(predictions).__name__}".removeprefix("builtins ")
        how = "; pl.from_pandas makes one of it" if kind == "pandas DataFrame" else ""
        raise PredictionsRefused(f"a {kind} was given; give a polars DataFrame{how}")
    return answers.kind.check(answers, predictions)
