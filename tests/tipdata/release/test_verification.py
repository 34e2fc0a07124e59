"""Damage is noticed when a table is read, by the name of what is damaged; what was checked today costs a look."""

import json
import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tipcore.digest import Stamp
from tipcore.errors import MachineFault, UsageError
from tipcore.table_files import read_doubtful
from tipdata.core.world import newest_released
from tipdata.release import Release, builder, make_release, manifests, verification, verify_release
from tipdata.release.verification import CHECKED, KEPT_SECONDS
from tipdata.stages import tables_of

NEWEST = newest_released()


@pytest.fixture
def made(made: Release) -> Release:
    """A copy of a release that may be damaged, of which this process knows nothing."""
    new_process()
    return made


def new_process() -> None:
    """Forget what this process knows."""
    verification._in_this_process.clear()
    verification._parse_receipt.cache_clear()


def flip(path: Path, place: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1 << bit
    path.write_bytes(bytes(content))


def change(path: Path, column: str) -> None:
    """Change one value of a column, and nothing else."""
    frame = pl.read_parquet(path)
    other = pl.col(column).reverse() if frame.schema[column] != pl.Boolean else ~pl.col(column)
    row = pl.int_range(pl.len()) == pl.arg_where(other != pl.col(column)).first()
    frame.with_columns(pl.when(row).then(other).otherwise(pl.col(column)).alias(column)).write_parquet(path)


def without_files(release: Release) -> None:
    """Make its receipts those of an earlier version, which did not say what the files were."""
    for index in range(release.regions):
        path = release.region_folder(index) / "receipt.json"
        receipt = json.loads(path.read_text(encoding="utf-8"))
        del receipt["files"]
        path.write_text(json.dumps(receipt), encoding="utf-8")


def read_by(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read from now on to be checked."""
    read: list[str] = []
    opened = Path.open

    def opens(self: Path, *given: object, **named: object) -> object:
        if self.suffix == ".parquet":
            read.append(f"{self.parent.name}/{self.name}")
        return opened(self, *given, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", opens)
    return read


COLUMNS = [
    (name, column)
    for name, table in tables_of(NEWEST).items()
    for columns in (table.observed, table.hidden)
    for column in [c for c in columns if c not in table.key][:2]
]


@pytest.mark.parametrize(
    "known", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["files", "columns"]
)
def test_a_changed_value_is_refused_by_name_of_region_table_and_column(made: Release, known: bool) -> None:
    """Of every table and file; also where its receipt is of an earlier version."""
    if not known:
        without_files(made)
    for name, column in COLUMNS:
        hidden = column in tables_of(NEWEST)[name].hidden
        path = made.region_folder(1) / f"{name}{'.truth' if hidden else ''}.parquet"
        kept = path.read_bytes()
        try:
            change(path, column)
        except pl.exceptions.PolarsError:
            continue  # all values are the same
        if pl.read_parquet(path).equals(pl.read_parquet(kept)):
            path.write_bytes(kept)
            continue
        with pytest.raises(MachineFault) as refused:
            made.scan(name, truth=True)
        advice = "run `tipbench data make release=pair`, which makes that region again"
        assert str(refused.value) == (
            f"release {NEWEST}/pair is damaged at region 1, table {name}, column {column}: {advice}; "
            "`tipbench data verify release=pair` names all that is damaged."
        )
        path.write_bytes(kept)
        made.scan(name, truth=True)


def test_a_fifo_for_a_file_is_refused_and_made_again(made: Release, fifo: Callable[[Path], None]) -> None:
    path = made.region_folder(1) / "adverts.truth.parquet"
    whole = path.read_bytes()
    made.scan("adverts")
    for name in ("00001/adverts.truth.parquet", "00001/receipt.json", "receipt.json"):
        fifo(made.folder / name)
    fifo(made.folder / "checked" / "adverts.parquet.json")
    said = r"region 1, table adverts: .* cannot be read \(it is not a regular file\)"
    with pytest.raises(MachineFault, match=said):
        made.scan("adverts", truth=True)
    [said] = verify_release(made, engine="sequential", quiet=True)
    assert "receipt.json cannot be read" in said
    make_release(made, engine="sequential", quiet=True)
    assert path.read_bytes() == whole
    assert builder.open_on_disk(made.version, made.size, quiet=True) == made


@pytest.mark.parametrize(
    ("name", "flips"),
    [
        *((name, 16) for name in ("adverts.truth", "platforms")),
        *(
            pytest.param(name, 60, marks=pytest.mark.slow)
            for name in ("adverts.truth", "adverts", "payments.truth", "platforms")
        ),
    ],
)
def test_any_flipped_bit_is_refused(made: Release, name: str, flips: int) -> None:
    """Also in a footer, where it may change which rows are looked at and no value."""
    table = name.partition(".")[0]
    path = made.region_folder(0) / f"{name}.parquet"
    draw = random.Random(name)
    kept = path.read_bytes()
    for place in [0, len(kept) - 5, *(draw.randrange(len(kept)) for _ in range(flips))]:
        flip(path, place, draw.randrange(8))
        with pytest.raises(MachineFault, match=f"damaged at region 0, table {table}[,:]"):
            made.scan(table, truth=True)
        path.write_bytes(kept)
    made.scan(table, truth=True)


@pytest.mark.parametrize(("flips", "least"), [(24, 14), pytest.param(60, 40, marks=pytest.mark.slow)])
def test_of_a_receipt_of_an_earlier_version_a_flipped_bit_is_refused_where_it_changes_a_value(
    made: Release, flips: int, least: int
) -> None:
    without_files(made)
    path = made.region_folder(0) / "adverts.truth.parquet"
    kept, draw, refused = path.read_bytes(), random.Random(3), 0
    whole = pl.read_parquet(path)
    for _ in range(flips):
        flip(path, draw.randrange(len(kept)), draw.randrange(8))
        try:
            made.scan("adverts", truth=True)
        except MachineFault:
            refused += 1
        else:
            assert read_doubtful(path).equals(whole)
        path.write_bytes(kept)
    assert refused > least


@pytest.mark.parametrize("end", [0, 3, 100, -1])
def test_a_truncated_or_absent_file_is_refused_in_a_sentence(made: Release, end: int) -> None:
    path = made.region_folder(1) / "places.parquet"
    path.write_bytes(path.read_bytes()[:end])
    said = r"damaged at region 1, table places: .*places.parquet cannot be read"
    for more in ("", r" \(No such file or directory\): run"):
        with pytest.raises(MachineFault, match=said + more):
            made.scan("places")
        [difference] = verify_release(made, engine="sequential")
        assert "region 1, table places" in difference
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("known", [True, False], ids=["files", "columns"])
def test_a_file_is_read_once_a_day_whatever_the_process(
    made: Release, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    if not known:
        without_files(made)
    read = read_by(monkeypatch)
    made.scan("adverts", truth=True)
    assert set(read) == {f"0000{i}/adverts{part}.parquet" for i in range(2) for part in ("", ".truth")}
    read.clear()
    made.scan("adverts", truth=True)
    new_process()
    made.scan("adverts", truth=True)
    assert read == []
    later = time.time() + KEPT_SECONDS + 1
    monkeypatch.setattr(verification.time, "time", lambda: later)
    made.scan("adverts")
    assert len(read) == 2, "on the next day it is read again, by its bytes alone"


def test_a_file_written_to_is_read_again_even_if_its_time_and_size_were_put_back(made: Release) -> None:
    path = made.region_folder(0) / "adverts.truth.parquet"
    made.scan("adverts", truth=True)
    status = path.stat()
    flip(path, 200)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    with pytest.raises(MachineFault, match="region 0, table adverts"):
        made.scan("adverts", truth=True)


def test_a_bit_that_turned_by_itself_is_seen_by_verify_and_on_the_next_day(
    made: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a failing disk: size and times of the file stay as they are."""
    path = made.region_folder(0) / "adverts.truth.parquet"
    made.scan("adverts", truth=True)
    flip(path, 200)
    place = made.folder / CHECKED / f"{path.name}.json"
    said = json.loads(place.read_text(encoding="utf-8"))
    said["00000"][0] = Stamp.of(path.stat())
    place.write_text(json.dumps(said), encoding="utf-8")
    new_process()
    made.scan("adverts", truth=True)
    assert "region 0, table adverts" in verify_release(made, engine="sequential", quiet=True)[0]
    later = time.time() + KEPT_SECONDS + 1
    monkeypatch.setattr(verification.time, "time", lambda: later)
    with pytest.raises(MachineFault, match="region 0, table adverts"):
        made.scan("adverts", truth=True)


DEEP = "[" * 200_000


@pytest.mark.parametrize(
    "said",
    [
        *("", "{", "[]", '{"00000": 1}', '{"00000": [[1], 2, 3]}', "null", DEEP, f'{{"00000": {DEEP}'),
        *(f'{{"00000": [[1, 2, 3], {when}, ""]}}' for when in ("1e400", "NaN", f"1{'0' * 400}")),
        '{"00000": [[1e400, 2, 3], 4, ""]}',
    ],
    ids=lambda said: said[:24],
)
def test_a_damaged_list_of_what_was_checked_is_as_none(
    made: Release, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    made.scan("places")
    (made.folder / CHECKED / "places.parquet.json").write_text(said, encoding="utf-8")
    new_process()
    read = read_by(monkeypatch)
    made.scan("places")
    assert len(read) == 2


def test_where_nothing_can_be_written_each_process_checks_once(
    made: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made.folder / CHECKED).write_text("no folder", encoding="utf-8")
    read = read_by(monkeypatch)
    for _ in range(3):
        made.scan("places")
    assert len(read) == 2
    new_process()
    made.scan("places")
    assert len(read) == 4


def test_the_region_of_another_release_is_refused(made: Release) -> None:
    """Its files are those of its receipt; they are not what is published of the region in whose place they are."""
    shutil.rmtree(made.region_folder(0))
    shutil.copytree(made.region_folder(1), made.region_folder(0))
    digests = json.loads((made.region_folder(1) / "receipt.json").read_text(encoding="utf-8"))["digests"]
    other = {**digests, "adverts": {**digests["adverts"], "minute": "0" * 64}}
    manifest = {"regions": {"00000": {"digests": other}, "00001": {"digests": digests}}}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(manifests, "published_manifest", lambda release: manifest)
        with pytest.raises(MachineFault, match="region 0, table adverts, column minute"):
            made.scan("adverts")
        made.scan("places")


@pytest.mark.parametrize("said", ["{", DEEP, "[]"], ids=lambda said: said[:24])
def test_a_receipt_that_cannot_be_read_leaves_nothing_to_hold_an_independent_world_against(
    made: Release, said: str
) -> None:
    (made.region_folder(0) / "receipt.json").write_text(said, encoding="utf-8")
    with pytest.raises(MachineFault, match="region 0, table places, column"):
        made.scan("places")


@pytest.mark.parametrize("damage", [lambda path: flip(path, 200), lambda path: change(path, "minute")])
def test_making_a_damaged_release_again_makes_the_damaged_region_alone(
    made: Release, damage: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(made.region_folder(1) / "adverts.parquet")
    again: list[int] = []
    make_region = builder.make_region
    monkeypatch.setattr(builder, "make_region", lambda *given: again.append(given[-1]) or make_region(*given))
    make_release(made, engine="sequential", quiet=True)
    assert again == [1]
    assert verify_release(made, engine="sequential", quiet=True) == []
    assert made.scan("adverts", truth=True).collect()["region"].unique().to_list() == [0, 1]
    make_release(made, engine="sequential", quiet=True)
    assert again == [1]


def test_verify_names_a_file_whose_values_are_right_and_whose_bytes_are_not(made: Release) -> None:
    path = made.region_folder(1) / "places.parquet"
    pl.read_parquet(path).write_parquet(path, compression="lz4")
    [said] = verify_release(made, engine="sequential", quiet=True)
    fault = "places.parquet is not the file that was written"
    assert said == f"release {NEWEST}/pair, region 1, table places: {fault}, though its values are"
    with pytest.raises(MachineFault, match=fault):
        made.scan("places")
    without_files(made)
    assert verify_release(made, engine="sequential", quiet=True) == []
    made.scan("places")


@pytest.mark.parametrize("turns", [120, pytest.param(400, marks=pytest.mark.slow)])
def test_a_damaged_file_never_ends_the_process_nor_makes_polars_panic(
    made: Release, tmp_path: Path, turns: int
) -> None:
    """It raises ValueError."""
    draw, read = random.Random(5), 0
    files = sorted(made.region_folder(0).glob("*.parquet"))
    for _ in range(turns):
        content = bytearray(draw.choice(files).read_bytes())
        footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
        for _ in range(draw.randint(1, 3)):
            content[draw.randrange(draw.choice([4, footer]), len(content) - 4)] ^= 1 << draw.randrange(8)
        (tmp_path / "damaged.parquet").write_bytes(bytes(content))
        try:
            read_doubtful(tmp_path / "damaged.parquet")
            read += 1
        except ValueError:
            continue
    assert 0 < read < turns


def test_verify_says_in_one_line_how_much_of_a_release_is_made(made: Release) -> None:
    shutil.rmtree(made.region_folder(1))
    assert verify_release(made, engine="sequential", quiet=True) == [
        f"release {NEWEST}/pair: 1 of 2 regions are made: go on with `tipbench data make release=pair`"
    ]


@pytest.mark.parametrize("suffix", ["", ".truth"])
def test_verify_names_a_column_too_many_one_too_few_and_a_changed_one(made: Release, suffix: str) -> None:
    """Also the key in the truth file, which the observed file has too."""
    name = f"adverts{suffix}.parquet"
    path = made.region_folder(1) / name
    frame = pl.read_parquet(path)
    frame.with_columns(extra=pl.col("advert") % 7, weight=1.5).write_parquet(path)
    place = f"release {NEWEST}/pair, region 1, table adverts, column"
    more = [f"{place} {column}: is not a column of {name}" for column in ("extra", "weight")]
    assert verify_release(made, engine="sequential") == more
    frame.drop("advert").write_parquet(path)
    assert verify_release(made, engine="sequential") == [f"{place} advert: is missing from {name}"]
    frame.with_columns(pl.col("advert") + 1).write_parquet(path)
    assert verify_release(made, engine="sequential") == [f"{place} advert"]


@pytest.mark.parametrize(
    "name", ["extra.parquet", "extra.truth.parquet", "people.parquet", "places.truth.parquet"]
)
def test_verify_names_a_table_file_too_many_and_one_too_few(made: Release, name: str) -> None:
    """Also an observed file of a table that is all truth, and a truth file of one that hides nothing."""
    folder = made.region_folder(1)
    (folder / name).write_bytes((folder / "places.parquet").read_bytes())
    [difference] = verify_release(made, engine="sequential")
    place = f"release {NEWEST}/pair, region 1, table"
    assert difference.startswith(f"{place} {name.split('.')[0]}: is not a file of the release: delete ")
    (folder / name).unlink()
    (folder / "adverts.truth.parquet").unlink()
    [difference] = verify_release(made, engine="sequential")
    assert difference.startswith(f"{place} adverts: ")


def test_verify_names_a_region_too_many_and_a_receipt_that_is_gone(made: Release) -> None:
    (made.folder / "00002").mkdir()
    [difference] = verify_release(made, engine="sequential")
    assert difference.startswith(f"release {NEWEST}/pair, region 00002: is not a region of it")
    (made.folder / "00002").rmdir()
    (made.folder / "notes").mkdir()
    (made.folder / "00003").write_text("neither a file nor a folder of notes is a region", encoding="utf-8")
    assert verify_release(made, engine="sequential") == []
    (made.region_folder(0) / "receipt.json").unlink()
    [difference] = verify_release(made, engine="sequential")
    assert "region 0" in difference
    assert "receipt.json cannot be read" in difference


def test_what_was_never_made_says_how_to_make_it(two: Release) -> None:
    with pytest.raises(MachineFault, match=r"is not in .*: make it with `tipbench data make release=pair`"):
        two.scan("adverts")
    for release, words in ((two, ""), (Release.of(NEWEST, "pair", 2), r" release\.world=2")):
        with pytest.raises(UsageError, match=rf"`tipbench data make release=pair{words}`"):
            verify_release(release)
