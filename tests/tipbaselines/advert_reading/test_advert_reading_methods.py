"""Claims about the baselines of advert_reading, on adverts made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hand_made import predict
from scipy.sparse import csr_matrix
from tipbaselines.advert_reading.dictionary import Dictionary
from tipbaselines.advert_reading.sentence_ridge import SentenceRidge, solve_ridge
from tipbaselines.advert_reading.sentences import align_levels, highest
from tipbaselines.advert_reading.tfidf import Tfidf
from tipbench.data.fold import Fold
from tipbench.tasks import task_of

SAYS = {
    "papers=own": "Everybody keeps a passport",
    "meals=free": "Soup is served at noon",
    "heads=one": "One post is open",
}


def made_fold(test: list[str]) -> Fold:
    """Every pair of sentences, three times; then the bodies of test."""
    names = list(SAYS)
    pairs = [(one, other) for one in names for other in names if one != other] * 3
    bodies = [f"{SAYS[one]}. {SAYS[other]}." for one, other in pairs]
    units = pl.DataFrame({"advert": range(len(bodies) + len(test)), "title": "", "body": [*bodies, *test]})
    parts = pl.DataFrame({"advert": units["advert"], "part": ["train"] * len(bodies) + ["test"] * len(test)})
    labels = {f"label_{name}": [int(name in pair) for pair in pairs] for name in names}
    known = parts.head(len(bodies)).with_columns(
        **{n: pl.Series(v, dtype=pl.Int8) for n, v in labels.items()}
    )
    return Fold(task_of("advert_reading").problem, {"adverts": units.lazy()}, parts, known)


def scores(method: type, test: list[str]) -> np.ndarray:
    """Return (test adverts, levels)."""
    return predict(method(), made_fold(test)).select(f"score_{name}" for name in SAYS).to_numpy()


def test_each_label_goes_to_the_sentence_that_states_it() -> None:
    counts = csr_matrix(np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 1]], dtype=np.float32))
    labels = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 1]])
    assert align_levels(counts, np.array([3, 3, 3]), labels).toarray() == pytest.approx(np.eye(3), abs=0.05)


def test_an_advert_has_the_highest_score_of_its_sentences_and_zero_without_any() -> None:
    counts = csr_matrix(np.array([[1, 0], [0, 0], [1, 2]], dtype=np.float32))
    found = highest(counts, np.array([[0.1, 0.6], [0.5, 0.2]], dtype=np.float32))
    assert found == pytest.approx(np.array([[0.1, 0.6], [0.0, 0.0], [0.5, 0.6]]))


def test_a_dictionary_reads_known_sentences_whatever_their_case_and_no_others() -> None:
    found = scores(Dictionary, ["SOUP is served at noon! Nothing else.", "Soup was served at noon."])
    assert found[0] == pytest.approx([0, 1, 0], abs=0.05)
    assert found[1].tolist() == [0, 0, 0]


def test_a_ridge_on_sentences_reads_a_misspelt_one_and_halves_of_two() -> None:
    misspelt, halves = scores(
        SentenceRidge, ["Soop is servd at noon.", "Everybody keeps a passport, one post is open."]
    )
    assert misspelt.argmax() == 1
    assert misspelt[1] > 0.3
    assert misspelt[[0, 2]] == pytest.approx([0, 0], abs=0.15)
    assert (halves[[0, 2]] > 0.25).all()
    assert halves[1] < 0.1


def test_a_ridge_on_sentences_learns_from_further_worlds_too() -> None:
    fold = made_fold(["Soup is served at noon."])
    known = fold.supervision.filter(pl.col("label_meals=free") == 0)
    without = replace(fold, supervision=known)
    alone, more = (
        predict(SentenceRidge(), one)["score_meals=free"][0]
        for one in (without, replace(without, worlds=(fold,)))
    )
    assert alone < 0.1
    assert more > 0.3


def test_conjugate_gradients_find_the_ridge_solution() -> None:
    generator = np.random.default_rng(0)
    features, targets = generator.normal(size=(50, 8)), generator.normal(size=(50, 3))
    found = solve_ridge(csr_matrix(features, dtype=np.float32), targets, penalty=0.7, steps=30)
    exact = np.linalg.solve(features.T @ features + 0.7 * np.eye(8), features.T @ targets)
    assert found == pytest.approx(exact, abs=1e-4)


@pytest.mark.parametrize("method", [Dictionary, SentenceRidge, Tfidf])
def test_methods_tell_levels_apart_and_an_empty_text_states_nothing_for_sure(method: type) -> None:
    found = scores(method, [f"{said}." for said in SAYS.values()] + [""])
    assert found[:3].argmax(axis=1).tolist() == [0, 1, 2]
    assert np.isfinite(found).all()
    assert (found[3] < 0.8).all()
