"""Folds with other ids, which follow from a key, and predictions translated back to the ids of the release.

``tipbench check`` runs a method under two keys, to report how its predictions depend on ids and the order of rows. New
ids are labels of :mod:`tipbench.data.id_labels`. Images are masked; near-duplicates stay equally near. Rows are sorted
by the new ids, since the old order would reveal the old ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from tipdata.core.tables import Table
from tipdata.stages import all_tables

from tipbench.data.fold import Fold, PartSteps, Prepared, StepStream, detach
from tipbench.data.id_labels import (
    distinct_ids,
    id_labels,
    keyed_words,
    mask_images,
    relabel_column,
    sealing_of,
)
from tipbench.task import Problem

VIEW, CANDIDATE = "view", "candidate"
"""Columns of links: the table of a candidate, and its key."""


@dataclass(frozen=True)
class NewIds:
    """The new ids of one fold.

    ``key``: 32 secret bytes. ``alike``: kinds of ids that get the labels of another kind, since the fold shows both.
    """

    key: bytes
    alike: Mapping[str, str] = field(default_factory=dict)
    _made: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False, compare=False)

    def table(self, table: Table, frame: pl.DataFrame) -> pl.DataFrame:
        """Return some or all columns of a table with new ids, sorted by the new key."""
        made = self.columns(table, frame)
        if set(table.key) <= set(made.columns):
            return made.sort([name for name in ("region", *table.key) if name in made.columns])
        numbers = np.arange(made.height, dtype=np.int64)
        return made[np.argsort(keyed_words(self.key, f"rows/{table.name}", numbers), kind="stable")]

    def columns(self, table: Table, frame: pl.DataFrame) -> pl.DataFrame:
        """Return some or all columns of a table with new ids, rows as they come."""
        return frame.with_columns(self._column(table, frame, name) for name in frame.columns)

    def ids(self, kind: str, column: pl.Series) -> pl.Series:
        """Return a column of ids of a kind, or of lists of them, with new ones."""
        return relabel_column(column, *self._new(self.alike.get(kind, kind), distinct_ids(column)))

    def _new(self, kind: str, old: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return ids of a kind and their labels, cached: a fold names its units many times."""
        kept = self._made.get(kind)
        if kept is None or not np.array_equal(kept[0], old):
            kept = self._made[kind] = (old, id_labels(self.key, kind, old))
        return kept

    def _column(self, table: Table, frame: pl.DataFrame, name: str) -> pl.Series:
        sealed = sealing_of(table, table[name])
        if sealed is None or sealed.way not in ("label", "mask"):
            return frame[name]  # a number, a word, or a town, which its place gives away anyway
        if sealed.way == "label":
            return self.ids(sealed.kind, frame[name])
        if "region" not in frame.columns:
            return mask_images(frame[name], self.key)
        # No image is copied between regions, and the search for near ones takes the square of their number.
        numbered = frame.select("region", name).with_row_index("_row")
        parts = numbered.partition_by("region")
        masked = [part.with_columns(mask_images(part[name], self.key)) for part in parts]
        return pl.concat(masked).sort("_row")[name] if parts else frame[name]


def relabel(prepared: Prepared, key: bytes) -> Prepared:
    """Return a prepared release whose fold has ids that follow from ``key`` (32 bytes); own data are returned as is.

    The truth keeps its ids; ``Prepared.back`` translates predictions to them.

    Raises:
        LabelCollision: where two ids would get one label (once in 10**5 folds of a million ids).
    """
    if prepared.answers.custom is not None:
        return prepared
    (fold,) = prepared.folds
    # Wallets that book are wallets like others in a fold that shows the table of wallets.
    names = NewIds(key, {"booking wallet": "wallet"} if "wallets" in fold.tables else {})
    known = _id_pairs(names, fold, prepared.streams)
    return replace(
        prepared,
        folds=[_relabel_fold(names, fold)],
        streams=[replace(one, **_relabel_steps(names, fold.task, one)) for one in prepared.streams],
        back=lambda predictions: restore_ids(predictions, known),
    )


