"""What must not tell which adverts are of one operator or writer: their keys, their order, and keys of accounts.

On the test part of ``forward``. Pairs that stand next to each other by a key are of one cluster as often as any two of
their region, and a planted key is found.
"""

import numpy as np
import polars as pl
import pytest
from tipbench.data.fold import Prepared
from tipbench.loading import prepare
from tipdata.core.draw import Stream
from tipdata.release import Release

TASKS = ("advert_linkage", "advert_authorship")
MORE = 0.01
"""By which the share of pairs of one cluster may exceed that of pairs by lot, with room for luck."""
KEYS = {
    "key": pl.col("advert"),
    "place in the table": pl.col("place"),
    "low bits of the key": pl.col("advert") & 0xFFFF,
    "middle bits of the key": (pl.col("advert") // 2**16) & 0xFFFF,
    "remainder of the key": pl.col("advert") % 1000,
}


@pytest.fixture(scope="module", params=TASKS)
def known(request: pytest.FixtureRequest, small: Release) -> pl.DataFrame:
    """``[region, advert, place, cluster]`` of the test adverts."""
    prepared: Prepared = prepare(request.param, release=small, split="forward")
    shown = prepared.folds[0].tables["adverts"].select("advert").with_row_index("place").collect()
    of = prepared.answers.frame.select("advert", "cluster")
    where = small.scan("adverts").select("advert", "region").collect()
    joined = shown.join(of, on="advert").join(where, on="advert").drop_nulls("cluster")
    return joined.with_columns(pl.col("place").cast(pl.Int64))


def excess(known: pl.DataFrame, key: pl.Expr) -> float:
    """Share of neighbours by a key, within regions, that are of one cluster, less that of neighbours by lot."""
    lot = pl.Series(Stream(0, "lot").uniform(known["advert"].to_numpy()))
    shares = []
    for by in (key, pl.lit(lot)):
        ordered = known.with_columns(by=by).sort("region", "by", "advert" if by is key else "by")
        same = ordered.select((pl.col("cluster") == pl.col("cluster").shift(1)).over("region")).to_series()
        shares.append(same.mean())
    return float(shares[0] - shares[1])  # type: ignore[operator]


@pytest.mark.parametrize("known", ["advert_authorship"], indirect=True)
def test_order_tells_no_region(known: pl.DataFrame) -> None:
    """Regions are hidden in authorship, and a release stands region by region."""
    by_place = known.sort("place")["region"]
    alike = (by_place == by_place.shift(1)).mean()
    shares = known["region"].value_counts()["count"].to_numpy() / known.height
    assert alike == pytest.approx((shares**2).sum(), abs=MORE)


@pytest.mark.parametrize("name", list(KEYS))
def test_neighbours_by_a_key_are_of_one_cluster_no_more_often_than_by_lot(
    known: pl.DataFrame, name: str
) -> None:
    assert excess(known, KEYS[name]) <= MORE


def test_the_gate_itself_sees_a_planted_key(known: pl.DataFrame) -> None:
    noise = Stream(1, "gate").uniform(known["advert"].to_numpy())
    rank = known["cluster"].rank("dense").to_numpy()
    planted = np.where(noise < 0.5, rank, rank.max() * noise)
    assert excess(known, pl.lit(pl.Series(planted))) > 5 * MORE
