"""Texts as tokens, counts of terms and pieces, and hashed character n-grams."""

from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from tipbaselines.text import (
    TOKEN,
    WordCounts,
    char_ngrams,
    equal_values,
    normalise,
    normalise_all,
    piece_counts,
    texts,
    tokens,
)


def test_a_text_is_title_and_body_whichever_there_are() -> None:
    frame = pl.DataFrame({"title": ["a", None, ""], "body": ["b", "c", None]})
    assert texts(frame) == ["a\nb", "c", ""]
    assert texts(frame.select("body")) == ["b", "c", ""]
    with pytest.raises(ValueError, match="title or body"):
        texts(pl.DataFrame({"other": ["x"]}))


def test_scripts_without_spaces_give_a_token_a_character_and_others_a_token_a_word() -> None:
    assert tokens("招工 now, Жильё есть") == ["招", "工", "now", "жильё", "есть"]
    assert normalise("Ｈello—WORLD") == "hello world"
    assert normalise_all(["B!", "a", "B!", ""]) == ["b", "a", "b", ""]


def test_character_ngrams_are_counted_as_in_scikit_learn() -> None:
    from sklearn.feature_extraction.text import CountVectorizer

    documents = ["a calm flat", "招工急招", "", "x", "a calm, calm flat \U0001f642"]
    reference = CountVectorizer(analyzer="char", ngram_range=(3, 3), lowercase=False, strip_accents=None)
    expected: Any = reference.fit_transform([f"\n{d}\n" for d in documents])
    found = char_ngrams(documents, (3,))
    assert found.sum(axis=1).tolist() == expected.sum(axis=1).tolist()
    assert (found @ found.T).toarray().tolist() == (expected @ expected.T).toarray().tolist()


def test_a_text_is_encoded_alike_whatever_stands_beside_it() -> None:
    alone, among = char_ngrams(["one text"], (2, 3)), char_ngrams(["before", "one text", "after"], (2, 3))
    assert (alone - among[1]).nnz == 0


def test_equal_values_are_numbered_in_the_order_of_their_first() -> None:
    number, first = equal_values(["b", "a", "b"])
    assert (number.tolist(), first.tolist()) == ([0, 1, 0], [0, 1])


WORDS = ["a", "B", "c", "Ŝ", "дом", "家", "e1", "ñ", "İ", "ß", "x_y", "don't", "99", "-", "!"]


def random_texts(rng: np.random.Generator, most: int, words: list[str]) -> list[str]:
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
        learnt, others = (
            ["a b a b c", "b c a", *random_texts(rng, 12, WORDS)],
            random_texts(rng, 7, [*WORDS, "new"]),
        )
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
        documents = ["hole whole", "", *random_texts(rng, 12, words)]
        counter: Any = CountVectorizer  # its types know whole numbers alone
        theirs = counter(analyzer="char_wb", ngram_range=(shortest, longest), dtype=np.float64)
        check_same(piece_counts(documents, shortest, longest), theirs.fit_transform(documents))
