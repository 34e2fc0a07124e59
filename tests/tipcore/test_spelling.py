"""The nearest valid words for a misspelling."""

import pytest
from tipcore.spelling import nearest, suggestion

KNOWN = [
    "advert_risk/tfidf_logreg",
    "advert_risk/prior",
    "advert_risk/oracle",
    "advert_authorship/tfidf_cosine",
]


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("advert_risk/tfidf_logre", ["advert_risk/tfidf_logreg"]),  # none of its siblings
        ("tfidf_logreg", ["advert_risk/tfidf_logreg"]),
        ("advert_rsk/prior", ["advert_risk/prior"]),
    ],
)
def test_the_nearest_baseline_is_found(word: str, near: list[str]) -> None:
    assert nearest(word, KNOWN)[: len(near)] == near
    assert len(nearest("advert_risk/tfidf_logre", KNOWN)) == 1


def test_where_no_word_is_near_all_are_listed_unless_they_are_too_many() -> None:
    assert suggestion("qqq", ["tiny", "small"]) == "Choose one of tiny, small."
    assert suggestion("qqq", ["tiny", "small"], most=1).startswith("None of the 2 that exist is like it")
