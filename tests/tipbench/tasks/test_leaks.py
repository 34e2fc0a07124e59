"""The leak gates of every task: what gives the truth away without being a signal.

Gates of tasks with a label run on the test part of ``small``, which holds over a hundred trafficking operations, with
the limits of the task file. Cross-fitting is by cluster, and a gate weighs units as a score would. Columns that a task
declares as signal are its question; identifiers, order, lengths, missingness and times must say next to nothing. In
tasks that rank, group or count, keys, numbers and order must tell nothing. Each gate finds a planted leak.

The data of a released version never change, so all but the cheapest gates are slow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.loading import prepare
from tipbench.task import Task
from tipbench.tasks import tasks
from tipdata.core.draw import Stream
from tipdata.release import Release
from tipdata.stages.helpline.cases import NEEDS

TRUTH = ("label", "cluster", "weight")
"""Columns of a gate's frame that are no features, beside those that begin with ``target_``."""
CHEAPEST = "intervention_effect"
"""The task whose gates are not slow."""


def cross_fitted_auroc(features: np.ndarray, frame: pl.DataFrame, label: str = "label") -> float:
    """Return the AUROC of small boosted trees, fitted and scored on different clusters (five folds).

    Args:
        features: [rows, columns] of a frame with the label, ``cluster`` and, where rows weigh unlike, ``weight``. A
            single column takes fewer and longer steps to the same rates; a constant says nothing.
    """
    target = frame[label].to_numpy()
    weight = frame["weight"].to_numpy() if "weight" in frame.columns else np.ones(frame.height)
    scores, features = np.zeros(len(target)), np.asarray(features, dtype=float)
    if (features == features[0]).all():
        return 0.5
    trees, rate = (20, 0.3) if features.shape[1] == 1 else (60, 0.1)
    for train, test in GroupKFold(5).split(features, target, frame["cluster"].to_numpy()):
        model = LGBMClassifier(
            n_estimators=trees, learning_rate=rate, num_leaves=15, min_child_samples=50, n_jobs=1, verbose=-1
        )
        model.fit(features[train], target[train], sample_weight=weight[train])
        scores[test] = model.predict_proba(features[test])[:, 1]  # type: ignore[index, call-overload]
    return float(roc_auc_score(target, scores, sample_weight=weight))


# Frames: the test units of a task with their columns, and what further rows of theirs come to.


def adverts(prepared: Prepared) -> pl.DataFrame:
    accounts = prepared.folds[0].tables["accounts"].drop("region", "platform", "language")
    return prepared.folds[0].units("test").join(accounts, on="account").collect()


def accounts(prepared: Prepared) -> pl.DataFrame:
    fold = prepared.folds[0]
    ties = fold.tables["ties"].with_row_index("position").collect()
    frame = fold.units("test").collect()
    for end in ("source", "target"):
        of_ties = ties.group_by(pl.col(end).alias("account")).agg(
            pl.col("tie", "position").min().name.prefix(f"{end} least "),
            pl.col("tie", "position").mean().name.prefix(f"{end} mean "),
        )
        frame = frame.join(of_ties, on="account", how="left")
    return frame


def contacts(prepared: Prepared) -> pl.DataFrame:
    frame = prepared.folds[0].units("test").collect()
    return frame.with_columns(pl.sum_horizontal(pl.all().is_null()).alias("facts missing"))


def queued_adverts(prepared: Prepared) -> pl.DataFrame:
    """With how many votes, by how many, when and in what order."""
    fold = prepared.folds[0]
    of_votes = (
        fold.tables["reviews"]
        .sort("review")
        .with_row_index("place")
        .group_by("advert")
        .agg(
            votes=pl.len(),
            reviewers=pl.col("reviewer").n_unique(),
            first_minute=pl.col("minute").min(),
            last_minute=pl.col("minute").max(),
            span=pl.col("minute").max() - pl.col("minute").min(),
            pace=pl.col("minute").sort().diff().median(),
            first_place=pl.col("place").min(),
            lowest_review=pl.col("review").min(),
        )
    )
    own = fold.tables["adverts"].drop("region")
    return fold.units("test").join(own, on="advert").join(of_votes, on="advert").collect()


def effects(prepared: Prepared) -> pl.DataFrame:
    return prepared.folds[0].to_predict().collect()


