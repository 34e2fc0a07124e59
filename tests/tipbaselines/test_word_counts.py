"""Terms are counted as scikit-learn counts them, entry by entry."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from tipbaselines.advert_text import TOKEN
from tipbaselines.word_counts import WordCounts, piece_counts

WORDS = ["a", "B", "c", "Ŝ", "дом", "家", "e1", "ñ", "İ", "ß", "x_y", "don't", "99", "-", "!"]


def texts(rng: np.random.Generator, most: int, words: list[str]) -> list[str]:
    return [" ".join(rng.choice(words, rng.integers(0, 9))) for _ in range(rng.integers(2, most))]


def check_same(found: csr_matrix, expected: Any) -> None:
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    for part in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(found, part), getattr(expected, part))


@pytest.mark.parametrize(("longest", "least"), product((1, 2, 3), (1, 2)))
def test_counts_are_those_of_scikit_learn_in_the_same_order(longest: int, least: int) -> None:
    rng = np.random.default_rng(longest + 10 * least)
    for _ in range(40):
        learnt, others = ["a b a b c", "b c a", *texts(rng, 12, WORDS)], texts(rng, 7, [*WORDS, "new"])
        theirs = CountVectorizer(token_pattern=TOKEN, ngram_range=(1, longest), min_df=least)
        ours = WordCounts(longest, least)
        check_same(ours.fit_transform(learnt), theirs.fit_transform(learnt))
        check_same(ours.transform(others), theirs.transform(others))


def test_texts_that_share_too_few_terms_are_refused() -> None:
    for said, least in ((["", " - "], 1), (["a b", "c"], 2)):
        with pytest.raises(ValueError, match="nothing to count"):
            WordCounts(2, least).fit_transform(said)


@pytest.mark.parametrize(("shortest", "longest"), [(2, 5), (1, 3), (4, 4), (3, 9)])
def test_pieces_of_words_are_those_of_scikit_learn_in_the_same_order(shortest: int, longest: int) -> None:
    rng = np.random.default_rng(shortest)
    words = [*WORDS, "whole", "Wholesome", "holed", "\u3000", "\n", "家に帰る", "aaaa"]
    for _ in range(40):
        documents = ["hole whole", "", *texts(rng, 12, words)]
        counter: Any = CountVectorizer  # its types know whole numbers alone
        theirs = counter(analyzer="char_wb", ngram_range=(shortest, longest), dtype=np.float64)
        check_same(piece_counts(documents, shortest, longest), theirs.fit_transform(documents))
