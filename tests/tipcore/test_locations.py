"""Where releases live, also for a user of whom the system knows no home folder."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tipcore.errors import UsageError
from tipcore.locations import expand_home, home

PACKAGES = [Path(__file__).parents[2] / name for name in ("benchmark", "baselines", "datasets")]
NOBODY = "~nobody-of-that-name/x"


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """No HOME, and a user id that the system has no name for."""
    import pwd

    def unknown(who: object) -> None:
        raise KeyError(f"uid not found: {who}")

    for name in ("HOME", "TIPBENCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.skipif(os.name == "nt", reason="Windows asks nobody for a name")
@pytest.mark.parametrize(
    "words",
    [
        ("data", "make", "release=tiny"),
        ("data", "verify", "release=tiny"),
        ("run", "baseline=prevalence/chao_lower", "release=tiny"),
        ("list", "releases"),
    ],
)
def test_without_a_home_folder_it_is_said_what_to_set(
    homeless: None, tipbench: Callable[..., tuple[int, str, str]], words: tuple[str, ...], place: Path
) -> None:
    assert tipbench(*words) == (
        2,
        "",
        "tipbench: There is no place for releases, since HOME is not set and this user has no home folder: set "
        "TIPBENCH_HOME to a folder.\n",
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows asks nobody for a name")
def test_without_a_home_folder_a_folder_that_was_chosen_is_used(
    homeless: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="set TIPBENCH_HOME"):
        home()
    monkeypatch.setenv("TIPBENCH_HOME", "/somewhere")
    assert home() == Path("/somewhere")
    monkeypatch.setenv("TIPBENCH_HOME", "~/x")
    assert home() == Path("~/x"), "nobody knows what it stands for"


def test_a_tilde_is_the_home_folder_where_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/zoe")
    assert expand_home("~/a") == Path("/home/zoe/a")
    assert expand_home(Path("a~/b")) == Path("a~/b")
    assert expand_home(NOBODY) == Path(NOBODY)


def test_the_home_of_somebody_unknown_is_a_path_that_is_not_there(
    tipbench: Callable[..., tuple[int, str, str]], place: Path
) -> None:
    code, _, said = tipbench("score", NOBODY, "task=prevalence")
    assert (code, said.count("\n")) == (2, 1)
    assert "is not a file" in said
    assert tipbench("submit", NOBODY)[0] == 2


def test_no_package_asks_for_a_home_folder_in_another_way() -> None:
    """``Path.expanduser`` raises a RuntimeError where nobody knows it."""
    files = [path for folder in PACKAGES for path in folder.rglob("*.py")]
    asking = [path.name for path in files if ".expanduser()" in path.read_text(encoding="utf-8")]
    assert len(files) > 400
    assert asking == []
