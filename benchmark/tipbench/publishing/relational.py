"""Write a release as relational databases that RelBench opens: ``relbench.load_dataset(DIR / TASK).load_task(SPLIT)``.

RelBench 3 (https://relbench.stanford.edu) reads a folder of parquet files and a ``manifest.yaml``, which names primary
keys, foreign keys and time columns, and trains on label tables ``[time, entity, label]``. Each task whose units have
one binary label becomes a database of its own, which holds what a method of the task's access may see and nothing
else; each of its splits becomes a task of that database.

RelBench wants keys that count from 0 in the order of rows, rows in the order of time, and dates: keys are numbered anew
(the released id stays as ``<key>_id``), and day 0 is :data:`EPOCH`, which means nothing. All is predicted at the end of
the window, as in tipbench, so that every row is of the past and labels stand at that time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from tipcore.errors import UsageError
from tipdata.core.tables import Table
from tipdata.core.world import DAYS
from tipdata.documents.project_files import render_markdown
from tipdata.release import Release, published_manifest
from tipdata.release.manifests import manifest_of
from tipdata.stages import all_tables

from tipbench.data.access import visible_columns
from tipbench.data.release_folds import allowed_splits, build_fold, visible_tables
from tipbench.data.releases import collect_units
from tipbench.data.splits import SPLITS
from tipbench.publishing.cards import TEMPLATES
from tipbench.publishing.data_files import ALL, write_frames
from tipbench.publishing.export import ExportSummary, complete, fill_target, write_texts
from tipbench.publishing.facts import ExportFacts
from tipbench.task import Source, Task
from tipbench.tasks import tasks

EPOCH = datetime(2001, 1, 1)
"""The date of day 0."""
END = EPOCH + timedelta(days=DAYS)
"""When everything is predicted."""
TIME, TRUTH = "time", "truth"
PARTS = {"train": "train", "valid": "val", "test": "test"}
"""Parts, and what RelBench calls them."""


@dataclass(frozen=True)
class Relation:
    """A table as RelBench has it. ``pkey``, ``time``: None where it has none. ``fkeys``: tables by column.

    ``index``: ``[key, place]``, the place of each released key, with ``region`` if keys are unique only
    within a region; None without a primary key.
    """

    frame: pl.DataFrame
    pkey: str | None
    time: str | None
    fkeys: Mapping[str, str]
    index: pl.DataFrame | None


def export_relational(
    release: Release, to: str, *, only: Sequence[Task] | None = None, splits: str = ALL
) -> ExportSummary:
    """Write a database for each task with a binary label, with its splits as tasks.

    Arguments are as of :func:`tipbench.publishing.export.export_release`; of ``only``, tasks without a binary
    label are left out. Raises UsageError for tasks none of which has one, and for a place that is taken or
    cannot be written.
    """
    chosen = [task for task in (tasks().values() if only is None else only) if has_binary_label(task)]
    if not chosen:
        have = ", ".join(name for name, task in tasks().items() if has_binary_label(task))
        raise UsageError(f"none of these tasks has one binary label for each unit: choose among {have}.")
    with fill_target(to) as folder:
        names = [
            name for task in chosen for name in _write_database(task, release, folder / task.name, splits)
        ]
        facts = ExportFacts(published_manifest(release) or manifest_of(release))
        days = {"epoch": f"{EPOCH:%Y-%m-%d}", "end": f"{END:%Y-%m-%d}"}
        readme = render_markdown(TEMPLATES / "relational.md.j2", facts=facts, tasks=chosen, time=TIME, **days)
        write_texts(facts, folder, {"README.md": readme})
        return complete(folder, to, names)


def has_binary_label(task: Task) -> bool:
    """Return whether each unit of a task has one label, 0 or 1, and is predicted at once."""
    return "label" in task.kind.truth_columns and TRUTH in task.supervise and not task.stream


def _write_database(task: Task, source: Source, folder: Path, splits: str) -> list[str]:
    units = collect_units(task.units, source)
    tables = visible_tables(task, source, units, visible_columns(task, task.tier), task.tier)
    relations = database({name: frame.collect() for name, frame in tables.items()})
    for name, relation in relations.items():
        write_frames(folder / "db" / f"{name}.parquet", [relation.frame])
    manifest = {
        "name": f"tipbench-{source.name.replace('/', '-')}-{task.name}",
        "manifest_version": 1,
        "description": f"{task.question} Fully synthetic; what access {task.tier} shows.",
        "val_timestamp": (END - timedelta(days=1)).isoformat(),
        "test_timestamp": END.isoformat(),
        "tables": {
            name: {"pkey": one.pkey, "time_col": one.time, "fkeys": dict(one.fkeys)}
            for name, one in relations.items()
        },
    }
    _write_yaml(folder / "manifest.yaml", manifest)
    allowed = list(allowed_splits(task, source, units))
    chosen = allowed if splits == ALL else allowed[:1]
    for split in chosen:
        _write_task(task, source, units, split, relations[task.table], folder / "tasks" / split)
    return [f"{task.name}.{split}" for split in chosen]


def database(tables: Mapping[str, pl.DataFrame]) -> dict[str, Relation]:
    """Return tables as RelBench has them: rows by time, keys numbered anew, references as these numbers."""
    declared = {name: all_tables()[name] for name in tables}
    ordered = {name: _by_time(frame, declared[name]) for name, frame in tables.items()}
    single = {name: table.key[0] for name, table in declared.items() if len(table.key) == 1}
    keys = {name: key for name, key in single.items() if key in ordered[name].columns}
    indexes = {name: _index(ordered[name], key) for name, key in keys.items()}
    return {
        name: _make_relation(frame, declared[name], keys.get(name), indexes)
        for name, frame in ordered.items()
    }


def _by_time(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    key = [name for name in table.key if name in frame.columns]
    since = {"minute": pl.duration(minutes="minute"), "day": pl.duration(days="day")}
    passed = next((since[name] for name in since if name in frame.columns), None)
    if passed is None:
        return frame.sort(key)
    time = (pl.lit(EPOCH) + passed).cast(pl.Datetime("us")).alias(TIME)
    return frame.with_columns(time).sort(TIME, *key, nulls_last=True)


def _index(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return ``[key, place]``; with ``region`` first where a key is one within its region only, as sites are."""
    within = [] if frame[key].is_unique().all() else ["region"]
    return frame.select(*within, key, pl.int_range(pl.len(), dtype=pl.Int64).alias("place"))


