"""Histograms of a private table, one per parameter, and their noisy counts by OpenDP.

A row counts for one cell of each histogram, or none. The cells are those that the request declares, never what the
table happens to hold. A value outside of them is refused before anything is counted; the message says only that there
is one: not the value, nor the number of rows, nor the error of polars, since a message may travel further than the
table.

One measurement covers all cells; its ε is what OpenDP's own map gives. Two tables are neighbours if one unit's rows
are replaced by any others, so that the number of units may be known. A unit counts in each of ``m`` histograms with
at most ``k`` rows, and so changes at most ``2 m k`` entries: the distance that the measurement is mapped from. Each
histogram alone costs an ``m``-th of it. The noise is discrete Laplace from the system's secure source: no seed makes
it repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Any, TypeVar

import numpy as np
import polars as pl
from tipcore.errors import UsageError

from tipdata.privacy.request import CALIBRATABLE, CalibrationRequest, ParameterSource

ALL = "all"
"""The one group of a parameter without names."""
BINS = 32
"""Of a histogram of numbers: of equal width for a mean, of equal ratio for a median."""
NAMES = "look at the names of its columns, which a CSV has in its first line"
"""Advice on a missing column. It quotes no names: a CSV without a header has a record in their place."""
YES = {"true": "yes", "yes": "yes", "1": "yes", "false": "no", "no": "no", "0": "no"}

Entry = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Cells:
    """The histogram of one parameter.

    ``groups``: names, with a histogram of each; only ``all`` if there are none. ``bins``: names of the cells in a
    group, or the edges of numbers, one more than cells. ``row``: the cell of each row, group by group; -1 if it
    counts for none; int64.
    """

    groups: tuple[str, ...]
    bins: tuple[str, ...] | np.ndarray
    row: np.ndarray

    @property
    def width(self) -> int:
        """Cells in a group."""
        return len(self.bins) - isinstance(self.bins, np.ndarray)

    @property
    def count(self) -> int:
        """All cells."""
        return len(self.groups) * self.width


def cells_of(frame: pl.DataFrame, request: CalibrationRequest, base: Mapping[str, Entry]) -> dict[str, Cells]:
    """Return the histogram of each parameter of a request.

    Args:
        frame: the private table.
        request: what the user requests.
        base: every parameter of the world.

    Raises:
        UsageError: for a missing column, an expression that fails, and a value outside of what is declared.
    """
    return {path: _histogram(frame, path, source, base[path]) for path, source in request.parameters.items()}


def _histogram(frame: pl.DataFrame, path: str, source: ParameterSource, entry: Entry) -> Cells:
    informed = CALIBRATABLE[path]
    counted = _matching_rows(frame, path, source.where)
    values = _column(frame, path, "column", source.column)
    groups: tuple[str, ...] = (ALL,)
    group = np.zeros(frame.height, dtype=np.int64)
    if source.by is not None:
        groups = tuple(entry["value"])
        by = _column(frame, path, "by", source.by)
        group = _category_cells(path, "by", by, groups, source.by_values, counted)
    if informed.how in ("mean", "medians"):
        assert source.bounds is not None  # a request has been checked
        low, high = source.bounds
        spaced = np.geomspace if informed.how == "medians" else np.linspace
        bins = spaced(low, high, BINS + 1)
        cell = _bin_cells(path, values, bins, counted)
    elif informed.cuts:
        bins = np.array([-np.inf, *informed.cuts, np.inf])
        cell = _bin_cells(path, values, bins, counted)
    else:
        bins, known = ("no", "yes"), source.values or YES
        if informed.how not in ("rate", "rates"):
            value, known = entry["value"], source.values
            bins = tuple(value) if isinstance(value, Mapping) else tuple(map(str, range(len(value))))
        cell = _category_cells(path, "column", values, bins, known, counted)
    width = len(bins) - isinstance(bins, np.ndarray)
    return Cells(groups, bins, np.where((group >= 0) & (cell >= 0), group * width + cell, -1))


def _matching_rows(frame: pl.DataFrame, path: str, where: str | None) -> np.ndarray:
    """Return whether each row meets a condition; all do if there is none."""
    if where is None:
        return np.ones(frame.height, dtype=bool)
    holds = _column(frame, path, "where", where)
    if not (holds.dtype in (pl.Boolean, pl.Null) or holds.dtype.is_numeric()):
        raise UsageError(f'{path}: `where: {where}` is no condition: give one, such as "price > 0".')
    return holds.cast(pl.Boolean).fill_null(False).to_numpy()


def _column(frame: pl.DataFrame, path: str, what: str, text: str) -> pl.Series:
    """Return a column, or the values of an expression over columns."""
    if text in frame.columns and what != "where":
        return frame[text]
    label = f"{path}: `{what}: {text}`"
    expression = _attempt(lambda: pl.sql_expr(text))
    if expression is None:
        raise UsageError(f"{label} is no SQL expression of one row: see docs/privacy.md for some.")
    if lacking := [name for name in expression.meta.root_names() if name not in frame.columns]:
        raise UsageError(f"{path}: the table has no column {lacking[0]}, which `{what}` names: {NAMES}.")
    # An expression that fails on an empty row fails by its types.
    if _attempt(lambda: _both_ways(frame.clear(1), expression)) is None:
        why = "does not work with the types of its columns (for example, arithmetic on text)"
        raise UsageError(f"{label} {why}: CAST the columns, or compare columns of the same type.")
    both = _attempt(lambda: _both_ways(frame, expression))
    if both is None:
        advice = "use TRY_CAST, which leaves such rows out"
        raise UsageError(f"{label} fails on some row, such as a text that should be a number: {advice}.")
    made, alone = both
    if not made.equals(alone, null_equal=True):
        why = "uses other rows than its own, which breaks the privacy guarantee"
        raise UsageError(f"{label} {why}: write an expression of one row.")
    return alone


def _attempt(work: Callable[[], T]) -> T | None:
    """Return the result of polars, None if it raises.

    Its errors quote cells: nothing of them may remain, not even as the context of another error.
    """
    try:
        return work()
    except (Exception, pl.exceptions.PanicException):
        return None


def _both_ways(frame: pl.DataFrame, expression: pl.Expr) -> tuple[pl.Series, pl.Series]:
    """Return the values of an expression on all rows together, and on each row as if it were the only one."""
    row = f"row {' '.join(frame.columns)}"  # no column is called so
    numbered = frame.with_row_index(row)
    together = numbered.with_columns(expression.alias("made"))["made"]
    return together, numbered.with_columns(expression.over(row).alias("made"))["made"]


def _category_cells(
    path: str,
    what: str,
    values: pl.Series,
    names: Sequence[str],
    known: Mapping[str, str | None] | None,
    counted: np.ndarray,
) -> np.ndarray:
    """Return the place of each row's value among names, -1 for none. Raises UsageError for a value that is no name."""
    means = {name: name for name in names} if known is None else dict(known)
    if odd := [name for name in means.values() if name is not None and name not in names]:
        raise UsageError(f"{path}: `values` leads to {odd[0]}, which is none of {', '.join(names)}.")
    if not any(means.values()):
        raise UsageError(f"{path}: `values` leaves out all rows: let one lead to a name.")
    text = _attempt(lambda: values.cast(pl.String))
    if text is None:
        advice = "give a column or expression that does"
        raise UsageError(f"{path}: `{what}` holds neither texts nor numbers: {advice}.")
    text = text.str.to_lowercase() if known is YES else text
    there = counted & text.is_not_null().to_numpy()
    is_known = text.is_in(list(means)).fill_null(False).to_numpy()
    _refuse(path, what, there & ~is_known, f"is none of {', '.join(means)}: map it with "
            "`values` (to null to leave it out)")  # fmt: skip
    place = {value: names.index(name) for value, name in means.items() if name is not None}
    found = text.replace_strict(place, default=-1, return_dtype=pl.Int64).fill_null(-1).to_numpy()
    return np.where(there, found, -1)


