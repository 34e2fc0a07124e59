"""What all pages of a release share: its facts, its regions, and the templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tipdata.core.world import DAYS, OWN, entry_of, newest_released, profile
from tipdata.documents.project_files import LICENCE_NAME
from tipdata.release import Release

from tipbench.data.releases import Regions
from tipbench.pages.templates import Page, fill
from tipbench.version import __version__

STATUS = {
    "draft": "draft: it may still change",
    "released": "released: it never changes",
    "retired": "retired: no longer made",
    OWN: "a world file of your own: no board takes it",
}
NOTE = "Nobody in these data is real and nothing of it happened. A sign that fits a case fits lawful work as well."


@dataclass(frozen=True)
class ReleaseFacts:
    """A release as every page names it. ``typed``: its name on the command line; ``read``: how much of it was read."""

    name: str
    typed: str
    regions: str
    read: str
    licence: str = LICENCE_NAME
    note: str = NOTE


def about_of(release: Release, read: Regions) -> ReleaseFacts:
    """Return what the pages of a release say of it."""
    version = "" if release.version == newest_released() else f" release.version={release.version}"
    world = f" release.world={release.world}" if release.world else ""
    part = "all" if read.regions == release.regions else f"the first {read.regions} of"
    regions = f"{release.regions:,}"
    return ReleaseFacts(release.name, f"{release.size}{version}{world}", regions, f"{part} {regions} regions")


def facts(release: Release, about: ReleaseFacts, rows: int) -> list[tuple[str, str]]:
    """Return facts about a release: name and text."""
    entry = entry_of(release.version)
    which = "one of your own" if entry["status"] == OWN else "the released one"
    seed = f"independent world {release.world}" if release.world else f"{which}, seed {entry['seed']}"
    has_profile = bool(profile(release.version, release.size))
    profiled = "; kinds and forms are drawn at shares of their own, which weights undo" if has_profile else ""
    return [
        ("Version of the data", release.version),
        ("Status", STATUS[entry["status"]]),
        ("Size", f"{release.size}: {about.regions} regions{profiled}"),
        ("World", seed),
        ("Days", f"{DAYS}; the first is day 0, the last day {DAYS - 1}"),
        ("Read here", f"{about.read}, {rows:,} rows"),
        ("Licence of the data", f"{about.licence}, with a statement on responsible use"),
        ("Written by", f"tipbench {__version__}"),
    ]


MOST_REGIONS = 64
"""Regions that are read at most. Each is drawn by the same rules, so that the first say as much as any others."""


def first_regions(release: Release) -> Regions:
    """Return the regions of a release that pages are made of."""
    return Regions(release, range(min(release.regions, MOST_REGIONS)))


TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Site:
    """What all pages share: the release, its tables in memory and their names."""

    about: ReleaseFacts
    source: Regions
    tables: Sequence[str]

    def fill(self, template: str, root: str, current: str, **context: Any) -> str:
        """Return a page; ``current``: what the navigation marks."""
        shared = {"about": self.about, "tables": self.tables, "current": current}
        return fill(TEMPLATES, template, root, **shared, **context)

    def page(self, name: str, current: str, **context: Any) -> Page:
        """Return a page at the root of the site, from the template of the same name."""
        return Page(name, self.fill(name, "", current, **context))
