"""A release of two regions, which stands in for a real one."""

from pathlib import Path

import pytest
from tipdata.core import world as world_module
from tipdata.core.world import newest_released
from tipdata.release import Release
from tipdata.release import release as release_module

NEWEST = newest_released()


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    """A release of two regions in a folder whose name has spaces, `=`, parentheses and Arabic letters."""
    home = tmp_path / "a b=(c) بيت"
    monkeypatch.setenv("TIPBENCH_HOME", str(home))
    monkeypatch.setattr(release_module, "sizes", lambda: {"pair": 2, **world_module.sizes()})
    return Release.of(NEWEST, "pair")
