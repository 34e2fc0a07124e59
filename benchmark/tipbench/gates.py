"""Leak gates: check that nothing in a world gives the truth away without being a signal.

A gate has a value, a limit and a noise: the 99% half-width of the value's cluster bootstrap. A released world
should keep the limits themselves: what it misses stands in ``research/world/README.md``. A world that is drawn for a
season fails only beyond a limit plus its noise, and is then drawn again; so is one on which a task cannot be prepared,
or that has too few positive clusters.

Gates of tasks with a label read the test units of the default split. Small boosted trees are fitted and scored on
different clusters, and a unit weighs what it does in a score. Columns that a task declares as signal are its question.
In tasks that rank, group or count, keys, numbers and order must tell nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from tipcore.errors import UsageError
from tipdata.core.draw import Stream
from tipdata.stages.helpline.cases import NEEDS

from tipbench.data.fold import Prepared
from tipbench.data.releases import open_source
from tipbench.kinds.scores import SCORES
from tipbench.loading import prepare
from tipbench.metrics import bootstrap
from tipbench.metrics.bootstrap import Floats, encode_dense, ratio
from tipbench.metrics.metric import make_inputs
from tipbench.metrics.registry import measure_primary
from tipbench.task import Source, Task
from tipbench.tasks import task_of, tasks

REPLICATES, LEVEL = 1000, 0.99
"""Draws of clusters behind a gate's noise, and its level."""
FEWEST_POSITIVE = 30
"""Positive test clusters that a task of scores needs in a release of at least :data:`SMALL` regions."""
SMALL = 64
"""Regions of ``small``."""
Measured = tuple[Callable[[Floats], Any], int]
"""A gate's value, a number, as a function of multiplicities of clusters, [clusters]; and the number of clusters."""
Question = tuple[str, float, Iterable[tuple[str, Measured]]]
"""A gate, its limit, and what is measured, by subject."""


class Reading(NamedTuple):
    """One gate on one world.

    ``subject``: the column, key or table that was read, or why a task cannot be prepared. ``value``, ``limit``:
    negative where a limit is a least one. ``passed``: whether the value is at most the limit plus the noise, which is
    computed only beyond the limit.
    """

    task: str
    gate: str
    subject: str
    value: float
    limit: float
    noise: float
    passed: bool

    @property
    def failure(self) -> str:
        """What is wrong, in a sentence."""
        if self.gate == "preparation":
            return f"{self.task}: {self.subject}"
        found = f"{self.task}: {self.gate} of {self.subject} is {abs(self.value):.3g}"
        beyond = f"{'below' if self.limit < 0 else 'above'} {abs(self.limit):.3g}"
        return f"{found}, {beyond} by more than its noise of {self.noise:.2g}"


def check_world(release: str | Source, names: Iterable[str] | None = None) -> pl.DataFrame:
    """Return the gates of a world as a frame, a row each with the fields of :class:`Reading`.

    Of a gate over many columns the row is the one that comes nearest to failing. :func:`failures` says in words what
    failed.

    Args:
        release: as :func:`tipbench.loading.prepare` has it.
        names: of the tasks; None for all.
    """
    source = open_source(release)
    found = [
        one for name in (tasks() if names is None else names) for one in check_task(task_of(name), source)
    ]
    return pl.DataFrame(found, schema=Reading._fields, orient="row")


def failures(gates: pl.DataFrame) -> list[str]:
    """Return a sentence for each gate that did not pass."""
    return [Reading(*row).failure for row in gates.filter(~pl.col("passed")).iter_rows()]


def check_task(task: Task, source: Source) -> Iterator[Reading]:
    """Yield the gates of one task."""
    gate = GATES.get(task.name)
    try:
        prepared = prepare(task, release=source, access=gate.access if gate else "auto")
    except UsageError as error:
        yield Reading(task.name, "preparation", str(error).rstrip("."), np.inf, 0.0, 0.0, False)
        return
    if task.kind is SCORES:
        count = bootstrap.find_resampling_clusters(prepared.answers).positive
        fewest = FEWEST_POSITIVE if source.regions >= SMALL else 1
        yield Reading(task.name, "number", "positive clusters", -count, -fewest, 0.0, count >= fewest)
    questions = list(gate.ask(prepared)) if gate else []
    if task.name in FURTHER:
        questions += FURTHER[task.name](prepared, source)
    for name, limit, measured in questions:
        yield from read_gate(task.name, name, limit, measured)


