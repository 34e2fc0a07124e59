"""Rounds of all tasks, made once for all workers, and their host's folder; tests that change something take a copy."""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from tipboard.rounds import new
from tipboard.rounds.host import open_secret
from tipboard.rounds.new import RoundOrder, new_round
from tipboard.rounds.record import Round
from tipboard.rounds.source import RegionFolders
from tipcore.operating_system import file_lock

sys.path.insert(0, str(Path(__file__).parent))

OPENS = datetime(2026, 6, 1, 12, tzinfo=UTC)
SEED = bytes.fromhex("9f3ac1d07be2485596e10f8824d37ab1c65e0b97f2a4d81863cf50b9e7126dd4")
"""Drawn with dice once, so that tests of chance always give the same answer."""


@dataclass(frozen=True)
class Host:
    """``public``: what is published; ``secret``: what the host keeps."""

    public: Path
    secret: Path
    round: Round
    seed: bytes

    @property
    def whole(self) -> RegionFolders:
        """All tables in labels, hidden columns included."""
        return RegionFolders(
            "whole", self.round.data, self.secret / "tables", self.round.region_numbers, whole=True
        )

    def table(self, name: str) -> pl.DataFrame:
        """A published table, all regions."""
        return (
            RegionFolders("inputs", self.round.data, self.public / "inputs", self.round.region_numbers, False)
            .scan(name)
            .collect()
        )


def _round(factory: pytest.TempPathFactory, regions: int) -> Host:
    base = factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"round-of-{regions}"
    order = RoundOrder("spring-2026", "tiny", "2026-06-30", place / "secret", place / "public")
    place.mkdir(exist_ok=True)
    with file_lock(place / "lock"), pytest.MonkeyPatch.context() as patched:
        if not order.public.exists():
            patched.setattr(new.secrets, "token_bytes", lambda number: SEED[:number])
            patched.setattr(new, "sizes", lambda: {"tiny": regions})
            new_round(order, OPENS, engine="sequential", quiet=True)
    described, seed = open_secret(order.secret)
    return Host(order.public, order.secret, described, seed)


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    """Two regions."""
    return _round(tmp_path_factory, 2)


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Host:
    """Eight regions, as tiny has: enough for claims about chance."""
    return _round(tmp_path_factory, 8)


@pytest.fixture(scope="session")
def copied(host: Host) -> Callable[[Path], Host]:
    """Copy the round to a folder, where it may be changed, without the whole tables."""

    def copied(place: Path) -> Host:
        shutil.copytree(host.public, place / "public")
        shutil.copytree(host.secret, place / "secret", ignore=shutil.ignore_patterns("tables"))
        (place / "secret" / "published").write_text(f"{place / 'public'}\n", encoding="utf-8")
        return Host(place / "public", place / "secret", host.round, host.seed)

    return copied


@pytest.fixture
def copy(copied: Callable[[Path], Host], tmp_path: Path) -> Host:
    return copied(tmp_path)


@pytest.fixture(autouse=True)
def quick(in_process: None) -> None:
    """Submissions, all of them honest here, are read in this process."""
