"""Attacks on a sealed round by whoever holds its public folder. Each search is shown to find what it looks for."""

import io
from typing import Any

import numpy as np
import polars as pl
import pytest
from round_attacks import chance_band, cross_fitted, order_features
from scipy.stats import spearmanr
from tipbench.data.selection import _GALLERY_SEED as GALLERY_SEED
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipboard.rounds.host import read_answers
from tipboard.rounds.ids import Labels
from tipdata.core.draw import Stream
from tipdata.core.world import World
from tipdata.release import Release, generate_region
from tipdata.stages import all_tables

pytestmark = pytest.mark.slow
LABELLED = [name for name, task in tasks().items() if task.kind.labelled]
WITH_CLUSTERS = [name for name, task in tasks().items() if task.unit == "advert" and task.kind.linked]


@pytest.fixture(scope="module")
def generated(large: Any) -> list[dict[str, pl.DataFrame]]:
    """The round's tables as the generator has them, which are the host's alone."""
    world = World(large.round.data, int.from_bytes(large.seed, "big"))
    return [generate_region(world, number) for number in large.round.region_numbers]


def labelled_units(large: Any, name: str) -> pl.DataFrame:
    """Units of a task in the order of the file, with their hidden label and cluster."""
    units = pl.read_parquet(large.public / "units" / f"{name}.parquet")
    known = read_answers(large.secret, name).frame
    unit = tasks()[name].unit
    return units.join(known.drop_nulls("label"), on=unit, how="inner", maintain_order="left").with_columns(
        pl.col("cluster").fill_null(pl.col(unit))
    )


@pytest.mark.parametrize("table", ["adverts", "accounts", "payments", "firms", "ties", "conversations"])
def test_the_order_of_rows_says_nothing_of_the_generators(
    large: Any, generated: list[dict[str, pl.DataFrame]], table: str
) -> None:
    key = all_tables()[table].key[0]
    new = large.whole.scan(table, truth=True).collect()
    assert all(part[key].is_sorted() for part in new.partition_by("region"))
    labels = Labels.of(large.seed, 0, generated[0]["places"])
    old = pl.concat([frames[table] for frames in generated])[key]
    both = pl.DataFrame({"old": old, "new": labels.labelled(key, old)})
    assert abs(_rank_correlation(both["old"], both["new"])) < 4 / np.sqrt(len(old))


def _rank_correlation(a: pl.Series, b: pl.Series) -> float:
    found = spearmanr(a.to_numpy(), b.to_numpy())
    return float(found.statistic)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", LABELLED)
def test_ids_and_order_do_not_tell_the_label(large: Any, name: str) -> None:
    units = labelled_units(large, name)
    labels = units["label"].to_numpy().astype(np.int64)
    if len(labels) > 30_000:
        units, labels = units.gather_every(5), labels[::5]
    auroc, _ = cross_fitted(order_features(units, tasks()[name].unit), labels)
    assert abs(auroc - 0.5) <= chance_band(labels, units["cluster"].to_numpy())


def test_the_classifier_of_ids_and_order_finds_a_label_in_the_order(large: Any) -> None:
    units = labelled_units(large, "advert_risk").sort("label", maintain_order=True)
    auroc, _ = cross_fitted(order_features(units, "advert"), units["label"].to_numpy().astype(np.int64))
    assert auroc > 0.95


@pytest.mark.parametrize("name", WITH_CLUSTERS)
def test_neighbours_in_file_order_have_no_common_author_beyond_chance(large: Any, name: str) -> None:
    units = pl.read_parquet(large.public / "units" / f"{name}.parquet")
    frame = units.join(read_answers(large.secret, name).frame, on="advert", maintain_order="left")
    cluster = frame["cluster"].to_numpy()
    sizes = frame.group_by("cluster").len()["len"].to_numpy().astype(float)
    chance = (sizes * (sizes - 1)).sum() / (len(cluster) * (len(cluster) - 1.0))
    for apart in (1, 2, 3):
        same = (cluster[apart:] == cluster[:-apart]).mean()
        assert same < chance + 4 * np.sqrt(chance / len(cluster)) + 1e-3


def test_the_gallery_of_authors_cannot_be_recomputed_from_labels(large: Any) -> None:
    """Of each template and operation one advert is a unit, chosen by a public hash of hidden ids, not of labels."""
    adverts = large.whole.scan("adverts", truth=True).select("advert", "template", "operation").collect()
    units = pl.read_parquet(large.public / "units" / "advert_authorship.parquet")["advert"]
    bits = pl.Series("bits", Stream(GALLERY_SEED, "one a group").bits(adverts["advert"].to_numpy()))
    grouped = adverts.with_columns(bits, size=pl.len().over("template", "operation"))
    first = pl.col("bits") == pl.col("bits").min().over("template", "operation")
    chosen = grouped.with_columns(first=first).filter(
        pl.col("advert").is_in(units.implode()), pl.col("size") > 1
    )
    expected, error = (1 / chosen["size"]).mean(), np.sqrt(0.25 / chosen.height)
    assert abs(chosen["first"].mean() - expected) < 4 * error


