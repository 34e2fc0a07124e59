"""Equal text, shared contacts, near-duplicates and scored pairs: who is joined and who is not."""

import polars as pl
import pytest
from hand_made import make_fold, predict
from tipbaselines.advert_linkage.exact_duplicates import ExactDuplicates
from tipbaselines.advert_linkage.minhash_lsh import MinHashLSH
from tipbaselines.advert_linkage.phone_components import PhoneComponents
from tipbaselines.advert_linkage.tfidf_pairs import TfidfPairs


def clusters(method, **columns) -> list[int]:
    rows = len(next(iter(columns.values())))
    fold = make_fold("advert_linkage", pl.DataFrame({"advert": range(10, 10 + rows), **columns}))
    return predict(method, fold)["cluster"].to_list()


def test_texts_that_differ_in_case_marks_and_spacing_are_exact_duplicates() -> None:
    assert clusters(ExactDuplicates(), body=["Clean  house!", "clean house", "clean houses"]) == [10, 10, 12]


def test_adverts_without_text_are_singletons() -> None:
    assert clusters(ExactDuplicates(), body=["", None, "..."]) == [10, 11, 12]
    assert clusters(MinHashLSH(), body=["", None, "..."]) == [10, 11, 12]


def test_contacts_join_adverts_along_the_chain() -> None:
    assert clusters(PhoneComponents(), contacts=[[1], [1, 2], [2], [3], [], []]) == [10, 10, 10, 13, 14, 15]


def test_a_repost_with_an_edited_sentence_is_a_near_duplicate_and_another_text_is_not() -> None:
    start = "we look for a house cleaner from nine to five on weekdays in a calm part of town near the old station"
    other = (
        "bricklayers wanted at once for a large site beyond the border with rooms and three warm meals a day"
    )
    bodies = [f"{start} call me in the evening", f"{start} write to us at noon", other]
    assert clusters(MinHashLSH(), body=bodies) == [10, 10, 12]


def test_pairs_of_texts_that_are_alike_score_higher_and_train_pairs_are_not_scored() -> None:
    pairs = pl.DataFrame(
        {
            "pair": [0, 1, 2, 3],
            "left_text": ["blue cafe main street"] * 4,
            "right_text": ["blue cafe, main st.", "red door grill", "blue cafe", "Blue Cafe Main Street"],
            "part": ["valid", "test", "train", "test"],
        }
    )
    fold = make_fold("advert_linkage", pl.DataFrame({"advert": [1]}), pairs=pairs)
    method = TfidfPairs()
    method.fit(fold, 0)
    found = dict(method.predict(fold).iter_rows())
    assert set(found) == {0, 1, 3}
    assert found[1] < found[0] < found[3] == pytest.approx(1)
