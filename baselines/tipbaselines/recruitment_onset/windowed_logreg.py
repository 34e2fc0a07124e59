"""Logistic regression on a sliding window of messages, with a decision rule over the last windows.

The early-detection set-up of Vogt, Leser and Akbik (2021): a classifier of windows, and a rule that waits until
several windows in a row are suspicious; here a window is the counts of acts by side, channels and classes of gaps in
the last messages, and the rule the mean of the last windows' log-odds (the valid part chose to wait for one only).
It is taught that a window is positive if it ends at or after the onset. Needs acts; sides, channels and minutes where
there are any. Cost: a few seconds for 14,000 training conversations.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import prevalence, score_frame, sigmoid
from tipbaselines.recruitment_onset.conversations import ActMethod, CodedMessages, ConversationArrays

AT_ONCE = 2000
"""Conversations whose windows are counted at once in training."""


@dataclass(eq=False)
class WindowedLogreg(ActMethod):
    """``window``: messages in it; ``patience``: windows whose log-odds are averaged; ``stride``: learn from every
    so many windows. ``c``: inverse strength of the L2 penalty.
    """

    window: int = 30
    patience: int = 1
    stride: int = 3
    c: float = 0.1
    max_iter: int = 300

    def fit(self, fold: Fold, seed: int) -> None:
        from sklearn.linear_model import LogisticRegression

        train, _ = self.read_parts(fold)
        rows = np.flatnonzero(train.number % self.stride == 0)
        target = train.evident[rows]
        self._weights = np.zeros(sum(self._sizes()))
        self._intercept = float(np.log(prevalence(target) / (1 - prevalence(target))))
        if len(set(target.tolist())) == 2:
            model = LogisticRegression(C=self.c, max_iter=self.max_iter)
            model.fit(self._windows(train, rows), target)
            self._weights, self._intercept = model.coef_[0], float(np.ravel(model.intercept_)[0])

    def begin(self, units: pl.DataFrame) -> None:
        super().begin(units)
        count = len(self._stream)
        self._gained = np.zeros((count, self.window))
        self._sum = np.zeros(count)
        self._last = np.zeros((count, self.patience))

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        at, steps = self._stream.read(rows)
        # The model is linear in counts: a window's log-odds are the sum of what each of its messages brings.
        brings = self._weights[self._columns(steps)].sum(axis=1)
        number = self._stream.seen[at] - 1
        self._sum[at] += brings - self._gained[at, number % self.window]
        self._gained[at, number % self.window] = brings
        self._last[at, number % self.patience] = self._intercept + self._sum[at]
        windows = np.minimum(number + 1, self.patience)
        # The rule is as sceptical at the start: windows that are not there yet count as the intercept.
        missing = (self.patience - windows) * self._intercept
        return score_frame(rows[self._unit], sigmoid((self._last[at].sum(axis=1) + missing) / self.patience))

    def _sizes(self) -> tuple[int, int, int]:
        size = self._vocabulary.size
        return size("act") * size("side"), size("channel"), size("gap")

    def _columns(self, steps: CodedMessages) -> np.ndarray:
        """Return (messages, 3) the features that each message adds one to: act by side, channel, gap."""
        spoken, channels, _ = self._sizes()
        act = steps.act * self._vocabulary.size("side") + steps.side
        return np.stack([act, spoken + steps.channel, spoken + channels + steps.gap], axis=1)

    def _windows(self, train: ConversationArrays, rows: np.ndarray) -> np.ndarray:
        """Return (rows, features) float32 counts in the window that ends at each of these messages."""
        columns, first = self._columns(train.steps), train.start[train.at]
        made = []
        for begin in range(0, len(train.start), AT_ONCE):
            low = train.start[begin]
            high = train.start[begin + AT_ONCE] if begin + AT_ONCE < len(train.start) else len(columns)
            counted = np.zeros((high - low + 1, sum(self._sizes())), dtype=np.int32)
            for field in range(columns.shape[1]):
                counted[np.arange(1, high - low + 1), columns[low:high, field]] += 1
            np.cumsum(counted, axis=0, out=counted)
            here = rows[(rows >= low) & (rows < high)]
            before = np.maximum(first[here], here - self.window + 1)
            made.append((counted[here - low + 1] - counted[before - low]).astype(np.float32))
        return np.concatenate(made)
