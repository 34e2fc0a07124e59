"""Where releases live: ``$TIPBENCH_HOME``, or the user's cache folder."""

import os
import sys
from pathlib import Path


def home() -> Path:
    """The folder that holds releases as ``<version>/<size>/<region>/<table>.parquet``. It is not created here."""
    chosen = os.environ.get("TIPBENCH_HOME")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "tipbench"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tipbench"
