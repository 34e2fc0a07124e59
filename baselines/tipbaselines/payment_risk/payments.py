"""Payments as arrays, and features: of a payment itself, of its wallets' history, and of the graph around it.

``payer``, ``payee``, ``minute`` and ``amount`` are needed; ``channel``, ``purpose``, ``town``, the wallets' columns
and any further numeric or Boolean column are used where they exist. Graph features are those that made boosted trees
the strongest method of AMLworld (Altman et al. 2023; Blanuša et al. 2024, Graph Feature Preprocessor), in numpy and
sparse matrices. Windows look both ways: a task of payments is a triage after the fact.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix
from tipbench.data.fold import Fold
from tipcore.errors import UsageError

from tipbaselines.cache import remember
from tipbaselines.frames import MINUTES_A_DAY, LabelledUnits, few_levels
from tipbaselines.graphs import ratio, since_last
from tipbaselines.trees import Datasets, TreesOnUnits

NEEDS = frozenset({"payments.payer", "payments.payee", "payments.minute", "payments.amount"})
ROUND = (100, 500, 1000, 5000, 10_000)  # Sums that are multiples of these are ever rounder, minor units
KNOWN = frozenset({"region", "minute", "payer", "payee", "amount", "channel", "purpose", "town"})
"""Columns of a release's payments, each of which has features of its own."""
KNOWN_OF_WALLETS = frozenset({"region", "wallet", "holder", "opened_day", "town", "jurisdiction"})
"""Columns of a release's wallets."""


@dataclass(frozen=True)
class Payments:
    """``payments``: one row each, sorted by payment. ``wallets``: one row each, sorted by wallet.

    ``payer``, ``payee``: positions of wallets, int64; ``minute`` int64, ``amount`` float64, of every payment.
    ``levels``: of each column of words, those that have a feature (:func:`word_levels`).
    """

    unit: str
    payments: pl.DataFrame
    wallets: pl.DataFrame
    payer: np.ndarray
    payee: np.ndarray
    minute: np.ndarray
    amount: np.ndarray
    levels: Mapping[str, Sequence[str]]

    def positions(self, payments: pl.Series) -> np.ndarray:
        """Return rows of these payments, int64."""
        return np.searchsorted(self.payments[self.unit].to_numpy(), payments.to_numpy())


@remember()
def word_levels(fold: Fold) -> dict[str, list[str]]:
    """Return the words of each column of words of payments and wallets, sorted; none of a column with too many."""
    found = {}
    for table, names in (("payments", ("channel", "purpose")), ("wallets", ("holder",))):
        shown = fold.tables[table].collect_schema() if table in fold.tables else {}
        for name in (name for name in names if name in shown):
            found[name] = few_levels(fold.tables[table].select(pl.col(name).unique()).collect()[name])
    return found


def read_payments(fold: Fold) -> Payments:
    """Return the payments and wallets of a fold; wallets that no table lists have no columns. Raises UsageError for a
    payment without a payer, payee, time or amount."""
    unit = fold.task.unit
    payments = fold.tables["payments"].unique(unit).sort(unit).collect()
    for column in ("payer", "payee", "minute", "amount"):
        if missing := payments[column].null_count():
            raise UsageError(
                f"payments: {missing:,} of {payments.height:,} have no {column}; fill it in or drop them."
            )
    ids = pl.concat([payments["payer"], payments["payee"]]).unique().sort().alias("wallet")
    wallets = ids.to_frame()
    if "wallets" in fold.tables:
        known = fold.tables["wallets"].unique("wallet").collect()
        wallets = wallets.join(known, on="wallet", how="left", maintain_order="left")
    payer, payee = (np.searchsorted(ids.to_numpy(), payments[end].to_numpy()) for end in ("payer", "payee"))
    minute = payments["minute"].cast(pl.Int64).to_numpy()
    amount = payments["amount"].cast(pl.Float64).to_numpy()
    levels = word_levels(fold.whole or fold)  # of all regions, so that some of them have the same features
    return Payments(unit, payments, wallets, payer, payee, minute, amount, levels)


