"""Text and addresses of strangers, as a page may hold them.

HTML is escaped by the templates (:mod:`tipbench.pages.templates`); here is what escaping does not cover.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

SHOWN = "\ufffd"
"""In the place of a character that is not to be seen, or that would turn round the text after it."""

_ADDRESS = re.compile(r"https://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_KEPT = "\n\t\u200c\u200d"
"""Beside spaces the joiners, with which letters of Persian and of Indic scripts are written."""
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def visible(text: str) -> str:
    """Return the text with every control, bidirectional and unassigned character replaced by a sign that is seen."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(SHOWN if unicodedata.category(c) in _HIDDEN and c not in _KEPT else c for c in text)


def https(address: str | None) -> str | None:
    """Return the address where it is one of https and nothing else, or None."""
    if address is None or not _ADDRESS.fullmatch(address):
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.hostname and "@" not in parts.netloc else None
