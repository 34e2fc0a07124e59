"""What a method is shown: its package, and nothing that merely lies where its package is looked for."""

import importlib
import sys
from pathlib import Path

import pytest
from tipbench.fence import session
from tipbench.fence.session import visible_paths


def made(folder: Path, *files: str) -> Path:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("", encoding="utf-8")
    importlib.invalidate_caches()
    return folder


def test_a_folder_that_is_no_package_is_not_shown_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path, "results9/method.py", "results9/truth.csv", "packaged9/__init__.py", "alone9.py")
    monkeypatch.syspath_prepend(str(tmp_path))
    source = tmp_path / "results9" / "method.py"
    targets = ["results9.method.M", "packaged9.method.M", "alone9.M"]
    shown = {place for place in visible_paths(targets, [source]).shown if place.startswith(str(tmp_path))}
    assert shown == {str(source), str(tmp_path / "packaged9"), str(tmp_path / "alone9.py")}


def test_a_method_of_another_environment_is_looked_for_there_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = made(tmp_path / "here", "one9/__init__.py", "both9/__init__.py")
    there = made(
        tmp_path / "there", "lib/python3.11/site-packages/both9/__init__.py", "lib/python3.11/lib.py"
    )
    monkeypatch.syspath_prepend(str(here))
    first = there / "lib" / "python3.11" / "site-packages"
    shown = visible_paths(["one9.M", "both9.M"], [], first=str(first)).shown
    assert not [place for place in shown if place.startswith(str(here))]
    assert {str(there), str(first / "both9")} <= set(shown)


@pytest.mark.parametrize(
    "below",
    [
        "lib/python3.11/site-packages",
        "lib/python3/dist-packages",
        "envs/other/lib64/python3.9/site-packages",
        "src",
    ],
)
@pytest.mark.parametrize("prefix", ["prefix", "base_prefix", "exec_prefix", "base_exec_prefix"])
def test_no_environment_below_what_is_shown_holds_the_generator(
    prefix: str, below: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(
        tmp_path,
        f"{below}/tipdata/__init__.py",
        f"{below}/tipboard/__init__.py",
        f"{below}/numpy/__init__.py",
    )
    monkeypatch.setattr(sys, prefix, str(tmp_path))
    session._withheld_in.cache_clear()
    hidden = {place for place in visible_paths([], []).hidden if place.startswith(str(tmp_path))}
    assert hidden == {str(tmp_path / below / name) for name in ("tipdata", "tipboard")}
