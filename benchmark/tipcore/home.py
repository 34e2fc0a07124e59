"""Where releases live: ``$TIPBENCH_HOME``, or the user's cache folder; and what ``~`` stands for in a path."""

import os
from pathlib import Path

from tipcore.errors import UsageError
from tipcore.operating_system import cache_folder


def home() -> Path:
    """Return the folder that holds releases as ``<version>/<size>/<region>/<table>.parquet``. It is not created here.

    Raises UsageError where neither TIPBENCH_HOME is set nor a home folder is known.
    """
    chosen = os.environ.get("TIPBENCH_HOME")
    if chosen:
        return expanded(chosen)
    try:
        return cache_folder() / "tipbench"
    except RuntimeError:
        raise UsageError(
            "There is no place for releases, since HOME is not set and this user has no home folder: set TIPBENCH_HOME "
            "to a folder."
        ) from None


def expanded(path: str | Path) -> Path:
    """Return a path with the home folder that its ``~`` stands for, or as it is where nobody knows that folder."""
    return Path(os.path.expanduser(path))