def _make_relation(
    frame: pl.DataFrame, table: Table, key: str | None, indexes: Mapping[str, pl.DataFrame]
) -> Relation:
    there = (c for c in table.columns if c.name in frame.columns and c.name != key)
    fkeys = {c.name: c.id_of for c in there if c.id_of in indexes and not isinstance(c.dtype, pl.List)}
    for column, owner in fkeys.items():
        *within, owned, place = indexes[owner].columns
        places = indexes[owner].select(*within, pl.col(owned).alias(column), place)
        joined = frame.join(places, on=[*within, column], how="left", maintain_order="left", validate="m:1")
        frame = joined.with_columns(pl.col("place").alias(column)).drop("place")
    if key is not None:
        released = pl.col(key).alias(f"{key}_id")
        frame = frame.with_columns(released).with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(key))
    return Relation(frame, key, TIME if TIME in frame.columns else None, fkeys, indexes.get(table.name))


def _write_task(
    task: Task, source: Source, units: pl.DataFrame, split: str, entities: Relation, folder: Path
) -> None:
    """Write the label tables and the manifest of one split.

    All parts hold true labels; RelBench itself hides those of the test. Raises ValueError if the entity table has no
    single key.
    """
    if entities.index is None:
        raise ValueError(f"{task.name}: table {task.table} has no single key")
    fold, rows, _ = build_fold(task, source, units, SPLITS[split], TRUTH, task.tier)
    train = fold.supervision.filter(pl.col("part") == "train").with_columns(pl.col("part").cast(pl.String))
    later = task.answers(rows.filter(pl.col("part") != "train"), source)
    both = [one.select(task.unit, "part", "label") for one in (train, later)]
    labels = pl.concat(both, how="vertical_relaxed")
    for part, name in PARTS.items():
        placed = labels.filter(pl.col("part") == part).drop_nulls("label").join(entities.index, on=task.unit)
        columns = pl.lit(END).cast(pl.Datetime("us")).alias(TIME), pl.col("place").alias(task.unit), "label"
        write_frames(folder / f"{name}.parquet", [placed.sort("place").select(columns)])
    manifest = {
        "name": split,
        "kind": "external",
        "task_type": "binary_classification",
        "description": f"{task.question} Split {split} of tipbench; labels are the truth.",
        "entity_table": task.table,
        "entity_col": task.unit,
        "target_col": "label",
        "time_col": TIME,
        "timedelta": "1 days",
        "manifest_version": 1,
    }
    _write_yaml(folder / "manifest.yaml", manifest)


def _write_yaml(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1_000)
    path.write_text(text, encoding="utf-8", newline="\n")
