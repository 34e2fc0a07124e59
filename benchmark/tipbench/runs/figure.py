"""The figure of runs: a panel per task, the score of every method on every split it ran on."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError
from tipdata.documents.palette import LIGHT

from tipbench.metrics.registry import metric_of
from tipbench.runs.report import FORWARD, OPERATION, RANDOM, Row
from tipbench.runs.results import method_name
from tipbench.style import DOT, DPI, INTERVAL_OPACITY, INTERVAL_WIDTH, SMALL, TEXT, TITLE
from tipbench.task import NO_LABELS
from tipbench.tasks import task_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
ALL = "all"
COLOURS = {RANDOM: LIGHT["oracle"], OPERATION: LIGHT["accent"], FORWARD: LIGHT["ink"]}
OTHER = LIGHT["quiet"]
"""Colour of every other split."""
MEANING = {
    RANDOM: "random rows: operations on both sides (the usual split, leaks)",
    OPERATION: "operation-disjoint",
    FORWARD: "operation-disjoint and later in time (the honest default)",
    ALL: "all units: nothing is learnt from labels",
}
APART = 0.22
"""Distance between the marks of two splits of a method, in rows; less if a method has many splits."""
ACROSS = {1: 1, 2: 2, 3: 2, 4: 2}
"""Number of panels -> panels beside each other. Three for any other number."""
PANEL = (5.4, 0.8, 0.27)
"""Inches: the width of a panel, its height without methods, and the height of a method."""
LETTER = 0.54
"""The usual width of a letter of matplotlib's own font, in its size."""
LINE, FEW = 0.18, 5
"""Height in inches of a line of text above or below the panels, and how many such lines fit in every figure."""


def check_format(path: str | Path, typed: str = "--figure ") -> None:
    """Raise UsageError if no figure can be drawn in the format of this file name; ``typed``: what stands before it."""
    if Path(path).suffix.lower() not in FORMATS:
        raise UsageError(f"{typed}{path} has an unsupported format: use {' or '.join(FORMATS)}.")


def save(rows: Sequence[Row], path: str) -> bool:
    """Draw the rows and write the file whole or not at all.

    Returns whether there was a score to draw. Raises UsageError where it cannot be written.
    """
    check_format(path, "figure.path=")
    figure = draw(rows)
    if figure is None:
        return False
    save_figure(figure, Path(path), "set figure.path")
    return True


