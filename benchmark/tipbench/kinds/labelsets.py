"""Label sets ``[unit, score_<name> ...]``: a score for every label and, where urgency is known, ``score_urgency``.

The ground truth is ``[unit, part, cluster, weight]`` and per label one Int8 column ``label_<name>`` (0, 1, or null
where unknown); where known, ``urgency`` Int8 (0, 1, 2), ``slot`` Int64 (a region's week, which shares capacity),
``oracle_log_odds_<name>`` (milli-nats) and the harm columns of scores.
"""

from __future__ import annotations

import math

import polars as pl
from tipcore.errors import UsageError

from tipbench.kinds.answers import LABEL_PREFIX, Answers
from tipbench.kinds.kind import CustomTruth, PredictionKind, ScoreOf
from tipbench.kinds.refusals import PredictionsRefused, quoted

SCORE_PREFIX = "score_"
"""Before the name of a label, or of urgency, in the columns of predictions."""

URGENCY = "urgency"
LOG_ODDS = "oracle_log_odds_"
PRIMARY = "macro_average_precision"
"""The one metric that log-odds by label give a reference for."""


class LabelSets(PredictionKind):
    """A score per unit and label."""

    name = "labelsets"
    title = "a score per label and unit"
    rows = "for every unit of test; score_urgency as well where urgency is known"
    truth_columns = ("part", "cluster", "weight")
    has_parts = True
    custom_fields = ("labels",)

    def columns(self, unit: str) -> tuple[str, ...]:
        return unit, f"{SCORE_PREFIX}*"

    def expected(self, answers: Answers) -> tuple[str, ...]:
        urgency = (URGENCY,) if URGENCY in answers.frame.columns else ()
        return answers.unit, *(f"{SCORE_PREFIX}{name}" for name in (*answers.label_names, *urgency))

    def is_number(self, column: str) -> bool:
        return column.startswith(SCORE_PREFIX)

    def check_columns(self, predictions: pl.DataFrame, columns: tuple[str, ...]) -> None:
        """Refuse scores of labels that the ground truth lacks; ``score_urgency`` may always be there."""
        known = (*columns, f"{SCORE_PREFIX}{URGENCY}")
        unknown = [
            name
            for name in predictions.columns
            if (name == "score" or self.is_number(name)) and name not in known
        ]
        if unknown:
            raise PredictionsRefused(
                f"{quoted(unknown)} of no known label; the labels are "
                f"{', '.join(name.removeprefix(SCORE_PREFIX) for name in columns[1:])}"
            )

    def check_truth(self, answers: Answers) -> None:
        if not answers.label_names:
            raise UsageError(f"answers: not a single label; map or make a column {LABEL_PREFIX}NAME for each")

    def references(self, answers: Answers, primary: str, score: ScoreOf) -> dict[str, float]:
        names, rows = answers.label_names, answers.scored()
        odds = {name: f"{LOG_ODDS}{name}" for name in names}
        unknown = any(c not in rows.columns or rows[c].null_count() for c in odds.values())
        if primary != PRIMARY or unknown:
            return {}
        prior = score(self._scores(answers, {name: pl.lit(0.0) for name in names}))[primary]
        if math.isnan(prior):
            return {}
        exact = {name: pl.col(column).cast(pl.Float64).fill_null(0.0) for name, column in odds.items()}
        return {"prior": prior, "oracle": score(self._scores(answers, exact))[primary]}

    def _scores(self, answers: Answers, values: dict[str, pl.Expr]) -> pl.DataFrame:
        named = {f"{SCORE_PREFIX}{name}": value for name, value in values.items()}
        return answers.frame.select(answers.unit, **named, **{f"{SCORE_PREFIX}{URGENCY}": pl.lit(0.0)})

    def check_custom(self, task: str, own: CustomTruth) -> None:
        if own.label is not None:
            raise UsageError(
                f"{task} asks for any number of labels: map data.labels.NAME of data={own.name} in place of "
                "data.label."
            )
        if not own.labels:
            raise UsageError(
                f"data={own.name} names no label, and {task} asks for a score of each: map data.labels.NAME, to "
                "NULL where it is not known."
            )
        super().check_custom(task, own)

    def has_custom_truth(self, own: CustomTruth) -> bool:
        return True

    def known_columns(self, units: pl.DataFrame) -> list[str]:
        return [name for name in units.columns if name.startswith(LABEL_PREFIX) or name == URGENCY]


LABELSETS = LabelSets()