def read_gate(
    task: str, gate: str, limit: float, measured: Iterable[tuple[str, Measured]]
) -> Iterator[Reading]:
    """Yield the reading that comes nearest to failing; none where nothing is measured."""
    readings = []
    for subject, (measure, clusters) in measured:
        value, noise = float(measure(np.ones(clusters))), 0.0
        if value > limit:
            draws = bootstrap.draw_multiplicities(clusters, REPLICATES, seed=0)
            values = np.array([measure(times) for chunk in draws for times in chunk])
            low, high = bootstrap.percentile_interval(values, LEVEL) or (-np.inf, np.inf)
            noise = (high - low) / 2
        readings.append(Reading(task, gate, subject, value, limit, noise, value <= limit + noise))
    if readings:
        yield max(readings, key=lambda one: (not one.passed, one.value))


# Tasks with a label: what trees find in the columns of their test units.

SURE, FEWEST_FALSE, FEW = 0.10, 0.001, 10
"""Most of the positive clusters that exact values of one scalar may find, at this share of false positives. A value's
share of positives is shrunk towards that of all units, as if it had so many more units."""


class Units:
    """The test units of a gate, and how well scores rank them.

    Args:
        frame: with the labels, ``cluster`` and, where units weigh unlike, ``weight``.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        from sklearn.model_selection import GroupKFold

        self.frame, (self._codes, self.clusters) = frame, encode_dense(frame["cluster"])
        self._weights = bootstrap.row_weights(frame)
        self._folds = list(GroupKFold(min(5, self.clusters)).split(self._codes, groups=self._codes))

    def cross_fit(self, features: Floats, label: str = "label") -> Floats:
        """Return scores of small boosted trees, [units], fitted and scored on different clusters (five folds).

        Args:
            features: [units] or [units, columns]. A single column takes fewer and longer steps to the same rates; a
                constant says nothing.
        """
        import lightgbm

        columns = features.reshape(len(features), -1)
        target, scores = self.frame[label].to_numpy(), np.zeros(len(features))
        if (columns == columns[0]).all():
            return scores
        trees, rate = (20, 0.3) if columns.shape[1] == 1 else (60, 0.1)
        options = {"objective": "binary", "learning_rate": rate, "num_leaves": 15, "min_data_in_leaf": 50}
        options |= {"num_threads": 1, "verbosity": -1}
        for train, test in self._folds:
            data = lightgbm.Dataset(columns[train], target[train], weight=self._weights[train])
            scores[test] = lightgbm.train(options, data, trees).predict(columns[test])  # type: ignore[index]
        return scores

    def rate_values(self, values: Floats, label: str = "label") -> Floats:
        """Return the share of positives among other clusters' units of exactly the same value, [units]."""
        known, value = np.unique(values, return_inverse=True)
        target, scores = self.frame[label].to_numpy(), np.zeros(len(values))
        for train, test in self._folds:
            count = np.bincount(value[train], minlength=len(known)) + FEW
            positive = np.bincount(value[train], target[train], len(known)) + FEW * target[train].mean()
            scores[test] = (positive / count)[value[test]]
        return scores

    def auroc(self, scores: Floats, label: str = "label") -> Measured:
        """Return the AUROC of scores, [units]."""
        levels, level = np.unique(scores, return_inverse=True)
        positive = self.frame[label].to_numpy() == 1

        def measure(times: Floats) -> Floats:
            weight = self._weights * times[self._codes]
            true, false = (np.bincount(level, weight * rows, len(levels)) for rows in (positive, ~positive))
            below = np.cumsum(false) - false / 2
            return ratio((true * below).sum(), true.sum() * false.sum())

        return measure, self.clusters

    def sure_share(self, scores: Floats, label: str = "label") -> Measured:
        """Return the share of positive clusters with a positive above all but :data:`FEWEST_FALSE` of the negatives."""
        positive = self.frame[label].to_numpy() == 1
        highest = np.full(self.clusters, -np.inf)
        np.maximum.at(highest, self._codes[positive], scores[positive])
        falling = np.flatnonzero(~positive)
        falling = falling[np.argsort(-scores[falling])]

        def measure(times: Floats) -> Floats:
            above = np.cumsum((self._weights * times[self._codes])[falling])
            last = falling[(above > FEWEST_FALSE * above[-1]).argmax()]
            found = highest > (scores[last] if above[-1] else np.inf)
            return ratio(times @ found, times @ np.isfinite(highest))

        return measure, self.clusters


