"""Put a name's signature and docstring where a page asks for it: ``<!-- reference: tipbench.load -->``."""

from __future__ import annotations

import re

MARK = re.compile(r"^<!-- reference: ([\w.]+) -->$", re.MULTILINE)


def referred(markdown: str) -> str:
    """Return a page that asks mkdocstrings for each name that it marks."""
    return MARK.sub(lambda found: f"::: {found[1]}", markdown)
