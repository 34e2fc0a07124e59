"""Where a release's tables lie, and the command that makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tipdata.core.tables import Table
from tipdata.core.world import newest_released

if TYPE_CHECKING:
    from tipdata.release.release import Release


def region_name(index: int) -> str:
    """Return the name of a region's folder and of its entry in a manifest."""
    return f"{index:05d}"


def files_of(table: Table) -> list[tuple[str, tuple[str, ...]]]:
    """Return the suffix and the columns of each file that a table is stored in."""
    return [(s, c) for s, c in (("", table.observed), (TRUTH, table.hidden)) if c]


TRUTH = ".truth"
"""What the name of a file ends with that holds hidden columns, before ``.parquet``."""


def command(release: Release, action: str) -> str:
    """Return the command that makes or verifies a release."""
    version = "" if release.version == newest_released() else f" release.version={release.version}"
    world = f" release.world={release.world}" if release.world else ""
    return f"tipbench data {action} release={release.size}{version}{world}"
