"""The leak gates of flag_aggregation: the votes are the signal, and nothing else about them may be.

Run on ``small``, ``forward``, with the limits of the task file; cross-fitting is by operation and every advert weighs
one, so that a gate measures what a score would see.
"""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipdata.core.draw import Stream
from tipdata.release import Release

Auroc = Callable[..., float]
TASK = tasks()["flag_aggregation"]
NOT_FEATURES = ("label", "cluster")


@pytest.fixture(scope="module")
def scored(small: Release) -> pl.DataFrame:
    """Test adverts with the columns of queue and adverts, what their votes show beside their content, and truth."""
    prepared = prepare("flag_aggregation", release=small, split="forward", labels="truth")
    fold = prepared.folds[0]
    minutes = (
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
    return (
        fold.units("test")
        .join(fold.tables["adverts"].drop("region"), on="advert")
        .join(minutes, on="advert")
        .join(prepared.answers.frame.select("advert", *NOT_FEATURES).lazy(), on="advert")
        .sort("advert")
        .collect()
    )


def _scalars(frame: pl.DataFrame) -> dict[str, np.ndarray]:
    """Every scalar that a column offers: value, missingness, length, how often it occurs, and position."""
    found: dict[str, np.ndarray] = {"row position": np.arange(frame.height)}
    for name in frame.columns:
        if name in NOT_FEATURES:
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
    return {name: np.asarray(values, dtype=float) for name, values in found.items()}


def _is_signal(name: str) -> bool:
    return name.split(" ")[0] in {column.split(".")[1] for column in TASK.signal_columns}


def test_no_scalar_gives_the_label_away(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    for name, values in _scalars(scored).items():
        if not _is_signal(name):
            auroc = cross_fitted_auroc(values[:, None], scored)
            assert auroc < TASK.leak_limits["scalar_auroc"], f"{name}: {auroc:.3f}"


def test_counts_identifiers_order_and_times_say_next_to_nothing(
    scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    """How many votes, by how many, when, in what order, and what is missing."""
    leaks = ("missing", "length", "position", "gold", "day", "minute", "votes", "reviewers", "span", "pace")
    identifiers = ("advert", "first_place", "lowest_review", "region", "town")
    chosen = [
        values
        for name, values in _scalars(scored).items()
        if (name.endswith(leaks) or name in identifiers) and not _is_signal(name)
    ]
    auroc = cross_fitted_auroc(np.column_stack(chosen), scored)
    assert auroc <= TASK.leak_limits["identifiers_auroc"], f"{auroc:.3f}"


def test_the_votes_themselves_do_tell(
    scored: pl.DataFrame, small: Release, cross_fitted_auroc: Auroc
) -> None:
    votes = small.scan("reviews").group_by("advert").agg(share=(pl.col("vote") == "harmful").mean()).collect()
    share = scored.join(votes, on="advert", maintain_order="left")["share"].to_numpy()
    assert cross_fitted_auroc(share[:, None], scored) > TASK.leak_limits["scalar_auroc"]


def test_shuffled_labels_give_chance(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    operations = scored.select("cluster", "label").unique().sort("cluster")
    order = Stream(1, "shuffle").shuffle(operations["cluster"].to_numpy())
    dealt = operations.with_columns(label=operations["label"][order.tolist()])
    shuffled = scored.drop("label").join(dealt, on="cluster", maintain_order="left")
    values = np.column_stack(list(_scalars(scored).values()))
    assert abs(cross_fitted_auroc(values, shuffled) - 0.5) < 0.1


def test_no_gold_label_is_among_the_tables(small: Release) -> None:
    fold = prepare("flag_aggregation", release=small, split="forward").folds[0]
    shown = {name for table in fold.tables.values() for name in table.collect_schema().names()}
    assert not shown & {"gold_label", "harmful", "log_odds", "operation_log_odds", "reviewer_kind", "brigade"}
