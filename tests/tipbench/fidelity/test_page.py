"""``docs/fidelity.md`` says what the released size small gives, failures too."""

import re

import pytest
from tipbench.fidelity.figure import draw
from tipbench.fidelity.page import FILE, render, replace_tables
from tipdata.documents.fidelity import AggregateResult, compare_release
from tipdata.release import Release


@pytest.fixture(scope="module")
def held(small: Release) -> list[AggregateResult]:
    return compare_release(small)


def test_the_page_shows_the_released_small_as_it_is(held: list[AggregateResult], small: Release) -> None:
    if small.world:
        pytest.skip("the page is of the released world")
    page = FILE.read_text(encoding="utf-8")
    assert replace_tables(page, render(held, small.name)) == page, "run python -m tipbench.fidelity.page"


def test_what_parameters_were_chosen_for_is_met(held: list[AggregateResult]) -> None:
    """But for three that are told in the page: both numbers of signals, and lists that overlap a little too often."""
    missed = {one.aggregate.name for one in held if one.aggregate.use == "tuned" and one.verdict == "fail"}
    assert missed <= {"signals that become cases", "people on two lists or more", "women, of adults detected"}
    assert all(one.value is not None for one in held)


def test_a_page_without_a_place_for_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="has no place for the table"):
        replace_tables("# Fidelity\n", "x")


def test_the_figure_has_a_mark_for_every_aggregate(held: list[AggregateResult]) -> None:
    figure = draw(held, "0.4.0/small")
    said = " ".join(text.get_text() for axes in figure.axes for text in axes.texts)
    for one in held:
        assert one.aggregate.name[:60] in said
    marks = [line for line in figure.axes[0].lines if line.get_marker() not in ("None", "")]
    assert len(marks) == len(held)
    assert re.search("0.4.0/small", " ".join(text.get_text() for text in figure.texts))
