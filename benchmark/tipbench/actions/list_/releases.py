"""What ``tipbench list releases`` says of each release: of which version it is, how large, and whether it is made."""

from typing import Any

from tipdata.core.world import newest_released, versions
from tipdata.release import RECEIPT, Release


def complete(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines with version, status and size of each release, the smallest first."""
    return sorted(
        ({**line, **_about(line["version"] or newest_released(), line["size"])} for line in lines),
        key=lambda line: line["regions"],
    )


def _about(version: str, size: str) -> dict[str, Any]:
    release = Release.of(version, size)
    return {
        "version": release.version,
        "regions": release.regions,
        "status": versions()[release.version]["status"],
        "made": "yes" if (release.folder / RECEIPT).exists() else "no",
    }
