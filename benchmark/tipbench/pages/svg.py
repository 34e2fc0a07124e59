"""A drawing of few primitives as SVG, inside a page or as a file, and scales from values to pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup, escape
from tipdata.documents.palette import LIGHT

from tipbench.pages.safe import visible
from tipbench.style import FONT


@dataclass(frozen=True)
class Scale:
    """Values ``low`` to ``high`` at the pixels ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, most: int = 6) -> list[tuple[float, str]]:
        """Return at most so many round values inside, multiples of 1, 2 or 5 times a power of ten, and their texts."""
        rough = (self.high - self.low) / most
        power = 10.0 ** math.floor(math.log10(rough))
        step = power * next(times for times in (1, 2, 5, 10) if times * power >= rough * (1 - 1e-9))
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        first = math.ceil(self.low / step - 1e-9)
        count = math.floor(self.high / step + 1e-9) - first + 1
        values = (round((first + at) * step, 12) for at in range(count))
        return [(value, f"{value + 0.0:.{decimals}f}") for value in values]


LETTER = 0.61
"""Mean width of a letter, in sizes of the font, where the font is a wide one."""
PHONE = 350
"""Pixels that a phone has for a figure. A wider drawing has a sister of this width, so that none is cut or shrunk."""
PAINT = ("fill", "stroke")
ENDS = ("x1", "y1", "x2", "y2")
STROKE = ("stroke-width", "stroke-opacity", "stroke-dasharray")
LOOK = (*PAINT, *STROKE, "font-size", "font-weight", "text-anchor")
"""Attributes that a group has for all in it."""

Point = tuple[float, float]


class Mark(NamedTuple):
    """An element. Colours are roles; ``tip``: what is said where one points at it."""

    tag: str
    attributes: tuple[tuple[str, str | float], ...]
    text: str | None = None
    tip: str | None = None


@dataclass
class Drawing:
    """A figure, in CSS pixels. ``title`` and ``about``: for those who do not see it."""

    width: float
    height: float
    title: str
    about: str
    marks: list[Mark] = field(default_factory=list)

    def line(
        self, start: Point, end: Point, colour: str, width: float = 1, dash: str = "", opacity: float = 1
    ) -> None:
        """A straight line."""
        (x1, y1), (x2, y2) = start, end
        self._add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=colour, stroke_width=width,
                  stroke_dasharray=dash, stroke_opacity=opacity)  # fmt: skip

    def path(self, points: Sequence[Point], colour: str, width: float, opacity: float) -> None:
        """An open line through points."""
        self._add("polyline", points=_points(points), fill="none", stroke=colour, stroke_width=width,
                  stroke_opacity=opacity, stroke_linejoin="round")  # fmt: skip

    def circle(self, at: Point, radius: float, fill: str, stroke: str, tip: str | None = None) -> None:
        """A dot, or a ring where ``fill`` is the paper's."""
        self._add("circle", tip=tip, cx=at[0], cy=at[1], r=radius, fill=fill, stroke=stroke, stroke_width=1.5)

    def diamond(self, at: Point, radius: float, fill: str, tip: str | None = None) -> None:
        """A square on its corner."""
        x, y = at
        corners = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
        self._add("polygon", tip=tip, points=_points(corners), fill=fill, stroke=fill, stroke_width=1)

    def square(self, at: Point, radius: float, fill: str, stroke: str, tip: str | None = None) -> None:
        """A square of side ``2 radius``."""
        self._add("rect", tip=tip, x=at[0] - radius, y=at[1] - radius, width=2 * radius, height=2 * radius,
                  fill=fill, stroke=stroke, stroke_width=1.5)  # fmt: skip

    def curve(self, start: Point, end: Point, bulge: float, colour: str, width: float, dash: str,
              opacity: float, tip: str | None) -> None:  # fmt: skip
        """An open curve between two points that swings out to the right by about ``bulge``."""
        (x1, y1), (x2, y2) = start, end
        out = bulge * 4 / 3
        points = (x1, y1), (x1 + out, y1), (x2 + out, y2), (x2, y2)
        begin, *bends = (f"{_short(x)} {_short(y)}" for x, y in points)
        self._add("path", tip=tip, d=f"M{begin}C{','.join(bends)}", fill="none", stroke=colour,
                  stroke_width=width, stroke_dasharray=dash, stroke_opacity=opacity)  # fmt: skip

    def box(self, at: Point, width: float, height: float, fill: str, tip: str | None = None) -> None:
        """A filled rectangle, of which ``at`` is the upper left corner."""
        self._add("rect", tip=tip, x=at[0], y=at[1], width=width, height=height, fill=fill)

    def text(
        self, at: Point, text: str, colour: str = "ink", size: float = 12, anchor: str = "start",
        bold: bool = False, tip: str | None = None,
    ) -> None:  # fmt: skip
        """One line of text, its middle at the height given."""
        self._add("text", text=text, tip=tip, x=at[0], y=at[1] + 0.35 * size, fill=colour, font_size=size,
                  text_anchor="" if anchor == "start" else anchor, font_weight="600" if bold else "")  # fmt: skip

    def name(self, at: Point, text: str, letters: int, colour: str = "ink", size: float = 12,
             anchor: str = "start", bold: bool = False) -> None:  # fmt: skip
        """A name, cut where it is longer than ``letters``; the whole is said where one points at it."""
        whole = text if len(text) > letters else None
        self.text(at, fit(text, letters), colour, size, anchor, bold, tip=whole)

    def inline(self, name: str) -> Markup:
        """As an element of a page; ``name`` is its alone there."""
        return Markup(
            '<svg class="drawing" viewBox="0 0 {} {}" width="{}" height="{}" role="img" '
            'aria-labelledby="{}-title {}-about"><title id="{}-title">{}</title><desc id="{}-about">{}</desc>{}</svg>'
        ).format(
            *(_short(v) for v in (self.width, self.height) * 2), name, name,
            name, visible(self.title), name, visible(self.about),
            _group_marks(self.marks),
        )  # fmt: skip

    def standalone(self) -> str:
        """As a file, on white."""
        head = Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" width="{}" height="{}" role="img" '
            'font-family="{}"><title>{}</title><desc>{}</desc><rect width="100%" height="100%" fill="{}"/>'
        ).format(
            *(_short(v) for v in (self.width, self.height) * 2), FONT, visible(self.title), visible(self.about),
            LIGHT["paper"],
        )  # fmt: skip
        return f"{head}{''.join(_element(mark, LIGHT.__getitem__) for mark in self.marks)}</svg>\n"

    def _add(
        self, tag: str, text: str | None = None, tip: str | None = None, **attributes: str | float
    ) -> None:
        kept = tuple(
            (name.replace("_", "-"), value)
            for name, value in attributes.items()
            if value != "" and not (name.endswith("opacity") and value == 1)
        )
        self.marks.append(Mark(tag, kept, text, tip))


