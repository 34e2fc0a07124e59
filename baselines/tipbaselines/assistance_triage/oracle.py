"""The exact posterior of each need given all that came up, under the true parameters: the ceiling, never ranked.

It adds up over every hidden state of the case (kind, time since leaving, danger, circumstances) and also knows what
came up and found no room in the note. Needs hidden truth: the log-odds (integer milli-nats). Cost: none.
"""

from typing import TYPE_CHECKING

import polars as pl
from tipdata.stages.helpline.cases import NEEDS

from tipbaselines.assistance_triage.contacts import URGENCY
from tipbaselines.frames import SCORE, sigmoid, to_predict

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

MILLI_NATS = 1000.0
ODDS = {**{name: f"log_odds_{name}" for name in NEEDS}, URGENCY: "log_odds_urgent"}


class Oracle:
    needs: frozenset[str] = frozenset(f"contacts.{column}" for column in ODDS.values())
    stochastic = False
    oracle = True

    def fit(self, fold: "Fold", seed: int) -> None:
        """Learn nothing."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        frame = to_predict(fold)
        odds = {name: frame[column].cast(pl.Float64).to_numpy() for name, column in ODDS.items()}
        scores = {f"{SCORE}{name}": sigmoid(value / MILLI_NATS) for name, value in odds.items()}
        return pl.DataFrame({fold.task.unit: frame[fold.task.unit], **scores})
