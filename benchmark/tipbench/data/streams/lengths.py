"""Tell the truth about alarms how many steps each unit has, so that an alarm after the last one is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl
from tipcore.errors import UsageError

from tipbench.data.streams.steps import Stream
from tipbench.kinds.alarms import LENGTH
from tipbench.kinds.answers import Answers


def with_lengths(answers: Answers, streams: Sequence[Stream]) -> Answers:
    """Return answers with ``length`` Int32, the steps of each unit in these streams; 0 where it has no row."""
    unit = answers.unit
    rows = [stream.test.rows.group_by(unit).agg(pl.len().cast(pl.Int32).alias(LENGTH)) for stream in streams]
    frame = answers.frame.join(pl.concat(rows), on=unit, how="left", maintain_order="left")
    frame = frame.with_columns(pl.col(LENGTH).fill_null(0))
    return replace(answers, frame=frame)


def refuse_late_onsets(answers: Answers) -> None:
    """Refuse a user's onsets after the last step of their unit, of answers with lengths. Raises UsageError."""
    frame, unit = answers.frame, answers.unit
    late = frame.filter(pl.col("onset") > pl.col(LENGTH))
    if late.height:
        raise UsageError(
            f"answers: {late.height:,} onsets are after the last step of their {unit} (first: {unit} {late[unit][0]}, "
            f"onset {late['onset'][0]} of {late[LENGTH][0]} steps); count steps from 1 in the order of the stream."
        )
