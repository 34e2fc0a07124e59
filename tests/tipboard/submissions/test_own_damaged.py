"""Whatever is wrong with a user's own file of predictions, ``tipbench score`` and ``submit pack`` say it in a sentence.

The files are those of :mod:`mutated_parquet`: cut, with bits flipped in footers and pages of several writers, with
footers that declare what is not there.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutated_parquet
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mutated_case import ESTIMATES, SCORES, mutants, parquet
from tipbench.runs.scoring import read_predictions_file
from tipcore import table_file_reader, table_files
from tipcore.errors import MachineFault, UsageError
from tipcore.table_files import MEMORY_BYTES, check_own_parquet, read_own_file

SECONDS = 5

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


def test_no_damaged_file_is_more_than_a_sentence(honest: Path, tmp_path: Path) -> None:
    """Refused in a sentence, or read as polars reads it; never a traceback, never the end of the process that asks."""
    reader, ended = Asked(READER), 0
    cases = [
        *mutants(honest, tmp_path / "s", "parquet", SCORES, 1),
        *mutants(honest, tmp_path / "e", "parquet", ESTIMATES, 1),
    ]
    try:
        for number, path in enumerate(one.mutant.path() for one in cases):
            began, said = time.monotonic(), reader.about(path)
            assert time.monotonic() - began < 2 * SECONDS, path
            answer: dict[str, Any] = json.loads(said) if said else {"refused": "ended"}
            assert ("refused" in answer) != ("done" in answer), path
            ended += not said
            if number % 20 == 0 or (not said and ended < 3):
                as_it_is_asked(path, refused="refused" in answer)
    finally:
        reader.end()


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
    content = parquet(pl.DataFrame({"advert": [1], "score": [0.5]}))

    footer = mutated_parquet.footer_of(content)
    mutated_parquet.thrift.put(footer, mutated_parquet.NUM_ROWS, rows)
    for group in mutated_parquet.thrift.get(footer, mutated_parquet.ROW_GROUPS)[1]:
        mutated_parquet.thrift.put(group, mutated_parquet.GROUP_ROWS, rows)
    return mutated_parquet.with_footer(content, footer)


@pytest.mark.parametrize(
    "rows", [2**40, pytest.param(2**31, marks=pytest.mark.slow), pytest.param(2**62, marks=pytest.mark.slow)]
)
def test_rows_that_a_file_cannot_have_are_refused_before_there_is_room_made_for_them(
    tmp_path: Path, refused: Callable[..., str], rows: int
) -> None:
    path = tmp_path / "own.parquet"
    path.write_bytes(rows_of(rows))
    with pytest.raises(
        UsageError, match=rf"own\.parquet is not a whole parquet file: .*{rows:,} rows|whole parquet"
    ):
        read_predictions_file(str(path))
    refused("score", str(path), "task=advert_risk", "release=tiny", "release.version=0.5.0")
    about = ("team=a", "summary=s", "authors=A", "method=m", "hardware=h")
    place = ("data=0.5.0/tiny", "labels=expert", "access=public", "--to", str(tmp_path / "sub"))
    refused("submit", f"advert_risk/forward/s0={path}", *place, *about)
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


@pytest.mark.parametrize("frame", [EVERY, EVERY.clear(), pl.DataFrame()])
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


@pytest.mark.slow
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
