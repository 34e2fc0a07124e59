"""The figure of a board: a panel a task, its methods best first, with intervals and the oracle's line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipbench.runs.figure import metric_title, save_figure

from tipboard.board.lines import Line, Standing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = (".svg", ".png")
INK, QUIET, PALE, ORACLE = "#1f2933", "#6b7785", "#e4e8ec", "#d55e00"
METHOD, REFERENCE = "#0072b2", "#1f2933"
COLUMNS = 2
LINE_HEIGHT, PANEL_HEIGHT, HEAD_HEIGHT, WIDTH = 0.25, 0.95, 1.1, 11.0
"""Inches: of a method, of what else a panel needs, of the legend, of the whole."""


def draw(standings: Sequence[Standing], data: str, path: Path) -> None:
    """Write ``path`` with each of the endings in :data:`FORMATS`; the same bytes for the same results.

    Raises UsageError where that cannot be done.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    drawn = [standing for standing in standings if any(line.row.score is not None for line in standing.lines)]
    rows = [drawn[start : start + COLUMNS] for start in range(0, len(drawn), COLUMNS)]
    heights = [max(len(standing.lines) for standing in row) for row in rows]
    with matplotlib.rc_context({"font.size": 9, "svg.hashsalt": "tipbench", "axes.edgecolor": QUIET}):
        inches = HEAD_HEIGHT + sum(LINE_HEIGHT * height + PANEL_HEIGHT for height in heights)
        figure = Figure(figsize=(WIDTH, inches), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08))
        FigureCanvasAgg(figure)
        panels = figure.subplots(len(rows), COLUMNS, squeeze=False, height_ratios=[h + 1.0 for h in heights])
        for panel in panels.flat[len(drawn) :]:
            panel.set_axis_off()
        for panel, standing in zip(panels.flat, drawn, strict=False):
            _panel(panel, standing)
        _explain(figure, data)
        for ending in FORMATS:
            save_figure(
                figure,
                path.with_suffix(ending),
                "give another --to",
                metadata={"Date": None} if ending == ".svg" else {"Software": None},
            )


def _panel(panel: Axes, standing: Standing) -> None:
    shown = [line for line in standing.lines if not line.row.oracle]
    for place, line in enumerate(reversed(shown)):
        _mark(panel, line, place)
    names = [line.method for line in reversed(shown)]
    panel.set_yticks(range(len(names)), names, color=INK)
    panel.set_ylim(-0.6, len(names) - 0.4)
    panel.set_xlim(*_limits(standing))
    if standing.oracle is not None:
        panel.axvline(standing.oracle, color=ORACLE, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
    panel.set_title(standing.task.name, loc="left", fontsize=10.5, fontweight="bold", color=INK)
    better = " (lower is better)" if standing.lower_is_better else ""
    panel.set_xlabel(metric_title(standing.task.name, standing.metric) + better, color=QUIET, fontsize=8.5)
    panel.tick_params(axis="both", length=0, labelcolor=INK)
    panel.grid(axis="x", color=PALE, linewidth=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right", "left"]].set_visible(False)


def _mark(panel: Axes, line: Line, place: int) -> None:
    """Point, interval, and both in words at the right; hollow where it is not told apart from the reference."""
    row = line.row
    colour = REFERENCE if line.is_reference else METHOD
    if row.score is None:
        return
    if row.low is not None and row.high is not None:
        panel.plot([row.low, row.high], [place, place], color=colour, linewidth=1.8, alpha=0.55, zorder=2)
    told_apart = line.is_reference or (line.against is not None and line.against.significant)
    panel.plot(
        [row.score], [place], "D" if line.is_reference else "o", color=colour, zorder=3,
        markerfacecolor=colour if told_apart else "white", markersize=5.5 if line.is_reference else 6.5,
    )  # fmt: skip
    bounds = "" if row.low is None or row.high is None else f"  [{row.low:.2f}, {row.high:.2f}]"
    panel.annotate(
        f"{row.score:.3f}{bounds}", (1, place), xycoords=("axes fraction", "data"), xytext=(6, 0),
        textcoords="offset points", va="center", fontsize=8, color=QUIET, annotation_clip=False,
    )  # fmt: skip


def _limits(standing: Standing) -> tuple[float, float]:
    """Everything drawn, with some room at both ends."""
    rows = [line.row for line in standing.lines if not line.row.oracle]
    values = [v for row in rows for v in (row.score, row.low, row.high) if v is not None]
    values += [] if standing.oracle is None else [standing.oracle]
    room = 0.06 * (max(values) - min(values)) or 0.05
    return min(values) - room, max(values) + room


def _explain(figure: Any, data: str) -> None:
    """The title, and what the marks mean."""
    from matplotlib.lines import Line2D

    def mark(sign: str, colour: str, face: str, meaning: str) -> Line2D:
        return Line2D([], [], marker=sign, linestyle="", color=colour, markerfacecolor=face, label=meaning)

    handles = [
        mark("D", REFERENCE, REFERENCE, "the task's reference method"),
        mark("o", METHOD, METHOD, "told apart from it (paired cluster bootstrap, Holm, 5%)"),
        mark("o", METHOD, "white", "not told apart, or not tested"),
        Line2D([], [], color=METHOD, alpha=0.55, linewidth=1.8, label="95% interval"),
        Line2D([], [], color=ORACLE, linestyle=(0, (4, 3)), linewidth=1.2, label="oracle"),
    ]
    figure.legend(
        handles=handles, loc="outside upper left", ncols=len(handles), frameon=False, fontsize=8.5, alignment="left",
        title=f"Reference results on {data}, each task on its default split", title_fontsize=12,
    )  # fmt: skip
    figure.supxlabel(
        "Synthetic data: a score here does not estimate field performance.",
        fontsize=8.5, color=QUIET, x=0.01, ha="left",
    )  # fmt: skip
