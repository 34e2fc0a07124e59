"""Fixed words and facts that point to a need, counted: what a form with tick boxes and a word search can do; untrained.

The lists (:file:`keywords.yaml`) were written from the needs, not from notes. A need's score is 1 - 2**-hits: nothing
found is 0, one hit is .5. Needs the note; facts are used where they are there. On a user's own data it scores the
labels that it has a list for, and the prevalence for others. Cost: a second.
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from tipbench.data.fold import Fold

from tipbaselines.assistance_triage.contacts import NOTE, labelset_frame, priors
from tipbaselines.frames import to_predict


@cache
def keywords() -> dict[str, dict[str, Any]]:
    """Name of a need, or ``urgency`` -> words by language, and values by fact."""
    return yaml.safe_load(Path(__file__).with_name("keywords.yaml").read_text(encoding="utf-8"))


class Keywords:
    entry_class = "worlds"  # words and facts that were listed for each need
    needs = frozenset({"contacts.narrative"})
    stochastic = False

    def fit(self, fold: Fold, seed: int) -> None:
        """Which labels there are; nothing else is learnt of those with a list."""
        self._priors = priors(fold)

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        found = {name: 1.0 - 0.5 ** hits(frame, entry) for name, entry in keywords().items()}
        scores = {name: np.full(frame.height, prior) for name, prior in self._priors.items()}
        listed = {name: found.get(name.partition(">=")[0], score) for name, score in scores.items()}
        return labelset_frame(frame[fold.task.unit], listed)


def hits(frame: pl.DataFrame, entry: dict[str, Any]) -> np.ndarray:
    """Return how many of a list's words, in any language, and of its facts a contact has: float64 (rows,)."""
    note = pl.col(NOTE).fill_null("").str.to_lowercase()
    words = sorted({word for listed in entry["words"].values() for word in listed})
    facts = [pl.col(n).is_in(values) for n, values in entry["facts"].items() if n in frame.columns]
    signs = [*(note.str.contains(word, literal=True) for word in words), *facts]
    counted = frame.select(pl.sum_horizontal(sign.fill_null(False).cast(pl.Float64) for sign in signs))
    return counted.to_series().to_numpy()
