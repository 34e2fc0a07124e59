"""Name the marks of a story's figure: what is in the legend."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from tipdata.documents.palette import LIGHT

from tipbench.stories.record import Event
from tipbench.style import DOT

INK, QUIET, PALE, PAPER, WASH = (LIGHT[name] for name in ("ink", "quiet", "pale", "paper", "wash"))
ACCENT, STRONG = LIGHT["accent"], LIGHT["oracle"]
BAR, THIN = 4.0, 1.6
"""Points across the bar of what lasts, and of what matters less in its lane."""


def recruits(event: Event) -> bool:
    """Return whether a conversation or an account recruits."""
    return (event.sort or "").startswith(("recruitment", "that recruits"))


def commits(event: Event) -> bool:
    """Return whether a conversation reaches a commitment."""
    return "commitment" in (event.sort or "")


def handles(drawn: Iterable[Event], posts: bool) -> list[Any]:
    """Return the legend: the shades, and the marks of what is drawn.

    Args:
        drawn: the events that are.
        posts: whether the spell of posting is shaded.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def made(mark: Mark) -> Any:
        if mark.shape == "area":
            return Patch(facecolor=mark.face, edgecolor=PALE, label=mark.label, alpha=mark.alpha)
        width = {"bar": BAR, "line": THIN, "dots": THIN}.get(mark.shape, 0.0)
        line = ":" if mark.shape == "dots" else "-" if width else ""
        return Line2D(
            [], [], color=mark.colour, linestyle=line, linewidth=width,
            marker="" if width else mark.shape,
            markersize=DOT - 1, markerfacecolor=mark.face or mark.colour, markeredgewidth=1, label=mark.label,
        )  # fmt: skip

    by_what: dict[str, list[Event]] = {}
    for event in drawn:
        by_what.setdefault(event.what, []).append(event)
    shades = [SHADES[0], *([SHADES[1]] if posts else [])]
    marks = [m for what, marks in MARKS.items() for m in marks if any(map(m.of, by_what.get(what, ())))]
    return [made(mark) for mark in [*shades, *marks]]


def _all(event: Event) -> bool:
    return True


def _bounded(event: Event) -> bool:
    return event.until is not None


class Mark(NamedTuple):
    """A mark of the legend: a matplotlib marker, "bar", "line", "dots" or "area", its colours, and of which events it
    is."""

    shape: str
    label: str
    colour: str = INK
    face: str = ""
    alpha: float = 1.0
    of: Callable[[Event], bool] = _all


SHADES = (Mark("area", "its life", face=WASH), Mark("area", "it posts", face=PALE))
MARKS = {
    "conversation": [
        Mark("bar", "recruiting conversation", of=recruits),
        Mark("line", "other conversation", QUIET, of=lambda event: not recruits(event)),
        Mark("D", "commitment reached", STRONG, of=commits),
    ],
    "advert": [Mark("|", "advert")],
    "flag": [Mark("x", "flag by a user", STRONG)],
    "account": [
        Mark("line", "account that can advertise", of=lambda event: not recruits(event)),
        Mark("bar", "account that recruits", ACCENT, of=recruits),
        Mark("x", "account is closed", of=_bounded),
    ],
    "money in": [Mark("area", "money in, by week (root scale)", face=INK)],
    "money moved": [Mark("area", "between own wallets", face=QUIET)],
    "money out": [Mark("area", "money out", face=ACCENT)],
    "money beside": [Mark("|", "payment around it", ACCENT)],
    "everyday payment": [Mark("|", "everyday payment of a member", QUIET)],
    "wallet": [Mark("o", "wallet opened", face=PAPER)],
    "stop": [Mark("o", "stop, by town")],
    "journey": [Mark("|", "journey booked", ACCENT)],
    "exploiting firm": [Mark("bar", "firm that exploits", STRONG)],
    "firm": [Mark("dots", "firms it staffs, no day known", QUIET)],
    "audit": [Mark("^", "audit", face=PAPER)],
    "complaint": [Mark("v", "complaint", face=PAPER)],
    "person": [
        Mark("area", "people under its control", face=ACCENT, alpha=0.35),
        Mark("^", "person comes", ACCENT),
    ],
    "exit": [Mark("v", "person gets out", ACCENT, PAPER)],
    "handed on": [Mark(">", "person handed on", ACCENT, PAPER)],
    "helpline contact": [Mark("P", "helpline contact", STRONG)],
    "review": [Mark("s", "advert queued for review", STRONG, PAPER)],
}
"""What happens -> its marks in the legend."""
