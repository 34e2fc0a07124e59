"""One export of some tasks, which the tests of this folder read; who changes it takes a copy."""

import shutil
from pathlib import Path

import pytest
from tipbench.publishing.export import export_release
from tipbench.task import Task
from tipbench.tasks import task_of
from tipdata.release import Release

TASKS = ("advert_risk", "assistance_triage", "case_linkage", "intervention_effect")
"""Labels of one column, of several, of several rows a unit, and a split that has nothing to learn from."""


@pytest.fixture(scope="session")
def chosen() -> list[Task]:
    """The tasks of the export."""
    return [task_of(name) for name in TASKS]


@pytest.fixture(scope="session")
def exported(tiny: Release, chosen: list[Task], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of ``tiny`` with the headline split of :data:`TASKS`."""
    to = tmp_path_factory.mktemp("export") / "tiny"
    export_release(tiny, str(to), only=chosen, splits="headline")
    return to


@pytest.fixture
def copy(exported: Path, tmp_path: Path) -> Path:
    """A copy of the export, to be changed."""
    shutil.copytree(exported, tmp_path / "copy")
    return tmp_path / "copy"
