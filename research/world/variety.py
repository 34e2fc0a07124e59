"""How varied is what adverts say? python research/world/variety.py [--regions 64] [--world 1]

For each language: different frames authored, and the sentences that they make before nouns, numbers, prices and
contacts are put in; then, on the first advert of each template, lemmas without digits, contacts, emoji and
misspellings: types in the first 100,000 tokens, the share of types that occur once, the slope of log frequency over log
rank from rank 5 to 500 (Zipf), and quantiles of a body's length in words.

A lemma is a lower-cased word cut to six letters, which joins most forms of a word and needs no model. Chinese is cut
into overlapping pairs of neighbouring characters; its lengths are in pairs.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import polars as pl
from drawn import NEEDED, asking
from tipdata.core.kinds import LANGUAGES
from tipdata.core.world import World, newest_released
from tipdata.stages import draw_tables
from tipdata.text.checks import wordbook
from tipdata.text.documents import read_document
from tipdata.text.grammar import surfaces
from tipdata.text.style import style

TOKENS = 100_000
LETTERS = 6
QUANTILES = (5, 25, 50, 75, 95)


def bodies_of(world: World, regions: int) -> pl.DataFrame:
    """Return language and body of the first advert of every template."""
    parts = []
    for index in range(regions):
        _, tables = draw_tables(world.region(index), NEEDED)
        first = tables["adverts"].unique("template", keep="first", maintain_order=True)
        parts.append(first.select("language", "body"))
    return pl.concat(parts)


def authored(language: str) -> tuple[int, int]:
    """Return how many different frames are written in the files, and how many sentences they make."""
    book = wordbook(language)
    frames = {frame.text: frame.parts for frame in book.frames() if frame.where != "title"}
    made = {text for parts in frames.values() for text in surfaces(parts, book.dialect_words)}
    return len(frames), len(made)


def lemmas(body: str, language: str, wrong: re.Pattern[str], right: dict[str, str]) -> list[str]:
    """Return the lemmas of a body, in order."""
    text = wrong.sub(lambda found: right[found.group()], re.sub(CONTACTS, " ", body).lower())
    if language == "zh":
        stretches = re.findall(r"[\u4e00-\u9fff]+", text)
        return [one[at : at + 2] for one in stretches for at in range(max(1, len(one) - 1))]
    return [word[:LETTERS] for word in re.findall(r"[^\W\d_]+", text)]


CONTACTS = "|".join(
    re.escape(one)
    for one in sorted({*style().contacts, *style().masked}, key=lambda text: (-len(text), text))
)


def misspellings(language: str) -> tuple[re.Pattern[str], dict[str, str]]:
    """Return a pattern of misspelt words, and the right word of each, in lower case."""
    listed = read_document(f"wordbooks/{language}")["misspellings"]
    right = {str(wrong).lower(): str(word).lower() for word, wrong in listed.items()}
    words = "|".join(sorted(map(re.escape, right), key=len, reverse=True))
    return re.compile(words if language == "zh" else rf"(?<!\w)(?:{words})(?!\w)"), right


def slope(counts: list[int]) -> float:
    """Return the slope of log frequency over log rank, from rank 5 to 500."""
    frequency = np.sort(np.array(counts))[::-1][4:500]
    return float(np.polyfit(np.log(np.arange(5, 5 + len(frequency))), np.log(frequency), 1)[0])


def main() -> None:
    """Print the table."""
    options = asking(__doc__).parse_args()
    print(
        f"{'language':9}{'frames':>11}{'sentences':>11}{'adverts':>9}{'tokens':>9}{'types':>8}"
        f"{'once':>7}{'Zipf':>7}   length at {', '.join(f'{q}%' for q in QUANTILES)}"
    )
    table = bodies_of(World.of(newest_released(), options.world), options.regions)
    for language in LANGUAGES:
        wrong, right = misspellings(language)
        bodies = table.filter(language=language)["body"].to_list()
        read_ = [lemmas(body, language, wrong, right) for body in bodies]
        tokens = [token for one in read_ for token in one][:TOKENS]
        counts = Counter(tokens)
        once = np.mean([count == 1 for count in counts.values()])
        lengths = np.percentile([len(one) for one in read_], QUANTILES).astype(int)
        written, different = authored(language)
        print(
            f"{language:9}{written:11,}{different:11,}{len(bodies):9,}{len(tokens):9,}"
            f"{len(counts):8,}{once:7.3f}{slope(list(counts.values())):7.2f}   "
            + ", ".join(map(str, lengths))
        )


if __name__ == "__main__":
    main()
