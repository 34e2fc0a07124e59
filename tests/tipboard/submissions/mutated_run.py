"""What the command line makes of a mutated folder: refused, inert, lawful, or one of the things that must not be.

Each command runs in this process as its user's would, output captured; what it wrote is undone. A folder that is
accepted is *inert* where what is stored or scored is that of the honest folder, and *lawful* where a mutation made
other predictions that may be handed in.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import mutated_files  # noqa: F401
import mutated_parquet  # noqa: F401
import mutated_record  # noqa: F401
import mutated_values  # noqa: F401
from guesses import guess
from mutated_case import COMMANDS, SEASON_COMMANDS, SECRET, Made, made, names_below, packed, tidy
from tipbench.cli import main
from tipbench.loading import prepare
from tipbench.runs.frames import RESULTS, read_results
from tipbench.tasks import tasks
from tipboard.seasons.record import FOLDS, SEASON, Season, to_json, versions_here
from tipboard.seasons.units import blank_answers
from tipboard.seasons.worlds import write_fold

DATA, OF_SEASON, SPRING = "0.5.0/tiny", "season-risk", "spring"
SEASON_TASKS, WORLDS = ("advert_risk", "prevalence"), ("w1", "w2", "w3", "w4", "w5", "w6")
"""What :data:`OF_SEASON` answers of a season whose worlds are all the released one."""
SECONDS, HANGS, MEBIBYTES = 5.0, 60.0, 1024.0
"""CPU seconds that no folder may take more than, with the process that reads it; wall seconds, which others on the same
cores lengthen, after which it hangs; what no process may take more than."""
USUAL = 320
"""MiB that a process has of libraries alone."""
LONGEST_ANSWER = 2_100
REPLICATES = "20"
GOOD = ("refused", "inert", "lawful")
BAD = ("traceback", "over 5 s", "over 1 GiB", "written", "wrongly accepted", "unlike", "unclear")
OUTCOMES = (*GOOD, *BAD)
"""``written``: outside of what the command keeps; ``unlike``: accepted as another submission than was handed in;
``unclear``: refused in other words than a sentence or a line a problem."""


def bases(into: Path, names: Sequence[str] | None = None) -> dict[str, Path]:
    """Honest folders by the name of their task, or of what answers a season, of these names or of all."""
    found = {}
    for name in [*tasks(), OF_SEASON] if names is None else names:
        method = name.replace("_", "-")
        to = into / "honest" / f"acme--{method}"
        if name == OF_SEASON:
            frames = {
                f"{task}/{world}/s0.parquet": guess(
                    blank_answers(tasks()[task], into / "public" / FOLDS / task / world)
                )
                for task in SEASON_TASKS
                for world in WORLDS
            }
            found[name] = packed(to, f"season/{SPRING}", frames, method, DATA.partition("/")[0])
        else:
            file = f"{name}/{tasks()[name].splits[0]}/s0.parquet"
            found[name] = packed(to, DATA, {file: guess(prepare(name, release=DATA).answers)}, method)
    return found


def publish_season(into: Path, names: Sequence[str] = SEASON_TASKS) -> Path:
    """Write the terms and units of a season to ``public`` below a folder; return that."""
    version, size = DATA.split("/")
    days = [datetime(2027, month, 1, tzinfo=UTC) for month in (1, 3, 4)]
    season = Season(
        name=SPRING, opens=days[0], closes=days[1], predictions=days[2], data=version, size=size, worlds=len(WORLDS),
        tasks=list(names), minutes=10, memory_gib=4, commitment="0" * 64, **versions_here(version, size, names),
    )  # fmt: skip
    for task in names:
        [fold] = prepare(task, release=DATA).folds
        for world in range(1, len(WORLDS) + 1):
            write_fold(into / "public" / FOLDS, task, world, fold)
    (into / "public" / SEASON).write_text(to_json(season), encoding="utf-8")
    return into / "public"


@dataclass(frozen=True)
class Stage:
    """Where folders are made and given to commands. ``honest``: by base and command, what the honest one gives."""

    place: Path
    bases: dict[str, Path]
    honest: dict[tuple[str, str], Any] = field(default_factory=dict)

    def words(self, command: str, folder: Path, file: str) -> list[str]:
        """The command line for a folder."""
        task, split, _ = file.split("/")
        release, public = (
            ["release=tiny", f"release.version={DATA.split('/')[0]}"],
            str(self.place / "public"),
        )
        asked = [f"task={task}", f"split={split}", f"replicates={REPLICATES}", *release]
        return {
            "check": ["submit", str(folder), f"replicates={REPLICATES}"],
            "accept": ["board", "add", f"submission={folder}", "--to", str(self.place / "results")],
            "score": ["score", str(folder / file), *asked],
            "check season": ["submit", str(folder), f"season={public}"],
        }[command] + ["--json"]

    def of_this_process(self) -> Stage:
        """The same with results that no other process writes to."""
        mine = self.place / f"worker-{os.getpid()}"
        if not mine.exists():
            mine.mkdir()
            (mine / "public").symlink_to(self.place / "public", target_is_directory=True)
        return replace(self, place=mine)

    def kept(self) -> list[Path]:
        """What commands may write."""
        return [self.place / "results"]


@dataclass(frozen=True)
class Outcome:
    """What became of a folder. ``said``: by the command; ``apart``: how a process of its own differs, if it does."""

    number: int
    base: str
    family: str
    mutation: str
    command: str
    kind: str
    code: int | None
    seconds: float
    mebibytes: float
    said: str
    apart: str = ""


@dataclass(frozen=True)
class _Ran:
    code: int | None
    out: str
    err: str
    seconds: float
    wall: float
    mebibytes: float


def stage(place: Path, names: list[str] | None = None) -> Stage:
    """A season, honest folders, and what the commands make of them."""
    publish_season(place)
    found = Stage(place, bases(place, names))
    for name, folder in found.bases.items():
        record = json.loads((folder / "submission.json").read_text(encoding="utf-8"))
        for entry in record["predictions"]:
            for command in SEASON_COMMANDS if record["data"].startswith("season/") else COMMANDS:
                ran = _here(found.words(command, folder, entry["file"]))
                if ran.code != 0:
                    raise RuntimeError(f"{command} of the honest {name}: {ran.err}")
                found.honest[name, command] = _meaning(found, command, ran.out)
                _undo(found)
    return found


def outcome(found: Stage, number: int, seed: int, real: bool = False) -> Outcome:
    """Make the folder of a number, give it to its command, undo what was done. ``real``: in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as place:
        into = Path(place) / "into"
        into.mkdir()
        (Path(place) / "scratch").mkdir()
        one = made(number, seed, found.bases, into)
        words = found.words(one.command, one.mutant.folder, one.mutant.file)
        before = names_below(into), _contents(found)
        ended = Event()
        beside = Thread(target=one.mutant.during or (lambda _: None), args=(ended,))
        beside.start()
        try:
            ran = _apart(words, Path(place) / "scratch") if real else _here(words, Path(place) / "scratch")
        finally:
            ended.set()
            beside.join()
        kind = _kind(found, one, ran, before, Path(place) / "scratch")
        _undo(found)
        tidy(into)
    said = (ran.err or ran.out).replace(place, "PLACE")
    base, family = one.base, one.mutation.family
    return Outcome(
        number, base, family, one.mutation.name, one.command, kind, ran.code, ran.seconds, ran.mebibytes, said
    )


