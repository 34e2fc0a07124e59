"""Draw payments by channel, who pays whom around one operation, and complaints about firms."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PALE, PAPER, QUIET, WARM, bare, note, panel, rows


def payment_risk(release: Release) -> Any:
    """Draw amounts of payments that carry proceeds or control beside all others, by channel."""
    payments = rows(release, "payments").filter(pl.col("amount") > 0)
    channels = payments.group_by("channel").len().sort("len", "channel")["channel"].to_list()
    amounts = payments["amount"].to_numpy()
    low, high = (float(np.quantile(amounts, share, method="nearest")) for share in (0.001, 0.9995))
    edges = np.geomspace(low, high, 60)
    middles, first = np.sqrt(edges[1:] * edges[:-1]) / 100, edges[0] / 100
    made, axes = panel(0.62 * len(channels) + 0.9)
    for place, channel in enumerate(channels):
        own = payments.filter(channel=channel)
        counts = np.histogram(np.clip(own["amount"].to_numpy(), edges[0], edges[-1]), edges)[0]
        tall = 0.8 * counts / counts.max()
        axes.fill_between(middles, place, place + tall, color=ACCENT, alpha=0.35, linewidth=0)
        marks = own.filter(pl.col("typology").is_not_null())["amount"].to_numpy() / 100
        axes.scatter(marks, np.full(len(marks), place + 0.12), marker="|", s=44, color=WARM, linewidth=1)
        axes.axhline(place, color=PALE, linewidth=0.8)
        said = f"{channel.replace('_', ' ')}\n{len(marks)} of {own.height:,}"
        note(axes, said, (first, place + 0.3), "right", shift=(-6, 0), fontsize=8.5)
    bare(axes)
    axes.set(xscale="log", xlim=(first, edges[-1] / 100), xlabel="amount in XTS (logarithmic)")
    axes.set_xticks([10, 100, 1000, 10_000], ["10", "100", "1,000", "10,000"])
    axes.minorticks_off()
    return made


MOST_OTHERS = 46
"""Wallets of others that are drawn: those with most payments."""
ROLES = {
    "head": ("D", "head"),
    "controller": ("s", "controller"),
    "member": ("o", "member"),
    None: ("o", "no member"),
}
Places = dict[int, tuple[float, float]]


def payments(release: Release) -> Any:
    """Draw who pays whom around one operation."""
    paid, roles = _chosen_operation(release)
    at = _wallet_places(paid, roles, _other_wallets(paid, list(roles)))
    made, axes = panel(5.4)
    most = paid["amount"].max()
    for payer, payee, illicit, amount in paid.iter_rows():
        if payer in at and payee in at:
            _pay(axes, at[payer], at[payee], WARM if illicit else ACCENT, 0.4 + 3.2 * (amount / most) ** 0.5)
    for wallet, place in at.items():
        if wallet not in roles:
            axes.plot(*place, marker="o", markersize=3.5, color=QUIET, markeredgecolor=PAPER, zorder=3)
    for role, (marker, label) in ROLES.items():
        if places := [at[wallet] for wallet, own in roles.items() if own == role]:
            look = {"marker": marker, "s": 62, "color": INK, "edgecolor": PAPER, "zorder": 4}
            axes.scatter(*zip(*places, strict=True), label=f"wallet of a {label}", **look)
    axes.plot([], [], color=WARM, linewidth=2, label="proceeds or control")
    axes.plot([], [], color=ACCENT, linewidth=2, label="everyday payments")
    axes.plot([], [], marker="o", markersize=4, linestyle="", color=QUIET, label="wallet of somebody else")
    for x, words in ((0, "who pays"), (1, "the operation"), (2, "who is paid")):
        note(axes, words, (x, 1.06), "center", va="baseline", color=QUIET, fontsize=8.5)
    axes.set(xlim=(-0.25, 2.25), ylim=(-0.06, 1.12))
    axes.axis("off")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=3)
    return made


def _chosen_operation(release: Release) -> tuple[pl.DataFrame, dict[int, str | None]]:
    """Return payments by pair of wallets [payer, payee, illicit, amount], and the roles of the operation's wallets."""
    payments, wallets = rows(release, "payments"), rows(release, "wallets")
    of = wallets.join(
        rows(release, "operations").filter(kind="trafficking").select("operation"), on="operation"
    )
    sizes = of.group_by("operation").len().filter(pl.col("len").is_between(4, 12))
    crimes = payments.filter(pl.col("typology").is_not_null()).join(sizes.select("operation"), on="operation")
    ends = pl.concat([crimes.select("operation", wallet=end) for end in ("payer", "payee")]).unique()
    outside = ends.join(of.select("wallet"), on="wallet", how="anti").group_by("operation").len()
    chosen = outside.sort("len", "operation", descending=[True, False])["operation"][0]
    roles = dict(of.filter(operation=chosen).sort("wallet").select("wallet", "role").iter_rows())
    about = payments.filter(pl.col("payer").is_in(list(roles)) | pl.col("payee").is_in(list(roles)))
    illicit = (pl.col("operation") == chosen).fill_null(False) & pl.col("typology").is_not_null()
    pairs = about.with_columns(illicit=illicit).group_by("payer", "payee", "illicit")
    return pairs.agg(pl.col("amount").sum()).sort("illicit", "amount", "payer", "payee"), roles


