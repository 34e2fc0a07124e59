"""Texts as a writer spells them who misspells some words."""

import re
from collections.abc import Mapping

MISSPELT = 4
"""Forms of a text by which of its first two misspellable words are misspelt: none, first, second, both."""
NONE = -1


class Misspellings:
    """The misspellings of a language. ``listed``: word -> how it is misspelt. ``whole``: whether words are parted."""

    def __init__(self, listed: Mapping[str, str], whole: bool) -> None:
        self._other = list(listed.values())
        self._number = {word: number for number, word in enumerate(listed)}
        words = "|".join(sorted(map(re.escape, listed), key=len, reverse=True))
        self._pattern = re.compile(rf"(?<!\w)(?:{words})(?!\w)" if whole else words, re.IGNORECASE)

    def forms(self, text: str) -> tuple[tuple[int, int], list[str]]:
        """Return the numbers of the first two misspellable words of a text, -1 for none, and its :data:`MISSPELT`
        forms."""
        seen = dict.fromkeys(map(self._index, self._pattern.finditer(text)))
        found = [number for number in seen if number >= 0][:2]
        chosen = [{word for bit, word in enumerate(found) if form >> bit & 1} for form in range(MISSPELT)]
        first, second = (*found, NONE, NONE)[:2]
        return (first, second), [self._misspell(text, words) for words in chosen]

    def all_wrong(self, text: str) -> str:
        """Return a text with every misspellable word misspelt."""
        return self._misspell(text, set(range(len(self._other))))

    def _index(self, match: re.Match[str]) -> int:
        return self._number.get(match.group(), self._number.get(match.group().lower(), NONE))

    def _misspell(self, text: str, chosen: set[int]) -> str:
        def replace(match: re.Match[str]) -> str:
            if (number := self._index(match)) not in chosen:
                return match.group()
            other = self._other[number]
            return capital(other) if match.group()[:1].isupper() else other

        return self._pattern.sub(replace, text) if chosen else text


def capital(text: str) -> str:
    """Return a text with its first letter in upper case."""
    return text[:1].upper() + text[1:]
