"""The pages of cases: the list of pairs, and of each case its days, network, adverts and chronicle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl
from tipdata.core.kinds import CATEGORIES
from tipdata.core.world import DAYS, parameters
from tipdata.stages import tables_of

from tipbench.browse.adverts import adverts_with_operation, card
from tipbench.browse.network import KINDS, TITLES, Network, NetworkLink, NetworkNode, draw_network, network_of
from tipbench.browse.site import Page, Site
from tipbench.browse.table_page import sample
from tipbench.pages.axes import Scale
from tipbench.pages.svg import PHONE, Drawing
from tipbench.pages.templates import Figure
from tipbench.stories.chronicle import PLURAL, SINGULAR, UNDATED, describe_operation, phases, title
from tipbench.stories.figure import reach_of
from tipbench.stories.record import Event, Timeline
from tipbench.stories.sources import VIEWS, rank_operations
from tipbench.stories.story import Story, story_from

LAWFUL = ("business", "independent")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class OperationPair:
    """A trafficking operation and a lawful one beside it, each as a row of candidates. ``why``: what both share."""

    case: Row
    beside: Row
    why: str


def choose(found: pl.DataFrame, version: str) -> list[OperationPair]:
    """Return a pair for each form of trafficking that there is.

    Args:
        found: operations, as :func:`tipbench.stories.sources.candidates` has them.
        version: of the data.
    """
    best = rank_operations(found)
    lawful = best.filter(pl.col("kind").is_in(LAWFUL)).to_dicts()
    pairs: list[OperationPair] = []
    for form in tables_of(version)["operations"]["form"].possible(parameters(version)):
        cases = best.filter((pl.col("kind") == "trafficking") & (pl.col("form") == form)).head(1).to_dicts()
        taken = {pair.beside["operation"] for pair in pairs}
        free = [row for row in lawful if row["operation"] not in taken]
        if cases and free:
            pairs.append(_pair_lawful(cases[0], free))
    return pairs


def _pair_lawful(case: Row, lawful: Sequence[Row]) -> OperationPair:
    """Return the first of lawful operations that offers the same, else one of the same family, else any."""
    ways = (
        (f"both offer {case['category']}", lambda row: row["category"] == case["category"]),
        ("both post adverts of one family", lambda row: _family(row) == _family(case)),
        ("both are seen well", lambda row: True),
    )
    return next(OperationPair(case, row, why) for why, fits in ways for row in lawful if fits(row))


def _family(row: Row) -> int:
    return CATEGORIES[row["category"]]


WIDE, LEFT, SIZE = 900, 262, 12
ROW, PHONE_ROW, TOP, BOTTOM = 22, 34, 22, 52
TICK = 12
AXIS = f"day; 0 is the first of the {DAYS} days of data"
FRAMES = ("begins", "ends")
"""What is drawn as the ends of the shade."""
HIDDEN = ("member", "person", "exit", "handed on", "exploiting firm", "investigation")
"""What truth alone knows: rows of hidden tables, and what a firm does."""


def draw_days(story: Timeline, title: str, phone: bool = False) -> Drawing:
    """Return the figure, as wide as a desk or a phone has room for."""
    rows = [(what, [e for e in story.events if e.what == what]) for what in SINGULAR if what not in FRAMES]
    rows = [(what, events) for what, events in rows if events]
    tall = PHONE_ROW if phone else ROW
    width, left = (PHONE, 0) if phone else (WIDE, LEFT)
    reach = reach_of(story)
    scale = Scale(reach.first, reach.last, left + 4, width - 6)
    bottom = TOP + tall * len(rows)
    drawing = Drawing(width, bottom + BOTTOM, title, _describe_days(rows))
    _background(drawing, story, scale, bottom)
    for at, (what, events) in enumerate(rows):
        top = TOP + tall * at
        said = f"{PLURAL.get(what, SINGULAR[what])}{' (truth)' if what in HIDDEN else ''}"
        middle = top + (tall - ROW / 2)
        if phone:
            drawing.text((0, top + 9), said, "ink", SIZE - 0.5)
            drawing.text((width, top + 9), f"{len(events):,}", "quiet", SIZE - 0.5, anchor="end")
        else:
            drawing.text((0, middle), said, "ink", SIZE)
            drawing.text((left - 12, middle), f"{len(events):,}", "quiet", SIZE, anchor="end")
        _row(drawing, events, scale, middle, "accent" if what in HIDDEN else "ink")
    return drawing


def _describe_days(rows: Sequence[tuple[str, Sequence[Event]]]) -> str:
    return "; ".join(
        f"{PLURAL.get(what, SINGULAR[what])}: {len(events):,}, "
        + (f"day {events[0].day} to {events[-1].day}" if events[0].dated else UNDATED)
        for what, events in rows
    )


def _background(drawing: Drawing, story: Timeline, scale: Scale, bottom: float) -> None:
    """Shade the operation's life, and mark the first and last day of the data."""
    about = story.about
    start, end = scale(max(about.begins, scale.low)), scale(min(about.ends + 1, scale.high))
    drawing.box((start, TOP - 4), end - start, bottom - TOP + 8, "wash")
    drawing.text((max(start, scale.start), TOP - 13), "its life", "quiet", SIZE - 0.5)
    for edge in (start, end):
        drawing.line((edge, TOP - 4), (edge, bottom + 4), "pale")
    for day in (0, DAYS):
        if scale.low < day < scale.high:
            drawing.line((scale(day), TOP - 4), (scale(day), bottom + 4), "quiet", dash="2 3")
    drawing.line((scale.start, bottom + 4), (scale.end, bottom + 4), "quiet")
    for day, text in scale.ticks(5 if scale.start < LEFT else 8):
        drawing.line((scale(day), bottom + 4), (scale(day), bottom + 8), "quiet")
        anchor = (
            "end" if scale(day) > scale.end - 8 else "middle" if scale(day) > scale.start + 8 else "start"
        )
        drawing.text((scale(day), bottom + 16), text, "quiet", 11, anchor)
    drawing.text((scale.start, bottom + 34), AXIS, "quiet", SIZE - 0.5)


