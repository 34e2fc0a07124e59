"""The files of a fold, and the frames of a stream, hold nothing of rows that are not in them."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tipbench.data.fold import detach
from tipbench.fence.files import read_fold, write_fold
from tipbench.loading import prepare
from tipbench.tasks import task_of, tasks
from tipdata.release import Release

SHORT = 8
"""Characters below which a string may be found in bytes by chance."""


def strings(frames: Iterable[pl.DataFrame]) -> set[str]:
    columns = [column for frame in frames for column in frame.iter_columns()]
    lists = [column.explode() for column in columns if column.dtype == pl.List(pl.String)]
    texts = [column for column in [*columns, *lists] if column.dtype == pl.String]
    return {text for column in texts for text in column.unique().drop_nulls()}


def found(content: bytes, hidden: set[str], shown: set[str]) -> set[str]:
    """Those of the hidden strings that are in the content, and within none that is shown."""
    wanted = [text for text in hidden - shown if len(text) >= SHORT]
    if not wanted:
        return set()
    held = pl.Series([content.decode(errors="replace"), "\n".join(shown)])
    there, within = held.str.extract_many(wanted, overlapping=True)
    return set(there) - set(within)


def bytes_of(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc(buffer, compression="uncompressed")
    return buffer.getvalue()


@pytest.mark.parametrize("task", tasks())
def test_no_string_of_a_hidden_row_is_in_a_fold_or_a_step(task: str, tiny: Release, tmp_path: Path) -> None:
    prepared = prepare(task, release=tiny)
    fold = prepared.folds[0]
    write_fold(fold, tmp_path)
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    kept = {name: table.collect() for name, table in fold.tables.items()}
    whole = [tiny.scan(name).select(kept[name].columns).collect() for name in kept]
    assert not found(content, strings(whole), strings([*kept.values(), fold.supervision]))
    back = read_fold(tmp_path)
    assert all(back.tables[name].collect().equals(table) for name, table in kept.items())
    for stream in prepared.streams:
        for rows in stream.test:
            assert not found(bytes_of(rows), strings([stream.test.rows]), strings([rows]))


def test_tasks_hide_strings(tiny: Release) -> None:
    """What the test above looks for is there: titles that only hidden adverts have."""
    shown = prepare(task_of("advert_risk"), release=tiny).folds[0].tables["adverts"].select("title").collect()
    assert len(strings([tiny.scan("adverts").select("title").collect()]) - strings([shown])) > 900


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("kind", [pl.String, pl.Categorical, pl.Binary, pl.List(pl.String), pl.Int64])
def test_a_detached_frame_holds_neither_filtered_rows_nor_values_beneath_nulls(
    kind: Any, stored: bool
) -> None:
    texts = [f"a title of the {'hidden' if row % 2 else 'shown'} row {row % 50}" for row in range(2_000)]
    values = {pl.Int64: [int("hidden" in text) * 0x68696464656E for text in texts]}.get(
        kind, [[text] for text in texts] if kind == pl.List(pl.String) else texts
    )
    frame = pl.DataFrame({"row": range(2_000), "value": pl.Series(values).cast(kind)})
    if stored:  # its strings are then those of a dictionary
        frame.write_parquet(buffer := io.BytesIO())
        frame = pl.read_parquet(buffer.getvalue())
    even = pl.col("row") % 2 == 0
    for part in (
        frame.filter(even),
        frame.sort(~even, maintain_order=True).head(1_000),
        frame.with_columns(value=pl.when(even).then("value")),
    ):
        made = detach(part)
        assert made.schema == part.schema
        assert made.equals(part)
        assert not [word for word in (b"hidden", b"neddih") if word in bytes_of(made)]


def test_categories_are_read_back_as_they_were() -> None:
    frame = pl.DataFrame(
        {
            "enum": pl.Series(["b", None], dtype=pl.Enum(["a", "b", "c"])),
            "category": pl.Series(["b", None], dtype=pl.Categorical),
        }
    )
    for part in (frame, frame.head(0)):
        assert detach(part).equals(part)
        assert detach(part).schema == part.schema
