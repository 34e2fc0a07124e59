"""The leak gates of every task with a truth of its own: what gives the label away without being a signal.

They run on ``small``, where the test part holds over a hundred trafficking operations, with limits of the task file.
Cross-fitting is by operation and the headline weights apply, so that a gate measures what a score would see.
"""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from tipbench.data.fold import Prepared
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipdata.core.draw import Stream
from tipdata.release import Release
from tipdata.stages import all_tables

Auroc = Callable[..., float]
TIERS = ("public", "platform")


@pytest.fixture(scope="module")
def risk(small: Release) -> Prepared:
    return prepare("advert_risk", release=small, split="forward", labels="truth", access="platform")


@pytest.fixture(scope="module")
def scored(risk: Prepared) -> pl.DataFrame:
    """Test adverts with their account's columns, label, cluster and weight."""
    fold = risk.folds[0]
    units = fold.units("test").join(
        fold.tables["accounts"].drop("region", "platform", "language"), on="account"
    )
    answers = risk.answers.frame.select("advert", "label", "cluster", "weight").lazy()
    return units.join(answers, on="advert").sort("advert").collect()


def _scalars(frame: pl.DataFrame) -> dict[str, np.ndarray]:
    """Every scalar that a column offers: value, missingness, length, how often it occurs, and position."""
    found: dict[str, np.ndarray] = {"row position": np.arange(frame.height)}
    for name in frame.columns:
        if name in ("label", "cluster", "weight"):
            continue
        column = frame[name]
        found[f"{name} missing"] = column.is_null().to_numpy()
        if column.dtype == pl.String:
            found[f"{name} length"] = column.str.len_chars().fill_null(0).to_numpy()
            found[f"{name} as a code"] = column.fill_null("").rank("dense").to_numpy()
        elif isinstance(column.dtype, pl.List):
            found[f"{name} count"] = column.list.len().to_numpy()
            continue
        else:
            found[name] = column.cast(pl.Float64).fill_null(-1).to_numpy()
        found[f"{name} frequency"] = frame.select(pl.len().over(name)).to_series().to_numpy()
    found["hour"] = frame["minute"].to_numpy() // 60 % 24
    return found


def test_no_scalar_column_gives_the_label_away(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    task = tasks()["advert_risk"]
    signal = {name.split(".")[1] for name in task.signal_columns}
    for name, values in _scalars(scored).items():
        if name.split(" ")[0] in signal:
            continue
        auroc = cross_fitted_auroc(np.asarray(values, dtype=float)[:, None], scored)
        assert auroc < task.leak_limits["scalar_auroc"], f"{name}: {auroc:.3f}"


def test_identifiers_order_lengths_missingness_and_times_say_next_to_nothing(
    scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    leaks = ("missing", "length", "frequency", "count", "row position", "hour")
    identifiers = {"advert", "account", "device_cluster", "minute", "created_day", "town", "region"}
    signal = {name.split(".")[1] for name in tasks()["advert_risk"].signal_columns} | {"platform", "language"}
    chosen = [
        np.asarray(values, dtype=float)
        for name, values in _scalars(scored).items()
        if (name.endswith(leaks) or name in identifiers)
        and not (name.split(" ")[0] in signal and name.endswith(("frequency", "as a code", "length")))
    ]
    auroc = cross_fitted_auroc(np.column_stack(chosen), scored)
    assert auroc <= tasks()["advert_risk"].leak_limits["identifiers_auroc"], f"{auroc:.3f}"


def test_the_gate_itself_sees_a_leak(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    noise = Stream(0, "gate").uniform(scored["advert"].to_numpy())
    planted = scored["label"].to_numpy() * 0.5 + noise
    assert cross_fitted_auroc(planted[:, None], scored) > tasks()["advert_risk"].leak_limits["scalar_auroc"]


def test_shuffled_labels_give_chance(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    """Labels dealt out anew to whole operations: nothing that a tree reads of the adverts can find them."""
    operations = scored.select("cluster", "label").unique().sort("cluster")
    order = Stream(1, "shuffle").shuffle(operations["cluster"].to_numpy())
    dealt = operations.with_columns(label=operations["label"][order.tolist()])
    shuffled = scored.drop("label").join(dealt, on="cluster", maintain_order="left")
    values = np.column_stack([np.asarray(v, dtype=float) for v in _scalars(scored).values()])
    assert abs(cross_fitted_auroc(values, shuffled) - 0.5) < 0.1


@pytest.mark.parametrize(
    ("task", "split"), [(t, s) for t in tasks() for s in tasks()[t].splits if s != "random"]
)
def test_no_cluster_crosses_a_leak_free_split(task: str, split: str, small: Release) -> None:
    """Operations, or the persons of contacts; a unit without a cluster is its own."""
    fold = prepare(task, release=small, split=split).folds[0]
    owners = tasks()[task].units(small).select(fold.task.unit, "cluster").drop_nulls()
    parts = fold.parts.lazy().join(owners, on=fold.task.unit).select("cluster", "part").unique().collect()
    assert parts.height >= small.regions * 3 // 4
    assert not parts["cluster"].is_duplicated().any()


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


def test_the_random_split_does_leak_operations(small: Release) -> None:
    fold = prepare("advert_risk", release=small, split="random").folds[0]
    owners = small.scan("adverts", truth=True).select("advert", "operation")
    parts = fold.parts.lazy().join(owners, on="advert").select("operation", "part").unique().collect()
    assert parts["operation"].is_duplicated().to_numpy().mean() > 0.5


@pytest.mark.parametrize("access", TIERS)
@pytest.mark.parametrize("task", list(tasks()))
def test_a_fold_holds_no_column_above_its_access_and_no_truth(task: str, access: str, tiny: Release) -> None:
    fold = prepare(task, release=tiny, access=access).folds[0]
    allowed = TIERS[: TIERS.index(access) + 1]
    for name, table in fold.tables.items():
        tiers = {c.name: c.tier for c in all_tables()[name].columns}
        assert {tiers[c] for c in table.collect_schema().names()} <= set(allowed), name
