"""Releases that several tests read, made once for all workers, away from the user's own."""

import os
from pathlib import Path

import pytest
from tipdata.release import Release, open_release


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``$TIPBENCH_HOME`` where it is set, else a temporary folder that the workers of a session share."""
    if "TIPBENCH_HOME" not in os.environ:
        base = tmp_path_factory.getbasetemp()
        shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
        os.environ["TIPBENCH_HOME"] = str(shared / "tipbench-home")
    return Path(os.environ["TIPBENCH_HOME"])


@pytest.fixture(scope="session")
def tiny(home: Path) -> Release:
    return open_release("0.3.0", "tiny", engine="sequential", quiet=True)


@pytest.fixture(scope="session")
def small(home: Path) -> Release:
    return open_release("0.3.0", "small", engine="sequential", quiet=True)
