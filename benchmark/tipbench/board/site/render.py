"""Templates: everything that is put into a page is escaped, and what is not to be seen is replaced."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from tipbench.board.site.safe import https, visible
from tipbench.board.site.svg import Drawing

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")
ASSETS = Path(__file__).with_name("assets")
SECURITY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
)
_IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True)
class Figure:
    """A figure of a page. ``path``: of the file of it, from the site's root."""

    id: str
    title: str
    text: str
    drawing: Drawing
    path: str


def page(template: str, root: str, **context: Any) -> str:
    """A page; ``root``: the way from it to the site's root, empty or ending in a slash."""
    return _environment().get_template(template).render(root=root, security=SECURITY, **context)


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
    made.filters["embedded"] = embedded
    return made


def _seen(value: Any) -> Any:
    return visible(value) if type(value) is str else value


def embedded(value: Any) -> Markup:
    """JSON that no end of a script and no comment can come of."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True)
    return Markup("".join(_IN_SCRIPT.get(character, character) for character in text))