def _bin_cells(path: str, values: pl.Series, edges: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Return the bin of each row's number, -1 for none. Raises UsageError for a number outside."""
    number = _attempt(lambda: values.cast(pl.Float64))
    if number is None:
        advice = "TRY_CAST it, which leaves such a row out"
        raise UsageError(f"{path}: `column` holds what is no number: {advice}.")
    there = counted & number.is_not_null().to_numpy()
    x = number.fill_null(0.0).to_numpy()
    outside = there & ~((x >= edges[0]) & (x <= edges[-1]))  # also what is not a number
    _refuse(path, "column", outside, f"is outside of its bounds {edges[0]:g} to {edges[-1]:g}: widen them, or leave "
            "those rows out with `where`")  # fmt: skip
    cell = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2)
    return np.where(there, cell, -1)


def _refuse(path: str, what: str, wrong: np.ndarray, why: str) -> None:
    if wrong.any():
        raise UsageError(f"{path}: in some row what `{what}` holds {why}.")


def sample_units(frame: pl.DataFrame, request: CalibrationRequest) -> tuple[pl.DataFrame, int]:
    """Return the rows that count, a random sample of each unit, and the number of units.

    The sample of a unit depends on no other unit. Raises UsageError if the column of units is missing or has nulls.
    """
    column = request.unit_column
    if column is None:
        return frame, frame.height
    if column not in frame.columns:
        raise UsageError(f"the table has no column {column}, which `unit` names: {NAMES}.")
    if frame[column].null_count():
        raise UsageError(f"some row has no {column}, so its unit is unknown: leave such rows out.")
    turn = pl.Series("turn", np.random.default_rng().random(frame.height))
    first = turn.to_frame().with_columns(frame[column].alias("unit"))
    rank = first.select(pl.col("turn").rank("ordinal").over("unit"))["turn"]
    return frame.filter(rank <= request.rows_each), frame[column].n_unique()


