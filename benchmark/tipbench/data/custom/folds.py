"""Folds and answers from a user's own data: the same folds, with the mapped columns only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import polars as pl
from tipcore.errors import NotMapped, UsageError
from tipcore.units import PARTS

from tipbench.data.access import access_level
from tipbench.data.custom.checks import CASE, own_gallery, own_links, own_seeds
from tipbench.data.custom.columns import join_names, map_columns, to_release_type
from tipbench.data.custom.config import OwnData
from tipbench.data.custom.files import read_files
from tipbench.data.custom.pairs import matched_clusters, read_pairs
from tipbench.data.custom.splits import all_scored, given_folds, label_set_folds, stratified_folds
from tipbench.data.custom.tables import OwnTables, check_tables, read_tables
from tipbench.data.custom.truth import lawful_groups, scoring_notes, with_mapped_kind
from tipbench.data.fold import ORDER, Fold, Prepared, StepStream, hold_back_rows, valid_as_test
from tipbench.data.streams import add_lengths, own_forecast_answers, refuse_late_onsets
from tipbench.kinds.answers import Answers, CustomScoring
from tipbench.kinds.labelled import SCORES
from tipbench.task import Task

LABELS = "given"
"""The only supervision on a user's own data."""

PAIR_NEEDS = "pairs."
"""Before the columns of a user's labelled pairs."""


def prepare_own(
    task: Task, own: OwnData, split: str, labels: str, access: str, needs: Collection[str], oracle: bool
) -> Prepared:
    """Return folds and answers; see :func:`tipbench.loading.prepare`."""
    task = with_mapped_kind(task, own)
    level = access_level(task, access)
    check_own(task, own, labels, needs, oracle)
    if own.pairs is not None:
        return _from_pairs(task, own, split, level)
    return _from_units(task, own, split, level)


def check_own(task: Task, own: OwnData, labels: str, needs: Collection[str], oracle: bool) -> None:
    """Refuse what own data cannot have, before any file is read. Raises UsageError."""
    task = with_mapped_kind(task, own)
    if own.task != task.name:
        raise UsageError(
            f"data={own.name} is for task={own.task}, and not for {task.name}: "
            "choose a baseline of that task."
        )
    if labels not in ("auto", LABELS):
        raise UsageError(f"labels={labels} is for releases: data={own.name} has labels={LABELS} only.")
    if oracle:
        raise UsageError(f"data={own.name} has no hidden truth for an oracle: choose another baseline.")
    check_tables(task, own)
    task.kind.check_custom(task.name, own)
    streamed = {f"{task.stream}.{column}" for column in (task.unit, ORDER)} if task.stream else set()
    if task.forecast is not None:
        streamed |= {f"{task.stream}.{column}" for column in (task.forecast.query, task.forecast.candidate)}
        streamed.add(f"{task.forecast.gallery}.{task.forecast.candidate}")
    if lacking := sorted(n for n in streamed if not is_mapped(task, own, n)):
        raise UsageError(
            f"{task.name} hands over {task.stream} step by step, and data={own.name} does not say which and in "
            f"what order: set {', '.join(f'data.tables.{need}' for need in lacking)}."
        )
    missing = sorted(n for n in needs if not is_mapped(task, own, n))
    if missing:
        raise NotMapped(
            f"the method needs {', '.join(missing)}, which data={own.name} does not map: {_how_to_map(missing)}."
        )


def _how_to_map(needs: list[str]) -> str:
    fields = [f"data.tables.{need}" for need in needs if not need.startswith(PAIR_NEEDS)]
    said = [f"set {', '.join(fields)}"] if fields else []
    if len(fields) < len(needs):
        said.append(
            "say which columns hold two texts and whether they match, as data.pairs={left, right, label}"
        )
    return ", and ".join(said)


def is_mapped(task: Task, own: OwnData, need: str) -> bool:
    """Return whether a user's own data has a column that a method needs, as ``table.column``."""
    table, _, column = need.partition(".")
    if need.startswith(PAIR_NEEDS):
        return own.pairs is not None
    keyed = table in own.tables and table not in own.sources
    return column in own.tables.get(table, {}) or (keyed and column == task.unit)


