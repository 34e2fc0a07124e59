"""Pages from templates, which escape all values; their figures, filters of tables, style files and folder."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape
from tipcore.errors import UsageError
from tipcore.spelling import count_of

from tipbench.pages.safe import https, visible
from tipbench.pages.svg import Drawing

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True)
class Filter:
    """A choice above a table, by the words of one column; ``chosen`` from the start.

    ``covered``: whether it is of a column that the page's switch covers. ``of_column``: whether its options are the
    words of its column, which the page's script then reads there.
    """

    label: str
    column: int
    options: Sequence[tuple[str, str]]
    chosen: str = ""
    covered: bool = False
    of_column: bool = False


def refuse_taken(to: Path, marker: str, command: str, advice: str) -> None:
    """Raise UsageError for a file, and for a folder with something in it that is not a site of the same command.

    ``marker``: the name of a file in every site that the command made; ``advice``: what to do, for the error.
    """
    if to.is_dir() and ((to / marker).is_file() or not any(to.iterdir())):
        return
    if to.exists() or to.is_symlink():
        raise UsageError(f"{to} is there already and was not made by `{command}`: {advice}.")


SHARED = Path(__file__).with_name("templates")
ASSETS = Path(__file__).with_name("assets")
SECURITY = "default-src 'none'; base-uri 'none'; form-action 'none'; "
SECURITY += "style-src 'self'; script-src 'self'; img-src 'self'"
"""The pages' policy: nothing but the style, script and icon beside them."""


@dataclass(frozen=True)
class Figure:
    """A figure of a page. ``drawing``: None where there is nothing to draw; then no page has the figure. ``path``: of
    its file, from the site's root; empty where a reader saves it from the page.

    ``phone``: what a phone shows in its place, None where it is narrow enough.
    """

    id: str
    title: str
    text: str
    drawing: Drawing | None
    path: str = ""
    phone: Drawing | None = None


def put(folder: Path, path: str, content: bytes) -> None:
    """Write a file of a site; ``path``: from its root."""
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


@dataclass(frozen=True)
class Page:
    """A page's place from the site's root and its text, and its figures."""

    path: str
    html: str
    figures: Sequence[Figure] = ()

    def write(self, folder: Path) -> None:
        """Write the page to a site, and its figures that are files as well."""
        put(folder, self.path, self.html.encode())
        for figure in self.figures:
            if figure.path and figure.drawing:
                put(folder, figure.path, figure.drawing.standalone().encode())


def fill(templates: Path, name: str, root: str, **context: Any) -> str:
    """Return a page of a template in the folder of a package's own ``templates``.

    ``root``: the way from the page to the site's root, empty or ending in a slash; ``context``: what it names.
    """
    return _environment(templates).get_template(name).render(root=root, security=SECURITY, **context)


def copy_assets(folder: Path, *own: Path) -> None:
    """Put the style, script and icon of pages into the folder ``assets`` of a site, and those of a package's own."""
    for assets in (ASSETS, *own):
        shutil.copytree(assets, folder / "assets", dirs_exist_ok=True)


@cache
def _environment(templates: Path) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader([templates, SHARED]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
        auto_reload=False,
    )
    dotted = partial(breakable, sign=".")
    made.filters.update(https=https, count_of=count_of, breakable=breakable, dotted=dotted)
    return made


def breakable(text: str, sign: str = "_") -> Markup:
    """Return a name that may go on in the next line after a sign."""
    return (escape(sign) + Markup("<wbr>")).join(escape(part) for part in visible(text).split(sign))
