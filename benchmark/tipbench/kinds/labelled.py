"""Define what scores and alarms share: units that are positive, negative or unknown, in parts."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import PredictionKind
from tipbench.kinds.part_rows import PartRows


class LabelledKind(PredictionKind):
    """A kind whose units have a label, 0, 1 or null where it is not known."""

    labelled = True
    has_parts = True

    def counted(self, frame: pl.DataFrame, part: str) -> pl.Expr:
        return (pl.col("part") == part) & pl.col("label").is_not_null()

    def any_known(self, answers: Answers) -> bool:
        return not answers.counted().is_empty()

    def cluster_counts(self, rows: PartRows, codes: NDArray[np.integer]) -> tuple[int, int]:
        positive = rows["label"].to_numpy() == 1
        seen = np.zeros((2, int(codes.max(initial=-1)) + 1), dtype=bool)
        seen[0, codes[positive]] = True
        seen[1, codes[~positive]] = True
        return int(seen[0].sum()), int(seen[1].sum())
