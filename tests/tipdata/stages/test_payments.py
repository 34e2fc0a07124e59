"""Wallets and payments: whole wallets, shared mechanisms, a calibrated reference, and draws that stand alone."""

import numpy as np
import polars as pl
import pytest
from one_story import DAY, OURS, Tables, events, in_sample, ledger, mean, receipts, sample, shifted, work
from polars.testing import assert_frame_equal
from shared_regions import WORLD  # pyright: ignore[reportMissingImports]
from tipdata.core.kinds import KINDS, SPAM, TRAFFICKING
from tipdata.core.world import DAYS, World, parameters
from tipdata.stages import draw_tables, stages
from tipdata.stages.payments.schemes import MECHANISMS, SPAN, Work, draw_sample
from tipdata.stages.payments.stage import GROUPS
from tipdata.stages.payments.wallets import (
    CHANNELS,
    LAST,
    PEOPLE,
    PURPOSES,
    STRANGERS,
    draw_provider,
    heap,
    own_wallet,
    principal_wallet,
    stranger_wallet,
    venue,
)


@pytest.fixture(scope="module")
def payments(world: Tables) -> pl.DataFrame:
    return world["payments"]


@pytest.fixture(scope="module")
def wallets(world: Tables) -> pl.DataFrame:
    return world["wallets"]


def test_a_region_has_about_twenty_thousand_payments_few_of_them_illicit(
    world: Tables, payments: pl.DataFrame
) -> None:
    found = ledger(world)
    assert 20_000 < found["payments a region"] < 27_000
    assert 150 < found["one in so many payments is illicit"] < 400
    assert payments.group_by("region").len()["len"].is_between(15_000, 30_000).all()
    operations = payments.drop_nulls("typology").group_by("region").agg(pl.col("operation").n_unique())
    assert operations["operation"].is_between(4, 18).all()


def test_payments_and_wallets_agree(payments: pl.DataFrame, wallets: pl.DataFrame) -> None:
    known = wallets.select("region", "wallet")
    ends = pl.concat([payments.select("region", wallet=end) for end in ("payer", "payee")]).unique()
    assert_frame_equal(ends, known, check_row_order=False)


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


def test_an_operations_wallets_also_make_ordinary_payments(payments: pl.DataFrame) -> None:
    own_payments = payments.filter(pl.col("typology").is_not_null().any().over("operation"))
    own_payments = own_payments.drop_nulls("operation")
    assert 0.4 < own_payments["typology"].is_null().to_numpy().mean() < 0.99


def test_lawful_groups_share_channels(payments: pl.DataFrame) -> None:
    illicit = payments.drop_nulls("typology")
    for column in ("channel", "purpose"):
        lawful = payments.drop_nulls("group").group_by(column).agg(pl.col("group").n_unique())
        for value in set(illicit[column]):
            groups = lawful.filter(pl.col(column).eq_missing(pl.lit(value)))["group"]
            assert groups.item() >= 3, (column, value)


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
    schemes = payments.filter(OURS)
    adopted = schemes["channel"].is_in(["prepaid", "virtual_currency"])
    early = schemes["minute"] < 150 * 1440
    late = schemes["minute"] > 550 * 1440
    assert adopted.filter(late).mean() > 1.5 * adopted.filter(early).mean()  # type: ignore[operator]


def test_sums_are_heaped_at_round_numbers(payments: pl.DataFrame) -> None:
    middle = payments.filter(pl.col("amount").is_between(10_000, 99_999))["amount"]
    assert 0.15 < (middle % 1000 == 0).to_numpy().mean() < 0.8


def test_a_sum_is_rounded_to_the_nearest_or_stays_as_it_is() -> None:
    region = World.of("0.4.0").region(0)
    ids, amount = np.arange(2000), np.full(2000, 12_345)
    assert set(heap(region, "test", ids, amount, 1000).tolist()) == {12_000}
    assert set(heap(region, "test", ids, amount, 0).tolist()) == {12_345}
    assert (heap(region, "test", ids, np.ones(2000, dtype=np.int64), 1000) == 1).all()


