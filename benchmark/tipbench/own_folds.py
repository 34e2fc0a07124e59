"""Folds and answers from a user's own data: the same folds, with the mapped columns only."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl
from tipdata.errors import UsageError
from tipdata.partition import PARTS

from tipbench.access import access_of
from tipbench.answers import Answers
from tipbench.fold import Fold, Prepared
from tipbench.own import OwnData
from tipbench.own_columns import binary, identifiers, listed, mapped, settled
from tipbench.own_files import FILE, read_files
from tipbench.own_pairs import matched_clusters, read_pairs
from tipbench.own_splits import all_scored, given_folds, stratified_folds
from tipbench.task import Task

LABELS = "given"
"""The only supervision on a user's own data."""


def prepare_own(
    task: Task, own: OwnData, split: str, labels: str, access: str, needs: Collection[str], oracle: bool
) -> Prepared:
    """Folds and answers; see :func:`tipbench.fold.prepare`."""
    level = access_of(task, access)
    check_own(task, own, labels, needs, oracle)
    if own.pairs is not None:
        return _from_pairs(task, own, split, level)
    return _from_units(task, own, split, level)


def check_own(task: Task, own: OwnData, labels: str, needs: Collection[str], oracle: bool) -> None:
    """Refuse what own data cannot have, before any file is read. Raises UsageError."""
    if own.task != task.name:
        raise UsageError(
            f"data={own.name} is for task={own.task}, and not for {task.name}: "
            "choose a baseline of that task."
        )
    if task.stream:
        raise UsageError(
            f"{task.name} hands over its {task.stream} step by step, which data of your own cannot have yet: "
            "choose a release."
        )
    if labels not in ("auto", LABELS):
        raise UsageError(f"labels={labels} is for releases: data={own.name} has labels={LABELS} only.")
    if oracle:
        raise UsageError(f"data={own.name} has no hidden truth for an oracle: choose another baseline.")
    if task.table not in own.tables:
        raise UsageError(
            f"data={own.name} maps no column of {task.table}: add some under data.tables.{task.table}."
        )
    missing = sorted(n for n in needs if not is_mapped(task, own, n))
    if missing:
        fields = ", ".join(f"data.tables.{need}" for need in missing)
        raise UsageError(
            f"the method needs {', '.join(missing)}, which data={own.name} does not map: set {fields}."
        )


def is_mapped(task: Task, own: OwnData, need: str) -> bool:
    """Whether a user's own data has a column that a method needs, as ``table.column``."""
    table, _, column = need.partition(".")
    if table == "pairs":
        return own.pairs is not None
    return column in own.tables.get(table, {}) or need == f"{task.table}.{task.unit}"


def _split_of(task: Task, own: OwnData, split: str, can: list[str]) -> str:
    """The split asked for, the config's, or the first that the data can have, in this order."""
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
    can = [s for s in task.own_splits if s != "given" and (s != "kfold" or own.label is not None)]
    can = ["given", *can] if folds_given else can
    chosen = _split_of(task, own, split, can)
    units, tables, names = _read_units(task, own)
    divided = _divide(own, chosen, units)
    folds = [_fold(task, tables, fold) for fold in divided]
    return Prepared(
        folds=folds,
        answers=Answers(task.kind, task.unit, _answers(task, own, divided).sort(task.unit)),
        data=own.name,
        split=chosen,
        labels=LABELS,
        access=level,
        notes=_notes(task, own),
        names=names,
    )


def _divide(own: OwnData, split: str, units: pl.DataFrame) -> list[pl.DataFrame]:
    if split == "kfold":
        return stratified_folds(own, units)
    return given_folds(own, units) if split == "given" else all_scored(units)


def _read_units(
    task: Task, own: OwnData
) -> tuple[pl.DataFrame, dict[str, pl.DataFrame], pl.DataFrame | None]:
    """Units ``[unit, cluster, label, group, fold]`` as far as mapped, tables, and ids as the user wrote them.

    Where scores are wanted, a unit without a cluster is its own (numbered below zero).
    """
    frame = read_files(own)
    fields = own.mapping()
    if own.fold is None and FILE in frame.collect_schema().names():
        fields["data.fold"] = FILE
    raw = mapped(own, frame, fields)
    unit, names = _unit_ids(task, own, raw)
    units = pl.DataFrame({task.unit: unit})
    cluster = (
        identifiers(raw["data.cluster"]) if own.cluster else pl.Series([None] * len(unit), dtype=pl.Int64)
    )
    if task.kind == "scores":
        cluster = cluster.fill_null(-1 - pl.int_range(len(unit), dtype=pl.Int64, eager=True))
    units = units.with_columns(cluster.alias("cluster"))
    if own.label is not None:
        units = units.with_columns(binary(own, "data.label", raw["data.label"]).alias("label"))
    for field in ("group", "fold"):
        if f"data.{field}" in raw.columns:
            units = units.with_columns(raw[f"data.{field}"].cast(pl.String).alias(field))
    tables = {}
    for table, columns in own.tables.items():
        values = {c: settled(own, table, c, raw[f"data.tables.{table}.{c}"]) for c in columns}
        tables[table] = pl.DataFrame({task.unit: unit, **values})
    if own.time is not None:
        minute = _minutes(own, raw["data.time"])
        tables[task.table] = tables[task.table].with_columns(minute.alias("minute"))
    return units, tables, names


