"""What a published round shows to whoever holds its folder, and what it does not."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from round_attacks import any_of, in_one_run, json_words, published_bytes, published_numbers
from tipbench.tasks import tasks
from tipbench.tasks.advert_authorship import GALLERY_A_REGION
from tipboard.rounds import regions
from tipboard.rounds.host import read_answers
from tipboard.rounds.ids import Labels
from tipboard.rounds.make_round import files_of, make_round
from tipboard.rounds.truth import key_column
from tipboard.rounds.verify import plan_of
from tipcore.digest import column_digest
from tipdata.core.world import World
from tipdata.release import Release, generate_region
from tipdata.stages import all_tables


@pytest.fixture(scope="module")
def generated(host: Any) -> list[dict[str, pl.DataFrame]]:
    """The round's tables as the generator has them, which are the host's alone."""
    world = World(host.round.data, int.from_bytes(host.seed, "big"))
    return [generate_region(world, number) for number in host.round.region_numbers]


def test_the_seed_is_in_no_published_byte(host: Any) -> None:
    forms = {
        host.seed,
        host.seed[::-1],
        host.seed.hex().encode(),
        str(int.from_bytes(host.seed, "big")).encode(),
    }
    for name, content in published_bytes(host.public):
        assert not any(form in content or form.upper() in content for form in forms), name


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
    assert len(hidden) > 200
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
    monkeypatch.setattr(regions, "generate_region", _upside_down)
    public = tmp_path / "public"
    make_round(host.seed, plan_of(host.round), public, tmp_path / "secret", engine="sequential", quiet=True)
    straight, flipped = ({p.relative_to(at): p for p in files_of(at)} for at in (host.public, public))
    assert flipped.keys() == straight.keys() - {Path("round.json"), Path("digests.json")}
    changed = {
        name.as_posix() for name, path in flipped.items() if path.read_bytes() != straight[name].read_bytes()
    }
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


def test_no_published_number_is_an_id_of_the_generator_or_of_a_release(
    host: Any, generated: list[dict[str, pl.DataFrame]], tiny: Release
) -> None:
    numbers = published_numbers(host.public)
    assert numbers.size > 20_000
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


def test_images_do_not_give_the_operations_away(host: Any, generated: list[dict[str, pl.DataFrame]]) -> None:
    """Neither the generator's words nor the published ones can be inverted to the numbers of operations."""
    raw = generated[0]["adverts"]["images"].explode().drop_nulls().unique().to_numpy()
    assert in_one_run(raw) < 0.01
    shown = host.table("adverts").filter(region=1_000_000)["images"].explode().drop_nulls().unique()
    assert len(shown) == len(raw)
    assert in_one_run(shown.to_numpy()) < 0.01


def test_no_file_is_dated_by_its_making(host: Any) -> None:
    times = {path.stat().st_mtime_ns for path in [host.public, *host.public.rglob("*")]}
    assert times == {int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * 10**9}


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
        assert read_answers(host.secret, name).frame["label"].drop_nulls().n_unique() == 2


def test_a_prefix_is_the_beginning_of_its_stream_and_nothing_of_the_rest_is_published(
    host: Any, generated: list[dict[str, pl.DataFrame]]
) -> None:
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


def test_no_row_is_in_the_public_release(host: Any, tiny: Release) -> None:
    public = tiny.scan("adverts").select("minute", "body", "price").collect()
    assert host.table("adverts").join(public, on=["minute", "body", "price"], how="semi").is_empty()
    images = tiny.scan("adverts").select("images").collect()["images"].explode().drop_nulls()
    assert not host.table("adverts")["images"].explode().drop_nulls().is_in(images.implode()).any()
