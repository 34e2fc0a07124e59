"""Pages of a release, and what stands beside each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tipbench.browse.about import About
from tipbench.data.releases import Regions
from tipbench.pages.templates import Figure, fill

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Page:
    """A page's place from the site's root and its text, and its figures, which are files as well."""

    path: str
    html: str
    figures: Sequence[Figure] = ()


@dataclass(frozen=True)
class Site:
    """What all pages share: the release, what is read of it, and the names of its tables."""

    about: About
    source: Regions
    tables: Sequence[str]

    def fill(self, template: str, root: str, current: str, **context: Any) -> str:
        """Return a page; ``current``: what the navigation marks."""
        return fill(
            TEMPLATES, template, root, about=self.about, tables=self.tables, current=current, **context
        )
