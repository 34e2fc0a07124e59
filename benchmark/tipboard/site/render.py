"""Templates: everything that is put into a page is escaped, and what is not to be seen is replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from tipboard.board.forest_rows import MEANING
from tipboard.site.publication import Publication
from tipboard.site.safe import https, visible
from tipboard.site.svg import Drawing
from tipboard.site.tables import View

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")
ASSETS = Path(__file__).with_name("assets")
_NOTHING, _BESIDE = ("default-src", "base-uri", "form-action"), ("style-src", "script-src", "img-src")
SECURITY = "; ".join([*(f"{what} 'none'" for what in _NOTHING), *(f"{what} 'self'" for what in _BESIDE)])
"""The pages' policy: nothing but the style, script and icon beside them."""


@dataclass(frozen=True)
class Figure:
    """A figure of a page. ``path``: of the file of it, from the site's root.

    ``phone``: what a phone shows in its place, None where it is narrow enough.
    """

    id: str
    title: str
    text: str
    drawing: Drawing
    path: str
    phone: Drawing | None = None


@dataclass(frozen=True)
class Page:
    """A page's place from the site's root and its text, and what stands beside it."""

    path: str
    html: str
    views: Sequence[View]
    figures: Sequence[Figure]


def page(template: str, root: str, publication: Publication, **context: Any) -> str:
    """Return a page; ``root``: the way from it to the site's root, empty or ending in a slash."""
    chosen = _environment().get_template(template)
    return chosen.render(root=root, security=SECURITY, publication=publication, marks=MEANING, **context)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_seen,
        auto_reload=False,
    )
    made.filters["https"] = https
    made.filters["breakable"] = breakable
    made.filters["dotted"] = lambda text: Markup(".<wbr>").join(
        escape(part) for part in visible(text).split(".")
    )
    return made


def _seen(value: Any) -> Any:
    return visible(value) if type(value) is str else value


def breakable(text: str) -> Markup:
    """Return a name that may go on in the next line after an underscore."""
    return Markup("_<wbr>").join(escape(part) for part in visible(text).split("_"))
