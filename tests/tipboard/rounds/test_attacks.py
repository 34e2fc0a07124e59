"""Attacks on a sealed round by whoever holds its public folder. Each search is shown to find what it looks for."""

import hashlib
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from round_attacks import (
    any_of,
    chance_band,
    cross_fitted,
    find_seed,
    in_one_run,
    json_words,
    order_features,
    published_bytes,
    published_numbers,
)
from scipy.stats import spearmanr
from tipbench.data.selection import _GALLERY_SEED as GALLERY_SEED
from tipbench.tasks import tasks
from tipbench.tasks.advert_authorship import GALLERY_A_REGION
from tipboard.rounds import regions
from tipboard.rounds.host import read_answers
from tipboard.rounds.make_round import files_of, make_round
from tipboard.rounds.record import commitment, terms
from tipboard.rounds.truth import key_column
from tipboard.rounds.verify import plan_of
from tipcore.digest import column_digest
from tipdata.core.draw import Stream
from tipdata.core.world import World
from tipdata.release import Release, generate_region
from tipdata.stages import all_tables

LABELLED = [name for name, task in tasks().items() if task.kind.labelled]
WITH_CLUSTERS = [name for name, task in tasks().items() if task.unit == "advert" and task.kind.linked]
OPENED = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def generated(host: Any) -> list[dict[str, pl.DataFrame]]:
    """The round's tables as the generator has them, which nobody outside has."""
    world = World(host.round.data, int.from_bytes(host.seed, "big"))
    return [generate_region(world, number) for number in host.round.region_numbers]


def labelled_units(host: Any, name: str) -> pl.DataFrame:
    """Units of a task in the order of the file, with their hidden label and cluster."""
    units = pl.read_parquet(host.public / "units" / f"{name}.parquet")
    known = read_answers(host.secret, name).frame
    unit = tasks()[name].unit
    return units.join(known.drop_nulls("label"), on=unit, how="inner", maintain_order="left").with_columns(
        pl.col("cluster").fill_null(pl.col(unit))
    )


# The seed and the commitment


def test_no_weak_seed_gives_the_commitment(host: Any) -> None:
    bound = terms(host.round.model_dump(mode="json"))
    assert find_seed(host.round.commitment, bound, host.round.name, OPENED) is None


@pytest.mark.parametrize(
    "weak",
    [
        (7).to_bytes(32, "big"),
        bytes(32),
        hashlib.sha256(b"spring-2026").digest(),
        int(OPENED.timestamp()).to_bytes(32, "big"),
        np.random.default_rng(42).bytes(32),
        b"2026-06-01".ljust(32, b"\0"),
    ],
)
def test_the_search_finds_a_weak_seed(host: Any, weak: bytes) -> None:
    bound = terms(host.round.model_dump(mode="json"))
    assert find_seed(commitment(weak, bound), bound, host.round.name, OPENED) == weak


def test_the_seed_is_in_no_published_byte(host: Any) -> None:
    forms = {
        host.seed,
        host.seed[::-1],
        host.seed.hex().encode(),
        str(int.from_bytes(host.seed, "big")).encode(),
    }
    for name, content in published_bytes(host.public):
        assert not any(form in content or form.upper() in content for form in forms), name


# What is hidden


def test_no_hidden_table_or_column_is_published(host: Any) -> None:
    for path in (host.public / "inputs").rglob("*.parquet"):
        for column in all_tables()[path.stem].columns:
            if column.tier in ("truth", "label"):
                assert column.name not in pl.read_parquet_schema(path)
    assert not (host.public / "inputs" / "1000000" / "trips.parquet").exists()
    assert "gold_label" not in host.table("queue").columns


def test_no_digest_of_a_hidden_column_is_published(
    host: Any, generated: list[dict[str, pl.DataFrame]]
) -> None:
    hidden = {
        column_digest(frame[column])
        for frames in (*generated, *host_tables(host))
        for name, frame in frames.items()
        for column in _secret_columns(name)
        if frame.height and column in frame.columns  # a version may lack some
    }
    assert len(hidden) > 500
    assert not hidden & json_words(host.public)
    raw = [bytes.fromhex(digest) for digest in hidden]
    for name, content in published_bytes(host.public):
        assert not any_of(raw, content), name
    assert any_of(raw, b"xyz" + raw[7] + b"z")


