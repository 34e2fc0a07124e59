"""Draw a story: days across, a lane per part of the data, the operation's life and its posting shaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tipcore.spelling import count_of
from tipdata.core.world import DAYS
from tipdata.documents.palette import LIGHT

from tipbench.runs.figure import check_format, save_figure
from tipbench.stories.chronicle import title
from tipbench.stories.record import LASTING, TABLES, Event, Lane, Timeline
from tipbench.stories.sources import VIEWS
from tipbench.style import DOT, SMALL, TEXT, TITLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, QUIET, PALE, PAPER, WASH = (LIGHT[name] for name in ("ink", "quiet", "pale", "paper", "wash"))
ACCENT, STRONG = LIGHT["accent"], LIGHT["oracle"]
BAR, THIN = 4.0, 1.6
"""Width in points of the bar of an event that lasts, and of a less important one in the same lane."""


def recruits(event: Event) -> bool:
    """Return whether a conversation or an account recruits."""
    return (event.sort or "").startswith(("recruitment", "that recruits"))


def commits(event: Event) -> bool:
    """Return whether a conversation reaches a commitment."""
    return "commitment" in (event.sort or "")


class LegendMark(NamedTuple):
    """A mark of the legend: a marker of matplotlib, "bar", "line", "dots" or "area", the roles of its colours, and the
    events that have it (a key of :data:`WHICH`)."""

    shape: str
    label: str
    colour: str = "ink"
    face: str = ""
    alpha: float = 1.0
    of: str = "all"


WHICH: dict[str, Callable[[Event], bool]] = {
    "all": lambda event: True,
    "ending": lambda event: event.until is not None,
    "recruiting": recruits,
    "other": lambda event: not recruits(event),
    "committing": commits,
}
SHADES = (LegendMark("area", "its life", face="wash"), LegendMark("area", "it posts", face="pale"))
MARKS = {what: [LegendMark(**mark) for mark in marks] for what, marks in TABLES["legend"].items()}
"""What happens -> its marks in the legend."""


def handles(drawn: Iterable[Event], posts: bool) -> list[Any]:
    """Return the legend: the shades, and the marks of the events that are drawn.

    ``posts``: whether the spell of posting is shaded.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def made(mark: LegendMark) -> Any:
        face = LIGHT.get(mark.face, "")
        if mark.shape == "area":
            return Patch(facecolor=face, edgecolor=PALE, label=mark.label, alpha=mark.alpha)
        colour, width = LIGHT[mark.colour], {"bar": BAR, "line": THIN, "dots": THIN}.get(mark.shape, 0.0)
        line = {"linestyle": ":" if mark.shape == "dots" else "-" if width else "", "linewidth": width}
        dot = {"marker": "" if width else mark.shape, "markerfacecolor": face or colour}
        size = {"markersize": DOT - 1, "markeredgewidth": 1}
        return Line2D([], [], color=colour, **line, **dot, **size, label=mark.label)

    by_what: dict[str, list[Event]] = {}
    for event in drawn:
        by_what.setdefault(event.what, []).append(event)
    every = ((mark, by_what.get(what, ())) for what, marks in MARKS.items() for mark in marks)
    marks = [mark for mark, events in every if any(map(WHICH[mark.of], events))]
    return [made(mark) for mark in (*SHADES[: 1 + posts], *marks)]


ROWS = 12
"""Bars below each other in a lane; more share the rows."""
TOWNS = 4
"""Towns with a level of their own; the others share one."""
WEEK = 7
BARS = (-1.3, 0.3)
"""Lower and upper end of a lane of bars, which stand from 0 down to -1."""
FIRMS = -1.5
"""Height of the line for the firms that it staffs: their days are unknown."""


class Reach(NamedTuple):
    """The first and the last day that are drawn, and the last day of the operation's life."""

    first: float
    last: float
    ends: int

    def end(self, event: Event) -> float:
        """Return the last drawn day of an event that lasts. Without an end, it lasts until the operation ends."""
        until = max(self.ends, event.day) if event.until is None else event.until
        return min(until, self.last)

    def shows(self, event: Event) -> bool:
        """Return whether any day of an event is drawn."""
        end = self.end(event) if event.what in LASTING else event.day
        return event.day <= self.last and end >= self.first


def _mark(panel: Axes, events: Iterable[Event], height: float, shape: str, colour: str, **look: Any) -> None:
    """Draw a marker on the day of each event. ``look``: other settings of ``plot``."""
    days = [event.day for event in events]
    panel.plot(days, [height] * len(days), shape, color=colour, **{"markersize": DOT - 2, "zorder": 3} | look)


def _of(events: Sequence[Event], what: str) -> list[Event]:
    return [event for event in events if event.what == what]


def _recruits(panel: Axes, events: Sequence[Event], reach: Reach) -> None:
    panel.set_ylim(*BARS)
    for row, event in _stack_rows(events, reach):
        committed, recruiting = commits(event), recruits(event)
        colour = STRONG if committed else INK if recruiting else QUIET
        _bar(panel, event, row, reach, colour, thin=not recruiting)
        if committed:
            panel.plot([event.until or event.day], [row], "D", color=STRONG, markersize=DOT - 2, zorder=3)


