"""The leak gates of assistance_triage: what gives a need or its urgency away without being a sign of it.

They run on the test part of ``small``, cross-fitted over people, with the limits of the task file.
"""

import numpy as np
import polars as pl
import pytest
from tipbench.fold import Prepared, prepare
from tipbench.splits import SPLITS
from tipbench.task import tasks
from tipdata.draw import Stream
from tipdata.helpline.cases import NEEDS
from tipdata.release import Release

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


def _cross_fitted_auroc(features: np.ndarray, label: np.ndarray, cluster: np.ndarray) -> float:
    """AUROC of a small boosted tree, fitted and scored on different people (five folds)."""
    from lightgbm import LGBMClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold

    scores = np.zeros(len(label))
    settings = {"n_estimators": 40, "num_leaves": 7, "min_child_samples": 40, "n_jobs": 1, "verbose": -1}
    for train, test in GroupKFold(5).split(features, label, cluster):
        model = LGBMClassifier(**settings).fit(features[train], label[train])  # type: ignore[arg-type]
        scores[test] = model.predict_proba(features[test])[:, 1]  # type: ignore[index, call-overload]
    return float(roc_auc_score(label, scores))


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
def test_no_scalar_column_gives_a_need_or_urgency_away(target: str, scored: pl.DataFrame) -> None:
    label, cluster = scored[f"target_{target}"].to_numpy(), scored["cluster"].to_numpy()
    for name, values in _scalars(scored).items():
        if name.split(" ")[0] not in SIGNAL:
            auroc = _cross_fitted_auroc(values[:, None], label, cluster)
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
    target: str, scored: pl.DataFrame
) -> None:
    label, cluster = scored[f"target_{target}"].to_numpy(), scored["cluster"].to_numpy()
    auroc = _cross_fitted_auroc(_incidental(scored), label, cluster)
    assert auroc <= TASK.leak_limits["identifiers_auroc"], f"{auroc:.3f}"


def test_the_gate_itself_sees_a_leak(scored: pl.DataFrame) -> None:
    label = scored["target_legal"].to_numpy()
    planted = label * 0.5 + Stream(0, "gate").uniform(scored["contact"].to_numpy())
    auroc = _cross_fitted_auroc(planted[:, None], label, scored["cluster"].to_numpy())
    assert auroc > TASK.leak_limits["scalar_auroc"]


def test_shuffled_labels_give_chance(scored: pl.DataFrame) -> None:
    order = Stream(1, "shuffle").shuffled(scored["contact"].to_numpy())
    features = np.column_stack(list(_scalars(scored).values()))
    label = scored["target_legal"].to_numpy()[order]
    assert abs(_cross_fitted_auroc(features, label, scored["cluster"].to_numpy()) - 0.5) < 0.08


@pytest.mark.parametrize("split", [name for name in TASK.splits if name != "random"])
def test_no_person_crosses_a_leak_free_split(split: str, small: Release) -> None:
    fold = prepare("assistance_triage", release=small, split=split).folds[0]
    owners = small.scan("contacts", truth=True).select("contact", "person")
    parts = fold.parts.lazy().join(owners, on="contact").select("person", "part").unique().collect()
    assert not parts["person"].is_duplicated().any()


def test_the_random_split_does_let_people_cross(small: Release) -> None:
    fold = prepare("assistance_triage", release=small, split="random").folds[0]
    owners = small.scan("contacts", truth=True).select("contact", "person")
    parts = fold.parts.lazy().join(owners, on="contact").select("person", "part").unique().collect()
    assert parts["person"].is_duplicated().to_numpy().mean() > 0.05


def test_every_split_is_a_known_one() -> None:
    assert set(TASK.splits) <= set(SPLITS)