def host_tables(host: Any) -> list[dict[str, pl.DataFrame]]:
    folders = [host.secret / "tables" / str(number) for number in host.round.region_numbers]
    return [
        {path.stem: pl.read_parquet(path) for path in sorted(folder.glob("*.parquet"))} for folder in folders
    ]


def _secret_columns(table: str) -> set[str]:
    """Hidden columns, but for keys that a table which is shown has too."""
    hidden = {c.name for c in all_tables()[table].columns if c.tier in ("truth", "label")}
    return hidden - {"region", *all_tables()[table].key}


def test_flipping_the_truth_changes_no_published_byte(
    host: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All hidden columns are turned upside down; only the gallery of authors, thinned by template, and
    the seeds of cases, one per operation, may move."""
    plan = plan_of(host.round)
    two = type(plan)(plan.version, plan.numbers[:2], plan.tasks, plan.prefixes, plan.columns)
    straight = _published(host.seed, two, tmp_path / "straight")
    monkeypatch.setattr(regions, "generate_region", _upside_down)
    flipped = _published(host.seed, two, tmp_path / "flipped")
    assert flipped.keys() == straight.keys()
    changed = {name for name, content in straight.items() if flipped[name] != content}
    assert changed <= {"units/advert_authorship.parquet", "units/case_linkage.parquet"}


def _upside_down(world: World, index: int) -> dict[str, pl.DataFrame]:
    tables = generate_region(world, index)
    for name, frame in tables.items():
        hidden = [
            c.name
            for c in all_tables()[name].columns
            if c.tier == "truth" and c.name not in all_tables()[name].key and c.name in frame.columns
        ]
        tables[name] = frame.with_columns(pl.col(hidden).reverse()) if hidden else frame
    assert not tables["payments"]["typology"].equals(generate_region(world, index)["payments"]["typology"])
    return tables


def _published(seed: bytes, plan: Any, place: Path) -> dict[str, bytes]:
    public = place / "public"
    make_round(seed, plan, public, place / "secret", engine="sequential", quiet=True)
    return {path.relative_to(public).as_posix(): path.read_bytes() for path in files_of(public)}


# Ids and order


def test_no_published_number_is_an_id_of_the_generator_or_of_a_release(
    host: Any, generated: list[dict[str, pl.DataFrame]], tiny: Release
) -> None:
    numbers = published_numbers(host.public)
    assert numbers.size > 50_000
    originals = [_ids_of(frames) for frames in generated]
    originals.append(
        _ids_of({n: tiny.scan(n).collect() for n in ("adverts", "ties", "payments", "reviews", "stops")})
    )
    for ids in originals:
        assert not np.isin(ids, numbers).any()


def _ids_of(frames: dict[str, pl.DataFrame]) -> np.ndarray:
    found = []
    for name, frame in frames.items():
        for column in frame.columns:
            flat = frame[column].explode() if isinstance(frame.schema[column], pl.List) else frame[column]
            if flat.dtype == pl.Int64 and (name, column) != ("payments", "amount"):
                found.append(flat.drop_nulls().rename("id"))
    ids = pl.concat(found).unique()
    return ids.filter(ids.abs() >= 2**32).to_numpy()


@pytest.mark.parametrize("table", ["adverts", "accounts", "payments", "firms", "ties", "conversations"])
def test_the_order_of_rows_says_nothing_of_the_generators(
    host: Any, generated: list[dict[str, pl.DataFrame]], table: str
) -> None:
    key = all_tables()[table].key[0]
    new = host.whole.scan(table, truth=True).collect()
    assert all(part[key].is_sorted() for part in new.partition_by("region"))
    from tipboard.rounds.ids import Labels

    labels = Labels.of(host.seed, 0, generated[0]["places"])
    old = pl.concat([frames[table] for frames in generated])[key]
    both = pl.DataFrame({"old": old, "new": labels.labelled(key, old)})
    assert abs(_rank_correlation(both["old"], both["new"])) < 4 / np.sqrt(len(old))


def _rank_correlation(a: pl.Series, b: pl.Series) -> float:
    found = spearmanr(a.to_numpy(), b.to_numpy())
    return float(found.statistic)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", LABELLED)
def test_ids_and_order_do_not_tell_the_label(host: Any, name: str) -> None:
    units = labelled_units(host, name)
    labels = units["label"].to_numpy().astype(np.int64)
    if len(labels) > 30_000:
        units, labels = units.gather_every(5), labels[::5]
    auroc, _ = cross_fitted(order_features(units, tasks()[name].unit), labels)
    assert abs(auroc - 0.5) <= chance_band(labels, units["cluster"].to_numpy())


def test_the_classifier_of_ids_and_order_finds_a_label_in_the_order(host: Any) -> None:
    units = labelled_units(host, "advert_risk").sort("label", maintain_order=True)
    auroc, _ = cross_fitted(order_features(units, "advert"), units["label"].to_numpy().astype(np.int64))
    assert auroc > 0.95


@pytest.mark.parametrize("name", WITH_CLUSTERS)
def test_neighbours_in_file_order_have_no_common_author_beyond_chance(host: Any, name: str) -> None:
    units = pl.read_parquet(host.public / "units" / f"{name}.parquet")
    frame = units.join(read_answers(host.secret, name).frame, on="advert", maintain_order="left")
    cluster = frame["cluster"].to_numpy()
    sizes = frame.group_by("cluster").len()["len"].to_numpy().astype(float)
    chance = (sizes * (sizes - 1)).sum() / (len(cluster) * (len(cluster) - 1.0))
    for apart in (1, 2, 3):
        same = (cluster[apart:] == cluster[:-apart]).mean()
        assert same < chance + 4 * np.sqrt(chance / len(cluster)) + 1e-3


def test_the_gallery_of_authors_cannot_be_recomputed_from_labels(host: Any) -> None:
    """Of each template and operation one advert is a unit, chosen by a public hash of hidden ids, not of labels."""
    adverts = host.whole.scan("adverts", truth=True).select("advert", "template", "operation").collect()
    units = pl.read_parquet(host.public / "units" / "advert_authorship.parquet")["advert"]
    bits = pl.Series("bits", Stream(GALLERY_SEED, "one a group").bits(adverts["advert"].to_numpy()))
    grouped = adverts.with_columns(bits, size=pl.len().over("template", "operation"))
    first = pl.col("bits") == pl.col("bits").min().over("template", "operation")
    chosen = grouped.with_columns(first=first).filter(
        pl.col("advert").is_in(units.implode()), pl.col("size") > 1
    )
    expected, error = (1 / chosen["size"]).mean(), np.sqrt(0.25 / chosen.height)
    assert abs(chosen["first"].mean() - expected) < 4 * error


def test_images_do_not_give_the_operations_away(host: Any, generated: list[dict[str, pl.DataFrame]]) -> None:
    """Neither the generator's words nor the published ones can be inverted to the numbers of operations."""
    raw = generated[0]["adverts"]["images"].explode().drop_nulls().unique().to_numpy()
    assert in_one_run(raw) < 0.01
    shown = host.table("adverts").filter(region=1_000_000)["images"].explode().drop_nulls().unique()
    assert len(shown) == len(raw)
    assert in_one_run(shown.to_numpy()) < 0.01


# Files


def test_no_file_is_dated_by_its_making(host: Any) -> None:
    times = {path.stat().st_mtime_ns for path in [host.public, *host.public.rglob("*")]}
    assert times == {int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * 10**9}


@pytest.mark.parametrize("table", ["adverts", "payments", "accounts", "firms", "ties", "reviews"])
def test_rows_compress_as_they_would_in_any_order(host: Any, table: str) -> None:
    """Rows that lay by operation would compress better; the key is left out, since it is in order by design."""
    published = pl.read_parquet(host.public / "inputs" / "1000000" / f"{table}.parquet")
    rows = published.drop(all_tables()[table].key)
    shuffled = np.mean([_size(rows.sample(fraction=1, shuffle=True, seed=seed)) for seed in range(5)])
    assert abs(_size(rows) / shuffled - 1) < 0.01


def test_the_size_of_a_file_would_show_rows_that_lie_by_operation(host: Any) -> None:
    whole = host.whole.scan("adverts", truth=True).collect()
    shown = host.table("adverts").columns
    grouped = _size(whole.sort("operation", "minute").select(shown).drop("advert"))
    assert grouped < 0.9 * _size(whole.select(shown).drop("advert"))


def _size(frame: pl.DataFrame) -> int:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=9, statistics=False)
    return len(buffer.getvalue())


