"""Say in a file what runs, as it runs: a line with time, process and level, of every cell that begins, ends or fails.

Whoever uses tipbench from Python sees the same through the logger ``tipbench``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tipcore.errors import UsageError

LOGGER = logging.getLogger("tipbench")
LOGGER.addHandler(logging.NullHandler())  # silent unless asked: Python would write errors to standard error
FORM = "%(asctime)s %(process)d %(levelname)s %(message)s"


@contextmanager
def logging_to(path: str | None) -> Iterator[None]:
    """Append what is logged inside to a file; without one, do nothing. Workers append to the same file.

    Raises UsageError where the file cannot be written.
    """
    files = [one.baseFilename for one in LOGGER.handlers if isinstance(one, logging.FileHandler)]
    if path is None or str(Path(path).absolute()) in files:
        yield
        return
    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"--log-file {path} cannot be written: {error.strerror or error}; give another."
        ) from None
    handler.setFormatter(logging.Formatter(FORM))
    level = LOGGER.level
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(level)
        handler.close()
