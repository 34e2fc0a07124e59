"""One round of all tasks, its bundle unpacked as the host's worker unpacks it, and predictions of chance."""

import hashlib
import importlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import yaml
from tipboard.rounds import new
from tipboard.rounds.host import read_answers
from tipboard.rounds.new import new_round
from tipboard.rounds.record import Round

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT / "examples" / "codabench"), str(ROOT / "tests" / "tipboard" / "submissions")]
guess = importlib.import_module("guesses").guess  # as tests of submissions guess
from tipcodabench.bundle import BundleOrder, export  # noqa: E402

SEED = hashlib.sha256(b"a seed for tests").digest()


@dataclass(frozen=True)
class Host:
    """``public``: what is published; ``secret``: what the host keeps; ``bundle``: what is uploaded."""

    public: Path
    secret: Path
    bundle: Path
    round: Round


@dataclass(frozen=True)
class Ran:
    """How the scoring program ended, and its output folder."""

    code: int
    stdout: str
    stderr: str
    output: Path


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    place = tmp_path_factory.mktemp("codabench")
    order = new.RoundOrder("spring-2026", "tiny", "2026-06-30", place / "secret", place / "public")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(new.secrets, "token_bytes", lambda number: SEED[:number])
        patched.setattr(new, "sizes", lambda: {"tiny": 2})
        made = new_round(order, datetime(2026, 6, 1, tzinfo=UTC), engine="sequential", quiet=True)
    bundle = place / "bundle.zip"
    export(BundleOrder(order.secret, bundle, image="example/tipbench-scoring:0.5.0"))
    return Host(order.public, order.secret, bundle, made)


@pytest.fixture(scope="session")
def unpacked(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle's files, which no test may change."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(host.bundle) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def chance(host: Host) -> dict[str, pl.DataFrame]:
    """Predictions of every task, which are well-formed and know nothing."""
    return {name: guess(read_answers(host.secret, name)) for name in host.round.tasks}


@pytest.fixture
def as_the_host(unpacked: Path, tmp_path: Path) -> Callable[..., Ran]:
    """Hand files in and run the scoring program as the worker does; see :func:`run_as_the_host`."""
    count = iter(range(100))

    def run(files: Mapping[str, pl.DataFrame | bytes], before: tuple[str, ...] = ()) -> Ran:
        app = tmp_path / f"app{next(count)}"
        handed_in(app / "input" / "res", files)
        return run_as_the_host(app, unpacked, before)

    return run


def handed_in(folder: Path, files: Mapping[str, pl.DataFrame | bytes]) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            content.write_parquet(path)


def run_as_the_host(app: Path, unpacked: Path, before: tuple[str, ...] = ()) -> Ran:
    """``/app/{program,input/ref,input/res,output}`` below a folder, and the command of ``metadata.yaml`` in it.

    Python is isolated (``-I``): neither PYTHONPATH nor the folder of this checkout is seen, and a tipbench that is
    installed stands behind the bundle's own. The worker also leaves a file ``metadata`` beside what was handed in.
    ``before``: options of Python in the place of ``-I``.
    """
    shutil.copytree(unpacked / "scoring_program", app / "program")
    (app / "input" / "ref").symlink_to(unpacked / "reference_data")
    (app / "input" / "res" / "metadata").write_text("exitCode: null\n", encoding="utf-8")
    (app / "output").mkdir()
    command = yaml.safe_load((app / "program" / "metadata.yaml").read_text(encoding="utf-8"))["command"]
    words = command.replace("/app/", f"{app}/").split(" ")
    assert words[0] == "python3"
    done = subprocess.run(
        [sys.executable, *(before or ("-I",)), *words[1:]],
        cwd=app / "program",
        env={"PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr, app / "output")
