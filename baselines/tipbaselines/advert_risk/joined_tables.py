"""The trees of lightgbm on adverts and on the other tables about the same advertiser that the access level shows.

Adverts are joined into one case by near-duplicate text, shared contacts and, where they are shown, accounts and
devices; the text score of a case is pooled over it. From access ``platform`` on trees also see the account (age,
verification, accounts of the case) and the flags of users, per advert and per case; at ``legal`` the money that is paid
where and when the case advertises. So the gain of one method from access is what intrusion buys. Needs what lightgbm
needs; uses whatever else the access level shows. Cost: as lightgbm; with payments a minute more.
"""

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.advert_risk.cluster_pooling import pooled_log_odds
from tipbaselines.advert_risk.lightgbm import LightGBM
from tipbaselines.cache import remember
from tipbaselines.case_linkage.cases import evidence, read_regions
from tipbaselines.frames import MINUTES_A_DAY, logit
from tipbaselines.linkage import components, value_edges

OF_ACCOUNT = ("account", "created_day", "verified", "device_cluster")
SHRINKAGE = 0.5  # Votes for the prior in a pooled text score, as in cluster_pooling


class JoinedTables(LightGBM):
    """Parameters as of :class:`tipbaselines.advert_risk.lightgbm.LightGBM`."""

    entry_class = "worlds"  # knows which purpose of a payment is an advert

    def fit(self, fold: Fold, seed: int) -> None:
        self._joined = join_tables(fold)
        super().fit(fold, seed)

    def predict(self, fold: Fold) -> pl.DataFrame:
        self._joined = join_tables(fold)
        return super().predict(fold)

    def clusters(self, frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        group, cluster = super().clusters(frame)
        known = self._beside(frame)
        joining = [known[name] for name in ("account", "device_cluster") if name in known.columns]
        edges = [value_edges(values) for values in (pl.Series(cluster), *joining)]
        return group, components(len(cluster), np.concatenate(edges))

    def features(self, frame: pl.DataFrame, linear: np.ndarray) -> np.ndarray:
        group, cluster = self.clusters(frame)
        pooled = pooled_log_odds(linear, group, cluster, float(logit(np.array(self._prior))), SHRINKAGE)
        return np.column_stack([super().features(frame, linear), pooled, self._further(frame, cluster)])

    def _further(self, frame: pl.DataFrame, cluster: np.ndarray) -> np.ndarray:
        """Return (adverts, columns) float32 of accounts, flags and money; no column where none is shown."""
        day = frame["minute"] // MINUTES_A_DAY
        known = self._beside(frame).with_columns(pl.Series("_cluster", cluster), day=day)
        found: list[pl.Expr] = [pl.len().over("_cluster").alias("adverts of the case")]
        of_account = {
            "created_day": [(pl.col("day") - pl.col("created_day")).alias("age of the account")],
            "verified": [
                pl.col("verified"),
                pl.col("verified").mean().over("_cluster").alias("verified of the case"),
            ],
            "account": [pl.col("account").n_unique().over("_cluster").alias("accounts of the case")],
        }
        found += [e for name, columns in of_account.items() if name in known.columns for e in columns]
        flags = [name for name in known.columns if name.startswith("flags")]
        found += [pl.col(name) for name in flags]
        found += [pl.col(name).mean().over("_cluster").alias(f"{name} of the case") for name in flags]
        found += [pl.col(name) for name in known.columns if name.startswith("money")]
        return known.select(found).cast(pl.Float32).fill_null(float("nan")).to_numpy()

    def _beside(self, frame: pl.DataFrame) -> pl.DataFrame:
        key = self._joined.columns[0]
        return frame.select(key).join(self._joined, on=key, how="left", maintain_order="left")


def _reason(fold: Fold) -> pl.Expr:
    known = "reason" in fold.tables["flags"].collect_schema()
    return (pl.col("reason").fill_null("none") if known else pl.lit("none")).alias("reason")


@remember()
def flag_reasons(fold: Fold) -> list[str]:
    """Return the reasons that flags of all regions have, sorted."""
    return fold.tables["flags"].select(_reason(fold).unique().sort()).collect()["reason"].to_list()


@remember()
def join_tables(fold: Fold) -> pl.DataFrame:
    """Return per advert its account's columns, how often it was flagged and the money near it, where shown."""
    unit = fold.task.unit
    adverts = fold.tables[fold.task.table]
    found = adverts.select([unit, *(c for c in ("account",) if c in adverts.collect_schema())]).collect()
    if "account" in found.columns and "accounts" in fold.tables:
        accounts = fold.tables["accounts"]
        shown = [name for name in OF_ACCOUNT if name in accounts.collect_schema()]
        found = found.join(accounts.select(shown).unique("account").collect(), on="account", how="left")
    if "flags" in fold.tables:
        flags = fold.tables["flags"].select(unit, _reason(fold)).collect()
        reasons = flag_reasons(fold.whole or fold)
        counts = flags.group_by(unit).agg(
            pl.len().alias("flags"), *((pl.col("reason") == r).sum().alias(f"flags {r}") for r in reasons)
        )
        found = found.join(counts, on=unit, how="left").with_columns(pl.col("^flags.*$").fill_null(0))
    if "payments" in fold.tables and set(fold.tables["payments"].collect_schema()) >= NEEDED:
        found = found.join(money_near(fold), on=unit, how="left")
    return found


NEEDED = {"payer", "payee", "minute", "amount"}  # Columns of payments without which nothing is said
BEST = 5  # Wallets that an advert's money is taken from
ROUND = 50_00  # A multiple of this is a round sum, minor units


def money_near(fold: Fold) -> pl.DataFrame:
    """Return ``[unit, money ...]``, one Float32 column a trait, of every advert of a fold."""
    unit = fold.task.unit
    traits = wallet_traits(fold.tables["payments"])
    names = [name for name in traits.columns if name != "wallet"]
    seeds = fold.tables[fold.task.table].select(unit).collect()[unit].cast(pl.Int64)
    schema = {name: pl.Float32 for name in ("money fit", *(f"money {name}" for name in names))}
    made = [pl.DataFrame(schema={unit: pl.Int64, **schema})]
    for region in read_regions(fold, seeds):
        known = evidence(region, "wallets")["wallets"]
        fit = known.pieces["where and when"] + known.pieces["adverts paid"]
        of_wallets = known.keys.to_frame().join(traits, on="wallet", how="left", maintain_order="left")
        values = of_wallets.select(names).fill_null(0).to_numpy().astype(np.float32)
        best = np.argsort(-fit, axis=1, kind="stable")[:, :BEST]
        weight = np.take_along_axis(fit, best, axis=1)
        total = weight.sum(axis=1, keepdims=True)
        share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
        found = np.zeros((len(fit), 1 + len(names)))
        if len(values):
            found[:, 0], found[:, 1:] = fit.max(axis=1), np.einsum("ab,abt->at", share, values[best])
        columns = pl.DataFrame(dict(zip(schema, found.T, strict=True))).cast(pl.Float32)
        made.append(columns.insert_column(0, region.keys.alias(unit)))
    return pl.concat(made)


def wallet_traits(payments: pl.LazyFrame) -> pl.DataFrame:
    """Return ``[wallet, ...]``: how much it pays and takes, with how many, how round, for what and by which channel."""
    every = payments.collect()
    sides = pl.concat(
        every.with_columns(wallet=pl.col(own), other=pl.col(other), taken=pl.lit(own == "payee"))
        for own, other in (("payer", "payee"), ("payee", "payer"))
    )
    words = [name for name in ("purpose", "channel") if name in every.columns]
    levels = [(name, level) for name in words for level in sorted(every[name].drop_nulls().unique())]
    return sides.group_by("wallet", maintain_order=True).agg(
        pl.len().log1p().alias("payments"),
        pl.col("taken").mean().alias("share taken"),
        (pl.col("other").n_unique() / pl.len()).alias("others for each payment"),
        pl.col("amount").cast(pl.Float64).log1p().mean().alias("sum"),
        (pl.col("amount") % ROUND == 0).mean().alias("round"),
        *((pl.col(n) == level).fill_null(False).mean().alias(f"{n} {level}") for n, level in levels),
    )
