"""Attacks through what a round shares with the open release and with itself: texts, rows, streams of the generator."""

from typing import Any

import numpy as np
import polars as pl
from tipdata.core.draw import Stream
from tipdata.release import Release
from tipdata.stages import all_tables

# Re-identification


def test_no_more_text_is_shared_with_the_public_release_than_its_own_halves_share(
    host: Any, tiny: Release
) -> None:
    """Texts are drawn from the world's shared sentences, so that some notes of a line or two are alike anywhere."""
    for table, column in (("adverts", "body"), ("adverts", "title"), ("contacts", "narrative")):
        public = tiny.scan(table).select("region", column).collect()
        first = pl.col("region") < 4
        own = public.filter(first)[column].is_in(public.filter(~first)[column].implode()).mean()
        sealed = host.table(table).select("region", column).filter(pl.col("region") < 1_000_004)[column]
        shared = sealed.is_in(public.filter(~first)[column].implode()).mean()
        assert isinstance(own, float)
        assert isinstance(shared, float)
        assert shared <= own + 0.15 if column == "title" else shared <= own + 0.02


def test_no_row_is_in_the_public_release(host: Any, tiny: Release) -> None:
    public = tiny.scan("adverts").select("minute", "body", "price").collect()
    assert host.table("adverts").join(public, on=["minute", "body", "price"], how="semi").is_empty()
    images = tiny.scan("adverts").select("images").collect()["images"].explode().drop_nulls()
    assert not host.table("adverts")["images"].explode().drop_nulls().is_in(images.implode()).any()


# The generator's streams


def test_streams_of_different_paths_or_seeds_share_nothing(host: Any) -> None:
    seed = int.from_bytes(host.seed, "big")
    paths = [f"1000000/{table}/{column}" for table in all_tables() for column in all_tables()[table].schema]
    paths += [f"{region}/adverts/burst" for region in host.round.region_numbers]
    keys = np.array([Stream(s, path).key for s in (seed, seed + 1, seed - 1) for path in paths]).ravel()
    assert np.unique(keys).size == keys.size == 3 * len(set(paths))
    apart = np.bitwise_count(keys[:, None] ^ keys[None, :])[np.triu_indices(len(keys), 1)]
    assert abs(apart.mean() - 32) < 0.1
    assert apart.min() > 4


def test_knowing_one_stream_gives_no_value_of_another(host: Any) -> None:
    seed = int.from_bytes(host.seed, "big")
    rows = np.arange(20_000)
    known, other = (Stream(seed, f"1000000/adverts/{name}").uniform(rows) for name in ("hour", "minute"))
    assert abs(np.corrcoef(known, other)[0, 1]) < 4 / np.sqrt(len(rows))
