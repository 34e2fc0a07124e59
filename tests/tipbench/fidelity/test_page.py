"""``docs/fidelity.md`` says what the released size small gives, failures too."""

import re

import pytest
from tipbench.fidelity.figure import draw
from tipbench.fidelity.page import FILE, format_number, format_pair, render, replace_tables
from tipdata.documents.fidelity import AggregateResult, compare_release
from tipdata.release import Release


@pytest.fixture(scope="module")
def of_small(small: Release) -> list[AggregateResult]:
    return compare_release(small)


@pytest.fixture(scope="module")
def of_tiny(tiny: Release) -> list[AggregateResult]:
    return compare_release(tiny)


@pytest.mark.slow
def test_the_page_shows_the_released_small_as_it_is(of_small: list[AggregateResult], small: Release) -> None:
    if small.world:
        pytest.skip("the page is of the released world")
    page = FILE.read_text(encoding="utf-8")
    assert replace_tables(page, render(of_small, small.name)) == page, "run python -m tipbench.fidelity.page"


@pytest.mark.slow
def test_what_parameters_were_chosen_for_is_met(of_small: list[AggregateResult]) -> None:
    """But for three that the page names: adverts of a vendor, and two volumes after a closure."""
    tuned = {one.aggregate.name: one.verdict for one in of_small if one.aggregate.use == "tuned"}
    missed = {name for name, verdict in tuned.items() if verdict == "fail"}
    assert missed <= {
        "adverts per linked vendor",
        "services adverts four weeks after a closure",
        "volume four to six months after a closure",
    }
    assert all(one.value is not None for one in of_small)


def test_the_page_has_a_row_for_every_aggregate_with_its_verdict(of_tiny: list[AggregateResult]) -> None:
    page = FILE.read_text(encoding="utf-8")
    made = replace_tables(page, render(of_tiny, "0.5.0/tiny"))
    assert replace_tables(made, render(of_tiny, "0.5.0/tiny")) == made
    rows = [
        [cell.strip() for cell in line.split(" | ")] for line in made.splitlines() if line.startswith("| ")
    ]
    for one in of_tiny:
        a = one.aggregate
        (row,) = [row for row in rows if row[0].removeprefix("| ") == a.name and a.source in row[1]]
        band = format_pair((a.low, a.high))
        assert row[2:4] == [band if a.low < 0 else band.replace(" to ", "–"), format_number(one.value)]
        assert row[5].replace("**", "").removesuffix(" ?") == one.verdict
    failed = [one for one in of_tiny if one.verdict == "fail"]
    assert made.count("**fail**") == len(failed)
    for use in ("input", "tuned", "unused"):
        verdicts = [one.verdict for one in of_tiny if one.aggregate.use == use]
        assert f"| {use} | {verdicts.count('pass')} | {verdicts.count('fail')} | " in made
    texts = {None: "-", 0.12345: "0.123", 12.345: "12.3", 1234.5: "1,234"}
    assert {value: format_number(value) for value in texts} == texts


def test_a_page_without_a_place_for_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="has no place for the table"):
        replace_tables("# Fidelity\n", "x")


def test_the_figure_has_a_mark_for_every_aggregate(of_tiny: list[AggregateResult]) -> None:
    figure = draw(of_tiny, "0.5.0/tiny")
    said = " ".join(text.get_text() for axes in figure.axes for text in axes.texts)
    for one in of_tiny:
        assert one.aggregate.name[:60] in said
    marks = [line for line in figure.axes[0].lines if line.get_marker() not in ("None", "")]
    assert len(marks) == sum(one.value is not None for one in of_tiny)
    assert re.search("0.5.0/tiny", " ".join(text.get_text() for text in figure.texts))
