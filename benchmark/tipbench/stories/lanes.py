"""Draw the lanes of a story's figure: each what one part of the data has of an operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tipbench.stories.legend import ACCENT, BAR, INK, PAPER, QUIET, STRONG, THIN, commits, recruits
from tipbench.stories.record import Event
from tipbench.style import DOT, SMALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS = 12
"""Bars below each other in a lane; more share the rows."""
TOWNS = 4
"""Towns with a level of their own; the others share one."""
WEEK = 7
BARS = (-1.3, 0.3)
"""Lower and upper end of a lane of bars, which stand from 0 down to -1."""
FIRMS = -1.5
"""Height of the firms that it staffs, of which no day is known: one line for all, and how many they are."""


class Reach(NamedTuple):
    """What is drawn, in days: the first and the last, and the last of the operation's life."""

    first: float
    last: float
    ends: int

    def end(self, event: Event) -> float:
        """Return the last day of what lasts: what goes on does so until the operation ends, as far as it is told."""
        until = max(self.ends, event.day) if event.until is None else event.until
        return min(until, self.last)


def _recruits(panel: Axes, events: Sequence[Event], reach: Reach) -> None:
    panel.set_ylim(*BARS)
    for row, event in _stacked(events, reach):
        committed, recruiting = commits(event), recruits(event)
        _bar(
            panel,
            event,
            row,
            reach,
            STRONG if committed else INK if recruiting else QUIET,
            thin=not recruiting,
        )
        if committed:
            panel.plot([event.until or event.day], [row], "D", color=STRONG, markersize=DOT - 2, zorder=3)


def _adverts(panel: Axes, events: Sequence[Event], reach: Reach) -> None:
    flagged = [event.day for event in events if event.what == "flag"]
    panel.plot(flagged, [0.6] * len(flagged), "x", color=STRONG, markersize=DOT - 2, zorder=3)
    posted = [event.day for event in events if event.what == "advert"]
    panel.vlines(posted, -1, 0, color=INK, linewidth=1, zorder=2)
    panel.set_ylim(-1.2, 1.2)