def with_apart(here: Outcome, apart: Outcome) -> Outcome:
    """The outcome in this process, with how that in a process of its own differs from it, if it does.

    What is seen of a swap is chance; what is said of a folder that is accepted tells the time that it took.
    """
    if here.family == "swaps":
        alike = apart.kind in GOOD
    else:
        said = [(one.code, one.kind, one.said if one.code else "") for one in (here, apart)]
        alike = said[0] == said[1]
    return here if alike else replace(here, apart=f"apart: {apart.code}, {apart.kind}: {apart.said[-700:]}")


def _kind(found: Stage, one: Made, ran: _Ran, before: tuple[list[str], dict[str, Any]], scratch: Path) -> str:
    into = one.mutant.outside.parent
    outside = one.mutant.outside / "kept.txt"
    # What swaps do themselves is no writing of the command.
    names_stay = one.mutant.during is not None or names_below(into) == before[0]
    if ran.code is None or "Traceback" in ran.err or ran.code not in (0, 1, 2):
        return "traceback"
    if ran.seconds > SECONDS or ran.wall > HANGS:
        return "over 5 s"
    if ran.mebibytes > MEBIBYTES:
        return "over 1 GiB"
    if not names_stay or any(scratch.iterdir()) or outside.read_text(encoding="utf-8") != SECRET:
        return "written"
    if ran.code:
        if _contents(found) != before[1]:
            return "written"
        return "refused" if _is_plain(ran) else "unclear"
    return _accepted(found, one, ran)


