"""What makes it quick to reproduce an entry: environments that are copied, and worlds of one region."""

import shutil
import venv
from pathlib import Path

import pytest
from tipdata.core.world import sizes


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with pip and nothing else."""
    folder = tmp_path_factory.mktemp("bare") / "environment"
    venv.create(folder, with_pip=True, symlinks=True)
    return folder


@pytest.fixture
def copied_environment(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install packages into copies of one environment: to make one takes seconds."""

    def create(folder: Path, **_: object) -> None:
        shutil.copytree(bare, folder, symlinks=True)

    monkeypatch.setattr("tipboard.submissions.packages.venv.create", create)


@pytest.fixture
def one_region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``tiny``, and every world of its size, have one region, in a home of its own."""
    known = {**sizes(), "tiny": 1}
    monkeypatch.setenv("TIPBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tipdata.release.release.sizes", lambda: known)
    monkeypatch.setattr("tipdata.release.manifests.manifest_folder", lambda: tmp_path / "no manifests")
