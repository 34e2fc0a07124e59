"""Claims about the parameters, the stages and one region: sources, independence, keys."""

import re
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tipcore.digest import column_digest
from tipcore.errors import UsageError
from tipdata import stages as stages_module
from tipdata.core import world as world_module
from tipdata.core.tables import TIERS, Column, Table
from tipdata.core.world import Region, World, makeable_versions, parameters
from tipdata.documents.fidelity import aggregates, unmodelled_aggregates
from tipdata.release import Release, generate_region
from tipdata.stages import Past, Stage, Tables, all_tables, stages, stages_of

BIB = (Path(world_module.__file__).parents[2] / "sources.bib").read_text(encoding="utf-8")


@cache
def released(index: int) -> dict[str, pl.DataFrame]:
    """A region of the released world, made once."""
    return generate_region(World.of("0.5.0"), index)


def test_every_source_is_cited() -> None:
    held = (one for subject in aggregates().values() for one in subject)
    cited = {one.source for one in (*held, *unmodelled_aggregates())}
    for version in makeable_versions():
        for entry in parameters(version).values():
            cited |= {entry[name] for name in ("sign", "magnitude")}
    assert set(re.findall(r"@\w+\{(\w+),", BIB)) <= cited


def test_a_range_gives_each_region_its_own_value_within_it() -> None:
    world = World.of("0.5.0")
    drawn = [world.region(i)["places.spread_km"] for i in range(40)]
    assert len(set(drawn)) > 10
    assert min(drawn) >= 25
    assert max(drawn) <= 60


def test_the_same_region_comes_twice_and_another_differs() -> None:
    world = World.of("0.5.0")
    first, again, other = released(3), generate_region(world, 3), released(4)
    for name in first:
        assert first[name].equals(again[name]), name
        assert not first[name].equals(other[name]), name


def test_world_0_is_the_released_one_and_every_other_has_a_seed_of_its_own() -> None:
    """The seed of world 1 as coreutils' sha256sum computes it."""
    assert World.of("0.5.0", 0) == World.of("0.5.0")
    assert World.of("0.5.0").seed == 20261201
    assert World.of("0.5.0", 1).seed == 0x9C33460DDD84F42B
    assert len({World.of("0.5.0", number).seed for number in range(100)}) == 100


def test_independent_worlds_share_no_draw() -> None:
    """Neither a region's parameters, nor its ids, nor what is drawn for the same row."""
    drawn = [World.of("0.5.0", number) for number in range(3)]
    assert len({world.region(3)["places.spread_km"] for world in drawn}) == 3
    towns = [generate_region(world, 3)["adverts"] for world in drawn]
    ids = [set(frame["advert"]) for frame in towns]
    assert not ids[0] & ids[1]
    assert not ids[1] & ids[2]
    u = [world.region(3).stream("a/b").uniform(np.arange(2000)) for world in drawn]
    assert all(abs(np.corrcoef(u[a], u[b])[0, 1]) < 0.1 for a, b in ((0, 1), (0, 2), (1, 2)))


@pytest.mark.parametrize("number", [-1, 1.5, "1", None, True])
def test_a_world_that_is_no_whole_number_from_0_is_refused(number: object) -> None:
    with pytest.raises(UsageError, match="does not exist: 0 is the released world"):
        World.of("0.5.0", number)  # type: ignore[arg-type]


def test_every_table_is_sorted_by_a_key_that_is_one() -> None:
    for name, frame in released(2).items():
        key = all_tables()[name].key
        assert frame.select(key).is_unique().all(), name
        assert frame.equals(frame.sort(key)), name


def test_an_id_tells_neither_kind_nor_order_nor_region() -> None:
    t = released(1)
    for column in ("minute", "operation", "log_odds"):
        assert abs(np.corrcoef(t["adverts"]["advert"], t["adverts"][column])[0, 1]) < 0.08, column
    ids = [released(i)["adverts"]["advert"].to_numpy() for i in range(4)]
    assert len(np.unique(np.concatenate(ids))) == sum(map(len, ids))
    means = [i.mean() / 2**48 for i in ids]
    assert max(abs(m - 0.5) for m in means) < 0.03


def _digests(tables: dict[str, pl.DataFrame]) -> dict[tuple[str, str], str]:
    return {(n, c): column_digest(f[c]) for n, f in tables.items() for c in f.columns}