Tables = dict[str, pl.LazyFrame]
"""The tables of a fold; beside them its test units as ``units``, and their rows where they come step by step."""
Frames = Iterable[pl.LazyFrame]
"""Further columns: each frame is joined by its first column, which is the key of the units, or a column of theirs that
names something else, such as an advert's account."""
TRUTH, LABELS = r"^(label|cluster|weight|target_\w+)$", r"^(label|target_\w+)$"
"""Columns of a gate's frame that are no features; and those of them that are labels."""


def labels(prepared: Prepared) -> pl.DataFrame:
    return prepared.answers.scored_rows().select(prepared.task.unit, "label", "cluster", "weight")


@dataclass(frozen=True)
class Gate:
    """The gates of a task with a label.

    ``incidental``: a pattern of the names of scalars that must say next to nothing, even together. ``columns``: what
    units have beside their own columns. ``counts``: further scalars of units. ``truth``: units with ``cluster`` and
    ``label``, or several ``target_*``. ``frequency``: how often a value occurs is counted within the "region", within
    "all", for a "text" alone within all, or not at all (""); with "all", texts have a length, and scalars of signal
    columns are not read alone.
    """

    incidental: str
    columns: Callable[[Tables], Frames] = lambda tables: ()
    counts: Callable[[Tables], Frames] = lambda tables: ()
    truth: Callable[[Prepared], pl.DataFrame] = labels
    frequency: str = "region"
    access: str = "auto"

    def ask(self, prepared: Prepared) -> Iterator[Question]:
        """Yield what one scalar tells, how many units it tells for sure, and what incidental ones tell together."""
        task, limits, units = prepared.task, prepared.task.leak_limits, Units(self.frame_of(prepared))
        targets = [column.name for column in units.frame.select(pl.col(LABELS)) if column.n_unique() > 1]
        scalars = self.scalars(units.frame)
        signal = {column.split(".")[1] for column in task.signal_columns if self.frequency == "all"}
        alone = {name: values for name, values in scalars.items() if name.split(" ")[0] not in signal}
        for counts in self.counts(shown_tables(prepared)):
            of = units.frame.lazy().select(task.unit).join(counts, task.unit, "left", maintain_order="left")
            alone |= {column.name: _numbers(column) for column in of.collect().drop(task.unit)}
        asked = [(name, values, target) for name, values in alone.items() for target in targets]
        trees = ((name, units.auroc(units.cross_fit(values, t), t)) for name, values, t in asked)
        yield "scalar", limits["scalar_auroc"], trees
        rates = ((name, units.sure_share(units.rate_values(values, t), t)) for name, values, t in asked)
        yield "sure value", SURE, rates
        few = np.column_stack([of for name, of in scalars.items() if re.fullmatch(self.incidental, name)])
        trees = ((target, units.auroc(units.cross_fit(few, target), target)) for target in targets)
        yield "incidental", limits["identifiers_auroc"], trees

    def frame_of(self, prepared: Prepared) -> pl.DataFrame:
        """Return the test units with their columns and truth."""
        unit, tables = prepared.task.unit, shown_tables(prepared)
        frame = tables["units"]
        for further in self.columns(tables):
            frame = frame.join(further, on=further.collect_schema().names()[0], how="left")
        return frame.join(self.truth(prepared).lazy(), on=unit).sort(unit).collect()

    def scalars(self, frame: pl.DataFrame) -> dict[str, Floats]:
        """Return every scalar that a column offers: value or code, missingness, length, how often it occurs, and the
        row's position."""
        found = {"row position": pl.int_range(frame.height, eager=True)}
        for column in frame.select(pl.exclude(TRUTH)):
            name, is_text = column.name, column.dtype == pl.String
            found[f"{name} missing"] = column.is_null()
            if column.dtype == pl.List:
                found[f"{name} count"] = column.list.len()
                continue
            code = column.fill_null("").rank("dense") if is_text else column
            found[f"{name} as a code" if is_text else name] = code
            if is_text and self.frequency == "all":
                found[f"{name} length"] = column.str.len_chars().fill_null(0)
            if self.frequency in ("region", "all") or (self.frequency == "text" and is_text):
                within = {name, "region"} if self.frequency == "region" else {name}
                found[f"{name} frequency"] = frame.select(pl.len().over(within)).to_series()
        if "minute" in frame.columns:
            found["hour"] = frame["minute"] // 60 % 24
        return {name: _numbers(values) for name, values in found.items()}


