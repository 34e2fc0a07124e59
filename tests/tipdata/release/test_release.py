"""Tables of a release are read from a store or an export as from a disk, and checked when they are read."""

from __future__ import annotations

import copy
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import polars as pl
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from tipcore.digest import region_digest, release_digest
from tipcore.errors import MachineFault, UsageError
from tipdata.release import (
    Release,
    locate_release,
    make_release,
    open_release,
    release,
    remove_release,
    verify_release,
)
from tipdata.release import release as stored_module
from tipdata.release.builder import is_complete
from tipdata.release.manifests import RECEIPT, files_of, region_name
from tipdata.release.release import (
    AT_ONCE,
    CHECKSUMS,
    MANIFEST,
    VARIABLE,
    FileCache,
    StoredRelease,
    fetch_in_order,
    open_export,
    table_file,
)
from tipdata.stages import tables_of

URL = "memory://bucket/tipbench"


class Vanishing(MemoryFileSystem):
    """A store of this process that goes away after so many files were put."""

    protocol = "vanishing"
    cachable = False
    left = 0

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return MemoryFileSystem._strip_protocol(path.replace(f"{cls.protocol}://", "memory://"))

    def put_file(self, *args: Any, **kwargs: Any) -> None:
        if Vanishing.left <= 0:
            raise ConnectionError("the store does not answer")
        Vanishing.left -= 1
        super().put_file(*args, **kwargs)


@pytest.fixture
def stored(two: Release, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoredRelease]:
    """The release of two regions, to be made in a store of this process."""
    monkeypatch.setenv(VARIABLE, URL)
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = ["", "/bucket"]
    stored_module._listings.clear()
    release = locate_release(two)
    assert isinstance(release, StoredRelease)
    yield release
    MemoryFileSystem.store.clear()


def put(release: Release) -> Release:
    return make_release(release, engine="sequential", quiet=True)


@pytest.fixture
def filled(stored: StoredRelease, kept_files: dict[str, bytes]) -> StoredRelease:
    """The same, made: the files are those of the first time."""
    system = fsspec.filesystem("memory")
    for path, content in kept_files.items():
        system.pipe_file(path, content)
    if not kept_files:
        put(stored)
        kept_files |= {path: system.cat_file(path) for path in system.find("/bucket")}
    return stored


@pytest.fixture(scope="module")
def kept_files() -> dict[str, bytes]:
    return {}


def test_a_stored_release_holds_the_tables_of_one_on_a_disk(made: Release, filled: StoredRelease) -> None:
    assert is_complete(filled)
    assert verify_release(filled, engine="sequential", quiet=True) == []
    for name in tables_of("0.5.0"):
        assert filled.scan(name, truth=True).collect().equals(made.scan(name, truth=True).collect()), name


