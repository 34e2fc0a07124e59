import os
import time
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest
from tipbench.runs.results import digest_of
from tipboard.submissions.storage import CONFIG, PredictionStore, read_config, store_of
from tipcore.errors import UsageError


def test_without_a_file_nothing_is_declared(tmp_path: Path) -> None:
    config = read_config(tmp_path)
    assert (config.predictions, config.site.repository, config.site.address) == ("predictions", "", "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("site: {repository: 'http://code.example'}", "site.repository: give an https address or nothing"),
        ("site: {address: 'javascript:alert(1)'}", "site.address: give an https address or nothing"),
        ("site: {documents: 'https://a.example/\"onclick'}", "site.documents: give an https address"),
        ("site: {documentation: 'javascript:alert(1)'}", "site.documentation: give an https address, a path"),
        ("site: {documentation: //elsewhere.example}", "site.documentation: give an https address, a path"),
        ("site: {repo: ''}", "site.repo"),
        ("sites: {}", "sites"),
        ("- a list", "the file"),
        ("site: [", "not a config of a board"),
    ],
)
def test_a_config_that_is_none_is_refused_in_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / CONFIG).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        read_config(tmp_path)
    said = str(refused.value)
    assert told in said
    assert len(said.splitlines()) == 1


def test_a_fifo_is_refused_and_not_waited_for(tmp_path: Path, fifo: Callable[[Path], None]) -> None:
    fifo(tmp_path / CONFIG)
    with pytest.raises(UsageError, match="it is not a regular file"):
        read_config(tmp_path)


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> PredictionStore:
    fsspec.filesystem("memory").store.clear()
    return PredictionStore(str(tmp_path / "p") if request.param == "folder" else "memory://board/p")


def test_what_is_put_comes_back_by_its_digest_and_is_kept_once(store: PredictionStore) -> None:
    digest = store.put(b"some predictions")
    assert digest == digest_of(b"some predictions") == store.put(b"some predictions")
    assert store.get(digest) == b"some predictions"
    system, root = fsspec.url_to_fs(store.url)
    assert len(system.find(root)) == 1


def test_what_is_absent_or_altered_is_refused_in_a_sentence(store: PredictionStore) -> None:
    with pytest.raises(UsageError, match=r"are not in .*copy them there"):
        store.get(digest_of(b"other"))
    digest = store.put(b"some predictions")
    system, root = fsspec.url_to_fs(store.url)
    [path] = system.find(root)
    system.pipe_file(path, b"some other ones")
    with pytest.raises(UsageError, match="are not what was accepted"):
        store.get(digest)


@pytest.mark.parametrize("digest", ["sha256:../../x", "md5:" + "0" * 64, "sha256:" + "A" * 64, ""])
def test_what_is_no_digest_reaches_no_file(store: PredictionStore, digest: str) -> None:
    with pytest.raises(UsageError, match="is not a digest"):
        store.get(digest)


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match=r"cannot be written to .*correct `predictions`"):
        PredictionStore(str(tmp_path / "file" / "p")).put(b"x")
    with pytest.raises(UsageError, match="cannot be found at nosuch://x"):
        PredictionStore("nosuch://x").put(b"x")


def test_the_config_names_a_folder_from_its_own_or_a_url(tmp_path: Path) -> None:
    assert store_of(tmp_path).url == str(tmp_path / "predictions")
    for text, url in (
        ("predictions: ../p", str(tmp_path / "../p")),
        ("predictions: memory://b", "memory://b"),
    ):
        (tmp_path / "board.yaml").write_text(text, encoding="utf-8")
        assert store_of(tmp_path).url == url


@pytest.mark.parametrize("text", ["[", "- a", "predictions: 3", "prediction: x"])
def test_a_config_that_is_none_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "board.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"board\.yaml is not a config of a board: [^\n]+$"):
        store_of(tmp_path)


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    store = PredictionStore(str(tmp_path / "p"))
    store.put(b"a")
    assert all(".partial" not in name for _, _, names in os.walk(tmp_path) for name in names)


def test_what_a_killed_writer_left_is_swept_after_a_day(tmp_path: Path) -> None:
    store = PredictionStore(str(tmp_path / "gl[1]"))
    digest = store.put(b"a")
    [kept] = tmp_path.rglob("*.parquet")
    for name, age in (("1", 90_000), ("2", 5)):
        left = kept.with_name(f"{kept.name}.partial-{name}")
        left.write_bytes(b"half")
        os.utime(left, (time.time() - age, time.time() - age))
    store.put(b"a")
    assert len(list(kept.parent.iterdir())) == 3, "what is kept already is not written again"
    kept.unlink()
    assert store.put(b"a") == digest
    assert sorted(path.name for path in kept.parent.iterdir()) == [kept.name, f"{kept.name}.partial-2"]


def test_a_full_disk_is_said_so_and_nothing_half_written_stays(
    store: PredictionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, root = fsspec.url_to_fs(store.url)

    def full(self: object, path: str, content: bytes) -> None:
        with self.open(path, "wb") as file:  # type: ignore[attr-defined]
            file.write(content[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(system), "pipe_file", full)
    with pytest.raises(
        UsageError, match=r"No space left on device; free space there, or correct `predictions` in "
    ):
        store.put(b"some predictions")
    assert system.find(root) == []
