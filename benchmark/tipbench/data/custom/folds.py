"""Folds and answers from a user's own data: the same folds, with the mapped columns only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import polars as pl
from tipcore.errors import NotMapped, UsageError
from tipcore.units import PARTS

from tipbench.data.access import access_level, correction
from tipbench.data.custom.checks import CASE, own_gallery, own_seeds
from tipbench.data.custom.columns import join_names, map_columns, to_release_type
from tipbench.data.custom.config import OwnData
from tipbench.data.custom.files import read_rows
from tipbench.data.custom.pairs import matched_clusters, read_pairs
from tipbench.data.custom.splits import divide_own
from tipbench.data.custom.tables import OwnTables, check_tables, read_tables
from tipbench.data.custom.truth import lawful_groups, scoring_notes, with_mapped_kind
from tipbench.data.fold import ORDER, Fold, Prepared, StepStream, hold_back_rows, valid_as_test
from tipbench.data.streams import add_lengths, own_forecast_answers, refuse_late_onsets
from tipbench.kinds.answers import Answers, CustomScoring
from tipbench.kinds.lists import find_links
from tipbench.kinds.scores import SCORES
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
            f"data={own.name} is for task={own.task}, and not for {task.name}: choose a baseline of that task."
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
    if unknown := [
        n for n in missing if n.partition(".")[0] not in task.tables and not n.startswith(PAIR_NEEDS)
    ]:
        raise UsageError(
            f"the method needs {', '.join(unknown)}, which {task.name} does not have: "
            f"{correction(unknown, task.tables)}."
        )
    if missing:
        fields = [f"data.tables.{need}" for need in missing if not need.startswith(PAIR_NEEDS)]
        how = [f"set {', '.join(fields)}"] if fields else []
        if len(fields) < len(missing):
            how.append(
                "say which columns hold two texts and whether they match, as data.pairs={left, right, label}"
            )
        raise NotMapped(
            f"the method needs {', '.join(missing)}, which data={own.name} does not map: {', and '.join(how)}."
        )


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


def _possible_splits(task: Task, own: OwnData) -> list[str]:
    """Return the splits that the data can have, the default first. Raises UsageError where that is none."""
    given = own.fold is not None or (own.files_are_parts and set(own.files) <= set(PARTS))
    can = ["given"] if given else []
    can += [
        s for s in task.own_splits if s == "all" or (s == "kfold" and (own.label is not None or own.labels))
    ]
    if task.alarms:
        # A threshold for alarms is chosen on valid, which there is none of where all are tested.
        can = [s for s in can if s != "all"]
    if not can:
        raise UsageError(
            f"data={own.name} cannot be divided for {task.name}: map data.label for split=kfold, or data.fold."
        )
    return can


def _from_units(task: Task, own: OwnData, split: str, level: str) -> Prepared:
    chosen = _choose_split(task, own, split, _possible_splits(task, own))
    read = read_tables(task, own)
    divided = divide_own(own, chosen, read.units, task.alarms)
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

    def valid_answers() -> Answers:
        tested = _tested_units(task, [valid_as_test(divided[0])])
        return answered(tested, [stream.of_valid() for stream in streams])

    field = task.kind.custom_field
    no_truth = f"data={own.name} maps no data.{field}: there is no truth to score against."
    notes = [] if task.kind.has_custom_truth(own) else [no_truth]
    return Prepared(
        task=task,
        folds=folds,
        answers=answered(rows, streams),
        data=own.name,
        split=chosen,
        labels=LABELS,
        access=level,
        notes=[*notes, *read.notes, *scoring_notes(task, own, rows)],
        streams=streams,
        valid_answers=valid_answers if len(divided) == 1 and "valid" in divided[0]["part"] else None,
        many=read.many,
    )


def _fold(task: Task, read: OwnTables, units: pl.DataFrame) -> Fold:
    """Return one fold: all mapped rows, and as labels those of train and valid."""
    tables = {name: frame.lazy() for name, frame in read.tables.items()}
    able = units.filter(pl.col("part") != "test")
    if task.views:
        listed = own_gallery(task.views, read.tables)
        links = find_links(own_seeds(task.unit, read.tables[task.table], able, listed), listed)
        labels = links.select(task.unit, "part", "view", "candidate", "label")
        tables = {name: frame.drop(CASE, strict=False) for name, frame in tables.items()}
    else:
        labels = task.kind.select_training_labels(task.unit, able)
    called = {task.unit: read.names, "region": read.regions}
    names = {column: frame for column, frame in called.items() if frame is not None}
    return Fold(task.problem, tables, units.select(task.unit, "part"), labels, names=names)


def _tested_units(task: Task, divided: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the predicted units of all folds, pooled, ``[..., part, fold Int32]``."""
    predicted = pl.col("part").is_in(list(task.predicted_parts))
    numbered = [
        fold.filter(predicted).with_columns(fold=pl.lit(n, dtype=pl.Int32)) for n, fold in enumerate(divided)
    ]
    rows = pl.concat(numbered)
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


