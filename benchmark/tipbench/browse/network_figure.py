"""Draw a network as rows with arcs: every row can be read, on a phone too, and nothing rests on colour.

The legend is part of the drawing, so that the file of it has one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tipbench.browse.network import KINDS, SORTS, Link, Network, Node
from tipbench.pages.svg import PHONE, Drawing, fit

WIDE = 760
ROW, PHONE_ROW, HEAD, TOP, SIZE = 22, 36, 30, 4, 12
DOT = 5
LINES = {
    "tie": ("accent", ""),
    "device": ("oracle", "2 3"),
    "contact": ("fourth", "8 3 2 3"),
    "payment": ("third", ""),
    "booking": ("oracle", "6 3"),
    "trade": ("ink", ""),
}
"""Colour and dashes of each sort of link. Sorts between rows of the same kinds differ in both."""
SHARED = ("device", "contact")
"""Sorts that swing out further than ties, which they often run beside."""
LEGEND, SAMPLE = 20, 34
"""Pixels: of a line of the legend, of the stroke in it."""
TITLES = {"account": "Accounts", "wallet": "Wallets", "circuit": "Circuits", "firm": "Firms"}


def draw(network: Network, title: str, phone: bool = False) -> Drawing:
    """Return the figure, as wide as a desk or a phone has room for."""
    width = PHONE if phone else WIDE
    at, tall = (218, PHONE_ROW) if phone else (430, ROW)
    headings, heights, bottom = _heights(network, tall)
    sorts = [sort for sort in SORTS if any(link.sort == sort for link in network.links)]
    end = bottom + (HEAD + LEGEND * len(sorts) * (2 if phone else 1) if sorts else 0)
    drawing = Drawing(width, end + 6, title, _about(network, sorts))
    for kind, y in headings.items():
        drawing.text((0, y), f"{TITLES[kind]}: {_said(network, kind)}", "ink", SIZE + 1, bold=True)
    span = max(heights.values(), default=0) - min(heights.values(), default=0)
    for link in network.links:
        _link(drawing, link, heights, at, width - at - 2 * DOT - 8, max(span, 1))
    for node in network.nodes:
        _node(drawing, node, (at, heights[node.kind, node.id]), phone)
    if sorts:
        _legend(drawing, sorts, bottom, phone)
    return drawing


def _about(network: Network, sorts: Sequence[str]) -> str:
    """Return in words how much there is of each kind and of each sort of link that is drawn."""
    counts = Counter(link.sort for link in network.links)
    rows = ", ".join(f"{network.total[kind]:,} {TITLES[kind].lower()}" for kind in KINDS)
    links = ", ".join(f"{SORTS[sort]}: {counts[sort]:,}" for sort in sorts) or "none"
    return f"{rows}; links between those that are drawn: {links}."


def _legend(drawing: Drawing, sorts: Sequence[str], top: float, phone: bool) -> None:
    """Say of each sort of line that is drawn what it means, and who may see it."""
    drawing.text((0, top + HEAD - 11), "Lines", "ink", SIZE + 1, bold=True)
    y = top + HEAD + LEGEND / 2
    for sort in sorts:
        colour, dash = LINES[sort]
        drawing.line((0, y), (SAMPLE, y), colour, 2, dash)
        meaning, _, tier = SORTS[sort].partition(" (")
        drawing.text((SAMPLE + 8, y), meaning if phone else SORTS[sort], "ink", SIZE)
        if phone:
            drawing.text((SAMPLE + 8, y + SIZE + 3), tier.removesuffix(")"), "quiet", SIZE - 0.5)
        y += LEGEND * (2 if phone else 1)


def _heights(network: Network, tall: float) -> tuple[dict[str, float], dict[tuple[str, int], float], float]:
    """Return the middle of each heading and of each row, and where the last row ends."""
    headings: dict[str, float] = {}
    heights: dict[tuple[str, int], float] = {}
    y: float = TOP
    for kind in KINDS:
        y += HEAD
        headings[kind] = y - 11
        for node in network.of(kind):
            heights[kind, node.id] = y + tall / 2
            y += tall
    return headings, heights, y


def _said(network: Network, kind: str) -> str:
    """Return how many of a kind there are, and how many are drawn where that is less."""
    drawn, total = len(network.of(kind)), network.total[kind]
    if drawn < total:
        return f"{drawn:,} of {total:,}, most linked first"
    return f"{total:,}" if total else "none"


def _node(drawing: Drawing, node: Node, at: tuple[float, float], phone: bool) -> None:
    x, y = at
    others = f"{node.others:,} {'link' if node.others == 1 else 'links'} with others" if node.others else ""
    if phone and others:
        y -= SIZE / 2 + 1
        drawing.text((30, y + SIZE + 2), others, "quiet", SIZE - 0.5)
    drawing.text((0, y), node.name, "quiet", SIZE)
    about = node.about if phone or not others else f"{node.about}; {others}"
    drawing.text((30, y), fit(about, 27 if phone else 60), "ink", SIZE, tip=f"id {node.id}")
    y = at[1]
    if node.kind == "account":
        drawing.circle((x, y), DOT, "ink", "ink")
    elif node.kind == "wallet":
        drawing.square((x, y), DOT, "paper", "ink")
    elif node.kind == "circuit":
        drawing.circle((x, y), DOT, "paper", "ink")
    else:
        drawing.diamond((x, y), DOT + 1, "ink")


def _link(
    drawing: Drawing,
    link: Link,
    heights: Mapping[tuple[str, int], float],
    at: float,
    room: float,
    span: float,
) -> None:
    """Draw an arc, the wider the more it joins; devices and contacts swing out a little further than what they join."""
    one, other = (heights[end] for end in link.ends)
    bulge = min(room, 14 + (room - 14) * abs(one - other) / span + (8 if link.sort in SHARED else 0))
    width = 1.25 + min(2.25, 0.75 * (len(str(link.count)) - 1))
    names = f"{SORTS[link.sort]}: {link.count:,}"
    x = at + DOT + 3
    colour, dash = LINES[link.sort]
    drawing.curve((x, one), (x, other), bulge, colour, width, dash, 0.85, names)
