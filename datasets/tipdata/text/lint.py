"""What no text of the data may hold: rules by language, as :file:`text/lint.yaml` lists them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tipdata.text.reading import read

ALL = "all"
"""The part of a rule that holds in every language."""
FORMS = ("spaces", "stray", "unpaired", "grammar", "again", "begins")
"""Rules about form, which only a whole reading of a sentence can break; all others are about words."""


@dataclass(frozen=True)
class Rule:
    """A rule in one language. ``planted``: a text that breaks it."""

    name: str
    pattern: re.Pattern[str]
    planted: str


@cache
def rules_of(language: str) -> tuple[Rule, ...]:
    """Return the rules of a language; those that no file lists it for do not hold there."""
    made = []
    for name, by_language in read("lint").items():
        if entry := by_language.get(language, by_language.get(ALL)):
            flags = 0 if entry.get("cased") else re.IGNORECASE
            made.append(Rule(name, re.compile(entry["pattern"], flags), entry["planted"]))
    return tuple(made)


def broken(text: str, language: str, forms: bool | None = None) -> dict[str, str]:
    """Return the rules that a text breaks, each with the part that does.

    ``forms``: ask only the rules about form, or only those about words; None for all. A language that the data have
    not keeps the rules of all languages.
    """
    return {
        rule.name: found.group()
        for rule in rules_of(language)
        if forms in (None, rule.name in FORMS) and (found := rule.pattern.search(text))
    }
