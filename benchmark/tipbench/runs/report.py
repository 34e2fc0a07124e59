"""From results to the table that a reader compares methods by: one row per task, method and split.

*Leakage* is what the random split adds to the operation-disjoint one; *drift* is what is lost from there to the
forward one. Several seeds are one row: the mean of scores and of the ends of intervals, with the spread beside it.
Smaller tables show the recall of each form of exploitation, and the estimates of a user's own data.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, TypeVar

from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipdata.documents.project_files import project_file

from tipbench.config.options import suggestion
from tipbench.console import Column
from tipbench.metrics.harm import FEW_FINDS, NO_FINDS, SILENT
from tipbench.metrics.metric import Metric
from tipbench.metrics.registry import metric_of, metrics
from tipbench.metrics.scores import Estimate, FormRecall, Score
from tipbench.runs.cells import HASHED, Cell
from tipbench.runs.frames import RESULTS, read_results
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
        settings = [dict(_variant_settings(results[number])) for number in numbers]
        keys = sorted({key for one in settings for key in one})
        differing = [key for key in keys if len({repr(one.get(key, ABSENT)) for one in settings}) > 1]
        short = _short_keys(differing)
        for number, one in zip(numbers, settings, strict=True):
            names[number] = ", ".join(f"{short[key]}={one.get(key, ABSENT)}" for key in differing)
    return names


def _variant_settings(result: Result) -> Iterator[tuple[str, Any]]:
    """Yield what decides a result beside its place, by dotted key."""
    config: Mapping[str, Any] = dict(result.config)
    for key in (*HASHED, "data"):
        if key not in PLACED and key in config:
            yield from _flat(key, config[key])
    method = (config.get("baseline") or {}).get("method") or {}
    yield from _flat("method", method)


def _flat(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{key}.{name}", inner)
    else:
        yield key, value


def _short_keys(keys: Sequence[str]) -> dict[str, str]:
    """Return each key's last part, or the whole key where two share it."""
    last = [key.rpartition(".")[2] for key in keys]
    return {key: key if last.count(short) > 1 else short for key, short in zip(keys, last, strict=True)}


Chosen = TypeVar("Chosen")
RANDOM, OPERATION, FORWARD = "random", "operation", "forward"
ORDER = (RANDOM, OPERATION, FORWARD)
NOTHING = "-"
PAIRWISE, ESTIMATE = "pairwise_f1", "estimate"
BESIDE = tuple(metric for metric in metrics().values() if metric.beside)
"""Metrics that stand beside the primary one."""


