"""Draw the days of a story: a row per thing that happens, a tick where it is a day and a bar where it lasts."""

from __future__ import annotations

from collections.abc import Sequence

from tipdata.core.world import DAYS

from tipbench.pages.axes import Scale
from tipbench.pages.svg import PHONE, Drawing
from tipbench.stories.chronicle import PLURAL, SINGULAR, UNDATED
from tipbench.stories.figure import reach_of
from tipbench.stories.record import Event, Timeline

WIDE, LEFT, SIZE = 900, 262, 12
ROW, PHONE_ROW, TOP, BOTTOM = 22, 34, 22, 52
TICK = 12
AXIS = f"day; 0 is the first of the {DAYS} days of data"
FRAMES = ("begins", "ends")
"""What is drawn as the ends of the shade."""
HIDDEN = ("member", "person", "exit", "handed on", "exploiting firm", "investigation")
"""What truth alone knows: rows of hidden tables, and what a firm does."""


def draw(story: Timeline, title: str, phone: bool = False) -> Drawing:
    """Return the figure, as wide as a desk or a phone has room for."""
    rows = [(what, [e for e in story.events if e.what == what]) for what in SINGULAR if what not in FRAMES]
    rows = [(what, events) for what, events in rows if events]
    tall = PHONE_ROW if phone else ROW
    width, left = (PHONE, 0) if phone else (WIDE, LEFT)
    reach = reach_of(story)
    scale = Scale(reach.first, reach.last, left + 4, width - 6)
    bottom = TOP + tall * len(rows)
    drawing = Drawing(width, bottom + BOTTOM, title, _about(rows))
    _background(drawing, story, scale, bottom)
    for at, (what, events) in enumerate(rows):
        top = TOP + tall * at
        said = f"{PLURAL.get(what, SINGULAR[what])}{' (truth)' if what in HIDDEN else ''}"
        middle = top + (tall - ROW / 2)
        if phone:
            drawing.text((0, top + 9), said, "ink", SIZE - 0.5)
            drawing.text((width, top + 9), f"{len(events):,}", "quiet", SIZE - 0.5, anchor="end")
        else:
            drawing.text((0, middle), said, "ink", SIZE)
            drawing.text((left - 12, middle), f"{len(events):,}", "quiet", SIZE, anchor="end")
        _row(drawing, events, scale, middle, "accent" if what in HIDDEN else "ink")
    return drawing


def _about(rows: Sequence[tuple[str, Sequence[Event]]]) -> str:
    return "; ".join(
        f"{PLURAL.get(what, SINGULAR[what])}: {len(events):,}, "
        + (f"day {events[0].day} to {events[-1].day}" if events[0].dated else UNDATED)
        for what, events in rows
    )


def _background(drawing: Drawing, story: Timeline, scale: Scale, bottom: float) -> None:
    """Shade the operation's life, and mark the first and last day of the data."""
    about = story.about
    start, end = scale(max(about.begins, scale.low)), scale(min(about.ends + 1, scale.high))
    drawing.box((start, TOP - 4), end - start, bottom - TOP + 8, "wash")
    drawing.text((max(start, scale.start), TOP - 13), "its life", "quiet", SIZE - 0.5)
    for edge in (start, end):
        drawing.line((edge, TOP - 4), (edge, bottom + 4), "pale")
    for day in (0, DAYS):
        if scale.low < day < scale.high:
            drawing.line((scale(day), TOP - 4), (scale(day), bottom + 4), "quiet", dash="2 3")
    drawing.line((scale.start, bottom + 4), (scale.end, bottom + 4), "quiet")
    for day, text in scale.ticks(5 if scale.start < LEFT else 8):
        drawing.line((scale(day), bottom + 4), (scale(day), bottom + 8), "quiet")
        anchor = (
            "end" if scale(day) > scale.end - 8 else "middle" if scale(day) > scale.start + 8 else "start"
        )
        drawing.text((scale(day), bottom + 16), text, "quiet", 11, anchor)
    drawing.text((scale.start, bottom + 34), AXIS, "quiet", SIZE - 0.5)


def _row(drawing: Drawing, events: Sequence[Event], scale: Scale, middle: float, colour: str) -> None:
    """Draw the days of one thing that are in reach; days that several share are drawn once."""
    if not events[0].dated:
        drawing.text((scale.start, middle), UNDATED, "quiet", SIZE - 0.5)
        return
    drawing.line((scale.start, middle), (scale.end, middle), "pale")
    days = {event.day for event in events if scale.low <= event.day <= scale.high}
    for event in events:
        first, last = (
            max(event.day, scale.low),
            min(event.day if event.until is None else event.until, scale.high),
        )
        if last > first:
            drawing.line((scale(first), middle), (scale(last), middle), colour, 3, opacity=0.45)
    for day in sorted(days):
        drawing.line((scale(day), middle - TICK / 2), (scale(day), middle + TICK / 2), colour, 1.5)
