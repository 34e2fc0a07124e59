"""The leak gates of every task with a label: what gives the label away without being a signal.

They run on the test part of ``small``, which holds over a hundred trafficking operations, with the limits of the task
file. Cross-fitting is by cluster, and a gate weighs units as a score would. Columns that a task declares as signal are
its question; identifiers, order, lengths, missingness and times must say next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score
from tipbench.data.fold import Fold, Prepared
from tipbench.data.splits import SPLITS
from tipbench.loading import prepare
from tipbench.task import Task
from tipbench.tasks import tasks
from tipdata.core.draw import Stream
from tipdata.release import Release
from tipdata.stages import all_tables
from tipdata.stages.helpline.cases import NEEDS

Auroc = Callable[..., float]
TIERS = ("public", "platform")
TRUTH = ("label", "cluster", "weight")
"""Columns of a gate's frame that are no features, beside those that begin with ``target_``."""


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
    missing = pl.sum_horizontal(pl.all().is_null()).alias("facts missing")
    return prepared.folds[0].units("test").collect().with_columns(missing)


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
    ``among``: some of them. ``lengths``: whether texts have a length. ``frequency``: how often a value occurs is
    counted within the "region", within "all", for a "text" alone within all, or not at all (""). ``is_exempt``:
    whether scalars of signal columns may exceed the limit of a scalar. ``clusters_dealt``: whether labels are dealt
    out anew to whole clusters, or to units. ``chance``: how far from .5 a tree may come then. ``target``: the label
    that is planted and dealt. ``thinned``: whether one in ten negatives is kept and both classes weigh one: at one
    positive in 300 the gate's trees would find nothing, not even a planted leak.
    """

    name: str
    frame: Callable[[Prepared], pl.DataFrame]
    incidental: Callable[[str], bool]
    truth: Callable[[Prepared], pl.DataFrame] = labels
    among: frozenset[str] = frozenset()
    lengths: bool = False
    frequency: str = "region"
    is_exempt: bool = False
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
            if is_text and self.lengths:
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


def _is_incidental_contact(name: str) -> bool:
    keys = ("contact", "region", "minute", "contact frequency", "minute frequency")
    leaks = ("missing", "length", "row position", "hour")
    return (name.endswith(leaks) or name in keys) and name.split(" ")[0] not in (
        "language",
        "days_since_leaving",
    )


def _is_incidental_vote(name: str) -> bool:
    leaks = ("missing", "length", "position", "gold", "day", "minute", "votes", "reviewers", "span", "pace")
    keys = ("advert", "first_place", "lowest_review", "region", "town")
    return (name.endswith(leaks) or name in keys) and name.split(" ")[0] not in ("vote", "category", "price")


def _begins_with_none_of(*first: str) -> Callable[[str], bool]:
    return lambda name: name.split(" ")[0] not in first


GATES = (
    Gate(
        "advert_risk",
        adverts,
        _is_incidental_advert,
        truth=weighted_labels,
        lengths=True,
        frequency="all",
        is_exempt=True,
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
        lengths=True,
        frequency="all",
        is_exempt=True,
        chance=0.08,
        target="target_legal",
    ),
    Gate(
        "flag_aggregation",
        queued_adverts,
        _is_incidental_vote,
        lengths=True,
        frequency="all",
        is_exempt=True,
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


@pytest.fixture(scope="module", params=GATES, ids=lambda gate: gate.name)
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


def test_no_scalar_gives_the_label_away(gate: Gate, scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    for name, values in gate.scalars(scored).items():
        if not (gate.is_exempt and gate.is_signal(name)):
            for target in targets(scored):
                auroc = cross_fitted_auroc(values[:, None], scored, target)
                assert auroc < gate.task.leak_limits["scalar_auroc"], f"{name}: {auroc:.3f}"


def test_identifiers_order_lengths_missingness_and_times_say_next_to_nothing(
    gate: Gate, scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    chosen = {name: values for name, values in gate.scalars(scored).items() if gate.incidental(name)}
    assert gate.among | {"row position"} <= set(chosen)
    for target in targets(scored):
        auroc = cross_fitted_auroc(np.column_stack(list(chosen.values())), scored, target)
        assert auroc <= gate.task.leak_limits["identifiers_auroc"], f"{target}: {auroc:.3f}"


def test_the_gate_itself_sees_a_leak(gate: Gate, scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    noise = Stream(0, "gate").uniform(scored[gate.task.unit].to_numpy())
    planted = scored[gate.target].to_numpy() * 0.5 + noise
    limit = gate.task.leak_limits["scalar_auroc"]
    assert cross_fitted_auroc(planted[:, None], scored, gate.target) > limit


def test_shuffled_labels_give_chance(gate: Gate, scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
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
    one = [gate for gate in GATES if gate.name == name]
    return pytest.mark.parametrize("gate", one, indirect=True, ids=lambda gate: gate.name)


def assert_counts_say_little(gate: Gate, scored: pl.DataFrame, counts: pl.DataFrame, auroc: Auroc) -> None:
    frame = scored.join(counts, on=gate.task.unit, how="left", maintain_order="left", suffix=" counted")
    for name in counts.columns[1:]:
        values = frame[name].cast(pl.Float64).fill_null(-1).to_numpy()
        assert auroc(values[:, None], frame) < gate.task.leak_limits["scalar_auroc"], name


@of_task("account_risk")
def test_no_count_of_ties_gives_the_label_away(
    gate: Gate, prepared: Prepared, scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
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
        assert_counts_say_little(gate, scored, counts, cross_fitted_auroc)


@of_task("supplier_risk")
def test_no_count_of_audits_complaints_or_supplies_gives_the_label_away(
    gate: Gate, prepared: Prepared, scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    tables = {name: prepared.folds[0].tables[name].collect() for name in OF_FIRMS}
    of_audits = {"audits": pl.col("grade").max(), "findings": pl.col("findings").list.len().sum()}
    of_supplies = {"paid": pl.col("payment_days").mean(), "share": pl.col("share").max()}
    for counts in (
        tables["audits"].group_by("firm").agg(pl.len(), **of_audits),
        tables["complaints"].group_by("firm").agg(complaints=pl.len()),
        tables["supplies"].group_by(firm="supplier").agg(supplies=pl.len(), **of_supplies),
    ):
        assert_counts_say_little(gate, scored, counts, cross_fitted_auroc)


@of_task("payment_risk")
def test_the_phase_of_day_week_and_month_says_next_to_nothing(
    gate: Gate, scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    """Paydays are the world's rhythm."""
    phases = [scored["minute"].to_numpy() % (days * 1440) for days in (1, 7, 30)]
    limit = gate.task.leak_limits["identifiers_auroc"]
    assert cross_fitted_auroc(np.column_stack(phases), scored) <= limit


