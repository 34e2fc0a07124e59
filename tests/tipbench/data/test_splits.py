"""The split policies, on worlds that hypothesis makes up."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tipbench.config.options import config_folders
from tipbench.data.custom.splits import OWN_SPLITS, summary_of
from tipbench.data.selection import limit_training
from tipbench.data.splits import SPLITS, CannotSplitError, partition
from tipbench.data.splits.forward import TRAIN_UNTIL, VALID_UNTIL
from tipbench.data.splits.language import LANGUAGES
from tipcore.units import PARTS
from tipdata.core.draw import assign_parts

DAYS = 730
SITES = {6: "darknet", 7: "messaging", 8: "messaging"}
LEAK_FREE = [name for name, split in SPLITS.items() if split.by_cluster and not split.all_tested]


@dataclass(frozen=True)
class World:
    """A small made-up world: what splits read of a release."""

    adverts: pl.DataFrame
    platforms: pl.DataFrame
    operations: pl.DataFrame
    places: pl.DataFrame
    regions: int
    name: str = "made up"
    version: str = "0.5.0"

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        if table == "operations" and not truth:
            raise KeyError("operations are hidden: ask for the truth")
        return getattr(self, table).lazy()


def world(seed: int, adverts: int, operations: int, regions: int) -> World:
    """A world of that many adverts, an operation always in one region."""
    rng = np.random.default_rng(seed)
    operation = rng.integers(0, operations, adverts)
    region = operation % regions
    adopts = rng.integers(200, 500, operations)
    return World(
        adverts=pl.DataFrame(
            {
                "advert": rng.permutation(adverts * 3)[:adverts],
                "region": region.astype(np.int32),
                "cluster": operation,
                "day": rng.integers(0, DAYS, adverts).astype(np.int32),
                "platform": [f"p{p:02d}" for p in rng.integers(0, 12, adverts)],
                "language": np.array(LANGUAGES)[rng.integers(0, 6, adverts)],
                "jurisdiction": (region * 4 + rng.integers(0, 3, adverts)).astype(np.int32),
            }
        ),
        platforms=pl.DataFrame(
            [
                (r, f"p{p:02d}", SITES.get(p, "jobs"), 300 if r % 2 else None)
                for r in range(regions)
                for p in range(12)
            ],
            schema={"region": pl.Int32, "platform": pl.String, "kind": pl.String, "closed": pl.Int32},
            orient="row",
        ),
        operations=pl.DataFrame(
            {
                "operation": np.arange(operations),
                "kind": ["business" if o % 3 else "trafficking" for o in range(operations)],
                "adopts_messaging": pl.Series([int(a) if a % 2 else None for a in adopts], dtype=pl.Int32),
                "adopts_obfuscation": pl.Series([int(a) if a % 3 else None for a in adopts], dtype=pl.Int32),
                "wordbook": np.array(["a", "b"])[rng.integers(0, 2, operations)],
            }
        ),
        places=pl.DataFrame(
            [(r, 4 * r + j) for r in range(regions) for j in range(3)],
            schema={"region": pl.Int32, "jurisdiction": pl.Int32},
            orient="row",
        ),
        regions=regions,
    )


worlds = st.builds(
    world,
    seed=st.integers(0, 10_000),
    adverts=st.integers(200, 800),
    operations=st.integers(5, 120),
    regions=st.integers(3, 9),
)


def divided(name: str, made: World) -> pl.DataFrame | None:
    """The world's adverts with their part; None where it cannot have the split."""
    try:
        return partition(SPLITS[name], made.adverts, "advert", made)
    except CannotSplitError:
        return None


def of(parted: pl.DataFrame, part: str, column: str) -> set:
    return set(parted.filter(pl.col("part") == part)[column])


@given(made=worlds, name=st.sampled_from(LEAK_FREE))
def test_no_operation_crosses_a_leak_free_split(made: World, name: str) -> None:
    parted = divided(name, made)
    if parted is None:
        return
    assert parted.select("cluster", "part").unique()["cluster"].is_unique().all()
    keyed = assign_parts(parted["cluster"].to_numpy())
    assert [PARTS[code] for code in keyed] == parted["part"].to_list()


@given(made=worlds, name=st.sampled_from(list(SPLITS)), order=st.randoms(use_true_random=False))
def test_a_units_part_does_not_depend_on_the_order_of_rows(made: World, name: str, order) -> None:
    parted = divided(name, made)
    if parted is None:
        return
    rows = list(range(made.adverts.height))
    order.shuffle(rows)
    again = partition(SPLITS[name], made.adverts[rows], "advert", made)
    assert again.sort("advert").equals(parted.sort("advert"))


