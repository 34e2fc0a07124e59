"""Wallets and payments: whole wallets, shared mechanisms, a calibrated reference, and draws that stand alone."""

import numpy as np
import polars as pl
import pytest
from tipdata.core.world import DAYS, World, parameters
from tipdata.release import Release
from tipdata.stages.payments.amounts import heaped
from tipdata.stages.payments.legs import CHANNELS, PURPOSES, repeated
from tipdata.stages.payments.schemes import MECHANISMS, TYPOLOGIES
from tipdata.stages.payments.tables import GROUPS
from tipdata.stages.payments.wallets import LAST, PEOPLE, STRANGERS, own, principal, stranger, venue


@pytest.fixture(scope="module")
def payments(tiny: Release) -> pl.DataFrame:
    return tiny.scan("payments", truth=True).collect()


@pytest.fixture(scope="module")
def wallets(tiny: Release) -> pl.DataFrame:
    return tiny.scan("wallets", truth=True).collect()


def test_a_region_has_about_twenty_thousand_payments_few_of_them_illicit(payments: pl.DataFrame) -> None:
    assert payments.group_by("region").len()["len"].is_between(15_000, 30_000).all()
    illicit = payments["typology"].is_not_null().to_numpy().mean()
    assert 1 / 600 < illicit < 1 / 150
    operations = payments.drop_nulls("typology").group_by("region").agg(pl.col("operation").n_unique())
    assert operations["operation"].is_between(4, 18).all()


def test_every_end_of_a_payment_is_a_wallet_of_its_region_and_every_wallet_pays_or_is_paid(
    payments: pl.DataFrame, wallets: pl.DataFrame
) -> None:
    known = wallets.select("region", "wallet")
    ends = pl.concat([payments.select("region", wallet=end) for end in ("payer", "payee")]).unique()
    assert ends.join(known, on=["region", "wallet"], how="anti").is_empty()
    assert known.join(ends, on=["region", "wallet"], how="anti").is_empty()


def test_amounts_are_positive_times_are_within_and_nobody_pays_themselves(payments: pl.DataFrame) -> None:
    assert (payments["amount"] > 0).all()
    assert payments["minute"].is_between(0, DAYS * 1440 - 1).all()
    assert (payments["payer"] != payments["payee"]).all()
    assert set(payments["channel"]) == set(CHANNELS)
    assert set(payments["purpose"].drop_nulls()) == set(PURPOSES)


