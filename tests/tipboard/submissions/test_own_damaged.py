"""Whatever is wrong with a user's own file of predictions, ``tipbench score`` and ``submit pack`` say it in a sentence.

The files are those of :mod:`hostile_parquet`: cut, with bits flipped in footers and pages of several writers, with
footers that declare what is not there. Polars panics at some and ends the process at others, which is shown too.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hostile_case
import hostile_parquet
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile import KINDS, case_of
from tipbench.runs.scoring import read_predictions_file
from tipcore import table_file_reader, table_files
from tipcore.errors import MachineFault, UsageError
from tipcore.table_files import MEMORY_BYTES, check_own_parquet, read_own_file

Tipbench = Callable[..., tuple[int, str, str]]
EACH, FILES, SECONDS = 14, 160, 5

BARE = """
import sys
import polars as pl
from tipcore.operating_system import confine
confine(2_000_000_000, 2_000_000_000, 64)
for line in sys.stdin:
    try:
        pl.read_parquet(line.rstrip("\\n"))
        said = "read"
    except BaseException as error:
        said = "panic" if type(error).__name__ == "PanicException" else "error"
    print(said, flush=True)
"""
READER = """
import json, sys
from pathlib import Path
from tipcore import table_file_reader
from tipcore.operating_system import confine
confine(2_000_000_000, 2_000_000_000, 64)
for line in sys.stdin:
    answer, content = table_file_reader._outcome(Path(line.rstrip("\\n")), "parquet", 2_000_000_000)
    print(json.dumps({**answer, "bytes": len(content)}), flush=True)
