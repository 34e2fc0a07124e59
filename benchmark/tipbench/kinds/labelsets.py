"""Label sets and classes: a score per label, or per class, for every unit.

**Label sets** ``[unit, score_<name> ...]``: a score for every label and, where urgency is known, ``score_urgency``. The
ground truth is ``[unit, part, cluster, weight]`` and one Int8 column ``label_<name>`` per label (0, 1, or null where
unknown). Where known, it also has ``urgency`` Int8 (0, 1, 2), ``slot`` Int64 (a region's week, whose units share
capacity), ``oracle_log_odds_<name>`` (milli-nats) and the harm columns of scores.

**Classes** ``[unit, score_<class> ...]``: a score per class, the highest of which decides. They replace scores where a
user's own crowd has several classes. The ground truth is ``[unit, part, cluster, weight]`` and one Int8 column
``label_<class>`` per class: 1 for the unit's class, 0 for the others, null in all where the class is unknown.
"""

from __future__ import annotations

import math

import polars as pl
from tipcore.errors import UsageError

from tipbench.kinds.answers import LABEL_PREFIX, Answers
from tipbench.kinds.kind import CustomTruth, PredictionKind, ScoreOf
from tipbench.kinds.refusals import quote_names, refuse, refuse_truth

SCORE_PREFIX = "score_"
"""Before the name of a label, or of urgency, in the columns of predictions."""

URGENCY = "urgency"
LOG_ODDS = "oracle_log_odds_"
LABELSET_PRIMARY = "macro_average_precision"
"""The one metric that log-odds by label give a reference for."""


class LabelSetsKind(PredictionKind):
    """A score per unit and label."""

    name = "labelsets"
    title = "a score per label and unit"
    rows = (
        "for every unit of test (of valid too if thresholds are tuned); score_urgency too if urgency is known"
    )
    truth_columns = ("part", "cluster", "weight")
    has_parts = True
    custom_fields = ("labels",)

    def columns(self, unit: str) -> tuple[str, ...]:
        return unit, f"{SCORE_PREFIX}*"

    def expected_columns(self, answers: Answers) -> tuple[str, ...]:
        urgency = (URGENCY,) if URGENCY in answers.frame.columns else ()
        return answers.unit, *(f"{SCORE_PREFIX}{name}" for name in (*answers.label_names, *urgency))

    def is_number(self, column: str) -> bool:
        return column.startswith(SCORE_PREFIX)

    def check_columns(self, predictions: pl.DataFrame, columns: tuple[str, ...]) -> None:
        """Refuse scores of labels that the ground truth lacks; ``score_urgency`` may always be there."""
        known = (*columns, f"{SCORE_PREFIX}{URGENCY}")
        given = (name for name in predictions.columns if name == "score" or self.is_number(name))
        unknown = [name for name in given if name not in known]
        labels = quote_names([name.removeprefix(SCORE_PREFIX) for name in columns[1:]])
        refuse(unknown, f"{quote_names(unknown)} of no known label; the labels are {labels}")

    def check_truth(self, answers: Answers) -> None:
        said = f"not a single label; map or make a column {LABEL_PREFIX}NAME for each"
        refuse_truth(not answers.label_names, said)

    def references(self, answers: Answers, primary: str, score: ScoreOf) -> dict[str, float]:
        names, rows = answers.label_names, answers.scored_rows()
        odds = {name: f"{LOG_ODDS}{name}" for name in names}
        unknown = any(c not in rows.columns or rows[c].null_count() for c in odds.values())
        if primary != LABELSET_PRIMARY or unknown:
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


LABELSETS = LabelSetsKind()


class ClassesKind(LabelSetsKind):
    """A score per unit and class; units have one class each."""

    name = "classes"
    title = "a score per class and unit, of which the highest decides"
    rows = "for every unit of a user's own data of several classes"
    custom_field = "true_class"
    custom_fields = ("true_class",)
    primary = "accuracy"
    partly_known = True

    def counted_rows(self, frame: pl.DataFrame, part: str) -> pl.Expr:
        first = next(name for name in frame.columns if name.startswith(LABEL_PREFIX))
        return (pl.col("part") == part) & pl.col(first).is_not_null()

    def references(self, answers: Answers, primary: str, score: ScoreOf) -> dict[str, float]:
        return {}

    def warnings(self, answers: Answers, predictions: pl.DataFrame) -> list[str]:
        test = answers.frame.filter(part="test")
        unknown = test.height - answers.counted_rows().height
        return [f"{unknown:,} test rows have no known class and are not scored"] if unknown else []

    def check_custom(self, task: str, own: CustomTruth) -> None:
        PredictionKind.check_custom(self, task, own)


CLASSES = ClassesKind()
