"""The units of a round's tasks and what is true of them, in labels.

Tasks work on the tables as they were generated: some choose their units by a public hash of ids
(:mod:`tipbench.data.selection`), and on labels anyone could recompute who was passed over for whom. Labels are put on
what comes out.

Everything is of the test but for a keyed quarter of the clusters (:data:`VALID`), which nobody outside knows: the
thresholds of harm metrics are set on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from tipbench.data.fold import ORDER
from tipbench.data.id_labels import keyed_words
from tipbench.data.splits import PART
from tipbench.data.streams import forecast_answers, query_weights
from tipbench.kinds.answers import Answers
from tipbench.kinds.lists import GIVEN_VIEW, add_link_counts
from tipbench.task import Forecast, Source, Task
from tipbench.tasks import task_of
from tipdata.core.world import DAYS

from tipboard.rounds.ids import CODES, Labels, kinds_of
from tipboard.rounds.prefixes import AMBIGUOUS, long_enough

VALID = 25
"""Percent of the clusters that are of the valid part, where a task's predictions cover it."""


@dataclass(frozen=True)
class RoundTruth:
    """``units``: one column, the keys to predict, rising; ``answers``: what they are scored against."""

    units: pl.DataFrame
    answers: Answers


def truth_of(
    task: Task, source: Source, seed: bytes, labels: dict[int, Labels], prefixes: Mapping[str, int]
) -> RoundTruth:
    """Return the units and answers of a task.

    Args:
        source: tables as generated, whole.
        labels: of each region.
        prefixes: their lengths, by streamed task of the round.
    """
    length = prefixes.get(task.name)
    rows = _parted(task, task.units(source).collect(), seed)
    frame = (
        task.answers(task.select(rows, source).rows, source)
        if length is None
        else _answers_of_prefixes(task, source, rows, length)
    )
    if task.forecast is None:
        kind, listed = kinds_of(task.table).get(task.unit), None
        if task.gallery is not None:
            shown = _published(task.gallery(rows, source), source, prefixes)
            frame = add_link_counts(frame.drop("links"), shown).select(frame.columns)
            frame = _labelled(frame, "given", kinds_of(GIVEN_VIEW)[task.views[GIVEN_VIEW]], seed, labels)
            listed = _views(task, shown, seed, labels)
        labelled = _labelled(frame, task.unit, kind, seed, labels).sort(task.unit)
        return RoundTruth(labelled.select(task.unit), Answers(task.kind, task.unit, labelled, gallery=listed))
    forecast = task.forecast
    labelled = _labelled(frame, forecast.query, kinds_of(task.stream)[forecast.query], seed, labels)
    labelled = _labelled(labelled, "answer", kinds_of(task.stream)[forecast.candidate], seed, labels)
    gallery = _gallery(forecast, source, seed, labels)
    answers = forecast_answers(forecast, labelled, gallery)
    return RoundTruth(answers.frame.select(forecast.query), answers)


def _gallery(forecast: Forecast, source: Source, seed: bytes, labels: dict[int, Labels]) -> pl.DataFrame:
    """Return ``[region, candidate]`` of all that may be forecast, in labels."""
    listed = source.scan(forecast.gallery).select("region", forecast.candidate).collect()
    kind = kinds_of(forecast.gallery)[forecast.candidate]
    return _labelled(listed, forecast.candidate, kind, seed, labels)


def _published(gallery: pl.DataFrame, source: Source, prefixes: Mapping[str, int]) -> pl.DataFrame:
    """Return what may be linked without what the round does not publish: streams too short for their prefix."""
    for name, length in prefixes.items():
        task = task_of(name)
        stream = source.scan(task.stream).select(task.unit, ORDER).collect()
        kept = long_enough(task, stream, length).implode()
        gallery = gallery.filter((pl.col("view") != task.table) | pl.col("candidate").is_in(kept))
    return gallery


def _views(task: Task, listed: pl.DataFrame, seed: bytes, labels: dict[int, Labels]) -> pl.DataFrame:
    """Return all that may be linked, with the labels of its view for keys."""
    parts = [
        _labelled(listed.filter(view=view), "candidate", kinds_of(view)[key], seed, labels)
        for view, key in task.views.items()
    ]
    return pl.concat(parts).sort("region", "view", "candidate")


def _parted(task: Task, units: pl.DataFrame, seed: bytes) -> pl.DataFrame:
    """Return units with the columns that the splits of releases give them, all days in."""
    cluster = units["cluster"].fill_null(units[task.unit].cast(pl.Int64))
    part = np.full(units.height, "test", dtype=object)
    if "valid" in task.predicted_parts:
        drawn = keyed_words(seed, f"part/{task.name}", cluster.to_numpy()) >> np.uint64(32)
        part[drawn * np.uint64(100) < np.uint64(VALID << 32)] = "valid"
    return units.with_columns(
        cluster.alias("cluster"), pl.Series("part", part, dtype=PART), pl.lit(DAYS, pl.Int32).alias("cut")
    )


def _answers_of_prefixes(task: Task, source: Source, rows: pl.DataFrame, length: int) -> pl.DataFrame:
    stream = source.scan(task.stream).select(task.unit, ORDER).collect()
    kept = rows.filter(pl.col(task.unit).is_in(long_enough(task, stream, length).implode()))
    if task.forecast is not None:
        last = (pl.int_range(1, pl.len() + 1).over(task.unit, order_by=ORDER) == length).alias("last")
        stops = source.scan(task.stream).with_columns(last).filter("last").select(task.forecast.query)
        asked = task.answers(kept, source).join(stops.collect(), on=task.forecast.query, how="semi")
        return asked.with_columns(query_weights())
    onset = pl.col("onset")
    seen = kept.with_columns(pl.when(onset <= length).then(onset).alias("onset"))
    soon = kept.filter((onset > length) & (onset <= length + AMBIGUOUS))[task.unit]
    label = pl.when(~pl.col(task.unit).is_in(soon.implode())).then("label").alias("label")
    return task.answers(task.select(seen, source).rows, source).with_columns(label)


def _labelled(
    frame: pl.DataFrame, column: str, kind: str | None, seed: bytes, labels: dict[int, Labels]
) -> pl.DataFrame:
    """Return the frame with labels in a column; a region's number is its own."""
    if kind is None:
        return frame
    if kind not in CODES:
        any_of_them = next(iter(labels.values()))
        return frame.with_columns(any_of_them.labelled(kind, frame[column]))
    parts = frame.with_row_index("_row").partition_by("region", as_dict=True)
    done = [
        part.with_columns(labels[int(region)].labelled(kind, part[column]))
        for (region,), part in parts.items()
    ]
    return pl.concat(done).sort("_row").drop("_row")


def key_column(task: Task) -> str:
    """Return the column of a task's units file: the query of a forecast, else the unit."""
    return task.unit if task.forecast is None else task.forecast.query