def _choose_split(task: Task, own: OwnData, split: str, can: list[str]) -> str:
    """Return the split asked for, the config's, or the first that the data can have, in this order."""
    wanted = split if split != "auto" else own.split
    if wanted == "auto":
        return can[0]
    if wanted not in can:
        raise UsageError(
            f"data={own.name} cannot have split={wanted} of {task.name}: choose one of {', '.join(can)}."
        )
    return wanted


def _from_units(task: Task, own: OwnData, split: str, level: str) -> Prepared:
    folds_given = own.fold is not None or (isinstance(own.files, dict) and set(own.files) <= set(PARTS))
    can = [
        s for s in task.own_splits if s != "given" and (s != "kfold" or own.label is not None or own.labels)
    ]
    can = ["given", *can] if folds_given else can
    if task.alarms:
        # A threshold for alarms is chosen on valid, which there is none of where all are tested.
        can = [s for s in can if s != "all"]
    if not can:
        raise UsageError(
            f"data={own.name} cannot be divided for {task.name}: map data.label for split=kfold, or data.fold."
        )
    chosen = _choose_split(task, own, split, can)
    read = read_tables(task, own)
    divided = _divide(own, chosen, read.units, task.alarms)
    folds, streams = [_fold(task, read, fold) for fold in divided], []
    if task.stream:
        held = [hold_back_rows(fold) for fold in folds]
        folds, streams = [fold for fold, _ in held], [stream for _, stream in held]
    rows = _tested_units(task, divided)
    custom = CustomScoring(own.prevalence, lawful_groups(own, rows), read.names)

    def answered(asked: pl.DataFrame, handed: list[StepStream]) -> Answers:
        made = _answers(task, asked, read.tables)
        if task.alarms:
            made = add_lengths(made, handed)
            refuse_late_onsets(made)
        return replace(made, custom=custom)

    return Prepared(
        task=task,
        folds=folds,
        answers=answered(rows, streams),
        data=own.name,
        split=chosen,
        labels=LABELS,
        access=level,
        notes=[*_notes(task, own), *read.notes, *scoring_notes(task, own, rows)],
        streams=streams,
        valid_answers=(
            lambda: answered(
                _tested_units(task, [valid_as_test(divided[0])]), [one.of_valid() for one in streams]
            )
        )
        if len(divided) == 1 and "valid" in divided[0]["part"]
        else None,
        many=read.many,
    )


def _divide(own: OwnData, split: str, units: pl.DataFrame, valid: bool) -> list[pl.DataFrame]:
    if split == "kfold":
        return label_set_folds(own, units) if own.labels else stratified_folds(own, units, valid)
    return given_folds(own, units, valid) if split == "given" else all_scored(units)


def _fold(task: Task, read: OwnTables, units: pl.DataFrame) -> Fold:
    """Return one fold: all mapped rows, and as labels those of train and valid."""
    shown = {name: frame.lazy() for name, frame in read.tables.items()}
    able = units.filter(pl.col("part") != "test")
    if task.views:
        listed = own_gallery(task.views, read.tables)
        labels = own_links(task.unit, own_seeds(task.unit, read.tables[task.table], able, listed), listed)
        shown = {name: frame.drop(CASE, strict=False) for name, frame in shown.items()}
    else:
        labels = task.kind.select_training_labels(task.unit, able)
    called = {task.unit: read.names, "region": read.regions}
    names = {column: frame for column, frame in called.items() if frame is not None}
    return Fold(task.problem, shown, units.select(task.unit, "part"), labels, names=names)


