"""Where releases live: ``$TIPBENCH_HOME``, or the user's cache folder."""

import os
from pathlib import Path

from tipcore.operating_system import cache_folder


def home() -> Path:
    """Return the folder that holds releases as ``<version>/<size>/<region>/<table>.parquet``. It is not created
    here."""
    chosen = os.environ.get("TIPBENCH_HOME")
    return Path(chosen).expanduser() if chosen else cache_folder() / "tipbench"
