"""``world=FILE`` makes a world of a user's own, and its name stands for a version from then on."""

import json
from pathlib import Path
from unittest.mock import Mock

import pytest
from tipbench.config.compose import Composer, parse
from tipbench.config.options import config_folders
from tipbench.runs.grid import expand
from tipcore.errors import UsageError
from tipdata.core.own_worlds import is_own
from tipdata.release import Release

MINE = """\
based_on: 0.5.0
parameters:
  operations.duration_days: {value: 60, unit: days, sign: infoshield2021, magnitude: assumed, times: 1.5}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIPBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my world=1.yaml").write_text(MINE, encoding="utf-8")
    return tmp_path / "my world=1.yaml"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Release]:
    """What is asked to be made; nothing is."""
    found: list[Release] = []
    monkeypatch.setattr("tipbench.commands.data.make.make_release", lambda one, **_: found.append(one))
    return found


def test_the_release_of_a_world_file_is_made_under_its_own_name(
    tipbench, file: Path, made: list[Release]
) -> None:
    code, out, _ = tipbench("data", "make", f"world={file}", "release=tiny", "--json")
    assert code == 0
    (release,) = made
    assert is_own(release.version)
    assert json.loads(out)["release"] == f"{release.version}/tiny"
    out = tipbench("data", "make", f"world={file}", "release=tiny", "release.world=2")[1]
    assert made[1] == Release(release.version, "tiny", 2)
    assert f"release=tiny release.version={release.version}" in out


def test_a_world_that_cannot_be_drawn_is_told_in_one_sentence(
    refused, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails = Mock(side_effect=ValueError("operations: lower bound above upper bound"))
    monkeypatch.setattr("tipbench.commands.data.make.make_release", fails)
    assert "cannot be drawn: operations: lower bound" in refused("data", "make", f"world={file}")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["world=no.yaml"], "no.yaml cannot be read"),
        (["world=my world=1.yaml", "release.version=0.5.0"], "exclude each other"),
        (["release.version=own-0123456789abcdef"], "there is no world own-0123456789abcdef"),
    ],
)
def test_mistakes_are_one_sentence(
    refused, file: Path, made: list[Release], words: list[str], says: str
) -> None:
    assert says in refused("data", "make", *words)
    assert not made


def test_an_oracle_is_refused_on_a_world_of_ones_own(tipbench, file: Path, made: list[Release]) -> None:
    tipbench("data", "make", f"world={file}")
    words = ["baseline=recruitment_onset/oracle", f"release.version={made[0].version}"]
    with pytest.raises(UsageError, match="for the released world only"):
        expand(Composer(config_folders(None), parse(words)), lambda task, settings: ["forward"])
