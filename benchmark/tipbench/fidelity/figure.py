"""Draw a release beside published aggregates: a line per aggregate with its value, band, interval and range.

Aggregates have different scales. Each is therefore drawn by its place in its band: 0 is the lower end, 1 the upper.
Marks differ in form as well as in colour. The same values give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipdata.documents.fidelity import AggregateResult, Use
from tipdata.documents.palette import LIGHT

from tipbench.runs.figure import save_figure
from tipbench.style import DPI, SMALL, TEXT, TITLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE, BARE, WIDTH = 0.2, 1.7, 10.5
"""Inches: the height of an aggregate's line, the space above and below, and the width of the figure."""
LEFT, RIGHT = -1.0, 2.0
"""Ends of the axis, one band's width beyond the band. Values further away are drawn at the end as an arrow."""
FORM: dict[Use, str] = {"input": "s", "tuned": "o", "unused": "D"}
LEGEND: dict[Use, str] = {
    "input": "input: a parameter is the number",
    "tuned": "tuned: parameters were chosen for it",
    "unused": "unused: tests the world",
}
BESIDE: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "va": "center"}
EXPLAINED = (
    "Grey: the band. Thick line: 95% interval. Thin line: 5th to 95th percentile of regions. "
    "At the right: the value, and what was published."
)


def write_figure(results: Sequence[AggregateResult], name: str, path: Path) -> None:
    """Write the figure to a file. Raises UsageError if the file cannot be written."""
    import matplotlib

    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    metadata = undated.get(path.suffix.lower(), {})
    with matplotlib.rc_context({"svg.hashsalt": "tipbench"}):  # names in an SVG are made when it is written
        save_figure(draw(results, name), path, "give another --figure", metadata=metadata)


def draw(results: Sequence[AggregateResult], name: str) -> Figure:
    """Return the figure. ``name``: of the release, for its title."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows: list[AggregateResult | str] = []
    for subject, listed in groupby(results, key=lambda one: one.subject):
        rows += [subject, *listed]
    with matplotlib.rc_context({"font.size": TEXT, "axes.edgecolor": LIGHT["quiet"]}):
        figure = Figure(figsize=(WIDTH, BARE + LINE * len(rows)), dpi=DPI)
        FigureCanvasAgg(figure)
        height = figure.get_figheight()
        panel = figure.add_axes((0.45, 0.85 / height, 0.39, LINE * len(rows) / height))
        for place, one in enumerate(rows):
            if isinstance(one, str):
                panel.annotate(one, (-1.06, place), **BESIDE, fontweight="bold")
            else:
                _draw_line(panel, one, place)
        _add_legend(figure, panel, rows, name)
    return figure


def _draw_line(panel: Axes, one: AggregateResult, place: int) -> None:
    a = one.aggregate
    name = a.name if len(a.name) <= 62 else f"{a.name[:61]}…"
    panel.annotate(name, (-0.02, place), **BESIDE, ha="right", fontsize=SMALL)
    panel.plot([0, 1], [place, place], color=LIGHT["pale"], linewidth=9, solid_capstyle="butt", zorder=1)
    label = "too few rows" if one.value is None else f"{one.value:.3g}  ({a.published})"
    panel.annotate(label, (1.02, place), **BESIDE, fontsize=SMALL)
    if one.value is None:
        return
    colour = LIGHT["accent"] if one.verdict == "pass" else LIGHT["oracle-text"]
    for ends, width, opacity in ((one.regions, 1.0, 0.55), (one.interval, 3.0, 0.75)):
        if ends is not None:
            reach = [_clip(_place(one, end)) for end in ends]
            panel.plot(reach, [place, place], color=colour, linewidth=width, alpha=opacity, zorder=2)
    at = _place(one, one.value)
    form = FORM[a.use] if LEFT <= at <= RIGHT else ("<" if at < LEFT else ">")
    full = colour if one.verdict == "pass" else LIGHT["paper"]
    look = {"markerfacecolor": full, "markersize": 5.5, "zorder": 3, "clip_on": False}
    panel.plot(_clip(at), place, form, color=colour, **look)


def _place(one: AggregateResult, value: float) -> float:
    a = one.aggregate
    return (value - a.low) / (a.high - a.low)


def _clip(at: float) -> float:
    return min(max(at, LEFT), RIGHT)


def _add_legend(figure: Figure, panel: Axes, rows: Sequence[AggregateResult | str], name: str) -> None:
    from matplotlib.lines import Line2D

    panel.set_xlim(LEFT, RIGHT)
    panel.set_ylim(len(rows) - 0.4, -0.6)
    panel.set_yticks([])
    panel.set_xticks([0, 1], ["lower end\nof the band", "upper end\nof the band"], fontsize=SMALL)
    panel.spines[["top", "right", "left"]].set_visible(False)
    height = figure.get_figheight()
    heading, note = (1 - inches / height for inches in (0.22, 0.5))
    label = f"Release {name} beside what is published"
    figure.text(0.01, heading, label, fontsize=TITLE, fontweight="bold", va="center")
    figure.text(0.01, note, EXPLAINED, fontsize=SMALL, va="center", color=LIGHT["quiet"])
    ink, good, bad = LIGHT["quiet"], LIGHT["accent"], LIGHT["oracle-text"]
    marks = [(FORM[use], ink, ink, text) for use, text in LEGEND.items()]
    marks += [("o", good, good, "in the band"), ("o", bad, LIGHT["paper"], "outside")]
    handles = [
        Line2D([], [], marker=form, color=edge, markerfacecolor=face, linestyle="", label=text)
        for form, edge, face, text in marks
    ]
    figure.legend(handles=handles, loc="lower left", ncols=5, fontsize=SMALL, frameon=False)