def _numbers(values: pl.Series) -> Floats:
    return values.cast(pl.Float64).fill_null(-1).to_numpy()


def shown_tables(prepared: Prepared) -> Tables:
    (fold,), streams = prepared.folds, prepared.streams
    rows = {prepared.task.stream: streams[0].test.rows.lazy()} if streams else {}
    return fold.tables | rows | {"units": fold.units("test")}


# Columns, counts and truths.


def find_positions(rows: pl.LazyFrame, by: str, unit: str, of: str, *columns: str) -> pl.LazyFrame:
    """Return by unit the least and the mean of these columns, and of the position, over the rows that name it."""
    numbers = pl.col(*columns, "position").cast(pl.Float64)
    least, mean = numbers.min().name.prefix(f"{of} least "), numbers.mean().name.prefix(f"{of} mean ")
    return rows.with_row_index("position").group_by(pl.col(by).alias(unit)).agg(least, mean)


def place_ties(tables: Tables) -> Frames:
    return [find_positions(tables["ties"], end, "account", end, "tie") for end in ("source", "target")]


def count_ties(tables: Tables) -> Frames:
    is_message, count, day = pl.col("kind") == "message", pl.col("count"), pl.col("day")
    counts = {"ties": pl.len(), "messages": is_message.sum(), "exchanged": count.sum()}
    counts |= {"first day": day.min(), "last day": day.max()}
    for end in ("source", "target"):
        yield tables["ties"].group_by(account=end).agg(**{f"{n} by {end}": of for n, of in counts.items()})


def place_records(tables: Tables) -> Frames:
    yield find_positions(tables["supplies"], "supplier", "firm", "supplies", "supply", "since_day")
    yield find_positions(tables["audits"], "firm", "firm", "audits", "audit", "day")
    yield find_positions(tables["complaints"], "firm", "firm", "complaints", "complaint", "day")


def count_records(tables: Tables) -> Frames:
    audits = {"grade": pl.col("grade").max(), "findings": pl.col("findings").list.len().sum()}
    supplies = {"paid": pl.col("payment_days").mean(), "share": pl.col("share").max()}
    yield tables["audits"].group_by("firm").agg(audits=pl.len(), **audits)
    yield tables["complaints"].group_by("firm").agg(complaints=pl.len())
    yield tables["supplies"].group_by(firm="supplier").agg(supplies=pl.len(), **supplies)


def describe_votes(tables: Tables) -> Frames:
    """Yield the columns of adverts; and how many votes they have, by how many, when and in what order."""
    yield tables["adverts"].drop("region")
    minute, votes = pl.col("minute"), tables["reviews"].sort("review").with_row_index("place")
    many = {"votes": pl.len(), "reviewers": pl.col("reviewer").n_unique()}
    when = {"first_minute": minute.min(), "last_minute": minute.max(), "span": minute.max() - minute.min()}
    when |= {"pace": minute.sort().diff().median(), "first_place": pl.col("place").min()}
    yield votes.group_by("advert").agg(**many, **when, lowest_review=pl.col("review").min())


def describe_wallets(tables: Tables) -> Frames:
    """Yield the columns of both wallets, how many payments these make, and how often a value occurs."""
    for end in ("payer", "payee"):
        wallets = tables["wallets"].drop("region")
        yield wallets.select(pl.col("wallet").alias(end), pl.exclude("wallet").name.prefix(f"{end} "))
        yield tables["payments"].group_by(end).len(f"{end} payments")
    counted = ("payer", "payee", "channel", "purpose", "town")
    often = {f"{name} frequency": pl.len().over("region", name) for name in counted}
    yield tables["units"].select("payment", **often)