def _row(drawing: Drawing, events: Sequence[Event], scale: Scale, middle: float, colour: str) -> None:
    """Draw the days of one thing that are in reach; days that several share are drawn once."""
    if not events[0].dated:
        drawing.text((scale.start, middle), UNDATED, "quiet", SIZE - 0.5)
        return
    drawing.line((scale.start, middle), (scale.end, middle), "pale")
    days = {event.day for event in events if scale.low <= event.day <= scale.high}
    for event in events:
        first, last = (
            max(event.day, scale.low),
            min(event.day if event.until is None else event.until, scale.high),
        )
        if last > first:
            drawing.line((scale(first), middle), (scale(last), middle), colour, 3, opacity=0.45)
    for day in sorted(days):
        drawing.line((scale(day), middle - TICK / 2), (scale(day), middle + TICK / 2), colour, 1.5)


ADVERTS = 3
"""Cards of a case."""


@dataclass(frozen=True)
class CaseStory:
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
        return story_from(self.site.source.one_region(self.row["region"]), dict(self.row))

    @cached_property
    def network(self) -> Network:
        return network_of(self.site.source.one_region(self.row["region"]), self.row["operation"])

    @cached_property
    def title(self) -> str:
        return title(self.story)


@dataclass(frozen=True)
class CasePair:
    """A pair of cases. ``why``: what both share."""

    case: CaseStory
    beside: CaseStory
    why: str


def read_pairs(site: Site, pairs: Sequence[OperationPair]) -> list[CasePair]:
    """Return pairs as cases that are told."""
    return [CasePair(CaseStory(site, pair.case), CaseStory(site, pair.beside), pair.why) for pair in pairs]


def list_page(site: Site, pairs: Sequence[CasePair]) -> Page:
    """Return the page with all cases to choose from."""
    return Page("cases.html", site.fill("cases.html", "", "*cases", pairs=pairs, views=list(VIEWS)))


def case_page(case: CaseStory, other: CaseStory, why: str) -> Page:
    """Return the page of a case, with another one beside it."""
    number, region = case.row["operation"], case.site.source.one_region(case.row["region"])
    adverts = adverts_with_operation(region).filter(pl.col("operation") == number)
    both = zip(_counts(case), _counts(other), strict=True)
    figures = {"days": _days(case), "network": _network(case)}
    html = case.site.fill(
        "case.html", "../", "*cases", case=case, other=other, why=why, note=case.story.note,
        facts=[(_capital(line.when), line.text) for line in describe_operation(case.story)],
        compared=[(name, mine, others) for (name, mine), (_, others) in both],
        figures=figures, network=case.network, nodes=_nodes(case.network),
        cards=[card(row) for row in sample(adverts, f"case/{number}", ADVERTS).iter_rows(named=True)],
        posted=adverts.height, phases=phases(case.story),
    )  # fmt: skip
    return Page(case.path, html, list(figures.values()))


def _capital(word: str) -> str:
    return f"{word[0].upper()}{word[1:]}"


def _counts(case: CaseStory) -> list[tuple[str, str]]:
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


def _days(case: CaseStory) -> Figure:
    text = (
        "A tick is a day on which it happens, a bar what lasts. The shade is the operation's life; dotted lines are "
        "the first and last day of the data. Rows in colour, marked (truth), nobody sees. What lies months outside its "
        "life is counted and not drawn."
    )
    name = f"Days of operation {case.row['operation']}"
    return Figure(
        "days", "What happened when", text, draw_days(case.story, name),
        f"figures/{case.row['operation']}-days.svg", draw_days(case.story, name, phone=True),
    )  # fmt: skip


def _network(case: CaseStory) -> Figure:
    text = (
        "Every row is an account, wallet, circuit or firm of the operation: that they belong together is truth. Arcs "
        "are what somebody can see between them; the wider, the more often. A row without an arc hangs on truth alone."
    )
    name = f"Network of operation {case.row['operation']}"
    return Figure(
        "arcs", "What is linked with what", text, draw_network(case.network, name),
        f"figures/{case.row['operation']}-network.svg", draw_network(case.network, name, phone=True),
    )  # fmt: skip


def _nodes(network: Network) -> list[tuple[NetworkNode, str]]:
    """Return every row of a network with what it is linked with, in words."""
    names = {(node.kind, node.id): node.name for node in network.nodes}
    return [(node, ", ".join(_join_words(link, (node.kind, node.id), names) for link in network.links
                             if (node.kind, node.id) in link.ends)) for node in network.nodes]  # fmt: skip


def _join_words(link: NetworkLink, mine: tuple[str, int], names: dict[tuple[str, int], str]) -> str:
    one, other = link.ends
    return f"{names[other if one == mine else one]} ({link.sort}, {link.count:,})"
