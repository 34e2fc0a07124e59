"""Who supplies whom with what, and the pressure that reaches a supplier from those it sells to."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.columns import known
from tipdata.core.draw import probability
from tipdata.core.tables import Column, Table
from tipdata.core.world import Region
from tipdata.stages.suppliers.firms import Firms

ROOM = 8
"""A supply's local number is its supplier's times this plus its own."""
WHOLE = 1000
YEAR = 365

SUPPLIES = Table(
    "supplies",
    ("supply",),
    (
        Column("region", pl.Int32(), "public"),
        Column("supply", pl.Int64(), "public", id_of="supplies"),
        Column("supplier", pl.Int64(), "public", note="a firm", id_of="firms"),
        Column("buyer", pl.Int64(), "public", note="a firm of a tier before the supplier's", id_of="firms"),
        Column("product", pl.String(), "public", note="product code"),
        Column("share", pl.Int32(), "public", "permille", "of what the supplier sells"),
        Column("since_day", pl.Int32(), "public", "day", "below 0 where it is older than the first day"),
        Column("payment_days", pl.Int32(), "platform", "days", "until the buyer pays; null where unrecorded"),
    ),
    "Who supplies whom, from each tier to one before it.",
)


@dataclass(frozen=True)
class Trade:
    """Supplies by position: arrays of equal length, ends as local numbers of firms; and ``pressure`` a firm, permille
    of the most that its buyers could press it."""

    number: np.ndarray
    supplier: np.ndarray
    buyer: np.ndarray
    share: np.ndarray
    pressure: np.ndarray


def draw_trade(region: Region, firms: Firms) -> Trade:
    """Return supplies of one region."""
    local = np.arange(firms.count)
    several = np.array(region["suppliers.supplies.several"])
    wanted = 1 + region.stream("supplies/several").choose(local, several)
    source = np.repeat(local, np.where(firms.tier > 0, wanted, 0))
    number = source * ROOM + np.arange(len(source)) - np.searchsorted(source, source)
    buyer = _buyers(region, firms, number, source)
    pair = source * firms.count + buyer
    # The first supply of a pair stands; rows are in order of their numbers.
    keep = np.flatnonzero(buyer >= 0)
    keep = keep[np.sort(np.unique(pair[keep], return_index=True)[1])]
    number, source, buyer = number[keep], source[keep], buyer[keep]
    amount = 1 + region.stream("supplies/amount").quantile(number, "gamma_2.0") // 1000
    total = np.zeros(firms.count, dtype=np.int64)
    np.add.at(total, source, amount)
    share = np.maximum(amount * WHOLE // total[source], 1)
    pressure = np.zeros(firms.count, dtype=np.int64)
    np.add.at(pressure, source, share * np.array(region["suppliers.squeeze_pressure"])[firms.squeeze[buyer]])
    return Trade(number, source, buyer, share, np.minimum(pressure // WHOLE, WHOLE))


def _buyers(region: Region, firms: Firms, number: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Return a buyer for each supply by size, sector and tier, -1 where there is none."""
    affinity = region["suppliers.affinity"]
    customers: dict[str, list[str]] = region["suppliers.customers"]
    between = np.array(
        [
            [
                affinity["own"]
                if a == b
                else affinity["customer"]
                if b in customers[a]
                else affinity["other"]
                for b in firms.sectors
            ]
            for a in firms.sectors
        ]
    )
    # (suppliers' sectors, buyers): what a supplier of a sector weighs each buyer by.
    weight = between[:, firms.sector] * np.array(region["suppliers.size_weight"])[firms.size][None, :]
    skips = region.stream("supplies/skips").chance(number, probability(region["suppliers.supplies.skips"]))
    tier = firms.tier[source]
    found = np.full(len(number), -1)
    for at in range(1, int(firms.tier.max()) + 1):
        for skipping, allowed in ((False, firms.tier == at - 1), (True, firms.tier < at)):
            rows = np.flatnonzero((tier == at) & (skips == skipping))
            candidates = np.flatnonzero(allowed)
            if len(rows) and len(candidates):
                table = weight[:, candidates][firms.sector[source[rows]]]
                picked = region.stream("supplies/buyer").choose(number[rows], table)
                found[rows] = candidates[picked]
    return found


def trade_frame(region: Region, firms: Firms, trade: Trade) -> pl.DataFrame:
    """Return the table ``supplies``."""
    number = trade.number
    squeezes = region["suppliers.squeeze"]["levels"]
    weights = np.array([region["suppliers.supplies.payment_weights"][level] for level in squeezes])
    days = np.array(region["suppliers.supplies.payment_days"])
    paid = days[region.stream("supplies/payment").choose(number, weights[firms.squeeze[trade.buyer]])]
    told = region.stream("supplies/days_known").chance(
        number, probability(region["suppliers.supplies.days_known"])
    )
    product = region.stream("supplies/product").below(number, region["suppliers.supplies.products"])
    codes = np.array(
        [[f"{s}-{k + 1}" for k in range(region["suppliers.supplies.products"])] for s in firms.sectors]
    )
    return pl.DataFrame(
        {
            "region": np.full(len(number), region.index, dtype=np.int32),
            "supply": region.ids("supplies", number),
            "supplier": firms.id[trade.supplier],
            "buyer": firms.id[trade.buyer],
            "product": codes[firms.sector[trade.supplier], product],
            "share": trade.share,
            "since_day": _since(region, firms, trade),
            "payment_days": known(paid, told),
        }
    )


def _since(region: Region, firms: Firms, trade: Trade) -> np.ndarray:
    """Return day on which each supply began: mostly of late, never before both firms were there."""
    latest = region["suppliers.supplies.latest_day"]
    ago = region["suppliers.supplies.since_days"] * region.stream("supplies/since").quantile(
        trade.number, "exponential"
    )
    younger = np.minimum(firms.age[trade.supplier], firms.age[trade.buyer])
    # What would be too long ago starts again from the latest day, so that no day stands out.
    return latest - ago // 1_000_000 % (latest + YEAR * younger + 1)
