"""Say what is wrong with predictions: counts on both sides, and the first few keys."""

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


def quoted(names: Sequence[str]) -> str:
    """Return the names of a file's columns as a sentence quotes them: the first few, cut where they are long."""
    shown = [name[:NAME_SIGNS] + "..." * (len(name) > NAME_SIGNS) for name in names[:SHOWN_NAMES]]
    return ", ".join(shown) + f" and {len(names) - SHOWN_NAMES:,} more" * (len(names) > SHOWN_NAMES)


def same_type(predictions: pl.DataFrame, name: str, known: str, expected: pl.DataType) -> None:
    """Refuse a key whose dtype is not that of the ground truth. Raises PredictionsRefused."""
    if predictions.schema[name] != expected:
        raise PredictionsRefused(
            f"{name} is {predictions.schema[name]} and {known} is {expected} in the "
            f"answers; cast it to {expected}"
        )


def out_of_range(column: pl.Series, largest: float) -> dict[str, pl.Series]:
    """Return which values are NaN, infinite, or further from 0 than the largest that may be, by the words for it."""
    faults = {
        "NaN": column.is_nan(),
        "infinite": column.is_infinite(),
        f"outside -{largest:g} to {largest:g}": column.abs() > largest,
    }
    return {what: mask.fill_null(False) for what, mask in faults.items()}


def one_per_unit(answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
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
    faults = counted(answers, {"missing": missing, "extra": extra, "repeated": repeated})
    raise PredictionsRefused(
        f"{faults}; {expected.len():,} of {unit} expected, "
        f"{given.n_unique():,} unique in {given.len():,} rows given; predict each of them once"
    )


def counted(answers: Answers, faults: dict[str, pl.Series]) -> str:
    """Return how many keys have each fault, with the first of them; faults without keys are left out."""
    return ", ".join(
        f"{len(keys):,} {what} ({first(answers, keys)})" for what, keys in faults.items() if len(keys)
    )


def first(answers: Answers, *keys: pl.Series) -> str:
    """Return the first few keys as the reader wrote them: 5, 8, 9, and pairs of two columns as 5-8."""
    rows = zip(*(answers.as_written(column.head(SHOWN_KEYS)) for column in keys), strict=True)
    return ", ".join("-".join(map(str, row)) for row in rows)
