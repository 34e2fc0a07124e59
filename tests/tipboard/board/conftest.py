"""What makes it quick to reproduce an entry: environments that are copied."""

import shutil
import venv
from pathlib import Path

import pytest


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
