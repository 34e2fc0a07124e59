"""Folds and answers from a release: split, select, equalise, label, and keep only what may be seen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import polars as pl
from tipcore.errors import UsageError
from tipdata.core.draw import effective_size
from tipdata.core.tables import TIERS, Table
from tipdata.core.world import DAYS, MINUTES_A_DAY, profile
from tipdata.release import Release
from tipdata.stages import all_tables

from tipbench.data.access import access_level, check_needs, visible_columns
from tipbench.data.fold import Fold, Prepared, StepStream, TablesByRegion, hold_back_rows, valid_as_test
from tipbench.data.releases import Regions, apply_by_region, collect_units
from tipbench.data.selection import YARDSTICK, limit_training
from tipbench.data.splits import SPLITS, CannotSplitError, Split, partition
from tipbench.data.streams import add_lengths, forecast_answers
from tipbench.kinds.answers import Answers
from tipbench.task import Source, Task


def allowed_splits(task: Task, source: Source, units: pl.DataFrame) -> Iterator[str]:
    """Yield the splits of the task that these units can have, the default first."""
    for name in task.splits:
        try:
            partition(SPLITS[name], units, task.unit, source)
        except CannotSplitError:
            continue
        yield name


def require_splits(task: Task, source: Source, units: pl.DataFrame) -> Iterator[str]:
    """Yield the splits of :func:`allowed_splits`. Raises UsageError if there is none."""
    found = None
    for found in allowed_splits(task, source, units):
        yield found
    if found is None:
        raise UsageError(f"{task.name} can have no split on {source.name}: use a larger release.")


def choose_split(task: Task, source: Source, units: pl.DataFrame, split: str) -> Split:
    """Return the split of a name; ``auto`` is the first that the task and the data allow."""
    if split == "auto":
        return SPLITS[next(require_splits(task, source, units))]
    if split not in task.splits:
        raise UsageError(
            f"{task.name} has no split={split} on a release: choose one of {', '.join(task.splits)}."
        )
    return SPLITS[split]


def divide_units(
    task: Task, source: Source, units: pl.DataFrame, policy: Split
) -> tuple[pl.DataFrame, list[str]]:
    """Return the selected units of a split, with a train part no larger than the yardstick's, and notes."""
    try:
        selected = task.select(partition(policy, units, task.unit, source), source)
    except CannotSplitError as reason:
        can = ", ".join(allowed_splits(task, source, units)) or "a larger release"
        raise UsageError(
            f"{source.name} cannot have split={policy.name} of {task.name}, since {reason}: "
            f"choose one of {can}."
        ) from None
    notes = list(selected.notes)
    if policy.name == YARDSTICK or YARDSTICK not in task.splits:
        return selected.rows, notes
    try:
        forward = task.select(partition(SPLITS[YARDSTICK], units, task.unit, source), source)
    except CannotSplitError:
        notes.append(f"training sizes are not made equal, since {source.name} has no {YARDSTICK}.")
        return selected.rows, notes
    rows, note = limit_training(forward.rows, policy, selected.rows, task.unit)
    return rows, notes + ([note] if note else [])


def prepare_release(
    task: Task, source: Source, split: str, labels: str, access: str, needs: Collection[str], oracle: bool
) -> Prepared:
    """Return one fold and its answers; see :func:`tipbench.loading.prepare`."""
    level = access_level(task, access)
    check_needs(task, needs, level, oracle)
    units = collect_units(task.units, source)
    policy = choose_split(task, source, units, split)
    supervision = choose_supervision(task, labels, policy.name)
    fold, rows, notes = build_fold(task, source, units, policy, supervision, level, oracle)
    check_columns_available(needs, fold.tables, source)
    streams: list[StepStream] = []
    if task.stream:
        fold, stream = hold_back_rows(fold)
        streams.append(stream)

    def make_answers(units: pl.DataFrame, streams: list[StepStream]) -> Answers:
        answers = _answers(task, source, units.filter(pl.col("part").is_in(list(task.predicted_parts))))
        return add_lengths(answers, streams) if task.alarms else answers

    def make_valid_answers() -> Answers:
        return make_answers(start_test_at_first_day(valid_as_test(rows)), [one.of_valid() for one in streams])

    answers = make_answers(rows, streams)
    return Prepared(
        task=task,
        folds=[fold],
        answers=answers,
        data=source.name,
        split=policy.name,
        labels=supervision,
        access=level,
        notes=notes + weight_notes(source, answers),
        streams=streams,
        valid_answers=make_valid_answers if "valid" in fold.parts["part"] else None,
    )