def own_features(ledger: Payments) -> dict[str, np.ndarray]:
    """Return features of each payment by itself and of the holders of its two wallets, each (payments,) float32."""
    payments, minute, amount = ledger.payments, ledger.minute, ledger.amount
    day, ends = minute // MINUTES_A_DAY, (("payer", ledger.payer), ("payee", ledger.payee))
    found = {
        "amount": np.log(amount),
        "roundness": sum((amount % unit == 0).astype(float) for unit in ROUND),
        "hour": minute % MINUTES_A_DAY / 60.0,
        "weekday": day % 7,
        "day of the month": day % 30,
    }
    for name in ("channel", "purpose"):
        if name in payments.columns:
            found |= _levels(payments[name], name, ledger.levels[name])
    for end, at in ends:
        if "holder" in ledger.wallets.columns:
            holders = _levels(ledger.wallets["holder"], "holder", ledger.levels["holder"])
            found |= {f"{end} {name}": v[at] for name, v in holders.items()}
        if "opened_day" in ledger.wallets.columns:
            opened = ledger.wallets["opened_day"].cast(pl.Float64).to_numpy()
            found[f"{end} age"] = day - opened[at]
    if "town" in ledger.wallets.columns:
        town = ledger.wallets["town"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        payer, payee = town[ledger.payer], town[ledger.payee]
        found["same town"] = payer == payee
        found |= {"payee abroad": np.isnan(payee), "payer abroad": np.isnan(payer)}
        if "town" in payments.columns:
            counter = payments["town"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
            found["at the payee's town"] = counter == payee
    found |= _further(payments, KNOWN | {ledger.unit})
    of_wallets = _further(ledger.wallets, KNOWN_OF_WALLETS)
    for end, at in ends:
        found |= {f"{end} {name}": values[at] for name, values in of_wallets.items()}
    return {name: np.asarray(values, dtype=np.float32) for name, values in found.items()}


def history_features(ledger: Payments) -> dict[str, np.ndarray]:
    """Return features of each payment among its payer's and its payee's: how many they are, how large, how long since
    the last; each (payments,) float32. Who is at the other end does not enter."""
    found: dict[str, np.ndarray] = {}
    log_amount = np.log(ledger.amount)
    for name, at in (("payer", ledger.payer), ("payee", ledger.payee)):
        count = np.bincount(at)
        mean = np.bincount(at, log_amount) / np.maximum(count, 1)
        found |= {
            f"{name} payments": np.log1p(count[at]),
            f"{name} mean": mean[at],
            f"{name} deviation": log_amount - mean[at],
            f"{name} since": np.log1p(since_last(ledger.minute, at)),
        }
    return {name: np.asarray(values, dtype=np.float32) for name, values in found.items()}


def _levels(values: pl.Series, name: str, levels: Sequence[str]) -> dict[str, np.ndarray]:
    found = {f"no {name}": values.is_null().to_numpy()}
    return found | {f"{name} {level}": (values == level).fill_null(False).to_numpy() for level in levels}


def _further(rows: pl.DataFrame, known: frozenset[str]) -> dict[str, np.ndarray]:
    """Return the numeric and Boolean columns that no release has; null as NaN."""
    return {
        f"further {name}": rows[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        for name, dtype in rows.schema.items()
        if name not in known and (dtype.is_numeric() or dtype == pl.Boolean)
    }


WINDOWS = (1, 4, 15)  # Days on either side of a payment
CHUNK = 20_000
"""Pairs of wallets whose ways of two steps are held at a time: all of them would take gigabytes."""
HUB = 120
"""A wallet that so many pay is a shop or an office: its cycles say nothing, and there are too many of them."""


class Side:
    """Payments in the order of one end's wallet and of time, with running totals."""

    def __init__(self, ledger: Payments, end: np.ndarray, other: np.ndarray) -> None:
        self._span = int(ledger.minute.max(initial=0) - ledger.minute.min(initial=0)) + 64 * MINUTES_A_DAY
        self._zero = int(ledger.minute.min(initial=0)) - 32 * MINUTES_A_DAY
        self.order = np.lexsort((ledger.minute, end))
        self._key = self._of(end[self.order], ledger.minute[self.order])
        self.amount = ledger.amount[self.order]
        self.minute = ledger.minute[self.order]
        self._wallet = end[self.order]
        self._total = np.concatenate([[0.0], np.cumsum(self.amount)])
        # How long ago the same two wallets had their last payment: one counts as new in a window that it opens.
        since = since_last(ledger.minute, other, end)
        self._since = np.nan_to_num(since, nan=np.inf)[self.order]
        self.degree = np.bincount(end[np.isnan(since)], minlength=len(ledger.wallets))

    def _of(self, wallet: np.ndarray, minute: np.ndarray) -> np.ndarray:
        return wallet * self._span + (minute - self._zero)

    def window(
        self, wallet: np.ndarray, minute: np.ndarray, days: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return each wallet's payments within so many days of a minute, about how many different others they are with,
        and their sum."""
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
        return self._where_same(np.searchsorted(self._key, self._of(wallet, minute), side="right"), wallet)

    def last(self, wallet: np.ndarray, minute: np.ndarray) -> np.ndarray:
        """Return position of each wallet's last payment before a minute, -1 where there is none."""
        return self._where_same(np.searchsorted(self._key, self._of(wallet, minute), side="left") - 1, wallet)

    def _where_same(self, at: np.ndarray, wallet: np.ndarray) -> np.ndarray:
        inside = np.clip(at, 0, len(self._wallet) - 1)
        return np.where((at >= 0) & (at < len(self._wallet)) & (self._wallet[inside] == wallet), inside, -1)


def turnover(ledger: Payments, days: int) -> dict[str, np.ndarray]:
    """Return each payment's ``sum``; how many different ``payers`` the payee has within so many days; and the sums that
    are ``paid on`` by the payee (else -inf) and ``came in`` to the payer (else inf) within a day."""
    out, into = Side(ledger, ledger.payer, ledger.payee), Side(ledger, ledger.payee, ledger.payer)
    minute = ledger.minute
    onward, before = out.next(ledger.payee, minute), into.last(ledger.payer, minute)
    soon = (onward >= 0) & (out.minute[onward] - minute <= MINUTES_A_DAY)
    lately = (before >= 0) & (minute - into.minute[before] <= MINUTES_A_DAY)
    return {
        "sum": ledger.amount,
        "payers": into.window(ledger.payee, minute, days)[1],
        "paid on": np.where(soon, out.amount[onward], -np.inf),
        "came in": np.where(lately, into.amount[before], np.inf),
    }


def graph_features(ledger: Payments, rows: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Return (rows, features) float32 of the payments at these rows, NaN where one does not exist.

    ``marks``: (payments, columns) properties of each payment; their means over the wallets' other payments are
    features.
    """
    out, into = Side(ledger, ledger.payer, ledger.payee), Side(ledger, ledger.payee, ledger.payer)
    payer, payee = ledger.payer[rows], ledger.payee[rows]
    minute, amount = ledger.minute[rows], ledger.amount[rows]
    columns: list[np.ndarray] = []
    for wallet in (payer, payee):
        for side in (out, into):
            for days in WINDOWS:
                count, others, total = side.window(wallet, minute, days)
                columns += [count, others, np.log(amount) - np.log(np.maximum(total, 1))]
            columns.append(side.degree[wallet])
    columns += [*_onward(ledger, out, into, rows), *_shapes(ledger, rows)]
    found = np.empty((len(rows), len(columns) + 4 * marks.shape[1]), dtype=np.float32)
    for number, column in enumerate(columns):
        found[:, number] = column
    paid, taken = (_means(end, marks, len(ledger.wallets)) for end in (ledger.payer, ledger.payee))
    around = found[:, len(columns) :].reshape(len(rows), 4, marks.shape[1])
    for number, (means, wallet) in enumerate([(paid, payer), (taken, payee), (taken, payer), (paid, payee)]):
        around[:, number] = means[wallet]
    return found


def _onward(ledger: Payments, out: Side, into: Side, rows: np.ndarray) -> list[np.ndarray]:
    """Return features of money that goes in and out again: how soon and how much the payee pays on, how soon after an
    income the payer pays, how many pay whom the payee pays next, and how many the payer's last payer pays."""
    minute, amount = ledger.minute, ledger.amount
    onward = out.next(ledger.payee, minute)
    before = into.last(ledger.payer, minute)
    wait = np.where(onward >= 0, np.log1p(np.abs(out.minute[onward] - minute)), np.nan)
    rest = np.where(before >= 0, np.log1p(np.abs(minute - into.minute[before])), np.nan)
    passed = np.where(onward >= 0, np.log(out.amount[onward] / amount), np.nan)
    share = np.where(before >= 0, np.log(amount / into.amount[before]), np.nan)
    following = np.where(onward >= 0, into.degree[ledger.payee[out.order[onward]]], np.nan)
    preceding = np.where(before >= 0, out.degree[ledger.payer[into.order[before]]], np.nan)
    columns = [column[rows] for column in (wait, rest, passed, share, following, preceding)]
    # How wallets usually do: a controller's payers all pay on soon, and most of it.
    payer, payee = ledger.payer, ledger.payee
    habits = ((payee, wait), (payer, rest), (payee, passed), (payer, share), (payee, rest), (payee, share))
    for end, values in habits:
        known = ~np.isnan(values)
        count = np.bincount(end[known], minlength=len(ledger.wallets))
        usual = ratio(np.bincount(end[known], values[known], minlength=len(ledger.wallets)), count)
        columns += [usual[ledger.payer[rows]], usual[ledger.payee[rows]]]
    return columns


def _means(end: np.ndarray, marks: np.ndarray, wallets: int) -> np.ndarray:
    """Return means of the marks over all payments of each wallet at one end, NaN where there is none."""
    count = np.bincount(end, minlength=wallets)
    blank = np.where(count > 0, 1.0, np.nan) / np.maximum(count, 1)
    means = [np.bincount(end, mark, minlength=wallets) * blank for mark in marks.T]
    return np.column_stack(means).astype(np.float32)


def _shapes(ledger: Payments, rows: np.ndarray) -> list[np.ndarray]:
    """Return payments of the two wallets in either direction; cycles of three and four through the payment; and how
    many branches lead from the payer, or to the payee, by way of others (scatter-gather)."""
    wallets = len(ledger.wallets)
    ends = ledger.payer * np.int64(wallets) + ledger.payee
    pair, at, count = np.unique(ends, return_inverse=True, return_counts=True)
    source, target = pair // wallets, pair % wallets
    every: csr_matrix = csr_matrix((count.astype(np.float32), (source, target)), shape=(wallets, wallets))
    plain = (np.bincount(target)[target] <= HUB) & (np.bincount(source)[source] <= HUB)
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
            _common(graph[b], into[a]),
            _common(two[b], into[a]),
            _widest(graph[b], two[a]),
            _widest(into[a], two_into[b]),
        )
    return [values[back] for values in found]


def _common(left: csr_matrix, right: csr_matrix) -> np.ndarray:
    return np.asarray(left.multiply(right).sum(axis=1)).ravel()


def _widest(mask: csr_matrix, values: csr_matrix) -> np.ndarray:
    """Return largest value of each row among the columns where the mask has an entry."""
    masked: Any = values.multiply(mask)
    return np.asarray(masked.max(axis=1).todense()).ravel()


OTHERS = "payment_risk/rules or payment_risk/isolation_forest"  # Methods that learn from no label


REGIONS_AT_ONCE = 16
"""What is made of payments on the way to their features takes several times the memory of the features."""
MOST_KEPT = 2_000_000  # Payments of ``small`` and somewhat more; theirs are half a gigabyte


@dataclass(unsafe_hash=True)
class TreesOnPayments(TreesOnUnits):
    """Boosted trees on features of payments, with the settings of :class:`tipbaselines.trees.BoostedTrees`.
    ``thinning``: one negative of so many is learnt from, for all of them."""

    rounds: int = 400
    patience: int = 60
    unwatched: int = 150
    learning_rate: float = 0.05
    leaves: int = 15
    leaf_size: int = 40
    l2: float = 10.0
    thinning: int = 8
    threads: int = 1
    scheduler: str = ""
    needs = NEEDS
    takes_many = frozenset({"payments", "wallets"})
    stochastic = False
    batches = "regions"
    others = OTHERS

    @abstractmethod
    def features(self, payments: Payments, rows: np.ndarray) -> np.ndarray:
        """Return (rows, features) float32 of the payments at these rows, NaN where something is missing."""

    def fit(self, fold: Fold, seed: int) -> None:
        """Learn without a seed: every tree sees every feature and every row that is kept."""
        super().fit(fold, 0)

    def datasets(self, fold: Fold, train: LabelledUnits, valid: LabelledUnits, seed: int) -> Datasets:
        train, weight = train.thin(self.thinning)
        return self.datasets_of(fold, train, valid, weight)

    def features_of(self, fold: Fold, units: pl.Series) -> np.ndarray:
        """Return (payments, features) float32; those of all units are kept where a fold is not too large."""
        if fold.whole is None and fold.parts.height <= MOST_KEPT:
            every, features = _every_feature(fold, self)
            at = np.searchsorted(every[:-1], units.to_numpy())
            if (every[at] == units.to_numpy()).all():  # else the tables are those of other parts
                return features[at]
        return _make_features(fold, self, units)


@remember()
def _every_feature(fold: Fold, method: TreesOnPayments) -> tuple[np.ndarray, np.ndarray]:
    """Return all units of a fold, sorted, and their features."""
    every = fold.parts[fold.task.unit].sort()
    return every.to_numpy(), _make_features(fold, method, every)


def _make_features(fold: Fold, method: TreesOnPayments, units: pl.Series) -> np.ndarray:
    """Make the features of these payments, some regions at a time."""
    found = np.empty((0, 0), dtype=np.float32)
    for part in fold.by_regions(REGIONS_AT_ONCE):
        payments = read_payments(part)
        mine = units.is_in(payments.payments[payments.unit].implode()).arg_true().to_numpy()
        if not len(mine):
            continue
        made = method.features(payments, payments.positions(units.gather(mine)))
        if not found.size:
            found = np.empty((len(units), made.shape[1]), dtype=np.float32)
        found[mine] = made
    return found