@of_task("flag_aggregation")
def test_the_votes_themselves_do_tell(
    gate: Gate, scored: pl.DataFrame, small: Release, cross_fitted_auroc: Auroc
) -> None:
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


def test_no_gold_label_is_among_the_tables(small: Release) -> None:
    fold = prepare("flag_aggregation", release=small, split="forward").folds[0]
    shown = {name for table in fold.tables.values() for name in table.collect_schema().names()}
    assert not shown & {"gold_label", "harmful", "log_odds", "operation_log_odds", "reviewer_kind", "brigade"}


def test_message_ties_are_shown_to_platform_access_only(small: Release) -> None:
    public = prepare("account_risk", release=small, split="forward", access="public").folds[0]
    ties = public.tables["ties"].collect()
    assert "count" not in ties.columns
    assert set(ties["kind"]) == {"follow", "comment", "link"}
    platform = prepare("account_risk", release=small, split="forward").folds[0].tables["ties"]
    assert "message" in set(platform.collect()["kind"])


def units_of(fold: Fold, part: str, unit: str) -> set[int]:
    return set(fold.units(part).collect()[unit])


def test_all_accounts_of_the_regions_are_shown_and_the_parts_alone_are_units(small: Release) -> None:
    fold = prepare("account_risk", release=small, split="forward").folds[0]
    shown = set(fold.tables["accounts"].select("account").collect()["account"])
    assert shown == set(small.scan("accounts").select("account").collect()["account"])
    for part in ("train", "valid", "test"):
        units = units_of(fold, part, "account")
        assert units == set(fold.parts.filter(pl.col("part") == part)["account"])
        assert units < shown


