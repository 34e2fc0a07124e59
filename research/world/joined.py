"""Do payments and helpline calls add to adverts? python research/world/joined.py [--worlds 11 12 13] [--regions 64]

For each world AUROC and average precision of a logistic regression on the words of adverts alone, and with what can be
joined to them by columns that are observed: the wallets that pay for the advert's account (``payments.account``) with
all their payments, and the calls that name one of its contacts (``contacts.known_contact``). *others' contents*: both
views hold what belongs to other operations; *others' views*: whether there is one, too. One first advert a template; an
operation weighs one; labels of truth at the shares of size `small` (11%); differences in average precision with 95%
intervals over test operations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from drawn import asking
from lives import TEST, count_terms
from said import NEEDED
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.preprocessing import StandardScaler
from tipdata.core.kinds import TRAFFICKING
from tipdata.core.world import World, newest_released
from tipdata.stages import draw_tables

CODED = (
    "holds_papers",
    "free_to_leave",
    "lives_at_work",
    "employer_aware",
    "threat_reported",
    "safe_place_tonight",
)
REPLICATES = 400


@dataclass(frozen=True)
class Units:
    """First adverts of templates. ``views``: (n, features) of each view, NaN where nothing is joined."""

    operation: np.ndarray
    positive: np.ndarray
    test: np.ndarray
    weight: np.ndarray
    body: np.ndarray
    views: dict[str, np.ndarray]


def wallet_features(payments: pl.DataFrame) -> pl.DataFrame:
    """Return a row of features of each wallet, from all its payments."""
    sides = []
    for side in ("payer", "payee"):
        shares = [
            (pl.col("channel") == one).mean().alias(f"{side}_{one}")
            for one in ("bank", "prepaid", "cash_deposit")
        ]
        shares += [
            (pl.col("purpose") == one).mean().alias(f"{side}_{one}")
            for one in ("wages", "rent", "travel", "room", "sale")
        ]
        amount = pl.col("amount").cast(pl.Float64).log()
        sides.append(
            payments.group_by(pl.col(side).alias("wallet")).agg(
                pl.len().cast(pl.Float64).log1p().alias(f"{side}_many"),
                amount.mean().alias(f"{side}_amount"),
                amount.std().fill_null(0).alias(f"{side}_spread"),
                pl.col("purpose").is_null().mean().alias(f"{side}_unstated"),
                *shares,
            )
        )
    return sides[0].join(sides[1], on="wallet", how="full", coalesce=True).fill_null(0)


def draw_units(world: World, regions: int) -> Units:
    """Return the units of some regions."""
    rows: list[pl.DataFrame] = []
    for index in range(regions):
        past, tables = draw_tables(world.region(index), NEEDED)
        o = past["operations"]
        adverts = tables["adverts"].filter(pl.col("parent").is_null() & ~pl.col("copied"))
        payments = tables["payments"]
        paid = payments.drop_nulls("account").select("account", wallet="payer").unique()
        money = paid.join(wallet_features(payments), on="wallet").drop("wallet").group_by("account").mean()
        calls = (
            tables["contacts"]
            .drop_nulls("known_contact")
            .group_by("known_contact")
            .agg(
                pl.len().cast(pl.Float64).alias("calls"),
                *(pl.col(one).cast(pl.Float64).mean().fill_null(0.5) for one in CODED),
                pl.col("weeks_owed").cast(pl.Float64).mean().fill_null(0),
            )
        )
        named = adverts.select("advert", known_contact="contacts").explode("known_contact")
        helpline = named.join(calls, on="known_contact").drop("known_contact").group_by("advert").mean()
        kinds = pl.DataFrame({"operation": o.id, "kind": o.kind, "part": o.part})
        rows.append(
            adverts.select("advert", "operation", "account", "body")
            .join(kinds, on="operation")
            .join(
                money.rename(lambda one: one if one == "account" else f"money_{one}"),
                on="account",
                how="left",
            )
            .join(
                helpline.rename(lambda one: one if one == "advert" else f"help_{one}"),
                on="advert",
                how="left",
            )
        )
    units = pl.concat(rows, how="diagonal_relaxed")
    owner = np.unique(units["operation"].to_numpy(), return_inverse=True)[1]
    return Units(
        owner,
        units["kind"].to_numpy() == TRAFFICKING,
        units["part"].to_numpy() == TEST,
        1 / np.bincount(owner)[owner],
        units["body"].to_numpy(),
        {
            name: units.select(pl.col(f"^{name}_.*$").cast(pl.Float64)).to_numpy().astype(np.float64)
            for name in ("money", "help")
        },
    )


def others(units: Units, view: np.ndarray, whoever: bool) -> np.ndarray:
    """Return a view in which operations hold that of another one: all of them if ``whoever``, else those that have one,
    so that having one still tells what it tells."""
    made, g = view.copy(), np.random.default_rng(0)
    rows = np.arange(len(view)) if whoever else np.flatnonzero(~np.isnan(view[:, 0]))
    owners, first = np.unique(units.operation[rows], return_index=True)
    source = dict(zip(owners.tolist(), g.permutation(rows[first]).tolist(), strict=True))
    made[rows] = view[[source[one] for one in units.operation[rows].tolist()]]
    return made


def scores(units: Units, words: sparse.csr_matrix, views: list[np.ndarray]) -> np.ndarray:
    """Return scores of all units, learnt on those that are not of the test."""
    parts = [words]
    for view in views:
        has = ~np.isnan(view[:, :1])
        scaled = StandardScaler().fit_transform(np.where(has, view, np.nanmean(view, axis=0)))
        parts.append(sparse.csr_matrix(np.column_stack([has, np.where(has, scaled, 0)]) * 0.3))
    features = sparse.csr_matrix(sparse.hstack(parts))
    learn = ~units.test
    model = LogisticRegression(C=2.0, max_iter=400, class_weight="balanced")
    model.fit(features[learn], units.positive[learn], sample_weight=units.weight[learn])
    return model.decision_function(features)


def compare(world: World, regions: int) -> list[str]:
    """Return a line for each set of views."""
    units = draw_units(world, regions)
    words = count_terms(units.body)
    money, calls = units.views["money"], units.views["help"]
    sets = {
        "adverts alone": [],
        "with payments": [money],
        "with helpline": [calls],
        "with both": [money, calls],
        "with others' contents": [others(units, money, False), others(units, calls, False)],
        "with others' views": [others(units, money, True), others(units, calls, True)],
    }
    t = units.test
    y, weight, owner = units.positive[t], units.weight[t], units.operation[t]
    found = {name: scores(units, words, views)[t] for name, views in sets.items()}
    alone, lines = found["adverts alone"], []
    for name, score in found.items():
        ap, auroc = (one(y, score, sample_weight=weight) for one in (average_precision_score, roc_auc_score))
        gain, low, high = compare_precision(y, score, alone, weight, owner)
        lines.append(f"{name:24}{auroc:8.3f}{ap:8.3f}   {gain:+.3f} [{low:+.3f}, {high:+.3f}]")
    return lines


def compare_precision(
    y: np.ndarray, score: np.ndarray, other: np.ndarray, weight: np.ndarray, owner: np.ndarray
) -> tuple[float, float, float]:
    """Return by how much the average precision of scores is above that of others, and the ends of its 95% interval,
    which resamples owners."""
    names, place = np.unique(owner, return_inverse=True)
    draws = np.random.default_rng(1).multinomial(len(names), np.full(len(names), 1 / len(names)), REPLICATES)
    observed, *drawn = (
        average_precision_score(y, score, sample_weight=w)
        - average_precision_score(y, other, sample_weight=w)
        for w in (weight, *(weight * draw[place] for draw in draws))
    )
    low, high = np.quantile(drawn, (0.025, 0.975))
    return observed, low, high


def main() -> None:
    """Print a table for each world."""
    asked = asking(__doc__, worlds=[11, 12, 13]).parse_args()
    for number in asked.worlds:
        print(f"world {number:<18}{'AUROC':>8}{'AP':>8}   gain over adverts alone")
        print(
            "\n".join(compare(World.of(newest_released(), number, size="small"), asked.regions)), flush=True
        )


if __name__ == "__main__":
    main()
