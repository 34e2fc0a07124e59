"""The text of an advert as methods read it: title and body joined, normalised, cut into tokens.

Nothing here knows a language. A token is a run of letters and digits; scripts that are written without spaces
(Chinese characters, kana) give one token a character, so that word n-grams work in every language.
"""

import re
import unicodedata
from collections.abc import Sequence

import polars as pl

UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""Character ranges of scripts written without spaces between words."""

TOKEN = rf"[{UNSPACED}]|[^\W{UNSPACED}]+"
"""Pattern of one token, for ``re`` and for scikit-learn's ``token_pattern``."""

_TOKEN = re.compile(TOKEN)


def texts(frame: pl.DataFrame) -> list[str]:
    """Return title and body of each row, joined by a line break; whichever of the two columns the frame has.

    ``frame``: at least one of the String columns ``title`` and ``body``; a null counts as empty. One string a row.
    """
    columns = [name for name in ("title", "body") if name in frame.columns]
    if not columns:
        raise ValueError("texts() needs a column title or body")
    joined = pl.concat_str([pl.col(name).fill_null("") for name in columns], separator="\n").str.strip_chars()
    return frame.select(joined.alias("text"))["text"].to_list()


def tokens(text: str) -> list[str]:
    """Return tokens of a text after Unicode compatibility normalisation (NFKC) and case folding."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


def normalised(text: str) -> str:
    """Return the text reduced to its tokens with single spaces: equal for texts that differ in case and marks only."""
    return " ".join(tokens(text))


def all_normalised(texts: Sequence[str]) -> list[str]:
    """Return each of these texts as :func:`normalised` does, one that comes again once."""
    known = {text: normalised(text) for text in dict.fromkeys(texts)}
    return [known[text] for text in texts]
