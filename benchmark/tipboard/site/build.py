"""The whole site, written to a folder that is there whole or not at all.

The same results give the same bytes: nothing is dated, and all is in a fixed order.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tipdata.core.atomic import fill_folder_atomically
from tipdata.core.engine import run_all
from tipdata.core.errors import UsageError

from tipboard.board.columns import COLUMNS
from tipboard.board.export import release
from tipboard.board.files import ELSEWHERE
from tipboard.board.rounds import Closed, closed_rounds
from tipboard.site.method_page import method_page
from tipboard.site.overview import overview
from tipboard.site.render import ASSETS, Figure, page
from tipboard.site.round_page import round_page
from tipboard.site.sizes import Size, read_sizes
from tipboard.site.tables import View
from tipboard.site.task_page import Page, task_page

MARKER = ".tipbench-board"
"""In a folder that may be replaced by a newer site."""


@dataclass(frozen=True)
class Built:
    """What was written."""

    folder: Path
    pages: int
    entries: int


def build(results: Path, to: Path, quiet: bool = False, draft: bool = False) -> Built:
    """Make the site of ``results``, every size of its newest version.

    Args:
        results: as :mod:`tipboard.board.files` says.
        to: a folder that is new, empty, or was made by this.
        quiet: no progress.
        draft: whether it may be of a draft version, which every page then says.

    Raises:
        UsageError: where there are no results or they cannot be read, or ``to`` is something else or cannot be written.
    """
    refuse_taken(to)
    return write(read_sizes(results, draft), to, quiet, closed_rounds(results))


def refuse_taken(to: Path) -> None:
    """Raises UsageError for a file, and for a folder with something in it that is no site."""
    if to.is_dir() and ((to / MARKER).is_file() or not any(to.iterdir())):
        return
    if to.exists() or to.is_symlink():
        raise UsageError(f"{to} is there already and was not made by `tipbench board build`: {ELSEWHERE}.")


def write(sizes: Sequence[Size], to: Path, quiet: bool = False, rounds: Sequence[Closed] = ()) -> Built:
    """Write the pages of some sizes, the largest first, and of sealed rounds.

    Raises UsageError where that cannot be done.
    """
    to = to.expanduser().resolve()
    refuse_taken(to)
    with fill_folder_atomically(to, replace=True, advice=ELSEWHERE) as folder:
        writers = _writers(sizes, rounds, folder)
        run_all(_call, writers, engine="sequential", label="pages", quiet=quiet)
        (folder / MARKER).write_text(f"{release(*(size.board for size in sizes))}\n", encoding="utf-8")
        shutil.copytree(ASSETS, folder / "assets")
    return Built(to, len(writers), sum(len(size.entries) for size in sizes))


def _writers(sizes: Sequence[Size], rounds: Sequence[Closed], folder: Path) -> list[Callable[[], None]]:
    """One a page; each makes it and what stands beside it, and keeps nothing."""
    found: list[Callable[[], None]] = [lambda: _index(sizes, rounds, folder), lambda: _about(sizes, folder)]
    for size in sizes:
        found += [lambda size=size, one=one: _page(folder, task_page(size, one)) for one in size.usual]
        found += [lambda size=size, one=one: _page(folder, method_page(size, one)) for one in size.entries]
    found += [lambda one=one: _page(folder, round_page(one, sizes)) for one in rounds]
    return found


def _call(writer: Callable[[], None]) -> None:
    writer()


def _index(sizes: Sequence[Size], rounds: Sequence[Closed], folder: Path) -> None:
    made = overview(sizes, rounds)
    _put(folder, "index.html", made.html.encode())
    _beside(folder, made.views, made.figures)


def _about(sizes: Sequence[Size], folder: Path) -> None:
    html = page(
        "about.html", "", current="about", columns=COLUMNS, size=sizes[0],
        tasks=[one.task.name for one in sizes[0].usual], release=release(*(size.board for size in sizes)),
    )  # fmt: skip
    _put(folder, "about.html", html.encode())


def _page(folder: Path, made: Page) -> None:
    _put(folder, made.path, made.html.encode())
    _beside(folder, made.views, made.figures)


def _beside(folder: Path, views: Sequence[View], figures: Sequence[Figure]) -> None:
    for view in views:
        for path, content in view.files():
            _put(folder, path, content)
    for figure in figures:
        _put(folder, figure.path, figure.drawing.standalone().encode())


def _put(folder: Path, path: str, content: bytes) -> None:
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
