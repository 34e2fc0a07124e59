"""Where data lie: the home of releases, folders and URLs."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tipcore.errors import UsageError, error_line
from tipcore.extras import extra_with, how_to_install
from tipcore.operating_system import cache_folder

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


def home() -> Path:
    """Return the folder that holds releases as ``<version>/<size>/<region>/<table>.parquet``. It is not created here.

    Raises UsageError where neither TIPBENCH_HOME is set nor a home folder is known.
    """
    chosen = os.environ.get("TIPBENCH_HOME")
    if chosen:
        return expand_home(chosen)
    try:
        return cache_folder() / "tipbench"
    except RuntimeError:
        raise UsageError(
            "There is no place for releases, since HOME is not set and this user has no home folder: set TIPBENCH_HOME "
            "to a folder."
        ) from None


def expand_home(path: str | Path) -> Path:
    """Return a path with the home folder that its ``~`` stands for, or as it is where nobody knows that folder."""
    return Path(os.path.expanduser(path))


FULL = (errno.ENOSPC, errno.EDQUOT)
"""What a system says where there is no room."""


class Remote(NamedTuple):
    """A place in a file system that fsspec opens: ``root`` ends without a slash."""

    system: AbstractFileSystem
    root: str
    url: str

    def at(self, name: str) -> str:
        """Return the path of a file below the place."""
        return f"{self.root}/{name}"


def is_url(place: str) -> bool:
    """Return whether a place is a URL, chained ones (``zip://a::s3://b``) among them, and no path of this system."""
    return "://" in place or "::" in place


def place_of(place: str | Path) -> Path | Remote:
    """Return the folder that a place names, ``file:`` URLs among them, or what a URL opens.

    Raises UsageError for a URL that fsspec does not know, or whose library is not installed.
    """
    text = str(place)
    if text.startswith("file://") and "::" not in text:
        from urllib.parse import urlsplit  # these two take as long as much of tipbench does
        from urllib.request import url2pathname

        return Path(url2pathname(urlsplit(text).path))
    if not is_url(text):
        return expand_home(text)
    import fsspec

    try:
        system, root = fsspec.url_to_fs(text)
    except ImportError as error:  # it says which library opens such a URL
        extra = next(filter(None, map(extra_with, str(error).split())), None)
        raise UsageError(
            f"{text} cannot be opened: {error_text(error)}{f', by {how_to_install(extra)}' if extra else ''}."
        ) from None
    except Exception as error:  # of a URL that is opened in another, each library has errors of its own
        raise UsageError(f"{text} cannot be opened: {error_text(error)}; correct the URL.") from None
    return Remote(system, root.rstrip("/"), text)


def error_text(error: BaseException) -> str:
    """Return the first line of what a system or library says, short and without a full stop."""
    return error_line(getattr(error, "strerror", None) or error)
