"""Name the colours of pictures, and what several of them need."""

from __future__ import annotations

from typing import Any

import polars as pl
from tipdata.documents.palette import LIGHT
from tipdata.release import Release

INK, QUIET, PALE, PAPER, WASH, ACCENT, WARM = (
    LIGHT[role] for role in ("ink", "quiet", "pale", "paper", "wash", "accent", "oracle")
)
"""Trafficking is :data:`WARM` and lawful life :data:`ACCENT` wherever both are shown; marks differ in form as well."""
WIDTH = 7.6
"""Inches."""


def figure(height: float, **more: Any) -> Any:
    """Return an empty figure of the width of a page."""
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height), layout="constrained", **more)


def rows(release: Release, table: str) -> pl.DataFrame:
    """Return all columns of a table, hidden truth as well."""
    return release.scan(table, truth=True).collect()


def bare(axes: Any, left: bool = False) -> None:
    """Take away what carries nothing: ticks, and the left axis unless it is wanted."""
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(left)
    if not left:
        axes.set_yticks([])