def test_a_wallet_is_opened_before_it_is_used(payments: pl.DataFrame, wallets: pl.DataFrame) -> None:
    for end in ("payer", "payee"):
        both = payments.join(wallets.select(pl.col("wallet").alias(end), "opened_day"), on=end)
        assert (both["opened_day"] <= both["minute"] // 1440).all()


def test_a_payment_is_of_an_operation_or_of_a_community_and_only_operations_are_illicit(
    payments: pl.DataFrame,
) -> None:
    of_operation = payments["operation"].is_not_null()
    assert (payments["community"].is_null() == of_operation).all()
    unlawful = payments.filter(pl.col("group").is_null())
    assert unlawful["operation"].null_count() == 0
    assert payments.filter(pl.col("typology").is_not_null() & pl.col("group").is_not_null()).is_empty()
    assert set(payments["group"].drop_nulls()) == set(GROUPS)
    assert set(payments["typology"].drop_nulls()) <= set(TYPOLOGIES)


def test_an_operations_wallets_also_make_ordinary_payments(payments: pl.DataFrame) -> None:
    own_payments = payments.filter(pl.col("typology").is_not_null().any().over("operation"))
    own_payments = own_payments.drop_nulls("operation")
    assert 0.4 < own_payments["typology"].is_null().to_numpy().mean() < 0.99


def test_every_channel_and_stated_purpose_of_the_illicit_is_found_in_several_lawful_groups(
    payments: pl.DataFrame,
) -> None:
    illicit = payments.drop_nulls("typology")
    for column in ("channel", "purpose"):
        lawful = payments.drop_nulls("group").group_by(column).agg(pl.col("group").n_unique())
        for value in set(illicit[column]):
            groups = lawful.filter(pl.col(column).eq_missing(pl.lit(value)))["group"]
            assert groups.item() >= 3, (column, value)


def test_every_level_of_every_habit_is_shared_by_a_lawful_group() -> None:
    for mechanism, illicit in MECHANISMS.items():
        start = f"payments.{mechanism}.habits."
        for path, entry in parameters("0.4.0").items():
            if path.startswith(start):
                groups = {name: w for name, w in entry["value"].items() if name != "levels"}
                lawful = [w for name, w in groups.items() if name not in illicit]
                assert set(illicit) < set(groups), path
                assert all(len(w) == len(entry["value"]["levels"]) for w in groups.values()), path
                assert all(max(w[level] for w in lawful) >= 2 for level in range(len(lawful[0]))), path
                assert all(min(w) >= 1 for w in groups.values()), path


def test_cash_is_paid_in_somewhere_and_nothing_else_is(payments: pl.DataFrame) -> None:
    shown = payments["town"].is_not_null()
    assert (payments.filter(shown)["channel"] == "cash_deposit").all()
    assert payments.filter(pl.col("channel") == "cash_deposit")["town"].is_not_null().to_numpy().mean() > 0.95


def test_wages_come_on_paydays_and_more_is_paid_early_in_a_month(payments: pl.DataFrame) -> None:
    day = pl.col("minute") // 1440
    wages = payments.filter(pl.col("purpose") == "wages").group_by("payer", day.alias("day")).len()
    assert (wages["len"] > 1).to_numpy().mean() > 0.3
    early = payments.filter(pl.col("group") == "household").select((day % 30 < 6).mean()).item()
    assert early > 6 / 30 + 0.02


def test_prepaid_cards_and_virtual_currency_come_into_use(payments: pl.DataFrame) -> None:
    """Within schemes, whose log-odds are known: everyday life uses them all along."""
    schemes = payments.filter(pl.col("log_odds") > -25_000)
    adopted = schemes["channel"].is_in(["prepaid", "virtual_currency"])
    early = schemes["minute"] < 150 * 1440
    late = schemes["minute"] > 550 * 1440
    assert adopted.filter(late).mean() > 1.5 * adopted.filter(early).mean()  # type: ignore[operator]


def test_the_reference_ranks_and_is_calibrated(small: Release) -> None:
    """The sum of posteriors near the number of illicit payments, and so among the likely: it knows the parameters."""
    frame = small.scan("payments", truth=True).select("typology", "log_odds").collect()
    illicit = frame["typology"].is_not_null().to_numpy()
    posterior = 1 / (1 + np.exp(-frame["log_odds"].to_numpy() / 1000))
    assert posterior.sum() == pytest.approx(illicit.sum(), rel=0.15)
    likely = posterior > 0.5
    assert abs(posterior[likely].mean() - illicit[likely].mean()) < 0.12


def test_nothing_outside_schemes_is_illicit_to_the_reference(payments: pl.DataFrame) -> None:
    assert payments.filter(pl.col("typology").is_not_null())["log_odds"].min() > -25_000  # type: ignore[operator]


def test_sums_are_heaped_at_round_numbers(payments: pl.DataFrame) -> None:
    middle = payments.filter(pl.col("amount").is_between(10_000, 99_999))["amount"]
    assert 0.15 < (middle % 1000 == 0).to_numpy().mean() < 0.8


def test_a_sum_is_rounded_to_the_nearest_or_stays_as_it_is() -> None:
    region = World.of("0.4.0").region(0)
    ids, amount = np.arange(2000), np.full(2000, 12_345)
    assert set(heaped(region, "test", ids, amount, 1000).tolist()) == {12_000}
    assert set(heaped(region, "test", ids, amount, 0).tolist()) == {12_345}
    assert (heaped(region, "test", ids, np.ones(2000, dtype=np.int64), 1000) == 1).all()


def test_numbers_of_wallets_are_those_agreed_and_do_not_meet() -> None:
    """Operation i has i * 16 + k with the controller's at k = 0; all others lie in [1 << 20, 1 << 21)."""
    number, operations = np.arange(640), np.arange(300)
    of_operations = np.concatenate(
        [own(operations, operations, np.full(300, slot), place) for slot in (0, 1) for place in range(7)]
    )
    controllers = principal(operations, operations)
    assert (controllers == operations * 16).all()
    assert set(np.concatenate([of_operations, controllers]) // 16) == set(range(300))
    assert len(set(of_operations)) == 14 * 300
    assert not set(of_operations) & set(controllers)
    nobody = np.full(640, -1)
    lawful = [own(number, nobody, nobody, place) for place in range(7)] + [principal(number, nobody)]
    lawful += [stranger(number, np.full(640, place)) for place in (0, 63)]
    lawful += [venue("abroad", np.arange(1000)), PEOPLE + np.arange(1024)]
    every = np.concatenate(lawful)
    assert every.min() >= 1 << 20
    assert every.max() < LAST == 1 << 21
    assert len(set(every)) == len(every)
    assert (stranger(number, np.zeros(640, dtype=np.int64)) >= STRANGERS).all()


def test_positions_are_repeated_and_counted_within() -> None:
    position, within = repeated(np.array([2, 0, 3]))
    assert position.tolist() == [0, 0, 2, 2, 2]
    assert within.tolist() == [0, 1, 0, 1, 2]
