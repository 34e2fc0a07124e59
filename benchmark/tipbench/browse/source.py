"""How much of a release is read: the first regions of a large one, so that pages stay as small and as fast."""

from __future__ import annotations

from tipdata.release import Release

from tipbench.data.releases import Regions

MOST_REGIONS = 64
"""Regions that are read at most. Each is drawn by the same rules, so that the first say as much as any others."""


def first_regions(release: Release) -> Regions:
    """Return the regions of a release that pages are made of."""
    return Regions(release, range(min(release.regions, MOST_REGIONS)))
