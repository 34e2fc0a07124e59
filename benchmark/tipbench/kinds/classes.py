"""Classes ``[unit, score_<class> ...]``: a score per class for every unit, the highest of which is its class.

What a user's own crowd of several classes is predicted and scored as, in the place of scores. The ground truth is
``[unit, part, cluster, weight]`` and per class one Int8 column ``label_<class>``: 1 in that of the unit's class and 0
in the others, null in all where it is not known.
"""

from __future__ import annotations

import polars as pl

from tipbench.kinds.answers import LABEL_PREFIX, Answers
from tipbench.kinds.custom_truth import CustomTruth
from tipbench.kinds.kind import PredictionKind, ScoreOf
from tipbench.kinds.labelsets import LabelSets


class Classes(LabelSets):
    """A score per unit and class; units have one class each."""

    name = "classes"
    title = "a score per class and unit, of which the highest decides"
    rows = "for every unit of a user's own data of several classes"
    custom_field = "true_class"
    custom_fields = ("true_class",)
    primary = "accuracy"

    def counted(self, frame: pl.DataFrame, part: str) -> pl.Expr:
        return (pl.col("part") == part) & _known(frame)

    def any_known(self, answers: Answers) -> bool:
        return not answers.counted().is_empty()

    def references(self, answers: Answers, primary: str, score: ScoreOf) -> dict[str, float]:
        return {}

    def warnings(self, answers: Answers, predictions: pl.DataFrame) -> list[str]:
        test = answers.frame.filter(part="test")
        unknown = test.height - answers.counted().height
        return [f"{unknown:,} test rows have no known class and are not scored"] if unknown else []

    def check_custom(self, task: str, own: CustomTruth) -> None:
        PredictionKind.check_custom(self, task, own)


def _known(frame: pl.DataFrame) -> pl.Expr:
    first = next(name for name in frame.columns if name.startswith(LABEL_PREFIX))
    return pl.col(first).is_not_null()


CLASSES = Classes()
