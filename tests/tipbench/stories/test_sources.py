"""``--find``: filters hold of what is found, the best seen stand first, and a wrong filter is told its nearest."""

import polars as pl
import pytest
from tipbench.stories.sources import VIEWS, candidates, find_operations_of
from tipcore.errors import UsageError
from tipdata.release import Release


def test_what_is_found_meets_every_filter_and_nothing_that_meets_them_is_left_out(tiny: Release) -> None:
    found = find_operations_of(tiny, "form=labour views>=3 adverts<30 region<4")
    every = candidates(tiny)
    asked = pl.col("views") >= 3, pl.col("adverts") < 30, pl.col("region") < 4
    assert set(found["operation"]) == set(every.filter(*asked, form="labour")["operation"])
    assert found["views"].is_sorted(descending=True)


def test_lawful_operations_and_values_of_two_words_can_be_asked_for(tiny: Release) -> None:
    found = find_operations_of(tiny, "kind=business category=marriage-introduction posts=true")
    assert set(found["category"]) == {"marriage introduction"}
    assert set(found["kind"]) == {"business"}
    assert found["posts"].all()


def test_views_are_those_with_enough_rows(tiny: Release) -> None:
    every = candidates(tiny)
    others = [pl.col(view) >= 3 for view in VIEWS if view != "help"]
    by_help = every.select("help", rest=pl.col("views") - pl.sum_horizontal(others))
    assert set(by_help["rest"]) == {0, 1}
    assert by_help.filter(pl.col("help") >= 3)["rest"].min() == 1
    assert by_help.filter(pl.col("help") == 0)["rest"].max() == 0
    assert every["operation"].is_unique().all()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("form=labor", 'Unknown form "labor". Did you mean "labour"?'),
        ("vews>=3", 'Unknown filter "vews". Did you mean "views"?'),
        ("form>labour", "form>labour compares words: write form=labour."),
        ("views>=many", "views>=many compares with no whole number: write views>=3."),
        ("views>=-1", "compares with no whole number"),
        ("labour", '"labour" is no filter: write form=labour or views>=5'),
        ("posts=maybe", 'Unknown posts "maybe". Choose one of true, false.'),
        ("views>=7", "No operation of 0.5.0/tiny meets views>=7: ask for less"),
        ("views>=4 views<4", "meets views>=4 views<4"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_in_one_sentence(tiny: Release, asked: str, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        find_operations_of(tiny, asked)
    assert says in str(refused.value)