def _from_pairs(task: Task, own: OwnData, split: str, level: str) -> Prepared:
    """Return records as units, pairs as a table; clusters of records or scores of pairs are judged on the labels."""
    if own.pairs is None or not task.kind.takes_pairs:
        raise UsageError(
            f"data={own.name} holds labelled pairs, which {task.name} cannot use: choose a task of clusters."
        )
    parted = own.fold is not None or own.files_are_parts
    chosen = _choose_split(task, own, split, ["given"] if parted else ["all"])
    pairs, records = read_pairs(own, own.pairs, read_rows(own))
    notes = []
    if own.pairs.label is not None and (unknown := pairs["label"].null_count()):
        notes.append(
            f"data.pairs.label of data={own.name} is unknown for {unknown:,} of {pairs.height:,} pairs: they are "
            "neither given to fit nor scored."
        )
    test, learnt = pairs.filter(pl.col("part") == "test"), pairs.filter(pl.col("part") != "test")
    if test.is_empty():
        raise UsageError(
            f"data={own.name} has no test pairs: it holds {join_names(pairs['part'].unique().to_list())}."
        )
    of_table = {f: t for f, t in own.mapping().items() if f.startswith(f"data.tables.{task.table}.")}
    raw = map_columns(own, records.lazy(), of_table)
    places = {f: (task.table, f.rpartition(".")[2]) for f in of_table}
    values = {place[1]: to_release_type(own, place, raw[f], notes) for f, place in places.items()}
    key, number = pl.col("record").alias(task.unit), records.height
    able = matched_clusters(learnt.drop_nulls("label"), number).select(key, "part", label="cluster")
    members = matched_clusters(pairs, number).select(key, "part")
    tables = {
        task.table: pl.DataFrame({task.unit: records["record"], **values}).lazy(),
        "pairs": pairs.drop("label").lazy(),
    }
    fold = Fold(task.problem, tables, members, able, learnt.select("pair", "part", "label").drop_nulls())
    weight = pl.lit(1.0).alias("weight")
    tested = members.filter(pl.col("part") == "test").select(
        task.unit, pl.lit(None, dtype=pl.Int64).alias("cluster"), weight
    )
    answers = Answers(
        task.kind,
        task.unit,
        tested.sort(task.unit),
        test.select("left", "right", "label", pl.col("part").cast(pl.String)),
        custom=CustomScoring(names=records.select(key, name="text")),
    )
    scored = pairs.filter(pl.col("part") != "train")
    scored = scored.select(
        "pair", pl.col("part").cast(pl.String), "label", pl.col("left").alias("cluster"), weight
    )
    return Prepared(
        task=task,
        folds=[fold],
        answers=answers,
        data=own.name,
        split=chosen,
        labels=LABELS,
        access=level,
        notes=notes,
        pair_answers=Answers(SCORES, "pair", scored),
    )
