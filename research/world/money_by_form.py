"""Does money tell one form of exploitation from another? python research/world/money_by_form.py [--regions 96]

Operations of the sample are told apart by their own payments alone: how many and how much, from and to whom, by
channel, stated purpose and time. A logistic regression, cross-validated over operations, tells form from form, and each
form from the lawful operations of its line of work. Forms weigh alike here, so that each has operations enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
from drawn import Drawn, asking
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tipdata.core.world import MINUTES_A_DAY, World
from tipdata.stages.payments.everyday import HOLDERS
from tipdata.stages.payments.wallets import CHANNELS, PURPOSES

STAGES = (
    "places",
    "operations",
    "accounts",
    "adverts",
    "messages",
    "suppliers",
    "trips",
    "people",
    "payments",
)
LEAST = 12
"""Operations a side, below which a pair is left out."""
OURS = pl.col("log_odds") > -29_000


@dataclass(frozen=True)
class Even(World):
    """A world in which every form weighs the same."""

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        usual = dict(super().parameters)
        form = usual["operations.form"]
        usual["operations.form"] = {**form, "value": dict.fromkeys(form["value"], 1)}
        return usual


def main() -> None:
    """Print AUROC of each pair of forms, and of each form against lawful operations of its line."""
    parser = asking(__doc__)
    parser.set_defaults(regions=96)
    options = parser.parse_args()
    usual = World.of("0.4.0", options.world)
    source = Drawn.within(Even(usual.version, usual.seed), options.world, options.regions, STAGES)
    report(source.tables, usual)


def report(tables: Mapping[str, pl.DataFrame], world: World) -> None:
    """Print the figures of drawn tables."""
    operations, values = features(tables)
    lines = world.parameters["payments.line"]["value"]
    form = operations["form"].fill_null("").to_numpy()
    line = operations["category"].replace_strict(lines, return_dtype=pl.String).to_numpy()
    forms = sorted(set(form) - {""})
    found = []
    for one, other in combinations(forms, 2):
        at = np.flatnonzero((form == one) | (form == other))
        found.append(auroc(values[at], form[at] == one))
        print(
            f"{one:<20} {other:<20} {found[-1]:.3f}   {(form[at] == one).sum()}, {(form[at] == other).sum()}"
        )
    print(f"mean over pairs {np.nanmean(found):.3f}\n")
    for one in forms:
        at = np.flatnonzero((form == one) | ((form == "") & (line == one)))
        print(f"{one:<20} {'lawful':<20} {auroc(values[at], form[at] == one):.3f}")


def features(tables: Mapping[str, pl.DataFrame]) -> tuple[pl.DataFrame, np.ndarray]:
    """Return operations of the sample, and (operations, features) of their own payments."""
    ours = tables["payments"].filter(OURS).drop_nulls("operation")
    held = tables["wallets"].select("wallet", "holder", "town")
    frame = ours.with_columns(big=pl.col("amount").cast(pl.Float64))
    for end in ("payer", "payee"):
        frame = frame.join(held.rename({"wallet": end, "holder": f"{end} is", "town": f"{end} in"}), on=end)
    shares = [
        *_shares("payer is", HOLDERS),
        *_shares("payee is", HOLDERS),
        pl.col("payee in").is_null().mean().alias("abroad"),
        (pl.col("payer in") == pl.col("payee in")).mean().fill_null(0).alias("one town"),
        *_shares("channel", CHANNELS),
        *_shares("purpose", PURPOSES),
        pl.col("purpose").is_null().mean().alias("unstated"),
        pl.len().log().alias("payments"),
        pl.col("big").sum().log().alias("sum"),
        pl.col("big").log().mean().alias("mean"),
        pl.col("big").log().std().fill_null(0).alias("spread"),
        (pl.col("amount") % 1000 == 0).mean().alias("round"),
        pl.col("payer").n_unique().log().alias("payers"),
        pl.col("payee").n_unique().log().alias("payees"),
        (pl.col("minute") // MINUTES_A_DAY % 7 > 4).mean().alias("weekend"),
        (pl.col("minute") // MINUTES_A_DAY % 30 < 6).mean().alias("early"),
        (pl.col("minute") % MINUTES_A_DAY // 60 >= 18).mean().alias("evening"),
        ((pl.col("minute").max() - pl.col("minute").min()) / MINUTES_A_DAY + 1).log().alias("days"),
    ]
    found = frame.group_by("operation").agg(shares).sort("operation")
    kept = (
        tables["operations"].select("operation", "form", "category").join(found, on="operation", how="inner")
    )
    return kept.select("operation", "form", "category"), kept.drop("operation", "form", "category").to_numpy()


def _shares(column: str, names: tuple[str, ...]) -> list[pl.Expr]:
    return [(pl.col(column) == name).mean().fill_null(0).alias(f"{column} {name}") for name in names]


def auroc(values: np.ndarray, label: np.ndarray) -> float:
    """Return cross-validated AUROC of a logistic regression, NaN where a side is too small."""
    if min(label.sum(), (~label).sum()) < LEAST:
        return float("nan")
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000, class_weight="balanced"))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    scores = cross_val_predict(model, values, label, cv=folds, method="predict_proba")
    return float(roc_auc_score(label, np.asarray(scores)[:, 1]))


if __name__ == "__main__":
    main()
