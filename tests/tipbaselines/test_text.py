"""Texts as tokens and hashed character n-grams, and linear models of their words."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from tipbaselines.text import TOKEN, TextModel, char_ngrams, equal_values, normalise, texts, tokens


def test_a_text_is_title_and_body_whichever_there_are() -> None:
    frame = pl.DataFrame({"title": ["a", None, ""], "body": ["b", "c", None]})
    assert texts(frame) == ["a\nb", "c", ""]
    assert texts(frame.select("body")) == ["b", "c", ""]
    with pytest.raises(ValueError, match="title or body"):
        texts(pl.DataFrame({"other": ["x"]}))


def test_scripts_without_spaces_give_a_token_a_character_and_others_a_token_a_word() -> None:
    assert tokens("招工 now, Жильё есть") == ["招", "工", "now", "жильё", "есть"]
    assert normalise(["B!", "Ｈello—WORLD", "B!", ""]) == ["b", "hello world", "b", ""]


def test_character_ngrams_are_counted_as_in_scikit_learn() -> None:
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


def pipeline() -> Pipeline:
    counter = CountVectorizer(token_pattern=TOKEN, ngram_range=(1, 2))
    return make_pipeline(counter, TfidfTransformer(sublinear_tf=True), LogisticRegression(tol=1e-8))


def test_distinct_texts_weighted_by_their_number_are_learnt_from_as_all_of_them() -> None:
    rng = np.random.default_rng(0)
    documents = [" ".join(rng.choice(WORDS, 2)) for _ in range(300)]
    labels = np.array(["a" in document for document in documents]) ^ (rng.random(300) < 0.2)
    found = TextModel(pipeline()).fit(documents, labels.astype(int))
    expected = pipeline().fit(documents, labels.astype(int))
    others = [*documents, "new words", ""]
    assert found.scores(others) == pytest.approx(expected.predict_proba(others)[:, 1], abs=1e-4)


def test_with_labels_of_one_class_every_score_is_the_prevalence() -> None:
    model = TextModel(pipeline()).fit(["a b", "b c"], np.zeros(2, dtype=int))
    assert model.scores(["a", "new"]).tolist() == [1 / 4, 1 / 4]
