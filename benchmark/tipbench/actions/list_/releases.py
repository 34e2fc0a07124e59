"""What ``tipbench list releases`` says of each release: of which version it is, how large, and whether it is made."""

from typing import Any

from tipdata.core.world import entry_of, newest_released
from tipdata.release import RECEIPT, Release, locate_release, size_in_words, size_on_disk
from tipdata.release.builder import is_complete
from tipdata.release.release import StoredRelease


def complete(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines with version, status and size of each release, the smallest first."""
    return sorted(
        ({**line, **_about(line["version"] or newest_released(), line["size"])} for line in lines),
        key=lambda line: line["regions"],
    )


def _made(release: Release) -> str:
    """Return whether a release is made and, where any of it is on the disk, how much."""
    if isinstance(release, StoredRelease):
        return f"yes, in {release.place}" if is_complete(release) else "not whole in the store"
    whole = (release.folder / RECEIPT).exists() and not any(map(release.lacking, range(release.regions)))
    size = size_on_disk(release.folder)
    return f"{'yes' if whole else 'in part'}, {size_in_words(size)}" if size else "no"


def _about(version: str, size: str) -> dict[str, Any]:
    release = locate_release(Release.of(version, size))
    return {
        "version": release.version,
        "regions": release.regions,
        "status": entry_of(release.version)["status"],
        "made": _made(release),
    }
