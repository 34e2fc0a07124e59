"""Verifying names what differs, also a file, a column or a region too many."""

import shutil

import polars as pl
import pytest
from tipcore.errors import UsageError
from tipdata.core.world import newest_released
from tipdata.release import Release, verify_release

NEWEST = newest_released()


def test_verify_names_release_region_table_and_column_of_a_changed_value(made: Release) -> None:
    path = made.region_folder(1) / "adverts.parquet"
    frame = pl.read_parquet(path)
    changed = pl.when(pl.int_range(pl.len()) == 5).then(pl.col("minute") + 1).otherwise(pl.col("minute"))
    frame.with_columns(changed.alias("minute").cast(pl.Int32)).write_parquet(path)
    assert verify_release(made, engine="sequential") == [
        f"release {NEWEST}/pair, region 1, table adverts, column minute"
    ]


def test_verify_names_a_file_that_is_gone_or_truncated(made: Release) -> None:
    path = made.region_folder(0) / "places.parquet"
    path.write_bytes(path.read_bytes()[:100])
    [difference] = verify_release(made, engine="sequential")
    assert "region 0, table places" in difference
    path.unlink()
    [difference] = verify_release(made, engine="sequential")
    assert "region 0, table places" in difference


def test_verify_says_in_one_line_how_much_of_a_release_is_made(made: Release) -> None:
    shutil.rmtree(made.region_folder(1))
    assert verify_release(made, engine="sequential", quiet=True) == [
        f"release {NEWEST}/pair: 1 of 2 regions are made: go on with `tipbench data make release=pair`"
    ]


@pytest.mark.parametrize("suffix", ["", ".truth"])
def test_verify_names_a_column_too_many_and_one_too_few(made: Release, suffix: str) -> None:
    """Also the key in the truth file, which the observed file has too."""
    name = f"adverts{suffix}.parquet"
    path = made.region_folder(1) / name
    frame = pl.read_parquet(path)
    frame.with_columns(extra=pl.col("advert") % 7, weight=1.5).write_parquet(path)
    place = f"release {NEWEST}/pair, region 1, table adverts, column"
    assert verify_release(made, engine="sequential") == [
        f"{place} extra: is not a column of {name}",
        f"{place} weight: is not a column of {name}",
    ]
    frame.drop("advert").write_parquet(path)
    assert verify_release(made, engine="sequential") == [f"{place} advert: is missing from {name}"]


@pytest.mark.parametrize("suffix", ["", ".truth"])
def test_verify_sees_a_changed_key_in_each_of_the_files_that_hold_it(made: Release, suffix: str) -> None:
    path = made.region_folder(0) / f"adverts{suffix}.parquet"
    pl.read_parquet(path).with_columns(pl.col("advert") + 1).write_parquet(path)
    assert verify_release(made, engine="sequential") == [
        f"release {NEWEST}/pair, region 0, table adverts, column advert"
    ]


@pytest.mark.parametrize(
    "name", ["extra.parquet", "extra.truth.parquet", "people.parquet", "places.truth.parquet"]
)
def test_verify_names_a_table_file_too_many_and_one_too_few(made: Release, name: str) -> None:
    """Also an observed file of a table that is all truth, and a truth file of one that hides nothing."""
    folder = made.region_folder(1)
    (folder / name).write_bytes((folder / "places.parquet").read_bytes())
    [difference] = verify_release(made, engine="sequential")
    table = name.split(".")[0]
    assert difference.startswith(
        f"release {NEWEST}/pair, region 1, table {table}: is not a file of the release: delete "
    )
    (folder / name).unlink()
    (folder / "adverts.truth.parquet").unlink()
    [difference] = verify_release(made, engine="sequential")
    assert difference.startswith(f"release {NEWEST}/pair, region 1, table adverts: ")


def test_verify_names_a_region_too_many_and_a_receipt_that_is_gone(made: Release) -> None:
    (made.folder / "00002").mkdir()
    [difference] = verify_release(made, engine="sequential")
    assert difference.startswith(f"release {NEWEST}/pair, region 00002: is not a region of it")
    (made.folder / "00002").rmdir()
    (made.folder / "notes").mkdir()
    (made.folder / "00003").write_text(
        "a file is not a region, and a folder of notes is none either", encoding="utf-8"
    )
    assert verify_release(made, engine="sequential") == []
    (made.region_folder(0) / "receipt.json").unlink()
    [difference] = verify_release(made, engine="sequential")
    assert "region 0" in difference
    assert "receipt.json cannot be read" in difference


def test_verify_of_a_release_that_was_never_made_says_how_to_make_it(two: Release) -> None:
    with pytest.raises(UsageError, match="tipbench data make"):
        verify_release(two)


def test_verify_of_a_world_that_was_never_made_says_how_to_make_it(two: Release) -> None:
    with pytest.raises(UsageError, match=r"`tipbench data make release=pair release\.world=2`"):
        verify_release(Release.of(NEWEST, "pair", 2))
