"""Claims about what a version of the data shows: columns that tell the answer without the work are withheld."""

import pytest
from tipbench.data.access import check_needs, visible_columns, withheld_columns
from tipbench.tasks import all_tasks
from tipcore.errors import UsageError
from tipdata.core.world import versions
from tipdata.stages import all_tables
from tipdata.stages.adverts.tables import JOB_FIELDS

AUTHORSHIP = all_tasks()["advert_authorship"]
NO_WRITING = {"minute", "price", "price_basis", *JOB_FIELDS}


def test_authorship_shows_writing_alone_from_data_0_4_0_on() -> None:
    before, now = (
        set(visible_columns(AUTHORSHIP, "public", version=v)["adverts"]) for v in ("0.3.0", "0.4.0")
    )
    assert now == {"advert", "language", "category", "title", "body"}
    assert before == now | NO_WRITING
    own = set(visible_columns(AUTHORSHIP, "public")["adverts"])
    assert own == before


def test_a_method_that_needs_what_is_withheld_is_refused_in_words() -> None:
    check_needs(AUTHORSHIP, {"adverts.price"}, "public", oracle=False, version="0.3.0")
    with pytest.raises(
        UsageError, match=r"needs adverts\.price, which advert_authorship shows no more in data 0\.4\.0"
    ):
        check_needs(AUTHORSHIP, {"adverts.price", "adverts.body"}, "public", oracle=False, version="0.4.0")


@pytest.mark.parametrize("task", all_tasks().values(), ids=list(all_tasks()))
def test_what_a_task_withholds_it_would_else_show(task) -> None:
    for version in versions():
        for table, column in withheld_columns(task, version):
            assert column in task.tables[table]
            assert column in all_tables()[table].names()
            assert column != task.unit
    assert set(task.withheld) <= set(versions())