def payments(prepared: Prepared) -> pl.DataFrame:
    """With the columns of both wallets and how many payments these make."""
    fold = prepared.folds[0]
    frame = fold.units("test").collect()
    wallets, made = fold.tables["wallets"].drop("region").collect(), fold.tables["payments"].collect()
    for end in ("payer", "payee"):
        named = wallets.rename({c: f"{end} {c}" if c != "wallet" else end for c in wallets.columns})
        frame = frame.join(named, on=end, how="left")
        frame = frame.join(made.group_by(end).len(f"{end} payments"), on=end, how="left")
    counted = ("payer", "payee", "channel", "purpose", "town")
    return frame.sort("payment").with_columns(
        pl.len().over("region", name).alias(f"{name} frequency") for name in counted
    )


def conversations(prepared: Prepared) -> pl.DataFrame:
    test = prepared.streams[0].test
    gap = pl.col("minute").diff().over("conversation", order_by="sequence")
    of_messages = (
        test.rows.with_columns(gap=gap)
        .group_by("conversation")
        .agg(
            pl.len().alias("length"),
            (pl.col("minute").max() - pl.col("minute").min()).alias("duration"),
            pl.col("gap").median().alias("median gap"),
            pl.col("gap").max().alias("longest gap"),
            pl.col("act").null_count().alias("deleted acts"),
            pl.col("channel").null_count().alias("unknown channels"),
            pl.col("channel").n_unique().alias("channels"),
            (pl.col("side") == "first").mean().alias("first side"),
        )
    )
    return test.units.join(of_messages, on="conversation")


def circuits(prepared: Prepared) -> pl.DataFrame:
    test = prepared.streams[0].test
    gap = pl.col("day").diff().over("circuit", order_by="sequence")
    of_stops = (
        test.rows.with_columns(gap=gap)
        .group_by("circuit")
        .agg(
            pl.len().alias("stops"),
            (pl.col("day").max() - pl.col("day").min()).alias("duration"),
            pl.col("day").max().alias("last day"),
            pl.col("gap").median().alias("median gap"),
            pl.col("gap").max().alias("longest gap"),
            pl.col("mode").null_count().alias("unknown modes"),
            pl.col("wallet").null_count().alias("unknown wallets"),
            pl.col("wallet").n_unique().alias("wallets"),
            pl.col("adverts").sum().alias("adverts"),
            pl.col("town").n_unique().alias("towns"),
            (pl.col("day") % 7).mean().alias("weekday"),
        )
    )
    return test.units.join(of_stops, on="circuit")


OF_FIRMS = {"supplies": "supplier", "audits": "firm", "complaints": "firm"}


def firms(prepared: Prepared) -> pl.DataFrame:
    """With what the ids, positions and days of their supplies, audits and complaints come to."""
    frame = prepared.folds[0].units("test").collect()
    for table, firm in OF_FIRMS.items():
        rows = prepared.folds[0].tables[table].with_row_index("position").collect()
        key, day = ("supply", "since_day") if table == "supplies" else (table.removesuffix("s"), "day")
        of_firm = rows.group_by(pl.col(firm).alias("firm")).agg(
            pl.col(key, "position", day).cast(pl.Float64).min().name.prefix(f"{table} least "),
            pl.col(key, "position", day).cast(pl.Float64).mean().name.prefix(f"{table} mean "),
        )
        frame = frame.join(of_firm, on="firm", how="left")
    return frame


# Truths: the units of a gate's frame with label and cluster.


def labels(prepared: Prepared) -> pl.DataFrame:
    return prepared.answers.frame.select(prepared.folds[0].task.unit, "label", "cluster")


