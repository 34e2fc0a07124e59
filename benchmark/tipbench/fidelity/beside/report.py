"""Compare what a user's data and a release have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from tipcore.errors import UsageError
from tipdata.documents.fidelity.view import Tables

from tipbench.fidelity.beside.classifier import column_shapes, told_apart
from tipbench.fidelity.beside.subjects import NOT_COMPARED, SUBJECTS, Frames, Subject

FACTOR, APART = 1.5, 0.10
"""A number is alike where it is within this factor of the real one, or differs by no more than this where both are
shares and within twice the factor, unless both are small; beyond it is a miss."""
SMALL = 0.02


@dataclass(frozen=True)
class Line:
    """One number on both sides. ``halves``: of two random halves of the real rows, which differ by chance alone."""

    name: str
    real: float | None
    release: float | None
    halves: tuple[float | None, float | None]

    @property
    def verdict(self) -> str:
        """``alike``, ``apart``, or ``not told``."""
        if self.real is None or self.release is None:
            return "not told"
        factor = _factor(self.real, self.release)
        if all(0 <= one <= 1 for one in (self.real, self.release)):
            near = abs(self.real - self.release) <= APART
            near = near and (max(self.real, self.release) < SMALL or factor <= 2 * FACTOR)
        else:
            near = factor <= FACTOR
        return "alike" if near else "apart"


def _factor(one: float, other: float) -> float:
    """Return how many times one number is the other; without bound where their signs differ."""
    low, high = sorted((abs(one), abs(other)))
    if one * other < 0 or low == 0:
        return float("inf") if high else 1.0
    return high / low


@dataclass(frozen=True)
class Beside:
    """What one subject came to.

    Attributes:
        name: the subject.
        rows: real rows, and rows of the release.
        lines: its numbers.
        auroc: of the classifier; None where there is none.
        auroc_halves: of the classifier between halves of the real rows: what .5 looks like here.
        shapes: KSComplement by feature; empty without the extra.
        differs: what a difference does not show.
    """

    name: str
    rows: tuple[int, int]
    lines: tuple[Line, ...]
    auroc: float | None
    auroc_halves: float | None
    differs: str
    shapes: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "subject": self.name,
            "real_rows": self.rows[0],
            "release_rows": self.rows[1],
            "numbers": [
                {
                    "name": one.name,
                    "real": one.real,
                    "release": one.release,
                    "real_halves": list(one.halves),
                    "verdict": one.verdict,
                }
                for one in self.lines
            ],
            "classifier_auroc": self.auroc,
            "classifier_auroc_real_halves": self.auroc_halves,
            "ks_complement": dict(self.shapes) or None,
            "differs_anyway": self.differs,
        }


def beside(frames: Frames, release: Tables, name: str, shapes: bool) -> list[Beside]:
    """Return what every subject that the data have comes to.

    Args:
        frames: the tables of a user's data, as methods are handed them.
        release: a release that was made.
        name: of the data, for errors.
        shapes: whether sdmetrics is asked.

    Raises:
        UsageError: for data that have nothing that could be compared.
    """
    there = [
        (subject, rows) for subject in SUBJECTS if (rows := subject.real(frames)) is not None and rows.height
    ]
    if not there:
        raise UsageError(f"data={name} have nothing that a release could be held against. {NOT_COMPARED}")
    return [_compared(subject, rows, subject.release(release), shapes) for subject, rows in there]


def _compared(subject: Subject, real: pl.DataFrame, release: pl.DataFrame, shapes: bool) -> Beside:
    rng = np.random.default_rng(0)
    order = rng.permutation(release.height)
    if subject.sampled:
        release = release[order[: real.height].tolist()]
        real = real[rng.permutation(real.height).tolist()]
    halves = _halves(real, rng, subject)
    values = [subject.measure(rows) for rows in (real, release, *halves)]
    lines = tuple(
        Line(name, values[0][name], values[1][name], (values[2][name], values[3][name])) for name in values[0]
    )
    if subject.features is None:
        return Beside(subject.name, (real.height, release.height), lines, None, None, subject.differs)
    features = [subject.features(rows) for rows in (real, release, *halves)]
    return Beside(
        subject.name,
        (real.height, release.height),
        lines,
        told_apart(features[0], features[1]),
        told_apart(features[2], features[3]),
        subject.differs,
        column_shapes(features[0], features[1]) if shapes else {},
    )


def _halves(
    real: pl.DataFrame, rng: np.random.Generator, subject: Subject
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return two random halves: of people on lists, of items with all their votes, of rows otherwise."""
    if subject.name == "lists":
        first = rng.binomial(real["count"].to_numpy(), 0.5)
        parts = (pl.Series("count", first), real["count"] - pl.Series("count", first))
        return tuple(real.with_columns(count=one).filter(pl.col("count") > 0) for one in parts)  # type: ignore[return-value]
    if subject.name == "votes":
        items = real["item"].unique(maintain_order=True)
        chosen = items.filter(pl.Series(rng.random(len(items)) < 0.5))
        inside = real["item"].is_in(chosen.implode())
    else:
        inside = pl.Series(rng.random(real.height) < 0.5)
    return real.filter(inside), real.filter(~inside)
