"""The exact posterior of each need given all that came up, under the true parameters: the ceiling, never ranked.

It adds up over every hidden state of the case (kind, time since leaving, danger, circumstances) and also knows what
came up and found no room in the note. Needs hidden truth: the log-odds (integer milli-nats). Cost: none.
"""

import polars as pl
from tipbench.data.fold import Fold
from tipdata.stages.helpline.cases import NEEDS

from tipbaselines.assistance_triage.contacts import URGENCY
from tipbaselines.frames import MILLI_NATS, SCORE, Untrained, sigmoid, to_predict

ODDS = {**{name: f"log_odds_{name}" for name in NEEDS}, URGENCY: "log_odds_urgent"}


class Oracle(Untrained):
    needs = frozenset(f"contacts.{column}" for column in ODDS.values())
    oracle = True

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        odds = {name: frame[column].cast(pl.Float64).to_numpy() for name, column in ODDS.items()}
        scores = {f"{SCORE}{name}": sigmoid(value / MILLI_NATS) for name, value in odds.items()}
        return pl.DataFrame({fold.task.unit: frame[fold.task.unit], **scores})
