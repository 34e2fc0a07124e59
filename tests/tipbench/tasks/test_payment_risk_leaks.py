"""The leak gates of payment_risk: identifiers, order, missingness and times of payments, and counts of their wallets.

They run on ``small``, with limits of the task file, on every positive and a tenth of the negatives, both classes of one
weight in total (at one in 300 the gate's trees would find nothing, not even a planted leak); cross-fitting is by
operation or community. How much, by which channel, for what and where is the signal, and held to the limit of a scalar
all the same. Paydays are the world's rhythm: the phase of day, week and month has a gate of its own.
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
TASK = tasks()["payment_risk"]
THINNING = 10
COUNTED = ("payer", "payee", "channel", "purpose", "town")


@pytest.fixture(scope="module")
def prepared(small: Release) -> Prepared:
    return prepare("payment_risk", release=small, split="forward")


@pytest.fixture(scope="module")
def scored(prepared: Prepared) -> pl.DataFrame:
    """Test payments with their columns, those of their wallets, label, cluster and weight."""
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
    frame = frame.join(answers, on="payment").sort("payment")
    frame = frame.with_columns(pl.len().over("region", name).alias(f"{name} frequency") for name in COUNTED)
    kept = frame.filter((pl.col("label") == 1) | (pl.int_range(pl.len()) % THINNING == 0))
    share = pl.col("label").mean()
    return kept.with_columns(weight=pl.when(pl.col("label") == 1).then(1 / share).otherwise(1 / (1 - share)))


def scalars(frame: pl.DataFrame) -> dict[str, np.ndarray]:
    """Every scalar that a column offers: value or code, missingness, and position."""
    found: dict[str, np.ndarray] = {"row position": np.arange(frame.height)}
    for name in frame.columns:
        if name in ("label", "cluster", "weight"):
            continue
        column = frame[name]
        code = column.rank("dense") if column.dtype == pl.String else column.cast(pl.Float64)
        found[name] = code.cast(pl.Float64).fill_null(-1).to_numpy()
        if column.null_count():
            found[f"{name} missing"] = column.is_null().to_numpy().astype(float)
    return found


def test_no_scalar_gives_the_label_away(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    for name, values in scalars(scored).items():
        auroc = cross_fitted_auroc(np.asarray(values, dtype=float)[:, None], scored)
        assert auroc < TASK.leak_limits["scalar_auroc"], f"{name}: {auroc:.3f}"


def test_identifiers_order_and_times_say_next_to_nothing(
    scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    chosen = scalars(scored.select("region", "payment", "minute", "payer", "payee"))
    assert len(chosen) == 6
    auroc = cross_fitted_auroc(np.column_stack(list(chosen.values())), scored)
    assert auroc <= TASK.leak_limits["identifiers_auroc"], f"{auroc:.3f}"


def test_the_phase_of_day_week_and_month_says_next_to_nothing(
    scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    phases = [scored["minute"].to_numpy() % (days * 1440) for days in (1, 7, 30)]
    assert cross_fitted_auroc(np.column_stack(phases), scored) <= TASK.leak_limits["identifiers_auroc"]


def test_the_gate_itself_sees_a_leak(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    noise = Stream(0, "gate").uniform(scored["payment"].to_numpy())
    planted = scored["label"].to_numpy() * 0.5 + noise
    assert cross_fitted_auroc(planted[:, None], scored) > TASK.leak_limits["scalar_auroc"]


def test_shuffled_labels_give_chance(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    """Labels dealt out anew to whole clusters: nothing that a tree reads of the payments can find them."""
    clusters = scored.group_by("cluster").agg(pl.col("label").max()).sort("cluster")
    order = Stream(1, "shuffle").shuffle(clusters["cluster"].to_numpy())
    dealt = clusters.with_columns(label=clusters["label"][order.tolist()])
    shuffled = scored.drop("label").join(dealt, on="cluster", maintain_order="left")
    share = pl.col("label").mean()
    weight = pl.when(pl.col("label") == 1).then(1 / share).otherwise(1 / (1 - share))
    shuffled = shuffled.with_columns(weight=weight)
    values = np.column_stack([np.asarray(v, dtype=float) for v in scalars(scored).values()])
    assert abs(cross_fitted_auroc(values, shuffled) - 0.5) < 0.15