# Streams


@pytest.mark.parametrize("name", ["recruitment_onset", "route_forecast"])
def test_every_prefix_has_the_same_length(host: Any, name: str) -> None:
    task = tasks()[name]
    stream = host.table(task.stream)
    counted = stream.group_by(task.unit).agg(pl.len(), pl.col("sequence").max())
    assert counted["len"].unique().to_list() == [host.round.prefixes[name]]
    assert counted["sequence"].unique().to_list() == [host.round.prefixes[name]]
    assert counted.height == host.table(task.table).height
    if task.forecast is None:
        # A constant ranks no unit before another.
        units = labelled_units(host, name)
        assert units["label"].n_unique() == 2


def test_a_prefix_is_the_beginning_of_its_stream_and_nothing_of_the_rest_is_published(
    host: Any, generated: list[dict[str, pl.DataFrame]]
) -> None:
    from tipboard.rounds.ids import Labels

    for frames in generated[:2]:
        region = frames["stops"]["region"][0]
        labels = Labels.of(host.seed, region, frames["places"])
        later = labels.labelled("stop", frames["stops"].filter(pl.col("sequence") > 8)["stop"])
        assert not later.is_in(published_numbers(host.public).tolist()).any()
        messages = labels.relabelled("messages", frames["messages"])
        shown = host.table("messages").filter(region=region)
        assert (
            messages.filter(pl.col("sequence") <= 8)
            .join(shown, on=["conversation", "sequence"], how="semi")
            .select(shown.columns)
            .equals(shown)
        )


