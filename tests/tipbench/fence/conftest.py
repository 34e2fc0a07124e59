"""A fence around a method of :mod:`hostile`, on a fold of the release tiny."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from tipbench.data.fold import Prepared
from tipbench.data.relabelling import relabel
from tipbench.fence import FILE_BYTES
from tipbench.fence.method import FencedMethod
from tipbench.fence.session import Limits, Session, visible_paths
from tipbench.loading import prepare

HERE = Path(__file__).parent
Put = Callable[..., FencedMethod]
USUAL = Limits()
sys.path.append(str(HERE))
MODULES = ("couriers", "hostile", "honest", "liars", "ways")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where there is no Linux there is no fence; on Linux nothing is skipped."""
    if sys.platform == "linux":
        return
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="a fence needs Linux"))


@pytest.fixture(scope="session")
def prepared(tiny: object) -> Prepared:
    return prepare("advert_risk", release="tiny", labels="truth")


@pytest.fixture(scope="session")
def fenced(prepared: Prepared) -> Prepared:
    return relabel(prepared, bytes(range(32)))


@pytest.fixture
def put(tmp_path: Path) -> Iterator[Put]:
    """Put a class of :mod:`hostile` behind a fence: put("Attack", what=...). ``preload``: as of a session."""
    made: list[FencedMethod] = []

    def one(
        name: str, limits: Limits = USUAL, preload: Sequence[str] = (), **arguments: object
    ) -> FencedMethod:
        module = {"Attack": "hostile", "Courier": "couriers"}.get(name, "liars")
        target, folder = f"{module}.{name}", tmp_path / f"fold{len(made)}"
        folder.mkdir()
        session = Session(
            visible_paths([target], [HERE / f"{name}.py" for name in MODULES]),
            folder,
            limits,
            preload=preload,
        )
        try:
            made.append(FencedMethod(session, folder, {"_target_": target, **arguments}, FILE_BYTES["tiny"]))
        except BaseException:
            session.close()
            raise
        return made[-1]

    yield one
    for method in made:
        method.close()
