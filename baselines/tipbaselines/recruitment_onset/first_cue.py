"""An alarm at the first of a few telling acts: what a keyword rule would do.

The acts are those of commitment and entrapment: one is added after the other as long as F1 on the training
conversations rises, where an alarm is right from five messages before the onset on; valid, where there is one, decides
how many of them to keep. Needs acts. Cost: seconds.
"""

from dataclasses import dataclass

import numpy as np
from tipbench.data.fold import Fold

from tipbaselines.recruitment_onset.conversations import ActMethod, CodedMessages, ConversationArrays

ENTRAPMENT = ["ask_secrecy", "discourage_ties", "ask_location", "restrict", "threaten"]
LISTED = ("ask_documents", "arrange_travel", "offer_advance", "fix_date", "state_debt", *ENTRAPMENT)
TOO_EARLY = 5  # Messages before the onset up to which an alarm is right


@dataclass(eq=False)
class FirstCue(ActMethod):
    """``listed``: the acts to choose from."""

    listed: tuple[str, ...] = LISTED
    entry_class = "worlds"  # chooses among acts that were listed by what they mean

    def fit(self, fold: Fold, seed: int) -> None:
        train, valid = self.read_parts(fold)
        known = self._vocabulary.values["act"]
        chosen = choose_cues(train, [known.index(act) + 1 for act in self.listed if act in known])
        if valid.label.any():
            kept = [chosen[:count] for count in range(1, len(chosen) + 1)]
            chosen = max(kept, key=lambda acts: f1_of_first(valid, acts), default=[])
        self._cues = np.isin(np.arange(self._vocabulary.size("act")), chosen)

    def start(self, units: int) -> None:
        self._heard = np.zeros(units, dtype=bool)

    def score(self, at: np.ndarray, steps: CodedMessages) -> np.ndarray:
        self._heard[at] |= self._cues[steps.act]
        return self._heard[at].astype(np.float64)


def choose_cues(train: ConversationArrays, listed: list[int]) -> list[int]:
    """Return acts (codes) in the order in which each raises F1 on the training conversations most, until none does."""
    chosen: list[int] = []
    best = 0.0
    while left := [act for act in listed if act not in chosen]:
        reached = {act: f1_of_first(train, [*chosen, act]) for act in left}
        act = max(left, key=reached.__getitem__)
        if reached[act] <= best:
            break
        chosen.append(act)
        best = reached[act]
    return chosen


def f1_of_first(of: ConversationArrays, acts: list[int]) -> float:
    """Return F1 of an alarm at the first of these acts (codes)."""
    heard = np.isin(of.steps.act, acts)
    step = np.full(len(of.start), np.iinfo(np.int64).max)
    np.minimum.at(step, of.at[heard], of.number[heard])
    alarm = step < np.iinfo(np.int64).max
    right = alarm & (of.label == 1) & (step >= of.onset - TOO_EARLY)
    return float(2 * right.sum() / max(alarm.sum() + of.label.sum(), 1))
