"""From results to the table that a reader compares methods by: one row per task, method and split.

*Leakage* is what the random split adds to the operation-disjoint one; *drift* is what is lost from there to the
forward one. Several seeds are one row: the mean of scores and of the ends of intervals, with the spread beside it.
Smaller tables show the recall of each form of exploitation, and the estimates of a user's own data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import polars as pl
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.spelling import check_word
from tipdata.documents.project_files import project_file

from tipbench.console import Column
from tipbench.metrics.harm import FEW_FINDS, NO_FINDS, SILENT
from tipbench.metrics.registry import metric_of, metrics
from tipbench.metrics.scores import Estimate, FormRecall
from tipbench.runs.cells import HASHED, Cell
from tipbench.runs.frames import RESULTS, frame_of, read_results
from tipbench.runs.results import Result, method_name
from tipbench.task import GAPS
from tipbench.tasks import score_version

PLACED = ("task", "release", "split")
"""Settings that have columns of their own or that the data's name says."""
ABSENT = "default"


def variant_names(results: Sequence[Result]) -> list[str]:
    """Return what distinguishes each result from other variants of its method on the same data, '' without others.

    A variant is a method with other parameters, labels, access, replicates or data config. Splits and seeds are none.
    """
    groups: dict[tuple[str, ...], list[int]] = {}
    for number, result in enumerate(results):
        groups.setdefault((result.data, result.task, result.method), []).append(number)
    names = [""] * len(results)
    for numbers in groups.values():
        settings = [_variant_settings(results[number]) for number in numbers]
        keys = sorted({key for one in settings for key in one})
        differing = [key for key in keys if len({repr(one.get(key, ABSENT)) for one in settings}) > 1]
        short = _short_keys(differing)
        for number, one in zip(numbers, settings, strict=True):
            names[number] = ", ".join(f"{short[key]}={one.get(key, ABSENT)}" for key in differing)
    return names


def name_variants(names: Sequence[str], results: Sequence[Result]) -> list[str]:
    """Return the names of these results' methods, each with its variant in brackets where there are several."""
    variants = variant_names(results)
    return [f"{name} [{one}]" if one else name for name, one in zip(names, variants, strict=True)]


def _variant_settings(result: Result) -> dict[str, Any]:
    """Return what decides a result beside its place, by dotted key."""
    config: Mapping[str, Any] = dict(result.config)
    chosen = {key: config[key] for key in (*HASHED, "data") if key not in PLACED and key in config}
    return dict(_flat({**chosen, "method": (config.get("baseline") or {}).get("method") or {}}))


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _short_keys(keys: Sequence[str]) -> dict[str, str]:
    """Return each key's last part, or the whole key where two share it."""
    last = [key.rpartition(".")[2] for key in keys]
    return {key: key if last.count(short) > 1 else short for key, short in zip(keys, last, strict=True)}


RANDOM, OPERATION, FORWARD = "random", "operation", "forward"
ORDER = (RANDOM, OPERATION, FORWARD)
NOTHING = "-"
PAIRWISE, ESTIMATE = "pairwise_f1", "estimate"
BESIDE = tuple(metric for metric in metrics().values() if metric.beside)
"""Metrics that stand beside the primary one."""
FIRST = (
    "data",
    "task",
    "method",
    "split",
    "labels",
    "access",
    "primary",
    "prevalence",
    "oracle_method",
    "entry_class",
)
"""What the first of several seeds says for all."""
READ = (*FIRST, "scores", "valid", "oracle", "cost", "verified")

Row = Mapping[str, Any]
"""A line of the table: see :func:`rows`."""


