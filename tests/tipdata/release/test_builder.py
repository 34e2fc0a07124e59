"""Releases are made, resumed, opened and removed. A size of two regions stands in for a real one."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from tipcore.digest import region_digest, release_digest
from tipcore.engines import Engine
from tipcore.errors import CheckFailed, UsageError
from tipdata.core import world as world_module
from tipdata.core.world import World, fingerprint, is_draft, makeable_versions, newest_released, versions
from tipdata.release import (
    Release,
    builder,
    generate_region,
    make_release,
    manifests,
    open_release,
    published_manifest,
    remove_release,
    size_on_disk,
    verify_release,
)
from tipdata.stages import all_tables, stages, tables_of

NEWEST = newest_released()


def test_a_made_release_reads_back_whole_and_hidden_columns_stay_with_their_rows(made: Release) -> None:
    assert verify_release(made, engine="sequential") == []
    adverts, table = made.scan("adverts", truth=True).collect(), all_tables()["adverts"]
    assert adverts["region"].unique().sort().to_list() == [0, 1]
    assert adverts.columns == [*table.observed, *(c for c in adverts.columns if c in table.names("truth"))]
    assert not set(made.scan("adverts").collect_schema()) & set(table.names("truth"))
    observed = made.scan("adverts").collect()
    hidden = pl.concat(pl.read_parquet(made.region_folder(i) / "adverts.truth.parquet") for i in range(2))
    joined = observed.join(hidden, on="advert", maintain_order="left")
    assert adverts.select(joined.columns).equals(joined)


def test_a_table_of_truth_is_not_read_by_accident(made: Release) -> None:
    with pytest.raises(UsageError, match="hidden truth"):
        made.scan("people")
    with pytest.raises(UsageError, match="does not exist"):
        made.scan("adverst")


def receipt(release: Release, index: int) -> dict[str, Any]:
    return json.loads((release.region_folder(index) / "receipt.json").read_text(encoding="utf-8"))


def test_two_workers_make_the_files_of_one_and_follow_a_changed_home(
    made: Release, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    receipts = [receipt(made, index) for index in range(2)]
    for name in ("first", "second"):
        monkeypatch.setenv("TIPBENCH_HOME", str(tmp_path / name))
        make_release(made, engine=Engine(workers=2))
        assert [receipt(made, index) for index in range(2)] == receipts
        assert verify_release(made, engine=Engine(workers=2)) == []


def test_a_killed_run_resumes_with_what_is_whole(made: Release) -> None:
    kept = made.region_folder(0) / "adverts.parquet"
    stamp = kept.stat().st_mtime_ns
    (made.folder / "receipt.json").unlink()
    shutil.rmtree(made.region_folder(1))
    leftover = made.folder / ".partial-1"
    leftover.mkdir()
    (leftover / "adverts.parquet").write_bytes(b"half")
    make_release(made, engine="sequential")
    assert not leftover.exists()
    assert kept.stat().st_mtime_ns == stamp
    assert verify_release(made, engine="sequential") == []


def test_a_region_of_another_generator_is_made_again(made: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = made.region_folder(0) / "adverts.parquet"
    stamp = kept.stat().st_mtime_ns
    monkeypatch.setattr(builder, "fingerprint", lambda *_: "another")
    open_release(NEWEST, "pair", engine="sequential", quiet=True)
    assert kept.stat().st_mtime_ns != stamp


def test_a_column_that_the_manifest_does_not_have_or_has_otherwise_is_refused(
    made: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = [receipt(made, index)["digests"] for index in range(2)]
    manifest = {"regions": {"00000": {"digests": digests[0]}, "00001": {"digests": digests[1]}}}
    monkeypatch.setattr(manifests, "published_manifest", lambda release: manifest)
    make_release(made, engine="sequential")
    del digests[1]["adverts"]["body"]
    with pytest.raises(CheckFailed, match="region 1, table adverts, column body: is not in the manifest"):
        make_release(made, engine="sequential")
    digests[0]["adverts"]["body"] = "0" * 64
    with pytest.raises(CheckFailed, match="region 0, table adverts, column body"):
        make_release(made, engine="sequential")
    del digests[0]["adverts"]
    with pytest.raises(CheckFailed, match="region 0, table adverts, column accommodation: is not"):
        make_release(made, engine="sequential")


def test_an_unwritable_folder_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("TIPBENCH_HOME", str(blocked))
    with pytest.raises(UsageError, match=r"tiny: Not a directory; free space there or set TIPBENCH_HOME to "):
        make_release(Release.of(NEWEST, "tiny"))


def test_a_full_disk_leaves_no_half_written_region(two: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_bytes

    def full(self: Path, content: bytes) -> int:
        write(self, content[:4])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UsageError, match="No space left on device"):
        make_release(two, engine="sequential")
    assert [p.name for p in two.folder.iterdir()] == []


def test_a_release_of_an_independent_world_is_made_beside_the_released_one(made: Release) -> None:
    other = Release.of(NEWEST, "pair", 3)
    assert (made.name, other.name) == (f"{NEWEST}/pair", f"{NEWEST}/pair.w3")
    opened = open_release(NEWEST, "pair", engine="sequential", quiet=True, world=3)
    assert opened == other
    assert other.folder == made.folder.with_name("pair.w3")
    assert json.loads((other.folder / "receipt.json").read_text(encoding="utf-8"))["release"] == other.name
    assert verify_release(made, engine="sequential") == verify_release(other, engine="sequential") == []
    for table in ("adverts", "payments"):
        assert not made.scan(table).collect().equals(other.scan(table).collect()), table
    generated = generate_region(World.of(NEWEST, 3), 1)["adverts"].select(all_tables()["adverts"].observed)
    assert pl.read_parquet(other.region_folder(1) / "adverts.parquet").equals(generated)
    assert published_manifest(Release.of(NEWEST, "tiny", 1)) is None
    path = other.region_folder(0) / "flags.parquet"
    pl.read_parquet(path).with_columns(pl.col("day") + 1).write_parquet(path)
    place = f"release {NEWEST}/pair.w3, region 0, table flags, column day"
    assert verify_release(other, engine="sequential") == [place], "it is compared with its receipts"


@pytest.mark.parametrize(
    ("name", "is_called"),
    [
        ("tiny", (NEWEST, "tiny", 0)),
        ("0.5.0/small", ("0.5.0", "small", 0)),
        ("small.w12", (NEWEST, "small", 12)),
        ("0.5.0/tiny.w3", ("0.5.0", "tiny", 3)),
    ],
)
def test_a_release_is_found_by_its_name(name: str, is_called: tuple[str, str, int]) -> None:
    release = Release.from_name(name)
    assert (release.version, release.size, release.world) == is_called
    assert Release.from_name(release.name) == release


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("tiny.w", r"names no world: write tiny\.w1"),
        ("tiny.w0", "names no world"),
        ("tiny.w01", "names no world"),
        ("tiny.w-1", "names no world"),
        ("tiny.wx", "names no world"),
        ("tiny.w٣", "names no world"),
        ("tny.w1", "release size tny does not exist"),
        ("sms_spam", "release size sms_spam does not exist"),
    ],
)
def test_a_name_of_no_release_is_refused_in_one_sentence(name: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Release.from_name(name)


@pytest.mark.parametrize("size", ["tiny", "small", "forms"])
@pytest.mark.parametrize("version", [version for version in makeable_versions() if not is_draft(version)])
def test_the_published_manifest_is_there_and_holds_every_column(version: str, size: str) -> None:
    manifest = published_manifest(Release.of(version, size))
    assert manifest is not None
    assert len(manifest["regions"]) == Release.of(version, size).regions
    declared = {name: set(t.schema) for name, t in tables_of(version).items()}
    for region in manifest["regions"].values():
        assert {name: set(columns) for name, columns in region["digests"].items()} == declared


def test_a_version_has_the_tables_that_it_was_released_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that joins in a draft makes nothing in what is released, which can still be made and verified."""
    monkeypatch.setitem(versions(), "9.0.0", {**versions()[NEWEST], "status": "draft"})
    listed = tuple(replace(s, since="9.0.0") if s.name == "market" else s for s in stages())
    monkeypatch.setattr("tipdata.stages.stages", lambda: listed)
    assert set(tables_of("9.0.0")) - set(tables_of(NEWEST)) == {"market", "interventions", "effects"}
    assert set(generate_region(World.of(NEWEST), 0)) == set(tables_of(NEWEST))
    said = rf"table market does not exist in data version {NEWEST}. Choose one of"
    with pytest.raises(UsageError, match=said):
        Release.of(NEWEST, "tiny").scan("market")