def test_numbers_of_wallets_are_those_agreed_and_do_not_meet() -> None:
    """Operation i has i * 16 + k with the controller's at k = 0; all others lie in [1 << 20, 1 << 21)."""
    number, operations = np.arange(640), np.arange(300)
    of_operations = np.concatenate(
        [
            own_wallet(operations, operations, np.full(300, slot), place)
            for slot in (0, 1)
            for place in range(7)
        ]
    )
    controllers = principal_wallet(operations, operations)
    assert (controllers == operations * 16).all()
    assert set(np.concatenate([of_operations, controllers]) // 16) == set(range(300))
    assert len(set(of_operations)) == 14 * 300
    assert not set(of_operations) & set(controllers)
    nobody = np.full(640, -1)
    lawful = [own_wallet(number, nobody, nobody, place) for place in range(7)]
    lawful += [principal_wallet(number, nobody)]
    lawful += [stranger_wallet(number, np.full(640, place)) for place in (0, 63)]
    lawful += [venue("abroad", np.arange(1000)), PEOPLE + np.arange(1024)]
    every = np.concatenate(lawful)
    assert every.min() >= 1 << 20
    assert every.max() < LAST == 1 << 21
    assert len(set(every)) == len(every)
    assert (stranger_wallet(number, np.zeros(640, dtype=np.int64)) >= STRANGERS).all()


PARAMETERS = parameters("0.4.0")


@pytest.fixture(scope="module")
def owned(world: Tables) -> pl.DataFrame:
    """Payments that are an operation's own doing, with what it is."""
    payments = world["payments"].with_columns(DAY).filter(OURS).drop_nulls("operation")
    return payments.join(world["operations"].drop("region", "migrant", "log_odds"), on="operation")


def test_whether_an_operation_is_sampled_depends_on_what_it_shows_and_not_on_its_kind() -> None:
    rates: dict[tuple[bool, bool], list[float]] = {}
    for index in range(64):
        region = World.of("0.4.0", 3).region(index)
        o = draw_tables(region, ("places", "operations"))[0]["operations"]
        inside = np.zeros(len(o.id), dtype=bool)
        inside[draw_sample(region, o, np.zeros(len(o.id), dtype=bool))] = True
        assert not inside[o.kind == SPAM].any()
        for posts in (True, False):
            for illicit in (True, False):
                rows = (o.posts == posts) & ((o.kind == TRAFFICKING) == illicit) & (o.kind != SPAM)
                rates.setdefault((posts, illicit), []).extend(inside[rows].tolist())
    share = {key: float(np.mean(values)) for key, values in rates.items()}
    assert share[True, True] > 0.45
    for posts in (True, False):
        assert abs(share[posts, True] - share[posts, False]) / 2 < 0.05
    assert share[False, True] < 0.15


def test_layers_are_of_money_that_was_earned_before(world: Tables) -> None:
    illicit = world["payments"].drop_nulls("typology").with_columns(layers=pl.col("typology") == "layering")
    begins = illicit.group_by("operation").agg(
        layers=pl.col("minute").filter("layers").min(), earns=pl.col("minute").filter(~pl.col("layers")).min()
    )
    layered = begins.drop_nulls("layers")
    assert layered.height > 10
    assert (layered["earns"] < layered["layers"]).all()
    assert layered["earns"].null_count() == 0


def test_the_sample_spans_views(world: Tables) -> None:
    found = sample(world)
    assert found["posting trafficking operations in the sample"] > 0.38
    assert 0.25 < found["illicit payments of operations that never post"] < 0.75
    for who in ("posting", "silent"):
        assert found[f"AUROC of being in the sample for kind, {who} operations"] < 0.57
    for name in ("stops", "trips"):
        assert found[f"wallets of {name} of operations in the sample that are in wallets"] > 0.9


def test_a_lawful_operation_has_a_lawful_group_and_no_community_and_never_a_typology(world: Tables) -> None:
    payments = world["payments"].join(
        world["operations"].select("operation", "kind"), on="operation", how="left"
    )
    lawful = payments.filter(pl.col("kind").is_in([k for k in KINDS if k != "trafficking"]))
    assert lawful["operation"].n_unique() > 5 * payments.filter(kind="trafficking")["operation"].n_unique()
    assert lawful["group"].null_count() == 0
    assert lawful["typology"].null_count() == lawful["community"].null_count() == lawful.height
    unlawful = payments.filter(kind="trafficking")
    assert unlawful["group"].null_count() == unlawful.height
    assert set(payments.drop_nulls("typology")["kind"]) == {"trafficking"}
    assert set(payments["group"].drop_nulls()) == set(GROUPS)
    assert set(payments["typology"].drop_nulls()) <= {name for names in MECHANISMS.values() for name in names}
    assert (payments["community"].is_null() == payments["operation"].is_not_null()).all()
    assert payments.filter(pl.col("group").is_null())["operation"].null_count() == 0
    wallets = world["wallets"].join(
        world["operations"].select("operation", "kind"), on="operation", how="left"
    )
    assert (wallets["group"].is_null() == (wallets["kind"] == "trafficking").fill_null(False)).all()
    assert (wallets["role"].is_null() == wallets["operation"].is_null()).all()


def test_money_follows_the_work_of_an_operation_whatever_its_kind(world: Tables) -> None:
    found = work(world)
    assert found["  illicit, times as many"] > 2
    assert found["  lawful operations', times as many"] > 2
    who = "payments within 3 days of an advert, stop or placement"
    near = [found[f"{kind} {who}"] for kind in ("illicit", "lawful operations'")]
    assert abs(near[0] - near[1]) < 0.25


def test_the_shift_test_sees_money_that_follows_nothing(world: Tables, owned: pl.DataFrame) -> None:
    turned = owned.with_columns(day=(pl.col("day") + 17 * (pl.col("operation") % 41)) % 730)
    near, by_chance = shifted(turned, events(world))
    assert near < 2 * by_chance


def test_adverts_are_paid_for_when_posted(world: Tables, owned: pl.DataFrame) -> None:
    paid = owned.filter(purpose="advert")
    assert paid.height > 50
    assert paid["posts"].all()
    near, by_chance = shifted(paid, events(world).filter(view="adverts"), 1)
    assert near == 1
    assert by_chance < 0.5


def test_those_that_tour_take_rooms_in_the_town_of_a_stop(world: Tables, owned: pl.DataFrame) -> None:
    circuits = world["circuits"].select("circuit", "operation").drop_nulls()
    stops = world["stops"].join(circuits, on="circuit").select("operation", "town", stop="day")
    towns = world["wallets"].select(payee="wallet", there="town")
    rooms = owned.filter(
        (pl.col("purpose") == "room") & pl.col("operation").is_in(stops["operation"].implode())
    )
    rooms = rooms.join(towns, on="payee").join(
        stops, left_on=["operation", "there"], right_on=["operation", "town"], how="left"
    )
    during = pl.col("day").is_between("stop", pl.col("stop") + 14).fill_null(False)
    found = rooms.group_by("payment").agg(during.any().alias("during"))
    assert found.height > 30
    assert found["during"].all()


def test_travel_is_paid_by_the_wallet_that_books_and_near_the_booking(world: Tables) -> None:
    booked = world["trips"].drop_nulls(["wallet", "operation"]).select(payer="wallet", leg="day")
    travel = world["payments"].filter(purpose="travel").with_columns(DAY)
    travel = (
        travel.join(booked, on="payer")
        .group_by("payment")
        .agg((pl.col("leg") - pl.col("day")).is_between(0, 3).any())
    )
    assert travel.height > 100
    assert travel["leg"].to_numpy().mean() > 0.5


def test_wallets_receive_what_their_holder_would(world: Tables) -> None:
    found = receipts(world)
    assert found["firm-held wallets outside services that receive wages or benefits"] == 0
    assert 0.4 < found["person-held wallets that do"] < 0.8
    assert found["sales paid by firms that persons receive"] < 0.05
    assert found["rank-size slope of receipts, first hundred payees"] < -0.5
    assert found["of the first ten payees, lawful"] == 1


def test_a_few_providers_serve_most() -> None:
    region, ids = WORLD.region(0), np.arange(20_000)
    for kind in ("housing", "supplier", "travel"):
        served = np.bincount(draw_provider(region, "test", ids, kind))
        assert served[0] > 5 * served[-1]


def test_the_reference_is_calibrated(world: Tables) -> None:
    frame = world["payments"].filter(OURS)
    illicit = frame["typology"].is_not_null().to_numpy()
    posterior = 1 / (1 + np.exp(-frame["log_odds"].to_numpy() / 1000))
    assert posterior.sum() == pytest.approx(illicit.sum(), rel=0.15)
    likely = posterior > 0.5
    assert abs(posterior[likely].mean() - illicit[likely].mean()) < 0.12
    ours = world["payments"].filter(pl.col("typology").is_not_null())
    assert ours["log_odds"].min() > -25_000  # type: ignore[operator]


def test_every_level_of_every_habit_is_shared_by_a_lawful_group_and_leant_by_lines() -> None:
    for mechanism, illicit in MECHANISMS.items():
        start = f"payments.{mechanism}.habits."
        for path, entry in PARAMETERS.items():
            if path.startswith(start):
                groups = {name: w for name, w in entry["value"].items() if name != "levels"}
                lawful = [w for name, w in groups.items() if name not in illicit]
                assert set(illicit) < set(groups), path
                assert all(len(w) == len(entry["value"]["levels"]) for w in groups.values()), path
                assert all(max(w[level] for w in lawful) >= 2 for level in range(len(lawful[0]))), path
                assert all(min(w) >= 1 for w in groups.values()), path
    for path, entry in PARAMETERS.items():
        if path.startswith("payments.lines."):
            for mechanism, habits in entry["value"].items():
                for habit, lean in habits.items():
                    levels = PARAMETERS[f"payments.{mechanism}.habits.{habit}"]["value"]["levels"]
                    assert len(lean) == len(levels), (path, mechanism, habit)
                    assert min(lean) > 0, (path, mechanism, habit)


def test_every_form_and_the_lawful_of_its_line_deal_with_money_in_part_alike() -> None:
    """A form shares its main mechanism with both kinds of lawful operations of its line."""
    for form, weights in PARAMETERS["payments.typologies"]["value"].items():
        main = max(weights, key=weights.get)  # type: ignore[arg-type]
        mechanism = next(name for name, typologies in MECHANISMS.items() if main in typologies)
        for who, lawful in PARAMETERS[f"payments.arrangements.{form}"]["value"].items():
            share = sum(lawful.get(mechanism, {}).values()) / sum(sum(g.values()) for g in lawful.values())
            assert share > 0.3, (form, who)


def test_households_take_wages_of_one(world: Tables, owned: pl.DataFrame) -> None:
    passed = (
        owned.filter(pl.col("typology") == "wages_out")
        .group_by("operation", "form")
        .agg(pl.col("payer").n_unique())
    )
    workers = {
        form: mean(passed.filter(form=form), pl.col("payer")) for form in ("domestic_servitude", "labour")
    }
    assert workers["domestic_servitude"] < 2 < workers["labour"]


def test_an_agent_pays_out_no_more_than_clients_paid(owned: pl.DataFrame, world: Tables) -> None:
    deals = owned.filter(pl.col("typology").eq_missing("brokered") | pl.col("group").eq_missing("broker"))
    paid = deals.group_by(wallet="payee").agg(received=pl.col("amount").sum())
    passed = deals.group_by(wallet="payer").agg(spent=pl.col("amount").sum())
    agents = world["wallets"].filter(role="head").select("wallet")
    both = passed.join(paid, on="wallet").join(agents, on="wallet")
    assert both.height > 20
    assert (both["spent"] <= both["received"] * 1.1).all()


def test_turns_are_put_off_to_days_of_work_and_none_falls_on_the_same() -> None:
    days = np.array([10, 12, 40]) + 3 * SPAN
    none = np.zeros(0, dtype=np.int64)
    made = Work(days, days, days[:2], np.array([7, 8]), none, none)
    operation = np.full(4, 3)
    asked = np.array([0, 11, 12, 41])
    assert made.next(days, operation, asked).tolist() == [10, 12, 12, 730]
    assert made.next(days, operation, asked, 1).tolist() == [12, 40, 40, 730]
    assert made.next(days, np.array([2]), np.array([0])).tolist() == [730]
    town, left = made.stay(operation, np.array([9, 10, 11, 27]))
    assert town.tolist() == [-1, 7, 7, -1]
    assert left.tolist() == [0, 2, 1, 0]
    assert made.tours(np.array([2, 3])).tolist() == [False, True]


def test_only_operations_with_payments_have_wallets(world: Tables) -> None:
    paying = world["payments"]["operation"].drop_nulls().unique()
    held = in_sample(world).filter("inside")["operation"]
    assert held.is_in(paying.implode()).to_numpy().mean() > 0.97


def test_payments_have_numbers_of_their_own_where_assumptions_make_schemes_long() -> None:
    region = World.of("0.5.0", 1, 2, size="small").region(0)
    payments = draw_tables(region, tuple(stage.name for stage in stages()))[1]["payments"]
    assert payments["payment"].is_unique().all()
