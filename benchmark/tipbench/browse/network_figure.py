"""Draw a network as rows with arcs: every row can be read, on a phone too, and nothing rests on colour."""

from __future__ import annotations

from collections.abc import Mapping

from tipbench.browse.network import KINDS, SORTS, Link, Network, Node
from tipbench.pages.svg import PHONE, Drawing, fit

WIDE = 760
ROW, PHONE_ROW, HEAD, TOP, SIZE = 22, 36, 30, 4, 12
DOT = 5
DASHES = {"tie": "", "payment": "", "booking": "6 3", "trade": "", "device": "2 3", "contact": "8 3 2 3"}
"""Line of each sort of link. Solid ones join rows of one kind, and so are told apart by their ends."""
COLOURS = {"device": "oracle", "contact": "oracle"}
TITLES = {"account": "Accounts", "wallet": "Wallets", "circuit": "Circuits", "firm": "Firms"}


def draw(network: Network, title: str, phone: bool = False) -> Drawing:
    """Return the figure, as wide as a desk or a phone has room for."""
    width = PHONE if phone else WIDE
    at, tall = (218, PHONE_ROW) if phone else (430, ROW)
    headings, heights, bottom = _heights(network, tall)
    links = len(network.links)
    about = ", ".join(f"{network.total[kind]:,} {TITLES[kind].lower()}" for kind in KINDS)
    drawing = Drawing(width, bottom + 6, title, f"{about}; {links:,} links between those that are drawn.")
    for kind, y in headings.items():
        drawing.text((0, y), f"{TITLES[kind]}: {_said(network, kind)}", "ink", SIZE + 1, bold=True)
    span = max(heights.values(), default=0) - min(heights.values(), default=0)
    for link in network.links:
        _link(drawing, link, heights, at, width - at - 2 * DOT - 8, max(span, 1))
    for node in network.nodes:
        _node(drawing, node, (at, heights[node.kind, node.id]), phone)
    return drawing


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
    bulge = min(room, 14 + (room - 14) * abs(one - other) / span + (8 if link.sort in COLOURS else 0))
    width = 1.25 + min(2.25, 0.75 * (len(str(link.count)) - 1))
    names = f"{SORTS[link.sort]}: {link.count:,}"
    x = at + DOT + 3
    drawing.curve(
        (x, one), (x, other), bulge, COLOURS.get(link.sort, "accent"), width, DASHES[link.sort], 0.75, names
    )
