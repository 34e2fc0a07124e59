"""All pages of a release, written to a folder that is there whole or not at all.

The same release and version of tipbench give the same bytes: no dates, and random samples have fixed seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tipcore.atomic import fill_folder_atomically
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.progress import progress
from tipdata.core.tables import LABEL, TIERS, Table
from tipdata.core.world import DAYS
from tipdata.documents.project_files import LICENCE_HEADING, licence_paragraphs
from tipdata.release import Release, size_on_disk
from tipdata.stages import tables_of

from tipbench.browse.adverts import adverts_with_operation, by_language
from tipbench.browse.case_page import case_page, choose_pairs
from tipbench.browse.site import Site, about_of, facts, first_regions
from tipbench.browse.table_page import ROWS, TableEntry, table_page
from tipbench.pages import templates
from tipbench.pages.templates import Filter, Page, copy_assets
from tipbench.stories.sources import VIEWS, candidates

MARKER = ".tipbench-browse"
"""In a folder that may be replaced by newer pages."""
ASSETS = Path(__file__).with_name("assets")
ELSEWHERE = "give another --to"
ACCESS = 3
"""The column of tiers in the list of tables."""
MOST_ROWS = 20_000
"""Rows of a page that may be asked for: more make a browser slow."""


@dataclass(frozen=True)
class BrowsePages:
    """What was written."""

    folder: Path
    pages: int
    bytes: int

    @property
    def start(self) -> Path:
        """The page to open."""
        return self.folder / "index.html"


def refuse_taken(to: Path) -> None:
    """Raises UsageError for a file, and for a folder with something in it that is not such pages."""
    templates.refuse_taken(to, MARKER, "tipbench data browse", ELSEWHERE)


def check_rows(most: int) -> None:
    """Raises UsageError for a number of rows that a page cannot show."""
    if not 1 <= most <= MOST_ROWS:
        raise UsageError(f"rows={most} cannot be shown on a page: give 1 to {MOST_ROWS:,}.")


def browse(release: Release, to: Path, most: int = ROWS, quiet: bool = False) -> BrowsePages:
    """Write the pages of a release to a folder that is new, empty, or was made by this.

    ``most``: rows of a table that are shown at most; ``quiet``: no progress. Raises UsageError where ``to``
    is something else or cannot be written, and for a number of rows out of range.
    """
    check_rows(most)
    to = expand_home(to).resolve()
    refuse_taken(to)
    source = first_regions(release)
    site = Site(about_of(release, source), source, list(tables_of(release.version)))
    with fill_folder_atomically(to, replace=True, advice=ELSEWHERE) as folder:
        makers = _makers(site, most)
        with progress("pages", len(makers), quiet) as advance:
            for make in makers:
                make().write(folder)
                advance(1)
        (folder / MARKER).write_text(f"{release.name}\n", encoding="utf-8")
        copy_assets(folder, ASSETS)
        size = size_on_disk(folder)
    return BrowsePages(to, len(makers), size)


def _makers(site: Site, most: int) -> list[Callable[[], Page]]:
    """Return one function per page; the last ones need what the first ones found, and none keeps a table."""
    listed: list[TableEntry] = []
    pairs = choose_pairs(site, candidates(site.source))
    cases = [(pair.case, pair.beside, pair.why) for pair in pairs]
    cases += [(pair.beside, pair.case, pair.why) for pair in pairs]
    licence = {"licence": licence_paragraphs(), "heading": LICENCE_HEADING}

    def table_maker(table: Table) -> Page:
        page, entry = table_page(site, table, most)
        listed.append(entry)
        return page

    def index() -> Page:
        about = facts(site.source.release, site.about, sum(one.rows for one in listed))
        filters = [Filter("access", ACCESS, [(tier, tier) for tier in (*TIERS, LABEL)])]
        return site.page("index.html", "index", facts=about, listed=listed, cases=len(pairs), filters=filters)

    return [
        *(partial(table_maker, table) for table in tables_of(site.source.version).values()),
        partial(_adverts, site),
        *(partial(case_page, *case) for case in cases),
        lambda: site.page("cases.html", "*cases", pairs=pairs, views=list(VIEWS)),
        lambda: site.page("about.html", "*about", most=most, days=DAYS, **licence),
        index,
    ]


def _adverts(site: Site) -> Page:
    languages = by_language(adverts_with_operation(site.source))
    shown, total = sum(len(one.cards) for one in languages), sum(one.total for one in languages)
    return site.page("adverts.html", "*adverts", languages=languages, shown=shown, total=total)