def test_a_published_region_is_never_made_again(made: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever source file was touched since, and also where a killed run left no receipt of the release."""
    digests = [receipt(made, index)["digests"] for index in range(2)]
    regions = {f"0000{i}": {"digest": region_digest(d), "digests": d} for i, d in enumerate(digests)}
    manifest = {"regions": regions, "digest": release_digest({n: e["digest"] for n, e in regions.items()})}
    for module in (builder, manifests):
        monkeypatch.setattr(module, "published_manifest", lambda release: manifest)
    monkeypatch.setattr(builder, "fingerprint", lambda *_: "another")
    files = [made.region_folder(i) / "adverts.parquet" for i in range(2)]
    stamps = [file.stat().st_mtime_ns for file in files]
    open_release(NEWEST, "pair", engine="sequential", quiet=True)
    (made.folder / "receipt.json").unlink()
    open_release(NEWEST, "pair", engine="sequential", quiet=True)
    assert [file.stat().st_mtime_ns for file in files] == stamps
    path = made.region_folder(1) / "receipt.json"
    text = path.read_text(encoding="utf-8").replace(digests[1]["adverts"]["body"], "0" * 64)
    path.write_text(text, encoding="utf-8")
    (made.folder / "receipt.json").unlink()
    open_release(NEWEST, "pair", engine="sequential", quiet=True)
    assert files[0].stat().st_mtime_ns == stamps[0]
    assert files[1].stat().st_mtime_ns != stamps[1]


EDITS = [
    ("stages/places.py", "DAYS", "DAYS + 1", False),
    ("stages/places.py", "\nfrom ", "\n# why\nfrom ", True),
    ("world-0.5.0.yaml", "value: 300", "value: 301", False),
    ("core/constants.npz", "", "", False),
    ("stages/places.py", '"""', '"""More words. ', True),
    ("documents/cards.py", "LISTED = 40", "LISTED = 41", True),
    ("release/builder.py", "missing", "absent", True),
    ("world-0.5.0.yaml", "# ", "# Corrected. ", True),
    ("release/region.py", ".sort(", ".head(", False),
    ("core/draw.py", "def uniform", "def evenly", False),
    ("text/wordbooks/en.yaml", "a", "b", False),
]


@pytest.mark.parametrize(
    ("name", "old", "new", "same"),
    [*EDITS[:3], *(pytest.param(*one, marks=pytest.mark.slow) for one in EDITS[3:])],
)
def test_the_fingerprint_follows_what_decides_the_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, old: str, new: str, same: bool
) -> None:
    before = fingerprint.__wrapped__(NEWEST)
    copy = tmp_path / "tipdata"
    shutil.copytree(world_module.FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    file = copy / name
    if file.suffix == ".npz":
        file.write_bytes(file.read_bytes() + b"0")
    else:
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(world_module, "FOLDER", copy)
    world_module._document.cache_clear()
    world_module._parameters.cache_clear()
    try:
        assert (fingerprint.__wrapped__(NEWEST) == before) == same
    finally:
        world_module._document.cache_clear()
        world_module._parameters.cache_clear()


@pytest.mark.parametrize("published", [True, False])
@pytest.mark.parametrize("digest", ["published", "other"])
@pytest.mark.parametrize("generator", ["this", "another"])
def test_a_release_is_made_where_it_is_not_the_published_one_or_without_one_of_another_generator(
    two: Release, monkeypatch: pytest.MonkeyPatch, published: bool, digest: str, generator: str
) -> None:
    made: list[Release] = []
    monkeypatch.setattr(builder, "make_release", lambda release, **options: made.append(release))
    manifest = {"digest": "published"} if published else None
    monkeypatch.setattr(builder, "published_manifest", lambda release: manifest)
    monkeypatch.setattr(Release, "missing_files", lambda self, index: [])
    two.folder.mkdir(parents=True)
    mark = fingerprint(NEWEST) if generator == "this" else "another"
    text = json.dumps({"digest": digest, "fingerprint": mark})
    (two.folder / "receipt.json").write_text(text, encoding="utf-8")

    assert open_release(NEWEST, "pair", quiet=True) == two
    wanted = digest == "other" if published else generator == "another"
    assert made == ([two] if wanted else [])


@pytest.mark.parametrize("receipt", [None, "", "{"])
def test_a_release_whose_receipt_is_gone_or_cut_is_made(
    two: Release, monkeypatch: pytest.MonkeyPatch, receipt: str | None
) -> None:
    made: list[Release] = []
    monkeypatch.setattr(builder, "make_release", lambda release, **options: made.append(release))
    if receipt is not None:
        two.folder.mkdir(parents=True)
        (two.folder / "receipt.json").write_text(receipt, encoding="utf-8")
    open_release(NEWEST, "pair", quiet=True)
    assert made == [two]


def test_a_lost_file_is_made_again_and_truth_that_was_taken_away_is_not(made: Release) -> None:
    (made.region_folder(1) / "firms.parquet").unlink()
    assert open_release(NEWEST, "pair", engine="sequential", quiet=True).missing_files(1) == []
    assert verify_release(made, engine="sequential", quiet=True) == []
    for path in made.folder.rglob("*.truth.parquet"):
        path.unlink()
    with pytest.raises(UsageError, match=r"has no truth, since its \*\.truth\.parquet files were taken away"):
        open_release(NEWEST, "pair", engine="sequential", quiet=True)
    assert not list(made.folder.rglob("*.truth.parquet"))


def free(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(builder.shutil, "disk_usage", lambda path: SimpleNamespace(free=size))


def test_what_making_takes_is_said_once_and_only_where_something_is_missing(
    two: Release, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, 5_300_000_000)
    open_release(NEWEST, "pair", engine="sequential")
    first = capsys.readouterr().err.splitlines()[0]
    about = f"making release {two.name}: 2 regions, about 5 MB and 13 seconds, in {two.folder} (5.3 GB free)"
    assert first == about
    shutil.rmtree(two.region_folder(1))
    make_release(two, engine="sequential")
    assert "1 of 2 regions, about 2 MB" in capsys.readouterr().err
    make_release(two, engine="sequential", quiet=True)
    open_release(NEWEST, "pair")
    assert capsys.readouterr().err == ""


def test_a_release_that_the_disk_has_no_room_for_is_refused_before_anything_is_made(
    two: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, 3_000_000)
    said = r"needs about 5 MB and .* has 3 MB free: free space there or set TIPBENCH"
    with pytest.raises(UsageError, match=said):
        make_release(two, engine="sequential")
    assert not list(two.folder.iterdir())


def test_the_size_that_is_said_is_near_what_regions_take(made: Release) -> None:
    assert 0.7 < size_on_disk(made.folder) / (2 * builder.BYTES_PER_REGION) < 1.3


def test_sizes_and_durations_are_said_in_units_that_people_read() -> None:
    sizes = {0: "0 MB", 126_400_000: "126 MB", 1_280_000_000: "1.3 GB", 250_000_000_000: "250 GB"}
    assert {size: builder.size_in_words(size) for size in sizes} == sizes
    durations = {0.2: "1 second", 59: "59 seconds", 130: "2 minutes", 10_000: "3 hours"}
    assert {seconds: builder.duration_in_words(seconds) for seconds in durations} == durations


def test_a_removed_release_is_gone_and_an_interrupted_removal_leaves_none_that_counts_as_whole(
    made: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Any) -> None:
        raise PermissionError(13, "Permission denied")

    size = size_on_disk(made.folder)
    with monkeypatch.context() as patched:
        patched.setattr(builder.shutil, "rmtree", refuse)
        with pytest.raises(UsageError, match=r"could not be removed from .*: Permission denied; try again"):
            remove_release(made)
    receipt_size = size - size_on_disk(made.folder)
    assert receipt_size > 0
    assert not (made.folder / builder.RECEIPT).exists()
    assert remove_release(made) == size - receipt_size
    assert not made.folder.exists()
    with pytest.raises(UsageError, match="there is nothing to remove"):
        remove_release(made)
    make_release(made, engine="sequential", quiet=True)
    assert verify_release(made, engine="sequential", quiet=True) == []
