"""The pages of cases: the list of pairs, and of each case its days, network, adverts and chronicle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl
from tipdata.core.kinds import CATEGORIES
from tipdata.core.world import DAYS, parameters
from tipdata.stages import tables_of

from tipbench.browse.adverts import adverts_with_operation, card
from tipbench.browse.network import KINDS, TITLES, Network, NetworkNode, draw_network, network_of
from tipbench.browse.site import Site
from tipbench.browse.table_page import sample
from tipbench.pages.svg import PHONE, Drawing, Scale
from tipbench.pages.templates import Figure, Page
from tipbench.stories.chronicle import PLURAL, SINGULAR, UNDATED, describe_operation, phases, title
from tipbench.stories.figure import reach_of
from tipbench.stories.record import Event, Timeline
from tipbench.stories.sources import VIEWS, rank_operations
from tipbench.stories.story import Story, story_from

LAWFUL = ("business", "independent")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class CaseStory:
    """The story of an operation; all of it is read from its region alone."""

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
    """A trafficking operation and a lawful one beside it. ``why``: what both share."""

    case: CaseStory
    beside: CaseStory
    why: str


def choose_pairs(site: Site, found: pl.DataFrame) -> list[CasePair]:
    """Return a pair for each form of trafficking that there is.

    The lawful operation is the best seen of those that offer the same, else of the same family, else of any.
    ``found``: operations, as :func:`tipbench.stories.sources.candidates` has them.
    """
    best, version = rank_operations(found), site.source.version
    lawful = best.filter(pl.col("kind").is_in(LAWFUL)).to_dicts()
    pairs: list[CasePair] = []
    for form in tables_of(version)["operations"]["form"].possible(parameters(version)):
        cases = best.filter((pl.col("kind") == "trafficking") & (pl.col("form") == form)).head(1).to_dicts()
        for case in cases if lawful else ():
            category = case["category"]
            alike = [row for row in lawful if row["category"] == category]
            family = [row for row in lawful if CATEGORIES[row["category"]] == CATEGORIES[category]]
            ways = ((f"both offer {category}", alike), ("both post adverts of one family", family))
            why, rows = next((way for way in ways if way[1]), ("both are seen well", lawful))
            pairs.append(CasePair(CaseStory(site, case), CaseStory(site, rows[0]), why))
            lawful = [row for row in lawful if row is not rows[0]]
    return pairs


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
    drawing = Drawing(width, bottom + BOTTOM, title, "; ".join(_describe_days(*row) for row in rows))
    _background(drawing, story, scale, bottom)
    for at, (what, events) in enumerate(rows):
        top = TOP + tall * at
        said = f"{_name(what)}{' (truth)' if what in HIDDEN else ''}"
        middle = top + (tall - ROW / 2)
        y, end, size = (top + 9, width, SIZE - 0.5) if phone else (middle, left - 12, SIZE)
        drawing.text((0, y), said, "ink", size)
        drawing.text((end, y), f"{len(events):,}", "quiet", size, anchor="end")
        _row(drawing, events, scale, middle, "accent" if what in HIDDEN else "ink")
    return drawing


def _name(what: str) -> str:
    return PLURAL.get(what, SINGULAR[what])


def _describe_days(what: str, events: Sequence[Event]) -> str:
    days = f"day {events[0].day} to {events[-1].day}" if events[0].dated else UNDATED
    return f"{_name(what)}: {len(events):,}, {days}"


def _background(drawing: Drawing, story: Timeline, scale: Scale, bottom: float) -> None:
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
        inner = "middle" if scale(day) > scale.start + 8 else "start"
        anchor = "end" if scale(day) > scale.end - 8 else inner
        drawing.text((scale(day), bottom + 16), text, "quiet", 11, anchor)
    drawing.text((scale.start, bottom + 34), AXIS, "quiet", SIZE - 0.5)


def _row(drawing: Drawing, events: Sequence[Event], scale: Scale, middle: float, colour: str) -> None:
    """Draw the days of one thing that are in reach; days that several share are drawn once."""
    if not events[0].dated:
        drawing.text((scale.start, middle), UNDATED, "quiet", SIZE - 0.5)
        return
    drawing.line((scale.start, middle), (scale.end, middle), "pale")
    for event in events:
        last = min(event.day if event.until is None else event.until, scale.high)
        first = max(event.day, scale.low)
        if last > first:
            drawing.line((scale(first), middle), (scale(last), middle), colour, 3, opacity=0.45)
    for day in sorted({event.day for event in events if scale.low <= event.day <= scale.high}):
        drawing.line((scale(day), middle - TICK / 2), (scale(day), middle + TICK / 2), colour, 1.5)


ADVERTS = 3
"""Cards of a case."""


def case_page(case: CaseStory, other: CaseStory, why: str) -> Page:
    """Return the page of a case, with another one beside it."""
    number, region = case.row["operation"], case.site.source.one_region(case.row["region"])
    adverts = adverts_with_operation(region).filter(pl.col("operation") == number)
    both, figures = zip(_counts(case), _counts(other), strict=True), _figures(case)
    html = case.site.fill(
        "case.html", "../", "*cases", case=case, other=other, why=why, note=case.story.note,
        facts=[(line.when.capitalize(), line.text) for line in describe_operation(case.story)],
        compared=[(name, mine, others) for (name, mine), (_, others) in both],
        figures=figures, network=case.network, nodes=_nodes(case.network),
        cards=[card(row) for row in sample(adverts, f"case/{number}", ADVERTS).iter_rows(named=True)],
        posted=adverts.height, phases=phases(case.story),
    )  # fmt: skip
    return Page(case.path, html, list(figures.values()))


def _counts(case: CaseStory) -> list[tuple[str, str]]:
    """Return what is seen of a case: names and texts, the same names for every case."""
    row, events = case.row, Counter(event.what for event in case.story.events)
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


DAYS_TEXT = (
    "A tick is an event of one day; a bar is an event that lasts. The shaded area is the operation's life. Dotted "
    "lines mark the first and last day of the data. Nobody can observe the coloured rows marked (truth). Events months "
    "before or after the operation's life are counted but not drawn."
)
NETWORK_TEXT = (
    "Each row is an account, wallet, circuit or firm of the operation. That they belong together is part of the truth. "
    "An arc is a link that can be observed; a wider arc was observed more often. Only the truth connects a row without "
    "arcs to the operation."
)


def _figures(case: CaseStory) -> dict[str, Figure]:
    number, sizes = case.row["operation"], (False, True)
    days = [draw_days(case.story, f"Days of operation {number}", phone) for phone in sizes]
    arcs = [draw_network(case.network, f"Network of operation {number}", phone) for phone in sizes]
    days_path, arcs_path = (f"figures/{number}-{what}.svg" for what in ("days", "network"))
    return {
        "days": Figure("days", "What happened when", DAYS_TEXT, days[0], days_path, days[1]),
        "network": Figure("arcs", "What is linked with what", NETWORK_TEXT, arcs[0], arcs_path, arcs[1]),
    }


def _nodes(network: Network) -> list[tuple[NetworkNode, str]]:
    """Return every row of a network with what it is linked with, in words."""
    names = {(node.kind, node.id): node.name for node in network.nodes}
    said: dict[tuple[str, int], list[str]] = {end: [] for end in names}
    for link in network.links:
        for mine, other in (link.ends, reversed(link.ends)):
            said[mine].append(f"{names[other]} ({link.sort}, {link.count:,})")
    return [(node, ", ".join(said[node.kind, node.id])) for node in network.nodes]
