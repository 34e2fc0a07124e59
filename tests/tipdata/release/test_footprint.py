"""What a release takes is said before it is made, refused where the disk has no room, and given back by removing it."""

import shutil
from typing import Any, NamedTuple

import pytest
from tipcore.errors import UsageError
from tipdata.core.world import newest_released
from tipdata.release import (
    Release,
    footprint,
    make_release,
    open_release,
    remove_release,
    size_on_disk,
    verify_release,
)  # fmt: skip

NEWEST = newest_released()


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def free(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(footprint.shutil, "disk_usage", lambda path: Usage(size, 0, size))


def test_what_making_takes_is_said_once_and_only_where_something_is_missing(
    two: Release, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, 5_300_000_000)
    open_release(NEWEST, "pair", engine="sequential")
    first = capsys.readouterr().err.splitlines()[0]
    about = f"making release {two.name}: 2 regions, about 5 MB and 1 second, in {two.folder} (5.3 GB free)"
    assert first == about
    shutil.rmtree(two.region_folder(1))
    make_release(two, engine="sequential")
    assert "1 of 2 regions, about 2 MB" in capsys.readouterr().err
    make_release(two, engine="sequential", quiet=True)
    open_release(NEWEST, "pair")
    assert capsys.readouterr().err == ""


def test_a_release_that_the_disk_has_no_room_for_is_refused_before_anything_is_made(
    two: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, 3_000_000)
    with pytest.raises(
        UsageError, match=r"needs about 5 MB and .* has 3 MB free: free space there or set TIPBENCH"
    ):
        make_release(two, engine="sequential")
    assert not list(two.folder.iterdir())


def test_the_size_that_is_said_is_near_what_regions_take(made: Release) -> None:
    assert 0.7 < size_on_disk(made.folder) / (2 * footprint.BYTES_PER_REGION) < 1.3


@pytest.mark.parametrize(
    ("size", "said"), [(0, "0 MB"), (126_400_000, "126 MB"), (1_280_000_000, "1.3 GB"), (2.5e11, "250 GB")]
)
def test_sizes_are_said_in_units_that_people_read(size: Any, said: str) -> None:
    assert footprint.size_in_words(int(size)) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "1 second"), (59, "59 seconds"), (130, "2 minutes"), (10_000, "3 hours")]
)
def test_durations_are_said_in_units_that_people_read(seconds: float, said: str) -> None:
    assert footprint.duration_in_words(seconds) == said


def test_a_removed_release_is_gone_and_can_be_made_again(made: Release) -> None:
    held = size_on_disk(made.folder)
    assert remove_release(made) == held
    assert not made.folder.exists()
    with pytest.raises(UsageError, match="there is nothing to remove"):
        remove_release(made)
    make_release(made, engine="sequential", quiet=True)
    assert verify_release(made, engine="sequential", quiet=True) == []


def test_an_interrupted_removal_leaves_no_release_that_counts_as_whole(
    made: Release, monkeypatch: pytest.MonkeyPatch
) -> None:

    def refuse(folder: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(footprint.shutil, "rmtree", refuse)
    with pytest.raises(UsageError, match=r"could not be removed from .*: Permission denied; try again"):
        remove_release(made)
    assert not (made.folder / footprint.RECEIPT).exists()
