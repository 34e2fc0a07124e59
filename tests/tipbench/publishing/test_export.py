"""What an export holds is what the release holds, for ``datasets`` and for ``tipbench.load``, and is written once."""

import errno
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import fsspec
import polars as pl
import pytest
import tipbench
from fsspec.implementations.memory import MemoryFileSystem
from polars.testing import assert_frame_equal
from tipbench.data.releases import open_by_name
from tipbench.publishing.data_files import part_frames
from tipbench.publishing.export import (
    check_target,
    checksums_of,
    export_release,
    fill_target,
    write_checksums,
)
from tipbench.task import Task
from tipcore.digest import column_digest, region_digest, release_digest
from tipcore.errors import MachineFault, UsageError
from tipcore.locations import Remote
from tipdata.release import Release, published_manifest
from tipdata.release.manifests import manifest_of
from tipdata.release.release import CHECKSUMS, open_export

import datasets


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets.disable_progress_bars()
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)


def test_each_config_of_a_task_loads_with_the_rows_that_a_method_is_given(
    exported: Path, tiny: Release, chosen: list[Task], tmp_path: Path
) -> None:
    names = datasets.get_dataset_config_names(str(exported))
    configs = [name for name in names if name.partition(".")[0] in {task.name for task in chosen}]
    assert len(configs) == len(chosen)
    for config in configs:
        task, split = config.split(".")
        loaded = datasets.load_dataset(str(exported), config, cache_dir=str(tmp_path))
        fold = tipbench.load(task, release=tiny, split=split)
        given = fold.to_hf()
        assert set(loaded) == set(given)
        for part, rows in given.items():
            frame = pl.from_arrow(loaded[part].data.table)
            expected = pl.from_arrow(rows.data.table)
            assert isinstance(frame, pl.DataFrame)
            assert isinstance(expected, pl.DataFrame)
            assert_frame_equal(frame.select(expected.columns), expected)
            labels = [name for name in frame.columns if name not in expected.columns]
            assert bool(labels) == (part == "test")
            assert all(frame[name].null_count() == frame.height for name in labels)


def test_tables_load_whole_and_what_is_hidden_apart(exported: Path, tiny: Release, tmp_path: Path) -> None:
    for config, truth in (("queue", False), ("queue.truth", True), ("operations.truth", True)):
        loaded = datasets.load_dataset(str(exported), config, split="table", cache_dir=str(tmp_path))
        frame = pl.from_arrow(loaded.data.table)
        assert isinstance(frame, pl.DataFrame)
        expected = tiny.scan(config.partition(".")[0], truth=truth).select(frame.columns).collect()
        assert_frame_equal(frame, expected)
    names = set(datasets.get_dataset_config_names(str(exported)))
    assert "operations" not in names  # all of it is hidden
    assert "places.truth" not in names


def test_an_export_reads_back_as_the_release(exported: Path, tiny: Release) -> None:
    back = open_export(str(exported))
    assert (back.name, back.regions) == (tiny.name, tiny.regions)
    for table in ("adverts", "operations", "case_lists"):
        assert_frame_equal(back.scan(table, truth=True).collect(), tiny.scan(table, truth=True).collect())
    folds = [tipbench.load("assistance_triage", release=one, split="random") for one in (str(exported), tiny)]
    found, expected = (part_frames(fold) for fold in folds)
    assert found.keys() == expected.keys()
    for part, frame in found.items():
        assert_frame_equal(frame, expected[part])


