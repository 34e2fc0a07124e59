"""A rate by group of people, as dots on one axis: whom a method accuses wrongly, and whom it misses."""

from __future__ import annotations

from collections.abc import Mapping

from tipboard.site.axes import scale
from tipboard.site.svg import Drawing, fit, width_of

WIDTH, ROW, TOP, BOTTOM, SIZE, LETTERS = 460, 21, 10, 44, 12, 30
ALL = "lawful"
"""The group of all others together, which is drawn as a line."""


def by_group(rates: Mapping[str, float], title: str, axis: str) -> Drawing | None:
    """A row a group; None for fewer than two."""
    groups = [name for name in rates if name != ALL]
    if len(groups) < 2:
        return None
    left = width_of((fit(name, LETTERS) for name in groups), SIZE) + 20
    bottom = TOP + ROW * len(groups)
    about = ", ".join(f"{name} {rate:.4f}" for name, rate in rates.items())
    picture = Drawing(WIDTH, bottom + BOTTOM, title, about)
    across = scale(rates.values(), left, WIDTH - 66, zero=True)
    for value, text in across.ticks(4):
        picture.line((across(value), TOP - 4), (across(value), bottom), "pale")
        picture.text((across(value), bottom + 12), text, "quiet", 11, "middle")
    picture.line((across.start, bottom), (across.end, bottom), "quiet", 0.8)
    if ALL in rates:
        picture.line((across(rates[ALL]), TOP - 4), (across(rates[ALL]), bottom), "ink", 1.2, "2 3")
    for at, name in enumerate(groups):
        height = TOP + ROW * (at + 0.5)
        picture.line((across(0 if across.low <= 0 else across.low), height), (across(rates[name]), height), "accent",
                     2, opacity=0.35)  # fmt: skip
        picture.circle((across(rates[name]), height), 4, "accent", "accent", f"{name}: {rates[name]:.4f}")
        picture.name((left - 10, height), name, LETTERS, size=SIZE, anchor="end")
        picture.text((WIDTH - 58, height), f"{rates[name]:.4f}" if rates[name] < 0.1 else f"{rates[name]:.3f}",
                     "quiet", 11)  # fmt: skip
    note = f"{axis}; dotted: all lawful" if ALL in rates else axis
    picture.text(((left + WIDTH - 66) / 2, bottom + 33), note, "quiet", 11.5, "middle")
    return picture