def weighted_labels(prepared: Prepared) -> pl.DataFrame:
    return prepared.answers.frame.select("advert", "label", "cluster", "weight")


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
    """The gates of one task.

    ``frame``, ``truth``: see above. ``incidental``: which scalars a tree reads that must say next to nothing;
    ``among``: some of them. ``frequency``: how often a value occurs is counted within the "region", within "all", for a
    "text" alone within all, or not at all (""); with "all", texts have a length, and scalars of signal columns may
    exceed the limit of a scalar. ``clusters_dealt``: whether labels are dealt out anew to whole clusters, or to units.
    ``chance``: how far from .5 a tree may come then. ``target``: the label that is planted and dealt. ``thinned``:
    whether one in ten negatives is kept and both classes weigh one: at one positive in 300 the gate's trees would find
    nothing, not even a planted leak.
    """

    name: str
    frame: Callable[[Prepared], pl.DataFrame]
    incidental: Callable[[str], bool]
    truth: Callable[[Prepared], pl.DataFrame] = labels
    among: frozenset[str] = frozenset()
    frequency: str = "region"
    clusters_dealt: bool = False
    chance: float = 0.1
    target: str = "label"
    thinned: bool = False
    access: str = "auto"

    @cached_property
    def task(self) -> Task:
        return tasks()[self.name]

    def is_signal(self, name: str) -> bool:
        return name.split(" ")[0] in {column.split(".")[1] for column in self.task.signal_columns}

    def prepare(self, small: Release) -> Prepared:
        split = "forward" if "forward" in self.task.splits else self.task.splits[0]
        supervision = "truth" if "truth" in self.task.labels_on(split) else "auto"
        return prepare(self.task, release=small, split=split, labels=supervision, access=self.access)

    def weigh(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return a frame in which both classes weigh one."""
        share = pl.col("label").mean()
        return frame.with_columns(
            weight=pl.when(pl.col("label") == 1).then(1 / share).otherwise(1 / (1 - share))
        )

    def scored(self, prepared: Prepared) -> pl.DataFrame:
        frame = self.frame(prepared).join(self.truth(prepared), on=self.task.unit).sort(self.task.unit)
        if not self.thinned:
            return frame
        return self.weigh(frame.filter((pl.col("label") == 1) | (pl.int_range(pl.len()) % 10 == 0)))

    def scalars(self, frame: pl.DataFrame) -> dict[str, np.ndarray]:
        """Every scalar that a column offers: value or code, missingness, length, how often it occurs, and position."""
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
        return {name: values.cast(pl.Float64).fill_null(-1).to_numpy() for name, values in found.items()}


def _is_incidental_advert(name: str) -> bool:
    first = name.split(" ")[0]
    if first in ("category", "price", "platform", "language") and name.endswith(
        ("frequency", "code", "length")
    ):
        return False
    leaks = ("missing", "length", "frequency", "count", "row position", "hour")
    keys = ("advert", "account", "device_cluster", "minute", "created_day", "town", "region")
    return name.endswith(leaks) or name in keys


def _incidental(leaks: tuple[str, ...], keys: tuple[str, ...], but: tuple[str, ...]) -> Callable[[str], bool]:
    return lambda name: (name.endswith(leaks) or name in keys) and name.split(" ")[0] not in but


_is_incidental_contact = _incidental(
    leaks=("missing", "length", "row position", "hour"),
    keys=("contact", "region", "minute", "contact frequency", "minute frequency"),
    but=("language", "days_since_leaving"),
)
_is_incidental_vote = _incidental(
    leaks=("missing", "length", "position", "gold", "day", "minute", "votes", "reviewers", "span", "pace"),
    keys=("advert", "first_place", "lowest_review", "region", "town"),
    but=("vote", "category", "price"),
)


def _begins_with_none_of(*first: str) -> Callable[[str], bool]:
    return lambda name: name.split(" ")[0] not in first


GATES = (
    Gate(
        "advert_risk",
        adverts,
        _is_incidental_advert,
        truth=weighted_labels,
        frequency="all",
        clusters_dealt=True,
        access="platform",
    ),
    Gate(
        "account_risk",
        accounts,
        _begins_with_none_of("device_cluster", "platform", "language", "client", "verified", "cadence"),
        among=frozenset({"account", "region", "created_day", "source mean tie", "target least position"}),
        clusters_dealt=True,
    ),
    Gate(
        "assistance_triage",
        contacts,
        _is_incidental_contact,
        truth=needs,
        frequency="all",
        chance=0.08,
        target="target_legal",
    ),
    Gate(
        "flag_aggregation",
        queued_adverts,
        _is_incidental_vote,
        frequency="all",
        clusters_dealt=True,
    ),
    Gate(
        "intervention_effect",
        effects,
        _begins_with_none_of("first_day", "platform"),
        truth=large_effects,
        among=frozenset({"effect", "region", "intervention", "day", "day missing"}),
    ),
    Gate(
        "payment_risk",
        payments,
        lambda name: name in ("region", "payment", "minute", "payer", "payee", "row position"),
        among=frozenset({"payment", "minute", "payer"}),
        frequency="",
        clusters_dealt=True,
        chance=0.15,
        thinned=True,
    ),
    Gate(
        "recruitment_onset",
        conversations,
        lambda name: not name.startswith(("platform", "language", "channels", "first side")),
        among=frozenset({"conversation", "length", "longest gap", "hour"}),
        frequency="text",
    ),
    Gate(
        "route_forecast",
        circuits,
        _begins_with_none_of("party", "adverts", "towns", "wallets"),
        truth=trafficking_circuits,
        among=frozenset({"circuit", "stops", "weekday"}),
        frequency="",
    ),
    Gate(
        "supplier_risk",
        firms,
        _begins_with_none_of(
            *("sector", "seasonal", "housing", "agency", "tier", "size", "language", "workers_language")
        ),
        among=frozenset({"firm", "region", "audits mean day", "supplies least supply"}),
        chance=0.06,
    ),
)


def params(*gates: Gate) -> list:
    return [pytest.param(g, id=g.name, marks=() if g.name == CHEAPEST else pytest.mark.slow) for g in gates]


@pytest.fixture(scope="module", params=params(*GATES))
def gate(request: pytest.FixtureRequest) -> Gate:
    return request.param


@pytest.fixture(scope="module")
def prepared(gate: Gate, small: Release) -> Prepared:
    return gate.prepare(small)


@pytest.fixture(scope="module")
def scored(gate: Gate, prepared: Prepared) -> pl.DataFrame:
    return gate.scored(prepared)


def targets(frame: pl.DataFrame) -> list[str]:
    return [name for name in frame.columns if name == "label" or name.startswith("target_")]


def test_no_scalar_gives_the_label_away(gate: Gate, scored: pl.DataFrame) -> None:
    for name, values in gate.scalars(scored).items():
        if not (gate.frequency == "all" and gate.is_signal(name)):
            for target in targets(scored):
                auroc = cross_fitted_auroc(values[:, None], scored, target)
                assert auroc < gate.task.leak_limits["scalar_auroc"], f"{name}: {auroc:.3f}"


def test_identifiers_order_lengths_missingness_and_times_say_next_to_nothing(
    gate: Gate, scored: pl.DataFrame
) -> None:
    chosen = {name: values for name, values in gate.scalars(scored).items() if gate.incidental(name)}
    assert gate.among | {"row position"} <= set(chosen)
    for target in targets(scored):
        auroc = cross_fitted_auroc(np.column_stack(list(chosen.values())), scored, target)
        assert auroc <= gate.task.leak_limits["identifiers_auroc"], f"{target}: {auroc:.3f}"


def test_the_gate_itself_sees_a_leak(gate: Gate, scored: pl.DataFrame) -> None:
    noise = Stream(0, "gate").uniform(scored[gate.task.unit].to_numpy())
    planted = scored[gate.target].to_numpy() * 0.5 + noise
    limit = gate.task.leak_limits["scalar_auroc"]
    assert cross_fitted_auroc(planted[:, None], scored, gate.target) > limit


def test_shuffled_labels_give_chance(gate: Gate, scored: pl.DataFrame) -> None:
    """Labels dealt out anew to units, or to whole clusters: nothing that a tree reads of the units can find them."""
    of = scored
    if gate.clusters_dealt:
        of = scored.group_by("cluster").agg(pl.col(gate.target).max()).sort("cluster")
    order = Stream(1, "shuffle").shuffle(of["cluster" if gate.clusters_dealt else gate.task.unit].to_numpy())
    dealt = of.with_columns(of[gate.target][order.tolist()])
    if gate.clusters_dealt:
        dealt = scored.drop(gate.target).join(dealt, on="cluster", maintain_order="left")
    if gate.thinned:
        dealt = gate.weigh(dealt)
    values = np.column_stack(list(gate.scalars(scored).values()))
    assert abs(cross_fitted_auroc(values, dealt, gate.target) - 0.5) < gate.chance


# What single tasks must not give away beside.


def of_task(name: str) -> pytest.MarkDecorator:
    """Run a test on the gate of one task."""
    return pytest.mark.parametrize("gate", params(*(g for g in GATES if g.name == name)), indirect=True)


def assert_counts_say_little(gate: Gate, scored: pl.DataFrame, counts: pl.DataFrame) -> None:
    frame = scored.join(counts, on=gate.task.unit, how="left", maintain_order="left", suffix=" counted")
    for name in counts.columns[1:]:
        values = frame[name].cast(pl.Float64).fill_null(-1).to_numpy()
        assert cross_fitted_auroc(values[:, None], frame) < gate.task.leak_limits["scalar_auroc"], name


@of_task("account_risk")
def test_no_count_of_ties_gives_the_label_away(gate: Gate, prepared: Prepared, scored: pl.DataFrame) -> None:
    for end in ("source", "target"):
        counts = (
            prepared.folds[0]
            .tables["ties"]
            .group_by(account=end)
            .agg(
                ties=pl.len(),
                messages=(pl.col("kind") == "message").sum(),
                exchanged=pl.col("count").sum(),
                first=pl.col("day").min(),
                last=pl.col("day").max(),
            )
            .collect()
        )
        assert_counts_say_little(gate, scored, counts)


@of_task("supplier_risk")
def test_no_count_of_audits_complaints_or_supplies_gives_the_label_away(
    gate: Gate, prepared: Prepared, scored: pl.DataFrame
) -> None:
    tables = {name: prepared.folds[0].tables[name].collect() for name in OF_FIRMS}
    of_audits = {"audits": pl.col("grade").max(), "findings": pl.col("findings").list.len().sum()}
    of_supplies = {"paid": pl.col("payment_days").mean(), "share": pl.col("share").max()}
    for counts in (
        tables["audits"].group_by("firm").agg(pl.len(), **of_audits),
        tables["complaints"].group_by("firm").agg(complaints=pl.len()),
        tables["supplies"].group_by(firm="supplier").agg(supplies=pl.len(), **of_supplies),
    ):
        assert_counts_say_little(gate, scored, counts)


@of_task("payment_risk")
def test_the_phase_of_day_week_and_month_says_next_to_nothing(gate: Gate, scored: pl.DataFrame) -> None:
    """Paydays are the world's rhythm."""
    phases = [scored["minute"].to_numpy() % (days * 1440) for days in (1, 7, 30)]
    limit = gate.task.leak_limits["identifiers_auroc"]
    assert cross_fitted_auroc(np.column_stack(phases), scored) <= limit


@of_task("flag_aggregation")
def test_the_votes_themselves_do_tell(gate: Gate, scored: pl.DataFrame, small: Release) -> None:
    votes = small.scan("reviews").group_by("advert").agg(share=(pl.col("vote") == "harmful").mean()).collect()
    share = scored.join(votes, on="advert", maintain_order="left")["share"].to_numpy()
    assert cross_fitted_auroc(share[:, None], scored) > gate.task.leak_limits["scalar_auroc"]


@of_task("recruitment_onset")
def test_length_alone_says_next_to_nothing(scored: pl.DataFrame) -> None:
    """A bound on ranks, since means are those of a few that go on and on."""
    assert 0.40 <= roc_auc_score(scored["label"].to_numpy(), scored["length"].to_numpy()) <= 0.60


@of_task("recruitment_onset")
def test_positives_are_spread_over_many_operations(prepared: Prepared) -> None:
    frame = prepared.answers.frame
    positive = frame.filter(pl.col("label") == 1)
    assert 0.08 <= positive.height / frame.height <= 0.15
    assert positive["cluster"].n_unique() >= 100
    assert positive["cluster"].value_counts()["count"].to_numpy().max() <= positive.height / 20


@of_task("route_forecast")
def test_queries_are_spread_over_many_operations(prepared: Prepared) -> None:
    asked = prepared.answers.frame.filter(~pl.col("intrusion"))
    assert asked["cluster"].n_unique() >= 100
    assert asked["cluster"].value_counts()["count"].to_numpy().max() <= asked.height / 20


# Keys, numbers and order in tasks that rank, group or count.


def metric(prepared: Prepared, answers: Answers, predictions: pl.DataFrame) -> float:
    """Return the primary metric of predictions, 0 where it has no value."""
    scores = evaluate(prepared.task, answers, predictions, replicates=0).scores
    return scores[prepared.task.primary].value or 0.0


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


@pytest.fixture(scope="module")
def cases(tiny: Release) -> Prepared:
    return prepare("case_linkage", release=tiny, split="forward")


def r_precision(prepared: Prepared, key: pl.Expr) -> float:
    """R-precision of the ten rows of each view that a key ranks first."""
    gallery = prepared.answers.gallery
    assert gallery is not None
    within = pl.int_range(pl.len()).over("region", "view") / pl.len().over("region", "view")
    seeds = prepared.answers.scored_rows().sort("region", "advert").select("advert", "region", own="cluster")
    seeds = seeds.with_columns(seed_place=pl.int_range(pl.len()).over("region") / pl.len().over("region"))
    pairs = seeds.join(gallery.with_columns(place=within), on="region")
    pairs = pairs.with_columns(score=key.cast(pl.Float64))
    best = pairs.sort("advert", "view", "score", "candidate", descending=[False, False, True, False])
    lists = best.group_by("advert", "view", maintain_order=True).head(10)
    ranked = lists.with_columns(score=1.0 / (1 + pl.int_range(pl.len()).over("advert", "view")))
    return metric(prepared, prepared.answers, ranked.select("view", "candidate", "score", query="advert"))


@pytest.mark.parametrize(
    "name", ["lowest key", *(pytest.param(k, marks=pytest.mark.slow) for k in CASE_KEYS)]
)
def test_keys_and_their_order_tell_no_case(cases: Prepared, name: str) -> None:
    assert r_precision(cases, CASE_KEYS[name]) < LINKS_AT_CHANCE


def test_the_gate_of_cases_sees_a_planted_key(cases: Prepared) -> None:
    noise = pl.col("candidate").map_batches(
        lambda keys: pl.Series(Stream(0, "gate").uniform(keys.to_numpy())), return_dtype=pl.Float64
    )
    planted = noise + (pl.col("cluster") == pl.col("own")).fill_null(False).cast(pl.Float64) * 0.5
    assert r_precision(cases, noise) < LINKS_AT_CHANCE
    assert r_precision(cases, planted) > 10 * LINKS_AT_CHANCE


def test_no_seed_and_no_operation_decides_a_score(cases: Prepared) -> None:
    asked = cases.answers.scored_rows()
    assert asked.height >= 100
    assert asked["cluster"].n_unique() == asked.height
    assert asked["links"].to_numpy().max() <= asked["links"].sum() / 10


MORE = 0.01
"""By which the share of pairs of one cluster may exceed that of pairs by lot, with room for luck."""
ADVERT_KEYS = {
    "key": pl.col("advert"),
    "place in the table": pl.col("place"),
    "low bits of the key": pl.col("advert") & 0xFFFF,
    "middle bits of the key": (pl.col("advert") // 2**16) & 0xFFFF,
    "remainder of the key": pl.col("advert") % 1000,
}


@pytest.fixture(scope="module", params=["advert_linkage", "advert_authorship"])
def clustered(request: pytest.FixtureRequest, small: Release) -> pl.DataFrame:
    """``[region, advert, place, cluster]`` of the test adverts."""
    prepared = prepare(request.param, release=small, split="forward")
    shown = prepared.folds[0].tables["adverts"].select("advert").with_row_index("place").collect()
    of = prepared.answers.frame.select("advert", "cluster")
    where = small.scan("adverts").select("advert", "region").collect()
    joined = shown.join(of, on="advert").join(where, on="advert").drop_nulls("cluster")
    return joined.with_columns(pl.col("place").cast(pl.Int64))


def excess(clustered: pl.DataFrame, key: pl.Expr) -> float:
    """Share of neighbours by a key, within regions, that are of one cluster, less that of neighbours by lot."""
    lot = pl.lit(pl.Series(Stream(0, "lot").uniform(clustered["advert"].to_numpy())))
    shares = []
    for by in (key, lot):
        ordered = clustered.with_columns(by=by).sort("region", "by", "advert" if by is key else "by")
        same = ordered.select((pl.col("cluster") == pl.col("cluster").shift(1)).over("region")).to_series()
        shares.append(same.mean())
    return float(shares[0] - shares[1])  # type: ignore[operator]


@pytest.mark.slow
@pytest.mark.parametrize("clustered", ["advert_authorship"], indirect=True)
def test_order_tells_no_region(clustered: pl.DataFrame) -> None:
    """Regions are hidden in authorship, and a release stands region by region."""
    by_place = clustered.sort("place")["region"]
    alike = (by_place == by_place.shift(1)).mean()
    shares = clustered["region"].value_counts()["count"].to_numpy() / clustered.height
    assert alike == pytest.approx((shares**2).sum(), abs=MORE)


@pytest.mark.slow
def test_neighbours_by_a_key_are_of_one_cluster_no_more_often_than_by_lot(clustered: pl.DataFrame) -> None:
    for name, key in ADVERT_KEYS.items():
        assert excess(clustered, key) <= MORE, name
    noise = Stream(1, "gate").uniform(clustered["advert"].to_numpy())
    rank = clustered["cluster"].rank("dense").to_numpy()
    planted = np.where(noise < 0.5, rank, rank.max() * noise)
    assert excess(clustered, pl.lit(pl.Series(planted))) > 5 * MORE


@pytest.fixture(scope="module")
def regions(small: Release) -> pl.DataFrame:
    """Regions with their truth and what is shown of them, a column each."""
    prepared = prepare("prevalence", release=small)
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


def error_of_best_multiple(regions: pl.DataFrame, column: str) -> float:
    """Median absolute log error of the best constant multiple of a column, fitted with the truth in view."""
    ratio = np.log((regions["truth"] / regions[column]).to_numpy())
    return float(np.median(np.abs(ratio - np.median(ratio))))


def test_neither_its_number_nor_a_multiple_of_what_is_shown_tells_a_region_s_people(
    regions: pl.DataFrame,
) -> None:
    limits = tasks()["prevalence"].leak_limits
    correlation = np.corrcoef(regions["region"].rank().to_numpy(), regions["truth"].rank().to_numpy())[0, 1]
    assert abs(correlation) < limits["region_rank_correlation"]
    for column in ("observed", "lists", "rows", "strata", "most", "single"):
        if (regions[column] > 0).all():
            assert error_of_best_multiple(regions, column) > limits["constant_multiple_error"], column
    planted = regions.with_columns(planted=pl.col("truth") / 7 + 1)
    assert error_of_best_multiple(planted, "planted") < limits["constant_multiple_error"]


@pytest.fixture(scope="module")
def moves(small: Release) -> Prepared:
    return prepare("route_forecast", release=small, split="forward")


TOWNS_AT_CHANCE = float(np.sum(1 / np.arange(1, 11)) / 23)
"""Of ten out of the 23 towns that one is not in, in random order."""
TOWN_KEYS = {
    "highest number": pl.col("candidate"),
    "lowest number": -pl.col("candidate"),
    "nearest number": -(pl.col("candidate") - pl.col("here")).abs(),
    "by the step": (pl.col("candidate") + pl.col("sequence")) % 24,
    "by the stop's number": (pl.col("stop") + pl.col("candidate") * 7) % 24,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TOWN_KEYS)
def test_numbers_of_towns_stops_and_steps_say_nothing_of_the_next_town(moves: Prepared, name: str) -> None:
    """By the ten towns of each query's region, other than the one it is in, that rank highest by a key."""
    rows = moves.streams[0].test.rows.select("stop", "sequence", here="town")
    asked = moves.answers.frame.select("stop", "region").join(rows, on="stop")
    listed = asked.join(moves.answers.candidates, on="region").filter(pl.col("candidate") != pl.col("here"))
    made = listed.select(query="stop", candidate="candidate", score=TOWN_KEYS[name].cast(pl.Float64))
    ordered = made.sort("query", "score", "candidate", descending=[False, True, False])
    best = ordered.group_by("query").head(10)
    assert metric(moves, moves.answers, best) == pytest.approx(TOWNS_AT_CHANCE, abs=0.025)


@pytest.mark.slow
def test_shuffled_answers_leave_what_popularity_gives(moves: Prepared) -> None:
    frame = moves.answers.frame
    order = Stream(2, "shuffle").shuffle(frame["stop"].to_numpy())
    dealt = frame[order.tolist()].sort("region", maintain_order=True).select("answer")
    shuffled = frame.sort("region", "stop").with_columns(dealt["answer"]).sort("stop")
    right = frame.select(query="stop", candidate="answer", score=pl.lit(1.0))
    assert (
        metric(moves, Answers(moves.answers.kind, "stop", shuffled, gallery=moves.answers.gallery), right)
        < 0.2
    )
