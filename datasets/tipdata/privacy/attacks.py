"""Attacks on a synthetic table with knowledge of real records, after Giomi et al. (2023): own code over arrays.

- *Singling out*: guess that a condition which one synthetic row fulfils holds for one real record alone.
- *Linking*: guess that two parts of a record belong together if their nearest synthetic rows are the same.
- *Inferring*: guess that an unknown value of a record is as in the nearest synthetic row.
- *Copies*: look whether a record is in the synthetic table as it is.

Distance is Gower's (1971): numbers by their range, categories by equality; two missing values are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from tipcore.errors import UsageError

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
CHUNK = 4_000_000
"""Distances at a time."""
WAYS = {"==": np.equal, "<=": np.less_equal, ">=": np.greater_equal}
TOLERANCE = 0.05
"""The share of the guess by which a number may differ from it."""
TRIES = 20
"""Rows that are tried for each joint condition."""


@dataclass(frozen=True)
class CodedRows:
    """Rows as numbers, (n, d) float64. ``is_number``: (d,), whether a column is a quantity. ``range_``: (d,), of each
    quantity over all tables. A missing quantity is NaN, a missing category has a code of its own."""

    rows: npt.NDArray[np.float64]
    is_number: Bools
    range_: npt.NDArray[np.float64]

    def take(self, which: Ints) -> CodedRows:
        """Return some rows."""
        return CodedRows(self.rows[which], self.is_number, self.range_)

    def __len__(self) -> int:
        return len(self.rows)


def encode_tables(frames: Sequence[pl.DataFrame], columns: Sequence[str]) -> list[CodedRows]:
    """Return tables as numbers: a category has the same code in all tables, a quantity the same range.

    Raises:
        UsageError: for a column that holds neither texts nor numbers.
    """
    is_number = np.array([all(f[c].dtype.is_numeric() for f in frames) for c in columns])
    made = [np.empty((f.height, len(columns))) for f in frames]
    for place, name in enumerate(columns):
        if any(f[name].dtype.is_nested() for f in frames):
            raise UsageError(f"column {name} holds lists or the like: audit columns of texts and numbers.")
        if is_number[place]:
            parts = [f[name].cast(pl.Float64).to_numpy() for f in frames]
        else:
            every = pl.concat([f[name].cast(pl.String) for f in frames])
            codes = every.rank("dense").fill_null(0).cast(pl.Float64).to_numpy()
            parts = np.split(codes, np.cumsum([f.height for f in frames])[:-1])
        for rows, part in zip(made, parts, strict=True):
            rows[:, place] = part
    every = np.vstack(made)
    with np.errstate(all="ignore"):
        width = np.nanmax(every, axis=0) - np.nanmin(every, axis=0)
    width = np.where(np.isfinite(width) & (width > 0), width, 1.0)
    return [CodedRows(rows, is_number, width) for rows in made]


def nearest(synthetic: CodedRows, targets: CodedRows, columns: Sequence[int], k: int = 1) -> Ints:
    """Return the k nearest synthetic rows of each target, (n, k) int64; among equally near ones the first."""
    step = max(1, CHUNK // max(1, len(synthetic)))
    found = []
    for first in range(0, len(targets), step):
        apart = _distance(synthetic, targets.rows[first : first + step], columns)
        best = np.argsort(apart, axis=1, kind="stable")[:, :k] if k > 1 else apart.argmin(axis=1)[:, None]
        found.append(best)
    return np.vstack(found)


def _distance(
    synthetic: CodedRows, rows: npt.NDArray[np.float64], columns: Sequence[int]
) -> npt.NDArray[np.float64]:
    total = np.zeros((len(rows), len(synthetic)))
    for place in columns:
        mine, theirs = rows[:, place, None], synthetic.rows[None, :, place]
        if synthetic.is_number[place]:
            apart = np.abs(mine - theirs) / synthetic.range_[place]
            total += np.where(np.isnan(apart), (np.isnan(mine) != np.isnan(theirs)).astype(float), apart)
        else:
            total += mine != theirs
    return total


def find_copies(synthetic: CodedRows, targets: CodedRows) -> Bools:
    """Return whether each target is a synthetic row as it is; two missing values are equal."""
    made, wanted = (pl.from_numpy(one.rows, orient="row") for one in (synthetic, targets))
    found = wanted.with_row_index("at").join(made, on=wanted.columns, how="semi")["at"]
    return np.isin(np.arange(len(targets)), found.to_numpy())


def find_links(
    synthetic: CodedRows, targets: CodedRows, parts: tuple[Sequence[int], Sequence[int]], k: int = 1
) -> Bools:
    """Return whether the two parts of each target lead to a synthetic row in common."""
    one, other = (nearest(synthetic, targets, part, k) for part in parts)
    return (one[:, :, None] == other[:, None, :]).any(axis=(1, 2))


def infer_secrets(synthetic: CodedRows, targets: CodedRows, known: Sequence[int], secret: int) -> Bools:
    """Return whether the secret of each target is that of its nearest synthetic row; a number may be 5% off."""
    guess = synthetic.rows[nearest(synthetic, targets, known)[:, 0], secret]
    return score_guesses(guess, targets.rows[:, secret], bool(synthetic.is_number[secret]))


def score_guesses(guess: npt.NDArray[np.float64], secret: npt.NDArray[np.float64], is_number: bool) -> Bools:
    """Return whether guesses are right."""
    if not is_number:
        return guess == secret
    near = np.abs(guess - secret) <= TOLERANCE * np.abs(guess)
    return near | (np.isnan(guess) & np.isnan(secret))


@dataclass(frozen=True)
class Condition:
    """A condition on rows: columns, each with an operator (``==``, ``<=``, ``>=``) and a number; NaN means missing."""

    parts: tuple[tuple[int, str, float], ...]

    def holds(self, rows: npt.NDArray[np.float64]) -> Bools:
        """Return whether each row fulfils it."""
        fulfilled = np.ones(len(rows), dtype=bool)
        for place, way, value in self.parts:
            column = rows[:, place]
            fulfilled &= np.isnan(column) if np.isnan(value) else WAYS[way](column, value)
        return fulfilled


def single_conditions(synthetic: CodedRows, most: int, rng: np.random.Generator) -> list[Condition]:
    """Return conditions on one column that one synthetic row fulfils: values that occur once, least and most."""
    made: list[Condition] = []
    for place in range(synthetic.rows.shape[1]):
        column = synthetic.rows[:, place]
        values, times = np.unique(column[~np.isnan(column)], return_counts=True)
        made += [Condition(((place, "==", float(v)),)) for v in values[times == 1]]
        if np.isnan(column).sum() == 1:
            made.append(Condition(((place, "==", float("nan")),)))
        if synthetic.is_number[place] and len(values):
            if times[0] == 1:
                made.append(Condition(((place, "<=", float(values[0])),)))
            if times[-1] == 1:
                made.append(Condition(((place, ">=", float(values[-1])),)))
    return [made[i] for i in rng.permutation(len(made))[:most]]


def joint_conditions(
    synthetic: CodedRows, most: int, width: int, rng: np.random.Generator
) -> list[Condition]:
    """Return different conditions on several columns, each taken from a synthetic row and fulfilled by it alone.

    A condition on a quantity is open on the side away from the median. ``width``: columns of a condition.
    """
    middle = np.nanmedian(np.where(synthetic.is_number, synthetic.rows, 0.0), axis=0)
    made: dict[str, Condition] = {}
    for _ in range(TRIES * most):
        row = synthetic.rows[rng.integers(len(synthetic))]
        places = sorted(rng.choice(len(row), size=width, replace=False).tolist())
        ends = np.where(synthetic.is_number, np.where(row > middle, ">=", "<="), "==").tolist()
        one = Condition(tuple((place, ends[place], float(row[place])) for place in places))
        key = str(one.parts)
        if key not in made and one.holds(synthetic.rows).sum() == 1:
            made[key] = one
            if len(made) == most:
                break
    return list(made.values())


def single_out(conditions: Sequence[Condition], real: CodedRows) -> Bools:
    """Return whether each condition is fulfilled by exactly one real record."""
    return np.array([one.holds(real.rows).sum() == 1 for one in conditions], dtype=bool)
