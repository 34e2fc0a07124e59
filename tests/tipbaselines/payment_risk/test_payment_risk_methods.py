"""Methods on payments: features by hand, signal where it is planted, and refusals in one sentence."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hand_made import auroc, make_fold, predict
from tipbaselines.cache import remember
from tipbaselines.frames import LabelledUnits
from tipbaselines.payment_risk import payments as payments_module
from tipbaselines.payment_risk.graph_lightgbm import GraphLightGBM
from tipbaselines.payment_risk.isolation_forest import IsolationForest
from tipbaselines.payment_risk.lightgbm import LightGBM
from tipbaselines.payment_risk.payments import (
    Side,
    graph_features,
    history_features,
    own_features,
    read_payments,
)
from tipbaselines.payment_risk.rules import Rules
from tipbench.data.fold import Fold
from tipbench.loading import prepare
from tipbench.runs.folds import predict_by_regions
from tipcore.errors import UsageError
from tipdata.release import Release

DAY = 1440
PAYMENTS = pl.DataFrame(
    {
        "payment": [1, 2, 3, 4, 5],
        "minute": [0, 60, 120, 600, 40 * DAY],
        "payer": [10, 20, 30, 40, 50],
        "payee": [40, 40, 40, 50, 10],
        "amount": [1000, 2000, 3100, 5000, 700],
        "channel": ["bank", "cash_deposit", None, "bank", "bank"],
        "purpose": ["rent", None, None, "rent", None],
    }
)
WALLETS = pl.DataFrame(
    {
        "wallet": [10, 20, 30, 40, 50],
        "holder": ["person", "person", "firm", "person", None],
        "opened_day": [-5, -800, 0, 0, -3],
        "town": [1, 1, 2, 1, None],
    }
)


def fold(
    payments: pl.DataFrame, wallets: pl.DataFrame | None = WALLETS, label: Any = None, train: float = 0.0
) -> Fold:
    tables: dict[str, Any] = {} if wallets is None else {"wallets": wallets}
    return make_fold("payment_risk", payments, label, train=train, **tables)


def test_own_features_are_amount_roundness_and_both_ends() -> None:
    found = own_features(read_payments(fold(PAYMENTS)))
    assert found["amount"][0] == pytest.approx(np.log(1000))
    assert found["roundness"].tolist() == [3, 3, 1, 4, 1]
    assert found["no purpose"].tolist() == [0, 1, 1, 0, 1]
    assert found["channel bank"].tolist() == [1, 0, 0, 1, 1]
    assert found["payer age"].tolist() == [5, 800, 0, 0, 43]
    assert found["same town"].tolist() == [1, 1, 0, 0, 0]
    assert found["payee abroad"].tolist() == [0, 0, 0, 1, 0]


def test_history_counts_the_wallets_own_payments() -> None:
    found = history_features(read_payments(fold(PAYMENTS)))
    assert np.expm1(found["payee payments"]).round().tolist() == [3, 3, 3, 1, 1]
    assert np.isnan(found["payee since"][0])
    assert np.expm1(found["payee since"][1:3]).round().tolist() == [60, 60]


def test_wallets_that_no_table_lists_are_wallets_all_the_same() -> None:
    ledger = read_payments(fold(PAYMENTS, None))
    assert ledger.wallets["wallet"].to_list() == [10, 20, 30, 40, 50]
    assert "payer age" not in own_features(ledger)


def test_windows_count_payments_payers_and_sums_on_either_side() -> None:
    ledger = read_payments(fold(PAYMENTS))
    into = Side(ledger, ledger.payee, ledger.payer)
    count, payers, total = into.window(ledger.payee, ledger.minute, 1)
    assert count.tolist() == [3, 3, 3, 1, 1]
    assert payers.tolist() == [3, 3, 3, 1, 1]
    assert total.tolist() == [6100, 6100, 6100, 5000, 700]


def test_what_comes_next_and_what_came_last_are_of_the_same_wallet() -> None:
    ledger = read_payments(fold(PAYMENTS))
    out, into = Side(ledger, ledger.payer, ledger.payee), Side(ledger, ledger.payee, ledger.payer)
    following = out.next(ledger.payee, ledger.minute)
    assert np.where(following >= 0, out.order[following], -1).tolist() == [3, 3, 3, 4, -1]
    before = into.last(ledger.payer, ledger.minute)
    assert np.where(before >= 0, into.order[before], -1).tolist() == [-1, -1, -1, 2, 3]


def shapes(payers: list[int], payees: list[int]) -> np.ndarray:
    """Columns of :func:`graph_features` on shapes: count, back, cycles of three, of four, scatter, gather."""
    order = np.arange(len(payers))
    columns = {"payment": order, "minute": 60 * order, "payer": payers, "payee": payees, "amount": 1000.0}
    ledger = read_payments(fold(pl.DataFrame(columns), None))
    return graph_features(ledger, order, np.zeros((len(order), 1)))[:, -10:-4]


def test_a_payment_back_and_cycles_of_three_and_four_are_counted() -> None:
    assert shapes([1, 2], [2, 1])[:, 1].tolist() == [1, 1]
    assert shapes([1, 2, 3], [2, 3, 1])[:, 2].tolist() == [1, 1, 1]
    assert shapes([1, 2, 3, 4], [2, 3, 4, 1])[:, 3].tolist() == [1, 1, 1, 1]
    assert shapes([1, 2, 3], [2, 3, 4])[:, 1:4].max() == 0


def test_what_is_scattered_and_gathered_has_as_many_branches() -> None:
    found = shapes([1, 1, 1, 2, 3, 4], [2, 3, 4, 9, 9, 9])
    assert found[:3, 4].tolist() == [3, 3, 3]
    assert found[3:, 5].tolist() == [3, 3, 3]
    assert shapes([1, 2], [2, 9])[:, 4:].max() == 1


def test_means_over_wallets_are_of_the_marks() -> None:
    ledger = read_payments(fold(PAYMENTS))
    own = own_features(ledger)
    found = graph_features(ledger, np.arange(5), own["amount"][:, None])
    # What the payee is paid: the fan of three gets the mean of its three incomes.
    mean = np.log([1000, 2000, 3100]).mean()
    near = np.abs(found[:3] - mean) < 1e-5
    assert near.any(axis=1).all()


def test_every_positive_is_kept_and_negatives_stand_for_those_left_out() -> None:
    label = (np.arange(80) % 20 == 7).astype(np.int64)
    thinned, weight = LabelledUnits(pl.Series(np.arange(80)), label).thin(8)
    assert thinned.label.sum() == label.sum()
    assert weight[thinned.label == 0].sum() == 80
    assert set(weight[thinned.label == 1]) == {1}


def planted(days: int = 600, seed: int = 0) -> tuple[pl.DataFrame, np.ndarray]:
    """Pairs of payments alike in all but their order: an income that is passed on within the hour is positive."""
    generator = np.random.default_rng(seed)
    count = 1500
    label = (generator.random(count) < 0.3).astype(np.int8)
    wallet = generator.permutation(count)
    start = generator.integers(0, days, count) * DAY + generator.integers(0, DAY, count)
    wait = np.where(label == 1, generator.integers(5, 60, count), -generator.integers(5, 60, count))
    amount = generator.integers(1000, 90_000, count)
    payer, payee = (first + generator.integers(0, 400, count) for first in (10_000, 20_000))
    income = {"minute": start, "payer": payer, "payee": wallet, "amount": amount}
    spent = {"minute": np.maximum(start + wait, 0), "payer": wallet, "payee": payee, "amount": amount}
    both = pl.concat([pl.DataFrame(income), pl.DataFrame(spent)]).with_columns(
        payment=generator.permutation(2 * count)
    )
    order = both["payment"].arg_sort()
    return both[order], np.concatenate([label, label])[order.to_numpy()]


def test_only_graph_features_find_money_passing_through() -> None:
    payments, label = planted()
    assert auroc(GraphLightGBM(thinning=1), fold(payments, None, label, 0.6), label) > 0.95
    assert auroc(LightGBM(thinning=1), fold(payments, None, label, 0.6), label) < 0.65


def test_rules_raise_flags_for_fan_in_and_for_what_goes_out_again_at_once() -> None:
    score = Rules().predict(fold(PAYMENTS)).sort("payment")["score"].to_list()
    assert min(score[:4]) > score[4]
    assert all(0 <= value <= 1 for value in score)


def test_an_unusual_payment_is_isolated_sooner() -> None:
    generator = np.random.default_rng(0)
    usual = {
        "payment": range(299),
        "minute": 600 + DAY * generator.integers(0, 300, 299),
        "payer": generator.integers(0, 20, 299),
        "payee": 100 + generator.integers(0, 20, 299),
        "amount": generator.integers(900, 1100, 299),
    }
    strange = {"payment": 299, "minute": 180, "payer": 77, "payee": 177, "amount": 9_000_000}
    given = fold(pl.concat([pl.DataFrame(usual), pl.DataFrame(strange)]), None)
    assert predict(IsolationForest(), given)["score"].arg_max() == 299


def test_labels_of_one_class_give_their_prevalence_and_none_are_refused() -> None:
    given, made = fold(PAYMENTS, label=np.zeros(5), train=0.6), GraphLightGBM()
    made.fit(given, 0)
    assert set(made.predict(given)["score"]) == {1 / 5}
    with pytest.raises(UsageError, match="learns from labels and this fold gives none"):
        made.fit(fold(PAYMENTS), 0)


def test_a_payment_without_an_end_or_an_amount_is_refused() -> None:
    strange = PAYMENTS.with_columns(payee=pl.Series([40, None, 40, 50, None], dtype=pl.Int64))
    with pytest.raises(UsageError, match="payments: 2 of 5 have no payee"):
        read_payments(fold(strange))


def test_further_columns_of_payments_and_wallets_are_features(tmp_path: Path) -> None:
    rows = range(60)
    frame = pl.DataFrame({"t": rows}).with_columns(
        pl.col("t").mod(7).alias("from"), to=pl.col("t") % 5 + 7, sum=pl.col("t") + 100, gen=pl.col("t") / 10,
        urgent=pl.when(pl.col("t") % 3 > 0).then(pl.lit("YES")).otherwise(pl.lit("NO")),
    )  # fmt: skip
    frame.write_csv(tmp_path / "payments.csv")
    pl.DataFrame({"w": range(12), "risk": [w / 12 for w in range(12)]}).write_csv(tmp_path / "wallets.csv")
    payments = {"payer": "from", "payee": "to", "minute": "t", "amount": "sum", "*": "*"}
    own = {
        "name": "mine", "task": "payment_risk", "path": str(tmp_path), "files": "payments.csv", "format": "csv",
        "tables": {"payments": payments, "wallets": {"wallet": "w", "*": "risk"}},
        "sources": {"wallets": "wallets.csv"}, "split": "all",
    }  # fmt: skip
    found = own_features(read_payments(prepare("payment_risk", own=own).folds[0]))
    assert found["further urgent"].tolist() == [float(i % 3 > 0) for i in rows]
    assert found["further gen"] == pytest.approx([i / 10 for i in rows])
    assert found["payer further risk"] == pytest.approx([i % 7 / 12 for i in rows])
    assert found["payee further risk"] == pytest.approx([(i % 5 + 7) / 12 for i in rows])


@pytest.mark.parametrize("method", [Rules, LightGBM, pytest.param(GraphLightGBM, marks=pytest.mark.slow)])
def test_regions_at_a_time_give_the_features_of_all_even_where_one_lacks_a_channel(
    method: type[LightGBM | Rules], tiny: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = prepare("payment_risk", release=tiny, labels="truth", split="operation").folds[0]
    lacking = (pl.col("region") != 3) | (pl.col("channel") != "prepaid")
    payments = whole.tables["payments"].filter(lacking)
    kept = payments.select("payment").collect()
    whole = replace(
        whole,
        tables={**whole.tables, "payments": payments},
        parts=whole.parts.join(kept, on="payment", how="semi"),
        supervision=whole.supervision.join(kept, on="payment", how="semi"),
    )
    monkeypatch.setattr(payments_module, "REGIONS_AT_ONCE", 100)
    options: dict[str, Any] = {} if method is Rules else {"rounds": 5}
    fitted = method(**options)
    fitted.fit(whole, 0)
    once = fitted.predict(whole)
    monkeypatch.setattr(payments_module, "REGIONS_AT_ONCE", 1)
    monkeypatch.setattr(payments_module, "MOST_KEPT", 0)
    again = method(**options)
    again.fit(whole, 0)
    assert predict_by_regions(again, whole, most=3).sort("payment").equals(once.sort("payment"))


def test_words_of_all_regions_are_looked_for_once_for_all_batches(
    tiny: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = prepare("payment_risk", release=tiny).folds[0]
    looked: list[Fold] = []
    usual = payments_module.word_levels

    @remember()
    def noted(fold: Fold) -> dict[str, list[str]]:
        looked.append(fold)
        return usual(fold)

    monkeypatch.setattr(payments_module, "word_levels", noted)
    assert [read_payments(fold).levels for fold in whole.by_regions(3)] == [usual(whole)] * 3
    assert looked == [whole]
