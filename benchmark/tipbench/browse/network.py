"""The network of one operation: its accounts, wallets, circuits and firms, and what the data show between them.

It is drawn as rows with arcs, so that every row can be read, on a phone too, and nothing rests on colour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import polars as pl
from tipcore.spelling import count_of

from tipbench.data.harm_groups import owned_firms
from tipbench.pages.svg import PHONE, Drawing, fit
from tipbench.task import Source

KINDS = {"account": "A", "wallet": "W", "circuit": "C", "firm": "F"}
"""What is in a network, and the letter of its names."""
MOST = 12
"""Of a kind that are drawn, those with most links."""


@dataclass(frozen=True)
class NetworkNode:
    """One row that is of the operation.

    ``name``: short, of this network alone; ``others``: links with rows of others.
    """

    kind: str
    id: int
    about: str
    others: int = 0
    name: str = ""


@dataclass(frozen=True)
class NetworkLink:
    """What is seen between two rows: a key of :data:`SORTS`, and how often."""

    ends: tuple[tuple[str, int], tuple[str, int]]
    sort: str
    count: int


@dataclass(frozen=True)
class Network:
    """What is drawn. ``total``: rows of each kind, drawn or not."""

    nodes: Sequence[NetworkNode]
    links: Sequence[NetworkLink]
    total: dict[str, int]

    def of(self, kind: str) -> list[NetworkNode]:
        return [node for node in self.nodes if node.kind == kind]


SORTS = {
    "tie": "links, follows, comments or writes (public; messages: platform)",
    "device": "one device (platform)",
    "contact": "one contact in their adverts (platform)",
    "payment": "pays (legal)",
    "booking": "books a stop (legal)",
    "trade": "sells to (public)",
}
"""Links, what each means, and who may see it."""


def network_of(source: Source, operation: int) -> Network:
    """Return the network of an operation; ``source`` needs no region but its own."""
    nodes: list[NetworkNode] = []
    links: list[NetworkLink] = []
    for part in (_accounts, _wallets, _circuits, _firms):
        found, joined = part(source, operation)
        nodes += found
        links += joined
    there = {(node.kind, node.id) for node in nodes}
    return _keep_most_linked(nodes, [link for link in links if set(link.ends) <= there])


def _keep_most_linked(nodes: Sequence[NetworkNode], links: Sequence[NetworkLink]) -> Network:
    degree = Counter(end for link in links for end in link.ends)
    named: list[NetworkNode] = []
    for kind, letter in KINDS.items():
        of_kind = [node for node in nodes if node.kind == kind]
        best = sorted(of_kind, key=lambda node: (-degree[node.kind, node.id], -node.others, node.id))[:MOST]
        named += [replace(node, name=f"{letter}{at}") for at, node in enumerate(best, 1)]
    kept = {(node.kind, node.id) for node in named}
    total = Counter(node.kind for node in nodes)
    drawn = [link for link in links if set(link.ends) <= kept]
    return Network(named, drawn, {kind: total[kind] for kind in KINDS})


Part = tuple[list[NetworkNode], list[NetworkLink]]


def _own_rows(source: Source, table: str, operation: int) -> pl.DataFrame:
    return source.scan(table, truth=True).filter(pl.col("operation") == operation).collect()


def _accounts(source: Source, operation: int) -> Part:
    owned, adverts = (_own_rows(source, table, operation) for table in ("accounts", "adverts"))
    posted, about = Counter(adverts["account"]), {}
    for row in owned.to_dicts():
        count = posted[row["account"]]
        many = f", {count_of(count, 'advert')}" if count else ""
        about[row["account"]] = f"{row['platform']}, {_plain(row['role'])}{many}"
    nodes, inside = _link_rows("account", about, source.scan("ties"), ("source", "target"), "tie")
    used = adverts.select("contacts", "account").explode("contacts", empty_as_null=False, keep_nulls=False)
    devices, contacts = owned.select("device_cluster", "account"), used.unique(maintain_order=True)
    shared = [*_links_by_value("device", devices), *_links_by_value("contact", contacts)]
    return nodes, [*inside, *shared]


def _wallets(source: Source, operation: int) -> Part:
    owned = _own_rows(source, "wallets", operation).to_dicts()
    about = {row["wallet"]: _plain(row["role"] or row["holder"]) for row in owned}
    paid = source.scan("payments").with_columns(count=1)
    return _link_rows("wallet", about, paid, ("payer", "payee"), "payment")


def _circuits(source: Source, operation: int) -> Part:
    owned = _own_rows(source, "circuits", operation)["circuit"]
    stops = source.scan("stops").filter(pl.col("circuit").is_in(set(owned))).collect()
    booked = sorted(Counter(stops.drop_nulls("wallet").select("circuit", "wallet").iter_rows()).items())
    counts = Counter(stops["circuit"])
    towns = dict(stops.group_by("circuit").agg(pl.col("town").n_unique()).iter_rows())
    about = {one: f"{counts[one]:,} stops in {towns.get(one, 0)} towns" for one in owned}
    nodes = [NetworkNode("circuit", one, said) for one, said in about.items()]
    links = [NetworkLink((("circuit", one), ("wallet", other)), "booking", n) for (one, other), n in booked]
    return nodes, links


def _firms(source: Source, operation: int) -> Part:
    owned = owned_firms(source).filter(pl.col("operation") == operation).collect().to_dicts()
    about = {row["firm"]: f"{_plain(row['sector'])}, {row['size']}" for row in owned}
    sold = source.scan("supplies").with_columns(count=1)
    return _link_rows("firm", about, sold, ("supplier", "buyer"), "trade")


def _link_rows(kind: str, mine: dict[int, str], rows: pl.LazyFrame, ends: tuple[str, str], sort: str) -> Part:
    """Return the nodes of an operation's own rows, and the links between them.

    ``mine``: id of each own row -> its description. ``rows``: links of one sort, between own rows and those of
    others, with the columns ``ends`` and ``count``.
    """
    inside: Counter[tuple[int, int]] = Counter()
    strangers: dict[int, set[int]] = {own: set() for own in mine}
    of_mine = rows.filter(pl.any_horizontal(pl.col(end).is_in(set(mine)) for end in ends))
    for one, other, count in of_mine.select(*ends, "count").collect().iter_rows():
        if one in mine and other in mine:
            inside[min(one, other), max(one, other)] += count
        else:
            own, stranger = (one, other) if one in mine else (other, one)
            strangers[own].add(stranger)
    nodes = [NetworkNode(kind, own, about, len(strangers[own])) for own, about in mine.items()]
    pairs = [(pair, count) for pair, count in sorted(inside.items()) if pair[0] != pair[1]]
    return nodes, [NetworkLink(((kind, one), (kind, other)), sort, count) for (one, other), count in pairs]


def _links_by_value(sort: str, rows: pl.DataFrame) -> list[NetworkLink]:
    """Return a chain of links through the accounts that share a value; ``rows``: the value and an account."""
    holders: dict[Any, set[int]] = {}
    for value, holder in rows.iter_rows():
        if value is not None:
            holders.setdefault(value, set()).add(holder)
    chains = Counter(pair for those in holders.values() for pair in pairwise(sorted(those)))
    return [NetworkLink((("account", a), ("account", b)), sort, n) for (a, b), n in sorted(chains.items())]


def _plain(name: str | None) -> str:
    return "" if name is None else name.replace("_", " ")


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


def draw_network(network: Network, title: str, phone: bool = False) -> Drawing:
    """Return the figure, as wide as a desk or a phone has room for."""
    width = PHONE if phone else WIDE
    at, tall = (218, PHONE_ROW) if phone else (430, ROW)
    headings, heights, bottom = _heights(network, tall)
    sorts = [sort for sort in SORTS if any(link.sort == sort for link in network.links)]
    end = bottom + (HEAD + LEGEND * len(sorts) * (2 if phone else 1) if sorts else 0)
    drawing = Drawing(width, end + 6, title, _describe_network(network, sorts))
    for kind, y in headings.items():
        drawn, total = len(network.of(kind)), network.total[kind]
        count = f"{drawn:,} of {total:,}, most linked first" if drawn < total else f"{total:,}"
        drawing.text((0, y), f"{TITLES[kind]}: {count if total else 'none'}", "ink", SIZE + 1, bold=True)
    span = max(heights.values(), default=0) - min(heights.values(), default=0)
    for link in network.links:
        one, other = (heights[end] for end in link.ends)
        _draw_link(drawing, link, (one, other), at, width - at - 2 * DOT - 8, max(span, 1))
    for node in network.nodes:
        _node(drawing, node, (at, heights[node.kind, node.id]), phone)
    if sorts:
        _legend(drawing, sorts, bottom, phone)
    return drawing


def _describe_network(network: Network, sorts: Sequence[str]) -> str:
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


def _node(drawing: Drawing, node: NetworkNode, at: tuple[float, float], phone: bool) -> None:
    x, y = at
    others = f"{node.others:,} {'link' if node.others == 1 else 'links'} with others" if node.others else ""
    if phone and others:
        y -= SIZE / 2 + 1
        drawing.text((30, y + SIZE + 2), others, "quiet", SIZE - 0.5)
    drawing.text((0, y), node.name, "quiet", SIZE)
    about = node.about if phone or not others else f"{node.about}; {others}"
    drawing.text((30, y), fit(about, 27 if phone else 60), "ink", SIZE, tip=f"id {node.id}")
    y = at[1]
    if node.kind == "wallet":
        drawing.square((x, y), DOT, "paper", "ink")
    elif node.kind == "firm":
        drawing.diamond((x, y), DOT + 1, "ink")
    else:
        drawing.circle((x, y), DOT, "ink" if node.kind == "account" else "paper", "ink")


def _draw_link(
    drawing: Drawing, link: NetworkLink, ends: tuple[float, float], at: float, room: float, span: float
) -> None:
    """Draw an arc, the wider the more it joins; devices and contacts swing out a little further than what they join."""
    one, other = ends
    bulge = min(room, 14 + (room - 14) * abs(one - other) / span + (8 if link.sort in SHARED else 0))
    width = 1.25 + min(2.25, 0.75 * (len(str(link.count)) - 1))
    names = f"{SORTS[link.sort]}: {link.count:,}"
    x = at + DOT + 3
    colour, dash = LINES[link.sort]
    drawing.curve((x, one), (x, other), bulge, colour, width, dash, 0.85, names)