def test_a_folder_with_a_name_such_as_a_release_has_is_named_with_its_path(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(exported, tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"for the export in the folder mine write \./mine\."):
        tipbench.load("assistance_triage", release="mine")
    assert tipbench.load("assistance_triage", release="./mine").parts.height


def test_scores_on_an_export_are_those_on_the_release(exported: Path, tiny: Release) -> None:
    units = tipbench.load("advert_risk", release=tiny).to_predict().select("advert").collect()
    predictions = units.with_columns(score=(pl.col("advert") % 997).cast(pl.Float64))
    found, expected = (
        tipbench.evaluate("advert_risk", predictions, release=one, replicates=0)
        for one in (str(exported), tiny)
    )
    assert found.scores == expected.scores


def test_checksums_are_those_of_all_files_and_the_manifest_is_the_published_one(
    exported: Path, tiny: Release
) -> None:
    lines = (exported / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert listed == checksums_of(exported)
    files = {p.relative_to(exported).as_posix() for p in exported.rglob("*") if p.is_file()}
    assert set(listed) == files - {CHECKSUMS}
    content = (exported / "README.md").read_bytes()
    assert listed["README.md"] == hashlib.sha256(content).hexdigest()
    manifest = json.loads((exported / "manifest.json").read_text(encoding="utf-8"))
    assert manifest == published_manifest(tiny) == manifest_of(tiny)


@pytest.mark.slow
def test_the_same_release_gives_the_same_bytes(
    exported: Path, tiny: Release, chosen: list[Task], tmp_path: Path
) -> None:
    export_release(tiny, str(tmp_path / "b"), only=chosen, splits="headline")
    assert checksums_of(tmp_path / "b") == checksums_of(exported)


def test_a_changed_file_is_noticed_when_its_table_is_read(copy: Path) -> None:
    path = copy / "tables" / "places.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    back = open_export(str(copy))
    with pytest.raises(MachineFault, match=r"tables/places.parquet of the export .* is not what"):
        back.scan("places")
    assert back.scan("platforms").collect().height == 64


def test_a_changed_value_is_noticed_although_the_checksums_were_changed_with_it(copy: Path) -> None:
    path = copy / "tables" / "places.parquet"
    pl.read_parquet(path).with_columns(pl.col("population") + 1).write_parquet(path)
    write_checksums(copy)
    with pytest.raises(MachineFault, match="region 0, table places, column population"):
        open_export(str(copy)).scan("places")


@pytest.mark.parametrize(
    ("remove", "says"),
    [(CHECKSUMS, "it has no checksums.sha256"), ("manifest.json", "it has no manifest.json")],
)
def test_what_was_cut_off_is_no_export(copy: Path, remove: str, says: str) -> None:
    (copy / remove).unlink()
    with pytest.raises(UsageError, match=f"is not a whole export of a release, since {says}"):
        tipbench.load("advert_risk", release=str(copy))


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("0" * 64 + "  ../manifest.json\n", "has a line"),
        ("nonsense\n", "has a line"),
        ("", "is not what checksums"),
    ],
)
def test_malformed_checksums_are_refused(copy: Path, lines: str, says: str) -> None:
    (copy / CHECKSUMS).write_text(lines, encoding="utf-8")
    with pytest.raises((UsageError, MachineFault), match=says):
        open_export(str(copy))


def test_another_digest_under_a_published_name_is_refused(copy: Path) -> None:
    path = copy / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) | {"digest": "0" * 64}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    write_checksums(copy)
    with pytest.raises(UsageError, match=r"says that it is release 0\.5\.0/tiny, and its digest is another"):
        open_export(str(copy))


def relabel(copy: Path, **said: object) -> None:
    """Make every operation of an export a trafficking one, with a manifest and checksums that fit."""
    path = copy / "truth" / "operations.parquet"
    frame = pl.read_parquet(path).with_columns(kind=pl.lit("trafficking"))
    frame.write_parquet(path)
    manifest, first = json.loads((copy / "manifest.json").read_text(encoding="utf-8")), 0
    for region in manifest["regions"].values():
        rows = frame["kind"][first : first + region["rows"]["operations"]]
        region["digests"]["operations"]["kind"] = column_digest(rows)
        region["digest"], first = region_digest(region["digests"]), first + len(rows)
    manifest["digest"] = release_digest({name: one["digest"] for name, one in manifest["regions"].items()})
    (copy / "manifest.json").write_text(json.dumps({**manifest, **said}), encoding="utf-8")
    write_checksums(copy)


