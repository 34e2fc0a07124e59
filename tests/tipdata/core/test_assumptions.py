"""Worlds that assume otherwise: all that is assumed is drawn anew within its width, nothing else moves."""

from typing import Any

import numpy as np
import pytest
from tipdata.core.assumptions import drawn
from tipdata.core.constants import GAMMA_SHAPES
from tipdata.core.grounds import ASSUMED, numbers
from tipdata.core.world import World, parameters
from tipdata.release import generate_region
from tipdata.stages.operations.facts import law

VERSION = "0.4.0"
SEED = World.of(VERSION, 1).seed
DRAWS = [drawn(parameters(VERSION), SEED, number) for number in range(1, 6)]


def of(entry: dict[str, Any], draws: int = 200) -> list[Any]:
    """Return values that a parameter gets."""
    return [drawn({"one": {"unit": "days", **entry}}, SEED, n)["one"]["value"] for n in range(1, draws + 1)]


ASSUME = {"sign": ASSUMED, "magnitude": ASSUMED}


def test_only_what_is_assumed_moves_and_all_of_it_does() -> None:
    before = parameters(VERSION)
    moved = {path for draw in DRAWS for path in draw if draw[path].get("value") != before[path].get("value")}
    assumed = {path for path, entry in before.items() if entry["magnitude"] == ASSUMED}
    assert moved <= assumed
    # Small whole numbers and shapes have few places to go to, and five draws may leave one where it is.
    left = assumed - moved
    assert len(left) < 0.03 * len(assumed), sorted(left)
    assert all(any(draw[p] is not before[p] for draw in DRAWS) for p in assumed)
    assert [list(draw) for draw in DRAWS] == [list(before)] * len(DRAWS)


def test_what_defines_a_task_is_never_drawn() -> None:
    before = parameters(VERSION)
    defining = {
        "platforms": ("closing_day",),
        "market": ("windows", "campaign_day", "peak_day", "fewest_days"),
        "helpline": ("weeks", "spacing", "phase_days"),
        "suppliers": ("small_bands", "supplies.latest_day"),
        "trips": ("fewest_stops",),
    }
    for path in (f"{group}.{name}" for group, names in defining.items() for name in names):
        assert all(draw[path] == before[path] for draw in DRAWS), path


def test_fact_centres_are_drawn_within_their_times() -> None:
    before = parameters(VERSION)
    laws = [path for path in before if path.startswith("facts.law.")]
    assert len(laws) > 40
    for draw in DRAWS:
        for path in laws:
            times = before[path]["times"]
            pairs = zip(numbers(draw[path]["value"]), numbers(before[path]["value"]), strict=True)
            for new, old in pairs:
                near = 1 / times - 1e-3 <= new / old <= times + 1e-3
                assert near or (isinstance(old, int) and abs(new - old) <= old * (times - 1) + 0.5), path
    made = [law(World.of(VERSION, 1, number).region(0)).weights for number in (0, 1, 2)]
    assert not np.array_equal(made[0], made[1])
    assert not np.array_equal(made[1], made[2])


def test_a_world_that_assumes_otherwise_has_other_centres() -> None:
    """Without the deviations of a region, which are drawn anew as well."""
    made = []
    for number in (0, 1, 2):
        region = World.of(VERSION, 1, number).region(0)
        region._drawn["facts.jitter"] = 0.0
        made.append(law(region).weights)
    assert not np.array_equal(made[0], made[1])
    assert not np.array_equal(made[1], made[2])


def test_a_value_moves_log_uniformly_and_a_range_uniformly() -> None:
    logs = np.log(of({"value": 10.0, "times": 2.0, **ASSUME}, 2000)) - np.log(10)
    assert np.abs(logs).max() <= np.log(2) + 1e-3
    assert abs(logs.mean()) < 0.04
    assert abs(logs.std() - 2 * np.log(2) / np.sqrt(12)) < 0.02
    flat = np.array(of({"range": [2.0, 6.0], **ASSUME}, 2000))
    assert 2 <= flat.min() < 2.1
    assert 5.9 < flat.max() <= 6
    assert abs(flat.mean() - 4) < 0.1
    assert set(of({"range": [1, 3], **ASSUME})) == {1, 2, 3}


def test_a_draw_stays_a_parameter_of_its_kind() -> None:
    odds = np.array(of({"value": 0.9, "unit": "probability", "times": 3, **ASSUME}))
    assert 0.74 < odds.min() < odds.max() < 0.97
    permille = np.array(of({"value": [900, 0, 1000], "unit": "permille", "times": 3, **ASSUME}))
    assert 749 <= permille[:, 0].min() < permille[:, 0].max() <= 965
    assert (permille[:, 1:] == [0, 1000]).all()
    assert set(of({"value": 1, "times": 2, **ASSUME})) == {1, 2}
    mixed = of({"value": {"rate": 66, "told": 0.5}, "times": 2, **ASSUME})
    assert all(isinstance(one["rate"], int) and isinstance(one["told"], float) for one in mixed)
    assert set(of({"value": 5, "times": 2, "most": 6, **ASSUME})) == {3, 4, 5, 6}
    bounds = of({"value": [[2, 3], [3, 9]], "times": 3, **ASSUME})
    assert all(low <= high for value in bounds for low, high in value)
    shapes = set(of({"value": 0.5, "unit": "gamma shape", "times": 2, **ASSUME}))
    assert shapes == {0.3, 0.5, 1.0}
    assert shapes < set(GAMMA_SHAPES)


def test_a_sign_with_a_source_is_kept_and_an_assumed_one_may_turn() -> None:
    value = {"more": {"ratio": [1.1, 1, 0.9]}, "null": {"ratio": [1, 1, 1]}}
    known = of({"value": value, "times": 1.5, "sign": "nij2024", "magnitude": ASSUMED})
    assert min(one["more"]["ratio"][0] for one in known) == 1.0
    assert max(one["more"]["ratio"][2] for one in known) == 1.0
    assert all(one["null"]["ratio"] == [1, 1, 1] for one in known)
    guessed = of({"value": value, "times": 1.5, **ASSUME})
    assert (
        min(one["more"]["ratio"][0] for one in guessed) < 1 < max(one["more"]["ratio"][2] for one in guessed)
    )


def test_the_same_number_is_the_same_draw_in_one_world_and_another_elsewhere() -> None:
    again = drawn(parameters(VERSION), SEED, 1)
    assert again == DRAWS[0]
    assert again != DRAWS[1]
    assert again != drawn(parameters(VERSION), SEED + 1, 1)
    assert World.of(VERSION, 1).parameters is parameters(VERSION)


@pytest.mark.parametrize("number", [1, 2])
def test_a_world_that_assumes_otherwise_is_made_and_differs(number: int) -> None:
    """Every stage takes every draw: tables keep their columns and keys."""
    usual = generate_region(World.of(VERSION, 1), 0)
    other = generate_region(World.of(VERSION, 1, number), 0)
    assert {n: f.schema for n, f in usual.items()} == {n: f.schema for n, f in other.items()}
    assert not usual["adverts"].equals(other["adverts"])
