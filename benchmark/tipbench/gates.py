"""Leak gates: check that nothing in a world gives the truth away without being a signal.

A gate has a value, a limit and a noise: the 99% half-width of the value's cluster bootstrap. Released worlds must keep
the limits themselves. A world that is drawn for a season fails only beyond a limit plus its noise, and is then drawn
again; so is one on which a task cannot be prepared, or that has too few positive clusters.

Gates of tasks with a label read the test units of the default split. Small boosted trees are fitted and scored on
different clusters, and a unit weighs what it does in a score. Columns that a task declares as signal are its question.
In tasks that rank, group or count, keys, numbers and order must tell nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from tipcore.errors import UsageError
from tipdata.core.draw import Stream
from tipdata.stages.helpline.cases import NEEDS

from tipbench.data.fold import Prepared
from tipbench.data.releases import open_source
from tipbench.kinds.scores import SCORES
from tipbench.loading import prepare
from tipbench.metrics.bootstrap import (
    Floats,
    encode_dense,
    find_resampling_clusters,
    percentile_interval,
    ratio,
    replicate,
    row_weights,
)
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
PREPARATION = "preparation"
"""The gate that says whether a task can be prepared at all."""
Measure = Callable[[Floats], Floats]
"""Multiplicities of clusters [replicates, clusters] -> a gate's value under each, [replicates]."""


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
        if self.gate == PREPARATION:
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
        yield Reading(task.name, PREPARATION, str(error).rstrip("."), np.inf, 0.0, 0.0, False)
        return
    if task.kind is SCORES:
        count = find_resampling_clusters(prepared.answers).positive
        fewest = FEWEST_POSITIVE if source.regions >= SMALL else 1
        yield Reading(task.name, "number", "positive clusters", -count, -fewest, 0.0, count >= fewest)
    if gate is not None:
        yield from gate.check(prepared)
    if task.name in FURTHER:
        yield from FURTHER[task.name](prepared, source)


def read_gate(
    task: str, gate: str, limit: float, measured: Iterable[tuple[str, Measure, int]]
) -> Iterator[Reading]:
    """Yield the reading that comes nearest to failing. ``measured``: subject, its measure and number of clusters."""
    readings = []
    for subject, measure, count in measured:
        value, noise = float(measure(np.ones((1, count)))[0]), 0.0
        if value > limit:
            draws = replicate(lambda drawn, of=measure: {"": of(drawn)}, count, REPLICATES, 0)[""]
            low, high = percentile_interval(draws, LEVEL) or (-np.inf, np.inf)
            noise = (high - low) / 2
        readings.append(Reading(task, gate, subject, value, limit, noise, value <= limit + noise))
    if readings:
        yield max(readings, key=lambda one: (not one.passed, one.value))


# What a tree finds: cross-fitted scores and how well they rank.


class Units:
    """The test units of a gate, and how well a tree can rank them.

    Args:
        frame: with the labels, ``cluster`` and, where units weigh unlike, ``weight``.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        from sklearn.model_selection import GroupKFold

        self.frame, (self._codes, self.clusters) = frame, encode_dense(frame["cluster"])
        self._weights = row_weights(frame)
        self._folds = list(GroupKFold(min(5, self.clusters)).split(self._codes, groups=self._codes))

    def cross_fit(self, features: Floats, label: str = "label") -> Ranked:
        """Rank units by small boosted trees, fitted and scored on different clusters (five folds).

        Args:
            features: [units] or [units, columns]. A single column takes fewer and longer steps to the same rates; a
                constant says nothing.
        """
        import lightgbm

        columns = features.reshape(len(features), -1)
        target, scores = self.frame[label].to_numpy(), np.zeros(len(features))
        if (columns == columns[0]).all():
            return self.rank(scores, label)
        trees, rate = (20, 0.3) if columns.shape[1] == 1 else (60, 0.1)
        options = {
            "objective": "binary",
            "learning_rate": rate,
            "num_leaves": 15,
            "min_data_in_leaf": 50,
            "num_threads": 1,
            "verbosity": -1,
        }
        for train, test in self._folds:
            data = lightgbm.Dataset(columns[train], target[train], weight=self._weights[train])
            model = lightgbm.train(options, data, trees)
            scores[test] = model.predict(columns[test])  # type: ignore[index]
        return self.rank(scores, label)

    def rate_values(self, values: Floats, label: str = "label") -> Ranked:
        """Rank units by the share of positives among other clusters' units of exactly the same value, [units]."""
        known, value = np.unique(values, return_inverse=True)
        target, scores = self.frame[label].to_numpy(), np.zeros(len(values))
        for train, test in self._folds:
            count = np.bincount(value[train], minlength=len(known)) + FEW
            positive = np.bincount(value[train], target[train], len(known)) + FEW * target[train].mean()
            scores[test] = (positive / count)[value[test]]
        return self.rank(scores, label)

    def rank(self, scores: Floats, label: str = "label") -> Ranked:
        """Rank units by scores, [units]."""
        levels, level = np.unique(scores, return_inverse=True)
        positive = self.frame[label].to_numpy() == 1
        return Ranked(level, len(levels), positive, self._weights, self._codes, self.clusters)


