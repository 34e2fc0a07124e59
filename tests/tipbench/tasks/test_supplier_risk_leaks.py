"""The leak gates of supplier_risk: identifiers, order, missingness and days of firms, supplies, audits and complaints.

They run on ``small``, with limits of the task file; cross-fitting is by main agency, a firm without one being its own.
What audits and complaints say, and on what terms a firm supplies, is the signal; ids, positions and days are not.
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
TASK = tasks()["supplier_risk"]
SIGNAL = {name.split(".")[1] for name in TASK.signal_columns}
ATTRIBUTES = {"size", "language", "workers_language"}
"""What a firm is like, and no identifier or time of its rows."""
ROWS = {"supplies": "supplier", "audits": "firm", "complaints": "firm"}


@pytest.fixture(scope="module")
def prepared(small: Release) -> Prepared:
    return prepare("supplier_risk", release=small)


@pytest.fixture(scope="module")
def scored(prepared: Prepared) -> pl.DataFrame:
    """Test firms with their columns, label, cluster, and what the ids, positions and days of their rows come to."""
    fold = prepared.folds[0]
    frame = fold.units("test").collect()
    for table, firm in ROWS.items():
        rows = fold.tables[table].with_row_index("position").collect()
        key = table.removesuffix("s") if table != "supplies" else "supply"
        day = "since_day" if table == "supplies" else "day"
        of_firm = rows.group_by(pl.col(firm).alias("firm")).agg(
            pl.col(key, "position", day).cast(pl.Float64).min().name.prefix(f"{table} least "),
            pl.col(key, "position", day).cast(pl.Float64).mean().name.prefix(f"{table} mean "),
        )
        frame = frame.join(of_firm, on="firm", how="left")
    answers = prepared.answers.frame.select("firm", "label", "cluster")
    return frame.join(answers, on="firm").sort("firm")


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


def test_no_count_of_audits_complaints_or_supplies_gives_the_label_away(
    prepared: Prepared, scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    tables = {name: prepared.folds[0].tables[name].collect() for name in ROWS}
    counted = {"audits": pl.col("grade").max(), "findings": pl.col("findings").list.len().sum()}
    of_audits = tables["audits"].group_by("firm").agg(pl.len(), **counted)
    of_complaints = tables["complaints"].group_by("firm").agg(complaints=pl.len())
    of_supplies = (
        tables["supplies"]
        .group_by(firm="supplier")
        .agg(supplies=pl.len(), paid=pl.col("payment_days").mean(), share=pl.col("share").max())
    )
    for frame in (of_audits, of_complaints, of_supplies):
        joined = scored.join(frame, on="firm", how="left", maintain_order="left", suffix=" counted")
        for name in frame.columns[1:]:
            values = joined[name].cast(pl.Float64).fill_null(-1).to_numpy()
            assert cross_fitted_auroc(values[:, None], joined) < TASK.leak_limits["scalar_auroc"], name


def test_identifiers_order_missingness_and_days_say_next_to_nothing(
    scored: pl.DataFrame, cross_fitted_auroc: Auroc
) -> None:
    chosen = {
        name: values
        for name, values in scalars(scored).items()
        if name.split(" ")[0] not in SIGNAL | ATTRIBUTES
    }
    assert {
        "firm",
        "region",
        "row position",
        "audits mean day",
        "supplies least supply",
        "complaints least day missing",
    } <= set(chosen)
    stacked = np.column_stack([np.asarray(values, dtype=float) for values in chosen.values()])
    auroc = cross_fitted_auroc(stacked, scored)
    assert auroc <= TASK.leak_limits["identifiers_auroc"], f"{auroc:.3f}"


def test_the_gate_itself_sees_a_leak(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    noise = Stream(0, "gate").uniform(scored["firm"].to_numpy())
    planted = scored["label"].to_numpy() * 0.5 + noise
    assert cross_fitted_auroc(planted[:, None], scored) > TASK.leak_limits["scalar_auroc"]


def test_shuffled_labels_give_chance(scored: pl.DataFrame, cross_fitted_auroc: Auroc) -> None:
    """Labels dealt out anew to firms: nothing that a tree reads of them can find them."""
    order = Stream(1, "shuffle").shuffle(scored["firm"].to_numpy())
    dealt = scored.with_columns(label=scored["label"][order.tolist()])
    values = np.column_stack([np.asarray(v, dtype=float) for v in scalars(scored).values()])
    assert abs(cross_fitted_auroc(values, dealt) - 0.5) < 0.06


def test_the_whole_chain_is_context_and_the_parts_alone_are_units(prepared: Prepared, small: Release) -> None:
    fold = prepared.folds[0]
    for table in ("supplies", "audits", "complaints", "agencies"):
        assert fold.tables[table].select(pl.len()).collect().item() == (
            small.scan(table).select(pl.len()).collect().item()
        )
    held_out = prepare("supplier_risk", release=small, split="region").folds[0]
    units = set(held_out.units("test").collect()["firm"])
    assert units < set(held_out.tables["firms"].select("firm").collect()["firm"])
