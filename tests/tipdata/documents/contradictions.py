"""What a text says that does not go together: the rules of :file:`hard_rules.yaml`, and those of facts.

The test beside this file holds them; ``research/world/reading.py`` counts them.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from bodies import read_body  # pyright: ignore[reportMissingImports]
from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.text.facts import level_place, rules
from tipdata.text.lint import find_broken_rules
from tipdata.text.style import style

FORMS = ("spaces", "grammar", "again")
"""Rules of the lint that hold of a whole body, whatever parts its sentences."""
SENTENCE = r"(?:^|[.!?]\s|\n(?:[-•] )?)[^\W\d_]"
"""The letter that a sentence begins with."""


@cache
def hard() -> dict[str, Any]:
    """Return the rules as they are listed."""
    return yaml.safe_load(Path(__file__).with_name("hard_rules.yaml").read_text(encoding="utf-8"))


def wrong_in_text(body: str, language: str) -> set[str]:
    """Return the rules that the text itself breaks."""
    text, listed = body.casefold(), _patterns(language).items()
    found = {name for name, patterns in listed if all(pattern.search(text) for pattern in patterns)}
    letters = re.sub(_contacts(), "N", body)
    found |= {f"form: {rule}" for rule in find_broken_rules(letters, language) if rule in FORMS}
    if letters.replace("N", "").lower() != letters.replace("N", ""):
        begins = (match.group()[-1] for match in re.finditer(SENTENCE, letters))
        if any(letter.islower() for letter in begins):
            found.add("form: begins in lower case")
    return found


@cache
def _patterns(language: str) -> dict[str, list[re.Pattern[str]]]:
    listed = {name: of[language] for name, of in hard()["texts"].items() if language in of}
    return {name: [re.compile(pattern) for pattern in patterns] for name, patterns in listed.items()}


@cache
def _contacts() -> str:
    """Return the pattern of contacts and of the currency, which stand as they are in lower case too."""
    listed = {*style().contacts, *style().masked, "XTS"}
    return "|".join(re.escape(one) for one in sorted(listed, key=len, reverse=True))


def wrong_in_facts(body: str, language: str, category: str) -> set[str]:
    """Return the rules that an advert breaks, by what its text reads back as."""
    told = read_body(body, language, category)
    if not told.read:
        return {"not read whole"}
    number = CATEGORIES[category]
    family = FAMILIES[number]
    places = [level_place(family, level) for level in told.levels]
    found = set()
    if len({fact for fact, _ in places}) < len(places):
        found.add("two levels of a fact, or one twice")
    apart, needs = rules().apart[number], rules().needs[number]
    for at, one in enumerate(places):
        for other, level in zip(places[at + 1 :], told.levels[at + 1 :], strict=True):
            if apart[(*one, *other)]:
                found.add(f"apart: {told.levels[at]}, {level}")
        if needs[one].any() and not any(needs[one][fact] for fact, _ in places):
            found.add(f"alone: {told.levels[at]}")
    found |= {f"unfit: {word}" for word in told.unfit}
    return found
