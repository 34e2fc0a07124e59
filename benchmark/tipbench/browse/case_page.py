"""The pages of cases: the list of pairs, and of each case its days, network, adverts and chronicle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from tipbench.browse import days, network_figure
from tipbench.browse.adverts import card, posted
from tipbench.browse.cases import Pair, Row
from tipbench.browse.network import KINDS, Link, Network, Node, network_of
from tipbench.browse.network_figure import TITLES
from tipbench.browse.page import Page, Site
from tipbench.browse.rows import sample
from tipbench.pages.templates import Figure
from tipbench.stories.chronicle import about_told, phases, title
from tipbench.stories.story import Story
from tipbench.stories.timeline import story_from
from tipbench.stories.views import VIEWS

ADVERTS = 3
"""Cards of a case."""


@dataclass(frozen=True)
class Case:
    """An operation that is told; all of it is read from its region alone."""

    site: Site
    row: Row

    @property
    def path(self) -> str:
        return f"cases/{self.row['operation']}.html"

    @property
    def lawful(self) -> bool:
        return self.row["kind"] != "trafficking"

    @cached_property
    def story(self) -> Story:
        return story_from(self.site.source.only(self.row["region"]), dict(self.row))

    @cached_property
    def network(self) -> Network:
        return network_of(self.site.source.only(self.row["region"]), self.row["operation"])

    @cached_property
    def title(self) -> str:
        return title(self.story)


@dataclass(frozen=True)
class Told:
    """A pair of cases. ``why``: what both share."""

    case: Case
    beside: Case
    why: str


def told(site: Site, pairs: Sequence[Pair]) -> list[Told]:
    """Return pairs as cases that are told."""
    return [Told(Case(site, pair.case), Case(site, pair.beside), pair.why) for pair in pairs]


def list_page(site: Site, pairs: Sequence[Told]) -> Page:
    """Return the page with all cases to choose from."""
    return Page("cases.html", site.fill("cases.html", "", "*cases", pairs=pairs, views=list(VIEWS)))


def case_page(case: Case, other: Case, why: str) -> Page:
    """Return the page of a case, with another one beside it."""
    number, region = case.row["operation"], case.site.source.only(case.row["region"])
    adverts = posted(region).filter(pl.col("operation") == number)
    both = zip(_counts(case), _counts(other), strict=True)
    figures = {"days": _days(case), "network": _network(case)}
    html = case.site.fill(
        "case.html", "../", "*cases", case=case, other=other, why=why, note=case.story.note,
        facts=[(_capital(line.when), line.text) for line in about_told(case.story)],
        compared=[(name, mine, others) for (name, mine), (_, others) in both],
        figures=figures, network=case.network, nodes=_nodes(case.network),
        cards=[card(row) for row in sample(adverts, f"case/{number}", ADVERTS).iter_rows(named=True)],
        posted=adverts.height, phases=phases(case.story),
    )  # fmt: skip
    return Page(case.path, html, list(figures.values()))


def _capital(word: str) -> str:
    return f"{word[0].upper()}{word[1:]}"


def _counts(case: Case) -> list[tuple[str, str]]:
    """Return what is seen of a case: names and texts, the same names for every case."""
    story, row = case.story, case.row
    events = {
        what: sum(event.what == what for event in story.events) for what in ("flag", "audit", "complaint")
    }
    return [
        *((f"rows of {view}", f"{row[view]:,}") for view in VIEWS),
        ("views that count", f"{row['views']} of {len(VIEWS)}"),
        *((TITLES[kind].lower(), f"{case.network.total[kind]:,}") for kind in KINDS),
        ("flags by users", f"{events['flag']:,}"),
        ("audits of its firms", f"{events['audit']:,}"),
        ("complaints by workers", f"{events['complaint']:,}"),
        ("writes in a language outside the region's majority", "yes" if row["migrant"] else "no"),
        ("tours between towns", "yes" if row["circuit"] else "no"),
        ("how often its contacts change (0 to 2)", str(row["churn"])),
    ]


def _days(case: Case) -> Figure:
    text = (
        "A tick is a day on which it happens, a bar what lasts. The shade is the operation's life; dotted lines are "
        "the first and last day of the data. Rows in colour, marked (truth), nobody sees. What lies months outside its "
        "life is counted and not drawn."
    )
    name = f"Days of operation {case.row['operation']}"
    return Figure(
        "days", "What happened when", text, days.draw(case.story, name),
        f"figures/{case.row['operation']}-days.svg", days.draw(case.story, name, phone=True),
    )  # fmt: skip


def _network(case: Case) -> Figure:
    text = (
        "Every row is an account, wallet, circuit or firm of the operation: that they belong together is truth. Arcs "
        "are what somebody can see between them; the wider, the more often. A row without an arc hangs on truth alone."
    )
    name = f"Network of operation {case.row['operation']}"
    return Figure(
        "arcs", "What is linked with what", text, network_figure.draw(case.network, name),
        f"figures/{case.row['operation']}-network.svg", network_figure.draw(case.network, name, phone=True),
    )  # fmt: skip


def _nodes(network: Network) -> list[tuple[Node, str]]:
    """Return every row of a network with what it is linked with, in words."""
    names = {(node.kind, node.id): node.name for node in network.nodes}
    return [(node, ", ".join(_joined(link, (node.kind, node.id), names) for link in network.links
                             if (node.kind, node.id) in link.ends)) for node in network.nodes]  # fmt: skip


def _joined(link: Link, mine: tuple[str, int], names: dict[tuple[str, int], str]) -> str:
    one, other = link.ends
    return f"{names[other if one == mine else one]} ({link.sort}, {link.count:,})"
