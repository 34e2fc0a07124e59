"""Find the pages of the repository, the files that they link to, and what a link means here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

ROOT = Path(__file__).parents[3]
"""Of the repository."""
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs/**/*.md", "datasets/cards/*.md",
         "results/**/README.md")  # fmt: skip
LINK = re.compile(r"(?<=\]\()([^)\s#]+)")
"""The target of a link or picture, without its anchor."""
SHOWN = re.compile(r'\bsrc(?:set)?="([^"]+)"')
"""The file of a picture that is written as HTML."""
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def pages() -> list[str]:
    """Return the pages' paths from the root of the repository."""
    found = {path.relative_to(ROOT).as_posix() for pattern in PAGES for path in ROOT.glob(pattern)}
    return sorted(path for path in found if not path.startswith("docs/site/"))


def linked(paths: Iterable[str]) -> list[str]:
    """Return the files of the repository that pages link to and that are no pages."""
    targets: set[str | None] = set()
    for path in paths:
        text = (ROOT / path).read_text(encoding="utf-8")
        targets |= {_target(link, PurePosixPath(path)) for link in LINK.findall(text) + SHOWN.findall(text)}
    return sorted(one for one in targets - {None, *paths} if one and (ROOT / one).is_file())


def resolved(markdown: str, page: PurePosixPath, there: set[str]) -> str:
    """Return a page on which a link to a folder leads to the folder's README, as on a code host."""

    def lead(found: re.Match[str]) -> str:
        target = _target(found[1], page)
        return f"{found[1].rstrip('/')}/README.md" if f"{target}/README.md" in there else found[1]

    return LINK.sub(lead, markdown)


def expand(nav: Sequence[Any], made: Sequence[str]) -> list[Any]:
    """Return a navigation in which the pages of a folder stand in the place of its ``*``, its README first."""
    return [_each(entry, lambda path: _folder(path, made)) for entry in nav]


def _each(entry: Any, folder: Callable[[str], list[str]]) -> Any:
    if isinstance(entry, dict):
        return {title: _each(inner, folder) for title, inner in entry.items()}
    if isinstance(entry, list):
        return [_each(inner, folder) for inner in entry]
    return folder(entry) if entry.endswith("/*") else entry


def _folder(pattern: str, made: Sequence[str]) -> list[str]:
    parent = pattern.removesuffix("/*")
    own = {path for path in (*pages(), *made) if PurePosixPath(path).parent.as_posix() == parent}
    return sorted(own, key=lambda path: (not path.endswith("/README.md"), path))


def _target(link: str, page: PurePosixPath) -> str | None:
    """Return what a link of a page leads to, from the root of the repository; None where it leads out of it."""
    if ELSEWHERE.match(link) or link.startswith("/"):
        return None
    path = normpath((page.parent / link).as_posix())
    return None if path.startswith("..") else path