def _adverts(panel: Axes, events: Sequence[Event], reach: Reach) -> None:
    _mark(panel, _of(events, "flag"), 0.6, "x", STRONG)
    panel.vlines([event.day for event in _of(events, "advert")], -1, 0, color=INK, linewidth=1, zorder=2)
    panel.set_ylim(-1.2, 1.2)


def _accounts(panel: Axes, events: Sequence[Event], reach: Reach) -> None:
    panel.set_ylim(*BARS)
    for row, event in _stack_rows(_of(events, "account"), reach):
        recruiting = recruits(event)
        _bar(panel, event, row, reach, ACCENT if recruiting else INK, thin=not recruiting)
        if event.until is not None:
            panel.plot([event.until], [row], "x", color=INK, markersize=DOT - 1, zorder=3)


def _money(panel: Axes, events: Sequence[Event], reach: Reach) -> None:
    """Draw by week what comes in above and what goes out below; the everyday payments of members as ticks."""
    largest: dict[int, float] = {}
    bars = (("money in", 1, INK, 0, 6), ("money moved", -1, QUIET, 0, 3), ("money out", -1, ACCENT, 3, 3))
    for what, sign, colour, shift, wide in bars:
        weeks: Counter[int] = Counter()
        for event in _of(events, what):
            weeks[event.day // WEEK] += event.size or 0
        tall = [sign * (amount / 100) ** 0.5 for amount in weeks.values()]
        starts = [week * WEEK + shift for week in weeks]
        panel.bar(starts, tall, width=wide, align="edge", color=colour, linewidth=0, zorder=2)
        largest[sign] = max(largest.get(sign, 0), *weeks.values(), 0)
    top = max(max(largest.values()) / 100, 1) ** 0.5
    if events:
        panel.axhline(0, color=QUIET, linewidth=0.8, zorder=2)
    _mark(panel, _of(events, "everyday payment"), 0, "|", QUIET, markersize=5, zorder=1.8)
    _mark(panel, _of(events, "money beside"), 0, "|", ACCENT, markersize=9, zorder=1.9)
    _mark(panel, _of(events, "wallet"), 0, "o", INK, markerfacecolor=PAPER)
    panel.set_ylim(-1.25 * top, 1.25 * top)
    sums = {sign * (most / 100) ** 0.5: f"{most // 100:,.0f} XTS" for sign, most in largest.items() if most}
    _label_right(panel, sums)


def _movement(panel: Axes, events: Sequence[Event], reach: Reach) -> None:
    """Draw towns as levels, the most visited lowest, stops as dots along a line, and journeys as ticks below."""
    stops = [(event.day, event.town) for event in _of(events, "stop") if event.town is not None]
    visits = Counter(town for _, town in stops)
    ranked = sorted(visits, key=lambda town: (-visits[town], town))
    level = {town: min(place, TOWNS) for place, town in enumerate(ranked)}
    days, levels = [day for day, _ in stops], [level[town] for _, town in stops]
    panel.step(days, levels, "-o", where="post", color=INK, linewidth=0.8, markersize=DOT - 3, zorder=2)
    _mark(panel, _of(events, "journey"), -1, "|", ACCENT, markersize=6, zorder=2)
    named = [*ranked[:TOWNS], *(["elsewhere"] if len(ranked) > TOWNS else [])]
    _label_right(panel, dict(enumerate(named)))
    panel.set_ylim(-1.7, max(len(named), 2) - 0.4)


def _label_right(panel: Axes, labels: dict[Any, str]) -> None:
    panel.set_yticks(list(labels), list(labels.values()), fontsize=SMALL - 1.5, color=QUIET)
    panel.yaxis.tick_right()
    panel.tick_params(axis="y", length=0)


def _firms(panel: Axes, events: Sequence[Event], reach: Reach) -> None:
    for row, event in _stack_rows(_of(events, "exploiting firm"), reach):
        _bar(panel, event, row, reach, STRONG)
    if staffed := _of(events, "firm"):
        panel.plot(_day_range(staffed[0], reach), [FIRMS, FIRMS], ":", color=QUIET, linewidth=THIN, zorder=2)
        _label_right(panel, {FIRMS: count_of(len(staffed), "firm")})
    for what, shape in (("audit", "^"), ("complaint", "v")):
        _mark(panel, _of(events, what), 0.8, shape, INK, markerfacecolor=PAPER)
    panel.set_ylim(FIRMS - 0.3, 1.3)


def _people(panel: Axes, events: Sequence[Event], reach: Reach) -> None:
    """Draw how many people are under its control, when each comes, and when each gets out."""
    held = [(event.day, reach.end(event)) for event in _of(events, "person")]
    days = range(int(reach.first), int(reach.last) + 1)
    counts = [sum(since <= day <= until for since, until in held) for day in days]
    if held:
        panel.fill_between(days, counts, step="post", color=ACCENT, alpha=0.35, linewidth=0, zorder=1.5)
        panel.step(days, counts, where="post", color=ACCENT, linewidth=1, zorder=2)
    most = max(*counts, 1)
    for what, shape, face in (("person", "^", ACCENT), ("exit", "v", PAPER), ("handed on", ">", PAPER)):
        _mark(panel, _of(events, what), -0.22 * most, shape, ACCENT, markerfacecolor=face)
    panel.set_ylim(-0.45 * most, 1.2 * most)
    _label_right(panel, {most: f"{most} at once"} if held else {})


def _help(panel: Axes, events: Sequence[Event], reach: Reach) -> None:
    for what, shape, face, height in (("helpline contact", "P", STRONG, 0.4), ("review", "s", PAPER, -0.4)):
        _mark(panel, _of(events, what), height, shape, STRONG, markersize=DOT - 1, markerfacecolor=face)
    panel.set_ylim(-1, 1)


DRAWN: dict[Lane, tuple[float, Callable[[Any, Sequence[Event], Reach], None]]] = {
    **{"recruits": (1.3, _recruits), "adverts": (0.7, _adverts), "accounts": (0.8, _accounts)},
    **{"money": (1.2, _money), "movement": (1.2, _movement), "firms": (0.9, _firms)},
    **{"people": (1.2, _people), "help": (0.6, _help)},
}
"""Lane -> its height against the others, and what draws it."""


def _stack_rows(events: Sequence[Event], reach: Reach) -> list[tuple[float, Event]]:
    """Return each event with its row, from 0 down to -1: the first that is free on its first day."""
    free: list[float] = []
    placed: list[tuple[int, Event]] = []
    for event in events:
        end = reach.end(event)
        row = next((n for n, until in enumerate(free) if until < event.day), len(free))
        row = row if row < ROWS else len(placed) % ROWS
        free[row : row + 1] = [end]
        placed.append((row, event))
    return [(-row / max(len(free) - 1, 1), event) for row, event in placed]


def _bar(panel: Axes, event: Event, row: float, reach: Reach, colour: str, thin: bool = False) -> None:
    look = {"color": colour, "linewidth": THIN if thin else BAR, "solid_capstyle": "butt", "zorder": 2}
    panel.plot(_day_range(event, reach), [row, row], **look)


def _day_range(event: Event, reach: Reach) -> tuple[float, float]:
    """Return where what lasts begins and ends: with its last day, so that one day is seen."""
    return event.day, reach.end(event) + 1


SIZE = (11.0, 8.2)
"""Inches."""
MARGIN, MOST = 14, 90
"""Days beside the first and last mark; days that are drawn at most outside its life, and outside what is observed."""
STOPPED = {"site closes": ":", "investigation": "--"}
"""What is drawn across all lanes, and its line."""
ACROSS = ("begins", "ends", *STOPPED)
"""What is in no lane."""


def draw_story(story: Timeline) -> Figure:
    """Return the figure of a story."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"font.size": TEXT, "svg.hashsalt": "tipbench", "axes.edgecolor": QUIET}):
        figure = Figure(figsize=SIZE, layout="constrained")
        FigureCanvasAgg(figure)
        heights = [height for height, _ in DRAWN.values()]
        panels = figure.subplots(len(DRAWN), sharex=True, height_ratios=heights)
        reach = reach_of(story)
        near = [event for event in story.events if reach.shows(event)]
        for (lane, (_, draw)), panel in zip(DRAWN.items(), panels, strict=True):
            _background(panel, story, reach)
            of_lane = [event for event in near if event.lane == lane]
            draw(panel, of_lane, reach)
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
        fix_layout(figure)
    return figure


def fix_layout(figure: Figure) -> None:
    """Lay a figure out once and round: the solver's last digits differ from call to call, and would be in an SVG."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for panel in figure.axes:
        left, bottom, width, height = (round(value, 5) for value in panel.get_position().bounds)
        panel.set_position((left, bottom, width, height))


def save_story(story: Timeline, path: str | Path) -> None:
    """Draw a story into a file. Raises UsageError for a format or a file that cannot be written."""
    import matplotlib

    path = Path(path)
    check_format(path)
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    metadata = undated.get(path.suffix.lower(), {"Software": None})
    with matplotlib.rc_context({"svg.hashsalt": "tipbench"}):
        save_figure(draw_story(story), path, "give another --figure", metadata=metadata)


def reach_of(story: Timeline) -> Reach:
    """Return the days to draw: those of its life and of events near it."""
    about = story.about
    low, high = about.begins - MOST, about.ends + MOST
    every = (day for event in story.events for day in (event.day, event.until or event.day))
    days = [day for day in every if low <= day <= high]
    first, last = max(min(days) - MARGIN, -MOST), min(max(days) + MARGIN, DAYS + MOST)
    return Reach(first, last, about.ends)


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
