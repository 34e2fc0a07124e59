"""Pages of the board, and what stands beside each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tipbench.pages.templates import Figure, fill

from tipboard.board.forest_rows import MEANING
from tipboard.site.publication import Publication
from tipboard.site.tables import View

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Page:
    """A page's place from the site's root and its text, and what stands beside it."""

    path: str
    html: str
    views: Sequence[View]
    figures: Sequence[Figure]


def page(template: str, root: str, publication: Publication, **context: Any) -> str:
    """Return a page; ``root``: the way from it to the site's root, empty or ending in a slash."""
    return fill(TEMPLATES, template, root, publication=publication, marks=MEANING, **context)