@given(made=worlds)
def test_each_split_divides_as_its_summary_says(made: World) -> None:
    parts = {name: parted for name in SPLITS if (parted := divided(name, made)) is not None}
    for name in {"region", "platform", "language", "jurisdiction"} & set(parts):
        seen = of(parts[name], "train", name) | of(parts[name], "valid", name)
        assert not of(parts[name], "test", name) & seen
    if (parted := parts.get("channel")) is not None:
        held = {f"p{p:02d}" for p in SITES}
        assert of(parted, "test", "platform") <= held
        assert not held & (of(parted, "train", "platform") | of(parted, "valid", "platform"))
    if (parted := parts.get("forward")) is not None:
        assert max(of(parted, "train", "day")) < TRAIN_UNTIL == 365
        assert all(TRAIN_UNTIL <= day < VALID_UNTIL for day in of(parted, "valid", "day"))
        assert min(of(parted, "test", "day")) >= VALID_UNTIL == 474
    if (parted := parts.get("closure")) is not None:
        assert set(parted["region"].unique()) <= {r for r in range(made.regions) if r % 2}
        learnt = of(parted, "train", "day") | of(parted, "valid", "day")
        assert max(learnt) < 300 <= min(of(parted, "test", "day"))
    if (parted := parts.get("tactics")) is not None:
        adopted = pl.min_horizontal("adopts_messaging", "adopts_obfuscation").alias("adopted")
        test = parted.filter(pl.col("part") == "test").join(
            made.operations.select(adopted, cluster="operation"), on="cluster"
        )
        assert max(of(parted, "train", "day")) < parted["cut"][0] <= min(test["day"])
        assert (test["adopted"] <= test["day"]).all()
    assert parts["all"]["advert"].to_list() == made.adverts["advert"].to_list()
    assert (parts["all"]["part"] == "test").all()


def test_what_is_held_out_is_the_same_in_every_version() -> None:
    made = world(7, 4_000, 400, 8)
    held = {
        name: of(partition(SPLITS[name], made.adverts, "advert", made), "test", name)
        for name in ("language", "platform", "region", "jurisdiction")
    }
    assert len(of(partition(SPLITS["language"], made.adverts, "advert", made), "train", "language")) == 4
    assert held == {
        "language": {"en", "ru"},
        "platform": {"p02", "p05", "p10"},
        "region": {3, 5},
        "jurisdiction": {1, 5, 9, 14, 18, 20, 26, 30},
    }


@pytest.mark.parametrize(
    ("regions", "held"), [(3, 2), (4, 2), (8, 2), (12, 3), (16, 4), (22, 6), (23, 6), (64, 16)]
)
def test_a_quarter_of_the_regions_is_held_out_and_two_at_least(regions: int, held: int) -> None:
    made = world(8, 100 * regions, 20 * regions, regions)
    parted = partition(SPLITS["region"], made.adverts, "advert", made)
    assert len(of(parted, "train", "region")) == regions - held
    assert len(of(parted, "test", "region")) == held


@pytest.mark.parametrize(
    ("name", "regions", "says"),
    [
        *(("region", few, f"{few} regions are too few to hold 2 out") for few in (1, 2)),
        ("closure", 1, "no platform closes"),
        ("platform", 4, "no platform"),
    ],
)
def test_what_the_data_do_not_allow_is_refused_with_the_reason(name: str, regions: int, says: str) -> None:
    made = world(9, 500, 50, regions)
    with pytest.raises(CannotSplitError, match=says):
        partition(SPLITS[name], made.adverts.drop("platform"), "advert", made)


@pytest.mark.parametrize("name", SPLITS)
def test_a_world_of_some_size_has_every_split(name: str) -> None:
    made = world(10, 4_000, 400, 8)
    parts = set(partition(SPLITS[name], made.adverts, "advert", made)["part"])
    assert parts == ({"test"} if SPLITS[name].all_tested else set(PARTS))


@pytest.mark.parametrize("name", ["forward", "closure", "tactics"])
def test_the_day_on_which_testing_begins_is_tested_and_not_learnt_from(name: str) -> None:
    made = world(11, 60_000, 400, 8)
    parted = partition(SPLITS[name], made.adverts, "advert", made)
    assert min(of(parted, "test", "day")) == parted["cut"].min()
    learnt = max(of(parted, "train", "day") | of(parted, "valid", "day"))
    assert {learnt + 1} == set(parted["cut"])


def test_an_adopter_is_tested_from_the_very_day_of_adoption() -> None:
    made = world(12, 60_000, 400, 8)
    parted = partition(SPLITS["tactics"], made.adverts, "advert", made)
    adopted = pl.min_horizontal("adopts_messaging", "adopts_obfuscation").alias("adopted")
    days = parted.join(made.operations.select(adopted, cluster="operation"), on="cluster")
    tested = days.filter(pl.col("part") == "test").select(since=pl.col("day") - pl.col("adopted"))
    assert tested["since"].min() == 0


def test_forward_loses_no_day_between_its_periods() -> None:
    made = world(11, 60_000, 400, 8)
    parted = partition(SPLITS["forward"], made.adverts, "advert", made)
    days = [of(parted, part, "day") for part in PARTS]
    assert [(min(day), max(day)) for day in days] == [(0, 364), (365, 473), (474, DAYS - 1)]


