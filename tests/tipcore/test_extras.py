"""What is not installed is named with the command that installs it, and all that an extra brings is declared."""

import json
import re
import tomllib
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest
import yaml
from tipbench.version import __version__
from tipcore import extras
from tipcore.errors import UsageError
from tipcore.extras import EXTRAS, extra_with, how_to_install, is_missing, require

ROOT = Path(__file__).parents[2]
BASELINES = sorted((ROOT / "configs" / "baseline").rglob("*.yaml"))

PACKAGE = "tipbench"
WHEEL = f"{PACKAGE}-{__version__}-py3-none-any.whl"
BY_NAME = re.compile(
    r"""pip3? install (?:-\S+ (?:[\w./]+ )?)*['"]?tipbench\b(?!-)|(?<![\w.])tipbench\\?\[\w"""
)
"""A command that takes tipbench from a package index, where anybody could register the name."""


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """An extra that nobody has, ``lost``, and one that is there, ``found``."""
    monkeypatch.setattr(extras, "EXTRAS", {"found": ("json", "csv"), "lost": ("json", "no_such_module")})


def test_an_extra_is_missing_where_one_of_its_modules_is(absent: None) -> None:
    assert (is_missing("found"), is_missing("lost"), is_missing("never named")) == (False, True, False)


def test_what_needs_an_extra_says_the_module_and_the_command(absent: None) -> None:
    require("found", "to_json")
    says = f"to_json needs no_such_module, which is not installed: {how_to_install('lost')}."
    with pytest.raises(UsageError, match=f"^{re.escape(says)}$"):
        require("lost", "to_json")


@pytest.mark.parametrize(
    ("origin", "hint"),
    [
        ({"url": f"file:///a%20b/{WHEEL}"}, f"'{WHEEL}[lost]' in the folder of the wheel"),
        ({"url": "file:///a.whl.d", "dir_info": {}}, "'.[lost]' in the tipbench checkout"),
        ({"url": "file:///a", "dir_info": {"editable": True}}, "-e '.[lost]' in the tipbench checkout"),
        ({}, "'.[lost]' in the tipbench checkout"),
    ],
)
def test_the_command_for_an_extra_names_the_wheel_or_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: dict, hint: str
) -> None:
    (tmp_path / "direct_url.json").write_text(json.dumps(origin), encoding="utf-8")
    monkeypatch.setattr("importlib.metadata.distribution", lambda name: PathDistribution(tmp_path))
    assert how_to_install("lost") == f"python3 -m pip install {hint}"


def test_no_file_tells_a_reader_to_install_tipbench_from_a_package_index() -> None:
    hints = f"'{PACKAGE}[course]'", f"pip install {PACKAGE}", f'pip3 install -c x.txt "{PACKAGE}==0.5.0"'
    assert all(map(BY_NAME.search, hints))
    folders = ("benchmark", "baselines", "datasets", "configs", "docs", "tests", ".ci", ".github")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*")] + [*ROOT.glob("*.[my]*")]
    kinds = ("", ".py", ".md", ".yaml", ".yml", ".html", ".json", ".txt")
    files = [path for path in found if path.suffix in kinds and path.is_file()]
    assert len(files) > 1000
    assert [str(path) for path in files if BY_NAME.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("page", ["docs/guide.md", "docs/course/README.md"])
def test_a_page_that_names_the_wheel_names_that_of_this_version(page: str) -> None:
    assert f"'{WHEEL}[" in (ROOT / page).read_text(encoding="utf-8")


def test_the_extra_of_a_module_is_found_and_only_where_it_is_missing(absent: None) -> None:
    assert extra_with("no_such_module") == "lost"
    assert [extra_with(module) for module in ("csv", "another", None)] == [None, None, None]


def test_a_folder_without_code_is_no_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, absent: None
) -> None:
    """As ``datasets`` of a checkout is, where the library is not installed."""
    folder = tmp_path / "no_such_module"
    folder.mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert is_missing("lost")
    (folder / "__init__.py").touch()
    assert not is_missing("lost")


def test_every_extra_of_the_code_is_one_of_the_distribution() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert EXTRAS.keys() <= project["optional-dependencies"].keys()


@pytest.mark.parametrize("path", BASELINES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_baseline_that_needs_an_extra_names_it_to_the_program_and_to_the_reader(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"needs the extra (\w+)", text.partition("\n")[0])
    asked = yaml.safe_load(text).get("extra")
    assert named == ([] if asked is None else [asked])
    assert asked is None or asked in EXTRAS