@dataclass(frozen=True)
class Ranked:
    """Units with the place of their score among ``levels`` different ones, rising. All arrays are [units]."""

    level: np.ndarray
    levels: int
    positive: np.ndarray
    weights: Floats
    codes: np.ndarray
    clusters: int

    def auroc(self, drawn: Floats) -> Floats:
        """Return the AUROC under multiplicities of the clusters."""
        positive, negative = self._sums(drawn)
        below = np.cumsum(negative, axis=1) - negative / 2
        return ratio((positive * below).sum(axis=1), positive.sum(axis=1) * negative.sum(axis=1))

    def sure_share(self, drawn: Floats) -> Floats:
        """Return the share of positive clusters with a positive above all but :data:`FEWEST_FALSE` of the negatives."""
        _, negative = self._sums(drawn)
        above = np.cumsum(negative[:, ::-1], axis=1)
        false = (above > FEWEST_FALSE * above[:, -1:]).argmax(axis=1)  # of the levels, falling
        highest = np.full(self.clusters, -1)
        np.maximum.at(highest, self.codes[self.positive], self.level[self.positive])
        found = highest > self.levels - 1 - false[:, None]
        return ratio((drawn * found).sum(axis=1), drawn @ (highest >= 0))

    def _sums(self, drawn: Floats) -> tuple[Floats, Floats]:
        """Return the weight of positives and of negatives at each level, [replicates, levels]."""
        positive, negative = np.zeros((2, len(drawn), self.levels))
        for row, times in enumerate(drawn):
            weight = self.weights * times[self.codes]
            positive[row] = np.bincount(self.level, weight * self.positive, self.levels)
            negative[row] = np.bincount(self.level, weight * ~self.positive, self.levels)
        return positive, negative


# Frames: the test units of a task with their columns, and summaries of their further rows.


def adverts(prepared: Prepared) -> pl.DataFrame:
    accounts = prepared.folds[0].tables["accounts"].drop("region", "platform", "language")
    return prepared.folds[0].units("test").join(accounts, on="account").collect()


def accounts(prepared: Prepared) -> pl.DataFrame:
    frame = prepared.folds[0].units("test").collect()
    for end in ("source", "target"):
        frame = join_positions(prepared, frame, "ties", end, ("tie",), end)
    return frame


def firms(prepared: Prepared) -> pl.DataFrame:
    frame = prepared.folds[0].units("test").collect()
    frame = join_positions(prepared, frame, "supplies", "supplier", ("supply", "since_day"), "supplies")
    for table in ("audits", "complaints"):
        frame = join_positions(prepared, frame, table, "firm", (table.removesuffix("s"), "day"), table)
    return frame


def join_positions(
    prepared: Prepared, frame: pl.DataFrame, table: str, end: str, columns: tuple[str, ...], prefix: str
) -> pl.DataFrame:
    """Return units with the least and the mean of these columns, and of the position, over their rows of a table.

    ``end``: the column with the unit of a row. ``prefix``: how the names of the new columns begin.
    """
    unit, of = prepared.task.unit, pl.col(*columns, "position").cast(pl.Float64)
    least, mean = of.min().name.prefix(f"{prefix} least "), of.mean().name.prefix(f"{prefix} mean ")
    rows = prepared.folds[0].tables[table].with_row_index("position")
    return frame.join(rows.group_by(pl.col(end).alias(unit)).agg(least, mean).collect(), on=unit, how="left")


