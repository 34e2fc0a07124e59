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


def panel(height: float) -> tuple[Any, Any]:
    """Return a figure of the width of a page and its only axes."""
    made = figure(height)
    return made, made.add_subplot()


def rows(release: Release, table: str) -> pl.DataFrame:
    """Return all columns of a table, hidden truth as well."""
    return release.scan(table, truth=True).collect()


def note(axes: Any, text: str, at: tuple[float, float], side: str = "left", **look: Any) -> None:
    """Write a text at a place of the data, in the middle of its height, outside of the axes too.

    Args:
        axes: the axes.
        text: what is written.
        at: the place.
        side: of the text that is at the place: left, center or right.
        look: other settings of ``annotate``; ``shift``: points between the place and the text.
    """
    if shift := look.pop("shift", None):
        look |= {"xytext": shift, "textcoords": "offset points"}
    axes.annotate(text, at, **{"ha": side, "va": "center", "color": INK, "annotation_clip": False} | look)


def bare(axes: Any, left: bool = False) -> None:
    """Take away what carries nothing: ticks, and the left axis unless it is wanted."""
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(left)
    if not left:
        axes.set_yticks([])
