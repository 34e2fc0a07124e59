"""Words in messages: the nearest valid one for a misspelling, and nouns after numbers."""

from collections.abc import Iterable
from difflib import SequenceMatcher

from tipcore.errors import UsageError

NEAR, BESIDE = 0.6, 0.2
"""The least likeness of a suggestion, from 0 to 1, and how much less than the best one it may be."""
MOST_LISTED = 16


def check_word(word: str, valid: Iterable[str], problem: str) -> None:
    """Raise UsageError for a word that is not valid: the problem, and the nearest valid words."""
    valid = list(valid)
    if word not in valid:
        raise UsageError(f"{problem}. {suggestion(word, valid)}")


def suggestion(word: str, valid: Iterable[str], most: int = MOST_LISTED) -> str:
    """Return a sentence on what to try instead of a word: the nearest valid ones or, where none is near, all.

    More than ``most`` are not listed.
    """
    words = list(valid)
    near = nearest(word, words)
    if near:
        return "Did you mean " + " or ".join(f'"{one}"' for one in near) + "?"
    if 0 < len(words) <= most:
        return f"Choose one of {', '.join(words)}."
    return f"None of the {len(words)} that exist is like it; see `tipbench list`."


def nearest(word: str, valid: Iterable[str], most: int = 3, least: float = NEAR) -> list[str]:
    """Return the valid words most like this one, best first; names are compared by what follows their last ``/`` or
    ``.``."""
    likeness = {candidate: _likeness(word, candidate) for candidate in valid}
    ranked = sorted(likeness, key=lambda candidate: (-likeness[candidate], candidate))
    best = likeness[ranked[0]] if ranked else 0.0
    return [candidate for candidate in ranked if likeness[candidate] >= max(least, best - BESIDE)][:most]


def count_of(number: int, noun: str) -> str:
    """Return a number with its noun, whose plural ends in s.

    >>> count_of(1, "task"), count_of(2_000, "task")
    ('1 task', '2,000 tasks')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _likeness(word: str, candidate: str) -> float:
    """Return how like two words are: their last parts, where what is before them is the same or left out."""
    above, _, last = candidate.lower().replace(".", "/").rpartition("/")
    word_above, _, word_last = word.lower().replace(".", "/").rpartition("/")
    if word_above in ("", above):
        return max(_ratio(word_last, last), 0.0 if word_above else _ratio(word_last, f"{above}/{last}"))
    return _ratio(word.lower(), candidate.lower())


def _ratio(left: str, right: str) -> float:
    return SequenceMatcher(None, left, right).ratio()