def restore_ids(predictions: pl.DataFrame, known: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return predictions with the release's ids. An id that the fold does not have stays, for the check to name it.

    ``known``: column of predictions -> ``[new, old]``, with ``view`` beside them for the keys of candidates.
    """
    made = predictions
    for name, pairs in known.items():
        beside = [column for column in pairs.columns if column not in ("new", "old")]
        if {name, *beside} <= set(made.columns) and made.schema[name] == pairs.schema["old"]:
            ids = made.select(*beside, new=name)
            joined = ids.join(pairs, on=[*beside, "new"], how="left", maintain_order="left")
            made = made.with_columns(joined.select(pl.coalesce("old", "new").alias(name)).to_series())
    return made


def _new_candidates(names: NewIds, view: str, key: str, old: pl.Series) -> pl.Series:
    kind = _id_kind(view, key)
    return old if kind is None else names.ids(kind, old)


def _relabel_fold(names: NewIds, fold: Fold) -> Fold:
    task, tables = fold.task, all_tables()
    supervision = _relabel_units(names, task, fold.supervision)
    if task.kind.linked:
        supervision = supervision.with_columns(names.ids("cluster", supervision["label"]))
    if task.views:
        made = [supervision.clear()]
        for (view,), part in supervision.partition_by(VIEW, maintain_order=True, as_dict=True).items():
            new = _new_candidates(names, str(view), task.views[str(view)], part[CANDIDATE])
            made.append(part.with_columns(new.alias(CANDIDATE)))
        supervision = pl.concat(made).sort(task.unit, VIEW, CANDIDATE)
    shown = {name: names.table(tables[name], table.collect()).lazy() for name, table in fold.tables.items()}
    return replace(fold, tables=shown, parts=_relabel_units(names, task, fold.parts), supervision=supervision)


def _relabel_units(names: NewIds, task: Problem, frame: pl.DataFrame) -> pl.DataFrame:
    kind = _id_kind(task.table, task.unit)
    made = frame if kind is None else frame.with_columns(names.ids(kind, frame[task.unit]))
    return made.sort(task.unit)


def _relabel_steps(names: NewIds, task: Problem, stream: StepStream) -> dict[str, PartSteps]:
    tables, made = all_tables(), {}
    for part in ("valid", "test"):
        steps: PartSteps = getattr(stream, part)
        rows = names.columns(tables[task.stream], steps.rows)
        ordered = rows.with_columns(_step=steps.steps).sort("_step", task.unit).drop("_step")
        units = names.columns(tables[task.table], steps.units).sort(task.unit)
        made[part] = replace(steps, units=detach(units), rows=detach(ordered))
    return made


def _id_pairs(names: NewIds, fold: Fold, streams: list[StepStream]) -> dict[str, pl.DataFrame]:
    """Return the ids in each column of predictions, as :func:`restore_ids` takes them."""
    task = fold.task
    keys = [task.kind.key(task.unit)] if task.views else task.kind.keys(task.unit)
    columns = {name: (task.table, task.unit, fold.parts[task.unit]) for name in keys}
    if task.forecast is not None:
        (stream,) = streams
        asked = [steps.rows[task.forecast.query] for steps in (stream.valid, stream.test)]
        columns = {task.kind.key(task.unit): (task.stream, task.forecast.query, pl.concat(asked))}
    known = {}
    for name, (table, column, values) in columns.items():
        if (kind := _id_kind(table, column)) is not None:
            old = distinct_ids(values)
            known[name] = pl.DataFrame({"new": id_labels(names.key, kind, old), "old": old})
    candidates = []
    for view, key in task.views.items():
        if view in fold.tables and key in fold.tables[view].collect_schema():
            ids = fold.tables[view].select(key).collect()[key]
            new = _new_candidates(names, view, key, ids)
            candidates.append(pl.DataFrame({VIEW: [view] * len(ids), "new": new, "old": ids}))
    return known | ({CANDIDATE: pl.concat(candidates)} if candidates else {})


def _id_kind(table: str, column: str) -> str | None:
    """Return the kind of the ids that a column holds; None where it holds none."""
    described = all_tables()[table]
    sealed = sealing_of(described, described[column])
    return sealed.kind if sealed is not None and sealed.way == "label" else None