def test_a_held_out_channel_needs_enough_trafficking() -> None:
    made = world(10, 4_000, 60, 8)
    says = r"^only \d+ trafficking operations of its test part post on .*, and 30 are needed$"
    with pytest.raises(CannotSplitError, match=says):
        partition(SPLITS["channel"], made.adverts, "advert", made)


def test_shares_of_the_keyed_assignment_are_45_15_40() -> None:
    made = world(1, 60_000, 20_000, 8)
    for name in ("operation", "random"):
        parted = partition(SPLITS[name], made.adverts, "advert", made)
        assert parted.height == made.adverts.height
        shares = [parted.filter(pl.col("part") == part).height / parted.height for part in PARTS]
        assert shares == pytest.approx([0.45, 0.15, 0.40], abs=0.01)


def test_rows_at_random_have_operations_on_both_sides() -> None:
    made = world(1, 6_000, 200, 8)
    parted = partition(SPLITS["random"], made.adverts, "advert", made)
    assert len(of(parted, "train", "cluster") & of(parted, "test", "cluster")) > 190


def test_a_unit_without_a_cluster_is_its_own() -> None:
    made = world(2, 500, 50, 4)
    alone = made.adverts.with_columns(pl.lit(None, dtype=pl.Int64).alias("cluster"))
    parted = partition(SPLITS["operation"], alone, "advert", made)
    assert parted["cluster"].to_list() == made.adverts["advert"].to_list()
    assert parted["part"].n_unique() == 3


@given(made=worlds, name=st.sampled_from(list(SPLITS)))
def test_no_split_trains_on_more_than_the_yardstick(made: World, name: str) -> None:
    parted, forward = divided(name, made), divided("forward", made)
    if parted is None or forward is None:
        return
    cut, note = limit_training(forward, SPLITS[name], parted, "advert")
    bounded = "cluster" if SPLITS[name].by_cluster else "advert"
    most, has, had = (len(of(rows, "train", bounded)) for rows in (forward, cut, parted))
    assert has == min(most, had)
    assert (note is None) == (had >= most)
    rest = pl.col("part") != "train"
    assert cut.filter(rest).equals(parted.filter(rest))


def test_a_cut_train_part_keeps_whole_operations() -> None:
    made = world(5, 3_000, 200, 8)
    parted = partition(SPLITS["operation"], made.adverts, "advert", made)
    yardstick = pl.DataFrame({"cluster": range(20), "part": "train"})
    cut, _ = limit_training(yardstick, SPLITS["operation"], parted, "advert")
    kept = of(cut, "train", "cluster")
    assert len(kept) == 20
    whole = parted.filter((pl.col("part") == "train") & pl.col("cluster").is_in(list(kept)))
    assert cut.filter(pl.col("part") == "train").equals(whole)


def test_a_smaller_train_part_is_noted_with_its_numbers() -> None:
    made = world(6, 500, 30, 4)
    parted = partition(SPLITS["operation"], made.adverts, "advert", made)
    has = len(of(parted, "train", "cluster"))
    yardstick = pl.DataFrame({"cluster": range(1_000), "part": "train"})
    _, note = limit_training(yardstick, SPLITS["operation"], parted, "advert")
    assert note == f"split=operation trains on {has} operations, forward on 1,000."


def test_where_regions_are_the_clusters_the_assignment_alone_holds_them_out() -> None:
    regions = np.arange(640)
    rows = pl.DataFrame({"region": regions, "cluster": regions, "day": np.zeros(640, dtype=np.int32)})
    parted = partition(SPLITS["region"], rows, "region", World(rows, rows, rows, rows, 640))
    assert parted.height == 640
    assert parted.filter(pl.col("part") == "test").height > 0.3 * 640


def test_the_splits_that_can_be_chosen_are_those_that_exist_and_each_says_what_it_does() -> None:
    (folder,) = config_folders(None)
    chosen = {path.stem for path in (folder / "split").glob("*.yaml")}
    assert chosen == {*SPLITS, *OWN_SPLITS, "auto"}
    assert all(summary_of(name).endswith(".") for name in chosen)
    assert summary_of("all") == f"{SPLITS['all'].summary} {OWN_SPLITS['all']}"
    assert summary_of("nowhere") == ""


def test_no_two_splits_have_one_place_in_lists() -> None:
    assert len({split.place for split in SPLITS.values()}) == len(SPLITS)


def test_the_wordbook_split_learns_from_one_set_of_sentences_and_tests_on_the_other() -> None:
    made = world(11, 2_000, 200, 8)
    parted = partition(SPLITS["wordbook"], made.adverts, "advert", made)
    words = parted.join(made.operations, left_on="cluster", right_on="operation")
    assert {part: of(words, part, "wordbook") for part in PARTS} == {
        "train": {"a"},
        "valid": {"a"},
        "test": {"b"},
    }
