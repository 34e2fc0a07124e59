"""The network of one operation: its accounts, wallets, circuits and firms, and what the data show between them.

That they belong together is truth. The links are what somebody can see: ties between accounts, a device or a contact
that two share, payments, bookings, trade.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import polars as pl

from tipbench.data.harm_groups import owned_firms
from tipbench.task import Source

KINDS = {"account": "A", "wallet": "W", "circuit": "C", "firm": "F"}
"""What is in a network, and the letter of its names."""
MOST = 12
"""Of a kind that are drawn, those with most links."""


@dataclass(frozen=True)
class Node:
    """One row that is of the operation.

    ``name``: short, of this network alone; ``others``: links with rows of others.
    """

    kind: str
    id: int
    about: str
    others: int = 0
    name: str = ""


@dataclass(frozen=True)
class Link:
    """What is seen between two rows: how it is called, its access tier, and how often."""

    ends: tuple[tuple[str, int], tuple[str, int]]
    sort: str
    count: int


@dataclass(frozen=True)
class Network:
    """What is drawn. ``total``: rows of each kind, drawn or not."""

    nodes: Sequence[Node]
    links: Sequence[Link]
    total: dict[str, int]

    def of(self, kind: str) -> list[Node]:
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
    nodes: list[Node] = []
    links: list[Link] = []
    for part in (_accounts, _wallets, _circuits, _firms):
        found, joined = part(source, operation)
        nodes += found
        links += joined
    there = {(node.kind, node.id) for node in nodes}
    links = [link for link in links if set(link.ends) <= there]
    return _drawn(nodes, links)


def _drawn(nodes: Sequence[Node], links: Sequence[Link]) -> Network:
    """Keep the nodes with most links and name them."""
    degree: Counter[tuple[str, int]] = Counter(end for link in links for end in link.ends)
    named: list[Node] = []
    for kind, letter in KINDS.items():
        of_kind = [node for node in nodes if node.kind == kind]
        best = sorted(of_kind, key=lambda node: (-degree[node.kind, node.id], -node.others, node.id))[:MOST]
        named += [replace(node, name=f"{letter}{at}") for at, node in enumerate(best, 1)]
    kept = {(node.kind, node.id) for node in named}
    total = Counter(node.kind for node in nodes)
    return Network(
        named, [link for link in links if set(link.ends) <= kept], {kind: total[kind] for kind in KINDS}
    )


Part = tuple[list[Node], list[Link]]


def _owned(source: Source, table: str, operation: int) -> pl.DataFrame:
    return source.scan(table, truth=True).filter(pl.col("operation") == operation).collect()


def _accounts(source: Source, operation: int) -> Part:
    owned = _owned(source, "accounts", operation)
    mine = set(owned["account"])
    adverts = _owned(source, "adverts", operation)
    posted = Counter(adverts["account"])
    ends = pl.col("source").is_in(mine), pl.col("target").is_in(mine)
    ties = source.scan("ties").filter(ends[0] | ends[1]).select("source", "target", "count").collect()
    inside, others = _between("account", "tie", ties.iter_rows(), mine)
    nodes = [
        Node(
            "account",
            row["account"],
            f"{row['platform']}, {_plain(row['role'])}{_many(posted[row['account']], ', {} adverts', ', 1 advert')}",
            others[row["account"]],
        )
        for row in owned.iter_rows(named=True)
    ]
    used = adverts.select("account", "contacts").explode("contacts", empty_as_null=False, keep_nulls=False)
    shared = [
        *_shared("account", "device", owned.select("device_cluster", "account").iter_rows()),
        *_shared(
            "account", "contact", used.select("contacts", "account").unique(maintain_order=True).iter_rows()
        ),
    ]
    return nodes, [*inside, *shared]


def _wallets(source: Source, operation: int) -> Part:
    owned = _owned(source, "wallets", operation)
    mine = set(owned["wallet"])
    ends = pl.col("payer").is_in(mine), pl.col("payee").is_in(mine)
    paid = (
        source.scan("payments").filter(ends[0] | ends[1]).select("payer", "payee", count=pl.lit(1)).collect()
    )
    inside, others = _between("wallet", "payment", paid.iter_rows(), mine)
    nodes = [
        Node("wallet", row["wallet"], _plain(row["role"] or row["holder"]), others[row["wallet"]])
        for row in owned.iter_rows(named=True)
    ]
    return nodes, inside


def _circuits(source: Source, operation: int) -> Part:
    owned = _owned(source, "circuits", operation)
    stops = source.scan("stops").filter(pl.col("circuit").is_in(set(owned["circuit"]))).collect()
    booked = Counter(
        (row[0], row[1]) for row in stops.select("circuit", "wallet").iter_rows() if row[1] is not None
    )
    counts = Counter(stops["circuit"])
    towns = dict(stops.group_by("circuit").agg(pl.col("town").n_unique()).iter_rows())
    nodes = [
        Node(
            "circuit",
            row["circuit"],
            f"{counts[row['circuit']]:,} stops in {towns.get(row['circuit'], 0)} towns",
        )
        for row in owned.iter_rows(named=True)
    ]
    links = [
        Link((("circuit", circuit), ("wallet", wallet)), "booking", n)
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
        Node("firm", row["firm"], f"{_plain(row['sector'])}, {row['size']}", others[row["firm"]])
        for row in owned.iter_rows(named=True)
    ]
    return nodes, inside


def _between(
    kind: str, sort: str, rows: Iterable[tuple[Any, ...]], mine: set[int]
) -> tuple[list[Link], Counter[int]]:
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
        Link(((kind, one), (kind, other)), sort, count)
        for (one, other), count in sorted(inside.items())
        if one != other
    ]
    return links, Counter({own: len(those) for own, those in strangers.items()})


def _shared(kind: str, sort: str, rows: Iterable[tuple[Any, ...]]) -> list[Link]:
    """Return a chain of links through the rows that share a value; ``rows``: the value and a row's id."""
    holders: dict[Any, set[int]] = {}
    for value, holder in rows:
        if value is not None:
            holders.setdefault(value, set()).add(holder)
    chains: Counter[tuple[int, int]] = Counter()
    for those in holders.values():
        ordered = sorted(those)
        chains.update(pairwise(ordered))
    return [Link(((kind, one), (kind, other)), sort, count) for (one, other), count in sorted(chains.items())]


def _plain(name: str | None) -> str:
    return "" if name is None else name.replace("_", " ")


def _many(count: int, several: str, one: str) -> str:
    return "" if not count else one if count == 1 else several.format(f"{count:,}")
