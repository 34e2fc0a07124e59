"""Claims about the baselines of advert_reading, on adverts made by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hand_made import predict
from scipy.sparse import csr_matrix
from tipbaselines.advert_reading.dictionary import Dictionary
from tipbaselines.advert_reading.nearest_sentence import NearestSentence
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


def test_the_nearest_sentence_is_read_where_the_same_one_is_missing() -> None:
    [found] = scores(NearestSentence, ["Soop is servd at noon."])
    assert found.argmax() == 1
    assert 0.3 < found[1] < 1
    assert found[[0, 2]] == pytest.approx([0, 0], abs=0.1)


@pytest.mark.parametrize("method", [Dictionary, NearestSentence, Tfidf])
def test_methods_tell_levels_apart_and_an_empty_text_states_nothing_for_sure(method: type) -> None:
    found = scores(method, [f"{said}." for said in SAYS.values()] + [""])
    assert found[:3].argmax(axis=1).tolist() == [0, 1, 2]
    assert np.isfinite(found).all()
    assert (found[3] < 0.8).all()
