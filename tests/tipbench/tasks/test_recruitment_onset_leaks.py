"""The leak gates of recruitment_onset: what a conversation shows beside its acts must not give the label away.

On ``small``, test part of ``forward``: over a hundred trafficking operations. Cross-fitting is by operation.
"""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score
from tipbench.data.fold import Prepared
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipdata.core.draw import Stream
from tipdata.release import Release

Auroc = Callable[..., float]
TASK = tasks()["recruitment_onset"]
CONTENT = ("channels", "first side")
"""Scalars of columns that the task declares as signal: held to the scalar limit, not part of the tree."""


@pytest.fixture(scope="module")
def forward(small: Release) -> Prepared:
    return prepare("recruitment_onset", release=small, split="forward")


@pytest.fixture(scope="module")
def scored(forward: Prepared) -> pl.DataFrame:
    """Test conversations with their label, cluster, and scalars of their messages."""
    streamed = forward.streams[0].test
    gap = pl.col("minute").diff().over("conversation", order_by="sequence")
    scalars = (
        streamed.rows.with_columns(gap=gap)
        .group_by("conversation")
        .agg(
            pl.len().alias("length"),
            (pl.col("minute").max() - pl.col("minute").min()).alias("duration"),
            pl.col("gap").median().fill_null(-1).alias("median gap"),
            pl.col("gap").max().fill_null(-1).alias("longest gap"),
            pl.col("act").null_count().alias("deleted acts"),
            pl.col("channel").null_count().alias("unknown channels"),
            pl.col("channel").n_unique().alias("channels"),
            (pl.col("side") == "first").mean().alias("first side"),
        )
    )
    answers = forward.answers.frame.select("conversation", "label", "cluster")
    joined = streamed.units.join(answers, on="conversation").join(scalars, on="conversation")
    return joined.sort("conversation")


def _scalars(frame: pl.DataFrame) -> dict[str, np.ndarray]:
    """Every scalar by name; names of platform and language as codes and by how often they occur."""
    found: dict[str, np.ndarray] = {"row position": np.arange(frame.height)}
    for name in frame.columns:
        if name in ("label", "cluster"):
            continue
        column = frame[name]
        if column.dtype == pl.String:
            found[f"{name} as a code"] = column.fill_null("").rank("dense").to_numpy()
            found[f"{name} frequency"] = frame.select(pl.len().over(name)).to_series().to_numpy()
        else:
            found[name] = column.cast(pl.Float64).to_numpy()
    found["hour"] = frame["minute"].to_numpy() // 60 % 24
    return found


def test_no_scalar_of_a_conversation_gives_the_label_away(
    scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    for name, values in _scalars(scored).items():
        auroc = cross_fitted_auroc(np.asarray(values, dtype=float)[:, None], scored)
        assert auroc < TASK.leak_limits["scalar_auroc"], f"{name}: {auroc:.3f}"


def test_identifiers_order_lengths_missingness_and_times_say_next_to_nothing(
    scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    chosen = [
        np.asarray(values, dtype=float)
        for name, values in _scalars(scored).items()
        if not name.startswith(("platform", "language")) and name not in CONTENT
    ]
    auroc = cross_fitted_auroc(np.column_stack(chosen), scored)
    assert auroc <= TASK.leak_limits["identifiers_auroc"], f"{auroc:.3f}"


def test_length_alone_says_next_to_nothing(scored: pl.DataFrame) -> None:
    """A bound on ranks, since means are those of a few that go on and on."""
    length = scored["length"].to_numpy()
    assert 0.40 <= roc_auc_score(scored["label"].to_numpy(), length) <= 0.60


def test_the_gate_itself_sees_a_leak(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    noise = Stream(0, "gate").uniform(scored["conversation"].to_numpy())
    planted = scored["label"].to_numpy() * 0.5 + noise
    assert cross_fitted_auroc(planted[:, None], scored) > TASK.leak_limits["scalar_auroc"]


def test_shuffled_labels_give_chance(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    order = Stream(1, "shuffle").shuffle(scored["conversation"].to_numpy())
    shuffled = scored.with_columns(label=scored["label"][order.tolist()])
    values = np.column_stack([np.asarray(v, dtype=float) for v in _scalars(scored).values()])
    assert abs(cross_fitted_auroc(values, shuffled) - 0.5) < 0.1


def test_positives_are_spread_over_many_operations(forward: Prepared) -> None:
    frame = forward.answers.frame
    positive = frame.filter(pl.col("label") == 1)
    assert 0.08 <= positive.height / frame.height <= 0.15
    assert positive["cluster"].n_unique() >= 100
    assert positive["cluster"].value_counts()["count"].to_numpy().max() <= positive.height / 20
