"""Do what a user on Windows would do, on Linux as :mod:`sitecustomize` makes it: ``python tests/windows/journey.py``.

Every command must end with the code and the words that are expected of it, and without a traceback. The first that does
not ends the journey with its output and exit code 1.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
TIPBENCH = (sys.executable, "-m", "tipbench")
PATIENCE = 900
ABOUT = "team=acme method=chao summary='A bound of Zoë.' authors='Zoë, Acme'"
OUT, ERR = "out.txt", "err.txt"

OWN_METHOD = """\
import polars as pl


class Length:
    needs = frozenset({"adverts.body"})
    stochastic = False

    def fit(self, fold, seed):
        pass

    def predict(self, fold):
        return fold.to_predict().select("advert", score=(pl.col("body").str.len_chars() / 5000).clip(0, 1)).collect()
"""

SCRIPT = """\
import tipbench
from own_method import Length

fold = tipbench.load("advert_risk", release="tiny", split="forward")
method = Length()
method.fit(fold, seed=0)
found = tipbench.evaluate("advert_risk", method.predict(fold), release="tiny", split="forward", replicates=100)
tipbench.run(Length(), "advert_risk", release="tiny", split="forward", runs="from Python")
tipbench.plot("from Python").savefig("from Python.png")
print(type(found).__name__, len(fold.to_pandas()), tipbench.results("from Python").height)
"""

DATA = """\
task: advert_risk
files: adverts.csv
format: csv
unit: id
label: verdict
tables: {adverts: {body: text}}
"""


class Broken(Exception):
    """What was expected of a command and did not come."""


class Journey:
    """Commands in one folder, their environment, and how many there were."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.steps, self.began = folder, 0, time.monotonic()
        self.release, self.runs = folder / "cache of Zoë", folder / "runs"
        self.linux = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"}
        self.linux["TIPBENCH_HOME"] = str(self.release)
        path = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
        self.windows = self.linux | {"PYTHONPATH": os.pathsep.join(path), "PYTHONUTF8": "0"}

    def tipbench(self, line: str, *words: str, code: int = 0, says: str = "", page: bool = False) -> str:
        """Run a command to the end and return what it wrote to standard output.

        Args:
            line, words: the command, and words of it that are not to be split.
            code, says: the exit code, and words, that are expected.
            page: whether its output is to be in the code page.
        """
        command = (*TIPBENCH, *shlex.split(line), *words)
        environment = self.windows | ({"PYTHONIOENCODING": "cp1252"} if page else {})
        return self.ended(self.start(command, environment), line, code, says, "cp1252" if page else "utf-8")

    def stopped(
        self, line: str, when: Callable[[], bool], by: signal.Signals, code: int, says: str = ""
    ) -> None:
        """Run a command until something is there, then end it and its processes: by Ctrl-C, or at once."""
        running = self.start((*TIPBENCH, *shlex.split(line)), self.windows)
        end = time.monotonic() + PATIENCE
        while not when() and running.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        if running.poll() is None:
            os.killpg(running.pid, by)
        self.ended(running, f"{line} ({by.name})", code, says)

    @contextmanager
    def kept_open(self, path: Path) -> Iterator[None]:
        """Let another program have a file open inside."""
        code = "import sys; kept = open(sys.argv[1], 'rb'); print(flush=True); sys.stdin.read()"
        viewer = subprocess.Popen(
            (sys.executable, "-c", code, str(path)), env=self.windows,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert viewer.stdout is not None
        viewer.stdout.readline()
        try:
            yield
        finally:
            viewer.communicate()

    def start(self, command: tuple[str, ...], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start a command in a group of its own, as Ctrl-C in a console reaches all of a command's processes."""
        with open(self.folder / OUT, "wb") as out, open(self.folder / ERR, "wb") as err:
            return subprocess.Popen(
                command, cwd=self.folder, env=environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            )  # fmt: skip

    def ended(
        self,
        running: subprocess.Popen[bytes],
        line: str,
        code: int = 0,
        says: str = "",
        encoding: str = "utf-8",
    ) -> str:
        """Wait for the end of a command. Raises Broken where it is not as expected."""
        running.wait(timeout=PATIENCE)
        out = (self.folder / OUT).read_bytes().decode(encoding)
        err = (self.folder / ERR).read_bytes().decode(encoding, "replace")
        self.steps += 1
        sys.stdout.write(f"{time.monotonic() - self.began:5.0f} s  {line[:100]}\n")
        sys.stdout.flush()
        if running.returncode != code or "Traceback" in err or says not in out + err:
            raise Broken(f"{line}: exit code {running.returncode}, expected {code} and {says!r}\n{out}{err}")
        return out


def release_and_runs(journey: Journey) -> None:
    """The quickstart, killed while it makes the release, interrupted among its runs, and then to the end; a grid."""
    made, ran, again = journey.release.glob, journey.runs.rglob, "the same command goes on"
    journey.stopped("run", lambda: any(made("*/tiny/*/*.parquet")), signal.SIGKILL, -signal.SIGKILL)
    journey.stopped("run", lambda: any(ran("result.json")), signal.SIGINT, 130, again)
    journey.tipbench("run", says="figure: runs")
    journey.tipbench("data verify release=tiny engine.workers=2", says="all files match their checksums")
    journey.tipbench(
        "run -m baseline=prevalence/chao_lower,prevalence/independence split=all,region runs.path=again "
        "figure.path=again.png engine=loky engine.workers=2"
    )
    if not (journey.runs / "quickstart.png").stat().st_size:
        raise Broken("the quickstart made no figure")
    one = "run baseline=prevalence/chao_lower release=tiny overwrite=always"
    journey.tipbench(one)
    with journey.kept_open(next(journey.runs.glob("*/tiny/prevalence/all/chao_lower/*/result.json"))):
        journey.tipbench(one, code=2, says="cannot be written")
    journey.tipbench(one)


def what_is_read(journey: Journey) -> None:
    """Text of six scripts, in pipes that are UTF-8 and where somebody wants the code page."""
    if journey.tipbench("data preview release=tiny table=adverts rows=2 language=ar").isascii():
        raise Broken("the preview of adverts in Arabic holds no Arabic")
    journey.tipbench("data preview release=tiny language=ar rows=2", says="\\u06", page=True)
    json.loads(journey.tipbench("data preview release=tiny language=zh rows=2 --json", page=True))
    found = sorted(journey.runs.glob("*/tiny/advert_risk/forward/*/*"))
    journey.tipbench("compare", *map(str, found[:2]), page=True)
    journey.tipbench(
        "score", str(found[0] / "predictions.parquet"), *["task=advert_risk", "release=tiny", "split=forward"]
    )


def own_data_and_method(journey: Journey) -> None:
    """A user's own adverts, in UTF-8 with Windows' line ends, and a user's own method, also from Python."""
    folder, texts = journey.folder, ("طاولة to sell", "urgent работа")
    rows = "".join(f"{number},{number % 2},{texts[number % 2]} {number}\r\n" for number in range(60))
    (folder / "adverts.csv").write_bytes(f"\ufeffid,verdict,text\r\n{rows}".encode())
    (folder / "own_method.py").write_text(OWN_METHOD, encoding="utf-8")
    (folder / "configs" / "data").mkdir(parents=True)
    for name in ("mine", "con"):
        config = folder / "configs" / "data" / f"{name}_data.yaml"
        config.write_text(f"name: {name}\n{DATA}", encoding="utf-8")
    own = "run --config-dir configs baseline=advert_risk/tfidf_logreg split=kfold data="
    journey.tipbench(f"{own}mine_data", f"data.path={folder}")
    journey.tipbench(f"{own}con_data", f"data.path={folder}", code=2, says="Windows keeps that name")
    journey.tipbench("check own_method.Length task=advert_risk", says="keeps")
    journey.ended(
        journey.start((sys.executable, "-c", SCRIPT), journey.windows), "from Python", says="Evaluation"
    )


def submission_and_board(journey: Journey) -> None:
    """A submission as its authors make it, and a board of the runs; hosting is refused."""
    journey.tipbench(f"submit runs/0.5.0/tiny/prevalence/all/chao_lower --to acme--chao {ABOUT}")
    journey.tipbench("submit acme--chao", says="cannot limit the memory")
    journey.tipbench("board add runs=runs/0.5.0/tiny --to results --quiet")
    build = "board build results=results --to site --quiet"
    journey.tipbench(build)
    with journey.kept_open(journey.folder / "site" / "index.html"):
        journey.tipbench(build, code=2, says="site cannot be written")
    journey.tipbench(build)
    journey.tipbench("board export results=results --to board.md")
    journey.tipbench("board add submission=acme--chao --to results", code=2, says="needs a POSIX system")


def course(journey: Journey) -> None:
    """A lesson is started, and graded where there is no fence only by one who trusts it."""
    journey.tipbench("course start", page=True)
    journey.tipbench("course start leakage --to lessons")
    journey.tipbench("course start leakage --to lessons", code=2, says="is there already")
    journey.tipbench("course start leakage --solutions --to lecture")
    journey.tipbench("course start leakage --key lecture/key.json")
    grade = "course grade lecture/01_leakage.solution.ipynb key=lecture/key.json"
    journey.tipbench(grade, code=2, says="so no answer was run")
    journey.tipbench(f"{grade} fence=off", says="8 of 8 points")
    journey.tipbench("course grade lessons fence=off", code=1, says="not answered yet")


def main() -> int:
    """Go through all parts and return the exit code."""
    if not Path("/proc/self/fd").is_dir():
        sys.stderr.write("the journey needs Linux: what is open is read from its /proc.\n")
        return 2
    parts = (release_and_runs, what_is_read, own_data_and_method, submission_and_board, course)
    with tempfile.TemporaryDirectory(prefix="Users of tipbench, ") as folder:
        journey = Journey(Path(folder))
        try:
            for part in parts:
                part(journey)
        except Broken as error:
            sys.stderr.write(f"{error}\n")
            return 1
    used = os.times()
    seconds = used.children_user + used.children_system
    sys.stdout.write(f"{journey.steps} commands as on Windows, {seconds:.0f} s of CPU\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