def test_a_stops_wallet_leads_to_no_payment(host: Any, generated: list[dict[str, pl.DataFrame]]) -> None:
    booked = host.table("stops")["wallet"].drop_nulls()
    paid = pl.concat(
        [host.table("payments")["payer"], host.table("payments")["payee"], host.table("wallets")["wallet"]]
    )
    assert len(booked) > 100
    assert not booked.is_in(paid.implode()).any()
    before = pl.concat([frames["stops"]["wallet"].drop_nulls() for frames in generated])
    wallets = pl.concat([frames["wallets"]["wallet"] for frames in generated])
    assert before.is_in(wallets.implode()).any()  # in the generator some do


# Who is a unit


@pytest.mark.parametrize("name", sorted(tasks()))
def test_units_are_all_rows_of_their_table_or_a_selection_that_is_named(host: Any, name: str) -> None:
    task = tasks()[name]
    units = pl.read_parquet(host.public / "units" / f"{name}.parquet")
    assert units.columns == [key_column(task)]
    assert units.to_series().is_sorted()
    if name == "advert_authorship":
        assert units.height == GALLERY_A_REGION * host.round.regions
    elif name == "case_linkage":  # one advert an operation
        assert 0 < units.height < 300 * host.round.regions
        assert units.to_series().is_in(host.table("adverts")["advert"].implode()).all()
    elif task.forecast is not None:
        last = host.table(task.stream).filter(sequence=host.round.prefixes[name])
        assert units.to_series().equals(last["stop"].sort())
    else:
        assert units.to_series().equals(host.table(task.table)[task.unit].sort())


def test_being_in_the_gallery_of_authors_says_no_more_of_risk_than_in_the_public_release(
    host: Any, tiny: Release
) -> None:
    """The gallery takes whole operations in keyed order, one advert a template; so do the releases'."""
    from tipbench.loading import prepare

    sealed = labelled_units(host, "advert_risk").select("advert", "label", "cluster")
    inside = pl.read_parquet(host.public / "units" / "advert_authorship.parquet")["advert"]
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
