"""What a method is handed of a user's own data: its parts, and some rows of each table, as they are after mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tipcore.errors import UsageError
from tipdata.documents.overview import format_frame

from tipbench.config.options import suggestion
from tipbench.data.custom.config import own_data
from tipbench.loading import prepare


def own_preview(data: Mapping[str, Any], split: str, rows: int, table: str | None = None) -> str:
    """Return parts and the first rows of the mapped tables as text; units with the label that methods learn from.

    Args:
        data: the user's data, as its config has it.
        split: of the task, ``auto`` for its own.
        rows: how many of each table.
        table: this one alone.

    Raises:
        UsageError: for data that cannot be read or mapped, and a table that they do not have.
    """
    own = own_data(data)
    prepared = prepare(own.task, own=own, split=split)
    fold = prepared.folds[0]
    if table is not None and table not in fold.tables:
        raise UsageError(f"data={own.name} has no table {table}. {suggestion(table, fold.tables)}")
    number = "" if len(prepared.folds) == 1 else f" (the first of {len(prepared.folds)})"
    said = [f"data={own.name}, split {prepared.split}: {fold!r}{number}", *prepared.notes]
    for name, lazy in fold.tables.items():
        if table in (None, name):
            frame = lazy.head(rows).collect()
            if name == fold.task.table and fold.supervision.height:
                learnt = fold.supervision.drop("part")
                frame = frame.join(learnt, on=fold.task.unit, how="left", maintain_order="left")
            said.append(f"{name}:\n{format_frame(frame, letters=80)}")
    return "\n".join(said)
