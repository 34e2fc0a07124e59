"""The leak gates of account_risk: identifiers, order, missingness and days of accounts, and of their ties.

They run on ``small``, with limits of the task file; cross-fitting is by operation, an account of nobody being its own.
What an account's ties say (how many, of what kind, to whom) is the signal; ids and positions of ties are not.
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

Auroc = Callable[..., float]
TASK = tasks()["account_risk"]
SIGNAL = {name.split(".")[1] for name in TASK.signal_columns}


@pytest.fixture(scope="module")
def prepared(small: Release) -> Prepared:
    return prepare("account_risk", release=small, split="forward")


@pytest.fixture(scope="module")
def scored(prepared: Prepared) -> pl.DataFrame:
    """Test accounts with their columns, label, cluster, and what the ids and days of their ties come to."""
    fold = prepared.folds[0]
    ties = fold.tables["ties"].with_row_index("position").collect()
    frame = fold.units("test").collect()
    for end in ("source", "target"):
        of_ties = ties.group_by(pl.col(end).alias("account")).agg(
            pl.col("tie", "position").min().name.prefix(f"{end} least "),
            pl.col("tie", "position").mean().name.prefix(f"{end} mean "),
        )
        frame = frame.join(of_ties, on="account", how="left")
    answers = prepared.answers.frame.select("account", "label", "cluster")
    return frame.join(answers, on="account").sort("account")


def scalars(frame: pl.DataFrame) -> dict[str, np.ndarray]:
    """Every scalar that a column offers: value or code, missingness, how often it occurs, and position."""
    found: dict[str, np.ndarray] = {"row position": np.arange(frame.height)}
    for name in frame.columns:
        if name in ("label", "cluster"):
            continue
        column = frame[name]
        code = column.rank("dense") if column.dtype == pl.String else column.cast(pl.Float64)
        found[name] = code.cast(pl.Float64).fill_null(-1).to_numpy()
        found[f"{name} missing"] = column.is_null().to_numpy().astype(float)
        found[f"{name} frequency"] = frame.select(pl.len().over("region", name)).to_series().to_numpy()
    return found


def test_no_scalar_column_gives_the_label_away(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    for name, values in scalars(scored).items():
        auroc = cross_fitted_auroc(np.asarray(values, dtype=float)[:, None], scored)
        assert auroc < TASK.leak_limits["scalar_auroc"], f"{name}: {auroc:.3f}"


def test_no_count_of_ties_gives_the_label_away(
    prepared: Prepared, scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    ties = prepared.folds[0].tables["ties"].collect()
    for end in ("source", "target"):
        counted = ties.group_by(pl.col(end).alias("account")).agg(
            ties=pl.len(),
            messages=(pl.col("kind") == "message").sum(),
            exchanged=pl.col("count").sum(),
            first=pl.col("day").min(),
            last=pl.col("day").max(),
        )
        frame = scored.join(counted, on="account", how="left", maintain_order="left")
        for name in counted.columns[1:]:
            values = frame[name].cast(pl.Float64).fill_null(-1).to_numpy()
            assert cross_fitted_auroc(values[:, None], frame) < TASK.leak_limits["scalar_auroc"], (end, name)


def test_identifiers_order_missingness_and_days_say_next_to_nothing(
    scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    attributes = {"client", "verified", "cadence"}
    chosen = {
        name: values
        for name, values in scalars(scored).items()
        if name.split(" ")[0] not in SIGNAL and name not in attributes
    }
    assert {
        "account",
        "region",
        "created_day",
        "row position",
        "source mean tie",
        "target least position",
    } <= set(chosen)
    stacked = np.column_stack([np.asarray(values, dtype=float) for values in chosen.values()])
    auroc = cross_fitted_auroc(stacked, scored)
    assert auroc <= TASK.leak_limits["identifiers_auroc"], f"{auroc:.3f}"


def test_the_gate_itself_sees_a_leak(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    noise = Stream(0, "gate").uniform(scored["account"].to_numpy())
    planted = scored["label"].to_numpy() * 0.5 + noise
    assert cross_fitted_auroc(planted[:, None], scored) > TASK.leak_limits["scalar_auroc"]


def test_shuffled_labels_give_chance(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    """Labels dealt out anew to whole operations: nothing that a tree reads of the accounts can find them."""
    operations = scored.select("cluster", "label").unique().sort("cluster")
    order = Stream(1, "shuffle").shuffle(operations["cluster"].to_numpy())
    dealt = operations.with_columns(label=operations["label"][order.tolist()])
    shuffled = scored.drop("label").join(dealt, on="cluster", maintain_order="left")
    values = np.column_stack([np.asarray(v, dtype=float) for v in scalars(scored).values()])
    assert abs(cross_fitted_auroc(values, shuffled) - 0.5) < 0.1


def test_message_ties_are_shown_to_platform_access_only(small: Release) -> None:
    public = prepare("account_risk", release=small, split="forward", access="public").folds[0]
    ties = public.tables["ties"].collect()
    assert "count" not in ties.columns
    assert set(ties["kind"]) == {"follow", "comment", "link"}
    platform = prepare("account_risk", release=small, split="forward").folds[0].tables["ties"]
    assert "message" in set(platform.collect()["kind"])


def test_all_accounts_of_the_regions_are_shown_and_the_parts_alone_are_units(
    prepared: Prepared, small: Release
) -> None:
    fold = prepared.folds[0]
    shown = set(fold.tables["accounts"].select("account").collect()["account"])
    assert shown == set(small.scan("accounts").select("account").collect()["account"])
    for part in ("train", "valid", "test"):
        units = set(fold.units(part).collect()["account"])
        assert units == set(fold.parts.filter(pl.col("part") == part)["account"])
        assert units < shown