def describe_steps(rows: pl.LazyFrame, unit: str, time: str, **more: pl.Expr) -> Frames:
    """Yield by unit how long its rows take, and further sums over these."""
    length, gap = pl.col(time).max() - pl.col(time).min(), pl.col("gap")
    gaps = rows.with_columns(gap=pl.col(time).diff().over(unit, order_by="sequence"))
    spans = {"duration": length, "median gap": gap.median(), "longest gap": gap.max()}
    yield gaps.group_by(unit).agg(**spans, **more)


def describe_messages(tables: Tables) -> Frames:
    side, channel = (pl.col("side") == "first").mean(), pl.col("channel")
    more = {"deleted acts": pl.col("act").null_count(), "unknown channels": channel.null_count()}
    more |= {"channels": channel.n_unique(), "first_side": side}
    return describe_steps(tables["messages"], "conversation", "minute", length=pl.len(), **more)


def describe_stops(tables: Tables) -> Frames:
    day, wallet = pl.col("day"), pl.col("wallet")
    more = {"stops": pl.len(), "last day": day.max(), "weekday": (day % 7).mean()}
    more |= {"unknown modes": pl.col("mode").null_count(), "unknown wallets": wallet.null_count()}
    more |= {"wallets": wallet.n_unique(), "adverts": pl.col("adverts").sum()}
    return describe_steps(tables["stops"], "circuit", "day", **more, towns=pl.col("town").n_unique())


def needs(prepared: Prepared) -> pl.DataFrame:
    """Every need and urgency as 0/1."""
    named = {f"target_{name}": pl.col(f"label_{name}") for name in NEEDS}
    urgent = (pl.col("urgency") == 2).cast(pl.Int8)
    return prepared.answers.frame.select("contact", "cluster", **named, target_urgent=urgent)


def large_effects(prepared: Prepared) -> pl.DataFrame:
    """Label 1 where the truth is above that of most effects on the same outcome and window."""
    answers = prepared.answers.frame.select("effect", "truth", "cluster")
    frame = prepared.folds[0].units("test").collect().join(answers, on="effect")
    alike = ["outcome", pl.col("first_day") == pl.col("day")]
    label = (pl.col("truth") > pl.col("truth").median().over(alike)).cast(pl.Int8)
    return frame.select("effect", "cluster", label=label)


def thinned_labels(prepared: Prepared) -> pl.DataFrame:
    """Labels of positives and of one in ten negatives, balanced: at one positive in 300 trees would find nothing, not
    even a planted leak."""
    frame = labels(prepared).sort("payment")
    return balance(frame.filter((pl.col("label") == 1) | (pl.int_range(pl.len()) % 10 == 0)))


