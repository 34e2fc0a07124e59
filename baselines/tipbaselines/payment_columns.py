"""What a payment says by itself, and what the two wallets did before and after: features without the graph.

``payer``, ``payee``, ``minute`` and ``amount`` are needed; ``channel``, ``purpose``, ``town`` and the wallets' columns
are used where they are there, and so is any further numeric or Boolean column of a user's payments and wallets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from tipcore.errors import UsageError

from tipbaselines.frames import MINUTES_A_DAY
from tipbaselines.kept import OfTables

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

NEEDS = frozenset({"payments.payer", "payments.payee", "payments.minute", "payments.amount"})
ROUND = (100, 500, 1000, 5000, 10_000)
"""Sums that are multiples of these are ever rounder, minor units."""
KNOWN = frozenset({"region", "minute", "payer", "payee", "amount", "channel", "purpose", "town"})
"""Columns of a release's payments, each of which has features of its own."""
KNOWN_OF_WALLETS = frozenset({"region", "wallet", "holder", "opened_day", "town", "jurisdiction"})
"""Columns of a release's wallets."""
FEW_LEVELS = 40
"""A column of text with more distinct values than this is not a category."""


@dataclass(frozen=True)
class Ledger:
    """``payments``: one row each, sorted by payment. ``wallets``: one row each, sorted by wallet.

    ``payer``, ``payee``: positions of wallets, int64; ``minute`` int64, ``amount`` float64, of every payment.
    ``levels``: of each column of words, those that have a feature (:func:`levels_of`).
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


_LEVELS = OfTables()
"""The words of the columns of all regions."""


def levels_of(fold: "Fold") -> dict[str, list[str]]:
    """Return the words of each column of words of payments and wallets, sorted; none of a column with too many.

    They are those of all regions, so that some of them have the same features.
    """
    whole = fold.whole or fold
    return _LEVELS.get(whole, "levels", lambda: _levels_in(whole))


def _levels_in(fold: "Fold") -> dict[str, list[str]]:
    found = {}
    for table, names in (("payments", ("channel", "purpose")), ("wallets", ("holder",))):
        shown = fold.tables[table].collect_schema() if table in fold.tables else {}
        for name in (name for name in names if name in shown):
            words = fold.tables[table].select(pl.col(name).drop_nulls().unique().sort()).collect()[name]
            found[name] = words.to_list() if len(words) <= FEW_LEVELS else []
    return found


def ledger_of(fold: "Fold") -> Ledger:
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
    return Ledger(unit, payments, wallets, payer, payee, minute, amount, levels_of(fold))


def own_features(ledger: Ledger) -> dict[str, np.ndarray]:
    """Return what each payment says by itself and of its two wallets' holders, (payments,) float32 a feature."""
    payments, minute, amount = ledger.payments, ledger.minute, ledger.amount
    day = minute // MINUTES_A_DAY
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
    for end, at in (("payer", ledger.payer), ("payee", ledger.payee)):
        if "holder" in ledger.wallets.columns:
            holders = _levels(ledger.wallets["holder"], "holder", ledger.levels["holder"])
            found |= {f"{end} {name}": v[at] for name, v in holders.items()}
        if "opened_day" in ledger.wallets.columns:
            opened = ledger.wallets["opened_day"].cast(pl.Float64).to_numpy()
            found[f"{end} age"] = day - opened[at]
    found |= _places(ledger)
    found |= _further(payments, KNOWN | {ledger.unit})
    for end, at in (("payer", ledger.payer), ("payee", ledger.payee)):
        of_wallets = _further(ledger.wallets, KNOWN_OF_WALLETS)
        found |= {f"{end} {name}": values[at] for name, values in of_wallets.items()}
    return {name: np.asarray(values, dtype=np.float32) for name, values in found.items()}


def marks(own: dict[str, np.ndarray]) -> np.ndarray:
    """Return (payments, columns) float32 of what is worth averaging over a wallet's payments: how much, how round,
    unexplained or not, by which channel, and whether within one town."""
    channels = [name for name in own if name.startswith("channel ")]
    names = ["amount", "roundness", *channels, *(n for n in ("no purpose", "same town") if n in own)]
    return np.column_stack([own[name] for name in names])


def history_features(ledger: Ledger) -> dict[str, np.ndarray]:
    """Return how this payment stands among the payer's and the payee's own, (payments,) float32 a feature: how many,
    how large, how long since the last. Who is at the other end does not enter."""
    found: dict[str, np.ndarray] = {}
    log_amount = np.log(ledger.amount)
    for name, at in (("payer", ledger.payer), ("payee", ledger.payee)):
        count = np.bincount(at)
        mean = np.bincount(at, log_amount) / np.maximum(count, 1)
        order = np.lexsort((ledger.minute, at))
        gap = np.diff(ledger.minute[order], prepend=0).astype(float)
        gap[np.flatnonzero(np.diff(at[order], prepend=-1))] = np.nan
        since = np.empty(len(gap))
        since[order] = gap
        found |= {
            f"{name} payments": np.log1p(count[at]),
            f"{name} mean": mean[at],
            f"{name} deviation": log_amount - mean[at],
            f"{name} since": np.log1p(since),
        }
    return {name: np.asarray(values, dtype=np.float32) for name, values in found.items()}


def _levels(values: pl.Series, name: str, levels: Sequence[str]) -> dict[str, np.ndarray]:
    """Return one column a level, and whether there is none."""
    found = {f"no {name}": values.is_null().to_numpy()}
    return found | {f"{name} {level}": (values == level).fill_null(False).to_numpy() for level in levels}


def _further(rows: pl.DataFrame, known: frozenset[str]) -> dict[str, np.ndarray]:
    """Return numeric and Boolean columns that no release has, as they are; null as NaN."""
    return {
        f"further {name}": rows[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        for name, dtype in rows.schema.items()
        if name not in known and (dtype.is_numeric() or dtype == pl.Boolean)
    }


def _places(ledger: Ledger) -> dict[str, np.ndarray]:
    """Return whether towns are the same, and whether a wallet is abroad."""
    if "town" not in ledger.wallets.columns:
        return {}
    town = ledger.wallets["town"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    payer, payee = town[ledger.payer], town[ledger.payee]
    found = {"same town": payer == payee, "payee abroad": np.isnan(payee), "payer abroad": np.isnan(payer)}
    if "town" in ledger.payments.columns:
        counter = ledger.payments["town"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        found["at the payee's town"] = counter == payee
    return found
