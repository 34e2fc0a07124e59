"""Configs that installed packages add by entry point."""

import json
import logging
from pathlib import Path

import pytest
from tipbench.config.compose import Composer, parse
from tipbench.config.paths import GROUP, added_folders, config_folders
from tipcore.errors import UsageError
from tipdata.release import Release


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
