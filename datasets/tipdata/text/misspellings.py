"""Texts as a writer spells them who misspells some words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

MISSPELT = 4
"""Forms of a text by which of its first two misspellable words are misspelt: none, first, second, both."""
NONE = -1


@dataclass(frozen=True)
class Forms:
    """A text as it may be spelt.

    ``words``: numbers of its first two misspellable words, -1 for none. ``texts``: its :data:`MISSPELT` forms.
    """

    words: tuple[int, int]
    texts: list[str]


class Misspellings:
    """The misspellings of a language. ``listed``: word -> how it is misspelt. ``whole``: whether words are parted."""

    def __init__(self, listed: Mapping[str, str], whole: bool) -> None:
        self._other = list(listed.values())
        self._number = {word: number for number, word in enumerate(listed)}
        words = sorted(map(re.escape, listed), key=len, reverse=True)
        form = r"(?<!\w)(?:{})(?!\w)" if whole else r"{}"
        self._pattern = re.compile(form.format("|".join(words)), re.IGNORECASE) if words else None

    def forms(self, text: str) -> Forms:
        """Return the forms of a text."""
        found = self._find_words(text)
        chosen = [{word for bit, word in enumerate(found) if form >> bit & 1} for form in range(MISSPELT)]
        first, second = (*found, NONE, NONE)[:2]
        return Forms((first, second), [self._misspell(text, words) for words in chosen])

    def all_wrong(self, text: str) -> str:
        """Return a text with every misspellable word misspelt."""
        return self._misspell(text, set(range(len(self._other))))

    def _find_words(self, text: str) -> tuple[int, ...]:
        if self._pattern is None:
            return ()
        seen = dict.fromkeys(self._index(match) for match in self._pattern.finditer(text))
        return tuple(number for number in seen if number >= 0)[:2]

    def _index(self, match: re.Match[str]) -> int:
        return self._number.get(match.group(), self._number.get(match.group().lower(), NONE))

    def _misspell(self, text: str, chosen: set[int]) -> str:
        if not chosen or self._pattern is None:
            return text

        def replace(match: re.Match[str]) -> str:
            if (number := self._index(match)) not in chosen:
                return match.group()
            other = self._other[number]
            return capital(other) if match.group()[:1].isupper() else other

        return self._pattern.sub(replace, text)


def capital(text: str) -> str:
    """Return a text with its first letter in upper case."""
    return text[:1].upper() + text[1:]
