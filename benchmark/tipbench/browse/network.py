"""The network of one operation: its accounts, wallets, circuits and firms, and what the data show between them.

It is drawn as rows with arcs, so that every row can be read, on a phone too, and nothing rests on colour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import polars as pl

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
    """What is seen between two rows: how it is called, its access tier, and how often."""

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
    links = [link for link in links if set(link.ends) <= there]
    return _keep_most_linked(nodes, links)


def _keep_most_linked(nodes: Sequence[NetworkNode], links: Sequence[NetworkLink]) -> Network:
    """Keep the nodes with most links and name them."""
    degree: Counter[tuple[str, int]] = Counter(end for link in links for end in link.ends)
    named: list[NetworkNode] = []
    for kind, letter in KINDS.items():
        of_kind = [node for node in nodes if node.kind == kind]
        best = sorted(of_kind, key=lambda node: (-degree[node.kind, node.id], -node.others, node.id))[:MOST]
        named += [replace(node, name=f"{letter}{at}") for at, node in enumerate(best, 1)]
    kept = {(node.kind, node.id) for node in named}
    total = Counter(node.kind for node in nodes)
    return Network(
        named, [link for link in links if set(link.ends) <= kept], {kind: total[kind] for kind in KINDS}
    )


Part = tuple[list[NetworkNode], list[NetworkLink]]


def _own_rows(source: Source, table: str, operation: int) -> pl.DataFrame:
    return source.scan(table, truth=True).filter(pl.col("operation") == operation).collect()


def _accounts(source: Source, operation: int) -> Part:
    owned = _own_rows(source, "accounts", operation)
    mine = set(owned["account"])
    adverts = _own_rows(source, "adverts", operation)
    posted = Counter(adverts["account"])
    ends = pl.col("source").is_in(mine), pl.col("target").is_in(mine)
    ties = source.scan("ties").filter(ends[0] | ends[1]).select("source", "target", "count").collect()
    inside, others = _between("account", "tie", ties.iter_rows(), mine)
    nodes = [
        NetworkNode(
            "account",
            row["account"],
            f"{row['platform']}, {_plain(row['role'])}{_many(posted[row['account']], ', {} adverts', ', 1 advert')}",
            others[row["account"]],
        )
        for row in owned.iter_rows(named=True)
    ]
    used = adverts.select("account", "contacts").explode("contacts", empty_as_null=False, keep_nulls=False)
    shared = [
        *_links_by_value("account", "device", owned.select("device_cluster", "account").iter_rows()),
        *_links_by_value(
            "account", "contact", used.select("contacts", "account").unique(maintain_order=True).iter_rows()
        ),
    ]
    return nodes, [*inside, *shared]


def _wallets(source: Source, operation: int) -> Part:
    owned = _own_rows(source, "wallets", operation)
    mine = set(owned["wallet"])
    ends = pl.col("payer").is_in(mine), pl.col("payee").is_in(mine)
    paid = (
        source.scan("payments").filter(ends[0] | ends[1]).select("payer", "payee", count=pl.lit(1)).collect()
    )
    inside, others = _between("wallet", "payment", paid.iter_rows(), mine)
    nodes = [
        NetworkNode("wallet", row["wallet"], _plain(row["role"] or row["holder"]), others[row["wallet"]])
        for row in owned.iter_rows(named=True)
    ]
    return nodes, inside


def _circuits(source: Source, operation: int) -> Part:
    owned = _own_rows(source, "circuits", operation)
    stops = source.scan("stops").filter(pl.col("circuit").is_in(set(owned["circuit"]))).collect()
    booked = Counter(
        (row[0], row[1]) for row in stops.select("circuit", "wallet").iter_rows() if row[1] is not None
    )
    counts = Counter(stops["circuit"])
    towns = dict(stops.group_by("circuit").agg(pl.col("town").n_unique()).iter_rows())
    nodes = [
        NetworkNode(
            "circuit",
            row["circuit"],
            f"{counts[row['circuit']]:,} stops in {towns.get(row['circuit'], 0)} towns",
        )
        for row in owned.iter_rows(named=True)
    ]
    links = [
        NetworkLink((("circuit", circuit), ("wallet", wallet)), "booking", n)
        for (circuit, wallet), n in booked.items()
    ]
    return nodes, sorted(links, key=lambda link: link.ends)


def _firms(source: Source, operation: int) -> Part:
    owned = owned_firms(source).filter(pl.col("operation") == operation).collect()
    mine = set(owned["firm"])
    ends = pl.col("supplier").is_in(mine), pl.col("buyer").is_in(mine)
    sold = (
        source.scan("supplies")
        .filter(ends[0] | ends[1])
        .select("supplier", "buyer", count=pl.lit(1))
        .collect()
    )
    inside, others = _between("firm", "trade", sold.iter_rows(), mine)
    nodes = [
        NetworkNode("firm", row["firm"], f"{_plain(row['sector'])}, {row['size']}", others[row["firm"]])
        for row in owned.iter_rows(named=True)
    ]
    return nodes, inside


def _between(
    kind: str, sort: str, rows: Iterable[tuple[Any, ...]], mine: set[int]
) -> tuple[list[NetworkLink], Counter[int]]:
    """Return the links between own rows, and how many rows of others each is linked with.

    Args:
        kind: of the rows.
        sort: of the links.
        rows: both ends and a count.
        mine: the operation's own.
    """
    inside: Counter[tuple[int, int]] = Counter()
    strangers: dict[int, set[int]] = {}
    for one, other, count in rows:
        if one in mine and other in mine:
            inside[min(one, other), max(one, other)] += count
        else:
            own, stranger = (one, other) if one in mine else (other, one)
            strangers.setdefault(own, set()).add(stranger)
    links = [
        NetworkLink(((kind, one), (kind, other)), sort, count)
        for (one, other), count in sorted(inside.items())
        if one != other
    ]
    return links, Counter({own: len(those) for own, those in strangers.items()})


def _links_by_value(kind: str, sort: str, rows: Iterable[tuple[Any, ...]]) -> list[NetworkLink]:
    """Return a chain of links through the rows that share a value; ``rows``: the value and a row's id."""
    holders: dict[Any, set[int]] = {}
    for value, holder in rows:
        if value is not None:
            holders.setdefault(value, set()).add(holder)
    chains: Counter[tuple[int, int]] = Counter()
    for those in holders.values():
        ordered = sorted(those)
        chains.update(pairwise(ordered))
    return [
        NetworkLink(((kind, one), (kind, other)), sort, count)
        for (one, other), count in sorted(chains.items())
    ]


def _plain(name: str | None) -> str:
    return "" if name is None else name.replace("_", " ")


def _many(count: int, several: str, one: str) -> str:
    return "" if not count else one if count == 1 else several.format(f"{count:,}")


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
        drawing.text((0, y), f"{TITLES[kind]}: {_count_label(network, kind)}", "ink", SIZE + 1, bold=True)
    span = max(heights.values(), default=0) - min(heights.values(), default=0)
    for link in network.links:
        _link(drawing, link, heights, at, width - at - 2 * DOT - 8, max(span, 1))
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


def _count_label(network: Network, kind: str) -> str:
    """Return how many of a kind there are, and how many are drawn where that is less."""
    drawn, total = len(network.of(kind)), network.total[kind]
    if drawn < total:
        return f"{drawn:,} of {total:,}, most linked first"
    return f"{total:,}" if total else "none"


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
    link: NetworkLink,
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
