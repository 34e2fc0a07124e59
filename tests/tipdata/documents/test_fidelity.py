"""Published aggregates: declared once, measured right, told honestly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
import pytest
from tipdata.core import world as world_module
from tipdata.core.world import parameters
from tipdata.documents.fidelity import (
    MARKS,
    USES,
    Aggregate,
    AggregateResult,
    aggregates,
    compare_release,
    evaluate,
    unmodelled_aggregates,
)
from tipdata.documents.measures import ReleaseView, sum_means
from tipdata.release import Release
from tipdata.stages import tables_of

ALL = [aggregate for listed in aggregates().values() for aggregate in listed]
KEYS = world_module.FOLDER.parent / "sources.bib"


@pytest.fixture(scope="module")
def held(tiny: Release) -> list[AggregateResult]:
    return compare_release(tiny)


def test_every_aggregate_names_a_source_a_use_and_tables_that_are_there() -> None:
    bibliography = KEYS.read_text(encoding="utf-8")
    known, listed = tables_of("0.5.0"), parameters("0.5.0")
    assert len({one.name for one in ALL}) == len(ALL) > 60
    for one in ALL:
        assert f"{{{one.source}," in bibliography, one.name
        assert set(one.tables) <= set(known), one.name
        assert one.low < one.high
        assert one.use in USES
        assert one.mark in MARKS
        below = [path for path in listed if path == one.parameter or path.startswith(f"{one.parameter}.")]
        assert bool(one.parameter) == (one.use != "unused"), one.name
        assert below or not one.parameter, f"{one.name}: {one.parameter} is no parameter"
    for one in unmodelled_aggregates():
        assert not one.source or f"{{{one.source}," in bibliography, one.what
        assert one.why.endswith(".")


def test_every_part_of_the_world_is_held(held: list[AggregateResult]) -> None:
    tables = {table for one in ALL for table in one.tables}
    wanted = "adverts market effects people child_counts case_lists contacts payments annotations"
    assert tables >= set(wanted.split())
    assert [one.aggregate for one in held] == ALL


def test_too_few_rows_are_never_a_verdict(held: list[AggregateResult]) -> None:
    few = [one for one in held if one.value is None]
    assert few
    for one in held:
        assert (one.value is None) == (one.verdict == "too few rows")
        assert (one.rows < one.aggregate.needs) == (one.value is None), one.aggregate.name


def test_a_value_lies_in_its_interval_and_the_interval_is_of_regions(held: list[AggregateResult]) -> None:
    told = [one for one in held if one.value is not None and one.interval is not None]
    assert len(told) > 40
    for one in told:
        low, high = one.interval  # type: ignore[misc]
        assert low - 1e-9 <= one.value <= high + 1e-9, one.aggregate.name  # type: ignore[operator]


def _aggregate(**changes: object) -> Aggregate:
    made = Aggregate("share", ".5", 0.4, 0.6, "unodc2024", ("people",), lambda _: pl.DataFrame(), "unused")
    return replace(made, **changes)  # type: ignore[arg-type]


def test_verdicts_follow_from_sums_over_regions() -> None:
    sums = pl.DataFrame({"region": range(10), "part": [60.0] * 5 + [40.0] * 5, "of": [100.0] * 10})
    one = evaluate("made up", _aggregate(), sums)
    assert one.value == pytest.approx(0.5)
    assert one.verdict == "pass"
    assert one.regions == pytest.approx((0.4, 0.6))
    assert one.interval is not None
    assert 0.4 < one.interval[0] < 0.5 < one.interval[1] < 0.6
    assert evaluate("made up", _aggregate(low=0.51), sums).verdict == "fail"
    assert evaluate("made up", _aggregate(low=0.51), sums).is_doubtful
    assert evaluate("made up", _aggregate(needs=1001), sums).verdict == "too few rows"
    assert evaluate("made up", _aggregate(), sums.with_columns(of=pl.lit(0.0)).head(0)).value is None


def test_a_region_without_a_denominator_is_left_out_of_the_range() -> None:
    sums = pl.DataFrame(
        {"region": range(4), "part": [50.0, 50.0, 0.0, 50.0], "of": [100.0, 100.0, 0.0, 100.0]}
    )
    one = evaluate("made up", _aggregate(), sums)
    assert one.value == pytest.approx(0.5)
    assert one.regions == (0.5, 0.5)


def test_shares_and_means_go_by_weight() -> None:
    rows = pl.DataFrame({"region": [0, 0, 1], "weight": [1.0, 3.0, 2.0], "x": [10.0, 2.0, None]})
    assert sum_means(rows, (pl.col("x") > 5).cast(pl.Float64))["part"].to_list() == [1.0, 0.0]
    made = sum_means(rows, pl.col("x"))
    assert made["part"].to_list() == [16.0, 0.0]
    assert made["of"].to_list() == [4.0, 0.0]


@dataclass(frozen=True)
class _Made(Release):
    """A release whose tables are made up."""

    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    def scan(self, table: str, truth: bool = False, regions: Sequence[int] | None = None) -> pl.LazyFrame:
        return self.tables[table].lazy()


def _view(size: str = "without profile", **tables: pl.DataFrame) -> ReleaseView:
    return ReleaseView(_Made("0.5.0", size, tables=tables))


def test_a_fall_of_volume_is_found_where_it_was_planted() -> None:
    days = np.arange(730)

    def site(name: str, after: int) -> pl.DataFrame:
        adverts = np.where(days < 300, 100, after)
        return pl.DataFrame({"region": 0, "platform": name, "day": days, "adverts": adverts})

    platforms = {
        "region": [0, 0],
        "platform": ["p01", "p04"],
        "kind": ["adult", "social"],
        "closed": [300, None],
    }
    view = _view(market=pl.concat([site("p01", 0), site("p04", 36)]), platforms=pl.DataFrame(platforms))
    named = {one.name: one for one in aggregates()["closures"]}
    fall = named["all adverts four weeks after a closure"]
    assert evaluate("", replace(fall, needs=1), fall.measure(view)).value == pytest.approx(-0.82)
    back = named["volume four to six months after a closure"]
    assert evaluate("", replace(back, needs=1), back.measure(view)).value == pytest.approx(0.18)
    before = named["dominant site's share, before it closes"]
    assert evaluate("", before, before.measure(view)).value == pytest.approx(0.5)


def test_an_operation_that_begins_too_late_to_be_seen_investigated_counts_for_nothing() -> None:
    days = {
        "begins": -100,
        "first_day": [0, 100, 364, 700, 0],
        "investigated_day": [None, 400, None, None, None],
    }
    kinds = {"kind": ["trafficking"] * 4 + ["business"], "posts": True}
    view = _view(operations=pl.DataFrame({"region": 0, "operation": range(5), **kinds, **days}))
    one = next(one for one in ALL if one.name == "cases that reach the authorities")
    assert evaluate("", replace(one, needs=1), one.measure(view)).value == pytest.approx(1 / 3)


def test_inputs_are_what_was_published() -> None:
    listed = parameters("0.5.0")
    assert listed["operations.investigated"]["value"]["trafficking"] == 0.22
    labour = listed["operations.category.labour"]["value"]
    published = {"domestic": 0.37, "agricultural": 0.33, "construction": 0.19, "hospitality": 0.12}
    for sector, share in published.items():
        assert labour[sector] / sum(labour.values()) == pytest.approx(share, abs=0.03), sector


def test_an_alert_is_raised_by_money_that_goes_out_again_at_once() -> None:
    payments = {
        **{"region": 0, "payment": range(5), "operation": pl.Series([None] * 5, dtype=pl.Int64)},
        **{
            "payer": [1, 2, 1, 2, 2],
            "payee": [2, 3, 2, 4, 3],
            "typology": [None, "funnel", None, None, None],
        },
        "minute": pl.Series([0, 600, 4000, 4001, 9000], dtype=pl.Int32),
        "amount": pl.Series([100_000, 90_000, 100_000, 10_000, 100_000], dtype=pl.Int64),
    }
    view = _view(payments=pl.DataFrame(payments))
    # 1: 90% of what came in ten hours before. 3: a tenth of it. 4: more than a day later.
    assert view.alerts["payment"].to_list() == [1]


def test_a_size_with_a_profile_counts_rows_by_the_weight_of_their_operation() -> None:
    view = _view(
        "forms",
        operations=pl.DataFrame({"region": [0, 0], "operation": [1, 2], "weight": [2_000_000, 500_000]}),
        people=pl.DataFrame({"region": [0, 0, 0], "operation": [1, 2, 2], "role": ["exploited"] * 3}),
    )
    assert view.rows("people", "role")["weight"].to_list() == [2.0, 0.5, 0.5]
    assert view.rows("people", "role").columns == ["region", "role", "weight"]
