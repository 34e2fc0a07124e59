"""Draw who pays whom around one operation."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PAPER, QUIET, WARM, figure, rows

MOST = 46
"""Wallets of others that are drawn: those with most payments."""
ROLES = {
    "head": ("D", "head"),
    "controller": ("s", "controller"),
    "member": ("o", "member"),
    None: ("o", "no member"),
}
ALT = (
    "Network of wallets: those of one trafficking operation in the middle, those that pay it at the left, "
    "those that it pays at the right, joined by lines for payments; thick where much is paid."
)
CAPTION = """Money around one trafficking operation of <code>tiny</code>: its wallets in the middle by role, who
pays them at the left, whom they pay at the right. Warm lines are payments that carry proceeds or control, blue
ones are everyday payments of the same people; the wider, the more money. Which is which is hidden truth. Most
people who pay or are paid here have done nothing wrong, and a payment alone shows nothing."""


def draw(release: Release) -> Any:
    """Return the figure."""
    paid, roles = _chosen(release)
    own = list(roles)
    others = _others(paid, set(own))
    at = _laid_out(paid, roles, others)
    made = figure(5.4)
    axes = made.add_subplot()
    most = paid["amount"].max()
    for payer, payee, illicit, amount in paid.iter_rows():
        if payer in at and payee in at:
            _line(axes, at[payer], at[payee], WARM if illicit else ACCENT, 0.4 + 3.2 * (amount / most) ** 0.5)
    for wallet, place in at.items():
        if wallet not in roles:
            axes.plot(*place, marker="o", markersize=3.5, color=QUIET, markeredgecolor=PAPER, zorder=3)
    for role, (marker, label) in ROLES.items():
        places = [at[wallet] for wallet in own if roles[wallet] == role]
        if places:
            x, y = zip(*places, strict=True)
            axes.scatter(
                x, y, marker=marker, s=62, color=INK, edgecolor=PAPER, zorder=4, label=f"wallet of a {label}"
            )
    axes.plot([], [], color=WARM, linewidth=2, label="proceeds or control")
    axes.plot([], [], color=ACCENT, linewidth=2, label="everyday payments")
    axes.plot([], [], marker="o", markersize=4, linestyle="", color=QUIET, label="wallet of somebody else")
    for x, words in ((0, "who pays"), (1, "the operation"), (2, "who is paid")):
        axes.annotate(words, (x, 1.06), ha="center", color=QUIET, fontsize=8.5)
    axes.set(xlim=(-0.25, 2.25), ylim=(-0.06, 1.12))
    axes.axis("off")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=3)
    return made


def _chosen(release: Release) -> tuple[pl.DataFrame, dict[int, str | None]]:
    """Return payments by pair of wallets [payer, payee, illicit, amount], and the roles of the operation's wallets."""
    payments, wallets = rows(release, "payments"), rows(release, "wallets")
    kinds = rows(release, "operations").filter(kind="trafficking").select("operation")
    of = wallets.join(kinds, on="operation")
    sizes = of.group_by("operation").len().filter(pl.col("len").is_between(4, 12))
    crimes = payments.filter(pl.col("typology").is_not_null()).join(sizes.select("operation"), on="operation")
    ends = pl.concat([crimes.select("operation", wallet=end) for end in ("payer", "payee")]).unique()
    outside = ends.join(of.select("wallet"), on="wallet", how="anti").group_by("operation").len()
    chosen = outside.sort("len", "operation", descending=[True, False])["operation"][0]
    roles = dict(of.filter(operation=chosen).sort("wallet").select("wallet", "role").iter_rows())
    about = payments.filter(pl.col("payer").is_in(list(roles)) | pl.col("payee").is_in(list(roles)))
    illicit = (pl.col("operation") == chosen).fill_null(False) & pl.col("typology").is_not_null()
    paid = (
        about.with_columns(illicit=illicit).group_by("payer", "payee", "illicit").agg(pl.col("amount").sum())
    )
    return paid.sort("illicit", "amount", "payer", "payee"), roles


def _others(paid: pl.DataFrame, own: set[int]) -> list[int]:
    """Return the wallets of others, those first that have most to do with the operation."""
    ends = pl.concat(
        [
            paid.select(wallet="payer", illicit="illicit", amount="amount"),
            paid.select(wallet="payee", illicit="illicit", amount="amount"),
        ]
    )
    summed = (
        ends.filter(~pl.col("wallet").is_in(list(own)))
        .group_by("wallet")
        .agg(pl.col("illicit").any(), pl.col("amount").sum())
    )
    return (
        summed.sort("illicit", "amount", "wallet", descending=[True, True, False])["wallet"]
        .head(MOST)
        .to_list()
    )


def _laid_out(
    paid: pl.DataFrame, roles: dict[int, str | None], others: list[int]
) -> dict[int, tuple[float, float]]:
    """Return where each wallet is: others at the side from which more money flows."""
    order = list(ROLES)
    own = sorted(roles, key=lambda wallet: (order.index(roles[wallet]), wallet))
    at = {
        wallet: (1 + 0.09 * (-1) ** place, 1 - (place + 0.5) / len(own)) for place, wallet in enumerate(own)
    }
    sides: dict[int, list[int]] = {0: [], 2: []}
    for wallet in others:
        out, into = (paid.filter(pl.col(end) == wallet)["amount"].sum() for end in ("payer", "payee"))
        sides[0 if out >= into else 2].append(wallet)
    for x, wallets in sides.items():
        levels = {wallet: _level(paid, wallet, at) for wallet in wallets}
        for place, wallet in enumerate(sorted(wallets, key=lambda wallet: (-levels[wallet], wallet))):
            at[wallet] = (x + 0.1 * ((place % 3) - 1), 1 - (place + 0.5) / len(wallets))
    return at


def _level(paid: pl.DataFrame, wallet: int, at: dict[int, tuple[float, float]]) -> float:
    """Return the mean height of the operation's wallets that a wallet deals with."""
    dealt = (
        paid.filter((pl.col("payer") == wallet) | (pl.col("payee") == wallet)).select("payer", "payee").rows()
    )
    return float(
        np.mean([at[end][1] for pair in dealt for end in pair if end in at and end != wallet] or [0.5])
    )


def _line(axes: Any, start: tuple[float, float], end: tuple[float, float], colour: str, width: float) -> None:
    bend = 0.22 if abs(start[0] - end[0]) < 0.5 else 0.05
    axes.annotate(
        "",
        end,
        start,
        arrowprops={
            "arrowstyle": "-",
            "color": colour,
            "linewidth": width,
            "alpha": 0.55,
            "connectionstyle": f"arc3,rad={bend}",
            "shrinkA": 0,
            "shrinkB": 0,
        },
        zorder=1,
    )