def fit(text: str, letters: int) -> str:
    """Return the text, cut to so many letters."""
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def width_of(texts: Iterable[str], size: float) -> float:
    """About as wide as the widest of some texts is, in pixels."""
    return max((len(text) for text in texts), default=0) * LETTER * size


_variable = "var(--{})".format
"""The colour of a role on a page."""


def _group_marks(marks: Sequence[Mark]) -> Markup:
    """Return marks as XML in the colours of a page: neighbours of one look as a group, lines as one path.

    A page of many dots is then half as long. Texts are escaped one by one: a format of :class:`Markup` is ten times
    slower.
    """
    parts = []
    for look, those in groupby(marks, lambda mark: tuple(one for one in mark.attributes if one[0] in LOOK)):
        same = list(those)
        if len(same) == 1:
            parts.append(_element(same[0], _variable))
        elif all(mark.tag == "line" and mark.tip is None for mark in same):
            parts.append(f'<path d="{"".join(map(_step, same))}"{_attributes(look, _variable)}/>')
        else:
            inside = "".join(_element(mark, _variable, without=LOOK) for mark in same)
            parts.append(f"<g{_attributes(look, _variable)}>{inside}</g>")
    return Markup("".join(parts))  # nosec B704 # every text is escaped, one by one


def _step(line: Mark) -> str:
    at = dict(line.attributes)
    x1, y1, x2, y2 = (_short(float(at[end])) for end in ENDS)
    return f"M{x1} {y1}" + (f"H{x2}" if y1 == y2 else f"V{y2}" if x1 == x2 else f"L{x2} {y2}")


def _element(mark: Mark, colour: Callable[[str], str], without: Sequence[str] = ()) -> str:
    attributes = _attributes([one for one in mark.attributes if one[0] not in without], colour)
    tip = "" if mark.tip is None else f"<title>{escape(visible(mark.tip))}</title>"
    text = "" if mark.text is None else escape(visible(mark.text))
    inside = f"{tip}{text}"
    return f"<{mark.tag}{attributes}>{inside}</{mark.tag}>" if inside else f"<{mark.tag}{attributes}/>"


def _attributes(attributes: Iterable[tuple[str, str | float]], colour: Callable[[str], str]) -> str:
    parts = []
    for name, value in attributes:
        if not isinstance(value, str):
            text = _short(value)
        else:
            text = colour(value) if name in PAINT and value in LIGHT else str(escape(value))
        parts.append(f' {name}="{text}"')
    return "".join(parts)


def _short(value: float) -> str:
    """Return two decimals at most, so that the same figure is the same bytes."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{_short(x)},{_short(y)}" for x, y in points)
