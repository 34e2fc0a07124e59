"""The figure of a sweep: per task, the random-split score of every method beside the honest ones."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipdata.core.atomic import write_file_atomically
from tipdata.core.errors import UsageError

from tipbench.metrics.registry import metric_of
from tipbench.runs.report import FORWARD, OPERATION, RANDOM, Row
from tipbench.runs.results import method_name
from tipbench.style import DOT, DPI, INTERVAL_OPACITY, INTERVAL_WIDTH, LIGHT, SMALL, TEXT, TITLE
from tipbench.tasks import task_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = (".png", ".svg", ".pdf")
COLOURS = {RANDOM: LIGHT["oracle"], OPERATION: LIGHT["accent"], FORWARD: LIGHT["ink"]}
MEANING = {
    RANDOM: "random rows: operations on both sides (the usual split, leaks)",
    OPERATION: "operation-disjoint",
    FORWARD: "operation-disjoint and later in time (the honest default)",
}
OFFSETS = {RANDOM: 0.22, OPERATION: 0.0, FORWARD: -0.22}


def check_format(path: str) -> None:
    """Raises UsageError for a file name that says no format that can be drawn."""
    if Path(path).suffix.lower() not in FORMATS:
        raise UsageError(f"figure.path={path} is no figure: end it in {', '.join(FORMATS)}.")


def save(rows: Sequence[Row], path: str) -> bool:
    """Draw the rows of the three splits, a panel a task, and write the file whole or not at all.

    Returns whether there was something to draw. Raises UsageError where it cannot be written.
    """
    check_format(path)
    drawn = [row for row in rows if row.split in COLOURS and row.score is not None]
    if not drawn:
        return False
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    tasks = list(dict.fromkeys((row.data, row.task) for row in drawn))
    methods = {task: _methods(drawn, task) for task in tasks}
    heights = [max(2, len(methods[task])) for task in tasks]
    figure = Figure(figsize=(8.5, 1.9 + 0.55 * sum(heights) + 0.75 * len(tasks)), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(tasks), 1, squeeze=False, height_ratios=heights)[:, 0]
    for panel, task in zip(panels, tasks, strict=True):
        _panel(panel, [row for row in drawn if (row.data, row.task) == task], methods[task])
    _explain(figure, panels[0], drawn)
    save_figure(figure, Path(path), "set figure.path")
    return True


def _methods(rows: Sequence[Row], task: tuple[str, str]) -> list[str]:
    return list(dict.fromkeys(row.method for row in rows if (row.data, row.task) == task))


def _panel(panel: Axes, rows: Sequence[Row], methods: list[str]) -> None:
    for place, method in enumerate(reversed(methods)):
        of_method = {row.split: row for row in rows if row.method == method}
        for split, row in of_method.items():
            _mark(panel, row, place + OFFSETS[split])
        _gap(panel, of_method, place)
    labels = [method_name(method) for method in reversed(methods)]
    panel.set_yticks(range(len(methods)), labels)
    panel.set_ylim(-0.6, len(methods) - 0.4)
    panel.set_xlim(0, _reach(rows))
    for line in range(1, len(methods)):
        panel.axhline(line - 0.5, color=LIGHT["pale"], linewidth=0.8, zorder=0)
    panel.set_title(f"{rows[0].task} ({rows[0].data})", loc="left", fontsize=TITLE, fontweight="bold")
    panel.set_xlabel(metric_title(rows[0].task, rows[0].metric, rows[0].prevalence))
    panel.grid(axis="x", color=LIGHT["pale"], zorder=0)
    panel.spines[["top", "right"]].set_visible(False)


def metric_title(task: str, metric: str, prevalence: float | None = None) -> str:
    """A metric as an axis names it, with the prevalence that it is at: a user's own data have one of their own."""
    name, usual = metric_of(metric).title, task_of(task).prevalence
    if metric == "average_precision" and usual is not None:
        return f"{name} at {100 * (prevalence or usual):.3g}% prevalence"
    return name


def _reach(rows: Sequence[Row]) -> float:
    """The next tenth above everything drawn; 1 where a score is that high."""
    highest = max(value for row in rows for value in (row.score, row.high) if value is not None)
    return min(1.0, math.ceil(highest * 10 + 0.2) / 10) if highest < 1 else 1.02


def _mark(panel: Axes, row: Row, height: float) -> None:
    if row.score is None:
        return
    colour = COLOURS[row.split]
    if row.low is not None and row.high is not None:
        panel.plot(
            [row.low, row.high],
            [height, height],
            color=colour,
            linewidth=INTERVAL_WIDTH,
            alpha=INTERVAL_OPACITY,
            solid_capstyle="butt",
        )
    hollow = row.split == RANDOM
    panel.plot(
        [row.score],
        [height],
        "o",
        color=colour,
        markerfacecolor=LIGHT["paper"] if hollow else colour,
        markersize=DOT,
        zorder=3,
    )


def _gap(panel: Axes, of_method: dict[str, Row], place: int) -> None:
    """What the random split promises over the most honest score there is, in words at the right."""
    honest = of_method.get(FORWARD) or of_method.get(OPERATION)
    usual = of_method.get(RANDOM)
    if honest is None or usual is None or honest.score is None or usual.score is None:
        return
    text = f"random {usual.score - honest.score:+.2f}"
    panel.annotate(
        text, (1, place), xycoords=("axes fraction", "data"), xytext=(6, 0), textcoords="offset points",
        va="center", fontsize=TEXT, color=COLOURS[RANDOM], annotation_clip=False,
    )  # fmt: skip


def _explain(figure: Any, panel: Axes, rows: Sequence[Row]) -> None:
    for split in (split for split in COLOURS if any(row.split == split for row in rows)):
        face = LIGHT["paper"] if split == RANDOM else COLOURS[split]
        panel.plot([], [], "o", color=COLOURS[split], markerfacecolor=face, label=MEANING[split])
    bare = any(row.low is None for row in rows)
    what = "Bars: 95% cluster bootstrap" + (" (none where there are too few clusters)." if bare else ".")
    figure.legend(loc="outside upper left", frameon=False, fontsize=TEXT, ncols=1)
    figure.supxlabel(
        f"{what}\nAt the right: how much more the random split promises than the honest one.\n"
        "Synthetic data: a score here does not estimate field performance.",
        fontsize=SMALL, color=LIGHT["quiet"], x=0.01, ha="left",
    )  # fmt: skip


def save_figure(figure: Any, path: Path, advice: str, **options: Any) -> None:
    """Write a matplotlib figure whole or not at all, in the format of its ending.

    Raises UsageError, which ends with the advice, where its file cannot be written.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format=path.suffix[1:].lower(), dpi=DPI, **options)
    write_file_atomically(path, buffer.getbuffer(), advice)
