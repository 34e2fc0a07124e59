"""Some regions at a time a release gives the units, labels and truth that it gives at once, and reads no more of it."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tipbench.data import releases
from tipbench.data.releases import apply_by_region, collect_units
from tipbench.loading import prepare
from tipbench.tasks import task_of, tasks
from tipdata.release import Release

CELLS = [
    pytest.param(task, labels, marks=pytest.mark.slow if place else ())
    for task in tasks()
    for place, labels in enumerate(tasks()[task].labels)
]
"""Each supervision of each task; the first one is not slow."""


@pytest.mark.parametrize(("task", "labels"), CELLS)
def test_a_fold_and_its_truth_are_the_same_by_three_regions_at_a_time(
    task: str, labels: str, tiny: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = next(name for name in task_of(task).splits if labels in task_of(task).labels_on(name))
    whole = prepare(task, release=tiny, split=split, labels=labels)
    monkeypatch.setattr(releases, "REGIONS_AT_ONCE", 3)
    by_region = prepare(task, release=tiny, split=split, labels=labels)
    assert_frame_equal(by_region.folds[0].parts, whole.folds[0].parts)
    assert_frame_equal(by_region.folds[0].supervision, whole.folds[0].supervision, check_row_order=False)
    assert_frame_equal(by_region.answers.frame, whole.answers.frame)
    assert by_region.notes == whole.notes


def test_of_each_batch_no_other_region_is_read(tiny: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[range] = []

    def scan(release: Release, table: str, truth: bool, regions: range) -> pl.LazyFrame:
        asked.append(regions)
        return kept(release, table, truth, regions)

    kept = Release.scan
    monkeypatch.setattr(Release, "scan", scan)
    monkeypatch.setattr(releases, "REGIONS_AT_ONCE", 3)
    task = task_of("advert_risk")
    units = collect_units(task.units, tiny)
    assert asked == [range(3), range(3, 6), range(6, 8)]
    assert units["region"].unique().sort().to_list() == list(range(8))
    asked.clear()
    rows = units.with_columns(part=pl.lit("test")).filter(pl.col("region") == 4)
    apply_by_region(task.answers, rows, tiny)
    assert set(asked) == {range(3, 6)}
