"""Claims about lines of work of data 0.4.0 that make journeys and no tours."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score
from tipdata.core.kinds import CATEGORIES, SPAM, TRAFFICKING
from tipdata.core.world import DAYS, MINUTES_A_DAY, World
from tipdata.stages import Past, draw_tables
from tipdata.stages.trips.circuits import gravity
from tipdata.stages.trips.journeys import UNKNOWN, WALLETS, Bookings
from tipdata.stages.trips.own_way import of_own_way, own_bookings

WORLD = World.of("0.4.0", 2, size="forms")
REGIONS = 12
CLINIC = list(CATEGORIES).index("medical broker")


@pytest.fixture(scope="module")
def drawn() -> list[tuple[Past, Bookings]]:
    found = []
    for index in range(REGIONS):
        region = WORLD.region(index)
        past, _ = draw_tables(region, ("places", "operations"))
        flow = gravity(region, past["places"])
        found.append((past, own_bookings(region, past["places"], past["operations"], flow)))
    return found


def test_those_lines_have_no_circuit_and_their_adverts_do_not_tour() -> None:
    past, tables = draw_tables(WORLD.region(0), ("places", "operations", "accounts", "adverts", "trips"))
    o = past["operations"]
    own = pl.DataFrame({"operation": o.id[of_own_way(WORLD.region(0), o)]})
    assert tables["circuits"].join(own, on="operation", how="semi").is_empty()
    assert (past["adverts"].tours.at[of_own_way(WORLD.region(0), o)] == -1).all()
    posted = tables["adverts"].join(own, on="operation", how="semi")
    home = pl.DataFrame({"operation": o.id, "home": past["places"].town[o.town]})
    at_home = posted.join(home, on="operation").select((pl.col("town") == pl.col("home")).mean()).item()
    assert at_home > 0.8
    journeys = tables["trips"].filter(pl.col("circuit").is_null()).drop_nulls("operation")
    assert journeys.join(own, on="operation", how="anti").is_empty()
    assert journeys.height > 30


def test_one_goes_one_way_to_a_household_or_a_marriage_and_to_a_clinic_and_back(
    drawn: list[tuple[Past, Bookings]],
) -> None:
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


def test_journeys_lie_in_the_life_of_whom_they_are_of_and_their_controller_books(
    drawn: list[tuple[Past, Bookings]],
) -> None:
    for past, b in drawn:
        o = past["operations"]
        assert (b.day >= np.maximum(np.where(o.posts, o.first_day, o.begins)[b.operation], 0)).all()
        late = b.day > np.minimum(o.ends[b.operation], DAYS - 1)
        assert late.mean() < 0.02  # a clinic's stay may be longer than what is left of a life
        assert np.isin(b.wallet, [UNKNOWN, *(b.operation * WALLETS)]).all()
        assert (o.kind[b.operation] != SPAM).all()
        assert len(np.unique(b.number)) == len(b.number)


@pytest.mark.parametrize("posts", [True, False])
def test_how_often_one_travels_does_not_tell_trafficking(
    drawn: list[tuple[Past, Bookings]], posts: bool
) -> None:
    """Within a category and by the habit of moving about, on which alone the law depends."""
    counts, kinds, groups = [], [], []
    for index, (past, b) in enumerate(drawn):
        o = past["operations"]
        rows = np.flatnonzero(of_own_way(WORLD.region(index), o) & (o.posts == posts) & (o.kind != SPAM))
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


def test_days_lie_within_the_window(drawn: list[tuple[Past, Bookings]]) -> None:
    for _, b in drawn:
        assert ((b.day >= 0) & (b.day * MINUTES_A_DAY < DAYS * MINUTES_A_DAY)).all()
