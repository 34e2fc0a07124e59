"""The names of methods' pages."""

from __future__ import annotations

import hashlib
import re

from tipboard.board.entries import Entry

_PAGE = re.compile(r"[a-z0-9_]+(?:-[a-z0-9_]+)*--[a-z0-9_]+(?:-[a-z0-9_]+)*")


def page_id(entry: Entry) -> str:
    """Return an entry's name in paths: its id where that is of slugs, else a digest of it."""
    if _PAGE.fullmatch(entry.id) and len(entry.id) <= 100:
        return entry.id
    return f"entry-{hashlib.sha256(entry.id.encode(errors='surrogatepass')).hexdigest()[:16]}"