def _accepted(found: Stage, one: Made, ran: _Ran) -> str:
    try:
        meaning = _meaning(found, one.command, ran.out)
    except ValueError:
        return "unlike"
    # `score` reads one file, whatever lies beside it.
    if one.mutation.refused and not (one.command == "score" and one.mutation.name in SCORED_ALL_THE_SAME):
        return "wrongly accepted"
    honest = found.honest[one.base, one.command]
    if meaning == honest:
        return "inert"
    return "unlike" if one.mutation.same or len(meaning) != len(honest) else "lawful"


SCORED_ALL_THE_SAME = frozenset(
    {
        "codecs_that_are_not_taken",
        "the_old_digest",
        "a_type_that_predictions_never_have",
        "rows_that_only_the_footer_declares",
        "strings_that_a_dictionary_repeats",
    }
)
"""What only a submission must not be."""


def _is_plain(ran: _Ran) -> bool:
    """Whether a refusal is short and printable, and names a file, a field or a command in each of its lines."""
    lines = ran.err.splitlines()
    plain = ran.err.replace("\n", "").isprintable() and len(ran.err) <= LONGEST_ANSWER
    return (
        plain
        and bool(lines)
        and lines[0].startswith("tipbench: ")
        and all(": " in one or "more." in one for one in lines[1:])
    )


def _meaning(found: Stage, command: str, out: str) -> list[Any]:
    """What is stored or scored, of each file. Raises ValueError for what is not strict JSON."""
    told = json.loads(out, parse_constant=_no_constant)
    if command == "score":
        return [told["scores"]]
    if command == "accept":
        folder = Path(told["folder"])
        told = [
            json.loads(one.to_json(), parse_constant=_no_constant)
            for path in sorted(folder.rglob(RESULTS))
            for one in read_results(path)
        ]
        return [(one["predictions"]["digest"], one["scores"]) for one in told]
    return [(one["predictions"]["digest"], one["scores"]) for one in told["files"]]


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _contents(found: Stage) -> dict[str, Any]:
    """What is in the places that commands write to: files by their bytes."""
    paths = [path for kept in found.kept() for path in (kept, *(kept.rglob("*") if kept.is_dir() else ()))]
    return {str(path): path.read_bytes() if path.is_file() else None for path in paths if path.exists()}


def _undo(found: Stage) -> None:
    for path in found.kept():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _here(words: list[str], scratch: Path | None = None) -> _Ran:
    """Run a command in this process; the peak is that of this process or of one that it started."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    before, tempfile.tempdir = tempfile.tempdir, str(scratch) if scratch else tempfile.tempdir
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    # What a process holds of other work, such as of tests before, is not the command's.
    other = max(0, _of_status("VmRSS") - USUAL * 1024)
    started, spent = time.perf_counter(), _cpu_seconds()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code: int | None = main(words)
    except SystemExit as left:
        code = int(left.code or 0)
    except BaseException:
        code = None
        err.write(traceback.format_exc())
    finally:
        tempfile.tempdir = before
    seconds, wall = _cpu_seconds() - spent, time.perf_counter() - started
    grown = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    peak = max(_of_status("VmHWM") - other, grown if grown > children else 0) / 1024
    return _Ran(code, _text(out), _text(err), seconds, wall, peak)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer: Any = stream.buffer
    return buffer.getvalue().decode("utf-8", "replace")


def _cpu_seconds() -> float:
    """Of this process and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _of_status(name: str) -> int:
    """Return a number of /proc about this process, KiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def _apart(words: list[str], scratch: Path) -> _Ran:
    """Run a command as a user does; the peak is that of all that this process ever started."""
    started, spent = time.perf_counter(), _cpu_seconds()
    environment = {**os.environ, "TMPDIR": str(scratch)}
    run = subprocess.run(
        [sys.executable, "-m", "tipbench", *words], env=environment, capture_output=True, check=False
    )
    seconds, wall = _cpu_seconds() - spent, time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    out, err = (one.decode("utf-8", "replace") for one in (run.stdout, run.stderr))
    return _Ran(run.returncode, out, err, seconds, wall, peak)
