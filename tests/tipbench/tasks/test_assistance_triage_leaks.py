"""The leak gates of assistance_triage: what gives a need or its urgency away without being a sign of it.

They run on the test part of ``small``, cross-fitted over people, with the limits of the task file.
"""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from tipbench.data.fold import Prepared
from tipbench.data.splits import SPLITS
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipdata.core.draw import Stream
from tipdata.release import Release
from tipdata.stages.helpline.cases import NEEDS

Auroc = Callable[..., float]
TASK = tasks()["assistance_triage"]
TARGETS = (*NEEDS, "urgent")
SIGNAL = {name.split(".")[1] for name in TASK.signal_columns}


@pytest.fixture(scope="module")
def prepared(small: Release) -> Prepared:
    return prepare("assistance_triage", release=small, split="forward")


@pytest.fixture(scope="module")
def scored(prepared: Prepared) -> pl.DataFrame:
    """Test contacts with their columns, their person and every target as 0/1."""
    truth = prepared.answers.frame.select(
        "contact",
        "cluster",
        *(pl.col(f"label_{name}").alias(f"target_{name}") for name in NEEDS),
        (pl.col("urgency") == 2).cast(pl.Int8).alias("target_urgent"),
    )
    return prepared.folds[0].units("test").collect().join(truth, on="contact").sort("contact")


def _scalars(frame: pl.DataFrame) -> dict[str, np.ndarray]:
    """Every scalar that a column offers: value, missingness, length, how often it occurs, and position."""
    found: dict[str, np.ndarray] = {"row position": np.arange(frame.height)}
    for name in frame.columns:
        if name.startswith("target_") or name == "cluster":
            continue
        column = frame[name]
        if column.null_count():
            found[f"{name} missing"] = column.is_null().to_numpy()
        if column.dtype == pl.String:
            found[f"{name} length"] = column.str.len_chars().fill_null(0).to_numpy()
            found[f"{name} as a code"] = column.fill_null("").rank("dense").to_numpy()
        else:
            found[name] = column.cast(pl.Float64).fill_null(-1).to_numpy()
        found[f"{name} frequency"] = frame.select(pl.len().over(name)).to_series().to_numpy()
    found["hour"] = frame["minute"].to_numpy() // 60 % 24
    found["facts missing"] = frame.select(pl.sum_horizontal(pl.all().is_null())).to_series().to_numpy()
    return {name: np.asarray(values, dtype=float) for name, values in found.items()}


@pytest.mark.parametrize("target", TARGETS)
def test_no_scalar_column_gives_a_need_or_urgency_away(
    target: str, scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    for name, values in _scalars(scored).items():
        if name.split(" ")[0] not in SIGNAL:
            auroc = cross_fitted_auroc(values[:, None], scored, f"target_{target}")
            assert auroc < TASK.leak_limits["scalar_auroc"], f"{name}: {auroc:.3f}"


def _incidental(frame: pl.DataFrame) -> np.ndarray:
    """Identifiers, order, lengths, missingness and times, without the declared signals."""
    leaks = ("missing", "length", "row position", "hour")
    identifiers = {"contact", "region", "minute", "contact frequency", "minute frequency"}
    chosen = [
        values
        for name, values in _scalars(frame).items()
        if (name.endswith(leaks) or name in identifiers) and name.split(" ")[0] not in SIGNAL
    ]
    return np.column_stack(chosen)


@pytest.mark.parametrize("target", TARGETS)
def test_identifiers_order_lengths_missingness_and_times_say_next_to_nothing(
    target: str, scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    auroc = cross_fitted_auroc(_incidental(scored), scored, f"target_{target}")
    assert auroc <= TASK.leak_limits["identifiers_auroc"], f"{auroc:.3f}"


def test_the_gate_itself_sees_a_leak(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    label = scored["target_legal"].to_numpy()
    planted = label * 0.5 + Stream(0, "gate").uniform(scored["contact"].to_numpy())
    auroc = cross_fitted_auroc(planted[:, None], scored, "target_legal")
    assert auroc > TASK.leak_limits["scalar_auroc"]


def test_shuffled_labels_give_chance(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    order = Stream(1, "shuffle").shuffle(scored["contact"].to_numpy())
    features = np.column_stack(list(_scalars(scored).values()))
    shuffled = scored.with_columns(target_legal=scored["target_legal"][order.tolist()])
    assert abs(cross_fitted_auroc(features, shuffled, "target_legal") - 0.5) < 0.08


def test_the_random_split_does_let_people_cross(small: Release) -> None:
    fold = prepare("assistance_triage", release=small, split="random").folds[0]
    owners = small.scan("contacts", truth=True).select("contact", "person")
    parts = fold.parts.lazy().join(owners, on="contact").select("person", "part").unique().collect()
    assert parts["person"].is_duplicated().to_numpy().mean() > 0.05


def test_every_split_is_a_known_one() -> None:
    assert set(TASK.splits) <= set(SPLITS)
