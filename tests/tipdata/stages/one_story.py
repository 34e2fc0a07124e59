"""Is one operation behind every table: whose wallets are sampled, and whether money and firms follow its life and work.

The tests beside this file hold the figures; ``research/world/coverage.py`` prints them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from tipdata.core.draw import Stream
from tipdata.core.world import DAYS, MINUTES_A_DAY

Tables = Mapping[str, pl.DataFrame]
NEAR = 3
"""Days from a day of work within which a payment follows it."""
SHIFTS = 8
DAY = (pl.col("minute") // MINUTES_A_DAY).alias("day")
OURS = pl.col("log_odds") > -29_000
"""Payments that are a scheme's own doing."""


def sample(tables: Tables) -> dict[str, float]:
    """Return whose wallets are in the sample of payments."""
    o = in_sample(tables).filter(pl.col("kind") != "spam")
    illicit = tables["payments"].drop_nulls("typology").join(o.select("operation", "posts"), on="operation")
    stops = tables["stops"].join(tables["circuits"].select("circuit", "operation"), on="circuit")
    found = {
        "posting trafficking operations in the sample": mean(
            o.filter(posts=True, kind="trafficking"), pl.col("inside")
        ),
        "illicit payments of operations that never post": mean(illicit, ~pl.col("posts")),
    }
    for posts, who in ((True, "posting"), (False, "silent")):
        found[f"AUROC of being in the sample for kind, {who} operations"] = _auroc(o.filter(posts=posts))
    for name, rows in (("stops", stops), ("trips", tables["trips"])):
        booked = rows.drop_nulls(["wallet", "operation"]).join(o.filter("inside"), on="operation")
        known = pl.col("wallet").is_in(tables["wallets"]["wallet"].implode())
        found[f"wallets of {name} of operations in the sample that are in wallets"] = mean(
            booked.unique("wallet"), known
        )
    return found


def in_sample(tables: Tables) -> pl.DataFrame:
    """Return operations with ``inside``: whether they have wallets in the sample."""
    held = tables["wallets"]["operation"].drop_nulls().unique()
    return tables["operations"].with_columns(inside=pl.col("operation").is_in(held.implode()))


def _auroc(o: pl.DataFrame) -> float:
    """Return AUROC of being in the sample: half plus half the difference of shares."""
    shares = [mean(o.filter(kind), pl.col("inside")) for kind in (trafficking(), ~trafficking())]
    return 0.5 + abs(shares[0] - shares[1]) / 2


def trafficking() -> pl.Expr:
    return pl.col("kind") == "trafficking"


def ledger(tables: Tables) -> dict[str, float]:
    """Return how much there is."""
    payments = tables["payments"]
    regions = payments["region"].n_unique()
    illicit = payments["typology"].drop_nulls().len()
    return {
        "payments a region": payments.height / regions,
        "wallets a region": tables["wallets"].height / regions,
        "one in so many payments is illicit": payments.height / illicit,
        "illicit payments a region": illicit / regions,
    }


def work(tables: Tables) -> dict[str, float]:
    """Return whether money follows the work of its operation."""
    o, payments = tables["operations"], tables["payments"].with_columns(DAY)
    lives = o.select("operation", "begins", "ends")
    alive = pl.col("day").is_between("begins", "ends")
    illicit = payments.drop_nulls("typology").join(lives, on="operation")
    lawful = payments.filter(OURS & pl.col("typology").is_null()).drop_nulls("operation")
    found = {
        "illicit payments in the operation's life": mean(illicit, alive),
        "lawful operations' payments in theirs": mean(lawful.join(lives, on="operation"), alive),
    }
    days = events(tables)
    for name, rows in (("illicit", illicit), ("lawful operations'", lawful)):
        near, by_chance = shifted(rows, days)
        found[f"{name} payments within {NEAR} days of an advert, stop or placement"] = near
        found[f"  {name}, after a circular shift of these"] = by_chance
        found[f"  {name}, times as many"] = near / by_chance
    adverts = payments.filter((pl.col("purpose") == "advert") & OURS).drop_nulls("operation")
    found["payments for adverts within a day of one"] = shifted(adverts, days.filter(view="adverts"), 1)[0]
    return found


def events(tables: Tables) -> pl.DataFrame:
    """Return days on which operations work, as tables show them: ``[operation, day, view]``."""
    stops = tables["stops"].join(tables["circuits"].select("circuit", "operation"), on="circuit")
    parts = {
        "adverts": tables["adverts"].select("operation", day_of(tables["adverts"])),
        "stops": stops.select("operation", "day"),
        "placements": tables["firms"].select("operation", day="from_day"),
    }
    return pl.concat(
        [
            rows.drop_nulls()
            .filter(pl.col("day").is_between(0, DAYS - 1))
            .select("operation", pl.col("day").cast(pl.Int64), view=pl.lit(view))
            for view, rows in parts.items()
        ]
    ).unique(maintain_order=True)