def contacts(prepared: Prepared) -> pl.DataFrame:
    frame = prepared.folds[0].units("test").collect()
    return frame.with_columns(pl.sum_horizontal(pl.all().is_null()).alias("facts missing"))


def queued_adverts(prepared: Prepared) -> pl.DataFrame:
    """With how many votes, by how many, when and in what order."""
    tables, minute = prepared.folds[0].tables, pl.col("minute")
    votes = tables["reviews"].sort("review").with_row_index("place").group_by("advert")
    of_votes = votes.agg(
        votes=pl.len(),
        reviewers=pl.col("reviewer").n_unique(),
        first_minute=minute.min(),
        last_minute=minute.max(),
        span=minute.max() - minute.min(),
        pace=minute.sort().diff().median(),
        first_place=pl.col("place").min(),
        lowest_review=pl.col("review").min(),
    )
    units = prepared.folds[0].units("test").join(tables["adverts"].drop("region"), on="advert")
    return units.join(of_votes, on="advert").collect()


def effects(prepared: Prepared) -> pl.DataFrame:
    return prepared.folds[0].to_predict().collect()


def payments(prepared: Prepared) -> pl.DataFrame:
    """With the columns of both wallets and how many payments these make."""
    frame, tables = prepared.folds[0].units("test").collect(), prepared.folds[0].tables
    wallets, made = tables["wallets"].drop("region").collect(), tables["payments"].collect()
    for end in ("payer", "payee"):
        named = wallets.rename({c: f"{end} {c}" if c != "wallet" else end for c in wallets.columns})
        frame = frame.join(named, on=end, how="left")
        frame = frame.join(made.group_by(end).len(f"{end} payments"), on=end, how="left")
    counted = ("payer", "payee", "channel", "purpose", "town")
    return frame.with_columns(pl.len().over("region", name).alias(f"{name} frequency") for name in counted)


def conversations(prepared: Prepared) -> pl.DataFrame:
    side, channel = (pl.col("side") == "first").mean(), pl.col("channel")
    more = {"deleted acts": pl.col("act").null_count(), "unknown channels": channel.null_count()}
    more |= {"channels": channel.n_unique(), "first_side": side}
    return join_steps(prepared, "minute", length=pl.len(), **more)


def circuits(prepared: Prepared) -> pl.DataFrame:
    day, wallet = pl.col("day"), pl.col("wallet")
    more = {"stops": pl.len(), "last day": day.max(), "weekday": (day % 7).mean()}
    more |= {"unknown modes": pl.col("mode").null_count(), "unknown wallets": wallet.null_count()}
    more |= {
        "wallets": wallet.n_unique(),
        "adverts": pl.col("adverts").sum(),
        "towns": pl.col("town").n_unique(),
    }
    return join_steps(prepared, "day", **more)


def join_steps(prepared: Prepared, time: str, **more: pl.Expr) -> pl.DataFrame:
    """Return the units of a stream with how long their rows take, and further sums over these."""
    test, unit = prepared.streams[0].test, prepared.task.unit
    rows = test.rows.with_columns(gap=pl.col(time).diff().over(unit, order_by="sequence"))
    spans = {"duration": pl.col(time).max() - pl.col(time).min()}
    spans |= {"median gap": pl.col("gap").median(), "longest gap": pl.col("gap").max()}
    return test.units.join(rows.group_by(unit).agg(**spans, **more), on=unit)


# Truths: the units of a gate's frame with label and cluster.


def labels(prepared: Prepared) -> pl.DataFrame:
    return prepared.answers.frame.select(prepared.task.unit, "label", "cluster", "weight")


def needs(prepared: Prepared) -> pl.DataFrame:
    """Every need and urgency as 0/1."""
    named = {f"target_{name}": pl.col(f"label_{name}") for name in NEEDS}
    urgent = (pl.col("urgency") == 2).cast(pl.Int8)
    return prepared.answers.frame.select("contact", "cluster", **named, target_urgent=urgent)


