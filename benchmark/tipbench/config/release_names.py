"""Read a release as tables name it: ``release=0.4.0/tiny``, and ``release=0.4.0/tiny.w3`` of an independent world."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from tipcore.errors import UsageError
from tipdata.core.release_names import parts_of
from tipdata.core.world import entry_of, versions

if TYPE_CHECKING:
    from tipbench.config.compose import Override

RELEASE = "release"
VERSION = re.compile(r"\d+\.\d+\.\d+")


def spelt_out(typed: Sequence[Override], options: Collection[str]) -> tuple[Override, ...]:
    """Return overrides with a release's name as its size, and its version and world where the name has them.

    Args:
        typed: what was typed.
        options: releases that are known by a name of their own; such a name stays, and one that is none of a release.

    Raises:
        UsageError: for a version without a size, and where a part of the name is typed again.
    """
    name = next((one for one in typed if one.key == RELEASE), None)
    if name is None or name.value in options:
        return tuple(typed)
    parts = _parts(name.value)
    rest = [one for one in typed if one is not name]
    if again := [one for one in rest if one.key in parts]:
        raise UsageError(
            f"release={name.value} says {again[0].key} already: leave out {again[0].key}={again[0].value}."
        )
    return (*(name._replace(key=key, value=value) for key, value in parts.items()), *rest)


def _parts(name: str) -> dict[str, str]:
    """Return the settings that a name of a release stands for, by their keys."""
    if name in versions():
        entry_of(name)
        raise UsageError(
            f"release={name} is a version of every size: write release={name}/tiny, or another size."
        )
    version, size, world = parts_of(name)
    if version and not VERSION.fullmatch(version):
        return {RELEASE: name}
    named = {RELEASE: size, f"{RELEASE}.version": version, f"{RELEASE}.world": world}
    return {key: value for key, value in named.items() if value}