def day_of(frame: pl.DataFrame) -> pl.Expr:
    return DAY if "minute" in frame.columns else pl.col("day")


def shifted(payments: pl.DataFrame, days: pl.DataFrame, near: int = NEAR) -> tuple[float, float]:
    """Return share of payments near a day of work of their operation, and the mean share after each operation's days
    were shifted round the window by a random number of days."""
    codes = days["operation"].unique().sort()
    known = payments.with_columns(pl.col("operation").is_in(codes.implode()).alias("known"))
    owner = np.searchsorted(codes.to_numpy(), known.filter("known")["operation"].to_numpy())
    paid = known.filter("known")["day"].to_numpy()
    of = np.searchsorted(codes.to_numpy(), days["operation"].to_numpy())

    def share(move: np.ndarray) -> float:
        worked = np.zeros((len(codes), DAYS), dtype=bool)
        worked[of, (days["day"].to_numpy() + move[of]) % DAYS] = True
        reached = worked.copy()
        for step in range(1, near + 1):
            reached[:, step:] |= worked[:, :-step]
            reached[:, :-step] |= worked[:, step:]
        return float(reached[owner, np.clip(paid, 0, DAYS - 1)].sum()) / payments.height

    stream, every = Stream(0, "coverage/shift"), np.arange(len(codes))
    moved = [share(1 + stream.below(every, DAYS - 1, turn)) for turn in range(SHIFTS)]
    return share(np.zeros(len(codes), dtype=np.int64)), float(np.mean(moved))


def receipts(tables: Tables) -> dict[str, float]:
    """Return what wallets receive."""
    payments, wallets = tables["payments"], tables["wallets"]
    paid = payments.select("region", "payment", "purpose", "payer", wallet="payee")
    held = wallets.select("wallet", "holder", "group")
    firm = (pl.col("holder") == "firm") & (pl.col("group") != "service").fill_null(True)
    waged = paid.filter(pl.col("purpose").is_in(["wages", "benefit"]))["wallet"].unique()
    got = pl.col("wallet").is_in(waged.implode())
    counted = paid.group_by("region", "wallet").len().sort("len", descending=True)
    slopes = [
        [rank_slope(rows["len"].to_numpy()[:top]) for _, rows in counted.group_by("region")]
        for top in (100, None)
    ]
    hubs = pl.concat([rows.head(10) for _, rows in counted.group_by("region")])
    lawful = wallets.select("wallet", lawful=pl.col("group").is_not_null())
    firms = held.select(payer="wallet", sells=pl.col("holder") == "firm")
    sales = paid.filter(purpose="sale").join(held, on="wallet").join(firms, on="payer")
    ordinary = ~pl.col("group").is_in(["service", "employer", "agency"])
    return {
        "firm-held wallets outside services that receive wages or benefits": mean(held.filter(firm), got),
        "person-held wallets that do": mean(held.filter(holder="person"), got),
        "sales paid by firms that persons receive": mean(
            sales.filter(pl.col("sells") & ordinary.fill_null(True)), pl.col("holder") == "person"
        ),
        "rank-size slope of receipts, first hundred payees": float(np.mean(slopes[0])),
        "rank-size slope of receipts, all payees": float(np.mean(slopes[1])),
        "of the first ten payees, lawful": mean(hubs.join(lawful, on="wallet"), pl.col("lawful")),
    }


def rank_slope(counts: np.ndarray) -> float:
    """Return slope of log size on log rank, sizes falling."""
    return float(np.polyfit(np.log(np.arange(1, len(counts) + 1)), np.log(counts), 1)[0])


def firms(tables: Tables) -> dict[str, float]:
    """Return whether exploitation in firms lies in its operation's life."""
    lives = tables["operations"].select("operation", "posts", "begins", "ends", "first_day", "last_day")
    spells = tables["firms"].filter("exploits").join(lives, on="operation")
    after = pl.col("from_day") >= pl.col("begins")
    inside = after & (pl.col("to_day").fill_null(DAYS - 1) <= pl.col("ends"))
    near = pl.col("from_day").is_between(pl.col("first_day") - 14, pl.col("last_day"))
    return {
        "spells of operations a region": spells.height / tables["firms"]["region"].n_unique(),
        "spells in the operation's life": mean(spells, inside),
        "spells that begin after it does": mean(spells, after),
        "of operations that post, begin within 14 days before to the last advert": mean(
            spells.filter("posts"), near
        ),
    }


def mean(rows: pl.DataFrame, what: pl.Expr) -> float:
    """Return the mean of an expression, NaN of no rows."""
    value = rows.select(what.cast(pl.Float64).mean()).item()
    return float("nan") if value is None else float(value)
