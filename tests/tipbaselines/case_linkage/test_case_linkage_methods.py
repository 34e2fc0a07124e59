"""Methods of case_linkage find what is planted for them, and rank in the order that what they know suggests."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from tipbaselines.case_linkage.cases import evidence, read_regions
from tipbaselines.case_linkage.contact_joins import ContactJoins
from tipbaselines.case_linkage.linked_reference import LinkedReference
from tipbaselines.case_linkage.pair_scores import PairScores
from tipbaselines.case_linkage.random import Random
from tipbaselines.case_linkage.random_walk import RandomWalk
from tipbaselines.case_linkage.time_place import TimePlace
from tipbench.data.fold import Fold
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.tasks import task_of
from tipdata.release import Release

TASK = task_of("case_linkage")
DAY = 1440


def planted(**more: pl.DataFrame) -> Fold:
    """A region in which advert 1 and 2 share a contact; 2 is of account 20, whose device account 30 has; circuit 70 is
    where and when they are posted, and books with wallet 50."""
    days = [100, 130, 100, 100]
    tables = {
        "adverts": {
            "region": 0, "advert": [1, 2, 3, 4], "town": [5, 6, 7, 8], "minute": [day * DAY for day in days],
            "platform": ["p1", "p1", "p2", "p2"], "language": "en", "category": "massage",
            "contacts": [[11, 12], [12], [13], [14]], "account": [10, 20, 40, 41],
        },
        "accounts": {
            "region": 0, "account": [10, 20, 30, 40, 41], "platform": ["p1", "p1", "p1", "p2", "p2"], "language": "en",
            "created_day": [90, 95, 96, 10, 10], "device_cluster": [1, 2, 2, 3, 4],
        },
        "circuits": {"region": 0, "circuit": [70, 71]},
        "stops": {
            "region": 0, "circuit": [70, 70, 71], "sequence": [1, 2, 1], "day": [99, 129, 300], "town": [5, 6, 5],
            "wallet": [50, 50, 51],
        },
        "wallets": {"region": 0, "wallet": [50, 51, 52], "town": [5, 9, 9], "opened_day": [80, 1, 1]},
        "payments": {
            "region": 0, "payer": [52, 50], "payee": [51, 52], "minute": [300 * DAY, 100 * DAY], "town": [9, 5],
            "purpose": ["shop", "advert"],
        },
        "firms": {
            "region": 0, "firm": [80, 81], "town": [5, 9], "language": ["en", "fr"], "workers_language": ["en", "fr"],
            "sector": "food", "agency": [None, None],
        },
    }  # fmt: skip
    made = {name: pl.DataFrame(columns) for name, columns in tables.items()} | more
    parts = pl.DataFrame({"advert": [1], "part": ["test"]})
    nothing = parts.with_columns(view=pl.lit("accounts"), candidate=1, label=0).clear()
    return Fold(TASK.problem, {name: frame.lazy() for name, frame in made.items()}, parts, nothing)


def best(method: Any, fold: Fold, view: str) -> list[int]:
    method.fit(fold, 0)
    lists = method.predict(fold).filter(view=view)
    return lists.sort("score", descending=True)["candidate"].to_list()


def test_contacts_and_devices_join_accounts() -> None:
    found = best(ContactJoins(), planted(), "accounts")
    assert set(found) == {10, 20, 30}
    assert found[-1] == 30


def test_where_and_when_finds_the_circuit_its_wallet_and_the_firm() -> None:
    for view, right in (("circuits", 70), ("wallets", 50), ("firms", 80)):
        assert best(TimePlace(), planted(), view)[0] == right
    moved = planted(stops=planted().tables["stops"].collect().with_columns(day=pl.lit(500)))
    assert best(TimePlace(), moved, "circuits") == []


def test_a_walk_reaches_what_is_joined_by_several_steps() -> None:
    assert 50 in best(RandomWalk(), planted(), "wallets")[:2]
    assert best(RandomWalk(), planted(), "circuits")[0] == 70
    assert best(RandomWalk(), planted(), "accounts")[:2] in ([10, 20], [20, 10])
    assert 30 in best(RandomWalk(), planted(), "accounts")


def test_the_case_of_a_reference_is_what_the_truth_says() -> None:
    adverts = planted().tables["adverts"].collect().with_columns(operation=pl.Series([1, 2, 1, 3]))
    fold = planted(adverts=adverts)
    (plain,), (known,) = (list(read_regions(fold, pl.Series([1]), true)) for true in (False, True))
    joined = [evidence(one)["accounts"].pieces["joined"][0] > 0 for one in (plain, known)]
    assert [mask.tolist() for mask in joined] == [
        [True, True, False, False, False],
        [True, False, False, True, False],
    ]


def test_a_view_by_itself_has_the_evidence_that_it_has_among_all() -> None:
    (region,) = read_regions(planted(), pl.Series([1]))
    every = evidence(region)
    for view, one in every.items():
        alone = evidence(region, view)
        assert list(alone) == [view]
        assert alone[view].keys.equals(one.keys)
        for name, piece in one.pieces.items():
            np.testing.assert_array_equal(alone[view].pieces[name], piece)


def test_nothing_but_contacts_is_needed() -> None:
    bare = planted()
    tables = {name: bare.tables[name] for name in ("accounts",)}
    tables["adverts"] = bare.tables["adverts"].select("advert", "contacts")
    fold = Fold(bare.task, tables, bare.parts, bare.supervision)
    for method in (Random(), ContactJoins(), TimePlace(), RandomWalk(), PairScores()):
        method.fit(fold, 0)
        assert method.predict(fold)["query"].unique().to_list() == [1]


@pytest.fixture(scope="module")
def scores(tiny: Release) -> dict[str, Any]:
    """Scores of every method on ``tiny``."""
    found = {}
    methods = (
        Random(),
        ContactJoins(),
        TimePlace(),
        RandomWalk(),
        PairScores(rounds=20),
        LinkedReference(rounds=20),
    )
    for method in methods:
        prepared = prepare("case_linkage", release=tiny, oracle=getattr(method, "oracle", False))
        method.fit(prepared.folds[0], 0)
        lists = method.predict(prepared.folds[0])
        found[type(method).__name__] = evaluate(TASK, prepared.answers, lists, replicates=0).scores
    return found


def test_methods_are_above_chance_and_below_the_reference(scores: dict[str, Any]) -> None:
    value = {name: made["r_precision"].value for name, made in scores.items()}
    assert value["Random"] < 0.02
    assert max(value.values()) == value["LinkedReference"] < 1
    for name in ("ContactJoins", "TimePlace", "RandomWalk"):
        assert 3 * value["Random"] < value[name] < value["PairScores"]


def test_joins_are_best_on_accounts_and_time_and_place_on_circuits(scores: dict[str, Any]) -> None:
    joins, place = scores["ContactJoins"], scores["TimePlace"]
    assert joins["r_precision_accounts"].value > place["r_precision_accounts"].value
    assert place["r_precision_circuits"].value > joins["r_precision_circuits"].value == 0
    assert joins["wrongful_links"].value < place["wrongful_links"].value
