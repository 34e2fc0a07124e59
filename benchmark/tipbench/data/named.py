"""Open what a caller names: a release, or the folder or URL of an export."""

from __future__ import annotations

import re
from pathlib import Path

from tipcore.errors import UsageError
from tipcore.home import expanded
from tipcore.locations import is_url
from tipdata.release import Release, open_release
from tipdata.release.exported import open_export

from tipbench.console import notice
from tipbench.task import Source

ROUND = "round.json"
"""What the folder of a sealed round has, and no other."""
NAME = re.compile(r"((\d[\w.]*|own-\w+)/)?[\w.]+")
"""What is meant as the name of a release. A folder that looks so is named with its path, such as ``./tiny``."""


def source_of(release: str | Source) -> Source:
    """Return what a caller gave, open: a release as it is, a name as :func:`open_by_name`.

    Raises UsageError as that does, and for what is neither.
    """
    if isinstance(release, str):
        return open_by_name(release)
    if not hasattr(release, "scan"):
        raise UsageError(f'{release!r} is no release: give a name such as "tiny", or an open release.')
    return release


def open_by_name(name: str) -> Source:
    """Return a release, ready to read: by its name (:meth:`tipdata.release.Release.called`), or the one that an export
    holds, by the export's folder or URL (:func:`tipdata.release.exported.open_export`). A notice on standard error says
    if an export cannot be checked against a published manifest.

    Raises UsageError as these do, and as :func:`check_open`.
    """
    check_open(name)
    if not NAME.fullmatch(name) and (set(name) & {"/", "\\"} or is_url(name) or expanded(name).is_dir()):
        export = open_export(name)
        if (caveat := export.caveat) is not None:
            notice(caveat)
        return export
    try:
        release = Release.called(name)
    except UsageError as error:
        if not expanded(name).is_dir():
            raise
        raise UsageError(
            f"{str(error).rstrip('.')}; for the export in the folder {name} write ./{name}."
        ) from None
    return open_release(release.version, release.size, world=release.world)


def check_open(name: str) -> None:
    """Refuse the folder of a sealed round in the place of a release. Raises UsageError."""
    if (Path(name) / ROUND).is_file():
        raise UsageError(
            f"release={name} is a sealed round, whose truth nobody is shown: name an open release."
        )
