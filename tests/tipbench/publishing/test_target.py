"""A target is written whole or not at all, and every way in which that fails is one sentence."""

import errno
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from tipbench.publishing.export import check_target, fill_target
from tipcore.errors import UsageError
from tipcore.locations import Remote

LAST = "checksums.sha256"


@pytest.fixture(autouse=True)
def shelf() -> MemoryFileSystem:
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    return system


def fill(to: str) -> None:
    with fill_target(to, LAST) as folder:
        (folder / "tables").mkdir()
        for name in (LAST, "tables/a.parquet", "README.md"):
            (folder / name).write_text(name, encoding="utf-8")


def refused(to: str) -> str:
    with pytest.raises(UsageError) as said:
        fill(to)
    assert "\n" not in str(said.value)
    return str(said.value)


def test_a_folder_is_filled(tmp_path: Path) -> None:
    fill(str(tmp_path / "deep" / "one"))
    assert (tmp_path / "deep" / "one" / "tables" / "a.parquet").read_text(
        encoding="utf-8"
    ) == "tables/a.parquet"
    fill((tmp_path / "by url").as_uri())
    assert (tmp_path / "by url" / LAST).is_file()


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    assert "is there already" in refused(str(tmp_path / "there"))
    assert list((tmp_path / "there").iterdir()) == []
    with pytest.raises(UsageError, match="is there already"):
        check_target(str(tmp_path / "there"))


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "cannot be written" in refused(str(tmp_path / "file" / "below"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_is_full_keeps_nothing_of_it(tmp_path: Path, number: int) -> None:
    def write(to: str) -> None:
        with fill_target(to, LAST) as folder:
            (folder / "a").write_bytes(b"x" * 1000)
            raise OSError(number, "No space left on device")

    with pytest.raises(
        UsageError, match=r"cannot be written: No space left on device; give another folder or URL"
    ):
        write(str(tmp_path / "full"))
    assert list(tmp_path.iterdir()) == []


def test_a_url_is_written_with_the_marker_last(
    shelf: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, order = shelf.put_file, []
    monkeypatch.setattr(shelf, "put_file", lambda a, b, **k: (order.append(b), put(a, b, **k)))
    fill("memory://shelf/tiny")
    assert order[-1] == f"/shelf/tiny/{LAST}"
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
    assert "No space left on device; make room there, or give another folder or URL" in refused(
        "memory://shelf/x"
    )
    assert shelf.find("/shelf") == []


def test_a_bucket_that_is_not_there_is_not_made(
    shelf: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tipbench.publishing.export.place_of", lambda to: Remote(shelf, "nobucket/x", to))
    assert "there is no nobucket; make it, or correct the URL" in refused("memory://nobucket/x")
    assert shelf.find("") == []


def test_a_store_that_cannot_be_reached_is_told_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any, **__: Any) -> bool:
        raise ConnectionError("Could not connect to the endpoint")

    monkeypatch.setattr(MemoryFileSystem, "exists", unreachable)
    with pytest.raises(
        UsageError, match="memory://shelf/x cannot be written: Could not connect to the endpoint"
    ):
        check_target("memory://shelf/x")
    with pytest.raises(UsageError, match=r"nosuch://x cannot be opened: .*nosuch"):
        check_target("nosuch://x")