def _other_wallets(paid: pl.DataFrame, own: list[int]) -> list[int]:
    """Return the wallets of others, those first that have most to do with the operation."""
    ends = pl.concat([paid.select("illicit", "amount", wallet=end) for end in ("payer", "payee")])
    others = ends.filter(~pl.col("wallet").is_in(own)).group_by("wallet")
    summed = others.agg(pl.col("illicit").any(), pl.col("amount").sum())
    order = summed.sort("illicit", "amount", "wallet", descending=[True, True, False])
    return order["wallet"].head(MOST_OTHERS).to_list()


def _wallet_places(paid: pl.DataFrame, roles: dict[int, str | None], others: list[int]) -> Places:
    """Return where each wallet is: others at the side from which more money flows."""
    order = list(ROLES)
    own = sorted(roles, key=lambda wallet: (order.index(roles[wallet]), wallet))
    at = {wallet: (1 + 0.09 * (-1) ** n, 1 - (n + 0.5) / len(own)) for n, wallet in enumerate(own)}
    sides: dict[int, list[int]] = {0: [], 2: []}
    for wallet in others:
        out, into = (paid.filter(pl.col(end) == wallet)["amount"].sum() for end in ("payer", "payee"))
        sides[0 if out >= into else 2].append(wallet)
    for x, wallets in sides.items():
        levels = {wallet: _level(paid, wallet, at) for wallet in wallets}
        for place, wallet in enumerate(sorted(wallets, key=lambda wallet: (-levels[wallet], wallet))):
            at[wallet] = (x + 0.1 * ((place % 3) - 1), 1 - (place + 0.5) / len(wallets))
    return at


def _level(paid: pl.DataFrame, wallet: int, at: Places) -> float:
    """Return the mean height of the operation's wallets that a wallet deals with."""
    dealt = paid.filter((pl.col("payer") == wallet) | (pl.col("payee") == wallet)).select("payer", "payee")
    heights = [at[end][1] for pair in dealt.rows() for end in pair if end in at and end != wallet]
    return float(np.mean(heights or [0.5]))


def _pay(axes: Any, start: tuple[float, float], end: tuple[float, float], colour: str, width: float) -> None:
    bend = 0.22 if abs(start[0] - end[0]) < 0.5 else 0.05
    look = {"arrowstyle": "-", "color": colour, "linewidth": width, "alpha": 0.55, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops={**look, "connectionstyle": f"arc3,rad={bend}"}, zorder=1)


def supplier_risk(release: Release) -> Any:
    """Draw how many complaints there are about firms that exploit and about firms that do not."""
    complaints = rows(release, "complaints").group_by("firm").agg(complaints=pl.len())
    firms = rows(release, "firms").join(complaints, on="firm", how="left")
    firms = firms.with_columns(pl.col("complaints").fill_null(0).clip(0, 5))
    made, axes = panel(2.9)
    groups = ("firms that exploit", True, WARM), ("firms that do not", False, ACCENT)
    for place, (label, exploits, colour) in enumerate(groups):
        own = firms.filter(exploits=exploits)
        for number in range(6):
            count = own.filter(complaints=number).height
            x, share = number + 0.38 * (place - 0.5), count / own.height
            named = None if number else f"{label} ({own.height:,})"
            axes.bar(x, share, width=0.36, color=colour, label=named)
            note(axes, f"{count:,}", (x, share), "center", va="bottom", shift=(0, 2), fontsize=7.5)
    axes.set_xticks(range(6), ["none", "1", "2", "3", "4", "5 or more"])
    axes.set(xlabel="complaints about a firm (numbers: firms)", ylabel="share of the group")
    axes.tick_params(length=0)
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(loc="upper right")
    return made
