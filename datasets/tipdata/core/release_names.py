"""How a release is named: ``0.4.0/small``, and ``0.4.0/small.w3`` of an independent world."""

from __future__ import annotations

from tipcore.errors import UsageError

WORLD_MARK = ".w"
"""What stands between size and number in the name of a release of an independent world."""


def release_name(version: str, size: str, world: int = 0) -> str:
    """Return ``0.4.0/small`` of the released world, ``0.4.0/small.w3`` of independent world 3."""
    return f"{version}/{size}{f'{WORLD_MARK}{world}' if world else ''}"


def parts_of(name: str) -> tuple[str, str, str]:
    """Return version, size and world of a release's name as :func:`release_name` writes it, '' for what it leaves out.

    Raises UsageError for a world that is not a whole number from 1.
    """
    version, _, place = name.rpartition("/")
    size, marked, world = place.partition(WORLD_MARK)
    if marked and not (world.isascii() and world.isdigit() and not world.startswith("0")):
        raise UsageError(
            f"release {name} names no world: write {size}{WORLD_MARK}1, {size}{WORLD_MARK}2 and so on, or {size} for "
            "the released one."
        )
    return version, size, world
