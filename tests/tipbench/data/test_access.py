"""Claims about what a task shows: columns that tell the answer without the work are hidden."""

import pytest
from tipbench.data.access import check_needs, visible_columns
from tipbench.tasks import task_of
from tipcore.errors import UsageError

AUTHORSHIP = task_of("advert_authorship")


def test_authorship_shows_writing_alone() -> None:
    shown = {"advert", "language", "category", "title", "body"}
    assert set(visible_columns(AUTHORSHIP, "public")["adverts"]) == shown
    assert set(visible_columns(AUTHORSHIP, "legal")["adverts"]) == shown


def test_a_method_that_needs_what_is_hidden_is_refused_in_words() -> None:
    with pytest.raises(UsageError, match=r"adverts\.price, which advert_authorship hides at every access"):
        check_needs(AUTHORSHIP, {"adverts.price", "adverts.body"}, "public", oracle=False)
