"""Circuits, stops and bookings: consistent with each other and with adverts, and predictable to a degree."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from shared_regions import WORLD, Tables  # pyright: ignore[reportMissingImports]
from sklearn.metrics import roc_auc_score
from tipdata.core.kinds import CATEGORIES, SPAM, TRAFFICKING
from tipdata.core.world import DAYS, World, parameters
from tipdata.stages import Past, draw_tables
from tipdata.stages.trips.circuits import AHEAD, GROUPS, ORDERS, STEADINESS, gravity, has_own_way
from tipdata.stages.trips.stage import UNKNOWN, WALLETS, Bookings, own_bookings


@pytest.fixture(scope="module")
def circuits(world: Tables) -> pl.DataFrame:
    return world["circuits"]


@pytest.fixture(scope="module")
def trips(world: Tables) -> pl.DataFrame:
    return world["trips"]


def test_rows_of_trips_per_region(circuits: pl.DataFrame, stops: pl.DataFrame, trips: pl.DataFrame) -> None:
    for frame, low, high in ((circuits, 80, 170), (stops, 1300, 3300), (trips, 5500, 10_000)):
        assert frame.group_by("region").len()["len"].is_between(low, high).all()


def test_stops_are_numbered_by_day(stops: pl.DataFrame) -> None:
    numbered = stops.select(pl.int_range(1, pl.len() + 1).over("circuit")).to_series()
    assert (stops["sequence"] == numbered).all()
    assert (stops["until"] - stops["day"]).drop_nulls().min() >= 1  # type: ignore[operator]
    assert (stops["next"] != stops["town"]).drop_nulls().all()
    assert stops["day"].is_between(0, DAYS - 1).all()


def test_circuits_span_their_stops(circuits: pl.DataFrame, stops: pl.DataFrame) -> None:
    known = stops.group_by("circuit").agg(first=pl.col("day").min(), last=pl.col("day").max(), n=pl.len())
    joined = circuits.join(known, on="circuit")
    assert joined.height == circuits.height == known.height
    assert (joined["first"] == joined["first_day"]).all()
    assert (joined["last"] == joined["last_day"]).all()
    assert joined["n"].min() >= parameters("0.5.0")["trips.fewest_stops"]["value"]


def test_towns_are_those_of_the_region(world: Tables, stops: pl.DataFrame, trips: pl.DataFrame) -> None:
    places = world["places"].select("region", "town")
    for frame, column in ((stops, "town"), (trips, "town"), (trips, "origin")):
        named = frame.select("region", town=column)
        assert named.join(places, on=["region", "town"], how="anti").is_empty()
    assert (trips["origin"] != trips["town"]).all()
    assert trips["day"].is_between(0, DAYS - 1).all()


def test_only_those_who_tour_have_circuits(world: Tables, circuits: pl.DataFrame) -> None:
    operations = world["operations"].select("operation", "kind", tours="circuit")
    owned = circuits.drop_nulls("operation").join(operations, on="operation", suffix="_true")
    assert (owned["kind"] == owned["kind_true"]).all()
    assert owned["tours"].all()
    assert set(circuits["kind"]) == set(GROUPS)
    assert owned.group_by("operation").len()["len"].max() == 2
    assert (circuits["operation"].is_null() == (circuits["kind"] == "resident")).all()


def test_one_person_travels_alone(world: Tables, circuits: pl.DataFrame) -> None:
    operations = world["operations"].select("operation", "organisation")
    alone = circuits.drop_nulls("operation").join(operations, on="operation")
    alone = alone.filter(pl.col("organisation") == "individual")
    assert alone.height > 100
    assert alone["operation"].is_unique().all()
    assert (alone["party"] == 1).all()


def test_linked_adverts_end_at_arrival(world: Tables, circuits: pl.DataFrame, stops: pl.DataFrame) -> None:
    posted = world["adverts"].select("operation", posted=pl.col("minute") // 1440)
    owned = stops.join(circuits.select("circuit", "operation"), on="circuit")
    before = owned.with_columns(since=pl.col("day").shift(1).over("circuit")).drop_nulls(
        ["since", "operation"]
    )
    counted = (
        before.join(posted, on="operation")
        .filter((pl.col("posted") >= pl.col("since")) & (pl.col("posted") < pl.col("day")))
        .group_by("stop")
        .len("counted")
    )
    joined = before.join(counted, on="stop", how="left").with_columns(pl.col("counted").fill_null(0))
    assert (joined["adverts"] == joined["counted"]).all()
    assert owned.filter(pl.col("operation").is_null())["adverts"].sum() == 0


def test_lawful_circuits_have_every_order_and_steadiness(circuits: pl.DataFrame) -> None:
    for lawful in (False, True):
        some = circuits.filter((pl.col("kind") != "trafficking") == lawful)
        assert set(some["order"]) == set(ORDERS)
        assert set(some["steadiness"]) == set(STEADINESS)
    shares = circuits.group_by("kind").agg((pl.col("party") > 1).mean())
    assert shares["party"].is_between(0.2, 0.8).all()


def test_steady_circuits_depart_less(circuits: pl.DataFrame, stops: pl.DataFrame) -> None:
    kept = stops.join(circuits.select("circuit", "steadiness"), on="circuit")
    share = dict(kept.group_by("steadiness").agg(pl.col("departs").mean()).rows())
    assert 0.04 < share["steady"] < share["loose"] < share["restless"] < 0.45


def test_the_next_town_is_predictable_to_a_degree(stops: pl.DataFrame) -> None:
    """What one town back says, two towns back say better; and neither says all."""
    moved = stops.with_columns(before=pl.col("town").shift(1).over("circuit")).drop_nulls(["before", "next"])

    def most_frequent(*context: str) -> pl.DataFrame:
        """Whether it is that which the circuit went to most after this context at its other times, where it did."""
        counted = moved.group_by("circuit", *context, "next").len("n")
        joined = moved.join(counted, on=["circuit", *context])
        own = joined.with_columns(n=pl.col("n") - (pl.col("next") == pl.col("next_right")).cast(pl.Int32))
        best = own.filter(pl.col("n") > 0).sort("n", "next_right", descending=[True, False])
        found = best.group_by("stop", maintain_order=True).first()
        return found.select("stop", right=(pl.col("next") == pl.col("next_right")).cast(pl.Float64))

    both = most_frequent("town").join(most_frequent("before", "town"), on="stop", suffix="_second")
    assert both.height > moved.height / 2
    first, second = both.select(pl.mean("right", "right_second")).row(0)
    assert 0.35 < first < second - 0.05 < 0.7


def test_a_leg_is_booked_for_all_or_by_each(circuits: pl.DataFrame, trips: pl.DataFrame) -> None:
    booked = (
        trips.drop_nulls(["circuit", "wallet"])
        .group_by("circuit", "day")
        .agg(n=pl.len(), wallets=pl.col("wallet").n_unique(), people=pl.col("traveller").n_unique())
    )
    party = booked.join(circuits.select("circuit", "party", "kind"), on="circuit")
    assert (party["n"] == party["party"]).all()
    assert (party["people"] == party["party"]).all()
    several = party.filter(pl.col("party") > 1)
    assert ((several["wallets"] == 1) | (several["wallets"] == several["party"])).all()
    together = several.group_by("kind").agg((pl.col("wallets") == 1).mean())["wallets"]
    assert together.is_between(0.25, 0.9).all()


def test_the_controller_books_for_a_group(circuits: pl.DataFrame, trips: pl.DataFrame) -> None:
    """Wallets are numbered as payments number them: sixteen an operation, the first its controller's."""
    region = WORLD.region(0)
    controllers = set(region.ids("wallets", np.arange(300) * WALLETS).tolist())
    own = trips.filter((pl.col("region") == 0) & pl.col("operation").is_not_null()).drop_nulls("wallet")
    shared = own.group_by("circuit", "day").agg(
        n=pl.len(), wallets=pl.col("wallet").n_unique(), w=pl.col("wallet").first()
    )
    groups = shared.filter((pl.col("n") > 1) & (pl.col("wallets") == 1))
    assert groups.height > 50
    assert set(groups["w"]) <= controllers
    lawful = set(trips.filter(pl.col("operation").is_null())["wallet"].drop_nulls())
    assert not lawful & controllers


