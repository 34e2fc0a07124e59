"""Logistic regression on a sliding window of messages, with a decision rule over the last windows.

Vogt, Leser and Akbik (2021): a classifier of windows, and a rule that waits until several in a row are suspicious; here
a window is counts of acts by side, channels and gaps in the last messages, and the rule the mean of the last windows'
log-odds (valid chose to wait for one only). A window is positive if it ends at or after the onset. Needs acts; sides,
channels and minutes where there are any. Cost: a few seconds for 14,000 training conversations.
"""

from dataclasses import dataclass

import numpy as np
from tipbench.data.fold import Fold

from tipbaselines.frames import prevalence, sigmoid
from tipbaselines.recruitment_onset.conversations import ActMethod, CodedMessages


@dataclass(eq=False)
class WindowedLogreg(ActMethod):
    """``window``: messages in it; ``patience``: windows whose log-odds are averaged; ``stride``: learn from every
    so many windows. ``c``: inverse strength of the L2 penalty."""

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
        self._weights = np.zeros(self._vocabulary.features)
        self._intercept = float(np.log(prevalence(target) / (1 - prevalence(target))))
        if len(set(target.tolist())) == 2:
            counts = self._vocabulary.window_counts(train, rows, self.window)
            model = LogisticRegression(C=self.c, max_iter=self.max_iter).fit(counts, target)
            self._weights, self._intercept = model.coef_[0], float(np.ravel(model.intercept_)[0])

    def start(self, units: int) -> None:
        self._gained, self._sum = np.zeros((units, self.window)), np.zeros(units)
        self._last = np.full((units, self.patience), self._intercept)

    def score(self, at: np.ndarray, steps: CodedMessages) -> np.ndarray:
        # The model is linear in counts: a window's log-odds are the sum of what each of its messages brings.
        brings = self._weights[self._vocabulary.columns(steps)].sum(axis=1)
        number = self._stream.seen[at] - 1
        self._sum[at] += brings - self._gained[at, number % self.window]
        self._gained[at, number % self.window] = brings
        # The rule is as sceptical at the start: windows that are not there yet count as the intercept.
        self._last[at, number % self.patience] = self._intercept + self._sum[at]
        return sigmoid(self._last[at].sum(axis=1) / self.patience)