ALPHA = 0.05
"""Probability that any cell of a histogram is further off than its accuracy."""


class Measurement:
    """One measurement of the histograms of some parameters."""

    def __init__(self, cells: Mapping[str, Cells], rows_each: int, epsilon: float) -> None:
        """``rows_each``: how many rows of a unit count. ``epsilon``: of the whole measurement.

        Raises:
            UsageError: if OpenDP makes no measurement that costs so little.
        """
        self._cells = cells
        self.changed = 2 * len(cells) * rows_each
        try:
            count = sum(one.count for one in cells.values())
            self._mechanism, self.scale = _make_mechanism(count, self.changed, epsilon)
        except (_opendp().OpenDPException, ValueError, OverflowError):
            what = f"OpenDP makes no noise for ε {epsilon:g} over {len(cells)} parameters"
            raise UsageError(f"{what}: nothing was spent; take a larger epsilon.") from None
        self.epsilon = float(self._mechanism.map(self.changed))
        """Its cost, by OpenDP's map."""
        self.library = f"OpenDP {version('opendp')}"

    def accuracy(self, path: str) -> float:
        """Return how far off the counts of a parameter are at most, in all but 5% of measurements."""
        alpha = ALPHA / self._cells[path].count
        return float(_opendp().discrete_laplacian_scale_to_accuracy(self.scale, alpha))

    def exact(self) -> dict[str, np.ndarray]:
        """Return the counts without noise, for tests and controls only: they are private."""
        return {
            path: np.bincount(one.row[one.row >= 0], minlength=one.count).reshape(-1, one.width)
            for path, one in self._cells.items()
        }

    def counts(self) -> dict[str, np.ndarray]:
        """Return noisy counts of each parameter, (groups, cells of a group), int64; may be below 0. Spends ε."""
        cells = self._cells.values()
        firsts = np.cumsum([0, *(one.count for one in cells)])[:-1]
        entries = [one.row[one.row >= 0] + first for one, first in zip(cells, firsts, strict=True)]
        noisy = self._mechanism(np.concatenate(entries).astype(np.int32).tolist())
        parts = np.split(np.array(noisy, dtype=np.int64), firsts[1:])
        split = zip(self._cells.items(), parts, strict=True)
        return {path: part.reshape(-1, one.width) for (path, one), part in split}


def _opendp() -> Any:
    """Return OpenDP, which is an extra and takes a second to load."""
    return import_module("opendp.prelude")


def _make_mechanism(cells: int, changed: int, epsilon: float) -> tuple[Any, float]:
    """Return OpenDP's measurement of ``cells`` counts that costs ε if ``changed`` entries differ; and its scale."""
    dp = _opendp()
    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T=dp.i32)), dp.symmetric_distance()
    counted = space >> dp.t.then_count_by_categories(
        categories=list(range(cells)), null_category=False, MO=dp.L1Distance[int]
    )

    def noisy(scale: float) -> Any:
        return counted >> dp.m.then_laplace(scale)

    scale = float(dp.binary_search_param(noisy, d_in=changed, d_out=epsilon))
    return noisy(scale), scale