@pytest.mark.parametrize("table", ["adverts", "payments", "accounts", "firms", "ties", "reviews"])
def test_rows_compress_as_they_would_in_any_order(large: Any, table: str) -> None:
    """Rows that lay by operation would compress better; the key is left out, since it is in order by design."""
    published = pl.read_parquet(large.public / "inputs" / "1000000" / f"{table}.parquet")
    rows = published.drop(all_tables()[table].key)
    shuffled = np.mean([_size(rows.sample(fraction=1, shuffle=True, seed=seed)) for seed in range(5)])
    assert abs(_size(rows) / shuffled - 1) < 0.01


def test_the_size_of_a_file_would_show_rows_that_lie_by_operation(large: Any) -> None:
    whole = large.whole.scan("adverts", truth=True).collect()
    shown = large.table("adverts").columns
    grouped = _size(whole.sort("operation", "minute").select(shown).drop("advert"))
    assert grouped < 0.9 * _size(whole.select(shown).drop("advert"))


def _size(frame: pl.DataFrame) -> int:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=9, statistics=False)
    return len(buffer.getvalue())


def test_being_in_the_gallery_of_authors_says_no_more_of_risk_than_in_the_public_release(
    large: Any, tiny: Release
) -> None:
    """The gallery takes whole operations in keyed order, one advert a template; so do the releases'."""
    sealed = labelled_units(large, "advert_risk").select("advert", "label", "cluster")
    inside = pl.read_parquet(large.public / "units" / "advert_authorship.parquet")["advert"]
    shown = _lift(sealed, inside)
    public = prepare("advert_risk", release=tiny, split="operation").answers.frame.filter(part="test")
    gallery = prepare("advert_authorship", release=tiny, split="operation").answers.frame["advert"]
    assert abs(shown - 0.5) <= abs(_lift(public, gallery) - 0.5) + chance_band(
        sealed["label"].to_numpy().astype(np.int64), sealed["cluster"].to_numpy()
    )


def _lift(units: pl.DataFrame, inside: pl.Series) -> float:
    """AUROC of being in the gallery for the label."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(units["label"].to_numpy(), units["advert"].is_in(inside.implode()).to_numpy()))


def test_no_more_text_is_shared_with_the_public_release_than_its_own_halves_share(
    large: Any, tiny: Release
) -> None:
    """Texts are drawn from the world's shared sentences, so that some notes of a line or two are alike anywhere."""
    for table, column in (("adverts", "body"), ("adverts", "title"), ("contacts", "narrative")):
        public = tiny.scan(table).select("region", column).collect()
        first = pl.col("region") < 4
        own = public.filter(first)[column].is_in(public.filter(~first)[column].implode()).mean()
        sealed = large.table(table).select("region", column).filter(pl.col("region") < 1_000_004)[column]
        shared = sealed.is_in(public.filter(~first)[column].implode()).mean()
        assert isinstance(own, float)
        assert isinstance(shared, float)
        assert shared <= own + 0.15 if column == "title" else shared <= own + 0.02


def test_streams_of_different_paths_or_seeds_share_nothing(large: Any) -> None:
    seed = int.from_bytes(large.seed, "big")
    paths = [f"1000000/{table}/{column}" for table in all_tables() for column in all_tables()[table].schema]
    paths += [f"{region}/adverts/burst" for region in large.round.region_numbers]
    keys = np.array([Stream(s, path).key for s in (seed, seed + 1, seed - 1) for path in paths]).ravel()
    assert np.unique(keys).size == keys.size == 3 * len(set(paths))
    apart = np.bitwise_count(keys[:, None] ^ keys[None, :])[np.triu_indices(len(keys), 1)]
    assert abs(apart.mean() - 32) < 0.1
    assert apart.min() > 4


def test_knowing_one_stream_gives_no_value_of_another(large: Any) -> None:
    seed = int.from_bytes(large.seed, "big")
    rows = np.arange(20_000)
    known, other = (Stream(seed, f"1000000/adverts/{name}").uniform(rows) for name in ("hour", "minute"))
    assert abs(np.corrcoef(known, other)[0, 1]) < 4 / np.sqrt(len(rows))
