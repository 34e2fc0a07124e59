"""Name the marks of a story's figure: what is in the legend."""

from __future__ import annotations

from typing import Any, NamedTuple

from tipdata.documents.palette import LIGHT

from tipbench.stories.record import Timeline
from tipbench.style import DOT

INK, QUIET, PALE, PAPER, WASH = (LIGHT[name] for name in ("ink", "quiet", "pale", "paper", "wash"))
ACCENT, STRONG = LIGHT["accent"], LIGHT["oracle"]
BAR, THIN = 4.0, 1.6
"""Points across the bar of what lasts, and of what matters less in its lane."""


def handles(story: Timeline) -> list[Any]:
    """Return the legend: the shades, and of what there is its marks."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def made(mark: Mark) -> Any:
        if mark.shape == "area":
            return Patch(facecolor=mark.face, edgecolor=PALE, label=mark.label, alpha=mark.alpha)
        width = {"bar": BAR, "line": THIN}.get(mark.shape, 0.0)
        return Line2D(
            [], [], color=mark.colour, linestyle="-" if width else "", linewidth=width,
            marker="" if width else mark.shape,
            markersize=DOT - 1, markerfacecolor=mark.face or mark.colour, markeredgewidth=1, label=mark.label,
        )  # fmt: skip

    there = {event.what for event in story.events} | {"life"} | ({"posting"} if story.about.posts else set())
    return [made(mark) for what, marks in MARKS.items() if what in there for mark in marks]


class Mark(NamedTuple):
    """A mark of the legend: a matplotlib marker, "bar", "line" or "area", and its colours."""

    shape: str
    label: str
    colour: str = INK
    face: str = ""
    alpha: float = 1.0


MARKS = {
    "life": [Mark("area", "its life", face=WASH)],
    "posting": [Mark("area", "it posts", face=PALE)],
    "conversation": [
        Mark("bar", "recruiting conversation"),
        Mark("line", "other conversation", QUIET),
        Mark("D", "commitment reached", STRONG),
    ],
    "advert": [Mark("|", "advert")],
    "flag": [Mark("x", "flag by a user", STRONG)],
    "account": [Mark("line", "account that advertises"), Mark("bar", "account that recruits", ACCENT)],
    "money in": [Mark("area", "money in, by week (root scale)", face=INK)],
    "money moved": [Mark("area", "between own wallets", face=QUIET)],
    "money out": [Mark("area", "money out", face=ACCENT)],
    "everyday payment": [Mark("|", "everyday payment of a member", QUIET)],
    "wallet": [Mark("o", "wallet opened", face=PAPER)],
    "stop": [Mark("o", "stop, by town")],
    "journey": [Mark("|", "journey booked", ACCENT)],
    "exploiting firm": [Mark("bar", "firm that exploits", STRONG)],
    "firm": [Mark("line", "firm with people placed", QUIET)],
    "audit": [Mark("^", "audit", face=PAPER)],
    "complaint": [Mark("v", "complaint", face=PAPER)],
    "person": [
        Mark("area", "people under its control", face=ACCENT, alpha=0.35),
        Mark("^", "person comes", ACCENT),
    ],
    "exit": [Mark("v", "person gets out", ACCENT, PAPER)],
    "helpline contact": [Mark("P", "helpline contact", STRONG)],
    "review": [Mark("s", "advert queued for review", STRONG, PAPER)],
}
"""What happens -> its marks in the legend."""
