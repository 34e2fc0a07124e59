"""A hidden Markov model of conversations whose states are before, after or outside a recruitment's commitment.

Baum et al. (1970) as in Rabiner (1989). The states fall into three blocks: those of negative conversations, those of
positive ones before the onset, and those of positive ones from the onset on. Labels say in training which blocks a
message may be in, expectation-maximisation (in all states at once, scaled forward-backward) finds what the states
of a block are. Act with side, channel, and gap are emitted independently given the state. The score is the filtered
posterior of the third block. Needs acts; sides, channels and minutes where there are any. Cost: about half a minute
for 14,000 training conversations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tipbench.data.fold import Fold

from tipbaselines.frames import shares
from tipbaselines.graphs import sum_by
from tipbaselines.recruitment_onset.conversations import ActMethod, CodedMessages, ConversationArrays

AT_ONCE = 256
"""Conversations that go through the recursions side by side: what is kept of them fits into a cache."""
ExpectedCounts = tuple[np.ndarray, np.ndarray, list[np.ndarray]]
"""Expected numbers of moves [states, states], of starts [states], and of symbols of each kind [symbols, states]."""


@dataclass(eq=False)
class HiddenMarkov(ActMethod):
    """``states``: of negative conversations, of positive ones before and from the onset. ``iterations``: of EM.
    ``prior``: pseudo-count of every symbol, transition and start."""

    states: Sequence[int] = (24, 10, 8)
    iterations: int = 30
    prior: float = 1.0
    stochastic = True

    def fit(self, fold: Fold, seed: int) -> None:
        self._block = np.repeat(np.arange(3), tuple(self.states))
        train, _ = self.read_parts(fold)
        rng, count = np.random.default_rng(seed), len(self._block)
        # No way leads out of the negative block, nor back from after the onset to before.
        ways = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.1], [0.0, 0.0, 1.0]])
        self._allowed = ways[np.ix_(self._block, self._block)]
        drawn = rng.dirichlet(np.full(count, 2.0), count) + 3.0 * np.eye(count) / count
        self._transition = shares(drawn * self._allowed)
        self._initial = shares(rng.uniform(0.5, 1.5, count))
        sizes = [self._vocabulary.size("act") * self._vocabulary.size("side")]
        sizes += [self._vocabulary.size(name) for name in ("channel", "gap")]
        self._tables = [shares(rng.uniform(0.5, 1.5, (size, count)).T).T for size in sizes]
        for _ in range(self.iterations):
            self._improve(train)

    def start(self, units: int) -> None:
        self._filtered = np.zeros((units, len(self._block)))

    def score(self, at: np.ndarray, steps: CodedMessages) -> np.ndarray:
        begins = self._stream.seen[at] == 1
        predicted = np.where(begins[:, None], self._initial, self._filtered[at] @ self._transition)
        filtered = shares(predicted * self._emission(steps))
        self._filtered[at] = filtered
        return filtered[:, self._block == 2].sum(axis=1)

    def _symbols(self, steps: CodedMessages) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (messages,) each: act with side, channel, gap."""
        return steps.act * self._vocabulary.size("side") + steps.side, steps.channel, steps.gap

    def _emission(self, steps: CodedMessages, states: Any = slice(None)) -> np.ndarray:
        """Return (messages, states) probability of what is seen, in these states alone."""
        tables = (table[:, states] for table in self._tables)
        spoken, channel, gap = (table[s] for table, s in zip(tables, self._symbols(steps), strict=True))
        return spoken * channel * gap

    def _improve(self, train: ConversationArrays) -> float:
        """Do one iteration of expectation-maximisation; return the log-likelihood before it, in nats."""
        moves, begins = np.zeros_like(self._transition), np.zeros_like(self._initial)
        counts = [np.zeros_like(table) for table in self._tables]
        likelihood = 0.0
        # A negative conversation is never in the states of a positive one, nor the other way round.
        for label, states in ((0, self._block == 0), (1, self._block > 0)):
            members = np.flatnonzero(train.label == label)
            members = members[np.argsort(-train.length[members], kind="stable")]
            for begin in range(0, len(members), AT_ONCE):
                part = members[begin : begin + AT_ONCE]
                likelihood += self._expect(train, part, np.flatnonzero(states), (moves, begins, counts))
        self._transition = shares((moves + self.prior) * (self._allowed > 0))
        self._initial = shares(begins + self.prior)
        shared = (count.sum(axis=1, keepdims=True) / count.sum() for count in counts)
        pairs = zip(counts, shared, strict=True)
        self._tables = [shares((count + self.prior * len(count) * share).T).T for count, share in pairs]
        return likelihood

    def _expect(
        self, train: ConversationArrays, members: np.ndarray, states: np.ndarray, sums: ExpectedCounts
    ) -> float:
        """Add the expected moves, starts and symbols of some conversations to ``sums``; return their log-likelihood.

        ``members``: positions, the longest first, so that those still going on at a step are always the first.
        ``states``: the only ones that they may be in. Arrays are (steps, members, states).
        """
        moves, begins, counts = sums
        length = train.length[members]
        step = np.arange(length[0])[:, None]
        rows = train.start[members] + np.minimum(step, length - 1)
        going = (step < length).sum(axis=1)
        block = np.where(train.label[members] == 0, 0, 1 + train.evident[rows])
        steps, among = train.steps[rows], np.ix_(states, states)
        transition = self._transition[among]
        emission = self._emission(steps, states) * np.equal.outer(np.arange(3), self._block[states])[block]
        forward, scale = np.zeros_like(emission), np.ones(rows.shape)
        for t, count in enumerate(going):
            prior = self._initial[states] if t == 0 else forward[t - 1, :count] @ transition
            joint = prior * emission[t, :count]
            scale[t, :count] = joint.sum(axis=1)
            forward[t, :count] = joint / scale[t, :count, None]
        backward, moved = np.ones_like(emission), np.zeros_like(transition)
        for t in range(len(going) - 1, 0, -1):
            count = going[t]
            ahead = emission[t, :count] * backward[t, :count] / scale[t, :count, None]
            backward[t - 1, :count] = ahead @ transition.T
            moved += forward[t - 1, :count].T @ ahead
        moves[among] += moved * transition
        posterior = forward * backward
        begins[states] += posterior[0].sum(axis=0)
        for count, symbols in zip(counts, self._symbols(steps), strict=True):
            count[:, states] += sum_by(symbols.ravel(), len(count)) @ posterior.reshape(-1, len(states))
        return float(np.log(scale).sum())
