"""Options of config folders, also of installed packages."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from tipbench.config.compose import Composer, parse
from tipbench.config.options import GROUP, added_folders, config_folders, describe_option, options
from tipcore.errors import UsageError
from tipdata.release import Release


def test_a_later_folder_adds_options_and_replaces_files(tmp_path: Path) -> None:
    for folder, names in (("a", ["x/one", "x/two"]), ("b", ["x/two", "x/three"])):
        for name in names:
            path = tmp_path / folder / "baseline" / f"{name}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("name: x\n", encoding="utf-8")
    found = options([tmp_path / "a", tmp_path / "b"])["baseline"]
    assert list(found) == ["x/one", "x/three", "x/two"]
    assert found["x/two"] == tmp_path / "b" / "baseline" / "x" / "two.yaml"


def test_an_option_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r'release=tny does not exist\. Did you mean "tiny"\?'):
        Composer(config_folders(None), parse(["release=tny"])).settings(general=True)


def test_the_first_comment_describes_a_file_without_a_summary(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("# @package _global_\n# What it is for.\n# more\ngrid: null\n", encoding="utf-8")
    assert describe_option(path)["summary"] == "What it is for."


def test_a_fifo_or_bytes_that_are_no_text_are_refused(tmp_path: Path, fifo: Callable[[Path], None]) -> None:
    path = tmp_path / "mine.yaml"
    for content, says in (
        (b"a: [1,\n", "is not readable YAML"),
        (b"\xff", "cannot be read: it is not UTF-8"),
    ):
        path.write_bytes(content)
        with pytest.raises(UsageError, match=rf"mine\.yaml {says}"):
            describe_option(path)
    fifo(path)
    with pytest.raises(UsageError, match=r"mine\.yaml cannot be read: it is not a regular file"):
        describe_option(path)


def add_configs(folder: Path, package: str, *baselines: str, value: str | None = None) -> None:
    """Lay out a package with configs of ``own_methods.Length``, as pip does."""
    metadata = folder / f"{package}-1.0.dist-info"
    metadata.mkdir(parents=True)
    text = f"[{GROUP}]\n{package} = {value or f'{package}.configs'}\n"
    (metadata / "entry_points.txt").write_text(text, encoding="utf-8")
    (folder / package).mkdir()
    broken = "raise RuntimeError('a package that does not start')\n"
    (folder / package / "__init__.py").write_text(broken, encoding="utf-8")
    for name in baselines:
        path = folder / f"{package}_configs" / "baseline" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"# A test.\nname: {name}\nsummary: a test\nreference: null\nmethod:\n  _target_: own_methods.Length\n",
            encoding="utf-8",
        )


@pytest.fixture
def site(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = place / "site, packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def test_a_package_adds_baselines_that_are_listed_and_run(site: Path, tipbench, tiny: Release) -> None:
    add_configs(site, "acme", "advert_risk/acme_length", value="acme_configs")
    listed = json.loads(tipbench("list", "baselines", "--json")[1])
    assert "advert_risk/acme_length" in [line["name"] for line in listed]
    code, out, err = tipbench("run", "baseline=advert_risk/acme_length", "replicates=0")
    assert code == 0, err
    assert "acme_length" in out


def test_a_users_folder_comes_after_those_of_packages(site: Path, own_configs: Path) -> None:
    add_configs(site, "acme", "advert_risk/length", value="acme_configs")
    assert config_folders(str(own_configs))[1:] == (site / "acme_configs", own_configs)
    composer = Composer(config_folders(str(own_configs)), parse(["baseline=advert_risk/length"]))
    assert composer.settings().baseline.method["sign"] == 1.0


def test_a_package_cannot_replace_a_baseline_of_tipbench_or_of_another(site: Path) -> None:
    add_configs(site, "acme", "advert_risk/prior", value="acme_configs")
    says = "the packages tipbench and acme both have baseline/advert_risk/prior.yaml: uninstall one"
    with pytest.raises(UsageError, match=says):
        added_folders()


@pytest.mark.parametrize("value", ["nowhere_at_all", "acme.configs"])
def test_configs_that_cannot_be_found_are_one_sentence_and_stop_nothing(
    site: Path, caplog: pytest.LogCaptureFixture, value: str
) -> None:
    add_configs(site, "acme", value=value)
    with caplog.at_level(logging.WARNING):
        assert added_folders() == []
    assert f"the configs of the package acme are not found at {value}" in caplog.text