def _tested_units(task: Task, divided: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the predicted units of all folds, pooled, ``[..., part, fold Int32]``."""
    asked = [
        fold.filter(pl.col("part").is_in(list(task.predicted_parts))).with_columns(
            fold=pl.lit(number, dtype=pl.Int32)
        )
        for number, fold in enumerate(divided)
    ]
    rows = pl.concat(asked)
    return rows.filter(pl.col("part") == "test") if len(divided) > 1 else rows


def _answers(task: Task, rows: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> Answers:
    """Return the truth about pooled units; every unit weighs one, or every cluster if it moves."""
    if task.forecast is not None:
        return own_forecast_answers(task, rows, tables)
    if task.views:
        listed = own_gallery(task.views, tables)
        seeds = own_seeds(task.unit, tables[task.table], rows, listed)
        return Answers(task.kind, task.unit, seeds.sort(task.unit), gallery=listed)
    return Answers(
        task.kind, task.unit, task.kind.custom_truth(task.unit, rows, task.quantity).sort(task.unit)
    )


def _notes(task: Task, own: OwnData) -> list[str]:
    if task.kind.has_custom_truth(own):
        return []
    return [f"data={own.name} maps no data.{task.kind.custom_field}: there is no truth to score against."]


def _from_pairs(task: Task, own: OwnData, split: str, level: str) -> Prepared:
    """Return records as units, pairs as a table; clusters of records or scores of pairs are judged on the labels."""
    if own.pairs is None or not task.kind.takes_pairs:
        raise UsageError(
            f"data={own.name} holds labelled pairs, which {task.name} cannot use: choose a task of clusters."
        )
    parted = own.fold is not None or isinstance(own.files, dict)
    chosen = _choose_split(task, own, split, ["given"] if parted else ["all"])
    rows = read_files(own)
    notes = list(rows.notes)
    found = read_pairs(own, own.pairs, rows.frame)
    if own.pairs.label is not None and (unknown := found.pairs["label"].null_count()):
        notes.append(
            f"data.pairs.label of data={own.name} is unknown for {unknown:,} of {found.pairs.height:,} pairs: they are "
            "neither given to fit nor scored."
        )
    test = found.pairs.filter(pl.col("part") == "test")
    if test.is_empty():
        raise UsageError(
            f"data={own.name} has no test pairs: it holds {join_names(found.pairs['part'].unique().to_list())}."
        )
    of_table = {f: t for f, t in own.mapping().items() if f.startswith(f"data.tables.{task.table}.")}
    raw = map_columns(own, found.records.lazy(), of_table)
    values = {
        f.rpartition(".")[2]: to_release_type(own, task.table, f.rpartition(".")[2], raw[f], notes)
        for f in of_table
    }
    records = pl.DataFrame({task.unit: found.records["record"], **values})
    members, known = (
        matched_clusters(pairs, found.records.height).rename({"record": task.unit})
        for pairs in (found.pairs, found.pairs.drop_nulls("label"))
    )
    able = known.filter(pl.col("part") != "test").select(task.unit, "part", pl.col("cluster").alias("label"))
    shown = {task.table: records.lazy(), "pairs": found.pairs.drop("label").lazy()}
    labelled = found.pairs.filter(pl.col("part") != "test").select("pair", "part", "label").drop_nulls()
    fold = Fold(task.problem, shown, members.select(task.unit, "part"), able, labelled)
    tested = members.filter(pl.col("part") == "test").select(
        task.unit, pl.lit(None, dtype=pl.Int64).alias("cluster"), pl.lit(1.0).alias("weight")
    )
    return Prepared(
        task=task,
        folds=[fold],
        answers=Answers(
            task.kind,
            task.unit,
            tested.sort(task.unit),
            test.select("left", "right", "label", pl.col("part").cast(pl.String)),
            custom=CustomScoring(names=found.records.select(pl.col("record").alias(task.unit), name="text")),
        ),
        data=own.name,
        split=chosen,
        labels=LABELS,
        access=level,
        notes=notes,
        pair_answers=_pair_answers(found.pairs),
    )


def _pair_answers(pairs: pl.DataFrame) -> Answers:
    """Return the truth about scored pairs of valid and test; a pair's cluster is its left record."""
    frame = pairs.filter(pl.col("part") != "train").select(
        "pair",
        pl.col("part").cast(pl.String),
        "label",
        pl.col("left").alias("cluster"),
        pl.lit(1.0).alias("weight"),
    )
    return Answers(SCORES, "pair", frame)