def _accounts(panel: Axes, events: Sequence[Event], reach: Reach) -> None:
    held = [event for event in events if event.what == "account"]
    panel.set_ylim(*BARS)
    for row, event in _stacked(held, reach):
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
        for event in events:
            if event.what == what:
                weeks[event.day // WEEK] += event.size or 0
        tall = [sign * (amount / 100) ** 0.5 for amount in weeks.values()]
        starts = [week * WEEK + shift for week in weeks]
        panel.bar(starts, tall, width=wide, align="edge", color=colour, linewidth=0, zorder=2)
        largest[sign] = max(largest.get(sign, 0), *weeks.values(), 0)
    top = max(max(largest.values()) / 100, 1) ** 0.5
    if events:
        panel.axhline(0, color=QUIET, linewidth=0.8, zorder=2)
    days = [event.day for event in events if event.what == "everyday payment"]
    panel.plot(days, [0] * len(days), "|", color=QUIET, markersize=5, zorder=1.8)
    beside = [event.day for event in events if event.what == "money beside"]
    panel.plot(beside, [0] * len(beside), "|", color=ACCENT, markersize=9, zorder=1.9)
    wallets = [event.day for event in events if event.what == "wallet"]
    panel.plot(
        wallets, [0] * len(wallets), "o", color=INK, markersize=DOT - 2, markerfacecolor=PAPER, zorder=3
    )
    panel.set_ylim(-1.25 * top, 1.25 * top)
    _right(
        panel,
        {sign * (most / 100) ** 0.5: f"{most // 100:,.0f} XTS" for sign, most in largest.items() if most},
    )


def _movement(panel: Axes, events: Sequence[Event], reach: Reach) -> None:
    """Draw towns as levels, the most visited lowest, stops as dots along a line, and journeys as ticks below."""
    stops = [(event.day, event.town) for event in events if event.what == "stop" and event.town is not None]
    visits = Counter(town for _, town in stops)
    ranked = sorted(visits, key=lambda town: (-visits[town], town))
    level = {town: min(place, TOWNS) for place, town in enumerate(ranked)}
    days, levels = [day for day, _ in stops], [level[town] for _, town in stops]
    panel.step(days, levels, "-o", where="post", color=INK, linewidth=0.8, markersize=DOT - 3, zorder=2)
    booked = [event.day for event in events if event.what == "journey"]
    panel.plot(booked, [-1] * len(booked), "|", color=ACCENT, markersize=6, zorder=2)
    named = [*ranked[:TOWNS], *(["elsewhere"] if len(ranked) > TOWNS else [])]
    _right(panel, dict(enumerate(named)))
    panel.set_ylim(-1.7, max(len(named), 2) - 0.4)


def _right(panel: Axes, labels: dict[Any, str]) -> None:
    """Write labels at heights on the right of a lane."""
    panel.set_yticks(list(labels), list(labels.values()), fontsize=SMALL - 1.5, color=QUIET)
    panel.yaxis.tick_right()
    panel.tick_params(axis="y", length=0)


def _firms(panel: Axes, events: Sequence[Event], reach: Reach) -> None:
    for row, event in _stacked([event for event in events if event.what == "exploiting firm"], reach):
        _bar(panel, event, row, reach, STRONG)
    if staffed := [event for event in events if event.what == "firm"]:
        panel.plot(_ends(staffed[0], reach), [FIRMS, FIRMS], ":", color=QUIET, linewidth=THIN, zorder=2)
        _right(panel, {FIRMS: f"{len(staffed)} firm{'s' if len(staffed) > 1 else ''}"})
    for what, mark in (("audit", "^"), ("complaint", "v")):
        days = [event.day for event in events if event.what == what]
        panel.plot(
            days, [0.8] * len(days), mark, color=INK, markersize=DOT - 2, markerfacecolor=PAPER, zorder=3
        )
    panel.set_ylim(FIRMS - 0.3, 1.3)


def _people(panel: Axes, events: Sequence[Event], reach: Reach) -> None:
    """Draw how many people are under its control, when each comes, and when each gets out."""
    held = [(event.day, reach.end(event)) for event in events if event.what == "person"]
    days = range(int(reach.first), int(reach.last) + 1)
    counts = [sum(since <= day <= until for since, until in held) for day in days]
    if held:
        panel.fill_between(days, counts, step="post", color=ACCENT, alpha=0.35, linewidth=0, zorder=1.5)
        panel.step(days, counts, where="post", color=ACCENT, linewidth=1, zorder=2)
    most = max(*counts, 1)
    for what, shape, face in (("person", "^", ACCENT), ("exit", "v", PAPER), ("handed on", ">", PAPER)):
        when = [event.day for event in events if event.what == what]
        panel.plot(
            when,
            [-0.22 * most] * len(when),
            shape,
            color=ACCENT,
            markersize=DOT - 2,
            markerfacecolor=face,
            zorder=3,
        )
    panel.set_ylim(-0.45 * most, 1.2 * most)
    _right(panel, {most: f"{most} at once"} if held else {})


def _help(panel: Axes, events: Sequence[Event], reach: Reach) -> None:
    for what, shape, face, height in (("helpline contact", "P", STRONG, 0.4), ("review", "s", PAPER, -0.4)):
        days = [event.day for event in events if event.what == what]
        panel.plot(
            days,
            [height] * len(days),
            shape,
            color=STRONG,
            markersize=DOT - 1,
            markerfacecolor=face,
            zorder=3,
        )
    panel.set_ylim(-1, 1)


DRAWN: dict[str, Callable[[Any, Sequence[Event], Reach], None]] = {
    "recruits": _recruits,
    "adverts": _adverts,
    "accounts": _accounts,
    "money": _money,
    "movement": _movement,
    "firms": _firms,
    "people": _people,
    "help": _help,
}


def _stacked(events: Sequence[Event], reach: Reach) -> list[tuple[float, Event]]:
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
    width = THIN if thin else BAR
    panel.plot(
        _ends(event, reach), [row, row], color=colour, linewidth=width, solid_capstyle="butt", zorder=2
    )


def _ends(event: Event, reach: Reach) -> tuple[float, float]:
    """Return where what lasts begins and ends: with its last day, so that one day is seen."""
    return event.day, reach.end(event) + 1
