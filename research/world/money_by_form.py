"""What does money tell of a form of exploitation? python research/world/money_by_form.py [--worlds 11 12 13] [--pairs]

Of each world it prints takings per exploited person-month by form, how many times those of the other forms of forced
labour sexual exploitation takes, on how many days wages are withheld, whether sums alone tell illicit from lawful
payments of a line of work, and whether payments for adverts tell the kind. A person-month counts in the months of
thirty days in which the operation takes anything.

With ``--pairs`` operations of the sample are told apart by their own payments alone: how many and how much, from and to
whom, by channel, stated purpose and time. A logistic regression, cross-validated over operations, tells form from
form, and each form from the lawful operations of its line of work. Forms weigh alike there, so that each has operations
enough.
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
from tipdata.core.world import DAYS, MINUTES_A_DAY, World, newest_released
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
OTHER_LABOUR = ("labour", "domestic_servitude", "forced_criminality")
"""Forced labour but for sexual exploitation, which is published to take 7.4 times as much a person."""
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
    """Print what money tells in each world."""
    parser = asking(__doc__, worlds=[11, 12, 13])
    parser.add_argument("--pairs", action="store_true")
    options = parser.parse_args()
    for number in options.worlds:
        usual = World.of(newest_released(), number)
        world = Even(usual.version, usual.seed) if options.pairs else usual
        source = Drawn.within(world, number, options.regions, STAGES)
        print(f"\n{source.name}")
        if options.pairs:
            report(source.tables, usual)
            continue
        lines = usual.parameters["payments.line"]["value"]
        taken = takings(source.tables)
        print(taken)
        others = ", ".join(OTHER_LABOUR)
        print(f"sexual exploitation takes {sexual_ratio(taken):.1f} times as much as {others} together")
        for part in (withheld(source.tables), amounts(source.tables, lines)):
            print(part)
        print(adverts(source.tables))


MONTH = 30 * MINUTES_A_DAY


def income(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return illicit payments by which money comes in: to the head of a scheme, or wages from those exploited."""
    roles = tables["wallets"].select("wallet", "role")
    found = tables["payments"].drop_nulls("typology").filter(pl.col("typology") != "layering")
    for end in ("payer", "payee"):
        found = found.join(roles.rename({"wallet": end, "role": f"{end} is"}), on=end)
    comes = (pl.col("payee is") == "head") & pl.col("payer is").ne_missing("controller")
    wages = pl.col("typology") == "wages_out"
    return found.filter(pl.when(wages).then(pl.col("payer is") == "member").otherwise(comes))


def takings(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return takings per exploited person-month by form, in XTS, and the months and people that they are of."""
    keys = ("operation", "month")
    by_month = (
        income(tables)
        .with_columns(month=pl.col("minute") // MONTH)
        .group_by(keys)
        .agg(pl.col("amount").sum())
    )
    last = pl.col("to_day").fill_null(DAYS - 1).clip(upper_bound=DAYS - 1)
    there = tables["people"].filter(role="exploited").select("operation", "from_day", last=last)
    first, end = pl.col("month") * 30, pl.col("month") * 30 + 29
    days = pl.min_horizontal("last", end) - pl.max_horizontal("from_day", first) + 1
    people = (
        by_month.join(there, on="operation").group_by(keys).agg(people=days.clip(lower_bound=0).sum() / 30)
    )
    forms = tables["operations"].select("operation", "form")
    joined = by_month.join(people, on=keys, how="left").join(forms, on="operation")
    total, person_months = pl.col("amount").sum() / 100, pl.col("people").sum()
    shown = {
        "operations": pl.col("operation").n_unique(),
        "months": pl.len(),
        "people": pl.col("people").mean(),
        "person-months": person_months,
    }
    return joined.group_by("form").agg(**shown, XTS=total / person_months).sort("form")


def sexual_ratio(taken: pl.DataFrame) -> float:
    """Return the takings per person-month of sexual exploitation over those of other forced labour together."""
    months = pl.col("person-months")
    together = (pl.col("XTS") * months).sum() / months.sum()
    others = taken.filter(pl.col("form").is_in(OTHER_LABOUR)).select(together)
    return float(taken.filter(form="sexual")["XTS"].item() / others.item())


def withheld(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return how many wallets pass on withheld wages, and on how many days."""
    paid = income(tables).filter(typology="wages_out").with_columns(day=pl.col("minute") // MINUTES_A_DAY)
    days = paid.group_by("payer").agg(pl.col("day").n_unique())["day"]
    brief = (days <= 2).mean()
    return pl.DataFrame(
        {"payers of wages": [len(days)], "on one or two days": [brief], "median": [days.median()]}
    )


def amounts(tables: Mapping[str, pl.DataFrame], lines: Mapping[str, str]) -> pl.DataFrame:
    """Return AUROC of log amount alone between illicit and lawful schemes of a line of work: of payments, and of what
    comes in."""
    operations, roles = tables["operations"], tables["wallets"].select("wallet", "role")
    own = tables["payments"].filter(OURS).drop_nulls("operation")
    own = own.join(operations.select("operation", "form", "category"), on="operation")
    own = own.join(roles.rename({"wallet": "payee", "role": "payee is"}), on="payee")
    line = pl.coalesce("form", pl.col("category").replace_strict(lines, return_dtype=pl.String))
    own = own.with_columns(line=line, illicit=pl.col("typology").is_not_null())
    found = []
    for (name,), rows in sorted(own.group_by("line")):
        comes = rows.filter(pl.col("payee is") == "head")
        owners = (rows["operation"].filter(side).n_unique() for side in (rows["illicit"], ~rows["illicit"]))
        found.append(
            (name, *owners, *(roc_auc_score(one["illicit"], one["amount"]) for one in (rows, comes)))
        )
    return pl.DataFrame(
        found, ["line", "illicit", "lawful", "AUROC of payments", "of what comes in"], orient="row"
    )


def adverts(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return whether payments with a known account tell the kind of operations that post: AUROC of having one, of their
    number among operations with about as many adverts, and of their number over that of adverts."""
    held = tables["wallets"]["operation"].drop_nulls().unique()
    posting = tables["operations"].filter(pl.col("operation").is_in(held.implode()), "posts")
    counts = {"adverts": tables["adverts"], "paid": tables["payments"].drop_nulls("account")}
    for name, rows in counts.items():
        posting = posting.join(
            rows.group_by("operation").agg(pl.len().alias(name)), on="operation", how="left"
        )
    posting = posting.with_columns(pl.col("adverts", "paid").fill_null(0)).filter(pl.col("adverts") > 0)
    label = (posting["kind"] == "trafficking").to_numpy()
    paid, eighth = (
        posting["paid"].to_numpy(),
        posting["adverts"].rank("ordinal").to_numpy() * 8 // (posting.height + 1),
    )
    within = [roc_auc_score(label[eighth == k], paid[eighth == k]) for k in range(8)]
    positives = np.bincount(eighth, label, minlength=8)
    return pl.DataFrame(
        {
            "posting operations in the sample": [posting.height],
            "with a known account": [(paid > 0).mean()],
            "AUROC of having one": [roc_auc_score(label, paid > 0)],
            "of their number within eighths": [float(np.average(within, weights=positives))],
            "of their number an advert": [roc_auc_score(label, paid / posting["adverts"].to_numpy())],
        }
    )


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
