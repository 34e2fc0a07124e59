"""What no text of the data may hold: rules by language, as :file:`text/lint.yaml` lists them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from tipdata.text.documents import read_document

ALL = "all"
"""The part of a rule that holds in every language."""
FORMS = ("spaces", "stray", "unpaired", "grammar", "again", "begins")
"""Rules about form, which only a whole reading of a sentence can break; all others are about words."""
SIGNS = "letters"
"""The rule about the signs of a language, which emoji and masked contacts of :file:`signs.yaml` may break."""
HIDDEN = re.compile(
    "[\u0300-\u036f\u00ad\u0640\u064b-\u0650\u0652-\u065f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
"""Marks on letters, and signs that are not seen."""
APART = re.compile(r"(?<![^\W_])[^\W\d_](?:[ \-._*·~/|,]{1,3}[^\W\d_](?![^\W_])){2,}")
"""Three or more letters that each stand alone."""
APART_CHINESE = re.compile(
    r"(?<![\u4e00-\u9fff])[\u4e00-\u9fff](?:[ \-._*·~/|,]{1,3}[\u4e00-\u9fff](?![\u4e00-\u9fff]))+"
)
"""Two or more Chinese characters that each stand alone."""
BETWEEN = re.compile(
    r"(?<=[^\W\d_])(?<![\u4e00-\u9fff])[\-._*·~]+(?=[^\W\d_])"
    r"|(?<=[\u4e00-\u9fff])(?: {1,3}|[\-._*·~/|]{1,2})(?=[\u4e00-\u9fff])"
)
"""What stands between two letters of a word, or two Chinese characters: not an ellipsis, nor a sign between spaces, for
both part sentences."""
MIXED = re.compile(r"(?<![^\W_])(?=[^\W_]*\d)(?=[^\W_]*[a-z])[^\W_]+")
"""A word of letters and digits."""
DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "0123456789" * 2)
AS_LETTERS = (str.maketrans("013457", "oieast"), str.maketrans("013457", "oleast"))
NUMBERS = {
    "<1-17>": r"(?<![\d.,:/])(?:1[0-7]|[1-9])(?![.,:/]?\d)",
    "<13-17>": r"(?<![\d.,:/])1[3-7](?![.,:/]?\d)",
    "<no unit>": r"(?![\d%])(?!\s*(?:%|min|hours?|hrs?\b|h\b|days?|weeks?|months?|km|kilo|met|m\b|mile|block|street"
    r"|step|stop|door|floor|pm\b|am\b|o.clock|xts|stund|tage|jahre (?!alt)|years? (?!old)|-?hour|-?minute))",
}
"""What stands for a number in patterns, and for what may not follow one."""


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
    for name, by_language in read_document("lint").items():
        if entry := by_language.get(language, by_language.get(ALL)):
            # Rules about words are given, and asked, in lower case: that is faster than to disregard case.
            flags = 0 if entry.get("cased") or _of_words(name) else re.IGNORECASE
            listed = entry["pattern"]
            pattern = listed if isinstance(listed, str) else "|".join(f"(?:{one})" for one in listed)
            for sign, meant in NUMBERS.items():
                pattern = pattern.replace(sign, meant)
            made.append(Rule(name, re.compile(pattern, flags), entry["planted"]))
    return tuple(made)


def find_broken_rules(text: str, language: str, forms: bool | None = None) -> dict[str, str]:
    """Return the rules that a text breaks, each with the part that does.

    Rules about words are asked of the text in lower case and of what :func:`undisguise` makes of it.

    ``forms``: ask only the rules about form, or only the others; None for all. A language that the data have not keeps
    the rules of all languages.
    """
    words = () if forms else dict.fromkeys((text.casefold(), *undisguise(text)))
    made = {}
    for rule in rules_of(language):
        if forms in (None, rule.name in FORMS):
            for shown in words if _of_words(rule.name) else (text,):
                if found := rule.pattern.search(shown):
                    made.setdefault(rule.name, found.group())
    return made


def _of_words(rule: str) -> bool:
    return rule not in (*FORMS, SIGNS)


def undisguise(text: str) -> tuple[str, ...]:
    """Return a text without what may hide a word in it, in two ways, for a 1 may stand for an i or an l.

    Other forms of a letter and marks on it become the letter; signs that are not seen, and those between the letters
    of a word, go; digits within a word become the letters they look like; of a letter three times or more, one stays.
    """
    text = HIDDEN.sub("", unicodedata.normalize("NFKD", text)).casefold()
    text = text.translate(DIGITS)
    for apart in (APART, APART_CHINESE):
        text = apart.sub(lambda found: re.sub(r"[\W_]", "", found.group()), text)
    text = re.sub(r"([^\W\d_])\1{2,}", r"\1", BETWEEN.sub("", text))
    return tuple(MIXED.sub(lambda found, to=to: found.group().translate(to), text) for to in AS_LETTERS)
