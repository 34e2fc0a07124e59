"""A host's set C: checked by its command, committed to by a season, and the same file at every later step."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from handed_in import CLOSES, OPENS
from tipbench.cli import main
from tipboard.seasons import verification
from tipboard.seasons.consistency import file_differences
from tipboard.seasons.entries import SeasonOrder, open_season
from tipboard.seasons.record import ENTRIES, KEY, SEASON, WORDBOOK, Frozen, keep_wordbook, open_secret
from tipboard.seasons.verification import verify
from tipboard.seasons.worlds import Draw
from tipcore.errors import UsageError
from tipdata.core.world import WORDED, World
from tipdata.text.set_c import load_set_c

FILE = Path(__file__).parents[2] / "tipdata/text/set_c.yaml"
FROZEN = Frozen(name="spring", frozen=CLOSES, entries=[])


def check(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code, shown = main(["season", "wordbook", "check", *words]), capsys.readouterr()
    return code, shown.out, shown.err


def test_a_sound_file_is_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = check([str(FILE)], capsys)
    assert code == 0
    assert said.splitlines()[:2] == ["set_c.yaml is sound", "en: 12 levels, 48 frames"]
    code, said, _ = check([str(FILE), "--json"], capsys)
    about = json.loads(said)
    assert (code, about["languages"], about["faults"]) == (0, {"en": {"levels": 12, "frames": 48}}, [])
    assert len(about["digest"]) == 64


def test_every_fault_is_a_line_and_the_exit_code_is_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = [tmp_path / "autumn.yaml", tmp_path / "winter.yaml"]
    text = FILE.read_text(encoding="utf-8")
    for path, kept in zip(earlier, ("Nobody", "Settle"), strict=True):
        lines = text.replace(kept, "Nowhere").splitlines()
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, said, error = check([str(FILE), *(f"earlier={path}" for path in earlier)], capsys)
    assert code == 1
    assert len(said.splitlines()) == 48
    assert error == "tipbench: set_c.yaml cannot be used: 48 faults.\n"
    assert all(line.startswith("set_c.yaml, line ") for line in said.splitlines())


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The secret and the public folder of a season with a set C."""
    place = tmp_path_factory.mktemp("season")
    open_season(order(place), OPENS)
    return place / "secret", place / "public"


def order(place: Path, **changes: Any) -> SeasonOrder:
    made = SeasonOrder(
        *("spring", "0.5.0", "tiny", place / "secret", place / "public", "2027-03-01"),
        **{"tasks": ("prevalence",), "worlds": 6, "wordbook": FILE},
    )
    return replace(made, **changes)


def test_the_file_stays_secret_and_its_digest_is_published(folders: tuple[Path, Path]) -> None:
    secret, public = folders
    assert [path.name for path in public.iterdir()] == [SEASON]
    assert (secret / WORDBOOK).read_bytes() == FILE.read_bytes()
    assert (secret / WORDBOOK).stat().st_mode & 0o777 == 0o600
    assert load_digest(folders) in (public / SEASON).read_text(encoding="utf-8")


def load_digest(folders: tuple[Path, Path]) -> str:
    season, _ = open_secret(folders[0])
    assert season.wordbook is not None
    return season.wordbook


def test_worlds_are_those_of_the_key_worded_by_the_file(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    season, key = open_secret(folders[0])
    plain = season.model_copy(update={"wordbook": None})
    for k in (1, 6):
        number = Draw(season, key, FROZEN).number(k, 1, 0)
        assert number % WORDED == Draw(plain, key, FROZEN).number(k, 1, 0)
        world = World.of("0.5.0", number)
        assert load_digest(folders).startswith(world.set_c)
        assert replace(world, set_c="") == World.of("0.5.0", number % WORDED)
    monkeypatch.setenv("TIPBENCH_HOME", str(tmp_path))
    keep_wordbook(folders[0], season)
    assert load_set_c(world.set_c).digest == season.wordbook


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"wordbook": Path("nowhere.yaml")}, "nowhere.yaml cannot be read: No such file or directory. See `tipbench"),
        ({"wordbook": Path(__file__)}, "test_wordbook.py, line "),
    ],
)  # fmt: skip
def test_a_file_that_cannot_word_a_season_is_refused(
    changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as refused:
        open_season(order(tmp_path, **changes), OPENS)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"), [("set: c\n", "is another file than was committed to"), (None, "cannot be read")]
)
def test_a_file_that_was_changed_since_is_refused_at_run_and_at_verify(
    text: str | None, said: str, folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    season, key = open_secret(folders[0])
    for name, content in {
        SEASON: (folders[1] / SEASON).read_text(encoding="utf-8"),
        KEY: key.hex(),
        ENTRIES: "",
    }.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    if text is not None:
        (tmp_path / WORDBOOK).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        keep_wordbook(tmp_path, season)
    monkeypatch.setattr(verification, "read_closed", lambda _: None)
    (difference,) = verify(tmp_path, quiet=True).differences
    assert said in difference


def test_the_published_file_belongs_to_a_season_that_has_one_alone(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    season, _ = open_secret(folders[0])
    (tmp_path / WORDBOOK).touch()
    closed: Any = SimpleNamespace(season=season, worlds=(), results=())
    assert list(file_differences(tmp_path, closed)) == []
    closed.season = season.model_copy(update={"wordbook": None})
    assert list(file_differences(tmp_path, closed)) == [f"{WORDBOOK}: does not belong to the season"]