def test_a_new_table_leaves_other_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _digests(released(6))
    table = Table("extra", ("number",), (Column("number", pl.Int64(), "public"),))

    def extra(region: Region, past: Past) -> tuple[None, Tables]:
        drawn = region.stream("extra/number").permute(np.arange(5))
        return None, {"extra": pl.DataFrame({"number": drawn})}

    more = (Stage("extra", (), (table,), extra), *stages_of("0.5.0"))
    monkeypatch.setattr("tipdata.stages.stages_of", lambda version: more)
    after = _digests(generate_region(World.of("0.5.0"), 6))
    assert {key: value for key, value in after.items() if key[0] != "extra"} == before


def test_more_rows_leave_other_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another operation is appended to the posting ones: every older operation keeps what it drew for itself."""
    before = released(6)["operations"]
    entry = dict(parameters("0.5.0")["operations.count"], value=310)
    changed = {**parameters("0.5.0"), "operations.count": entry}
    monkeypatch.setattr(world_module, "parameters", lambda version: changed)
    after = generate_region(World.of("0.5.0"), 6)["operations"].join(before, on="operation", how="semi")
    assert after.height == before.height
    own = [
        *("form", "category", "first_day", "last_day", "cross_border"),
        *("churn", "circuit", "migrant", "adopts_messaging"),
    ]
    same_kind = after["kind"] == before["kind"]  # whether an operation posts is relative to the others
    assert after.filter(same_kind).select(own).equals(before.filter(same_kind).select(own))


def test_dropping_adverts_leaves_the_others_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no closure at all, every advert that was posted with one before the closing day is posted unchanged."""
    region = next(index for index in range(4) if released(index)["platforms"]["closed"].count())
    tables = released(region)
    day = tables["platforms"]["closed"].drop_nulls()[0]
    entry = dict(parameters("0.5.0")["platforms.closes"], value=0.0)
    changed = {**parameters("0.5.0"), "platforms.closes": entry}
    monkeypatch.setattr(world_module, "parameters", lambda version: changed)
    open_world = generate_region(World.of("0.5.0"), region)["adverts"]
    early = pl.col("minute") < day * 1440
    columns = ["advert", "minute", "town", "category", "title", "body", "images", "contacts"]
    closed_world = tables["adverts"].filter(early).select(columns)
    assert open_world.filter(early).select(columns).equals(closed_world)


def test_columns_are_declared_with_known_tiers() -> None:
    for table in all_tables().values():
        for column in table.columns:
            assert column.tier in (*TIERS, "label"), (table.name, column.name)


def test_a_duplicate_stage_or_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = (*stages(), stages()[0])
    monkeypatch.setattr(stages_module, "stages", lambda: twice)
    with pytest.raises(ValueError, match="two stages declare a table named"):
        all_tables.__wrapped__()


def test_the_oracle_knows_more_than_one_advert_does(small: Release) -> None:
    some = pl.col("region") < 12
    operations = small.scan("operations", truth=True).filter(some, "posts").collect()
    adverts = small.scan("adverts", truth=True).filter(some).collect()
    from sklearn.metrics import roc_auc_score

    positive = operations["kind"] == "trafficking"
    oracle = roc_auc_score(positive, operations["log_odds"])
    unit = adverts.group_by("operation").agg(pl.col("log_odds").first()).join(operations, on="operation")
    single = roc_auc_score(unit["kind"] == "trafficking", unit["log_odds"])
    assert 0.85 < oracle < 0.96
    assert 0.55 < single < oracle - 0.05


def test_oracle_log_odds_are_calibrated(small: Release) -> None:
    """Among operations with a posterior around one half, about half traffic, by weight (40 regions)."""
    o = small.scan("operations", truth=True).filter(pl.col("region") < 40, "posts").collect()
    p = 1 / (1 + np.exp(-o["log_odds"].to_numpy() / 1000))
    y, weight = (o["kind"] == "trafficking").to_numpy(), o["weight"].to_numpy() / 1e6
    for low, high in ((0.0, 0.02), (0.02, 0.1), (0.1, 0.3), (0.3, 1.0)):
        inside = (p >= low) & (p < high)
        spread = np.sqrt((weight * p * (1 - p))[inside].sum())
        assert abs((weight * (y - p))[inside].sum()) < 3.5 * spread, (low, high)
