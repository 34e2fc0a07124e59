"""Draw the ties of a recruiting account and of a popular lawful one."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from tipdocs.ink import ACCENT, INK, PALE, PAPER, QUIET, WARM, figure, rows
from tipdata.release import Release

REASONS = (("approach", WARM, "approached"), ("answer", ACCENT, "answered"), (None, QUIET, "other ties"))
ALT = "Two stars of ties around one account each: the left one recruits for a trafficking operation, the right one is lawful. Both have many ties."
CAPTION = """All ties of two accounts of one region: at the left one that recruits for a trafficking operation, at the
right a lawful employer's with as many. Who approached whom is hidden truth. The two stars look alike: to have many ties,
or to write to strangers, is what employers, sellers and popular people do."""


def draw(release: Release) -> Any:
    """Return the figure."""
    made = figure(3.9)
    accounts, ties = rows(release, "accounts"), rows(release, "ties")
    kinds = accounts.join(rows(release, "operations").select("operation", "kind"), on="operation", how="left")
    degree = pl.concat([ties.select(account="source"), ties.select(account="target")]).group_by("account").len()
    sized = kinds.join(degree, on="account")
    recruiter = sized.filter(kind="trafficking", role="recruits").sort("len", "account", descending=[True, False]).row(0, named=True)
    hires = ties.filter(reason="employer").select(account="source").unique()
    rivals = sized.join(hires, on="account").filter(pl.col("kind").is_null() | (pl.col("kind") != "trafficking"))
    rival = rivals.sort((pl.col("len").cast(pl.Int64) - recruiter["len"]).abs(), "account").row(0, named=True)
    for place, (account, title) in enumerate(((recruiter, "recruits for a trafficking operation"), (rival, "a lawful employer"))):
        axes = made.add_subplot(1, 2, place + 1)
        _star(axes, ties, account["account"])
        axes.set_title(f"{title}\n{account['len']} ties", fontsize=9, color=INK)
    made.legend(handles=_handles(), loc="outside lower center", ncols=3)
    return made


def _star(axes: Any, ties: pl.DataFrame, account: int) -> None:
    own = ties.filter((pl.col("source") == account) | (pl.col("target") == account)).sort("reason", "day", "tie")
    turn = 2 * np.pi / max(own.height, 1)
    for place, (reason, day) in enumerate(own.select("reason", "day").iter_rows()):
        colour = next(colour for name, colour, _ in REASONS if name in (reason, None))
        far = 0.45 + 0.55 * (day or 0) / 730
        x, y = far * np.cos(turn * place), far * np.sin(turn * place)
        axes.plot([0, x], [0, y], color=colour, linewidth=0.7, alpha=0.6, zorder=1)
        axes.plot(x, y, marker="o", markersize=3, color=colour, markeredgewidth=0, zorder=2)
    axes.plot(0, 0, marker="D", markersize=9, color=INK, markeredgecolor=PAPER, zorder=3)
    for ring in (0.45, 1.0):
        axes.add_patch(_circle(ring))
    axes.annotate("day 730", (0, 1.02), ha="center", va="bottom", fontsize=7.5, color=QUIET)
    axes.set(aspect="equal", xlim=(-1.12, 1.12), ylim=(-1.12, 1.16))
    axes.axis("off")


def _circle(radius: float) -> Any:
    from matplotlib.patches import Circle

    return Circle((0, 0), radius, facecolor="none", edgecolor=PALE, linewidth=0.8, zorder=0)


def _handles() -> list[Any]:
    from matplotlib.lines import Line2D

    return [Line2D([], [], marker="o", color=colour, label=label) for _, colour, label in REASONS]