def test_everyday_travellers_come_back_and_are_in_one_place_at_a_time(trips: pl.DataFrame) -> None:
    everyday = trips.filter(pl.col("circuit").is_null()).sort("traveller", "day")
    left = everyday.with_columns(
        came=pl.col("town").shift(1).over("traveller"), since=pl.col("day").shift(1).over("traveller")
    ).drop_nulls("came")
    assert (left["came"] == left["origin"]).all()
    assert (left["day"] > left["since"]).all()


def test_travel_has_a_week_and_a_season_and_borders_cost(world: Tables, trips: pl.DataFrame) -> None:
    everyday = trips.filter(pl.col("circuit").is_null())
    weekday = everyday.group_by(pl.col("day") % 7).len()["len"]
    assert weekday.max() > 1.2 * weekday.min()  # type: ignore[operator]
    month = everyday.group_by(pl.col("day") % 365 // 30).len().filter(pl.col("day") < 12)["len"]
    assert month.max() > 1.2 * month.min()  # type: ignore[operator]
    places = world["places"].select("town", "jurisdiction")
    crossed = everyday.join(places, on="town").join(
        places.rename({"town": "origin", "jurisdiction": "from"}), on="origin"
    )
    share = (crossed["jurisdiction"] != crossed["from"]).mean()
    assert 0.02 < share < 0.35  # type: ignore[operator]


def test_harvest_circuits_of_a_region_go_through_the_same_towns_in_season(circuits: pl.DataFrame) -> None:
    harvest = circuits.filter(pl.col("order") == "harvest")
    """But for those who cross no border: in the place of a town beyond one they are at home."""
    free = harvest.filter(pl.col("operation").is_null())
    routes = {region: set(plan) for region, plan in free.select("region", "plan").iter_rows()}
    assert free.group_by("region").agg(pl.col("plan").n_unique())["plan"].unique().to_list() == [1]
    for region, plan in harvest.select("region", "plan").iter_rows():
        assert region not in routes or len(set(plan) - routes[region]) <= 1
    assert harvest["kind"].n_unique() >= 3
    begun = harvest.filter(pl.col("first_day").is_between(1, 700))["first_day"] % 365
    assert begun.is_between(95, 240).mean() > 0.9  # type: ignore[operator]


def test_bookings_go_missing(stops: pl.DataFrame) -> None:
    later = stops.filter(pl.col("sequence") > 1)
    assert 0.1 < later["mode"].null_count() / later.height < 0.18
    assert later["mode"].null_count() < later["wallet"].null_count() < later.height * 0.3
    assert stops.filter(pl.col("sequence") == 1)["mode"].null_count() == stops["circuit"].n_unique()


def test_the_plan_is_looked_at_far_enough_ahead() -> None:
    """A town that a plan repeats is left within the slots that decide where a circuit goes next."""
    assert parameters("0.5.0")["schedule.stops"]["value"][1] <= AHEAD


OF_FORMS = World.of("0.5.0", 2, size="forms")
CLINIC = list(CATEGORIES).index("medical broker")


@pytest.fixture(scope="module")
def drawn() -> list[tuple[Past, Bookings]]:
    found = []
    for index in range(12):
        region = OF_FORMS.region(index)
        past, _ = draw_tables(region, ("places", "operations"))
        flow = gravity(region, past["places"])
        found.append((past, own_bookings(region, past["places"], past["operations"], flow)))
    return found


def test_those_lines_have_no_circuit_and_their_adverts_do_not_tour() -> None:
    past, tables = draw_tables(OF_FORMS.region(0), ("places", "operations", "accounts", "adverts", "trips"))
    o = past["operations"]
    own = pl.DataFrame({"operation": o.id[has_own_way(OF_FORMS.region(0), o)]})
    assert tables["circuits"].join(own, on="operation", how="semi").is_empty()
    assert (past["adverts"].tours.at[has_own_way(OF_FORMS.region(0), o)] == -1).all()
    posted = tables["adverts"].join(own, on="operation", how="semi")
    home = pl.DataFrame({"operation": o.id, "home": past["places"].town[o.town]})
    at_home = posted.join(home, on="operation").select((pl.col("town") == pl.col("home")).mean()).item()
    assert at_home > 0.8
    journeys = tables["trips"].filter(pl.col("circuit").is_null()).drop_nulls("operation")
    assert journeys.join(own, on="operation", how="anti").is_empty()
    assert journeys.height > 30


def test_a_region_without_those_lines_has_none_of_their_journeys() -> None:
    region = OF_FORMS.region(0)
    past, _ = draw_tables(region, ("places", "operations"))
    o, theirs = past["operations"], has_own_way(region, past["operations"])
    other = replace(o, category=np.where(theirs, o.category[~theirs][0], o.category))
    assert own_bookings(region, past["places"], other, gravity(region, past["places"])).number.size == 0


def test_one_way_and_return_journeys(drawn: list[tuple[Past, Bookings]]) -> None:
    clinics = ways = 0
    for past, b in drawn:
        o = past["operations"]
        for traveller in np.unique(b.traveller):
            legs = np.flatnonzero(b.traveller == traveller)
            (operation,) = np.unique(b.operation[legs])
            home = o.town[operation]
            if o.category[operation] == CLINIC:
                there, back = legs[np.argsort(b.day[legs])]
                assert b.origin[there] == b.town[back] == home != b.town[there] == b.origin[back]
                assert b.day[back] > b.day[there]
                clinics += 1
            else:
                assert len(legs) == 1
                assert b.origin[legs[0]] == home != b.town[legs[0]]
                ways += 1
        for operation in np.unique(b.operation[o.category[b.operation] == CLINIC]):
            assert len(np.unique(b.town[b.operation == operation])) == 2
    assert clinics > 100
    assert ways > 300


def test_journeys_lie_in_the_life(drawn: list[tuple[Past, Bookings]]) -> None:
    for past, b in drawn:
        o = past["operations"]
        assert (b.day >= np.maximum(np.where(o.posts, o.first_day, o.begins)[b.operation], 0)).all()
        assert (b.day < DAYS).all()
        late = b.day > np.minimum(o.ends[b.operation], DAYS - 1)
        assert late.mean() < 0.02  # a clinic's stay may be longer than what is left of a life
        assert np.isin(b.wallet, [UNKNOWN, *(b.operation * WALLETS)]).all()
        assert (o.kind[b.operation] != SPAM).all()
        assert len(np.unique(b.number)) == len(b.number)


@pytest.mark.parametrize("posts", [True, False])
def test_travel_does_not_tell_trafficking(drawn: list[tuple[Past, Bookings]], posts: bool) -> None:
    """Within a category and by the habit of moving about, on which alone the law depends."""
    counts, kinds, groups = [], [], []
    for index, (past, b) in enumerate(drawn):
        o = past["operations"]
        rows = np.flatnonzero(has_own_way(OF_FORMS.region(index), o) & (o.posts == posts) & (o.kind != SPAM))
        counts.append(np.bincount(b.operation, minlength=len(o.id))[rows])
        kinds.append(o.kind[rows] == TRAFFICKING)
        groups.append(o.category[rows] * 2 + o.traits["circuit"][rows])
    count, kind, group = map(np.concatenate, (counts, kinds, groups))
    found, spread, sizes = [], [], []
    for one in np.unique(group):
        here = group == one
        ours, others = kind[here].sum(), (~kind[here]).sum()
        if min(ours, others) > 10:
            found.append(roc_auc_score(kind[here], count[here]))
            spread.append((ours + others + 1) / (12 * ours * others))
            sizes.append(here.sum())
    share = np.array(sizes) / np.sum(sizes)
    assert abs(share @ found - 0.5) < 3 * np.sqrt(share**2 @ spread)