def test_only_what_is_asked_for_is_read(filled: StoredRelease, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = filled.scan("adverts", regions=[1]).select("advert").collect()
    assert asked.height > 0
    fetched: list[str] = []
    usual = MemoryFileSystem.cat_file

    def noted(self: Any, path: str, *args: Any, **kwargs: Any) -> Any:
        fetched.append(path)
        return usual(self, path, *args, **kwargs)

    monkeypatch.setattr(MemoryFileSystem, "cat_file", noted)
    assert filled.scan("adverts", regions=[1]).select("advert").collect().equals(asked)
    assert fetched == []
    monkeypatch.setattr(stored_module, "_contents", FileCache())
    assert filled.scan("adverts", regions=[1]).select("advert").collect().equals(asked)
    assert [path.rpartition("/0.5.0/")[2] for path in fetched] == ["pair/00001/adverts.parquet"]
    whole = filled.scan("adverts").collect()
    assert filled.scan("adverts").head(3).collect().equals(whole.head(3))
    for most in (40, whole.height // 2, whole.height - 1):
        dear = pl.col("price") > whole["price"].median()
        assert filled.scan("adverts").head(most).filter(dear).collect().equals(whole.head(most).filter(dear))
        assert filled.scan("adverts").filter(dear).head(most).collect().equals(whole.filter(dear).head(most))


def test_where_a_store_says_nothing_of_its_files_none_is_taken_for_what_it_was(
    filled: StoredRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = MemoryFileSystem.find

    def silent(self: Any, *args: Any, **kwargs: Any) -> Any:
        return {path: {"name": path, "type": "file"} for path in usual(self, *args, **kwargs)}

    monkeypatch.setattr(MemoryFileSystem, "find", silent)
    stored_module._listings.clear()
    before = filled.scan("adverts", regions=[1]).collect()
    [path] = [p for p in MemoryFileSystem.store if p.endswith("00001/adverts.parquet")]
    MemoryFileSystem.store[path] = MemoryFileSystem.store[path.replace("00001", "00000")]
    with pytest.raises(MachineFault, match=r"is damaged at region 1, table adverts"):
        filled.scan("adverts", regions=[1])
    assert before.height


@pytest.mark.parametrize("content", ["other", "torn"])
def test_a_file_replaced_while_the_listing_holds_is_refused_and_checked_anew(
    filled: StoredRelease, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    rows = filled.scan("adverts", truth=True, regions=[1])
    rows.collect()
    monkeypatch.setattr(stored_module, "_contents", FileCache())
    [path] = [p for p in MemoryFileSystem.store if p.endswith("00001/adverts.truth.parquet")]
    other = MemoryFileSystem.store[path.replace("00001", "00000")].getvalue()  # whole, with other labels
    fsspec.filesystem("memory").pipe_file(path, other if content == "other" else b"PAR1 cut off")
    said = r"adverts.truth.parquet of release \S+ .* was replaced after its check"
    with pytest.raises(MachineFault, match=said):
        rows.collect()
    with pytest.raises(MachineFault, match="is damaged at region 1, table adverts"):
        filled.scan("adverts", truth=True)
    with pytest.raises(MachineFault, match="is damaged at region 1, table adverts"):
        filled.read_file(1, "adverts.truth.parquet")


def test_a_store_that_fails_while_tables_are_read_is_one_sentence(
    filled: StoredRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = filled.scan("adverts", truth=True)
    before = rows.collect().height
    monkeypatch.setattr(stored_module, "_contents", FileCache())
    usual = MemoryFileSystem.cat_file

    def failing(self: Any, path: str, *args: Any, **kwargs: Any) -> Any:
        if path.endswith("00001/adverts.truth.parquet"):
            raise ConnectionError("the store does not answer")
        return usual(self, path, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(MemoryFileSystem, "cat_file", failing)
        said = r"^memory://\S+ cannot be read or written: the store does not answer;"
        with pytest.raises(UsageError, match=said):
            rows.collect()
    assert rows.collect().height == before


def test_a_store_that_vanishes_leaves_whole_regions_and_the_same_command_goes_on(
    stored: StoredRelease, two: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsspec.register_implementation("vanishing", Vanishing, clobber=True)
    monkeypatch.setenv(VARIABLE, URL.replace("memory", "vanishing"))
    release = locate_release(two)
    assert isinstance(release, StoredRelease)
    files = sum(bool(t.observed) + bool(t.hidden) for t in tables_of("0.5.0").values()) + 1
    Vanishing.left = files + 3
    with pytest.raises(UsageError, match="the store does not answer"):
        put(release)
    receipts = [path for path in MemoryFileSystem.store if path.endswith(RECEIPT)]
    assert len(receipts) == 1
    assert not is_complete(release)
    kept = dict(MemoryFileSystem.store)
    Vanishing.left = files
    put(release)
    assert is_complete(release)
    region = receipts[0].rpartition("/")[0]
    assert all(MemoryFileSystem.store[path] is kept[path] for path in kept if path.startswith(f"{region}/"))


def test_a_changed_file_is_noticed_when_it_is_read_and_by_verifying(filled: StoredRelease) -> None:
    system = fsspec.filesystem("memory")
    [path] = [p for p in system.find("/bucket") if p.endswith("/00001/places.parquet")]
    frame = filled.scan("places", regions=[1]).collect()
    with system.open(path, "wb") as file:
        frame.with_columns(pl.col("population") + 1).write_parquet(file)
    stored_module._listings.clear()
    with pytest.raises(MachineFault, match="region 1, table places, column population"):
        filled.scan("places")
    assert any("places" in said for said in verify_release(filled, engine="sequential", quiet=True))
    system.rm_file(path)
    stored_module._listings.clear()
    with pytest.raises(MachineFault, match="is not there"):
        filled.scan("places")


def test_it_is_removed_and_a_folder_is_not_there_to_be_read(filled: StoredRelease) -> None:
    with pytest.raises(UsageError, match=r"lies in memory://bucket/tipbench/0\.5\.0/pair"):
        _ = filled.folder
    assert remove_release(filled) > 100_000
    assert not MemoryFileSystem.store
    with pytest.raises(UsageError, match="nothing to remove"):
        remove_release(filled)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("somewhere", "is a folder, which has no need of a store: set TIPBENCH_HOME="),
        ("/somewhere", "is a folder, which has no need of a store: set TIPBENCH_HOME=/somewhere,"),
        ("file:///somewhere", "is a folder, which has no need of a store: set TIPBENCH_HOME=/somewhere,"),
        ("nosuch://bucket", "cannot be opened"),
        ("memory://nowhere/tipbench", "has no bucket or folder /nowhere"),
        ("memory://", "is no place of a store"),
        ("memory://bucket//tipbench", "is no place of a store"),
        ("memory://bucket/tip*", "is no place of a store"),  # else more would be removed than is named
    ],
)
def test_a_place_that_is_none_is_one_sentence(said: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, said)
    with pytest.raises(UsageError, match=told):
        open_release("0.5.0", "tiny", quiet=True)


def test_a_receipt_that_is_cut_off_is_a_region_that_is_not_there(filled: StoredRelease) -> None:
    system = fsspec.filesystem("memory")
    [path] = [p for p in system.find("/bucket") if p.endswith(f"/00000/{RECEIPT}")]
    text = system.cat_file(path)
    system.pipe_file(path, text[: len(text) // 2])
    [root] = [p for p in system.find("/bucket") if p.endswith(f"/pair/{RECEIPT}")]
    system.rm_file(root)
    put(filled)
    assert json.loads(system.cat_file(path)) == json.loads(text)


def test_of_the_files_that_were_fetched_the_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "CACHE_BYTES", 10)
    kept = FileCache()
    for name in "abc":
        kept.put((name, ""), b"1234")
        kept.get(("a", ""))
    assert [kept.get((name, "")) for name in "abc"] == [b"1234", None, b"1234"]
    assert kept.get(("a", "written again")) is None


def test_files_come_in_their_turn_while_the_next_are_fetched() -> None:
    together = threading.Barrier(AT_ONCE, timeout=20)

    def fetch(path: str) -> bytes:
        together.wait()
        return path.encode()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        paths = [str(number) for number in range(3 * AT_ONCE)]
        assert list(fetch_in_order(pool, fetch, paths)) == [path.encode() for path in paths]


FILES = [table_file(n, s) for n, t in tables_of("0.5.0").items() for s, _ in files_of(t)]
REGION = "regions.00000"
PLACES = [
    *("version", "size", "world", "digest", "regions", REGION, f"{REGION}.digest", f"{REGION}.rows"),
    *(f"{REGION}.rows.adverts", f"{REGION}.digests", f"{REGION}.digests.adverts"),
    f"{REGION}.digests.adverts.body",
]
VALUES = {
    **{"null": None, "true": True, "float": 1.5, "negative": -1, "huge": 10**5000, "text": "\x1b[2J\u202e"},
    **{"path": "../../x", "long": "9" * 1_000_000, "list": [], "nested": [[{}]], "object": {}},
}


def of_world_3() -> dict[str, Any]:
    """A manifest of a world of which none is published: nothing but its own form speaks against it."""
    release, tables = Release("0.5.0", "tiny", 3), tables_of("0.5.0").items()
    digests = {name: dict.fromkeys(table.schema, "0" * 64) for name, table in tables}
    region = {
        "digest": region_digest(digests),
        "rows": {name: 1000 for name, _ in tables},
        "digests": digests,
    }
    regions = {region_name(index): copy.deepcopy(region) for index in range(release.regions)}
    digest = release_digest(dict.fromkeys(regions, region["digest"]))
    return {"version": "0.5.0", "size": "tiny", "world": 3, "digest": digest, "regions": regions}


def hostile() -> Iterator[Any]:
    """Names and texts of hostile manifests: each value at one place and each place with one value, the others slow."""
    for number, place in enumerate(PLACES):
        for at, (name, value) in enumerate(VALUES.items()):
            marks = () if at == number % len(VALUES) else pytest.mark.slow
            changed = of_world_3()
            *above, last = place.split(".")
            entry = changed
            for key in above:
                entry = entry[key]
            entry[last] = "HUGE" if name == "huge" else value
            text = json.dumps(changed).replace('"HUGE"', "9" * 5000)
            yield pytest.param(f"{place} {name}", text, marks=marks)
        if place != "world":
            del entry[last]
            yield pytest.param(f"{place} missing", json.dumps(changed), marks=pytest.mark.slow)
    manifest = of_world_3()
    text = json.dumps(manifest)
    for name, more in (("region", {"00008": manifest["regions"]["00000"]}), ("path", {"../00001": {}})):
        yield f"{name} too many", json.dumps({**manifest, "regions": manifest["regions"] | more})
    yield "rows too many", text.replace('"adverts": ', '"adverts": 9999999', 1)
    yield "table too many", text.replace('"digests": {', '"digests": {"x\\u0007": {}, ', 1)
    yield "digest twice", text[:-1] + ', "digest": "' + "0" * 64 + '"}'
    yield "deep list", "[" * 100_000
    yield "deep object", '{"regions": ' * 100_000
    yield "deep inside", text[:-1] + ', "x": ' + "[" * 50_000 + "]" * 50_000 + "}"
    yield "surrogate", text.replace("tiny", "\\ud800")
    for raw in ("", "null", "NaN", "7", '"x"', "[]", text[:-9], text + "x", "\ufeff" + text, "\0" + text):
        yield f"raw {raw[:4]!r} {raw[-4:]!r}", raw
    for number in ("Infinity", "1e999", "-0.0"):
        yield number, text.replace('"world": 3', f'"world": {number}')


def write(folder: Path, manifest: str, lines: str = "") -> str:
    """Write an export without tables, with further lines of checksums, and return its place."""
    (folder / MANIFEST).write_text(manifest, encoding="utf-8")
    digest = hashlib.sha256(manifest.encode()).hexdigest()
    listed = "".join(f"{digest if name == MANIFEST else '0' * 64}  {name}\n" for name in (MANIFEST, *FILES))
    (folder / CHECKSUMS).write_text(listed + lines, encoding="utf-8")
    return str(folder)


def refusal(place: str) -> str:
    """Return the sentence by which an export is refused; it quotes little and nothing that a terminal obeys."""
    with pytest.raises((UsageError, MachineFault)) as refused:
        open_export(place)
    said = str(refused.value)
    assert said.isprintable()
    assert len(said) < len(place) + 500
    return said


@pytest.mark.parametrize(("name", "manifest"), hostile(), ids=lambda value: value[:40])
def test_a_hostile_manifest_is_refused_in_one_sentence(tmp_path: Path, name: str, manifest: str) -> None:
    refusal(write(tmp_path, manifest))


@pytest.mark.parametrize(
    "line",
    [
        f"{'0' * 64}  /etc/x",
        f"{'0' * 64}  a/../../x",
        f"{'0' * 64}  ",
        f"{'0' * 64} x",
        f"{'g' * 64}  x",
        f"{'../' * 21}x  x",
        f"{'0' * 64}  {FILES[0]}",
        "\x1b[2J",
    ],
)
def test_a_hostile_line_of_checksums_is_refused_in_one_sentence(tmp_path: Path, line: str) -> None:
    assert f"its {CHECKSUMS} " in refusal(write(tmp_path, json.dumps(of_world_3()), line + "\n"))


@pytest.mark.parametrize("name", [MANIFEST, CHECKSUMS, "tables/adverts.parquet"])
def test_a_fifo_in_the_place_of_a_file_is_refused(
    tmp_path: Path, fifo: Callable[[Path], None], name: str
) -> None:
    place = write(tmp_path, json.dumps(of_world_3()))
    (tmp_path / "tables").mkdir()
    fifo(tmp_path / name)
    with pytest.raises((UsageError, MachineFault), match="cannot be read: it is not a regular file; "):
        open_export(place).scan("adverts")


def test_what_cannot_be_checked_of_an_export_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = of_world_3()
    caveat = open_export(write(tmp_path, json.dumps(manifest))).caveat
    assert caveat is not None
    assert "against its own manifest alone, as none is published of 0.5.0/tiny.w3;" in caveat
    del manifest["world"]
    monkeypatch.setattr(stored_module, "published_manifest", lambda _: manifest)
    assert open_export(write(tmp_path, json.dumps(manifest))).caveat is None
