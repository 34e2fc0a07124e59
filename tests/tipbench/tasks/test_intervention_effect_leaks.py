"""The leak gates of intervention_effect: what the rows of effects say of their truth beside outcome and window.

The label is whether a truth is above the median of its outcome and window. They run on ``small``; cross-fitting is by
region. The course of the market is the signal; ids, order, days and counts of rows are not.
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
TASK = tasks()["intervention_effect"]
SIGNAL = {name.split(".")[1] for name in TASK.signal_columns}


@pytest.fixture(scope="module")
def prepared(small: Release) -> Prepared:
    return prepare("intervention_effect", release=small)


@pytest.fixture(scope="module")
def scored(prepared: Prepared) -> pl.DataFrame:
    """Effects with their columns, cluster, and label 1 where the truth is above that of most alike."""
    answers = prepared.answers.frame.select("effect", "truth", "cluster")
    frame = prepared.folds[0].to_predict().collect().join(answers, on="effect").sort("effect")
    alike = ["outcome", pl.col("first_day") == pl.col("day")]
    label = (pl.col("truth") > pl.col("truth").median().over(alike)).cast(pl.Int8)
    return frame.with_columns(label=label).drop("truth")


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


def test_no_scalar_column_gives_the_truth_away(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    for name, values in scalars(scored).items():
        auroc = cross_fitted_auroc(np.asarray(values, dtype=float)[:, None], scored)
        assert auroc < TASK.leak_limits["scalar_auroc"], f"{name}: {auroc:.3f}"


def test_identifiers_order_and_missingness_say_next_to_nothing(
    scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    chosen = {name: v for name, v in scalars(scored).items() if name.split(" ")[0] not in SIGNAL}
    assert {"effect", "region", "intervention", "day", "row position", "day missing"} <= set(chosen)
    stacked = np.column_stack([np.asarray(values, dtype=float) for values in chosen.values()])
    auroc = cross_fitted_auroc(stacked, scored)
    assert auroc <= TASK.leak_limits["identifiers_auroc"], f"{auroc:.3f}"


def test_the_gate_itself_sees_a_leak(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    noise = Stream(0, "gate").uniform(scored["effect"].to_numpy())
    planted = scored["label"].to_numpy() * 0.5 + noise
    assert cross_fitted_auroc(planted[:, None], scored) > TASK.leak_limits["scalar_auroc"]


def test_shuffled_labels_give_chance(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    order = Stream(1, "shuffle").shuffle(scored["effect"].to_numpy())
    shuffled = scored.with_columns(label=scored["label"][order.tolist()])
    values = np.column_stack([np.asarray(v, dtype=float) for v in scalars(scored).values()])
    assert abs(cross_fitted_auroc(values, shuffled) - 0.5) < 0.1


def test_no_region_is_on_both_sides_of_a_split(small: Release) -> None:
    fold = prepare("intervention_effect", release=small, split="region").folds[0]
    where = fold.parts.join(small.scan("effects").select("effect", "region").collect(), on="effect")
    assert where.group_by("region").agg(pl.col("part").n_unique())["part"].max() == 1
