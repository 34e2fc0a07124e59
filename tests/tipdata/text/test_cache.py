"""Compiled wordbooks are kept, and never those of other text or code."""

import shutil
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from tipdata.core.world import FOLDER, PREFIX
from tipdata.text import cache
from tipdata.text.phrases import Phrases, compile_wordbooks
from tipdata.text.set_c import save_set_c

ONE = ("en",)


@pytest.fixture(scope="module")
def made() -> Phrases:
    return compile_wordbooks(ONE, sound=True)


@pytest.fixture
def kept_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Phrases) -> Path:
    """The file of kept wordbooks in a home that has one."""
    monkeypatch.setenv("TIPBENCH_HOME", str(tmp_path))
    monkeypatch.setattr(cache, "compile_wordbooks", lambda *asked: made)
    cache.phrases.cache_clear()
    cache.phrases(ONE)
    cache.phrases.cache_clear()
    return tmp_path / cache.FILE


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of texts and code, which takes the place of those of the package."""
    for name in ("text", "core"):
        shutil.copytree(FOLDER / name, tmp_path / "other" / name)
    monkeypatch.setattr(cache, "FOLDER", tmp_path / "other")
    return tmp_path / "other"


def refuse(*asked: object) -> Phrases:
    raise AssertionError("compiled again")


def same(one: Phrases, other: Phrases) -> bool:
    def equal(a: object, b: object) -> bool:
        if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
            return a.dtype == b.dtype and np.array_equal(a, b)
        return a == b

    return all(
        equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(Phrases) if f.name != "arrow"
    )


def test_what_is_kept_is_what_was_compiled_and_is_not_compiled_again(
    kept_file: Path, made: Phrases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "compile_wordbooks", refuse)
    assert kept_file.exists()
    assert same(cache.phrases(ONE), made)


@pytest.mark.parametrize(
    "file", ["text/wordbooks/en.yaml", "text/facts.yaml", "text/grammar.py", "core/kinds.py", None]
)
def test_other_text_code_or_languages_are_compiled_anew(
    kept_file: Path, other: Path, monkeypatch: pytest.MonkeyPatch, file: str | None
) -> None:
    if file:
        with (other / file).open("a", encoding="utf-8") as text:
            text.write("\n# another line\n")
    monkeypatch.setattr(cache, "compile_wordbooks", refuse)
    with pytest.raises(AssertionError, match="compiled again"):
        cache.phrases(ONE if file else ("fr",))


@pytest.mark.parametrize("left", [0, 1, 100, 100_000, -1, None])
def test_a_file_that_is_cut_or_has_another_byte_is_replaced(
    kept_file: Path, made: Phrases, left: int | None
) -> None:
    whole = kept_file.read_bytes()
    content = bytearray(whole[:left])
    if left is None:
        content[whole.index(made.strings[0].encode())] ^= 1
    kept_file.write_bytes(content)
    assert same(cache.phrases(ONE), made)
    assert kept_file.read_bytes() == whole


def test_where_nothing_can_be_kept_wordbooks_are_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Phrases
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TIPBENCH_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(cache, "compile_wordbooks", lambda *asked: made)
    cache.phrases.cache_clear()
    assert same(cache.phrases(ONE), made)
    assert (tmp_path / "file").is_file()


def test_texts_that_were_found_sound_are_these() -> None:
    assert cache.is_sound(), "run `python tests/tipdata/text/lock.py`, which checks all wordbooks"


def test_changed_texts_are_checked_again(
    tmp_path: Path, other: Path, monkeypatch: pytest.MonkeyPatch, made: Phrases
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(cache, "compile_wordbooks", lambda *about: asked.append(about[1]) or made)
    monkeypatch.setenv("TIPBENCH_HOME", str(tmp_path / "home"))
    for change in ("", "# another line\n"):
        with (other / "text" / "wordbooks" / "fr.yaml").open("a", encoding="utf-8") as text:
            text.write(change)
        cache.phrases.cache_clear()
        cache.phrases(ONE)
    cache.phrases.cache_clear()
    assert asked == [True, False]


def test_a_book_that_is_known_to_be_sound_says_what_it_says_anyway() -> None:
    assert same(compile_wordbooks(("zh",), sound=True), compile_wordbooks(("zh",)))


def test_a_set_c_is_kept_beside_the_wordbooks_and_never_that_of_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Phrases
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(cache, "compile_wordbooks", lambda *about: asked.append(about[2].digest) or made)
    monkeypatch.setenv("TIPBENCH_HOME", str(tmp_path))
    text = Path(__file__).with_name("set_c.yaml").read_text(encoding="utf-8")
    for again in ("", "# another line\n", ""):
        (tmp_path / "mine.yaml").write_text(text + again, encoding="utf-8")
        digest = save_set_c(tmp_path / "mine.yaml")
        cache.phrases.cache_clear()
        assert same(cache.phrases(ONE, digest[:PREFIX]), made)
    cache.phrases.cache_clear()
    assert len(asked) == len(set(asked)) == 2
