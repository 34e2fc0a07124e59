"""Releases that several tests read, made once for all workers; methods of a user's own, and a place to run them."""

import os
import signal
import sys

# One thread each: other workers have the other cores, and sums in another order differ in the last digit.
os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"})

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tipdata.release import Release, open_release

sys.path.append(str(Path(__file__).parent))  # for modules that tests of several folders share

# How fast a machine is, is not a claim of a test. More examples: `--hypothesis-profile=thorough`, as in CI.
for profile, examples in (("quick", 30), ("thorough", 100)):
    settings.register_profile(
        profile, deadline=None, max_examples=examples, suppress_health_check=[HealthCheck.too_slow]
    )
settings.load_profile("quick")

OWN_METHODS = """
import polars as pl


class Length:
    needs = frozenset({"adverts.body"})
    stochastic = False

    def __init__(self, sign=1.0):
        self.sign = sign

    def fit(self, fold, seed):
        pass

    def predict(self, fold):
        units = fold.to_predict().collect()
        length = pl.col("body").str.len_chars()
        return units.select("advert", score=self.sign * length / length.max())


class Chance(Length):
    stochastic = True

    def fit(self, fold, seed):
        self.sign = -1.0 if seed % 2 else 1.0


class Broken(Length):
    def fit(self, fold, seed):
        raise ArithmeticError("it does not add up")


class Greedy(Length):
    needs = frozenset({"accounts.verified"})
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--small", default="0.5.0/small", metavar="RELEASE", help="what leak gates run on: 0.5.0/small.w1"
    )


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``$TIPBENCH_HOME`` where it is set, else a temporary folder that the workers of a session share."""
    if "TIPBENCH_HOME" not in os.environ:
        base = tmp_path_factory.getbasetemp()
        shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
        os.environ["TIPBENCH_HOME"] = str(shared / "tipbench-home")
    return Path(os.environ["TIPBENCH_HOME"])


@pytest.fixture(scope="session", autouse=True)
def one_core() -> Iterator[None]:
    """Other workers of the session have the other cores: what would start a process a core starts none.

    Tests of several processes say how many.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("joblib.cpu_count", lambda *_, **__: 1)
        yield


@pytest.fixture(scope="session")
def tiny(home: Path) -> Release:
    return open_release("0.5.0", "tiny", engine="sequential", quiet=True)


@pytest.fixture(scope="session")
def small(home: Path, request: pytest.FixtureRequest) -> Release:
    wanted = Release.from_name(str(request.config.getoption("--small")))
    return open_release(wanted.version, wanted.size, engine="sequential", quiet=True, world=wanted.world)


@pytest.fixture
def fifo() -> Iterator[Callable[[Path], None]]:
    """Put a FIFO in the place of a file; a test that waits for someone to write to it fails after 20 seconds."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no FIFO")

    def put(path: Path) -> None:
        path.unlink(missing_ok=True)
        os.mkfifo(path)

    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it waits at a FIFO"))
    signal.alarm(20)
    yield put
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder whose name is hard, with the module ``own_methods`` on the path."""
    folder = tmp_path / "a b=(c), ملف"
    folder.mkdir()
    (folder / "own_methods.py").write_text(OWN_METHODS, encoding="utf-8")
    monkeypatch.chdir(folder)
    sys.modules.pop("own_methods", None)
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture
def own_configs(place: Path) -> Path:
    """A ``--config-dir`` with the baselines ``advert_risk/length``, ``chance``, ``broken`` and ``greedy``."""
    folder = place / "my configs, =(1)"
    for name in ("Length", "Chance", "Broken", "Greedy"):
        write_baseline(folder, f"advert_risk/{name.lower()}", f"own_methods.{name}", "sign: 1.0")
    return folder


def write_baseline(folder: Path, name: str, target: str, argument: str = "") -> None:
    path = folder / "baseline" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"# A test.\nname: {name}\nsummary: a test\nreference: null\nmethod:\n  _target_: {target}\n"
        + (f"  {argument}\n" if argument else ""),
        encoding="utf-8",
    )


@pytest.fixture
def tipbench(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Run a command in this process: exit code, standard output, standard error.

    Progress is silent: how long work takes on a busy machine is not a claim of any test.
    """
    from tipbench.cli import main
    from tipcore import progress

    monkeypatch.setattr(progress, "LINE_SECONDS", float("inf"))

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = main(list(words))
        except SystemExit as left:
            code = int(left.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def refused(tipbench: Callable[..., tuple[int, str, str]]) -> Callable[..., str]:
    """Run a command that is refused, exit code 2 and nothing on standard output: the one line that says why."""

    def run(*words: str) -> str:
        code, out, said = tipbench(*words)
        assert (code, out, said.count("\n")) == (2, "", 1), said
        return said

    return run