def test_the_whole_chain_is_context_and_the_parts_alone_are_units(small: Release) -> None:
    fold = prepare("supplier_risk", release=small).folds[0]
    for table in ("supplies", "audits", "complaints", "agencies"):
        shown, there = fold.tables[table], small.scan(table)
        assert shown.select(pl.len()).collect().item() == there.select(pl.len()).collect().item()
    held_out = prepare("supplier_risk", release=small, split="region").folds[0]
    assert units_of(held_out, "test", "firm") < set(held_out.tables["firms"].collect()["firm"])


# Splits and access, of every task.


@pytest.mark.parametrize(
    ("task", "split"), [(t, s) for t in tasks() for s in tasks()[t].splits if s != "random"]
)
def test_no_cluster_crosses_a_leak_free_split(task: str, split: str, small: Release) -> None:
    """Operations, the persons of contacts, or regions; a unit without a cluster is its own."""
    assert split in SPLITS
    fold = prepare(task, release=small, split=split).folds[0]
    owners = tasks()[task].units(small).select(fold.task.unit, "cluster").drop_nulls()
    parts = fold.parts.lazy().join(owners, on=fold.task.unit).select("cluster", "part").unique().collect()
    assert parts.height >= small.regions * 3 // 4
    assert not parts["cluster"].is_duplicated().any()


@pytest.mark.parametrize(
    ("task", "table", "owner", "least"),
    [("advert_risk", "adverts", "operation", 0.5), ("assistance_triage", "contacts", "person", 0.05)],
)
def test_the_random_split_does_let_clusters_cross(
    task: str, table: str, owner: str, least: float, small: Release
) -> None:
    fold = prepare(task, release=small, split="random").folds[0]
    owners = small.scan(table, truth=True).select(fold.task.unit, owner)
    parts = fold.parts.lazy().join(owners, on=fold.task.unit).select(owner, "part").unique().collect()
    assert parts[owner].is_duplicated().to_numpy().mean() > least


@pytest.mark.parametrize("split", [name for name in tasks()["advert_risk"].splits if name != "random"])
def test_crossing_near_duplicates_are_few_and_all_copied(split: str, small: Release) -> None:
    fold = prepare("advert_risk", release=small, split=split).folds[0]
    groups = small.scan("adverts", truth=True).select("advert", "near_duplicate_group", "copied")
    rows = fold.parts.lazy().join(groups, on="advert").collect()
    seen = rows.filter(pl.col("part") != "test")["near_duplicate_group"].unique()
    test = rows.filter(pl.col("part") == "test")
    crossing = test.filter(pl.col("near_duplicate_group").is_in(seen.implode()))
    assert crossing.height / test.height <= tasks()["advert_risk"].leak_limits["crossing_near_duplicates"]
    assert crossing["copied"].all()


@pytest.mark.parametrize("access", TIERS)
@pytest.mark.parametrize("task", list(tasks()))
def test_a_fold_holds_no_column_above_its_access_and_no_truth(task: str, access: str, tiny: Release) -> None:
    fold = prepare(task, release=tiny, access=access).folds[0]
    allowed = TIERS[: TIERS.index(access) + 1]
    for name, table in fold.tables.items():
        tiers = {c.name: c.tier for c in all_tables()[name].columns}
        assert {tiers[c] for c in table.collect_schema().names()} <= set(allowed), name