def large_effects(prepared: Prepared) -> pl.DataFrame:
    """Label 1 where the truth is above that of most effects on the same outcome and window."""
    answers = prepared.answers.frame.select("effect", "truth", "cluster")
    frame = effects(prepared).join(answers, on="effect")
    alike = ["outcome", pl.col("first_day") == pl.col("day")]
    label = (pl.col("truth") > pl.col("truth").median().over(alike)).cast(pl.Int8)
    return frame.select("effect", "cluster", label=label)


def trafficking_circuits(prepared: Prepared) -> pl.DataFrame:
    rows = prepared.streams[0].test.rows
    known = rows.join(prepared.answers.frame.select("stop", "intrusion", "cluster"), on="stop")
    label = (~pl.col("intrusion").first()).cast(pl.Int8)
    return known.group_by("circuit").agg(label=label, cluster=pl.col("cluster").first())


@dataclass(frozen=True)
class Gate:
    """The gates of a task with a label.

    ``frame``, ``truth``: see above. ``incidental``: which scalars must say next to nothing, even together.
    ``frequency``: how often a value occurs is counted within the "region", within "all", for a "text" alone within all,
    or not at all (""); with "all", texts have a length, and scalars of signal columns are not read alone.
    ``thinned``: whether one in ten negatives is kept and both classes weigh one: at one positive in 300 the trees would
    find nothing, not even a planted leak. ``counts``: further scalars of the units. ``phases``: periods in days, at
    whose phase the minute must say next to nothing. ``ranking``: a column whose values, as they are, must rank units
    about as chance does; the gate has its name.
    """

    frame: Callable[[Prepared], pl.DataFrame]
    incidental: Callable[[str], bool]
    truth: Callable[[Prepared], pl.DataFrame] = labels
    frequency: str = "region"
    thinned: bool = False
    access: str = "auto"
    counts: Callable[[Prepared], Iterable[pl.DataFrame]] = lambda prepared: ()
    phases: tuple[int, ...] = ()
    ranking: str = ""

    def check(self, prepared: Prepared) -> Iterator[Reading]:
        """Yield what one scalar tells, how many units it tells for sure, and what incidental ones tell together."""
        task, limits = prepared.task, prepared.task.leak_limits
        units = Units(frame := self.frame_of(prepared))
        targets = [
            t for t in frame.columns if (t == "label" or t.startswith("target_")) and frame[t].n_unique() > 1
        ]
        scalars = self.scalars(frame)
        alone = [(n, v, t) for n, v in self.alone(prepared, frame, scalars).items() for t in targets]
        trees = ((n, units.cross_fit(values, t).auroc, units.clusters) for n, values, t in alone)
        yield from read_gate(task.name, "scalar", limits["scalar_auroc"], trees)
        rates = ((n, units.rate_values(values, t).sure_share, units.clusters) for n, values, t in alone)
        yield from read_gate(task.name, "sure value", SURE, rates)
        together = {"incidental": [values for name, values in scalars.items() if self.incidental(name)]}
        if self.phases:
            together["phases"] = [frame["minute"].to_numpy() % (days * 1440) for days in self.phases]
        for gate, columns in together.items():
            trees = ((t, units.cross_fit(np.column_stack(columns), t).auroc, units.clusters) for t in targets)
            yield from read_gate(task.name, gate, limits["identifiers_auroc"], trees)
        if self.ranking:
            ranked = units.rank(frame[self.ranking].to_numpy())
            far = [(self.ranking, lambda drawn: np.abs(ranked.auroc(drawn) - 0.5), units.clusters)]
            yield from read_gate(task.name, self.ranking, FARTHEST, far)

    def alone(self, prepared: Prepared, frame: pl.DataFrame, scalars: dict[str, Floats]) -> dict[str, Floats]:
        """Return the scalars of which none may tell the label, with the further ones."""
        unit, signal = prepared.task.unit, {column.split(".")[1] for column in prepared.task.signal_columns}
        found = {
            name: values
            for name, values in scalars.items()
            if not (self.frequency == "all" and name.split(" ")[0] in signal)
        }
        for counts in self.counts(prepared):
            beside = frame.select(unit).join(counts, on=unit, how="left", maintain_order="left")
            found |= {name: _numbers(beside[name]) for name in counts.columns if name != unit}
        return found

    def frame_of(self, prepared: Prepared) -> pl.DataFrame:
        """Return the test units with their columns and truth."""
        unit = prepared.task.unit
        frame = self.frame(prepared).join(self.truth(prepared), on=unit).sort(unit)
        if not self.thinned:
            return frame
        return balance(frame.filter((pl.col("label") == 1) | (pl.int_range(pl.len()) % 10 == 0)))

    def scalars(self, frame: pl.DataFrame) -> dict[str, Floats]:
        """Return every scalar that a column offers: value or code, missingness, length, how often it occurs, and the
        row's position."""
        found: dict[str, pl.Series] = {"row position": pl.Series(np.arange(frame.height))}
        for name in frame.columns:
            if name in TRUTH or name.startswith("target_"):
                continue
            column = frame[name]
            found[f"{name} missing"] = column.is_null()
            if isinstance(column.dtype, pl.List):
                found[f"{name} count"] = column.list.len()
                continue
            is_text = column.dtype == pl.String
            found[f"{name} as a code" if is_text else name] = (
                column.fill_null("").rank("dense") if is_text else column
            )
            if is_text and self.frequency == "all":
                found[f"{name} length"] = column.str.len_chars().fill_null(0)
            if self.frequency in ("region", "all") or (self.frequency == "text" and is_text):
                within = dict.fromkeys(("region", name) if self.frequency == "region" else (name,))
                found[f"{name} frequency"] = frame.select(pl.len().over(*within)).to_series()
        if "minute" in frame.columns:
            found["hour"] = frame["minute"] // 60 % 24
        return {name: _numbers(values) for name, values in found.items()}


