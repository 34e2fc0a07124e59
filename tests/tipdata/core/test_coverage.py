from __future__ import annotations

import copy
from itertools import product
from typing import Any

import numpy as np
import pytest
from tipdata.core import coverage
from tipdata.core import world as world_module
from tipdata.core.coverage import at_most, check
from tipdata.core.world import World, parameters

VERSION = "0.5.0"
STILL = {
    "operations.traits.circuit": {"levels": ["stays", "tours"], "trafficking": [99, 1]},
    "operations.form": {"sexual": 98, "labour": 2},
}


def posting(rarely: int) -> dict[str, Any]:
    """Return how often operations post, so many in a hundred of them twice at most."""
    return {"levels": ["1-2", "3-5"], "trafficking": [rarely, 100 - rarely]}


PLANTED: dict[str, tuple[dict[str, Any], str, str]] = {
    "few of those who post": (
        {"payments.sampled": {"posts": 0.3, "seen": 0.1, "silent": 0.065}},
        "payments.sampled (posts) 30% of posting trafficking operations are in the sample of payments",
        "at least 45%",
    ),
    "hardly any who never posts": (
        {"payments.sampled": {"posts": 0.53, "seen": 0.01, "silent": 0.005}},
        "payments.sampled and operations.hidden_kind ",
        "40% to 60%",
    ),
    "most who never post": (
        {"payments.sampled": {"posts": 0.5, "seen": 1.0, "silent": 1.0}},
        "payments.sampled and operations.hidden_kind ",
        "40% to 60%",
    ),
    "most who never post and are seen nowhere else": (
        {"payments.sampled": {"posts": 0.53, "seen": 0.1, "silent": 0.9}},
        "payments.sampled and operations.hidden_kind ",
        "40% to 60%",
    ),
    "hardly anybody posts three times, or moves, or places people": (
        {**STILL, "operations.traits.volume": posting(95)},
        "payments.sampled, operations.traits and operations.form at most 9% of posting trafficking operations are seen",
        "at least 35%",
    ),
    "few of those in the sample do": (
        {**STILL, "operations.traits.volume": posting(60)},
        "operations.traits and operations.form at most 44% of those in the sample of payments are seen",
        "at least 50%",
    ),
    "half of all commitments come to nothing": (
        {"messages.lost": 0.5},
        "messages.lost at most 50%",
        "at least 85%",
    ),
}


def planted(values: dict[str, Any]) -> dict[str, Any]:
    document = copy.deepcopy(world_module._document("world-0.5.0.yaml"))
    for path, value in values.items():
        here = document
        *above, name = path.split(".")
        for part in above:
            here = here[part]
        here[name] = {**copy.deepcopy(here[name]), "value": value}
    return document


@pytest.mark.parametrize("name", PLANTED)
def test_unreachable_targets_are_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values, found, target = PLANTED[name]
    document = planted(values)
    monkeypatch.setattr(world_module, "_document", lambda file: document)
    with pytest.raises(ValueError, match=r"^world-planted\.yaml: with [^\n]*\.$") as refused:
        world_module._parameters.__wrapped__("world-planted.yaml")
    assert found in str(refused.value)
    assert str(refused.value).endswith(f"the target is {target}.")


@pytest.mark.parametrize("path", coverage.NEEDED)
def test_a_range_for_a_value_is_refused(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    document = planted({})
    *above, name = path.split(".")
    here = document
    for part in above:
        here = here[part]
    rest = {key: said for key, said in here[name].items() if key not in ("value", "times", "most")}
    here[name] = {**rest, "unit": "count", "range": [0.1, 0.2]}
    monkeypatch.setattr(world_module, "_document", lambda file: document)
    with pytest.raises(ValueError, match=rf"^world-planted\.yaml: {path} has no value[^\n]*\.$"):
        world_module._parameters.__wrapped__("world-planted.yaml")


def test_a_range_that_may_meet_its_target_passes_and_one_that_may_not_is_refused() -> None:
    """Of kinds, which have ranges: the more often those who post traffic, the less is left to those who never post."""
    listed = dict(parameters(VERSION))
    ours = listed["operations.kind.trafficking"]
    check("some.yaml", {**listed, "operations.kind.trafficking": {**ours, "range": [0.05, 0.9]}})
    with pytest.raises(ValueError, match="of operations that never post"):
        check("some.yaml", {**listed, "operations.kind.trafficking": {**ours, "range": [0.5, 0.9]}})


def test_the_profile_of_a_size_is_held_to_the_targets_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"payments.sampled": {"posts": 0.4, "seen": 0.1, "silent": 0.065}}
    monkeypatch.setattr(world_module, "profile", lambda _, size: own if size == "planted" else {})
    with pytest.raises(ValueError, match=r"^versions\.yaml: size planted: .*at least 45%\.$"):
        _ = World(VERSION, 1, size="planted").parameters
    assert World(VERSION, 1, 3, "planted").parameters["payments.sampled"]["value"] == own["payments.sampled"]
    kinds = {"operations.kind.trafficking": 0.9}  # weights undo it
    monkeypatch.setattr(world_module, "profile", lambda *_: kinds)
    assert World(VERSION, 1, size="kinds").region(0)["operations.kind.trafficking"] == 0.9


@pytest.mark.parametrize("views", [1, 2, 3, 4])
def test_no_way_in_which_views_go_together_shows_more_than_the_bound(views: int) -> None:
    rng = np.random.default_rng(5)
    patterns = np.array(list(product([0, 1], repeat=5)))
    for _ in range(200):
        chance = rng.dirichlet(np.full(len(patterns), 0.3))
        shares = (chance @ patterns).tolist()
        assert chance[patterns.sum(axis=1) >= views].sum() <= at_most(shares, views) + 1e-12
    assert at_most([0.1, 0.1, 0.1, 1, 1, 1], 4) == pytest.approx(0.3)


def test_what_a_draw_of_the_world_shows_lies_within_its_bounds() -> None:
    """As measured on world 1, eight regions, by research/world/coverage.py."""
    views = coverage._view_spans(parameters(VERSION))
    measured = {"adverts": 0.84, "payments": 0.52, "movement": 0.28, "firms": 0.11}
    assert set(views) == set(measured)
    assert all(views[name].low <= share <= views[name].high < 1 for name, share in measured.items())
    assert coverage._silent_share(parameters(VERSION)).meets(0.567, 0.567)