def balance(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame in which both classes weigh one."""
    share = pl.col("label").mean()
    return frame.with_columns(weight=pl.when(pl.col("label") == 1).then(1 / share).otherwise(1 / (1 - share)))


def trafficking_circuits(prepared: Prepared) -> pl.DataFrame:
    rows = prepared.streams[0].test.rows
    known = rows.join(prepared.answers.frame.select("stop", "intrusion", "cluster"), on="stop")
    label = (~pl.col("intrusion").first()).cast(pl.Int8)
    return known.group_by("circuit").agg(label=label, cluster=pl.col("cluster").first())


GATES = {
    "account_risk": Gate(
        r"(?!(device_cluster|platform|language|client|verified|cadence)\b).*", place_ties, count_ties
    ),
    "advert_risk": Gate(
        r"(?!(category|price|platform|language) (length|frequency)).*(missing|length|frequency|count|hour)"
        r"|row position|advert|device_cluster|minute|created_day|town|region",
        lambda tables: [tables["accounts"].drop("region", "platform", "language")],
        frequency="all",
        access="platform",
    ),
    "assistance_triage": Gate(
        r"(?!(language|days_since_leaving)\b).*(missing|length|hour)"
        r"|row position|contact|region|minute|(contact|minute) frequency",
        lambda tables: [
            tables["units"].select("contact", pl.sum_horizontal(pl.all().is_null()).alias("facts missing"))
        ],
        truth=needs,
        frequency="all",
    ),
    "flag_aggregation": Gate(
        r"(?!(vote|category|price)\b).*(missing|length|position|gold|day|minute|votes|reviewers|span|pace)"
        r"|advert|first_place|lowest_review|region|town",
        describe_votes,
        frequency="all",
    ),
    "intervention_effect": Gate(r"(?!(first_day|platform)\b).*", truth=large_effects),
    "payment_risk": Gate(
        r"region|payment|minute|payer|payee|row position",
        describe_wallets,
        truth=thinned_labels,
        frequency="",
    ),
    "recruitment_onset": Gate(
        r"(?!(platform|language|channels|first_side)\b).*", describe_messages, frequency="text"
    ),
    "route_forecast": Gate(
        r"(?!(party|adverts|towns|wallets)\b).*", describe_stops, truth=trafficking_circuits, frequency=""
    ),
    "supplier_risk": Gate(
        r"(?!(sector|seasonal|housing|agency|tier|size|language|workers_language)\b).*",
        place_records,
        count_records,
    ),
}
"""Gates of tasks with a label."""


# Further gates of single tasks: keys, numbers and order in tasks that rank, group or count, and what else may leak.

FARTHEST = 0.10
"""How far from .5 the AUROC of a conversation's length may be."""


def ask_phases(prepared: Prepared, source: Source) -> Iterator[Question]:
    """Yield what the minute's phase in a day, a week and a month tells of payments."""
    units = Units(GATES["payment_risk"].frame_of(prepared))
    phases = np.column_stack([units.frame["minute"].to_numpy() % (days * 1440) for days in (1, 7, 30)])
    limit = prepared.task.leak_limits["identifiers_auroc"]
    yield "phases", limit, [("label", units.auroc(units.cross_fit(phases)))]


def ask_lengths(prepared: Prepared, source: Source) -> Iterator[Question]:
    """Yield how far from chance the lengths of conversations, as they are, rank them."""
    units = Units(GATES["recruitment_onset"].frame_of(prepared))
    measured = units.auroc(units.frame["length"].to_numpy())
    yield "length", FARTHEST, [("length", distance_from(0.5, measured))]


def distance_from(chance: float, measured: Measured) -> Measured:
    measure, clusters = measured
    return lambda times: np.abs(measure(times) - chance), clusters


def mean_of(values: pl.Expr, frame: pl.DataFrame) -> Measured:
    """Return the mean of values of the frame's rows, null as 0; rows without a cluster are left out."""
    rows = frame.select("cluster", own=values.cast(pl.Float64).fill_null(0)).drop_nulls("cluster")
    codes, count = encode_dense(rows["cluster"])
    total, number = np.bincount(codes, rows["own"], count), np.bincount(codes, minlength=count)
    return lambda times: ratio(times @ total, times @ number), count


def rank_by(key: pl.Expr, prepared: Prepared, pairs: pl.DataFrame, score: pl.Expr) -> Measured:
    """Return the primary metric of the ten candidates of each query that a key ranks first, the lowest of equal ones.

    ``pairs``: ``[query, candidate, ...]``, with ``view`` where a query has ten of each; rising candidates.
    ``score``: of the ten, by their ``key`` and ``rank``.
    """
    of = [name for name in ("query", "view") if name in pairs.columns]
    keyed = pairs.select(*of, "candidate", key=key.cast(pl.Float64))
    ranked = keyed.with_columns(rank=pl.col("key").rank("ordinal", descending=True).over(of))
    first = ranked.filter(pl.col("rank") <= 10).select(*of, "candidate", score=score)
    named = first.with_columns(pl.col(pl.Categorical).cast(pl.String))
    inputs = make_inputs(prepared.task, prepared.answers, named)
    metrics, name = measure_primary(inputs).metrics, prepared.task.primary
    return lambda times: np.nan_to_num(metrics(times[None])[name][0]), inputs.clusters.count


LINKS_AT_CHANCE = 0.02
"""Above the R-precision of rows in random order (about .004), with room for luck on a tiny world."""
CASE_KEYS = {
    "lowest key": -pl.col("candidate"),
    "highest key": pl.col("candidate"),
    "nearest key": -(pl.col("candidate") - pl.col("query")).abs(),
    "low bits alike": -((pl.col("candidate") ^ pl.col("query")) & 0xFFFF),
    "high bits alike": -((pl.col("candidate") ^ pl.col("query")) // 2**32),
    "same place in its table": -(pl.col("place") - pl.col("seed_place")).abs(),
}


def pair_cases(prepared: Prepared) -> pl.DataFrame:
    """Return every seed with every row of its region's views, and the places of both in their tables."""
    gallery = prepared.answers.gallery
    assert gallery is not None  # nosec B101 # links have one
    within, seed_within = (
        pl.int_range(pl.len()).over(of) / pl.len().over(of) for of in (["region", "view"], ["region"])
    )
    seeds = prepared.answers.scored_rows().sort("region", "advert")
    seeds = seeds.select("region", query="advert", own="cluster").with_columns(seed_place=seed_within)
    rows = gallery.sort("candidate").with_columns(pl.col("view").cast(pl.Categorical), place=within)
    return seeds.join(rows, on="region", maintain_order="left_right")


def ask_case_keys(prepared: Prepared, source: Source) -> Iterator[Question]:
    pairs, score = pair_cases(prepared), 1 / pl.col("rank")
    ranked = ((name, rank_by(key, prepared, pairs, score)) for name, key in CASE_KEYS.items())
    yield "key", LINKS_AT_CHANCE, ranked


TOWNS_AT_CHANCE = float(np.sum(1 / np.arange(1, 11)) / 23)
"""The mean reciprocal rank of ten of the 23 towns that one is not in, in random order."""
TOWN_KEYS = {
    "highest number": pl.col("candidate"),
    "lowest number": -pl.col("candidate"),
    "nearest number": -(pl.col("candidate") - pl.col("here")).abs(),
    "by the step": (pl.col("candidate") + pl.col("sequence")) % 24,
    "by the stop's number": (pl.col("query") + pl.col("candidate") * 7) % 24,
}


def ask_town_keys(prepared: Prepared, source: Source) -> Iterator[Question]:
    """Yield how far from chance a ranking by each key scores: of the ten first towns of a query's region, without the
    town that the query is in."""
    rows = prepared.streams[0].test.rows.select("sequence", query="stop", here="town")
    asked = prepared.answers.frame.select("region", query="stop").join(rows, on="query")
    listed = asked.join(prepared.answers.candidates, on="region").sort("candidate")
    pairs, score = listed.filter(pl.col("candidate") != pl.col("here")), pl.col("key")
    ranked = ((name, rank_by(key, prepared, pairs, score)) for name, key in TOWN_KEYS.items())
    yield "key", 0.025, ((name, distance_from(TOWNS_AT_CHANCE, measured)) for name, measured in ranked)


MORE = 0.01
"""By which the share of pairs of one cluster may exceed that of pairs by lot, with room for luck."""
ADVERT_KEYS = {
    "key": pl.col("advert"),
    "place in the table": pl.col("place"),
    "low bits of the key": pl.col("advert") & 0xFFFF,
    "middle bits of the key": (pl.col("advert") // 2**16) & 0xFFFF,
    "remainder of the key": pl.col("advert") % 1000,
}


def place_adverts(prepared: Prepared, source: Source) -> pl.DataFrame:
    """Return ``[region, advert, place, cluster]`` of the test adverts."""
    shown = prepared.folds[0].tables["adverts"].select("advert").with_row_index("place")
    of = prepared.answers.frame.lazy().select("advert", "cluster").drop_nulls("cluster")
    where = source.scan("adverts").select("advert", "region")
    return shown.join(of, on="advert").join(where, on="advert").collect()


def neighbours_by(placed: pl.DataFrame, key: pl.Expr) -> Measured:
    """Return the share of neighbours by a key, within regions, that are of one cluster, less that of those by lot."""

    def alike(by: pl.Expr) -> pl.Expr:
        before = pl.col("cluster").shift(1).over("region", order_by=[by, pl.col("advert")])
        return (pl.col("cluster") == before).fill_null(False).cast(pl.Int8)

    lot = Stream(0, "lot").uniform(placed["advert"].to_numpy())
    return mean_of(alike(key) - alike(pl.lit(pl.Series(lot))), placed)


def ask_neighbours(prepared: Prepared, source: Source) -> Iterator[Question]:
    placed = place_adverts(prepared, source)
    yield "key", MORE, ((subject, neighbours_by(placed, key)) for subject, key in ADVERT_KEYS.items())
    # Regions are hidden there, and a release stands region by region.
    if prepared.task.name == "advert_authorship":
        yield "order", MORE, [("region", order_of_regions(placed))]


def order_of_regions(placed: pl.DataFrame) -> Measured:
    """Return how much the share of neighbours in the table that are of one region differs from that by lot."""
    ordered = placed.sort("place").with_columns(cluster="region")
    alike, count = mean_of(pl.col("region") == pl.col("region").shift(1), ordered)
    sizes = ordered.group_by("region").len().sort("region")["len"].to_numpy()

    def differ(times: Floats) -> Floats:
        shares = times * sizes / (times @ sizes)
        return np.abs(alike(times) - (shares**2).sum())

    return differ, count


def ask_regions(prepared: Prepared, source: Source) -> Iterator[Question]:
    """Yield how far the number of a region, or a multiple of what is shown of it, tells how many people it hides."""
    limits, regions = prepared.task.leak_limits, show_regions(prepared)
    yield "region rank", limits["region_rank_correlation"], [("region", correlate_ranks(regions))]
    # A small error tells much: constant_multiple_error is the least there may be, so value and limit are negative.
    shown = [c for c in ("observed", "lists", "rows", "strata", "most", "single") if (regions[c] > 0).all()]
    errors = ((column, error_of_multiple(regions, column)) for column in shown)
    yield "error of the best multiple", -limits["constant_multiple_error"], errors


def show_regions(prepared: Prepared) -> pl.DataFrame:
    """Return regions with their truth and what is shown of them, a column each."""
    shown, frame = prepared.folds[0].tables, prepared.answers.frame.lazy().select("region", "truth")
    count, rows = pl.col("count"), shown["case_lists"].group_by("region", maintain_order=True)
    counts = {"rows": pl.len(), "strata": pl.struct("form", "sex").n_unique()}
    counts |= {"most": count.max(), "single": (count == 1).sum()}
    for table in (shown["populations"], rows.agg(**counts)):
        frame = frame.join(table, on="region", how="left", maintain_order="left")
    return frame.collect()


def correlate_ranks(regions: pl.DataFrame) -> Measured:
    ranks = regions.select(pl.col("region", "truth").rank()).to_numpy()
    return lambda times: abs(np.corrcoef(np.repeat(ranks, times.astype(int), axis=0).T)[0, 1]), regions.height


def error_of_multiple(regions: pl.DataFrame, column: str) -> Measured:
    """Return the negative median absolute log error of the best multiple of a column, fitted with the truth in view."""
    found = np.log((regions["truth"] / regions[column]).to_numpy())

    def measure(times: Floats) -> float:
        drawn = np.repeat(found, times.astype(int))
        return -float(np.median(np.abs(drawn - np.median(drawn))))

    return measure, regions.height


def ask_copies(prepared: Prepared, source: Source) -> Iterator[Question]:
    """Yield the share of test adverts with a near-duplicate in train or valid."""
    groups = source.scan("adverts", truth=True).select("advert", "near_duplicate_group", cluster="operation")
    rows = prepared.folds[0].parts.lazy().join(groups, on="advert").collect()
    seen = rows.filter(pl.col("part") != "test")["near_duplicate_group"].unique()
    crossing = pl.col("near_duplicate_group").is_in(seen.implode())
    limit = prepared.task.leak_limits["crossing_near_duplicates"]
    measured = mean_of(crossing, rows.filter(pl.col("part") == "test"))
    yield "crossing near-duplicates", limit, [("adverts", measured)]


FURTHER: dict[str, Callable[[Prepared, Source], Iterator[Question]]] = {
    "advert_authorship": ask_neighbours,
    "advert_linkage": ask_neighbours,
    "advert_risk": ask_copies,
    "case_linkage": ask_case_keys,
    "payment_risk": ask_phases,
    "prevalence": ask_regions,
    "recruitment_onset": ask_lengths,
    "route_forecast": ask_town_keys,
}
"""Further gates of single tasks."""
