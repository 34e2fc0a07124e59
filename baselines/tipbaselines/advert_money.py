"""The money near an advert: what the wallets do that are paid, or pay, where and when its case advertises.

No identifier leads from an advert to a wallet. After Portnoff et al. (2017) the days on which wallets pay for adverts,
and the towns and days of their cash, are held against the postings of a case (:mod:`tipbaselines.case_evidence`); the
traits of the five wallets that fit best are averaged, each by its fit.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.case_evidence import evidence
from tipbaselines.case_regions import regions

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

NEEDED = {"payer", "payee", "minute", "amount"}
"""Columns of payments without which nothing is said."""
BEST = 5
"""Wallets that an advert's money is taken from."""
ROUND = 50_00
"""A multiple of this is a round sum, minor units."""


def money_near(fold: "Fold") -> pl.DataFrame:
    """Return ``[unit, money ...]``, one Float32 column a trait, of every advert of a fold."""
    unit = fold.task.unit
    traits = wallet_traits(fold.tables["payments"])
    names = [name for name in traits.columns if name != "wallet"]
    seeds = fold.tables[fold.task.table].select(unit).collect()[unit].cast(pl.Int64)
    made = []
    for region in regions(fold, seeds):
        known = evidence(region, "wallets")["wallets"]
        fit = known.pieces["where and when"] + known.pieces["adverts paid"]
        of_wallets = known.keys.to_frame().join(traits, on="wallet", how="left", maintain_order="left")
        values = of_wallets.select(names).fill_null(0).to_numpy().astype(np.float32)
        best = np.argsort(-fit, axis=1, kind="stable")[:, :BEST]
        weight = np.take_along_axis(fit, best, axis=1)
        total = weight.sum(axis=1, keepdims=True)
        share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
        mean = (
            np.einsum("ab,abt->at", share, values[best]) if len(values) else np.zeros((len(fit), len(names)))
        )
        columns = {f"money {name}": pl.Series(mean[:, i], dtype=pl.Float32) for i, name in enumerate(names)}
        most = fit.max(axis=1) if len(values) else np.zeros(len(fit))
        made.append(
            pl.DataFrame({unit: region.keys, "money fit": pl.Series(most, dtype=pl.Float32), **columns})
        )
    schema = {unit: pl.Int64, "money fit": pl.Float32, **{f"money {name}": pl.Float32 for name in names}}
    return pl.concat([pl.DataFrame(schema=schema), *made])


def wallet_traits(payments: pl.LazyFrame) -> pl.DataFrame:
    """Return ``[wallet, ...]``: how much it pays and takes, with how many, how round, for what and by which channel."""
    has = payments.collect_schema().names()
    every = payments.collect()
    sides = pl.concat(
        [
            every.with_columns(wallet=pl.col(own), other=pl.col(other), taken=pl.lit(own == "payee"))
            for own, other in (("payer", "payee"), ("payee", "payer"))
        ]
    )
    levels = {
        name: sorted(every[name].drop_nulls().unique()) for name in ("purpose", "channel") if name in has
    }
    return sides.group_by("wallet", maintain_order=True).agg(
        pl.len().log1p().alias("payments"),
        pl.col("taken").mean().alias("share taken"),
        (pl.col("other").n_unique() / pl.len()).alias("others for each payment"),
        pl.col("amount").cast(pl.Float64).log1p().mean().alias("sum"),
        (pl.col("amount") % ROUND == 0).mean().alias("round"),
        *(
            (pl.col(name) == level).fill_null(False).mean().alias(f"{name} {level}")
            for name, known in levels.items()
            for level in known
        ),
    )