def average_seeds(found: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Return a row per group of results that differ by their seed.

    Args:
        found: results as :func:`tipbench.runs.frames.frame_of` returns them, with the columns :data:`READ`.
        by: names of the columns that a group shares.

    Returns:
        ``by``, :data:`FIRST`, and means over seeds, null where any seed has none: ``score``, ``low`` and ``high`` of
        ``metric`` (the primary one wherever it is known) with its ``note``; ``valid``, ``share_of_oracle``,
        ``seconds``, ``cpu_s``. ``seed_sd``: standard deviation of the score (ddof 1). ``scores``: of every metric, as
        in ``found``; the note says why there is none. ``peak_mib``: the largest; ``oracle_score``: the first known;
        ``verified``: whether all are; ``seeds``: how many.
    """
    scores = _average_scores(found, by)
    cost = pl.col("cost").struct.field
    known = pl.element().filter(pl.element().struct.field("value").is_not_null()).struct.field("name")
    groups = found.group_by(*by, maintain_order=True).agg(
        *(pl.col(name).first() for name in FIRST if name not in by),
        known=pl.col("scores").first().list.eval(known),
        seeds=pl.len().cast(pl.Int64),
        verified=pl.col("verified").all(),
        valid=pl.col("valid").struct.field("value"),
        share_of_oracle=_value_of("share"),
        oracle_score=_value_of("oracle").drop_nulls().first(),
        seconds=cost("fit_s") + cost("predict_s") + cost("score_s"),
        cpu_s=cost("cpu_s"),
        peak_mib=cost("peak_mib"),
    )
    choices = (pl.col("primary"), pl.lit(PAIRWISE), pl.lit(ESTIMATE))
    metric = pl.coalesce(
        *(pl.when(pl.col("known").list.contains(one)).then(one) for one in choices), "primary"
    )
    peaks = pl.col("peak_mib").list
    groups = groups.with_columns(
        *(_mean(name) for name in ("valid", "share_of_oracle", "seconds", "cpu_s")),
        metric=metric,
        peak_mib=pl.when(peaks.drop_nulls().list.len() == peaks.len()).then(peaks.max()),
    ).with_columns(valid=pl.when(pl.col("metric") == pl.col("primary")).then("valid"))
    one = scores.select(*by, "score", "low", "high", "seed_sd", metric="name", note="first_note")
    every = scores.group_by(*by).agg(scores=pl.struct("name", "value", "low", "high", "note"))
    return (
        groups.join(one, on=[*by, "metric"], how="left", maintain_order="left")
        .join(every, on=by, how="left", maintain_order="left")
        .drop("known")
    )


def _average_scores(found: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Return a row per group and metric; ``score`` is the mean of the seeds that have a value."""
    return (
        found.select(*by, "scores")
        .explode("scores", empty_as_null=False)
        .unnest("scores")
        .group_by(*by, "name", maintain_order=True)
        .agg(
            pl.col("value", "low", "high"),
            note=pl.col("note").filter(pl.col("value").is_null()).first(),
            first_note=pl.col("note").first(),
        )
        .with_columns(known=pl.col("value").list.drop_nulls())
        .with_columns(
            *(_mean(name) for name in ("value", "low", "high")),
            score=_mean("known"),
            seed_sd=pl.col("known").map_elements(
                lambda one: stdev(one) if len(one) > 1 else None, return_dtype=pl.Float64
            ),
        )
    )


def _mean(name: str) -> pl.Expr:
    """Return the exact mean of each list: a sum in another order would round otherwise."""
    return pl.col(name).map_elements(lambda one: mean(one.to_list()), return_dtype=pl.Float64)


def _value_of(key: str) -> pl.Expr:
    """Return the value of a key of each result's ``oracle``."""
    chosen = pl.element().filter(pl.element().struct.field("name") == key).struct.field("value")
    return pl.col("oracle").list.eval(chosen).list.first()


def add_gaps(found: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Add ``leakage`` (random - operation) and ``drift`` (operation - forward) of ``score`` to rows of splits."""

    def on(split: str) -> pl.Expr:
        return pl.col("score").filter(pl.col("split") == split).first().over(by)

    return found.with_columns(leakage=on(RANDOM) - on(OPERATION), drift=on(OPERATION) - on(FORWARD))


FIELDS = (
    *("data", "task", "method", "split", "labels", "metric", "valid", "score", "low", "high", "note"),
    *("share_of_oracle", "leakage", "drift", "beside", "seconds", "seeds", "seed_sd", "oracle", "prevalence"),
    "reference",
)
"""What a row of a table of runs holds."""


def rows(results: Sequence[Result], references: Sequence[Result] = ()) -> list[Row]:
    """Return one row per data, task, method and split; methods by their most honest score, oracles last.

    The variants of a method (:func:`variant_names`) are rows of their own. Where two methods of a task or more have a
    validation score, these come first, in its order: to choose by the score of the test is to tune on it. With
    ``references``, results of other methods to compare with, the rows of each task and split are sorted by score, best
    first, oracles included; rows without a score come last.

    Returns:
        :data:`FIELDS` by name: numbers as of :func:`average_seeds`; ``leakage`` and ``drift``; ``oracle``: whether the
        method was shown hidden truth; ``reference``: whether it is a committed result and not of this run;
        ``beside``: of each metric of :data:`BESIDE` that it has, value, low, high and note.
    """
    if not (results := [*results, *references]):
        return []
    marked = {one.method for one in references}
    names = name_variants([one.method for one in results], results)
    is_reference = {name: one.method in marked for name, one in zip(names, results, strict=True)}
    place = ["data", "task", "method"]
    found = frame_of(results, READ).with_columns(method=pl.Series(names))
    found = add_gaps(average_seeds(found, [*place, "split"]), place).rename({"oracle_method": "oracle"})

    several = pl.col("method").filter(pl.col("valid").is_not_null() & ~pl.col("oracle")).n_unique() > 1
    tuned = pl.col("valid").is_not_null() & several.over("data", "task")
    found = found.with_columns(
        block=pl.when(tuned).then(0).otherwise(1),
        by=pl.when(tuned).then("valid").otherwise("score"),
        split_order=pl.col("split").replace_strict(list(ORDER), range(len(ORDER)), default=len(ORDER)),
    )
    honest = [(pl.col("split") == split) & pl.col("by").is_not_null() for split in reversed(ORDER)]
    block, by = (
        [pl.col(name).filter(there).first().over(place) for there in honest] for name in ("block", "by")
    )
    lower = [name for name, metric in metrics().items() if metric.lower_is_better]
    sign = pl.when(pl.col("metric").is_in(lower)).then(1.0).otherwise(-1.0)
    found = found.with_columns(
        block=pl.coalesce(*block, 1),
        loss=(sign * pl.coalesce(*by, "score")).fill_null(math.inf),
        own_loss=(sign * pl.col("score")).fill_null(math.inf),
    )
    if references:
        found = found.sort("data", "task", "split_order", "split", "own_loss", "method")
    else:
        found = found.sort("data", "task", "oracle", "block", "loss", "method", "split_order", "split")
    lines = []
    for line in found.rows(named=True):
        scores = {one.pop("name"): one for one in line["scores"]}
        line["beside"] = {one.name: scores[one.name] for one in BESIDE if one.name in scores}
        line["seconds"] = None if line["seconds"] is None else round(line["seconds"], 3)
        line["reference"] = is_reference[line["method"]]
        lines.append({name: line[name] for name in FIELDS})
    return lines


def document(row: Row) -> dict[str, Any]:
    """Return a row as JSON; ``harm_gap`` repeats what ``beside`` says, for readers of older documents."""
    beside = {name: {"value": one["value"], "note": one["note"]} for name, one in row["beside"].items()}
    return {**row, "beside": beside, "harm_gap": beside.get("harm_gap", {"value": None})["value"]}


def value_text(score: Mapping[str, Any] | None) -> str:
    """Return the number, or the reason where a method earned none."""
    if score is None:
        return NOTHING
    silent = score["value"] is None and score["note"] in SILENT
    return score["note"] if silent else number(score["value"])


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean; None for nothing, or where any value is None."""
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None


def _heading(name: str) -> str:
    return metric_of(name).heading or metric_of(name).title


def _method(row: Row) -> str:
    method = method_name(row["method"])
    return f"{method} (oracle)" if row["oracle"] and not method.startswith("oracle") else method


def _words(name: str, text: Callable[[Row], str] | None = None, **more: Any) -> Column:
    return Column(name, name=name, text=text or itemgetter(name), **more)


def _numbers(name: str, title: str, text: Callable[[Row], str], **more: Any) -> Column:
    return Column(title, True, name=name, text=text, **more)


def _beside(name: str) -> Column:
    at_first = name in ("worst_group_accused_50", "harm_gap")
    heading = _heading(name)
    return _numbers(
        name, heading, lambda row: value_text(row["beside"].get(name)), leave=10, at_first=at_first
    )


ACCUSED = ("accusations_per_find_50", "accusations_per_find", "wrongful_links")
"""Metrics of harm of which a table shows the first that a task has, as *accused per find*."""


def first_accused(scores: Mapping[str, Any]) -> Any:
    """Return, of scores by metric, that of the first metric of :data:`ACCUSED` that they have; None where they have
    none."""
    return next((scores[name] for name in ACCUSED if name in scores), None)


SHOWN = (
    _words("data", fewest=2),
    _words("task", leave=1),
    _words("method", _method),
    _words("source", lambda row: "reference" if row["reference"] else "yours", fewest=2),
    _words("split"),
    _words("labels", leave=2),
    _words("metric", lambda row: metric_text(row["metric"])),
    _numbers("valid", "valid", lambda row: number(row["valid"]), leave=5),
    _numbers("score", "score", lambda row: number(row["score"])),
    _numbers("seed_sd", "sd of seeds", lambda row: number(row["seed_sd"]), leave=7, at_first=False),
    _numbers("interval", "95% interval", lambda row: interval(row["low"], row["high"], row["note"])),
    _numbers("accused_per_find", "accused per find", lambda row: value_text(first_accused(row["beside"]))),
    _numbers("share_of_oracle", "share of oracle", lambda row: percent(row["share_of_oracle"]), leave=8),
    _numbers(
        "leakage", "leakage", lambda row: signed(row["leakage"]) if row["split"] == RANDOM else "", leave=3
    ),
    _numbers("drift", "drift", lambda row: signed(row["drift"]) if row["split"] == FORWARD else "", leave=6),
    *(_beside(metric.name) for metric in BESIDE),
    _numbers("seconds", "seconds", lambda row: tenths(row["seconds"]), leave=11),
)
"""The columns that a table of runs can have, in order. Leakage stays as long as the labels that explain it."""
ALL = "all"
"""What ``--columns`` takes for all of them."""


def table(lines: Sequence[Row], chosen: Sequence[str] | None = None) -> tuple[list[Column], list[list[str]]]:
    """Return columns and cells of the rows. Leakage stands in the random split's row, drift in the forward split's.

    ``chosen``: names or titles of :data:`SHOWN`, in the order wanted, or :data:`ALL` alone; None for those that are
    shown at first. Of the latter two only columns that say anything. Raises UsageError for a name that no column has.
    """
    if chosen is not None and list(chosen) != [ALL]:
        shown = [replace(one, leave=0) for one in choose_columns(SHOWN, chosen)]
    else:
        shown = [
            one
            for one in SHOWN
            if (chosen is not None or one.at_first)
            and len({one.text(line) for line in lines} - {"", NOTHING}) >= one.fewest
        ]
    return shown, [[one.text(line) for one in shown] for line in lines]


@dataclass(frozen=True)
class Block:
    """The table of one task: a row per method, with its scores on all splits.

    ``place``: data and task. ``title``: metric, direction and labels. Interval, accusations and what follows are of the
    most honest split that there is.
    """

    place: tuple[str, str]
    title: str
    columns: Sequence[Column]
    cells: Sequence[Sequence[str]]


IN_BLOCKS = (
    "interval",
    "accused_per_find",
    "leakage",
    "drift",
    "valid",
    "share_of_oracle",
    "harm_gap",
    "seconds",
)
"""Columns of a block after the scores; interval and accusations are never left out."""


def blocks(lines: Sequence[Row]) -> list[Block]:
    """Return a block per data and task, methods in the order of the rows."""
    by_place: dict[tuple[str, str], list[Row]] = {}
    for line in lines:
        by_place.setdefault((line["data"], line["task"]), []).append(line)
    several = len({data for data, _ in by_place}) > 1
    return [_block(of_task, several) for of_task in by_place.values()]


def _block(lines: Sequence[Row], name_data: bool) -> Block:
    there = {line["split"] for line in lines}
    splits = [split for split in ORDER if split in there] + sorted(there.difference(ORDER))
    main = next(split for split in (*reversed(ORDER), splits[0]) if split in there)
    methods: dict[str, dict[str, Row]] = {}
    for line in lines:
        methods.setdefault(line["method"], {})[line["split"]] = line
    named = {one.name: one for one in SHOWN}
    columns = [_of_any(named["method"])]
    if any(line["reference"] for line in lines):
        columns.append(_of_any(named["source"]))
    for split in splits:
        title, leave = ("score", 0) if len(splits) == 1 else (split, 0 if split in ORDER else 9)
        columns.append(replace(_of_split(named["score"], split), title=title, leave=leave))
    for name in IN_BLOCKS:
        title = named[name].title.replace(" per ", "\nper ").replace("share of ", "share\nof ")
        split = RANDOM if name == "leakage" else main
        columns.append(replace(_of_split(named[name], split), title=title))
    cells = [[column.text(of) for column in columns] for of in methods.values()]
    kept = [at for at in range(len(columns)) if any(row[at] not in ("", NOTHING) for row in cells)]
    first, metric = lines[0], metric_of(lines[0]["metric"])
    better = "lower" if metric.lower_is_better else "higher"
    labels = ", ".join(dict.fromkeys(line["labels"] for line in lines))
    place = f"{first['task']} on {first['data']}" if name_data else first["task"]
    return Block(
        place=(first["data"], first["task"]),
        title=f"{place}: {metric.title}, {better} is better; labels {labels}",
        columns=[columns[at] for at in kept],
        cells=[[row[at] for at in kept] for row in cells],
    )


def _of_any(column: Column) -> Column:
    """Return the column for a block, whose cell is that of any row of a method: all rows of one say the same."""
    return replace(column, text=lambda of: column.text(next(iter(of.values()))))


def _of_split(column: Column, split: str) -> Column:
    """Return the column for a block, whose cell is that of a method's row on this split."""
    return replace(column, text=lambda of: column.text(of[split]) if split in of else NOTHING)


def metric_text(name: str) -> str:
    """Return the name of a metric, with its direction where lower is better."""
    return f"{name} (lower is better)" if metric_of(name).lower_is_better else name


def gap_note(lines: Sequence[Row], shown: Set[str]) -> str | None:
    """Return a sentence on why a row can have no finds for a gap and yet accusations per find; None if no row has both.

    ``shown``: the headings of the columns in the table; other columns are ignored.
    """
    for row in lines:
        found = {name: one for name, one in row["beside"].items() if _heading(name) in shown}
        no_finds = any(found[name]["note"] in (NO_FINDS, FEW_FINDS) for name in GAPS if name in found)
        accused = (one["value"] for name, one in found.items() if name.startswith("accusations_per_find"))
        if no_finds and any(value is not None for value in accused):
            return (
                "the gaps use the threshold that flags 1% of the valid part; accused per find uses other thresholds or "
                "the method's own decisions (own), so a method can have no finds for its gaps and yet accusations"
            )
    return None


def choose_columns(columns: Iterable[Column], names: Sequence[str]) -> list[Column]:
    """Return the columns of these names or titles, in their order. Raises UsageError for a name that none has."""
    known = {name: column for column in columns for name in (column.title, column.name) if name}
    for name in names:
        check_word(name, known, f"--columns: there is no column {name}")
    return [known[name] for name in names]


def number(value: float | None) -> str:
    """Return three decimals; a whole number above 1 is a count."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if value > 1 and float(value).is_integer() else f"{value:.3f}"


def _formatter(form: str) -> Callable[[float | None], str]:
    """Return a function that writes a number in this format, and None as :data:`NOTHING`."""
    return lambda value: NOTHING if value is None else format(value, form)


signed, tenths, percent = map(_formatter, ("+.3f", ".1f", ".0%"))


def interval(low: float | None, high: float | None, note: str | None = None) -> str:
    """Return an interval, or why there is none."""
    return note or NOTHING if low is None or high is None else f"{low:.3f} to {high:.3f}"


def form_table(found: Mapping[str, FormRecall]) -> tuple[list[Column], list[list[str]]]:
    """Return columns and cells of one method, a row per form."""
    columns = [Column("form"), *(Column(name, True) for name in ("operations", "recall", "95% interval"))]
    cells = [
        [name, str(one.operations), number(one.value), interval(one.low, one.high, one.note)]
        for name, one in found.items()
    ]
    return columns, cells


def form_table_of_results(results: Sequence[Result]) -> tuple[list[Column], list[list[str]]]:
    """Return columns and cells of several methods, a row each, and of forms that have an interval in any of them a
    column; no rows where there is none."""
    shown = [(one, texts) for one in results if (texts := _recall_texts(one))]
    forms = dict.fromkeys(form for _, texts in shown for form in texts)
    columns = [Column("task"), Column("method"), Column("split"), *(Column(form, True) for form in forms)]
    cells = [
        [one.task, one.method_name, one.split, *(texts.get(form, "") for form in forms)]
        for one, texts in shown
    ]
    return columns, cells


def _recall_texts(result: Result) -> dict[str, str]:
    recalls = {form: one for form, one in result.by_form.items() if one.low is not None}
    return {form: f"{number(one.value)} {interval(one.low, one.high)}" for form, one in recalls.items()}


def estimate_table(found: Mapping[str, Estimate], unit: str) -> tuple[list[Column], list[list[str]]]:
    """Return columns and cells, one row per unit; the truth where any is known."""
    columns = [Column(unit), Column("estimate", True), Column("95% interval", True), Column("truth", True)]
    cells = [
        [n, number(one.value), interval(one.low, one.high), number(one.truth)] for n, one in found.items()
    ]
    shown = 4 if any(one.truth is not None for one in found.values()) else 3
    return columns[:shown], [row[:shown] for row in cells]


REFERENCE = "reference"


def references_of(cells: Sequence[Cell], folder: str | None = None) -> list[Result]:
    """Return the committed results on the data, tasks and splits of these, each method marked as a reference.

    ``folder``: where results are kept; without it ``results`` here, or those that travel with tipbench. Raises
    UsageError where there is no such folder, it has no results of the data, or scores of another meaning.
    """
    places = [expand_home(folder)] if folder else [Path("results"), project_file("results")]
    kept = next((place for place in places if place.is_dir()), None)
    if kept is None:
        raise UsageError(
            f"{places[0]} is not a folder of committed results: run in a clone of tipbench, or give "
            "--references=FOLDER."
        )
    found: list[Result] = []
    for data, task in dict.fromkeys((cell.data, cell.task) for cell in cells):
        file = kept / data / REFERENCE / RESULTS
        there = read_results(file, task) if file.is_file() else []
        if not there:
            files = kept.glob(f"*/*/{REFERENCE}/{RESULTS}")
            has = sorted(path.parents[1].relative_to(kept).as_posix() for path in files)
            advice = f"it has {', '.join(has)}; add release={has[-1]}" if has else "it has none"
            raise UsageError(f"{kept} has no committed results of {task} on {data}: {advice}.")
        if {one.versions.evaluator for one in there} != {score_version(task)}:
            raise UsageError(
                f"the committed results of {task} on {data} were scored by another version of its metrics: "
                "use the tipbench that they belong to."
            )
        splits = {cell.split for cell in cells if (cell.data, cell.task) == (data, task)}
        found += [one for one in there if one.split in splits]
    return [one.model_copy(update={"method": f"{one.method} ({REFERENCE})"}) for one in found]