def build_fold(
    task: Task,
    source: Source,
    units: pl.DataFrame,
    policy: Split,
    labels: str,
    level: str,
    oracle: bool = False,
) -> tuple[Fold, pl.DataFrame, list[str]]:
    """Return the fold of one split with its whole stream, its units with ``part`` and ``cut``, and notes.

    ``units``: all units of the task on the source. ``labels``, ``level``: a supervision and access that it can have.
    """
    rows, notes = divide_units(task, source, units, policy)
    rows = rows.sort(task.unit)
    tables = _visible_tables_by_region(task, source, rows, visible_columns(task, level, oracle), level)
    parts, supervision = rows.select(task.unit, "part"), label_units(task, labels, rows, source)
    return Fold(task.problem, tables, parts, supervision, independent_regions=True), rows, notes


def label_units(task: Task, labels: str, rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return ``[unit, part, label]`` of the units of train and valid that a supervision labels."""
    found = apply_by_region(task.supervise[labels], rows, source)
    return found.join(rows.select(task.unit, "part"), on=task.unit, how="left")


def weight_notes(source: Source, answers: Answers) -> list[str]:
    """Return a note on the effective number of positives if a size draws kinds at other shares than the world."""
    size = getattr(source, "size", "")
    if not profile(source.version, size) or not {"weight", "stands_for"} & set(answers.frame.columns):
        return []
    rows = answers.scored_rows()
    counted = f"{answers.unit}s"
    if "label" in rows.columns:
        counted, rows = "positives", rows.filter(pl.col("label") == 1)
    names = [name for name in ("weight", "stands_for") if name in rows.columns]
    weight = np.prod([rows[name].to_numpy() for name in names], axis=0)
    return [
        f"size {size} draws kinds and forms at shares of its own, and weights restore the world's: the {len(weight):,} "
        f"{counted} of the test tell as much as {effective_size(weight):,.0f} of equal weight (Kish). What else the "
        "size sets stays, and methods meet all rows as they are drawn"
    ]


def start_test_at_first_day(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the units with ``cut``, the day on which testing begins, set to the first day of the test part."""
    first = pl.col("day").filter(pl.col("part") == "test").min()
    return rows.with_columns(cut=pl.when(pl.col("cut") < DAYS).then(first).otherwise("cut").cast(pl.Int32))


def _answers(task: Task, source: Source, predicted: pl.DataFrame) -> Answers:
    frame = apply_by_region(task.answers, predicted, source)
    if task.forecast is None:
        listed = None if task.gallery is None else task.gallery(predicted, source)
        return Answers(task.kind, task.unit, frame.sort(task.unit), gallery=listed)
    return forecast_answers(task.forecast, frame, source.scan(task.forecast.gallery).collect())


def choose_supervision(task: Task, labels: str, split: str) -> str:
    """Return the name of a supervision; ``auto`` is the first one that the split allows.

    Raises UsageError for a supervision that the split does not allow.
    """
    allowed = task.labels_on(split)
    if labels == "auto":
        return allowed[0]
    if labels not in allowed:
        raise UsageError(
            f"{task.name} has no labels={labels} on split={split} of a release: choose {' or '.join(allowed)}."
        )
    return labels


def visible_tables(
    task: Task, source: Source, rows: pl.DataFrame, visible: dict[str, tuple[str, ...]], level: str
) -> dict[str, pl.LazyFrame]:
    """Return the visible tables: their rows of the fold's units, before the prediction time, at this access level."""
    units = rows.select(task.unit).lazy()  # selected here: a method can read the plan of a table
    links = _linked_keys(task, source, units, visible)
    found = {}
    for name, columns in visible.items():
        table = all_tables()[name]
        truth = any(c.tier == "truth" for c in table.columns if c.name in columns and c.name not in table.key)
        frame = source.scan(name, truth=truth)
        # Units are predicted at the end of the window: later rows stay hidden.
        if "minute" in table.schema:
            frame = frame.filter(pl.col("minute") < DAYS * MINUTES_A_DAY)
        elif "day" in table.schema:
            frame = frame.filter(pl.col("day") < DAYS)
        column, values, tier = table.private_rows
        if column and TIERS.index(level) < TIERS.index(tier):
            frame = frame.filter(~pl.col(column).is_in(list(values)))
        frame = frame.select(available_columns(frame, table, columns))
        if name in task.context:
            pass
        # A column with the name of the unit may be something else: operations.circuit says whether one tours.
        elif task.unit in columns and table.schema[task.unit] == all_tables()[task.table].schema[task.unit]:
            frame = frame.join(units, on=task.unit, how="semi", maintain_order="left")
        elif table.hidden and table.key[0] in links:
            frame = frame.join(links[table.key[0]], on=table.key[0], how="semi", maintain_order="left")
        else:
            frame = frame.filter(pl.col("region").is_in(rows["region"].unique().implode()))
        # A release is stored by region: its order would give hidden regions away.
        found[name] = frame if "region" in columns else frame.sort([k for k in table.key if k in columns])
    return found


def _visible_tables_by_region(
    task: Task, source: Source, rows: pl.DataFrame, visible: dict[str, tuple[str, ...]], level: str
) -> dict[str, pl.LazyFrame]:
    """Return the visible tables, which read only the files of some regions for a fold of these regions."""
    units = rows.select(*dict.fromkeys((task.unit, "region")))
    tables = visible_tables(task, source, units, visible, level)
    if not isinstance(source, Release) or "region" not in visible.get(task.table, ()):
        return tables  # no way to ask for a region if regions are hidden

    def read(regions: Sequence[int | None]) -> dict[str, pl.LazyFrame]:
        some = units.filter(pl.col("region").is_in(list(regions)))
        if some.is_empty():
            return {}
        regions_of_source = Regions(source, some["region"].unique().sort().to_list())
        return visible_tables(task, regions_of_source, some, visible, level)

    return TablesByRegion(tables, read)


def available_columns(frame: pl.LazyFrame, table: Table, columns: Collection[str]) -> list[str]:
    """Return those of a table's columns that this version of the data has: each version lacks some."""
    later = {name for name in columns if table[name].since}
    has = frame.collect_schema() if later else {}
    return [name for name in columns if name not in later or name in has]


def check_columns_available(needs: Collection[str], tables: dict[str, pl.LazyFrame], source: Source) -> None:
    """Refuse a method that needs a column that this version of the data lacks. Raises UsageError."""
    for need in sorted(needs):
        table, _, column = need.partition(".")
        since = all_tables()[table][column].since
        if since and column not in tables[table].collect_schema():
            raise UsageError(
                f"the method needs {need}, which {source.name} does not have: set release.version={since} or later."
            )


def _linked_keys(
    task: Task, source: Source, units: pl.LazyFrame, visible: Collection[str]
) -> dict[str, pl.LazyFrame]:
    """Return the keys of other tables with hidden columns that the fold's units have, by the name of the key.

    They are collected, so that no plan names the hidden column that they come from.
    """
    others = (all_tables()[name] for name in visible if name != task.table)
    owned = {table.key[0] for table in others if table.hidden}
    links = {}
    for column in all_tables()[task.table].columns:
        if column.name in owned and column.name != task.unit:
            rows = source.scan(task.table, truth=column.tier == "truth").join(units, on=task.unit, how="semi")
            links[column.name] = rows.select(column.name).unique().collect().lazy()
    return links
