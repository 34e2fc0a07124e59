"""Define what scores and alarms share: units that are positive, negative or unknown, in parts."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import PredictionKind


class LabelledKind(PredictionKind):
    """A kind whose units have a label, 0, 1 or null where it is not known."""

    labelled = True
    has_parts = True

    def scored(self, frame: pl.DataFrame, part: str) -> pl.DataFrame:
        return frame.filter((pl.col("part") == part) & pl.col("label").is_not_null())

    def any_known(self, answers: Answers) -> bool:
        return not answers.scored().is_empty()

    def cluster_counts(self, rows: pl.DataFrame, codes: NDArray[np.intp]) -> tuple[int, int]:
        positive = rows["label"].to_numpy() == 1
        return np.unique(codes[positive]).size, np.unique(codes[~positive]).size
