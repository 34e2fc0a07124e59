"""Nobody under eighteen is a row of any table: children are counts in one table, and follow the published margins."""

import json
import re
from collections.abc import Iterator

import polars as pl
import pytest
from shared_regions import WORLD, Drawn, Tables  # pyright: ignore[reportMissingImports]
from tipdata.core.tables import Column
from tipdata.core.world import FOLDER, World, makeable_versions, parameters
from tipdata.release import generate_region
from tipdata.release.verification import category_values
from tipdata.stages import tables_of

COUNTS = "child_counts"
FREE_TEXT = ("narrative", "title", "body", "name", "product")
YOUTH = re.compile(r"(?<![a-z])(child|children|minor|juvenile|teen|girl|boy|youth|infant)", re.IGNORECASE)
BAND = re.compile(r"(\d+)\s*(?:-|to|–)\s*(\d+)$")
YEARS_OF_FIRMS = {("firms", "age_years"), ("agencies", "age_years"), ("recruiters", "age_years")}
ADULT = 18


def denotes_a_child(value: str, column: str) -> bool:
    """Return whether a value of a category names youth, or a band of ages that begins below eighteen."""
    band = BAND.match(value)
    young = band is not None and "age" in column and int(band[1]) < ADULT
    return young or bool(YOUTH.search(value))


def values_of(frame: pl.DataFrame, column: Column) -> Iterator[str]:
    if column.inner == pl.String and column.name not in FREE_TEXT:
        held = frame[column.name]
        yield from (held.explode() if isinstance(column.dtype, pl.List) else held).drop_nulls().unique()


@pytest.mark.parametrize("version", makeable_versions())
def test_only_counts_denote_children(version: str, regions: list[Drawn]) -> None:
    made = regions[0].tables if version == WORLD.version else generate_region(World.of(version), 0)
    for name, table in tables_of(version).items():
        if name == COUNTS:
            continue
        for column in table.columns:
            declared = category_values(column, parameters(version)) if column.inner == pl.String else ()
            for value in {*declared, *values_of(made[name], column)}:
                assert not denotes_a_child(value, column.name), f"{name}.{column.name}: {value}"
            counts_years = column.unit == "years" or re.search(r"(^|_)age(_|$)", column.name)
            if column.inner.is_numeric() and counts_years and (name, column.name) not in YEARS_OF_FIRMS:
                assert made[name][column.name].min() >= ADULT, f"{name}.{column.name}"  # type: ignore[operator]
            assert not YOUTH.search(column.name), f"{name}.{column.name}"


def test_what_denotes_a_child_is_recognised() -> None:
    for value, column in (("9-17", "age_band"), ("0-8", "age"), ("child", "age"), ("a minor", "note")):
        assert denotes_a_child(value, column)
    for value, column in (("18-20", "age_band"), ("1-2", "volume"), ("adult", "age"), ("48+", "age_band")):
        assert not denotes_a_child(value, column)


def test_no_sample_of_a_release_has_a_row_about_a_child() -> None:
    paths = list((FOLDER.parent / "releases").rglob("*.jsonl"))
    assert paths
    for path in paths:
        if path.stem != COUNTS:
            rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            bands = {str(row["age_band"]) for row in rows if "age_band" in row}
            assert not any(denotes_a_child(band, "age_band") for band in bands), path


def test_the_counts_name_no_person_and_no_operation() -> None:
    table = tables_of("0.5.0")[COUNTS]
    assert set(table.schema) == {"region", "age_band", "form", "sex", "count"}
    assert not any(column.id_of for column in table.columns)


def test_counts_are_rounded_and_follow_the_published_margins(world: Tables) -> None:
    """Of all detected girls are 22% and boys 16%; girls 60% sexual, boys 45% labour and 47% other forms."""
    counts = world["child_counts"]
    assert (counts["count"] % 5 == 0).all()

    def total(**where: str) -> int:
        return int(counts.filter(**where)["count"].sum())

    children, adults = total(), int(world["populations"]["observed"].sum())
    girls, boys = total(sex="female"), total(sex="male")
    assert girls / (children + adults) == pytest.approx(0.22, abs=0.02)
    assert boys / (children + adults) == pytest.approx(0.16, abs=0.02)
    assert total(sex="female", form="sexual") / girls == pytest.approx(0.6, abs=0.04)
    assert total(sex="male", form="labour") / boys == pytest.approx(0.45, abs=0.04)
    assert total(sex="male", form="other") / boys == pytest.approx(0.47, abs=0.04)


def test_lists_and_numbers_count_adults(regions: list[Drawn]) -> None:
    tables = tables_of("0.5.0")
    past, made = regions[1].past, regions[1].tables
    exploited = made["people"].filter(pl.col("role") == "exploited")
    assert exploited.height == past["people"].exploited.sum()
    assert made["populations"]["hidden"].item() == past["people"].last.sum()
    assert "dults" in tables["case_lists"].note
    assert "dults" in tables["populations"].note
