"""Draw a network as rows with arcs: every row can be read, on a phone too, and nothing rests on colour."""

from __future__ import annotations

from collections.abc import Mapping

from tipbench.browse.network import KINDS, SORTS, Link, Network, Node
from tipbench.pages.svg import PHONE, Drawing, fit

WIDE = 760
ROW, HEAD, TOP, SIZE = 22, 30, 4, 12
DOT = 5
DASHES = {"tie": "", "payment": "", "booking": "6 3", "trade": "", "device": "2 3", "contact": "8 3 2 3"}
"""Line of each sort of link. Solid ones join rows of one kind, and so are told apart by their ends."""
COLOURS = {"device": "oracle", "contact": "oracle"}
TITLES = {"account": "Accounts", "wallet": "Wallets", "circuit": "Circuits", "firm": "Firms"}


def draw(network: Network, title: str, phone: bool = False) -> Drawing:
    """Return the figure, as wide as a desk or a phone has room for."""
    width = PHONE if phone else WIDE
    at, letters = (190, 27) if phone else (430, 64)
    heights, bottom = _heights(network)
    links = len(network.links)
    about = ", ".join(f"{network.total[kind]:,} {TITLES[kind].lower()}" for kind in KINDS)
    drawing = Drawing(width, bottom + 6, title, f"{about}; {links:,} links between those that are drawn.")
    for kind in KINDS:
        _heading(drawing, network, kind, heights)
    span = max(heights.values(), default=0) - min(heights.values(), default=0)
    for link in network.links:
        _link(drawing, link, heights, at, width - at - 2 * DOT - 8, max(span, 1))
    for node in network.nodes:
        _node(drawing, node, (at, heights[node.kind, node.id]), letters)
    return drawing


def _heights(network: Network) -> tuple[dict[tuple[str, int], float], float]:
    """Return the middle of each row, and where the last ends."""
    heights: dict[tuple[str, int], float] = {}
    y = TOP
    for kind in KINDS:
        y += HEAD
        for node in network.of(kind):
            heights[kind, node.id] = y + ROW / 2
            y += ROW
    return heights, y


def _heading(drawing: Drawing, network: Network, kind: str, heights: Mapping[tuple[str, int], float]) -> None:
    """Write what a kind is called and how many there are above its first row."""
    y = TOP
    for other in KINDS:
        y += HEAD
        if other == kind:
            break
        y += ROW * len(network.of(other))
    shown, total = len(network.of(kind)), network.total[kind]
    said = (
        "none"
        if not total
        else f"{total:,}"
        if shown == total
        else f"{shown:,} of {total:,}, most linked first"
    )
    drawing.text((0, y - 11), f"{TITLES[kind]}: {said}", "ink", SIZE + 1, bold=True)


def _node(drawing: Drawing, node: Node, at: tuple[float, float], letters: int) -> None:
    x, y = at
    others = f"; {node.others:,} links with others" if node.others else ""
    drawing.text((0, y), node.name, "quiet", SIZE)
    drawing.text((30, y), fit(f"{node.about}{others}", letters - 5), "ink", SIZE, tip=f"{node.id}{others}")
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
    width = 1 + min(2.0, 0.5 * (len(str(link.count)) - 1))
    names = f"{SORTS[link.sort]}: {link.count:,}"
    x = at + DOT + 3
    drawing.curve(
        (x, one), (x, other), bulge, COLOURS.get(link.sort, "accent"), width, DASHES[link.sort], 0.75, names
    )
