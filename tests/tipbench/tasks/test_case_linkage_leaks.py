"""The leak gates of case_linkage: keys, their order and how often a row occurs tell no case, and a planted key does.

On ``tiny``, test part of ``forward``. What is ranked by a key alone is at chance.
"""

import polars as pl
import pytest
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.tasks import task_of
from tipdata.core.draw import Stream
from tipdata.release import Release

TASK = task_of("case_linkage")
CHANCE = 0.02
"""Above the R-precision of rows in random order (about .004), with room for luck on a tiny world."""
KEYS = {
    "lowest key": -pl.col("candidate"),
    "highest key": pl.col("candidate"),
    "nearest key": -(pl.col("candidate") - pl.col("advert")).abs(),
    "low bits alike": -((pl.col("candidate") ^ pl.col("advert")) & 0xFFFF),
    "high bits alike": -((pl.col("candidate") ^ pl.col("advert")) // 2**32),
    "same place in its table": -(pl.col("place") - pl.col("seed_place")).abs(),
}


@pytest.fixture(scope="module")
def forward(tiny: Release) -> Prepared:
    return prepare("case_linkage", release=tiny, split="forward")


def r_precision(prepared: Prepared, key: pl.Expr) -> float:
    """R-precision of the ten rows of each view that a key ranks first."""
    gallery = prepared.answers.gallery
    assert gallery is not None
    placed = gallery.with_columns(
        place=pl.int_range(pl.len()).over("region", "view") / pl.len().over("region", "view")
    )
    seeds = prepared.answers.scored_rows().sort("region", "advert").select("advert", "region", own="cluster")
    seeds = seeds.with_columns(seed_place=pl.int_range(pl.len()).over("region") / pl.len().over("region"))
    pairs = seeds.join(placed, on="region").with_columns(score=key.cast(pl.Float64))
    best = pairs.sort("advert", "view", "score", "candidate", descending=[False, False, True, False])
    lists = best.group_by("advert", "view", maintain_order=True).head(10)
    ranked = lists.with_columns(score=1.0 / (1 + pl.int_range(pl.len()).over("advert", "view")))
    predictions = ranked.select("view", "candidate", "score", query="advert")
    return evaluate(TASK, prepared.answers, predictions, replicates=0).scores["r_precision"].value or 0.0


@pytest.mark.parametrize("name", list(KEYS))
def test_keys_and_their_order_tell_no_case(forward: Prepared, name: str) -> None:
    assert r_precision(forward, KEYS[name]) < CHANCE


def test_the_gate_itself_sees_a_planted_key(forward: Prepared) -> None:
    noise = pl.col("candidate").map_batches(
        lambda keys: pl.Series(Stream(0, "gate").uniform(keys.to_numpy())), return_dtype=pl.Float64
    )
    planted = noise + (pl.col("cluster") == pl.col("own")).fill_null(False).cast(pl.Float64) * 0.5
    assert r_precision(forward, noise) < CHANCE
    assert r_precision(forward, planted) > 10 * CHANCE


def test_no_seed_and_no_operation_decides_a_score(forward: Prepared) -> None:
    asked = forward.answers.scored_rows()
    assert asked.height >= 100
    assert asked["cluster"].n_unique() == asked.height
    assert asked["links"].to_numpy().max() <= asked["links"].sum() / 10


def test_operations_do_not_cross_a_leak_free_split(tiny: Release) -> None:
    owners = tiny.scan("adverts", truth=True).select("advert", "operation").collect()
    for split in ("forward", "operation", "region"):
        parts = prepare("case_linkage", release=tiny, split=split).folds[0].parts.join(owners, on="advert")
        assert not parts.select("operation", "part").unique()["operation"].is_duplicated().any(), split