TRUTH = ("label", "cluster", "weight")
"""Columns of a gate's frame that are no features, beside those that begin with ``target_``."""
SURE, FEWEST_FALSE, FEW = 0.10, 0.001, 10
"""Most of the positive clusters that exact values of one scalar may find, at this share of false positives. A value's
share of positives is shrunk towards that of all units, as if it had so many more units."""
FARTHEST = 0.10
"""How far from .5 the AUROC of such a column may be."""


def _numbers(values: pl.Series) -> Floats:
    return values.cast(pl.Float64).fill_null(-1).to_numpy()


def balance(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame in which both classes weigh one."""
    share = pl.col("label").mean()
    return frame.with_columns(weight=pl.when(pl.col("label") == 1).then(1 / share).otherwise(1 / (1 - share)))


def _incidental(
    but: tuple[str, ...] = (), leaks: tuple[str, ...] = ("",), keys: tuple[str, ...] = ()
) -> Callable[[str], bool]:
    """Return whether a scalar's name ends with one of the leaks or is a key, and its first word is none of ``but``."""
    return lambda name: (name.endswith(leaks) or name in keys) and name.split(" ")[0] not in but


def _is_incidental_advert(name: str) -> bool:
    is_signal = name.split(" ")[0] in ("category", "price", "platform", "language")
    if is_signal and name.endswith(("frequency", "length")):
        return False
    keys = ("advert", "account", "device_cluster", "minute", "created_day", "town", "region")
    return name.endswith(("missing", "length", "frequency", "count", "row position", "hour")) or name in keys


def count_ties(prepared: Prepared) -> Iterator[pl.DataFrame]:
    for end in ("source", "target"):
        found = prepared.folds[0].tables["ties"].group_by(account=end)
        yield found.agg(
            pl.len().alias(f"ties by {end}"),
            (pl.col("kind") == "message").sum().alias(f"messages by {end}"),
            pl.col("count").sum().alias(f"exchanged by {end}"),
            pl.col("day").min().alias(f"first day by {end}"),
            pl.col("day").max().alias(f"last day by {end}"),
        ).collect()


def count_records(prepared: Prepared) -> Iterator[pl.DataFrame]:
    """Yield counts of audits, complaints and supplies of firms."""
    tables = prepared.folds[0].tables
    audits = {"grade": pl.col("grade").max(), "findings": pl.col("findings").list.len().sum()}
    supplies = {"paid": pl.col("payment_days").mean(), "share": pl.col("share").max()}
    yield tables["audits"].group_by("firm").agg(audits=pl.len(), **audits).collect()
    yield tables["complaints"].group_by("firm").agg(complaints=pl.len()).collect()
    yield tables["supplies"].group_by(firm="supplier").agg(supplies=pl.len(), **supplies).collect()


GATES = {
    "advert_risk": Gate(
        adverts,
        _is_incidental_advert,
        frequency="all",
        access="platform",
    ),
    "account_risk": Gate(
        accounts,
        _incidental(("device_cluster", "platform", "language", "client", "verified", "cadence")),
        counts=count_ties,
    ),
    "assistance_triage": Gate(
        contacts,
        _incidental(
            but=("language", "days_since_leaving"),
            leaks=("missing", "length", "row position", "hour"),
            keys=("contact", "region", "minute", "contact frequency", "minute frequency"),
        ),
        truth=needs,
        frequency="all",
    ),
    "flag_aggregation": Gate(
        queued_adverts,
        _incidental(
            but=("vote", "category", "price"),
            leaks=(
                *("missing", "length", "position", "gold", "day", "minute"),
                *("votes", "reviewers", "span", "pace"),
            ),
            keys=("advert", "first_place", "lowest_review", "region", "town"),
        ),
        frequency="all",
    ),
    "intervention_effect": Gate(effects, _incidental(("first_day", "platform")), truth=large_effects),
    "payment_risk": Gate(
        payments,
        lambda name: name in ("region", "payment", "minute", "payer", "payee", "row position"),
        frequency="",
        thinned=True,
        phases=(1, 7, 30),
    ),
    "recruitment_onset": Gate(
        conversations,
        _incidental(("platform", "language", "channels", "first_side")),
        frequency="text",
        ranking="length",
    ),
    "route_forecast": Gate(
        circuits,
        _incidental(("party", "adverts", "towns", "wallets")),
        truth=trafficking_circuits,
        frequency="",
    ),
    "supplier_risk": Gate(
        firms,
        _incidental(
            (
                *("sector", "seasonal", "housing", "agency"),
                *("tier", "size", "language", "workers_language"),
            )
        ),
        counts=count_records,
    ),
}
"""Gates of tasks with a label."""


# Keys, numbers and order in tasks that rank, group or count; and what single tasks must not give away beside.


def metric_of(prepared: Prepared, predictions: pl.DataFrame) -> tuple[Measure, int]:
    """Return the primary metric of predictions under multiplicities of the test's clusters, and their number."""
    inputs = make_inputs(prepared.task, prepared.answers, predictions)
    family = measure_primary(inputs)
    return lambda drawn: np.nan_to_num(family.metrics(drawn)[prepared.task.primary]), inputs.clusters.count


def mean_of(values: pl.Expr, frame: pl.DataFrame) -> tuple[Measure, int]:
    """Return the mean of values of the frame's rows, null as 0, under multiplicities of its clusters."""
    codes, count = encode_dense(frame["cluster"])
    known, own = codes >= 0, frame.select(values.cast(pl.Float64).fill_null(0)).to_series().to_numpy()
    total, rows = np.bincount(codes[known], own[known], count), np.bincount(codes[known], minlength=count)
    return lambda drawn: ratio(drawn @ total, drawn @ rows), count


LINKS_AT_CHANCE = 0.02
"""Above the R-precision of rows in random order (about .004), with room for luck on a tiny world."""
CASE_KEYS = {
    "lowest key": -pl.col("candidate"),
    "highest key": pl.col("candidate"),
    "nearest key": -(pl.col("candidate") - pl.col("advert")).abs(),
    "low bits alike": -((pl.col("candidate") ^ pl.col("advert")) & 0xFFFF),
    "high bits alike": -((pl.col("candidate") ^ pl.col("advert")) // 2**32),
    "same place in its table": -(pl.col("place") - pl.col("seed_place")).abs(),
}


def pair_cases(prepared: Prepared) -> pl.DataFrame:
    """Return every seed with every row of its region's views, and the places of both in their tables."""
    gallery = prepared.answers.gallery
    assert gallery is not None  # nosec B101 # links have one
    within = pl.int_range(pl.len()).over("region", "view") / pl.len().over("region", "view")
    seeds = prepared.answers.scored_rows().sort("region", "advert").select("advert", "region", own="cluster")
    seeds = seeds.with_columns(seed_place=pl.int_range(pl.len()).over("region") / pl.len().over("region"))
    rows = gallery.sort("candidate").with_columns(pl.col("view").cast(pl.Categorical), place=within)
    return seeds.join(rows, on="region", maintain_order="left_right")


def link_by(prepared: Prepared, pairs: pl.DataFrame, key: pl.Expr) -> tuple[Measure, int]:
    """Return R-precision of the ten rows of each view that a key ranks first, the lowest candidate of equal ones."""
    place = pl.col("score").rank("ordinal", descending=True).over("advert", "view")
    scored = pairs.select("advert", "view", "candidate", score=key.cast(pl.Float64)).with_columns(place=place)
    ranked = scored.filter(pl.col("place") <= 10).with_columns(
        pl.col("view").cast(pl.String), score=1 / pl.col("place")
    )
    return metric_of(prepared, ranked.select("view", "candidate", "score", query="advert"))


def read_case_keys(prepared: Prepared, source: Source) -> Iterator[Reading]:
    pairs = pair_cases(prepared)
    found = ((name, *link_by(prepared, pairs, key)) for name, key in CASE_KEYS.items())
    return read_gate(prepared.task.name, "key", LINKS_AT_CHANCE, found)


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
    shown = prepared.folds[0].tables["adverts"].select("advert").with_row_index("place").collect()
    of = prepared.answers.frame.select("advert", "cluster")
    where = source.scan("adverts").select("advert", "region").collect()
    joined = shown.join(of, on="advert").join(where, on="advert").drop_nulls("cluster")
    return joined.with_columns(pl.col("place").cast(pl.Int64))


def neighbours_by(placed: pl.DataFrame, key: pl.Expr) -> tuple[Measure, int]:
    """Return the share of neighbours by a key, within regions, that are of one cluster, less that of those by lot."""
    lot = pl.lit(pl.Series(Stream(0, "lot").uniform(placed["advert"].to_numpy())))

    def alike(by: pl.Expr) -> pl.Series:
        """Return whether an advert and the one before it are of one cluster, 1 or 0, by advert."""
        ordered = placed.with_columns(by=by).sort("region", "by", "advert")
        same = (pl.col("cluster") == pl.col("cluster").shift(1)).over("region").fill_null(False)
        return ordered.with_columns(same=same.cast(pl.Float64)).sort("advert")["same"]

    return mean_of(pl.lit(alike(key) - alike(lot)), placed.sort("advert"))


def read_neighbours(prepared: Prepared, source: Source) -> Iterator[Reading]:
    placed, name = place_adverts(prepared, source), prepared.task.name
    found = ((subject, *neighbours_by(placed, key)) for subject, key in ADVERT_KEYS.items())
    yield from read_gate(name, "key", MORE, found)
    if name == "advert_authorship":  # regions are hidden there, and a release stands region by region
        yield from read_gate(name, "order", MORE, [("region", *order_of_regions(placed))])


def order_of_regions(placed: pl.DataFrame) -> tuple[Measure, int]:
    """Return how much the share of neighbours in the table that are of one region differs from that by lot."""
    ordered = placed.sort("place").with_columns(cluster="region")
    alike, count = mean_of(pl.col("region") == pl.col("region").shift(1), ordered)
    sizes = ordered.group_by("region").len().sort("region")["len"].to_numpy()

    def differ(drawn: Floats) -> Floats:
        shares = drawn * sizes / (drawn @ sizes)[:, None]
        return np.abs(alike(drawn) - (shares**2).sum(axis=1))

    return differ, count


def read_regions(prepared: Prepared, source: Source) -> Iterator[Reading]:
    """Yield how far the number of a region, or a multiple of what is shown of it, tells how many people it hides."""
    limits, regions = prepared.task.leak_limits, show_regions(prepared)
    name, limit = prepared.task.name, limits["region_rank_correlation"]
    yield from read_gate(name, "region rank", limit, [("region", correlate_ranks(regions), regions.height)])
    # A small error tells much: constant_multiple_error is the least there may be, so value and limit are negative.
    shown = [c for c in ("observed", "lists", "rows", "strata", "most", "single") if (regions[c] > 0).all()]
    found = ((c, error_of_multiple(regions, c), regions.height) for c in shown)
    yield from read_gate(name, "error of the best multiple", -limits["constant_multiple_error"], found)


def show_regions(prepared: Prepared) -> pl.DataFrame:
    """Return regions with their truth and what is shown of them, a column each."""
    shown = prepared.folds[0].tables
    rows = shown["case_lists"].group_by("region", maintain_order=True)
    counted = rows.agg(
        rows=pl.len(),
        strata=pl.struct("form", "sex").n_unique(),
        most=pl.col("count").max(),
        single=(pl.col("count") == 1).sum(),
    )
    frame = prepared.answers.frame.select("region", "truth")
    for table in (shown["populations"], counted):
        frame = frame.join(table.collect(), on="region", how="left", maintain_order="left")
    return frame


def correlate_ranks(regions: pl.DataFrame) -> Measure:
    ranks = regions.select(pl.col("region", "truth").rank()).to_numpy()
    return _of_regions(lambda rows: abs(np.corrcoef(ranks[rows].T)[0, 1]))


def error_of_multiple(regions: pl.DataFrame, column: str) -> Measure:
    """Return the negative median absolute log error of the best multiple of a column, fitted with the truth in view."""
    found = np.log((regions["truth"] / regions[column]).to_numpy())
    return _of_regions(lambda rows: -float(np.median(np.abs(found[rows] - np.median(found[rows])))))


def _of_regions(summarise: Callable[[np.ndarray], float]) -> Measure:
    """Return the measure that sums up the numbers of regions, each as often as it was drawn."""
    return lambda drawn: np.array(
        [summarise(np.repeat(np.arange(len(times)), times.astype(int))) for times in drawn]
    )


TOWNS_AT_CHANCE = float(np.sum(1 / np.arange(1, 11)) / 23)
"""Of ten out of the 23 towns that one is not in, in random order."""
TOWN_KEYS = {
    "highest number": pl.col("candidate"),
    "lowest number": -pl.col("candidate"),
    "nearest number": -(pl.col("candidate") - pl.col("here")).abs(),
    "by the step": (pl.col("candidate") + pl.col("sequence")) % 24,
    "by the stop's number": (pl.col("stop") + pl.col("candidate") * 7) % 24,
}


def read_town_keys(prepared: Prepared, source: Source) -> Iterator[Reading]:
    """Yield how far from chance the ten towns score that a key ranks first among those of a query's region, without
    the town that the query is in."""
    rows = prepared.streams[0].test.rows.select("stop", "sequence", here="town")
    asked = prepared.answers.frame.select("stop", "region").join(rows, on="stop")
    listed = asked.join(prepared.answers.candidates, on="region")
    listed = listed.filter(pl.col("candidate") != pl.col("here"))

    def forecast_by(key: pl.Expr) -> tuple[Measure, int]:
        made = listed.select(query="stop", candidate="candidate", score=key.cast(pl.Float64))
        ordered = made.sort("query", "score", "candidate", descending=[False, True, False])
        measure, count = metric_of(prepared, ordered.group_by("query").head(10))
        return lambda drawn: np.abs(measure(drawn) - TOWNS_AT_CHANCE), count

    found = ((name, *forecast_by(key)) for name, key in TOWN_KEYS.items())
    return read_gate(prepared.task.name, "key", 0.025, found)


def read_copies(prepared: Prepared, source: Source) -> Iterator[Reading]:
    """Yield the share of test adverts with a near-duplicate in train or valid."""
    fold = prepared.folds[0]
    groups = source.scan("adverts", truth=True).select("advert", "near_duplicate_group", cluster="operation")
    rows = fold.parts.lazy().join(groups, on="advert").collect()
    seen = rows.filter(pl.col("part") != "test")["near_duplicate_group"].unique()
    crossing = pl.col("near_duplicate_group").is_in(seen.implode())
    found = [("adverts", *mean_of(crossing, rows.filter(pl.col("part") == "test")))]
    limit = prepared.task.leak_limits["crossing_near_duplicates"]
    return read_gate(prepared.task.name, "crossing near-duplicates", limit, found)


FURTHER: dict[str, Callable[[Prepared, Source], Iterator[Reading]]] = {
    "advert_authorship": read_neighbours,
    "advert_linkage": read_neighbours,
    "advert_risk": read_copies,
    "case_linkage": read_case_keys,
    "prevalence": read_regions,
    "route_forecast": read_town_keys,
}
"""Gates of single tasks."""
