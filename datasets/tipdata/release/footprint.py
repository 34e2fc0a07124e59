"""Say before a release is made what it takes of disk and time, refuse what the disk has no room for, and remove it."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from tipcore.errors import UsageError
from tipcore.operating_system import file_lock

from tipdata.release.manifests import RECEIPT
from tipdata.release.release import Release

ELSEWHERE = "free space there or set TIPBENCH_HOME to another folder"
BYTES_PER_REGION, CPU_SECONDS_PER_REGION = 2_300_000, 0.3
"""Of data 0.4.0, measured on ``small``: 143 MB in 64 regions; :file:`research/cost/generation.py` has seconds."""
_LARGE, _MINUTE, _HOUR = 1_000_000_000, 60, 3_600


def announcement(release: Release, regions: int, workers: int | None) -> str:
    """Return a sentence on what making so many regions of a release takes, and of how much there is.

    Raises UsageError where the disk has less room than that.
    """
    need, free = regions * BYTES_PER_REGION, shutil.disk_usage(_existing(release.folder)).free
    room = f"{size_in_words(free)} free"
    if need > free:
        raise UsageError(
            f"release {release.name} needs about {size_in_words(need)} and {release.folder} has {room}: {ELSEWHERE}."
        )
    seconds = regions * CPU_SECONDS_PER_REGION / min(workers or os.cpu_count() or 1, regions)
    takes = f"about {size_in_words(need)} and {duration_in_words(seconds)}"
    of = "" if regions == release.regions else f" of {release.regions:,}"
    return f"making release {release.name}: {regions:,}{of} regions, {takes}, in {release.folder} ({room})\n"


def size_on_disk(folder: Path) -> int:
    """Return the bytes of all files below a folder; 0 where none is there. What is removed under way is not counted."""
    size = 0
    for here, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                size += Path(here, name).stat().st_size
    return size


def remove_release(release: Release) -> int:
    """Delete a release's files, whole or half made, and return their bytes; wait where it is being made.

    Raises UsageError where nothing of it is there, or it cannot be deleted.
    """
    if not release.folder.is_dir():
        raise UsageError(f"release {release.name} is not in {release.folder}: there is nothing to remove.")
    try:
        with file_lock(release.folder.with_name(f"{release.folder.name}.lock")):
            freed = size_on_disk(release.folder)
            # The receipt goes first: what is left of an interrupted removal is never taken for a whole release.
            (release.folder / RECEIPT).unlink(missing_ok=True)
            shutil.rmtree(release.folder)
    except OSError as error:
        raise UsageError(
            f"release {release.name} could not be removed from {release.folder}: {error.strerror or error}; try again."
        ) from error
    return freed


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def size_in_words(size: int) -> str:
    """Return bytes in words, such as ``126 MB`` or ``1.3 GB``."""
    if size >= _LARGE:
        return f"{size / _LARGE:,.1f} GB" if size < 100 * _LARGE else f"{size / _LARGE:,.0f} GB"
    return f"{size / 1_000_000:,.0f} MB"


def duration_in_words(seconds: float) -> str:
    """Return seconds in words, such as ``10 seconds`` or ``3 hours``."""
    for unit, name in ((_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:,.0f} {name}s"
    whole = max(1, round(seconds))
    return f"{whole:,} second{'s' if whole > 1 else ''}"
