"""Cosine similarity of hand-made style features that know no language: how a text is written, not what it says.

Separator between sentences, style of the masked number, casing of title and body, emoji, place of the contact line,
lengths of sentences and words, punctuation, letters and classes of characters: the feature families of Abbasi and
Chen (2008, "Writeprints") that need no dictionary. Standardised on the gallery, untrained. Needs title and body.
Cost: about 1 s for 2,560 adverts on one core.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import Untrained, to_predict
from tipbaselines.linkage import nearest
from tipbaselines.text import UNSPACED, tokens

MASK = re.compile(r"(?<![A-Za-z\u0400-\u04ff])\(?[Nn](?:[ \-._()]{0,2}[Nn]){3,}\)?")
"""A masked contact string: at least four N with at most two marks between."""

EMOJI = re.compile(r"[\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff]")
_SPACED_EMOJI = re.compile(rf" ?{EMOJI.pattern} ?")
_CUT = re.compile(r"[^\w\s'’\-:()\"«»%/]{1,4}\s+|\s[^\w\s]{1,3}\s+|\n\W*|[。！，；～｜·…—]{1,3}\s*")
_COMMAS = frozenset({", ", "، ", "，"})
"""Separators that also stand within a sentence: they count half when a text's separator is looked for."""
_CONTACT = "\u039e"
LETTERS = 100  # How many letters, the most frequent of the gallery, have a share of their own
_COMMON_CATEGORIES = ("Lu", "Ll", "Lo", "Nd", "Po", "Pd", "Ps", "Sm", "So", "Zs", "Cc")


@dataclass(frozen=True)
class WritingStyle:
    """How one advert is written.

    ``separator``: the string that stands between its sentences. ``mask``: its first masked number, marks kept.
    ``emoji``: in order. ``sentences``: tokens of each sentence joined by spaces, title not among them, the masked
    number as one letter. ``contact``: number of the sentence with the masked number, or -1. ``body_case`` and
    ``title_case``: upper, lower, mixed, or none for a script without case. ``title``: its tokens.
    """

    separator: str
    mask: str
    emoji: tuple[str, ...]
    sentences: tuple[str, ...]
    contact: int
    body_case: str
    title_case: str
    title: str


def style_of(title: str, body: str) -> WritingStyle:
    """Return the style of one advert; empty strings are allowed."""
    found = MASK.search(body)
    masked = MASK.sub(_CONTACT, body)
    plain = _SPACED_EMOJI.sub(lambda m: " " if m.start() and m.group().endswith(" ") else "", masked)
    cuts = Counter(_CUT.findall(plain))
    separator = max(cuts, key=lambda s: (cuts[s] / (1 + (s in _COMMAS)), -plain.find(s))) if cuts else ""
    parts = plain.split(separator) if separator else [plain]
    sentences = tuple(joined for part in parts if (joined := " ".join(tokens(part))))
    contact = next((i for i, s in enumerate(sentences) if _CONTACT.casefold() in s), -1)
    return WritingStyle(
        separator,
        found.group().upper() if found else "",
        tuple(EMOJI.findall(body)),
        sentences,
        contact,
        _case(MASK.sub("", body)),
        _case(title),
        " ".join(tokens(title)),
    )


def styles(frame: pl.DataFrame) -> list[WritingStyle]:
    """Return the style of each row; a missing column or null counts as empty."""
    columns = [
        frame[name].fill_null("").to_list() if name in frame.columns else [""] * frame.height
        for name in ("title", "body")
    ]
    return [style_of(title, body) for title, body in zip(*columns, strict=True)]


def style_vectors(frame: pl.DataFrame, found: Sequence[WritingStyle]) -> np.ndarray:
    """Return standardised style features with rows of unit length: (rows, features) float64. A choice (separator, mask,
    casing, emoji) is one column an option that two rows have; a constant column is zero."""
    bodies = frame["body"].fill_null("").to_list()
    numbers = np.array([_numbers(body, style) for body, style in zip(bodies, found, strict=True)])
    lower = [body.casefold() for body in bodies]
    letters = Counter(mark for body in lower for mark in body if mark.isalpha())
    usual = [mark for mark, _ in sorted(letters.items(), key=lambda item: (-item[1], item[0]))[:LETTERS]]
    shares = np.array([[body.count(mark) / max(len(body), 1) for mark in usual] for body in lower])
    options = [_options(style) for style in found]
    common = sorted(o for o, count in Counter(o for row in options for o in row).items() if count > 1)
    place = {option: column for column, option in enumerate(common)}
    choices = np.zeros((len(found), len(common)))
    for row, listed in enumerate(options):
        choices[row, [place[option] for option in listed if option in place]] = 1.0
    values = np.hstack([m.reshape(len(found), -1) for m in (numbers, shares, choices)])
    values = values - values.mean(axis=0)
    deviation = values.std(axis=0)
    values = np.clip(np.divide(values, deviation, out=np.zeros_like(values), where=deviation > 1e-9), -4, 4)
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)


def _case(text: str) -> str:
    if text.lower() == text.upper():
        return "none"
    return "upper" if text == text.upper() else "lower" if text == text.lower() else "mixed"


def _options(style: WritingStyle) -> set[str]:
    return {
        f"separator {style.separator}",
        f"mask {style.mask}",
        f"body {style.body_case}",
        f"title {style.title_case}",
        *(f"emoji {mark}" for mark in style.emoji),
        f"contact {_place(style)}",
    }


def _place(style: WritingStyle) -> str:
    """Return where the contact line stands: none, first, last, last but one, or between."""
    if style.contact < 0:
        return "none"
    after = len(style.sentences) - 1 - style.contact
    return "first" if style.contact == 0 else {0: "last", 1: "last but one"}.get(after, "between")


def _numbers(body: str, style: WritingStyle) -> list[float]:
    """Return counts, lengths in logarithms, and shares of characters by their Unicode category."""
    words = [len(word) for sentence in style.sentences for word in sentence.split()]
    lengths = [len(sentence) for sentence in style.sentences] or [0]
    categories = Counter(map(unicodedata.category, body))
    size = max(len(body), 1)
    return [
        float(np.log1p(len(body))),
        float(len(style.sentences)),
        float(np.log1p(np.mean(lengths))),
        float(np.std(lengths) / (np.mean(lengths) + 1)),
        float(np.mean(words)) if words else 0.0,
        float(np.std(words)) if words else 0.0,
        float(np.log1p(len(style.title))),
        float(len(style.emoji)),
        len(re.findall(rf"[{UNSPACED}]", body)) / size,
        *(categories[name] / size for name in _COMMON_CATEGORIES),
        *(min(body.count(mark), 5) for mark in "?:'\"%/"),
    ]


class StyleFeatures(Untrained):
    """No parameter: every feature weighs the same after standardisation."""

    entry_class = "worlds"  # knows how texts mask a phone number
    needs = frozenset({"adverts.title", "adverts.body"})

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        return nearest(frame[fold.task.unit], style_vectors(frame, styles(frame)))
