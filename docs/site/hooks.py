"""Gather the pages of the site: the documents where they lie in the repository, and what is made of code and data.

Pages have the addresses that they have in the repository, so that links work on a code host and here. mkdocs calls
the functions whose names begin with ``on_``; :mod:`mkdocs.yml` names this file.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Link, Navigation
from mkdocs.structure.pages import Page
from tipdata.documents.palette import DARK, LIGHT, TIERS
from tipdocs.dictionary import overview, with_values
from tipdocs.first_results import first_result
from tipdocs.mirror import ROOT, expand, linked, pages, resolved
from tipdocs.picture import NIGHT, files_of, inserted, picture_of
from tipdocs.reference import referred
from tipdocs.tasks_page import tasks_overview

ASSETS = {
    "assets/icon.svg": "benchmark/tipbench/pages/assets/icon.svg",
    "assets/site.css": "docs/site/assets/site.css",
    "assets/tables.js": "docs/site/assets/tables.js",
    "assets/iframe-worker.js": "docs/site/assets/iframe-worker.js",
}
"""Path on the site -> in the repository."""
MADE = {"docs/tasks/README.md": tasks_overview, "datasets/cards/README.md": overview}
"""Pages that are made of code and data alone."""
BOARD = "https://board.invalid/"
"""What stands for the address of the board until a page is written."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages of a folder in the place of its ``*`` in the navigation."""
    config.nav = expand(config.nav or [], tuple(MADE))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Return all that the site consists of: what the theme brings, the pages, what they link to, and pictures."""
    brought = (file for file in files if file.src_dir != config.docs_dir)
    theme = [one for one in brought if not one.src_uri.endswith(".map") and "/lunr/" not in one.src_uri]
    copied = {path: path for path in pages()}
    copied |= {path: path for path in linked(copied)} | ASSETS
    made: dict[str, str | bytes] = {path: make() for path, make in MADE.items()}
    made["assets/colours.css"] = _colours()
    if not config.extra["quick"]:
        made |= files_of()
    left = sorted((to, of) for to, of in copied.items() if to not in made)
    here = [File.generated(config, to, abs_src_path=str(ROOT / of)) for to, of in left]
    there = [File.generated(config, to, content=content) for to, content in sorted(made.items())]
    return Files([*theme, *here, *there])


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return a page with what is made of code and data in its place."""
    path = PurePosixPath(page.file.src_uri)
    markdown = resolved(markdown, path, set(files.src_uris))
    if path.parent.as_posix() == "docs/tasks" and path.stem != "README":
        markdown = _begun(markdown, path, config.extra["quick"])
    if path.parent.as_posix() == "datasets/cards" and path.stem != "README":
        markdown = with_values(markdown, path.stem)
    return referred(inserted(markdown, path))


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    """Add the board, where its address is given."""
    if config.extra["board"]:
        nav.items.append(Link("The board itself", BOARD))
    return nav


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Let a page lead to the board: mkdocs itself takes no address that leaves the site's root."""
    board = config.extra["board"]
    return output.replace(BOARD, board if board.startswith("https:") else "../" * page.url.count("/") + board)


def _begun(markdown: str, page: PurePosixPath, quick: bool) -> str:
    """Return a task's page with its picture before its first table, and a first result behind it."""
    lines = markdown.splitlines()
    rows = [place for place, line in enumerate(lines) if line.startswith("|")]
    first = rows[0] if rows else len(lines)
    end = next((place + 1 for place in rows if place + 1 not in rows), first)
    result = "" if quick else first_result(page.stem)
    picture = picture_of(page.stem, page)
    return "\n".join([*lines[:first], picture, *lines[first:end], "", result, *lines[end:]])


def _colours() -> str:

    def rule(scheme: str, colours: dict[str, str]) -> str:
        own = "".join(f"  --{role}: {colour};\n" for role, colour in colours.items())
        return f'[data-md-color-scheme="{scheme}"] {{\n{own}}}\n'

    tiers = {f"tier-{tier}": colour for tier, colour in TIERS.items()}
    by_night = {role: NIGHT[colour] for role, colour in tiers.items()}
    return rule("default", LIGHT | tiers) + rule("slate", DARK | by_night)
