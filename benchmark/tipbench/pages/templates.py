"""Templates: everything that is put into a page is escaped, and what is not to be seen is replaced.

A package has templates of its own, which extend ``page.html`` here and use the macros beside it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from tipbench.pages.safe import https, visible
from tipbench.pages.svg import Drawing

if TYPE_CHECKING:
    from jinja2 import Environment

SHARED = Path(__file__).with_name("templates")
ASSETS = Path(__file__).with_name("assets")
_NOTHING, _BESIDE = ("default-src", "base-uri", "form-action"), ("style-src", "script-src", "img-src")
SECURITY = "; ".join([*(f"{what} 'none'" for what in _NOTHING), *(f"{what} 'self'" for what in _BESIDE)])
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


def fill(templates: Path, name: str, root: str, **context: Any) -> str:
    """Return a page.

    Args:
        templates: the folder of a package's own templates.
        name: of the template.
        root: the way from the page to the site's root, empty or ending in a slash.
        context: what the template names.
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