def test_an_export_of_a_world_that_nobody_published_is_read_with_a_note(
    copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIPBENCH_HOME", str(copy.parent / "home"))
    relabel(copy, world=3)
    open_by_name(str(copy))
    said = capsys.readouterr().err
    assert (said.count("\n"), "none is published of 0.5.0/tiny.w3" in said) == (1, True)


def test_a_file_that_fits_another_world_is_never_taken_for_that_of_a_published_release(
    copy: Path, tiny: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export of world 3 that states the published digest must not vouch for the same file in an export of tiny."""
    monkeypatch.setenv("TIPBENCH_HOME", str(copy.parent / "home"))
    published = published_manifest(tiny)
    assert published is not None
    relabel(copy, world=3, digest=published["digest"])
    with pytest.raises(UsageError, match=r"is not one \(digest: not that of its regions"):
        open_export(str(copy)).scan("operations", truth=True)
    (copy / "manifest.json").write_text(json.dumps(published), encoding="utf-8")
    write_checksums(copy)
    with pytest.raises(MachineFault, match="region 0, table operations, column kind"):
        open_export(str(copy)).scan("operations", truth=True)


def test_an_export_at_a_url_is_read_through_a_copy_that_is_checked(
    exported: Path, tmp_path: Path, shelf: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIPBENCH_HOME", str(tmp_path / "home"))
    for path in exported.rglob("*"):
        if path.is_file() and path.parent.name != "tasks":
            shelf.pipe_file(f"/shelf/{path.relative_to(exported).as_posix()}", path.read_bytes())
    back = open_export("memory://shelf")
    assert_frame_equal(back.scan("places").collect(), pl.read_parquet(exported / "tables" / "places.parquet"))
    shelf.rm_file("/shelf/tables/places.parquet")
    assert back.scan("places").collect().height == 192  # from the copy
    shelf.pipe_file("/shelf/tables/platforms.parquet", b"something else")
    with pytest.raises(
        MachineFault, match=r"tables/platforms.parquet of the export memory://shelf is not what"
    ):
        back.scan("platforms")


@pytest.mark.parametrize(
    ("place", "says"),
    [
        *(
            (place, "cannot be opened|is not a whole export")
            for place in ("nosuch://x", "./not-there", "s3nope://a/b")
        ),
        *((name, "release|retired|world") for name in ("0.3.0/tiny", "tinny", "0.5.0/Small", "small.w0")),
    ],
)
def test_a_place_that_is_no_export_and_a_name_that_is_no_release_are_one_sentence(
    place: str, says: str
) -> None:
    with pytest.raises(UsageError, match=says) as said:
        tipbench.load("advert_risk", release=place)
    assert str(said.value).count("\n") == 0


@pytest.fixture(autouse=True)
def shelf() -> MemoryFileSystem:
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    return system


def fill(to: str) -> None:
    with fill_target(to) as folder:
        (folder / "tables").mkdir()
        for name in (CHECKSUMS, "tables/a.parquet", "README.md"):
            (folder / name).write_text(name, encoding="utf-8")


def refused(to: str) -> str:
    with pytest.raises(UsageError) as said:
        fill(to)
    assert "\n" not in str(said.value)
    return str(said.value)


def test_a_folder_is_filled(tmp_path: Path) -> None:
    fill(str(tmp_path / "deep" / "one"))
    assert (tmp_path / "deep" / "one" / "tables" / "a.parquet").read_bytes() == b"tables/a.parquet"
    fill((tmp_path / "by url").as_uri())
    assert (tmp_path / "by url" / CHECKSUMS).is_file()


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    assert "is there already" in refused(str(tmp_path / "there"))
    assert list((tmp_path / "there").iterdir()) == []
    with pytest.raises(UsageError, match="is there already"):
        check_target(str(tmp_path / "there"))
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "cannot be written" in refused(str(tmp_path / "file" / "below"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_is_full_keeps_nothing_of_it(tmp_path: Path, number: int) -> None:
    def write(to: str) -> None:
        with fill_target(to) as folder:
            (folder / "a").write_bytes(b"x" * 1000)
            raise OSError(number, "No space left on device")

    said = r"cannot be written: No space left on device; give another folder or URL"
    with pytest.raises(UsageError, match=said):
        write(str(tmp_path / "full"))
    assert list(tmp_path.iterdir()) == []


def test_a_url_is_written_with_the_marker_last(
    shelf: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, order = shelf.put_file, []
    monkeypatch.setattr(shelf, "put_file", lambda a, b, **k: (order.append(b), put(a, b, **k)))
    fill("memory://shelf/tiny")
    assert order[-1] == f"/shelf/tiny/{CHECKSUMS}"
    assert sorted(shelf.find("/shelf/tiny")) == sorted(order)
    assert "memory://shelf/tiny is there already" in refused("memory://shelf/tiny")


def test_what_another_export_left_unfinished_is_not_written_over(shelf: MemoryFileSystem) -> None:
    shelf.pipe_file("/shelf/tiny/tables/a.parquet", b"old")
    assert "such as an export that was cut off: delete it" in refused("memory://shelf/tiny")
    assert shelf.cat_file("/shelf/tiny/tables/a.parquet") == b"old"


def test_a_store_that_fails_midway_keeps_nothing(
    shelf: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = shelf.put_file

    def fails(here: str, there: str, **more: Any) -> None:
        if there.endswith("a.parquet"):
            raise OSError(errno.ENOSPC, "No space left on device")
        put(here, there, **more)

    monkeypatch.setattr(shelf, "put_file", fails)
    said = "No space left on device; make room there, or give another folder or URL"
    assert said in refused("memory://shelf/x")
    assert shelf.find("/shelf") == []


def test_a_bucket_that_is_not_there_is_not_made(
    shelf: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tipbench.publishing.export.place_of", lambda to: Remote(shelf, "nobucket/x", to))
    assert "there is no nobucket; make it, or correct the URL" in refused("memory://nobucket/x")
    assert shelf.find("") == []


def test_a_store_that_cannot_be_reached_is_told_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    unreachable = Mock(side_effect=ConnectionError("Could not connect to the endpoint"))
    monkeypatch.setattr(MemoryFileSystem, "exists", unreachable)
    said = "memory://shelf/x cannot be written: Could not connect to the endpoint"
    with pytest.raises(UsageError, match=said):
        check_target("memory://shelf/x")
    with pytest.raises(UsageError, match=r"nosuch://x cannot be opened: .*nosuch"):
        check_target("nosuch://x")