@dataclass(frozen=True)
class Row:
    """One line of the table. Scores are of ``metric``, the primary one wherever it is known; None where unknown.

    ``labels``: what was learnt from. ``note`` says why there is no interval. ``valid``: the score of the valid part.
    ``beside``: what the registry of metrics shows beside the primary one, by metric. ``seed_sd``: standard deviation
    over seeds, ddof 1. ``prevalence``: the share of positives that scores are at. ``reference``: whether the row is a
    committed result of a shipped baseline and not of this run.
    """

    data: str
    task: str
    method: str
    split: str
    labels: str
    metric: str
    valid: float | None
    score: float | None
    low: float | None
    high: float | None
    note: str | None
    share_of_oracle: float | None
    leakage: float | None
    drift: float | None
    beside: dict[str, Score]
    seconds: float | None
    seeds: int
    seed_sd: float | None
    oracle: bool
    prevalence: float | None = None
    reference: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return a document of JSON; ``harm_gap`` repeats what ``beside`` says, for readers of older documents."""
        beside = {name: {"value": one.value, "note": one.note} for name, one in self.beside.items()}
        gap = beside.get("harm_gap", {"value": None})
        return {**asdict(replace(self, beside={})), "beside": beside, "harm_gap": gap["value"]}


def rows(results: Sequence[Result], references: Sequence[Result] = ()) -> list[Row]:
    """Return one row per data, task, method and split; methods by their most honest score, oracles last.

    The variants of a method (:mod:`tipbench.runs.report`) are rows of their own. Where two methods of a task or more
    have a validation score, these come first, in its order: to choose by the score of the test is to tune on it.
    With ``references``, results of other methods to compare with, the rows of each task and split are sorted by score,
    best first, oracles included; rows without a score come last.
    """
    marked = {one.method for one in references}
    results = [*results, *references]
    variants = variant_names(results)
    grouped: dict[tuple[str, ...], list[Result]] = {}
    for result, variant in zip(results, variants, strict=True):
        method = f"{result.method} [{variant}]" if variant else result.method
        grouped.setdefault((result.data, result.task, method, result.split), []).append(result)
    bare = [replace(_row(key[2], of), reference=of[0].method in marked) for key, of in grouped.items()]
    scores = {(row.data, row.task, row.method, row.split): row.score for row in bare}
    validated = {(row.data, row.task, row.method) for row in bare if row.valid is not None and not row.oracle}
    methods = Counter((data, task) for data, task, _ in validated)
    ordered_by = {
        key: (0, row.valid) if row.valid is not None and methods[key[:2]] > 1 else (1, row.score)
        for key, row in zip(scores, bare, strict=True)
    }
    full = [
        _with_gaps(row, lambda split, row=row: scores.get((row.data, row.task, row.method, split)))
        for row in bare
    ]
    return sorted(full, key=_score_order if references else lambda row: _place(row, ordered_by))


def _row(method: str, group: list[Result]) -> Row:
    first = group[0]
    metric = _metric(first)
    scores = [result.scores[metric] for result in group]
    values = [score.value for score in scores if score.value is not None]
    return Row(
        data=first.data,
        task=first.task,
        method=method,
        split=first.split,
        labels=first.labels,
        metric=metric,
        valid=_valid(group, metric),
        score=mean(values),
        low=mean([score.low for score in scores]),
        high=mean([score.high for score in scores]),
        note=scores[0].note,
        share_of_oracle=mean([result.oracle.get("share") for result in group]),
        leakage=None,
        drift=None,
        beside={one.name: found for one in BESIDE if (found := mean_over_seeds(group, one.name)) is not None},
        seconds=_seconds(group),
        seeds=len(group),
        seed_sd=stdev(values) if len(values) > 1 else None,
        oracle=first.oracle_method,
        prevalence=first.prevalence,
    )


def _valid(group: list[Result], metric: str) -> float | None:
    """Return validation score, mean over seeds; None where it is of another metric than the row."""
    if metric != group[0].primary:
        return None
    return mean([None if result.valid is None else result.valid.value for result in group])


def mean_over_seeds(group: Sequence[Result], metric: str) -> Score | None:
    """Return a metric's mean over seeds, and the mean ends of its interval; None where no seed has it.

    Where a seed has no value there is none, and the note says why.
    """
    scores = [result.scores[metric] for result in group if metric in result.scores]
    if not scores:
        return None
    value, low, high = (mean([getattr(score, end) for score in scores]) for end in ("value", "low", "high"))
    note = next((score.note for score in scores if score.value is None), None)
    return Score(value=value, low=low, high=high, note=note)


def value_text(score: Score | None) -> str:
    """Return the number, or the reason where a method earned none."""
    if score is None:
        return NOTHING
    return score.note or NOTHING if score.value is None and score.note in SILENT else number(score.value)


def _seconds(group: list[Result]) -> float | None:
    """Return wall seconds of a cell, mean over seeds."""
    found = mean([result.seconds for result in group])
    return None if found is None else round(found, 3)


def _metric(result: Result) -> str:
    """Return the task's primary metric or, where own data lack its truth, what can be said without: the pairwise one of
    labelled pairs, or the estimate itself."""
    known = (name for name in (result.primary, PAIRWISE, ESTIMATE) if name in result.scores)
    return next((name for name in known if result.scores[name].value is not None), result.primary)


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean; None for nothing, or where any value is None."""
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None


def _with_gaps(row: Row, score: Callable[[str], float | None]) -> Row:
    return replace(
        row, leakage=_minus(score(RANDOM), score(OPERATION)), drift=_minus(score(OPERATION), score(FORWARD))
    )