"""


class Asked:
    """A process that is asked about one file after the other, and started again where a file ends it."""

    def __init__(self, code: str) -> None:
        self.code, self.running = code, self._start(code)

    def _start(self, code: str) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        return subprocess.Popen([sys.executable, "-c", code], text=True, **pipes)  # type: ignore[call-overload]

    def about(self, path: Path) -> str:
        """What it says, '' where it ended."""
        assert self.running.stdin is not None
        assert self.running.stdout is not None
        self.running.stdin.write(f"{path}\n")
        self.running.stdin.flush()
        said = self.running.stdout.readline().strip()
        if not said:
            self.end()
            self.running = self._start(self.code)
        return said

    def end(self) -> None:
        self.running.kill()
        self.running.communicate()


def damaged(made: Path, into: Path) -> Iterator[Path]:
    """Files of predictions, each spoilt in one way; always the same ones."""
    ways = [one for one in KINDS.values() if one.spoil.__module__ == hostile_parquet.__name__]
    for one in ways:
        for number in range(min(one.cases, EACH)):
            place = into / f"{one.name}-{number}"
            place.mkdir()
            case = case_of(made, one, number, place)
            for entry in case.record["predictions"]:
                path = case.path(entry["file"])
                if path.read_bytes() != (made / entry["file"]).read_bytes():
                    yield path


def test_no_damaged_file_is_more_than_a_sentence(made: Path, tmp_path: Path) -> None:
    """Refused in a sentence, or read as polars reads it; never a traceback, never the end of the process that asks."""
    bare, reader = Asked(BARE), Asked(READER)
    found: dict[str, int] = {}
    real = 0
    try:
        for number, path in enumerate(damaged(made, tmp_path)):
            began = time.monotonic()
            without, said = bare.about(path), reader.about(path)
            assert time.monotonic() - began < 2 * SECONDS, path
            found[without or "ended"] = found.get(without or "ended", 0) + 1
            answer: dict[str, Any] = json.loads(said) if said else {"refused": "ended"}
            assert ("refused" in answer) != ("done" in answer), path
            if "done" in answer and without != "read":
                without = asked_alone(BARE, path)
                assert without == "read", path
            if without not in ("read", "error") or not said or number % 40 == 0:
                real += 1
                said = asked_alone(READER, path)
                answer = json.loads(said) if said else {"refused": "ended"}
                as_it_is_asked(path, refused="refused" in answer)
    finally:
        bare.end()
        reader.end()
    assert sum(found.values()) >= FILES
    assert found["panic"] > 3, "without a process of its own it would be a traceback"
    assert found["ended"] > 3, "or the end of the command"
    assert real > 15


def asked_alone(code: str, path: Path) -> str:
    """What a new process says: one that has read many files has less memory left than the command has."""
    alone = Asked(code)
    said = alone.about(path)
    alone.end()
    return said


def as_it_is_asked(path: Path, refused: bool) -> None:
    """What the command does with it, in a process of its own."""
    began = time.monotonic()
    said = ""
    try:
        assert read_predictions_file(str(path)).equals(pl.read_parquet(path), null_equal=True), path
    except UsageError as error:
        said = str(error)
    assert (said != "") == refused, path
    assert said == "" or (said.startswith(f"{path} is ") and "\n" not in said), said
    assert time.monotonic() - began < SECONDS, path


def rows_of(rows: int) -> bytes:
    """A file of few bytes whose footer declares so many rows."""
    content = hostile_case.parquet(pl.DataFrame({"advert": [1], "score": [0.5]}))

    def change(footer: list[Any]) -> None:
        for group in hostile_parquet.thrift.get(footer, hostile_parquet.ROW_GROUPS)[1]:
            hostile_parquet.thrift.put(group, hostile_parquet.GROUP_ROWS, rows)
        hostile_parquet.thrift.put(footer, hostile_parquet.NUM_ROWS, rows)

    return hostile_parquet._forged(content, change)


@pytest.mark.parametrize("rows", [2**31, 2**40, 2**62])
def test_rows_that_a_file_cannot_have_are_refused_before_there_is_room_made_for_them(
    tmp_path: Path, tipbench: Tipbench, rows: int
) -> None:
    path = tmp_path / "own.parquet"
    path.write_bytes(rows_of(rows))
    with pytest.raises(
        UsageError, match=rf"own\.parquet is not a whole parquet file: .*{rows:,} rows|whole parquet"
    ):
        read_predictions_file(str(path))
    words = ("task=advert_risk", "release=tiny", "release.version=0.4.0")
    code, out, said = tipbench("score", str(path), *words)
    assert (code, out, said.count("\n")) == (2, "", 1)
    about = ("team=a", "summary=s", "authors=A", "method=m", "hardware=h")
    place = (
        "data=0.4.0/tiny",
        "labels=expert",
        "access=public",
        "--to",
        str(tmp_path / "sub"),
    )
    code, out, said = tipbench("submit", f"advert_risk/forward/s0={path}", *place, *about)
    assert (code, out, said.count("\n")) == (2, "", 1)
    assert not (tmp_path / "sub").exists()


EVERY = pl.DataFrame(
    {
        "int": pl.Series([1, None, 3], dtype=pl.Int16),
        "unsigned": pl.Series([1, 2, None], dtype=pl.UInt64),
        "float": pl.Series([0.1, float("nan"), None], dtype=pl.Float32),
        "text": ["a", None, "č"],
        "kind": pl.Series(["x", "y", None], dtype=pl.Categorical),
        "part": pl.Series(["train", "test", None], dtype=pl.Enum(["train", "test"])),
        "flag": [True, None, False],
        "list": [[1, 2], None, []],
        "pair": [{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}],
        "day": pl.Series([1, 2, None]).cast(pl.Date),
        "at": pl.Series([1, 2, None]).cast(pl.Datetime("us", "Europe/Riga")),
        "money": pl.Series([1, 2, None]).cast(pl.Decimal(10, 2)),
        "bytes": [b"a", None, b"\x00"],
        "null": [None, None, None],
    }
)


@pytest.mark.parametrize("frame", [EVERY, EVERY.clear(), EVERY.select("int"), pl.DataFrame()])
def test_what_is_whole_is_read_as_polars_reads_it(tmp_path: Path, frame: pl.DataFrame) -> None:
    path = tmp_path / "own [1].parquet"
    frame.write_parquet(path)
    assert read_own_file(path, "parquet").equals(pl.read_parquet(path, glob=False), null_equal=True)
    assert read_own_file(path, "parquet").schema == pl.read_parquet(path, glob=False).schema
    if frame.width:
        check_own_parquet(path)
        plain = frame.select(pl.col(pl.Int16, pl.Float32, pl.String))
        plain.write_csv(tmp_path / "own [1].csv")
        told = pl.read_csv(tmp_path / "own [1].csv", infer_schema_length=None, glob=False)
        assert read_own_file(tmp_path / "own [1].csv", "csv").equals(told, null_equal=True)


def test_files_of_other_writers_and_links_are_read(tmp_path: Path) -> None:
    table = pa.table({"advert": list(range(3000)), "score": [0.5] * 3000, "words": ["a", "b", "c"] * 1000})
    options: list[dict[str, Any]] = [
        {"compression": "snappy"},
        {"compression": "gzip", "use_dictionary": False},
        {"data_page_version": "2.0", "row_group_size": 100},
    ]
    for option in options:
        pq.write_table(table, tmp_path / "real.parquet", **option)
        (tmp_path / "link.parquet").unlink(missing_ok=True)
        (tmp_path / "link.parquet").symlink_to(tmp_path / "real.parquet")
        assert read_own_file(tmp_path / "link.parquet", "parquet").height == 3000


def test_many_rows_of_few_bytes_are_read_where_a_file_may_have_them(tmp_path: Path) -> None:
    rows = table_file_reader.MOST_ROWS
    pl.select(advert=pl.int_range(rows), score=0.5).write_parquet(
        tmp_path / "own.parquet", compression="zstd"
    )
    assert read_own_file(tmp_path / "own.parquet", "parquet").height == rows


@pytest.fixture
def instead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """Let another program read; the file that it is asked about."""

    def put(program: str) -> Path:
        (tmp_path / "instead.py").write_text(f"import json, os, sys, time\n{program}", encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setattr(table_files, "READER_MODULE", "instead")
        pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "own.parquet")
        return tmp_path / "own.parquet"

    return put


def test_a_process_that_ends_takes_too_long_or_does_not_start_is_told_apart(
    instead: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = instead("print('{}', flush=True); os.abort()")
    with pytest.raises(
        UsageError, match=r"own\.parquet is not a whole parquet file: it ends the process that reads"
    ):
        read_own_file(path, "parquet")
    path = instead("sys.exit(3)")
    with pytest.raises(MachineFault, match=r"own\.parquet cannot be read: .* did not start \(3\)"):
        read_own_file(path, "parquet")
    monkeypatch.setattr(table_files, "SECONDS", 1)
    monkeypatch.setattr(table_files, "PATIENCE", 0)
    path = instead("print('{}', flush=True); time.sleep(60)")
    with pytest.raises(UsageError, match=r"own\.parquet takes more than 1 seconds to read: write it again"):
        read_own_file(path, "parquet")


def test_a_file_that_takes_more_memory_than_it_may_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "own.parquet"
    pl.select(advert=pl.int_range(900_000), score=0.5).write_parquet(path)
    assert MEMORY_BYTES > 1_000_000_000
    monkeypatch.setattr(table_files, "MEMORY_BYTES", 300_000_000)
    monkeypatch.setattr(table_files, "MEMORY_PER_BYTE", 0)
    with pytest.raises((UsageError, MachineFault), match=r"own\.parquet "):
        read_own_file(path, "parquet")


def test_own_data_that_are_damaged_behind_their_footer_are_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "own.parquet"
    pl.DataFrame({"text": ["a b c"] * 999, "bad": [0, 1, 0] * 333}).write_parquet(path)
    check_own_parquet(path)
    content = bytearray(path.read_bytes())
    content[6:60] = bytes(54)
    path.write_bytes(bytes(content))
    with pytest.raises(UsageError, match=r"own\.parquet is not a whole parquet file: "):
        check_own_parquet(path)
