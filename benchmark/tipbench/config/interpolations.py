"""Find interpolations, ``${...}``, which OmegaConf would replace by what the machine knows, such as its environment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tipcore.errors import UsageError

INTERPOLATION = re.compile(r"\$\\*\{")
"""Its begin, also where signs are escaped: Hydra's grammar takes escapes away before OmegaConf looks."""


def refuse_interpolated_words(words: Sequence[str]) -> None:
    """Refuse ``key=value`` whose value, as Hydra's grammar reads it, holds an interpolation; nothing is resolved.

    Raises UsageError, and what Hydra raises for words outside its grammar.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser

    parser = OverridesParser.create()
    for word in words:
        key, _, written = word.partition("=")
        refuse_interpolations(written, key.lstrip("+"))
        refuse_interpolations(parser.parse_override(word).value(), key.lstrip("+"))


def refuse_interpolations(value: Any, where: str = "") -> None:
    """Refuse what has an interpolation in one of its keys or values; ``where`` is the key that it stands at."""
    for key, text in _texts(value, where):
        if INTERPOLATION.search(text):
            raise UsageError(f"{key} holds an interpolation ${{...}}: write its value.")


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Yield every text in a value and the dotted key that it stands at."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield where, str(key)
            yield from _texts(inner, f"{where}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner, where)
    elif value is not None:
        yield where, str(value)
