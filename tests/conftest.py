"""Releases that several tests read, made once a session (or taken from ``$TIPBENCH_HOME`` where they are whole)."""

import pytest
from tipdata.release import Release, open_release


@pytest.fixture(scope="session")
def tiny() -> Release:
    return open_release("0.1.0", "tiny", engine="sequential", quiet=True)


@pytest.fixture(scope="session")
def small() -> Release:
    return open_release("0.1.0", "small", engine="sequential", quiet=True)
