"""What the graph around a payment says: fan-in and fan-out in windows, in and out again, cycles, scatter-gather.

After the graph features that made boosted trees the strongest method of AMLworld (Altman et al. 2023; Blanuša et al.
2024, Graph Feature Preprocessor), in numpy and sparse matrices. Windows look both ways: a task of payments is a triage
after the fact.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from tipbaselines.frames import MINUTES_A_DAY
from tipbaselines.payment_columns import Ledger

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

WINDOWS = (1, 4, 15)
"""Days on either side of a payment."""
CHUNK = 20_000
"""Pairs of wallets whose ways of two steps are held at a time: all of them would take gigabytes."""
HUB = 120
"""A wallet that so many pay is a shop or an office: its cycles say nothing, and there are too many of them."""


class Side:
    """Payments in the order of one end's wallet and of time, with running totals."""

    def __init__(self, ledger: Ledger, end: np.ndarray, other: np.ndarray) -> None:
        self._span = int(ledger.minute.max(initial=0) - ledger.minute.min(initial=0)) + 64 * MINUTES_A_DAY
        self._zero = int(ledger.minute.min(initial=0)) - 32 * MINUTES_A_DAY
        self.order = np.lexsort((ledger.minute, end))
        self._key = self._of(end[self.order], ledger.minute[self.order])
        self.amount = ledger.amount[self.order]
        self.minute = ledger.minute[self.order]
        self._wallet = end[self.order]
        self._total = np.concatenate([[0.0], np.cumsum(self.amount)])
        # How long ago the same two wallets had their last payment: one counts as new in a window that it opens.
        pairs = np.lexsort((ledger.minute, other, end))
        gap = np.diff(ledger.minute[pairs], prepend=0)
        first = (np.diff(end[pairs], prepend=-1) != 0) | (np.diff(other[pairs], prepend=-1) != 0)
        since = np.empty(len(gap), dtype=np.int64)
        since[pairs] = np.where(first, np.iinfo(np.int64).max, gap)
        self._since = since[self.order]
        self.degree = np.bincount(end[pairs][first], minlength=int(end.max(initial=0)) + 1)

    def _of(self, wallet: np.ndarray, minute: np.ndarray) -> np.ndarray:
        return wallet * self._span + (minute - self._zero)

    def window(
        self, wallet: np.ndarray, minute: np.ndarray, days: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return payments, about how many different others, and the sum, of each wallet within so many days of a
        minute."""
        reach = days * MINUTES_A_DAY
        key = self._of(wallet, minute)
        # Looked up in order, which is several times faster than as they come.
        order = np.argsort(key)
        low, high = np.empty_like(order), np.empty_like(order)
        low[order] = np.searchsorted(self._key, key[order] - reach, side="left")
        high[order] = np.searchsorted(self._key, key[order] + reach, side="right")
        new = np.concatenate([[0], np.cumsum(self._since > 2 * reach)])
        return high - low, new[high] - new[low], self._total[high] - self._total[low]

    def next(self, wallet: np.ndarray, minute: np.ndarray) -> np.ndarray:
        """Return position in :attr:`order` of each wallet's first payment after a minute, -1 where there is none."""
        at = np.searchsorted(self._key, self._of(wallet, minute), side="right")
        return self._checked(at, wallet)

    def last(self, wallet: np.ndarray, minute: np.ndarray) -> np.ndarray:
        """Return position of each wallet's last payment before a minute, -1 where there is none."""
        at = np.searchsorted(self._key, self._of(wallet, minute), side="left") - 1
        return self._checked(at, wallet)

    def _checked(self, at: np.ndarray, wallet: np.ndarray) -> np.ndarray:
        inside = np.clip(at, 0, len(self._wallet) - 1)
        return np.where((at >= 0) & (at < len(self._wallet)) & (self._wallet[inside] == wallet), inside, -1)


def graph_features(ledger: Ledger, rows: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Return (rows, features) float32 of the payments at these rows, NaN where there is nothing to tell.

    Args:
        marks: (payments, columns) of what payments say themselves; their means over the wallets' other payments are
            features.
    """
    wallets = len(ledger.wallets)
    out, into = Side(ledger, ledger.payer, ledger.payee), Side(ledger, ledger.payee, ledger.payer)
    payer, payee = ledger.payer[rows], ledger.payee[rows]
    minute, amount = ledger.minute[rows], ledger.amount[rows]
    columns: list[np.ndarray] = []
    for wallet in (payer, payee):
        for side in (out, into):
            for days in WINDOWS:
                count, others, total = side.window(wallet, minute, days)
                columns += [count, others, np.log(amount) - np.log(np.maximum(total, 1))]
            columns.append(_padded(side.degree, wallets)[wallet])
    columns += _onward(ledger, out, into, rows, wallets)
    columns += _shapes(ledger, rows, wallets)
    found = np.empty((len(rows), len(columns) + 4 * marks.shape[1]), dtype=np.float32)
    for number, column in enumerate(columns):
        found[:, number] = column
    paid, taken = (_means(end, marks, wallets) for end in (ledger.payer, ledger.payee))
    around = found[:, len(columns) :].reshape(len(rows), 4, marks.shape[1])
    for number, (means, wallet) in enumerate([(paid, payer), (taken, payee), (taken, payer), (paid, payee)]):
        around[:, number] = means[wallet]
    return found


def _padded(values: np.ndarray, length: int) -> np.ndarray:
    return np.concatenate([values, np.zeros(length - len(values), dtype=values.dtype)])


def _onward(ledger: Ledger, out: Side, into: Side, rows: np.ndarray, wallets: int) -> list[np.ndarray]:
    """In and out again: how soon the payee pays on and how much of it, how soon after an income the payer pays, how
    many others pay whom the payee pays next, and how many the payer's last payer pays."""
    minute, amount = ledger.minute, ledger.amount
    onward = out.next(ledger.payee, minute)
    before = into.last(ledger.payer, minute)
    wait = np.where(onward >= 0, np.log1p(np.abs(out.minute[onward] - minute)), np.nan)
    rest = np.where(before >= 0, np.log1p(np.abs(minute - into.minute[before])), np.nan)
    passed = np.where(onward >= 0, np.log(out.amount[onward] / amount), np.nan)
    share = np.where(before >= 0, np.log(amount / into.amount[before]), np.nan)
    # How wallets usually do: a controller's payers all pay on soon, and most of it.
    habits = [_usual(ledger.payee, wait, wallets), _usual(ledger.payer, rest, wallets)]
    habits += [_usual(ledger.payee, passed, wallets), _usual(ledger.payer, share, wallets)]
    of_payee = [_usual(ledger.payee, rest, wallets), _usual(ledger.payee, share, wallets)]
    fan_in, fan_out = _padded(into.degree, wallets), _padded(out.degree, wallets)
    following = np.where(onward >= 0, fan_in[ledger.payee[out.order[onward]]], np.nan)
    preceding = np.where(before >= 0, fan_out[ledger.payer[into.order[before]]], np.nan)
    columns = [wait, rest, passed, share, following, preceding]
    columns = [column[rows] for column in columns]
    for usual in (*habits, *of_payee):
        columns += [usual[ledger.payer[rows]], usual[ledger.payee[rows]]]
    return columns


def _usual(end: np.ndarray, values: np.ndarray, wallets: int) -> np.ndarray:
    """Return mean of the known values over each wallet's payments at one end, NaN where there is none."""
    known = ~np.isnan(values)
    count = np.bincount(end[known], minlength=wallets)
    total = np.bincount(end[known], values[known], minlength=wallets)
    return np.divide(total, count, out=np.full(wallets, np.nan), where=count > 0)


def _means(end: np.ndarray, marks: np.ndarray, wallets: int) -> np.ndarray:
    """Return means of the marks over all payments of each wallet at one end, NaN where there is none."""
    count = np.bincount(end, minlength=wallets)
    blank = np.where(count > 0, 1.0, np.nan) / np.maximum(count, 1)
    means = [
        np.bincount(end, marks[:, column], minlength=wallets) * blank for column in range(marks.shape[1])
    ]
    return np.column_stack(means).astype(np.float32)


def _shapes(ledger: Ledger, rows: np.ndarray, wallets: int) -> list[np.ndarray]:
    """Return payments of the two wallets in either direction; cycles of three and four through the payment; and how
    many branches lead from the payer, or to the payee, by way of others (scatter-gather)."""
    from scipy.sparse import csr_matrix

    pair, at, count = np.unique(
        ledger.payer * np.int64(wallets) + ledger.payee, return_inverse=True, return_counts=True
    )
    source, target = pair // wallets, pair % wallets
    every: csr_matrix = csr_matrix((count.astype(np.float32), (source, target)), shape=(wallets, wallets))
    fan_in = np.bincount(target, minlength=wallets)
    fan_out = np.bincount(source, minlength=wallets)
    plain = (fan_in[target] <= HUB) & (fan_out[source] <= HUB)
    ones = np.ones(int(plain.sum()), dtype=np.float32)
    graph: csr_matrix = csr_matrix((ones, (source[plain], target[plain])), shape=(wallets, wallets))
    two: csr_matrix = csr_matrix(graph @ graph)
    wanted, back = np.unique(at[rows], return_inverse=True)
    u, v = source[wanted], target[wanted]
    into, two_into = graph.T.tocsr(), two.T.tocsr()
    found = np.empty((6, len(wanted)))
    found[0], found[1] = count[wanted], np.asarray(every[v, u]).ravel()
    for start in range(0, len(wanted), CHUNK):
        a, b = u[start : start + CHUNK], v[start : start + CHUNK]
        found[2:, start : start + CHUNK] = (
            _shared(graph[b], into[a]),
            _shared(two[b], into[a]),
            _widest(graph[b], two[a]),
            _widest(into[a], two_into[b]),
        )
    return [values[back] for values in found]


def _shared(left: "csr_matrix", right: "csr_matrix") -> np.ndarray:
    """Sum over columns of the products of the rows."""
    return np.asarray(left.multiply(right).sum(axis=1)).ravel()


def _widest(mask: "csr_matrix", values: "csr_matrix") -> np.ndarray:
    """Return largest value of each row among the columns where the mask has an entry."""
    masked: Any = values.multiply(mask)
    return np.asarray(masked.max(axis=1).todense()).ravel()