def _unit_ids(task: Task, own: OwnData, raw: pl.DataFrame) -> tuple[pl.Series, pl.DataFrame | None]:
    """Int64 ids: those mapped where they are integers, else row numbers beside the names they stand for."""
    number = pl.int_range(raw.height, dtype=pl.Int64, eager=True)
    if own.unit is None:
        return number, None
    given = raw["data.unit"]
    repeated = given.filter(given.is_duplicated() | given.is_null())
    if len(repeated):
        raise UsageError(
            f"data.unit of data={own.name} is no key: {len(repeated):,} of {raw.height:,} rows "
            f"repeat or lack it (first: {repeated[0]}); map a column that tells rows apart."
        )
    if given.dtype.is_integer():
        return given.cast(pl.Int64), None
    return number, pl.DataFrame({task.unit: number, "name": given.cast(pl.String)})


def _minutes(own: OwnData, time: pl.Series) -> pl.Series:
    """Minutes since the first time of the data; numbers are taken as minutes already."""
    if time.dtype == pl.String:
        try:
            time = time.str.to_datetime()
        except pl.exceptions.PolarsError:
            raise UsageError(
                f"data.time of data={own.name} is no time: map it to minutes or to ISO dates."
            ) from None
    if time.dtype.is_temporal():
        time = (time.cast(pl.Datetime("us")) - time.cast(pl.Datetime("us")).min()).dt.total_minutes()
    return time.cast(pl.Int64)


def _fold(task: Task, tables: dict[str, pl.DataFrame], units: pl.DataFrame) -> Fold:
    """One fold: all mapped rows, and as labels those of train and valid."""
    label = "label" if task.kind == "scores" else "cluster"
    able = units.filter(pl.col("part") != "test")
    known = (
        able.select(task.unit, "part", pl.col(label).alias("label")).drop_nulls("label")
        if label in units.columns
        else able.select(task.unit, "part", pl.lit(None, dtype=pl.Int8).alias("label")).clear()
    )
    shown = {name: frame.lazy() for name, frame in tables.items()}
    return Fold(task, shown, units.select(task.unit, "part"), known)


def _answers(task: Task, own: OwnData, divided: list[pl.DataFrame]) -> pl.DataFrame:
    """The truth about the predicted units of all folds, pooled; every unit weighs one."""
    asked = [
        fold.filter(pl.col("part").is_in(list(task.predicted_parts))).with_columns(
            fold=pl.lit(number, dtype=pl.Int32)
        )
        for number, fold in enumerate(divided)
    ]
    rows = pl.concat(asked)
    if len(divided) > 1:
        rows = rows.filter(pl.col("part") == "test")
    if task.kind != "scores":
        columns = ["cluster"] if task.kind == "candidates" else ["cluster", pl.lit(1.0).alias("weight")]
        return rows.select(task.unit, *columns)
    label = pl.col("label") if "label" in rows.columns else pl.lit(None, dtype=pl.Int8).alias("label")
    columns = [pl.col("part").cast(pl.String), label, "cluster"]
    extra = [name for name in ("group", "fold") if name in rows.columns]
    return rows.select(task.unit, *columns, pl.lit(1.0).alias("weight"), *extra)


def _notes(task: Task, own: OwnData) -> list[str]:
    truth, field = (own.label, "label") if task.kind == "scores" else (own.cluster, "cluster")
    return (
        []
        if truth is not None
        else [f"data={own.name} maps no data.{field}: there is no truth to score against."]
    )


def _from_pairs(task: Task, own: OwnData, split: str, level: str) -> Prepared:
    """Records as units, pairs as a table; clusters of records or scores of pairs are judged on the labels."""
    if own.pairs is None or task.kind != "clusters":
        raise UsageError(
            f"data={own.name} holds labelled pairs, which {task.name} cannot use: choose a task of clusters."
        )
    parted = own.fold is not None or isinstance(own.files, dict)
    chosen = _split_of(task, own, split, ["given"] if parted else ["all"])
    found = read_pairs(own, own.pairs, read_files(own))
    test = found.pairs.filter(pl.col("part") == "test")
    if test.is_empty():
        raise UsageError(
            f"data={own.name} has no test pairs: it holds {listed(found.pairs['part'].unique().to_list())}."
        )
    of_table = {f: t for f, t in own.mapping().items() if f.startswith(f"data.tables.{task.table}.")}
    raw = mapped(own, found.records.lazy(), of_table)
    values = {f.rpartition(".")[2]: settled(own, task.table, f.rpartition(".")[2], raw[f]) for f in of_table}
    records = pl.DataFrame({task.unit: found.records["record"], **values})
    members = matched_clusters(found.pairs, found.records.height).rename({"record": task.unit})
    able = members.filter(pl.col("part") != "test").select(
        task.unit, "part", pl.col("cluster").alias("label")
    )
    shown = {task.table: records.lazy(), "pairs": found.pairs.drop("label").lazy()}
    labelled = found.pairs.filter(pl.col("part") != "test").select("pair", "part", "label").drop_nulls()
    fold = Fold(task, shown, members.select(task.unit, "part"), able, labelled)
    tested = members.filter(pl.col("part") == "test").select(
        task.unit, pl.lit(None, dtype=pl.Int64).alias("cluster"), pl.lit(1.0).alias("weight")
    )
    return Prepared(
        folds=[fold],
        answers=Answers(
            task.kind,
            task.unit,
            tested.sort(task.unit),
            test.select("left", "right", "label", pl.col("part").cast(pl.String)),
        ),
        data=own.name,
        split=chosen,
        labels=LABELS,
        access=level,
        pair_answers=_pair_answers(found.pairs),
        names=found.records.select(pl.col("record").alias(task.unit), pl.col("text").alias("name")),
    )


def _pair_answers(pairs: pl.DataFrame) -> Answers:
    """The truth about scored pairs of valid and test; a pair's cluster is its left record."""
    frame = pairs.filter(pl.col("part") != "train").select(
        "pair",
        pl.col("part").cast(pl.String),
        "label",
        pl.col("left").alias("cluster"),
        pl.lit(1.0).alias("weight"),
    )
    return Answers("scores", "pair", frame)
