"""The leak gates of route_forecast: what surrounds a circuit must tell neither whose it is nor where it goes next.

On ``small``, test part of ``forward``. Cross-fitting is by operation.
"""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipdata.core.draw import Stream
from tipdata.release import Release

Auroc = Callable[..., float]
TASK = tasks()["route_forecast"]
CONTENT = ("party", "adverts", "towns", "wallets")
"""Scalars of what circuits do: held to the scalar limit, not part of the tree."""


@pytest.fixture(scope="module")
def forward(small: Release) -> Prepared:
    return prepare("route_forecast", release=small, split="forward")


@pytest.fixture(scope="module")
def circuits(forward: Prepared) -> pl.DataFrame:
    """Test circuits with ``label`` (of a trafficking operation), cluster, and scalars of their stops."""
    test = forward.streams[0].test
    known = test.rows.join(forward.answers.frame.select("stop", "intrusion", "cluster"), on="stop")
    label = known.group_by("circuit").agg(
        label=(~pl.col("intrusion").first()).cast(pl.Int8), cluster=pl.col("cluster").first()
    )
    gap = pl.col("day").diff().over("circuit", order_by="sequence")
    scalars = (
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
    return test.units.join(label, on="circuit").join(scalars, on="circuit").sort("circuit")


def _scalars(frame: pl.DataFrame) -> dict[str, np.ndarray]:
    named = {
        name: frame[name].cast(pl.Float64).to_numpy()
        for name in frame.columns
        if name not in ("label", "cluster")
    }
    return {"row position": np.arange(frame.height), **named}


def test_no_scalar_of_a_circuit_tells_whose_it_is(circuits: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    for name, values in _scalars(circuits).items():
        auroc = cross_fitted_auroc(np.asarray(values, dtype=float)[:, None], circuits)
        assert auroc < TASK.leak_limits["scalar_auroc"], f"{name}: {auroc:.3f}"


def test_identifiers_order_lengths_missingness_and_times_say_next_to_nothing(
    circuits: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    chosen = [values for name, values in _scalars(circuits).items() if name not in CONTENT]
    auroc = cross_fitted_auroc(np.column_stack(chosen).astype(float), circuits)
    assert auroc <= TASK.leak_limits["identifiers_auroc"], f"{auroc:.3f}"


def test_the_gate_itself_sees_a_leak(circuits: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    noise = Stream(0, "gate").uniform(circuits["circuit"].to_numpy())
    planted = circuits["label"].to_numpy() * 0.5 + noise
    assert cross_fitted_auroc(planted[:, None], circuits) > TASK.leak_limits["scalar_auroc"]


def test_shuffled_labels_give_chance(circuits: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    order = Stream(1, "shuffle").shuffle(circuits["circuit"].to_numpy())
    shuffled = circuits.with_columns(label=circuits["label"][order.tolist()])
    values = np.column_stack([np.asarray(v, dtype=float) for v in _scalars(shuffled).values()])
    assert abs(cross_fitted_auroc(values, shuffled) - 0.5) < 0.1


def _mrr(forward: Prepared, key: pl.Expr, answers: pl.DataFrame | None = None) -> float:
    """MRR of the ten towns of each query's region that rank highest by a key of ``query, town, here, sequence``."""
    frame = forward.answers.frame if answers is None else answers
    rows = forward.streams[0].test.rows.select("stop", "sequence", here="town")
    asked = frame.select("stop", "region").join(rows, on="stop")
    listed = asked.join(forward.answers.candidates, on="region").filter(pl.col("candidate") != pl.col("here"))
    made = listed.select(query="stop", candidate="candidate", score=key.cast(pl.Float64))
    best = (
        made.sort("query", "score", "candidate", descending=[False, True, False]).group_by("query").head(10)
    )
    given = (
        forward.answers
        if answers is None
        else type(forward.answers)(forward.answers.kind, "stop", answers, gallery=forward.answers.gallery)
    )
    return evaluate(TASK, given, best, replicates=0).scores["mrr"].value or 0.0


CHANCE = float(np.sum(1 / np.arange(1, 11)) / 23)
"""Of ten out of the 23 towns that one is not in, in random order."""


@pytest.mark.parametrize(
    "key",
    [
        pl.col("candidate"),
        -pl.col("candidate"),
        -(pl.col("candidate") - pl.col("here")).abs(),
        (pl.col("candidate") + pl.col("sequence")) % 24,
        (pl.col("stop") + pl.col("candidate") * 7) % 24,
    ],
    ids=["highest number", "lowest number", "nearest number", "by the step", "by the stop's number"],
)
def test_numbers_of_towns_stops_and_steps_say_nothing_of_the_next_town(
    forward: Prepared, key: pl.Expr
) -> None:
    assert _mrr(forward, key) == pytest.approx(CHANCE, abs=0.025)


def test_shuffled_answers_leave_what_popularity_gives(forward: Prepared) -> None:
    frame = forward.answers.frame
    order = Stream(2, "shuffle").shuffle(frame["stop"].to_numpy())
    dealt = frame[order.tolist()].sort("region", maintain_order=True).select("answer")
    shuffled = frame.sort("region", "stop").with_columns(dealt["answer"]).sort("stop")
    right = frame.select(query="stop", candidate="answer", score=pl.lit(1.0))
    answers = type(forward.answers)(forward.answers.kind, "stop", shuffled, gallery=forward.answers.gallery)
    assert (evaluate(TASK, answers, right, replicates=0).scores["mrr"].value or 0.0) < 0.2


def test_queries_are_spread_over_many_operations(forward: Prepared) -> None:
    asked = forward.answers.frame.filter(~pl.col("intrusion"))
    assert asked["cluster"].n_unique() >= 100
    assert asked["cluster"].value_counts()["count"].to_numpy().max() <= asked.height / 20
