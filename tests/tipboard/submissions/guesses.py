"""Well-formed predictions of every kind that know nothing: by lot, for given answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from tipbench.kinds.answers import Answers

FEW = 3
"""Candidates of a query."""


def _per_unit(answers: Answers, draw: np.random.Generator) -> pl.DataFrame:
    return answers.frame.select(answers.unit).with_columns(score=pl.Series(draw.random(answers.frame.height)))


def _clusters(answers: Answers, draw: np.random.Generator) -> pl.DataFrame:
    names = pl.Series(draw.integers(0, 50, answers.frame.height)).cast(pl.String)
    return answers.frame.select(answers.unit).with_columns(cluster="c" + names)


def _candidates(answers: Answers, draw: np.random.Generator) -> pl.DataFrame:
    units = answers.frame[answers.unit]
    places = np.arange(len(units))
    lists = [
        pl.DataFrame({"query": units, "candidate": units.gather((places + step) % len(units))})
        for step in range(1, FEW + 1)
    ]
    return pl.concat(lists).with_columns(score=pl.Series(draw.random(FEW * len(units))))


def _forecasts(answers: Answers, draw: np.random.Generator) -> pl.DataFrame:
    few = answers.candidates.group_by("region", maintain_order=True).head(FEW)
    asked = answers.frame.select(pl.col(answers.unit).alias("query"), "region")
    found = asked.join(few, on="region", maintain_order="left").drop("region")
    return found.with_columns(score=pl.Series(draw.random(found.height)))


def _alarms(answers: Answers, draw: np.random.Generator) -> pl.DataFrame:
    step = pl.when(pl.Series(draw.random(answers.frame.height)) < 0.3).then(1).cast(pl.Int32)
    return answers.frame.select(answers.unit, step=step)


def _labelsets(answers: Answers, draw: np.random.Generator) -> pl.DataFrame:
    rows, kind = answers.frame.height, answers.kind
    scores = {name: pl.Series(draw.random(rows)) for name in kind.expected_columns(answers)[1:]}
    return answers.frame.select(answers.unit).with_columns(**scores)


def _estimates(answers: Answers, draw: np.random.Generator) -> pl.DataFrame:
    value = pl.Series(1.0 + draw.random(answers.frame.height))
    return answers.frame.select(answers.unit, estimate=value, lower=value / 2, upper=value * 2)


def _links(answers: Answers, draw: np.random.Generator) -> pl.DataFrame:
    if answers.gallery is None:
        raise ValueError("links have a gallery")
    few = (
        answers.gallery.group_by("region", "view", maintain_order=True)
        .head(FEW)
        .select("region", "view", "candidate")
    )
    asked = answers.frame.select(pl.col(answers.unit).alias("query"), "region")
    found = asked.join(few, on="region", maintain_order="left").drop("region")
    return found.with_columns(score=pl.Series(draw.random(found.height)))


GUESSES: dict[str, Callable[[Answers, np.random.Generator], pl.DataFrame]] = {
    "scores": _per_unit,
    "clusters": _clusters,
    "candidates": _candidates,
    "forecasts": _forecasts,
    "alarms": _alarms,
    "labelsets": _labelsets,
    "estimates": _estimates,
    "links": _links,
}
"""By kind of prediction, lawful predictions by lot."""


def guess(answers: Answers) -> pl.DataFrame:
    """Return lawful predictions by lot."""
    return GUESSES[answers.kind.name](answers, np.random.default_rng(0))
