"""Rounds of all tasks, made once, and their host's folder; tests that change something take copies of a small one."""

import shutil
import sys
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

sys.path.insert(0, str(Path(__file__).parent))

OPENS = datetime(2026, 6, 1, 12, tzinfo=UTC)
CLOSES = "2026-06-30"
SEED = bytes.fromhex("9f3ac1d07be2485596e10f8824d37ab1c65e0b97f2a4d81863cf50b9e7126dd4")
"""Of dice, so that tests of chance do not fail by it."""


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
        return RegionFolders("whole", self.secret / "tables", self.round.region_numbers, whole=True)

    def table(self, name: str) -> pl.DataFrame:
        """A published table, all regions."""
        return (
            RegionFolders("inputs", self.public / "inputs", self.round.region_numbers, False)
            .scan(name)
            .collect()
        )


def _round(place: Path, regions: int) -> Host:
    order = RoundOrder("spring-2026", "tiny", CLOSES, place / "secret", place / "public")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(new.secrets, "token_bytes", lambda number: SEED[:number])
        patched.setattr(new, "sizes", lambda: {"tiny": regions})
        new_round(order, OPENS, engine="sequential", quiet=True)
    described, seed = open_secret(order.secret)
    return Host(order.public, order.secret, described, seed)


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    """Eight regions, as tiny has: enough for claims about chance."""
    return _round(tmp_path_factory.mktemp("seal"), 8)


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Host:
    """Two regions: what happens to files, submissions and ledgers is the same, and quickly copied and made again."""
    return _round(tmp_path_factory.mktemp("few"), 2)


@pytest.fixture
def copy(few: Host, tmp_path: Path) -> Host:
    """A copy that may be changed, without the whole tables."""
    public, secret = tmp_path / "public", tmp_path / "secret"
    shutil.copytree(few.public, public)
    shutil.copytree(few.secret, secret, ignore=shutil.ignore_patterns("tables"))
    (secret / "published").write_text(f"{public}\n", encoding="utf-8")
    return Host(public, secret, few.round, few.seed)