def _minus(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else left - right


def _place(row: Row, scores: dict[tuple[str, ...], tuple[int, float | None]]) -> tuple:
    honest = (scores.get((row.data, row.task, row.method, split), (1, None)) for split in reversed(ORDER))
    block, best = next((one for one in honest if one[1] is not None), (1, row.score))
    loss = _loss(row.metric, best)
    return (row.data, row.task, row.oracle, block, loss, row.method, _split_order(row), row.split)


def _score_order(row: Row) -> tuple:
    return (row.data, row.task, _split_order(row), row.split, _loss(row.metric, row.score), row.method)


def _split_order(row: Row) -> int:
    return ORDER.index(row.split) if row.split in ORDER else len(ORDER)


def _loss(metric: str, score: float | None) -> float:
    """Return a number that is smaller for a better score, infinite for a missing one."""
    return math.inf if score is None else score if metric_of(metric).lower_is_better else -score


def _shown(metric: Metric) -> Column:
    return Column(
        _heading(metric.name), True, text=lambda row: value_text(row.beside.get(metric.name)), leave=10
    )


def _heading(name: str) -> str:
    return metric_of(name).heading or metric_of(name).title


SHOWN = (
    Column("data", text=lambda row: row.data, fewest=2),
    Column("task", text=lambda row: row.task, leave=1),
    Column("method", text=lambda row: _method(row)),
    Column("source", text=lambda row: "reference" if row.reference else "yours", fewest=2),
    Column("split", text=lambda row: row.split),
    Column("labels", text=lambda row: row.labels, leave=2),
    Column("metric", text=lambda row: row.metric, leave=9),
    Column("valid", True, text=lambda row: number(row.valid), leave=5),
    Column("score", True, text=lambda row: number(row.score)),
    Column("sd of seeds", True, text=lambda row: number(row.seed_sd), leave=7),
    Column("95% interval", True, text=lambda row: interval(row.low, row.high, row.note), leave=4),
    Column("share of oracle", True, text=lambda row: percent(row.share_of_oracle), leave=8),
    Column("leakage", True, text=lambda row: signed(row.leakage) if row.split == RANDOM else "", leave=3),
    Column("drift", True, text=lambda row: signed(row.drift) if row.split == FORWARD else "", leave=6),
    *(_shown(metric) for metric in BESIDE),
    Column(
        "seconds", True, text=lambda row: NOTHING if row.seconds is None else f"{row.seconds:.1f}", leave=11
    ),
)
"""The columns that a table of runs can have, in order. Leakage stays as long as the labels that explain it."""


def table(lines: Sequence[Row], chosen: Sequence[str] | None = None) -> tuple[list[Column], list[list[str]]]:
    """Return columns and cells of the rows. Leakage stands in the random split's row, drift in the forward split's.

    Args:
        lines: the rows.
        chosen: names of :data:`SHOWN`, in the order wanted; without them, all that say anything.

    Raises:
        UsageError: for a name that no column has.
    """
    if chosen is not None:
        by_name = {one.title: one for one in SHOWN}
        shown = [replace(one, leave=0) for one in chosen_of(by_name, chosen)]
    else:
        shown = [
            one for one in SHOWN if len({one.text(line) for line in lines} - {"", NOTHING}) >= one.fewest
        ]
    return shown, [[one.text(line) for one in shown] for line in lines]


def gap_note(lines: Sequence[Row], shown: Set[str]) -> str | None:
    """Return a sentence on why a row can have no finds for a gap and yet accusations per find; None if no row has both.

    ``shown``: the headings of the columns in the table; other columns are ignored.
    """
    for row in lines:
        found = {name: one for name, one in row.beside.items() if _heading(name) in shown}
        no_finds = any(found[name].note in (NO_FINDS, FEW_FINDS) for name in GAPS if name in found)
        accused = (one.value for name, one in found.items() if name.startswith("accusations_per_find"))
        if no_finds and any(value is not None for value in accused):
            return (
                "the gaps use the threshold that flags 1% of the valid part; accused per find uses other thresholds or "
                "the method's own decisions (own), so a method can have no finds for its gaps and yet accusations"
            )
    return None


def chosen_of(known: Mapping[str, Chosen], names: Sequence[str]) -> list[Chosen]:
    """Return the columns of these names, in their order. Raises UsageError for a name that no column has."""
    for name in names:
        if name not in known:
            raise UsageError(f"--columns: there is no column {name}. {suggestion(name, known)}")
    return [known[name] for name in names]


def _method(row: Row) -> str:
    method = method_name(row.method)
    return f"{method} (oracle)" if row.oracle and not method.startswith("oracle") else method


def number(value: float | None) -> str:
    """Return three decimals; a whole number above 1 is a count."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if value > 1 and float(value).is_integer() else f"{value:.3f}"


def signed(value: float | None) -> str:
    return NOTHING if value is None else f"{value:+.3f}"


def percent(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.0%}"


def interval(low: float | None, high: float | None, note: str | None = None) -> str:
    """Return an interval, or why there is none."""
    return note or NOTHING if low is None or high is None else f"{low:.3f} to {high:.3f}"


Recalls = Mapping[str, FormRecall]
"""Recall of each form, by its name."""


def form_table(found: Recalls) -> tuple[list[Column], list[list[str]]]:
    """Return columns and cells of one method, a row per form."""
    columns = [
        Column("form"),
        Column("operations", True),
        Column("recall", True),
        Column("95% interval", True),
    ]
    cells = [
        [name, str(one.operations), number(one.value), interval(one.low, one.high, one.note)]
        for name, one in found.items()
    ]
    return columns, cells


def form_table_of_results(results: Sequence[Result]) -> tuple[list[Column], list[list[str]]]:
    """Return columns and cells of several methods, a row each, and of forms that have an interval in any of them a
    column; no rows where there is none."""
    shown = [result for result in results if any(one.low is not None for one in result.by_form.values())]
    forms = dict.fromkeys(
        name for result in shown for name, one in result.by_form.items() if one.low is not None
    )
    columns = [Column("task"), Column("method"), Column("split"), *(Column(form, True) for form in forms)]
    cells = [
        [r.task, r.method_name, r.split, *(_form_cell(r.by_form.get(form)) for form in forms)] for r in shown
    ]
    return columns, cells


def _form_cell(one: FormRecall | None) -> str:
    if one is None or one.low is None:
        return ""
    return f"{number(one.value)} {interval(one.low, one.high)}"


Estimates = dict[str, Estimate]
"""What is estimated of each unit, by name."""


def estimate_table(found: Estimates, unit: str) -> tuple[list[Column], list[list[str]]]:
    """Return columns and cells, one row per unit; the truth where any is known."""
    known = any(one.truth is not None for one in found.values())
    columns = [Column(unit), Column("estimate", True), Column("95% interval", True)]
    cells = [[name, number(one.value), interval(one.low, one.high)] for name, one in found.items()]
    if known:
        columns.append(Column("truth", True))
        cells = [[*row, number(one.truth)] for row, one in zip(cells, found.values(), strict=True)]
    return columns, cells


def results_with_estimates(results: Sequence[Result]) -> list[Result]:
    """Return the results that estimate several units: a single estimate is a score, and stands among them."""
    return [result for result in results if len(result.estimates) > 1]


REFERENCE = "reference"
MARK = "(reference)"


def references_of(cells: Sequence[Cell], folder: str | None = None) -> list[Result]:
    """Return the committed results on the data, tasks and splits of these, each method marked as a reference.

    Args:
        cells: what is run.
        folder: where results are kept; without it ``results`` here, or those that travel with tipbench.

    Raises:
        UsageError: where there is no such folder, it has no results of the data, or scores of another meaning.
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
            raise UsageError(
                f"{kept} has no committed results of {task} on {data}: it has {', '.join(has) or 'none'}."
            )
        if {one.versions.evaluator for one in there} != {score_version(task)}:
            raise UsageError(
                f"the committed results of {task} on {data} were scored by another version of its metrics: "
                "use the tipbench that they belong to."
            )
        splits = {cell.split for cell in cells if (cell.data, cell.task) == (data, task)}
        found += [one for one in there if one.split in splits]
    return [one.model_copy(update={"method": f"{one.method} {MARK}"}) for one in found]