def draw(rows: Sequence[Row]) -> Figure | None:
    """Return the figure of these rows, a panel per task and data; None where no row has a score."""
    scored = [row for row in rows if row["score"] is not None]
    if not scored:
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels: dict[tuple[str, str], list[Row]] = {}
    for row in scored:
        panels.setdefault((row["data"], row["task"]), []).append(row)
    across = ACROSS.get(len(panels), 3)
    down = -(-len(panels) // across)
    width, bare, line = PANEL
    methods = [len({row["method"] for row in of_task}) for of_task in panels.values()]
    heights = [bare + line * max(3, *methods[n * across : (n + 1) * across]) for n in range(down)]
    figure = Figure(figsize=(width * max(across, 1.5), sum(heights) + 1.5), layout="constrained")
    FigureCanvasAgg(figure)
    places = figure.subplots(down, across, squeeze=False, height_ratios=heights).ravel()
    for place, of_task in zip(places, panels.values(), strict=False):
        _panel(place, of_task)
    for place in places[len(panels) :]:
        place.set_axis_off()
    _explain(figure, places[0], scored)
    return figure


def _panel(panel: Axes, rows: Sequence[Row]) -> None:
    methods = list(dict.fromkeys(row["method"] for row in rows))
    splits = _splits(rows)
    apart = min(APART, 0.9 / len(splits))
    for place, method in enumerate(reversed(methods)):
        of_method = [row for row in rows if row["method"] == method]
        for row in of_method:
            _mark(panel, row, place + apart * ((len(splits) - 1) / 2 - splits.index(row["split"])))
        if leaks := [row["leakage"] for row in of_method if row["leakage"] is not None]:
            panel.annotate(
                _signed(leaks[0]), (1, place), xycoords=("axes fraction", "data"), xytext=(4, 0),
                textcoords="offset points", va="center", fontsize=SMALL, color=COLOURS[RANDOM],
                annotation_clip=False,
            )  # fmt: skip
    panel.set_yticks(range(len(methods)), [method_name(method) for method in reversed(methods)])
    panel.set_ylim(-0.6, len(methods) - 0.4)
    panel.set_xlim(*_reach(rows))
    for line in range(1, len(methods)):
        panel.axhline(line - 0.5, color=LIGHT["pale"], linewidth=0.8, zorder=0)
    first = rows[0]
    panel.set_title(f"{first['task']} ({first['data']})", loc="left", fontsize=TITLE, fontweight="bold")
    best = ", lower is better" if metric_of(first["metric"]).lower_is_better else ""
    panel.set_xlabel(
        f"{metric_title(first['task'], first['metric'], first['prevalence'])}{best}", fontsize=SMALL
    )
    panel.tick_params(labelsize=SMALL)
    panel.grid(axis="x", color=LIGHT["pale"], zorder=0)
    panel.spines[["top", "right"]].set_visible(False)


def _splits(rows: Sequence[Row]) -> list[str]:
    """Return the splits of these rows, those with a colour of their own first."""
    there = dict.fromkeys(row["split"] for row in rows)
    return [split for split in COLOURS if split in there] + [split for split in there if split not in COLOURS]


def metric_title(task: str, metric: str, prevalence: float | None = None) -> str:
    """Return the label of a metric on an axis. Average precision has the prevalence in it: ``prevalence`` if given
    (own data), else that of the task."""
    name, usual = metric_of(metric).title, task_of(task).prevalence
    if metric == "average_precision" and usual is not None:
        return f"{name} at {100 * (prevalence or usual):.3g}% prevalence"
    return name


def _reach(rows: Sequence[Row]) -> tuple[float, float]:
    """Return the limits of the axis: 0, or the tenth below a negative lowest value; the tenth above the highest."""
    shown = [row[name] for row in rows for name in ("score", "low", "high", "valid")]
    values = [value for value in shown if value is not None]
    high, low = max(values), min(values)
    above = 1.02 if 0.95 <= high <= 1 else math.ceil(high * 10 + 0.2) / 10
    return (math.floor(low * 10) / 10 if low < 0 else 0.0), max(above, 0.1)


def _dot(split: str) -> dict[str, Any]:
    """Return how the dots of a split look; those of the random split are hollow."""
    colour = COLOURS.get(split, OTHER)
    return {"marker": "o", "color": colour, "mfc": LIGHT["paper"] if split == RANDOM else colour}


def _mark(panel: Axes, row: Row, height: float) -> None:
    """Draw a row that has a score: its dot, its interval, and a tick at the score on the valid part."""
    colour = COLOURS.get(row["split"], OTHER)
    if row["low"] is not None and row["high"] is not None:
        bar = {"linewidth": INTERVAL_WIDTH, "alpha": INTERVAL_OPACITY, "solid_capstyle": "butt"}
        panel.plot([row["low"], row["high"]], [height, height], color=colour, **bar)
    if row["valid"] is not None:
        panel.plot([row["valid"]], [height], "|", color=colour, markersize=DOT)
    panel.plot([row["score"]], [height], linestyle="", markersize=DOT, zorder=3, **_dot(row["split"]))


def _signed(value: float) -> str:
    """Return a difference with its sign, and none where it rounds to nothing."""
    return f"{value:+.2f}".replace("-", "−") if round(value, 2) else "0.00"


def _explain(figure: Any, panel: Axes, rows: Sequence[Row]) -> None:
    for split in _splits(rows):
        panel.plot([], [], linestyle="", label=MEANING.get(split, f"split {split}"), **_dot(split))
    lines = ["Dot: the score on the test part."]
    if any(row["low"] is not None for row in rows):
        lines[0] += " Bar: its 95% cluster bootstrap interval, where there are enough clusters."
    if any(row["valid"] is not None for row in rows):
        lines[0] += " Tick: the score on the valid part, which methods are tuned by."
    if any(row["leakage"] is not None for row in rows):
        lines.append("At the right: leakage, the score on the random split minus the operation-disjoint one.")
    learnt = dict.fromkeys(row["labels"] for row in rows if row["split"] != ALL)
    if shown := [labels for labels in learnt if labels != NO_LABELS]:
        lines.append(f"Labels learnt from: {', '.join(shown)}.")
    lines.append("Synthetic data: a score here does not estimate field performance.")
    letters = int(0.98 * figure.get_figwidth() * 72 / (SMALL * LETTER))
    wrapped = [part for line in lines for part in textwrap.wrap(line, letters)]
    entries = len(_splits(rows))
    columns = 2 if entries > 2 and figure.get_figwidth() > 1.5 * PANEL[0] else 1
    more = -(-entries // columns) + len(wrapped) - FEW
    figure.set_figheight(figure.get_figheight() + LINE * max(0, more))
    figure.legend(loc="outside upper left", frameon=False, fontsize=TEXT, ncols=columns)
    figure.supxlabel("\n".join(wrapped), fontsize=SMALL, color=LIGHT["quiet"], x=0.01, ha="left")


def save_figure(figure: Any, path: Path, advice: str, **options: Any) -> None:
    """Write a matplotlib figure whole or not at all, in the format of its ending.

    Raises UsageError, which ends with the advice, where its file cannot be written.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format=path.suffix[1:].lower(), dpi=DPI, **options)
    write_file_atomically(path, buffer.getbuffer(), advice)
