"""Galleries of one size, of whole clusters."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tipbench.data.selection import fixed_gallery, one_per_group
from tipbench.data.splits import PART


def rows(sizes: list[int]) -> pl.DataFrame:
    """Clusters of these sizes, every ninth unit in train and the others in test."""
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    units = pl.DataFrame({"advert": np.arange(len(cluster)), "cluster": cluster})
    ninth = pl.col("advert") % 9 == 0
    return units.with_columns(
        part=pl.when(ninth).then(pl.lit("train", dtype=PART)).otherwise(pl.lit("test", dtype=PART))
    )


@given(sizes=st.lists(st.integers(1, 6), min_size=5, max_size=60), size=st.integers(1, 60))
@settings(max_examples=80, deadline=None)
def test_a_gallery_holds_whole_clusters_and_no_more_than_its_size(sizes: list[int], size: int) -> None:
    units = rows(sizes)
    found = fixed_gallery(units, size)
    test = pl.col("part") == "test"
    gallery, all_test = found.rows.filter(test), units.filter(test)
    assert found.rows.filter(~test).equals(units.filter(~test))
    if all_test.height < size:
        assert gallery.equals(all_test)
        assert str(all_test.height) in found.notes[0]
    else:
        assert not found.notes
        assert gallery.height <= size
        whole = all_test.filter(pl.col("cluster").is_in(gallery["cluster"].unique().implode()))
        assert gallery.equals(whole)
        if (all_test["cluster"].value_counts()["count"] == 1).sum() >= size:
            assert gallery.height == size


def test_one_unit_stays_of_each_group_and_part_whatever_the_row_order() -> None:
    units = rows([7] * 20).with_columns(template=pl.col("advert") % 3)
    kept = one_per_group(units, "advert", ("template", "cluster"))
    assert kept.select("part", "template", "cluster").is_unique().all()
    assert kept.height == units.select("part", "template", "cluster").n_unique()
    assert one_per_group(units.reverse(), "advert", ("template", "cluster")).equals(kept)
