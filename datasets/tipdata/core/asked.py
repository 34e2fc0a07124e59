"""Which parameters of a world file no code asks for, such as one whose name is misspelt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1]
WHERE = ("core/*.py", "stages/**/*.py", "text/facts.yaml")
"""Where names stand that parameters are asked for by: strings of the code, and facts and levels of adverts."""
TEXT = re.compile(r'"[^"\n]*"|^ *\w+:|[{,] *\w+:', re.MULTILINE)
WHOLE = re.compile(r'\.group\("([^"]+)"\)')
"""A group that is asked for whole, whatever its parameters are called."""
WORD = re.compile(r"[^\W_]+")


def unasked(parameters: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the paths that hold a word which stands nowhere in the code, among the facts, or in the values.

    Many names are put together (of a kind, a form, a fact), so that whole paths cannot be looked up; that each
    parameter is read when regions are drawn is for a test.
    """
    words, groups = _asked()
    known = words.union(*(WORD.findall(str(entry.get("value"))) for entry in parameters.values()))
    for path in parameters:
        if not known.issuperset(WORD.findall(path)) and not path.startswith(groups):
            yield path


@cache
def _asked() -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the words of all names that are written somewhere, and the groups that are asked for whole."""
    text = "\n".join(
        file.read_text(encoding="utf-8") for pattern in WHERE for file in sorted(FOLDER.glob(pattern))
    )
    words = frozenset(WORD.findall("\n".join(TEXT.findall(text))))
    return words, tuple(f"{group}." for group in WHOLE.findall(text))
