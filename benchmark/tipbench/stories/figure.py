"""Draw a story: days across, a lane per part of the data, the operation's life and its posting shaded.

Marks differ in form and in lightness, so that the figure can be read without colour. The same story gives the same
bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from tipdata.core.world import DAYS

from tipbench.runs.figure import check_ending, save_figure
from tipbench.stories.chronicle import title
from tipbench.stories.lanes import DRAWN, Reach
from tipbench.stories.legend import INK, PALE, QUIET, WASH, handles
from tipbench.stories.record import LASTING, Event, Lane, Timeline
from tipbench.stories.views import VIEWS
from tipbench.style import SMALL, TEXT, TITLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (11.0, 8.2)
"""Inches."""
HEIGHTS = {
    **{"recruits": 1.3, "adverts": 0.7, "accounts": 0.8, "money": 1.2},
    **{"movement": 1.2, "firms": 0.9, "people": 1.2, "help": 0.6},
}
"""Of the lanes, against each other."""
MARGIN, MOST = 14, 90
"""Days beside the first and last mark; days that are drawn at most outside its life, and outside what is observed."""
STOPPED = {"site closes": ":", "investigation": "--"}
"""What is drawn across all lanes, and its line."""
ACROSS = ("begins", "ends", *STOPPED)
"""What is in no lane."""


def draw(story: Timeline) -> Figure:
    """Return the figure of a story."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"font.size": TEXT, "svg.hashsalt": "tipbench", "axes.edgecolor": QUIET}):
        figure = Figure(figsize=SIZE, layout="constrained")
        FigureCanvasAgg(figure)
        lanes = get_args(Lane)
        panels = figure.subplots(len(lanes), sharex=True, height_ratios=[HEIGHTS[lane] for lane in lanes])
        reach = reach_of(story)
        near = [event for event in story.events if _is_near(event, reach)]
        for lane, panel in zip(lanes, panels, strict=True):
            _background(panel, story, reach)
            of_lane = [event for event in near if event.lane == lane]
            DRAWN[lane](panel, of_lane, reach)
            panel.set_ylabel(lane, rotation=0, ha="right", va="center", fontsize=TEXT, color=INK)
            if all(event.what in ACROSS for event in of_lane):
                panel.annotate(
                    "none", (0, 0.5), xycoords="axes fraction", xytext=(-4, -10), textcoords="offset points",
                    ha="right", va="center", fontsize=SMALL, color=QUIET,
                )  # fmt: skip
        _disturbances(panels, near)
        panels[-1].set_xlim(reach.first, reach.last)
        panels[-1].set_xlabel(f"day; 0 is the first of the {DAYS} days of data", fontsize=SMALL, color=QUIET)
        _explain(figure, panels, story, near)
        _fix_layout(figure, panels)
    return figure


def _fix_layout(figure: Figure, panels: Iterable[Axes]) -> None:
    """Lay the figure out once and round: the solver's last digits differ from call to call, and would be in an SVG."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for panel in panels:
        left, bottom, width, height = (round(value, 5) for value in panel.get_position().bounds)
        panel.set_position((left, bottom, width, height))


def save(story: Timeline, path: str | Path) -> None:
    """Draw a story into a file. Raises UsageError for a format or a file that cannot be written."""
    import matplotlib

    path = Path(path)
    check_ending(path)
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(
        path.suffix.lower(), {"Software": None}
    )
    with matplotlib.rc_context({"svg.hashsalt": "tipbench"}):
        save_figure(draw(story), path, "give another --figure", metadata=metadata)


def reach_of(story: Timeline) -> Reach:
    """Return which days are drawn: those of its life and of what else is near it."""
    about = story.about
    low, high = about.begins - MOST, about.ends + MOST
    days = [
        day for event in story.events for day in (event.day, event.until or event.day) if low <= day <= high
    ]
    first, last = max(min(days) - MARGIN, -MOST), min(max(days) + MARGIN, DAYS + MOST)
    return Reach(first, last, about.ends)


def _is_near(event: Event, reach: Reach) -> bool:
    end = reach.end(event) if event.what in LASTING else event.day
    return event.day <= reach.last and end >= reach.first


def _background(panel: Axes, story: Timeline, reach: Reach) -> None:
    about = story.about
    panel.axvspan(about.begins, about.ends + 1, color=WASH, zorder=0, linewidth=0)
    for edge in (about.begins, about.ends + 1):
        panel.axvline(edge, color=PALE, linewidth=1, zorder=1)
    if about.posts:
        panel.axvspan(about.first_day, about.last_day + 1, color=PALE, zorder=0.5, linewidth=0)
    for low, high in ((reach.first, 0), (DAYS, reach.last)):
        if low < high:
            panel.axvspan(low, high, facecolor="none", edgecolor=PALE, hatch="////", linewidth=0, zorder=0.2)
    panel.set_yticks([])
    panel.tick_params(axis="x", length=0, labelsize=SMALL, labelcolor=QUIET)
    panel.spines[["top", "right", "left"]].set_visible(False)
    panel.spines["bottom"].set_color(PALE)


def _disturbances(panels: Sequence[Axes], near: Sequence[Event]) -> None:
    """Draw what stops an operation across all lanes, and name it above."""
    for event in near:
        if event.what not in STOPPED:
            continue
        for panel in panels:
            panel.axvline(event.day, color=INK, linestyle=STOPPED[event.what], linewidth=1, zorder=4)
        panels[0].annotate(
            f"{event.what} {event.sort or ''}".strip(), (event.day, 1), xycoords=("data", "axes fraction"),
            xytext=(3, 3), textcoords="offset points", fontsize=SMALL, color=INK,
        )  # fmt: skip


def _explain(figure: Figure, panels: Sequence[Axes], story: Timeline, near: Sequence[Event]) -> None:
    """Write the title, the legend of marks that are drawn, and that all is synthetic."""
    about = story.about
    panels[0].annotate(
        f"{title(story)}, seen in {story.views} of {len(VIEWS)} views", (0, 1), xycoords="axes fraction",
        xytext=(0, 36), textcoords="offset points", fontsize=TITLE + 2, fontweight="bold", color=INK,
    )  # fmt: skip
    panels[0].set_title(
        f"Operation {about.operation} of {story.release}, region {about.region}. Synthetic: nobody here is real, and a "
        "sign that fits this case fits lawful work as well.",
        loc="left", fontsize=SMALL, color=QUIET, pad=16,
    )  # fmt: skip
    figure.legend(
        handles=handles(near, about.posts), loc="outside lower left", frameon=False, fontsize=SMALL, ncols=4
    )
