"""Pages of the board, what stands beside each, and the addresses that they link to.

Addresses are declared once: the repository in the metadata of the package, or in ``results/board.yaml``
(:mod:`tipboard.submissions.storage`). None is made up: what is not declared is not a link.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from tipbench.pages.safe import https
from tipbench.pages.templates import Page, fill, put

from tipboard.board.forest import MEANING
from tipboard.board.tables import FORMATS, BoardTable
from tipboard.site.tables import body
from tipboard.submissions.storage import SiteAddresses, read_config

DISTRIBUTION = "tipbench"
REPOSITORY = ("repository", "source", "source code", "homepage")
"""What a package's metadata may call the address of its source, the most certain first."""
PICTURE = "board.png"
"""The picture of preview cards: in ``results``, and in the site's root."""


COPIED = ("README.md", "CITATION.cff", "docs/README.md", "docs/board.md")
"""Files of the repository that a site has copies of."""


def copy_of(path: str) -> str:
    """Return where a site has its copy, which a browser shows as text."""
    return f"documents/{path}.txt"


class Publication(SiteAddresses):
    """Addresses, and the picture of preview cards, None where there is none."""

    picture: Path | None = None

    def document(self, path: str, root: str) -> str | None:
        """Return the address of a file of the repository, such as ``docs/board.md``; None where none is declared.

        A document is a page of the documentation, where there is one; where no address is declared, the site's own copy
        of those in :data:`COPIED`. ``root``: the way from the page that links to the site's root.
        """
        if self.documentation and path.endswith(".md"):
            start = "" if self.documentation.startswith("https:") else root
            page = path.removesuffix(".md")
            page = f"{page.removesuffix('README')}index" if page.endswith("README") else page
            return f"{start}{self.documentation.rstrip('/')}/{page}.html"
        if self.documents:
            return f"{self.documents.rstrip('/')}/{path}"
        return f"{root}{copy_of(path)}" if path in COPIED else None

    def picture_for(self, root: str) -> str | None:
        """Return the address of the picture on a page; ``root``: the way from it to the site's root."""
        if self.picture is None:
            return None
        return f"{self.address.rstrip('/')}/{PICTURE}" if self.address else f"{root}{PICTURE}"


def read_publication(results: Path) -> Publication:
    """Return what is declared of a board.

    Raises UsageError for a ``board.yaml`` that is not a config.
    """
    declared, picture = read_config(results).site.model_dump(), results / PICTURE
    declared["repository"] = declared["repository"] or _repository()
    return Publication.model_construct(**declared, picture=picture if picture.is_file() else None)


def _repository() -> str:
    """Return the address of the source in the package's metadata, empty where there is none."""
    try:
        declared = metadata(DISTRIBUTION).get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    parts = (one.partition(", ") for one in declared)
    addresses = {name.lower(): https(address) for name, _, address in parts}
    return next((address for name in REPOSITORY if (address := addresses.get(name))), "")


TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class SitePage(Page):
    """A page of the board, and its tables."""

    views: Sequence[BoardTable] = ()

    def write(self, folder: Path) -> None:
        """Write the page, its figures, and the files of its tables, except those that are shared."""
        super().write(folder)
        for view in self.views:
            for kind in () if view.shared else FORMATS.values():
                put(folder, f"{view.path}.{kind.ending}", kind.write(view))


def page(template: str, root: str, publication: Publication, **context: Any) -> str:
    """Return a page; ``root``: the way from it to the site's root, empty or ending in a slash."""
    return fill(TEMPLATES, template, root, publication=publication, marks=MEANING, body=body, **context)
