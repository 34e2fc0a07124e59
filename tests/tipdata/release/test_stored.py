"""A release in a store: the same bytes as on a disk, there region by region or not at all, and checked when read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import fsspec
import polars as pl
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from tipcore.errors import MachineFault, UsageError
from tipdata.release import Release, located, make_release, open_release, remove_release, verify_release
from tipdata.release import stored as stored_module
from tipdata.release.fetching import Kept
from tipdata.release.manifests import RECEIPT
from tipdata.release.stored import VARIABLE, StoredRelease
from tipdata.release.storing import is_complete
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
    release = located(two)
    assert isinstance(release, StoredRelease)
    yield release
    MemoryFileSystem.store.clear()


def put(release: Release) -> Release:
    return make_release(release, engine="sequential", quiet=True)


def test_a_stored_release_holds_the_tables_of_one_on_a_disk(
    stored: StoredRelease, two: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(stored)
    assert is_complete(stored)
    assert verify_release(stored, engine="sequential", quiet=True) == []
    local = put(two)
    for name in tables_of("0.4.0"):
        assert stored.scan(name, truth=True).collect().equals(local.scan(name, truth=True).collect()), name


def test_only_what_is_asked_for_is_read(stored: StoredRelease, monkeypatch: pytest.MonkeyPatch) -> None:
    put(stored)
    asked = stored.scan("adverts", regions=[1]).select("advert").collect()
    assert asked.height > 0
    fetched: list[str] = []
    usual = MemoryFileSystem.cat_file

    def noted(self: Any, path: str, *args: Any, **kwargs: Any) -> Any:
        fetched.append(path)
        return usual(self, path, *args, **kwargs)

    monkeypatch.setattr(MemoryFileSystem, "cat_file", noted)
    assert stored.scan("adverts", regions=[1]).select("advert").collect().equals(asked)
    assert fetched == []
    monkeypatch.setattr(stored_module, "_kept", Kept())
    assert stored.scan("adverts", regions=[1]).select("advert").collect().equals(asked)
    assert [path.rpartition("/0.4.0/")[2] for path in fetched] == ["pair/00001/adverts.parquet"]
    whole = stored.scan("adverts").collect()
    assert stored.scan("adverts").head(3).collect().equals(whole.head(3))
    for most in (40, whole.height // 2, whole.height - 1):
        dear = pl.col("price") > whole["price"].median()
        assert stored.scan("adverts").head(most).filter(dear).collect().equals(whole.head(most).filter(dear))
        assert stored.scan("adverts").filter(dear).head(most).collect().equals(whole.filter(dear).head(most))


def test_where_a_store_says_nothing_of_its_files_none_is_taken_for_what_it_was(
    stored: StoredRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(stored)
    usual = MemoryFileSystem.find

    def silent(self: Any, *args: Any, **kwargs: Any) -> Any:
        return {path: {"name": path, "type": "file"} for path in usual(self, *args, **kwargs)}

    monkeypatch.setattr(MemoryFileSystem, "find", silent)
    stored_module._listings.clear()
    before = stored.scan("adverts", regions=[1]).collect()
    [path] = [p for p in MemoryFileSystem.store if p.endswith("00001/adverts.parquet")]
    MemoryFileSystem.store[path] = MemoryFileSystem.store[path.replace("00001", "00000")]
    with pytest.raises(MachineFault, match=r"is damaged at region 1, table adverts"):
        stored.scan("adverts", regions=[1])
    assert before.height


@pytest.mark.parametrize("content", ["other", "torn"])
def test_a_file_replaced_while_the_listing_holds_is_refused_and_checked_anew(
    stored: StoredRelease, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    put(stored)
    rows = stored.scan("adverts", truth=True, regions=[1])
    rows.collect()
    monkeypatch.setattr(stored_module, "_kept", Kept())
    [path] = [p for p in MemoryFileSystem.store if p.endswith("00001/adverts.truth.parquet")]
    other = MemoryFileSystem.store[path.replace("00001", "00000")].getvalue()  # whole, with other labels
    fsspec.filesystem("memory").pipe_file(path, other if content == "other" else b"PAR1 cut off")
    with pytest.raises(
        MachineFault, match=r"adverts.truth.parquet of release \S+ .* was replaced after its check"
    ):
        rows.collect()
    for read in (
        lambda: stored.scan("adverts", truth=True),
        lambda: stored.read_file(1, "adverts.truth.parquet"),
    ):
        with pytest.raises(MachineFault, match="is damaged at region 1, table adverts"):
            read()


def test_a_store_that_fails_while_tables_are_read_is_one_sentence(
    stored: StoredRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(stored)
    rows = stored.scan("adverts", truth=True)
    before = rows.collect().height
    monkeypatch.setattr(stored_module, "_kept", Kept())
    usual = MemoryFileSystem.cat_file

    def failing(self: Any, path: str, *args: Any, **kwargs: Any) -> Any:
        if path.endswith("00001/adverts.truth.parquet"):
            raise ConnectionError("the store does not answer")
        return usual(self, path, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(MemoryFileSystem, "cat_file", failing)
        with pytest.raises(
            UsageError, match=r"^memory://\S+ cannot be read or written: the store does not answer;"
        ):
            rows.collect()
    assert rows.collect().height == before


def test_a_store_that_vanishes_leaves_whole_regions_and_the_same_command_goes_on(
    stored: StoredRelease, two: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsspec.register_implementation("vanishing", Vanishing, clobber=True)
    monkeypatch.setenv(VARIABLE, URL.replace("memory", "vanishing"))
    release = located(two)
    assert isinstance(release, StoredRelease)
    files = sum(bool(t.observed) + bool(t.hidden) for t in tables_of("0.4.0").values()) + 1
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


def test_a_changed_file_is_noticed_when_it_is_read_and_by_verifying(stored: StoredRelease) -> None:
    put(stored)
    system = fsspec.filesystem("memory")
    [path] = [p for p in system.find("/bucket") if p.endswith("/00001/places.parquet")]
    frame = stored.scan("places", regions=[1]).collect()
    with system.open(path, "wb") as file:
        frame.with_columns(pl.col("population") + 1).write_parquet(file)
    stored_module._listings.clear()
    with pytest.raises(MachineFault, match="region 1, table places, column population"):
        stored.scan("places")
    assert any("places" in said for said in verify_release(stored, engine="sequential", quiet=True))
    system.rm_file(path)
    stored_module._listings.clear()
    with pytest.raises(MachineFault, match="is not there"):
        stored.scan("places")


def test_it_is_removed_and_a_folder_is_not_there_to_be_read(stored: StoredRelease) -> None:
    put(stored)
    with pytest.raises(UsageError, match=r"lies in memory://bucket/tipbench/0\.4\.0/pair"):
        _ = stored.folder
    assert remove_release(stored) > 100_000
    assert not MemoryFileSystem.store
    with pytest.raises(UsageError, match="nothing to remove"):
        remove_release(stored)


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
        open_release("0.4.0", "tiny", quiet=True)


def test_a_receipt_that_is_cut_off_is_a_region_that_is_not_there(stored: StoredRelease) -> None:
    put(stored)
    system = fsspec.filesystem("memory")
    [path] = [p for p in system.find("/bucket") if p.endswith(f"/00000/{RECEIPT}")]
    text = system.cat_file(path)
    system.pipe_file(path, text[: len(text) // 2])
    [root] = [p for p in system.find("/bucket") if p.endswith(f"/pair/{RECEIPT}")]
    system.rm_file(root)
    put(stored)
    assert json.loads(system.cat_file(path)) == json.loads(text)
