"""The whole site, written to a folder that is there whole or not at all.

The same results give the same bytes: nothing is dated, and all is in a fixed order.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tipbench.pages import templates
from tipbench.pages.templates import copy_assets, put
from tipcore.atomic import fill_folder_atomically
from tipcore.locations import expand_home
from tipcore.progress import progress
from tipdata.documents.project_files import project_file

from tipboard.board.columns import COLUMNS
from tipboard.board.entries import MEANING
from tipboard.board.files import ELSEWHERE
from tipboard.board.season import SEASON_COLUMNS
from tipboard.board.tables import OPEN_PRACTICE, release
from tipboard.site.method_page import COLUMNS_FILE, columns_script, method_files, method_page
from tipboard.site.overview import overview
from tipboard.site.pages import COPIED, PICTURE, Publication, SitePage, copy_of, page, read_publication
from tipboard.site.sizes import Size, read_sizes
from tipboard.site.task_page import task_page

MARKER = ".tipbench-board"
"""In a folder that may be replaced by a newer site."""
NOWHERE = Publication()
"""A site without declared addresses."""


@dataclass(frozen=True)
class Built:
    """What was written."""

    folder: Path
    pages: int
    entries: int


def build(results: Path, to: Path, quiet: bool = False, draft: bool = False) -> Built:
    """Make the site of ``results`` (:mod:`tipboard.board.files`), every size of its newest version.

    ``to``: a folder that is new, empty, or was made by this; ``draft``: whether the version may be a draft, which every
    page then says. Raises UsageError where there are no results or they cannot be read, or ``to`` is something else or
    cannot be written.
    """
    refuse_taken(to)
    return write(read_sizes(results, draft), to, quiet, read_publication(results))


def refuse_taken(to: Path) -> None:
    """Raises UsageError for a file, and for a folder with something in it that is not a site."""
    templates.refuse_taken(to, MARKER, "tipbench board build", ELSEWHERE)


def write(sizes: Sequence[Size], to: Path, quiet: bool = False, publication: Publication = NOWHERE) -> Built:
    """Write the pages of some sizes, the largest first. Raises UsageError where that cannot be done."""
    to = expand_home(to).resolve()
    refuse_taken(to)
    entries = sum(len(size.entries) for size in sizes)
    pages = 2 + bool(sizes[0].season) + entries + sum(len(size.usual) for size in sizes)
    with fill_folder_atomically(to, replace=True, advice=ELSEWHERE) as folder:
        with progress("pages", pages, quiet) as advance:
            for one in _pages(sizes, publication):
                one.write(folder)
                advance(1)
        (folder / MARKER).write_text(f"{release(*(size.board for size in sizes))}\n", encoding="utf-8")
        put(folder, COLUMNS_FILE, columns_script().encode())
        for size in sizes:
            for path, content in method_files(size):
                put(folder, path, content)
        copy_assets(folder)
        for path in COPIED:
            put(folder, copy_of(path), project_file(path).read_bytes())
        if publication.picture is not None:
            shutil.copyfile(publication.picture, folder / PICTURE)
    return Built(to, pages, entries)


def _pages(sizes: Sequence[Size], publication: Publication) -> Iterator[SitePage]:
    """Yield the pages, each made when it is asked for, so that no others are kept."""
    yield from overview(sizes, publication)
    html = page(
        "about.html", "", publication, path="about.html", current="about", columns=COLUMNS, statuses=MEANING,
        season_columns=SEASON_COLUMNS, practice=OPEN_PRACTICE, size=sizes[0],
        release=release(*(size.board for size in sizes)),
    )  # fmt: skip
    yield SitePage("about.html", html)
    for size in sizes:
        for lines in size.usual:
            yield task_page(size, lines, publication)
        for entry in size.entries:
            yield method_page(size, entry, publication)
