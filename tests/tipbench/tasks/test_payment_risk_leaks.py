"""The leak gates of payment_risk: identifiers, order, missingness and times of payments, and counts of their wallets.

They run on sixteen regions of ``small``, with limits of the task file; cross-fitting is by operation or community.
How much, by which channel, for what and where is the signal, and held to the limit of a scalar all the same.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from tipbench.fold import Prepared, prepare
from tipbench.task import tasks
from tipdata.draw import Stream
from tipdata.release import Release

Auroc = Callable[..., float]
TASK = tasks()["payment_risk"]
SIGNAL = {name.split(".")[1] for name in TASK.signal_columns}
REGIONS = 16


@dataclass(frozen=True)
class Few:
    """The first regions of a release."""

    release: Release
    name: str = "few"
    regions: int = REGIONS

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        return self.release.scan(table, truth).filter(pl.col("region") < self.regions)


@pytest.fixture(scope="module")
def prepared(small: Release) -> Prepared:
    return prepare("payment_risk", release=Few(small), split="forward")


@pytest.fixture(scope="module")
def scored(prepared: Prepared) -> pl.DataFrame:
    """Test payments with their columns, those of their wallets, label and cluster."""
    fold = prepared.folds[0]
    frame = fold.units("test").collect()
    wallets = fold.tables["wallets"].drop("region").collect()
    for end in ("payer", "payee"):
        named = wallets.rename({c: f"{end} {c}" if c != "wallet" else end for c in wallets.columns})
        frame = frame.join(named, on=end, how="left")
    counted = fold.tables["payments"].collect()
    for end in ("payer", "payee"):
        frame = frame.join(counted.group_by(end).len(f"{end} payments"), on=end, how="left")
    answers = prepared.answers.frame.select("payment", "label", "cluster")
    return frame.join(answers, on="payment").sort("payment")


def scalars(frame: pl.DataFrame) -> dict[str, np.ndarray]:
    """Every scalar that a column offers: value or code, missingness, how often it occurs, and position."""
    minute = frame["minute"].to_numpy()
    found: dict[str, np.ndarray] = {
        "row position": np.arange(frame.height),
        "minute of the day": minute % 1440,
        "minute of the week": minute % 10_080,
        "minute of the month": minute % 43_200,
    }
    for name in frame.columns:
        if name in ("label", "cluster"):
            continue
        column = frame[name]
        code = column.rank("dense") if column.dtype == pl.String else column.cast(pl.Float64)
        found[name] = code.cast(pl.Float64).fill_null(-1).to_numpy()
        found[f"{name} missing"] = column.is_null().to_numpy().astype(float)
        found[f"{name} frequency"] = frame.select(pl.len().over("region", name)).to_series().to_numpy()
    return found


def test_no_scalar_gives_the_label_away(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    for name, values in scalars(scored).items():
        if len(np.unique(values)) > 1:
            auroc = cross_fitted_auroc(np.asarray(values, dtype=float)[:, None], scored)
            assert auroc < TASK.leak_limits["scalar_auroc"], f"{name}: {auroc:.3f}"


def test_identifiers_order_missingness_and_times_say_next_to_nothing(
    scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    bare = scored.select("region", "payment", "minute", "payer", "payee", "label", "cluster")
    chosen = {name: v for name, v in scalars(bare).items() if "frequency" not in name}
    assert {"payment", "payer", "payee", "row position", "minute of the day"} <= set(chosen)
    stacked = np.column_stack([np.asarray(values, dtype=float) for values in chosen.values()])
    auroc = cross_fitted_auroc(stacked, bare)
    assert auroc <= TASK.leak_limits["identifiers_auroc"], f"{auroc:.3f}"


def test_the_gate_itself_sees_a_leak(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    noise = Stream(0, "gate").uniform(scored["payment"].to_numpy())
    planted = scored["label"].to_numpy() * 0.5 + noise
    assert cross_fitted_auroc(planted[:, None], scored) > TASK.leak_limits["scalar_auroc"]


def test_shuffled_labels_give_chance(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    """Labels dealt out anew to whole clusters: nothing that a tree reads of the payments can find them."""
    clusters = scored.group_by("cluster").agg(pl.col("label").max()).sort("cluster")
    order = Stream(1, "shuffle").shuffled(clusters["cluster"].to_numpy())
    dealt = clusters.with_columns(label=clusters["label"][order.tolist()])
    shuffled = scored.drop("label").join(dealt, on="cluster", maintain_order="left")
    values = np.column_stack([np.asarray(v, dtype=float) for v in scalars(scored).values()])
    assert abs(cross_fitted_auroc(values, shuffled) - 0.5) < 0.15
