"""The data dictionary: every table and column, the same bytes twice, truth marked, counts that are right."""

import re

import polars as pl
import pytest
from tipdata.core.world import newest_released
from tipdata.release import Release
from tipdata.stages import tables_of
from tipdocs.charts import bars, histogram
from tipdocs.dictionary import FEW, _bars, overview, with_values

SMALL = ("platforms", "interventions", "queue", "case_lists", "operations")
"""Tables of few rows, of every tier and sort of column."""


def test_the_overview_has_every_table_with_its_rows(tiny: Release) -> None:
    text = overview()
    for name in tables_of(newest_released()):
        assert f"[{name}]({name}.md)" in text
    assert f"| {tiny.scan('platforms').select(pl.len()).collect().item():,} |" in text


@pytest.mark.parametrize("name", SMALL)
def test_a_page_has_every_column_with_its_tier_and_is_the_same_twice(name: str) -> None:
    text = with_values("# card\n", name)
    assert text == with_values("# card\n", name)
    shown = re.findall(r'<div class="column (\w+)"><p><strong>(\w+)</strong>', text)
    assert shown == [(column.tier, column.name) for column in tables_of(newest_released())[name].columns]


def test_bars_count_every_row_of_a_category(tiny: Release) -> None:
    kinds = tiny.scan("platforms").collect()["kind"].value_counts()
    text = with_values("", "platforms")
    for kind, count in kinds.iter_rows():
        assert f"{kind}: {count}" in text


def test_a_histogram_says_its_middle_and_its_ends() -> None:
    drawing = histogram(pl.Series(range(1001)), "x", "accent", "n")
    assert "the median is 500, the ends are 0 and 1,000" in drawing
    lines = re.findall(r"M[\d.]+ [\d.]+[HVL]", drawing)  # neighbours of one look are one path
    assert len(lines) + drawing.count("<line") == 27  # 26 steps, and the axis
    skewed = histogram(pl.Series([1] * 900 + [10_000] * 100), "x", "accent", "n")
    assert "logarithmic axis" in skewed


def test_a_histogram_says_that_its_ends_leave_out_a_hundredth() -> None:
    drawing = histogram(pl.Series(range(1001)), "x", "accent", "n")
    for said in (">1% below 10<", ">1% above 990<", ">median 500<"):
        assert said in drawing


def test_what_names_something_has_neither_median_nor_histogram() -> None:
    text = with_values("", "places")
    jurisdiction = text.partition("<strong>jurisdiction</strong>")[2].partition('<div class="column')[0]
    assert re.search(r"\d+ different numbers in [\d,]+ rows", jurisdiction)
    assert "median" not in jurisdiction


def test_of_many_values_the_frequent_ones_are_drawn_and_the_others_said() -> None:
    values = [f"v{place}" for place in range(40) for _ in range(place + 1)]
    text = _bars(pl.Series(values), "x", "accent", "n", "entries")
    assert text.count("<line") == FEW
    assert "v39: 40" in text
    assert f"and {40 - FEW} less frequent ones: {sum(range(1, 41 - FEW)):,} entries together" in text


def test_bars_are_as_long_as_their_numbers() -> None:
    drawing = bars([("a", 100), ("b", 50)], "x", "quiet", "n")
    ends = [float(x) for x in re.findall(r'x2="([\d.]+)"', drawing)]
    begins = [float(x) for x in re.findall(r'x1="([\d.]+)"', drawing)]
    assert (ends[0] - begins[0]) == pytest.approx(2 * (ends[1] - begins[1]))
