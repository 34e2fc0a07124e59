"""Every parameter says what its sign and its magnitude rest on, and what is assumed has a width."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tipdata.core import world as world_module
from tipdata.core.draw import GAMMA_SHAPES
from tipdata.core.parameters import (
    ASSUMED,
    DEFINITION,
    count_grounds,
    draw_assumptions,
    find_fault,
    find_unused,
    iterate_numbers,
)
from tipdata.core.world import Region, World, makeable_versions, newest_released, parameters, versions
from tipdata.documents.cards import cards
from tipdata.documents.fact_sheet import sheet
from tipdata.release import generate_region
from tipdata.stages import draw_tables, stages, stages_of
from tipdata.stages.operations.state import build_state_law, kinds_of_speakers

GOOD = {"value": 3, "unit": "days", "sign": ASSUMED, "magnitude": ASSUMED, "times": 1.5}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


PROPER = without("times")
PROPER.pop("value")
KNOWN = {"sign": "unodc2024", "magnitude": "unodc2024"}
FIXED = {"value": 3, "unit": "days", "sign": DEFINITION, "magnitude": DEFINITION}
PLANTED = {
    "has no sign": without("sign"),
    "has no magnitude": without("magnitude"),
    "has no unit": without("unit"),
    "is assumed, but fixed to one point": without("times"),
    "needs a value or a range, not both": {**GOOD, "range": [1, 2]},
    "has an unknown key assumed": {**GOOD, "assumed": True},
    "has an unknown key source": {"value": 3, "unit": "days", "source": "unodc2024"},
    "has a sign that is neither a source": {**GOOD, "sign": "probably"},
    "has a magnitude that is neither a source": {**GOOD, "magnitude": None},
    "is a definition in only one of sign and magnitude": {**GOOD, "sign": DEFINITION},
    "has a source for its magnitude, but none for its sign": {**without("times"), "magnitude": "unodc2024"},
    "has times or most, but its magnitude is not assumed": {**GOOD, **KNOWN},
    "has times of 1": {**GOOD, "times": 1},
    "has times of much": {**GOOD, "times": "much"},
    "holds no number that could differ": {**GOOD, "value": {"labour": ["labour"]}},
    "make it a definition": {**GOOD, "value": 0.0},
    "has a range together with times or most": {**without("value"), "range": [1, 2]},
    "has most of 2, which is not a number or is less than its value": {**GOOD, "most": 2},
    "has an unknown key least": {**GOOD, "least": 2},
    "the lower first": {**without("value"), "range": [2, 2]},
    "has a range that is not two numbers": {**PROPER, "range": [1, 2, 3]},
    "lower first: ['a', 'b']": {**PROPER, "range": ["a", "b"]},
    "lower first: [False, True]": {**PROPER, "range": [False, True]},
    "lower first: [1, inf]": {**PROPER, "range": [1, math.inf]},
    "lower first: [nan, 1]": {**PROPER, "range": [math.nan, 1]},
    "lower first: [None, 1]": {**PROPER, "range": [None, 1]},
    "lower first: None": {**PROPER, "range": None},
    "different numbers, the lower first: [2, 1]": {**PROPER, "range": [2, 1]},
    "has a unit that is not a text: ''": {**GOOD, "unit": ""},
    "has a unit that is not a text: ' '": {**GOOD, "unit": " "},
    "has a note that is not a text: 3": {**GOOD, "note": 3},
    "has a quote that is not a text: ' '": {**GOOD, "sign": "unodc2024", "quote": " "},
    "has a quote, but no source for its sign or magnitude: name": {**GOOD, "quote": "a third"},
    "has a quote, but no source for its sign or magnitude": {**FIXED, "quote": "a third"},
    "has times of inf": {**GOOD, "times": math.inf},
    "has times of nan": {**GOOD, "times": math.nan},
    "has times of 0.5": {**GOOD, "times": 0.5},
    "has times of 1000000000.0": {**GOOD, "times": 1e9},
    "has times of True": {**GOOD, "times": True},
    "has times of 1.0000001": {**GOOD, "times": 1.0000001},
    "has no value": {**FIXED, "value": None},
    "has no value.": {**FIXED, "value": []},
    "holds nan": {**GOOD, "value": math.nan},
    "holds inf": {**GOOD, "value": [1, math.inf]},
    "holds True": {**FIXED, "value": True},
    "holds None": {**FIXED, "value": {"a": None}},
    "is a probability of -0.3": {**GOOD, "unit": "probability", "value": -0.3},
    "is a probability of 7": {**GOOD, "unit": "probability by kind", "value": {"spam": [0.2, 7]}},
    "is a share of 1.2": {**PROPER, "unit": "share", "range": [0.2, 1.2]},
    "is a permille of 1001": {**GOOD, "unit": "permille of the length", "value": 1001},
    "has a sign whose source is not in sources.bib: foo1234": {**GOOD, "sign": "foo1234"},
    "has a magnitude whose source is not in sources.bib: bar1999": {**FIXED, **KNOWN, "magnitude": "bar1999"},
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_told_by_file_and_parameter(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"market": {"event": {"planted": PLANTED[fault]}}}
    monkeypatch.setattr(world_module, "_document", lambda name: document)
    with pytest.raises(ValueError, match=re.escape(fault)) as refused:
        world_module._parameters.__wrapped__("world-planted.yaml")
    assert str(refused.value).startswith("world-planted.yaml: market.event.planted ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("sourced", [{**GOOD, "sign": "unodc2024"}, {**FIXED, **KNOWN}])
def test_a_source_may_be_quoted(sourced: dict[str, Any]) -> None:
    assert find_fault({**sourced, "quote": "a third"}) == ""


WHOLE = (world_module.FOLDER / "world-0.5.0.yaml").read_text(encoding="utf-8")
TEXT = "".join(re.findall(r"^(?:places|closure):\n(?:[ #].*\n|\n)+", WHOLE, re.MULTILINE))
"""Two groups of the world file."""
WRITTEN: dict[str, tuple[str, str, str]] = {  # what is replaced, by what, and what is said
    "a parameter twice": ("  towns: {", "  towns: {value: 1}\n  towns: {", "towns is there twice"),
    "a group twice": ("closure:\n", "places:\n  towns: {value: 1}\nclosure:\n", "places is there twice"),
    "a misspelt key": ("towns: {value: 24", "towns: {valu: 24", "places.towns.valu is neither a group nor a"),
    "a bare number": (
        "  towns: {value",
        "  bare: 7\n  towns: {value",
        "places.bare is neither a group nor a",
    ),
    "an empty group": ("  towns: {value", "  bare:\n  towns: {value", "places.bare is neither a group nor a"),
    "a misspelt parameter": ("  spread_km: {", "  spraed_km: {", "no code reads places.spraed_km"),
    "no unit": ("unit: towns, ", 'unit: "", ', "places.towns has a unit that is not a text"),
    "no number": (
        "spread_km: {range: [25, 60]",
        "spread_km: {range: [25, .inf]",
        "places.spread_km has a range",
    ),
    "no YAML": ("spread_km: {range: [25, 60]", "spread_km: {range: [25, 60", "this is not YAML"),
}


def refused_text(text: str, folder: Path) -> str:
    """What is said of a world file."""
    (folder / "planted.yaml").write_text(text, encoding="utf-8")
    world_module._document.cache_clear()
    with pytest.raises(ValueError, match=r"^planted\.yaml, line \d+: [^\n]*\.$") as refused:
        world_module._parameters.__wrapped__(str(folder / "planted.yaml"))
    return str(refused.value)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_fault_in_a_file_is_told_with_its_line(name: str, tmp_path: Path) -> None:
    old, new, said = WRITTEN[name]
    assert old in TEXT
    assert said in refused_text(TEXT.replace(old, new, 1), tmp_path)


def test_the_line_is_that_of_the_parameter(tmp_path: Path) -> None:
    text = TEXT.replace("spread_km: {range: [25, 60]", "spread_km: {range: [60, 25]", 1)
    line = text[: text.index("spread_km")].count("\n") + 1
    assert refused_text(text, tmp_path).startswith(f"planted.yaml, line {line}: places.spread_km has a range")


@pytest.mark.parametrize("text", ["", "# nothing\n", "[]\n", "{}\n", "- a\n"])
def test_a_file_without_parameters_is_refused(text: str, tmp_path: Path) -> None:
    assert "the file is" in refused_text(text, tmp_path)


def test_a_profile_is_held_to_its_units(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"platforms.closes": 1.5}
    monkeypatch.setattr(world_module, "profile", lambda version, size: own if size == "planted" else {})
    says = r"^versions\.yaml: size planted sets platforms\.closes, which then is a probability of 1\.5, .*\.$"
    with pytest.raises(ValueError, match=says):
        _ = world_module.World("0.5.0", 1, size="planted").parameters


def test_grounds_are_counted() -> None:
    both, sign = {"sign": "b1999", "magnitude": "a1999"}, {"sign": "b1999", "magnitude": ASSUMED}
    new = count_grounds([both, sign, GOOD, GOOD, {"sign": DEFINITION, "magnitude": DEFINITION}])
    assert (new.both, new.sign, new.assumed, new.definitions, new.sources) == (1, 1, 2, 1, ("a1999", "b1999"))
    assert new.total == 5


@pytest.mark.parametrize("version", makeable_versions())
def test_cards_and_fact_sheet_count_every_parameter(version: str) -> None:
    """The counts of the stages' cards sum to those of the file, and the sheet's last row says them."""
    entries = parameters(version)
    whole = count_grounds(entries.values())
    assert whole.total == len(entries)
    owned = [count_grounds(e for p, e in entries.items() if stage.owns(p)) for stage in stages()]
    shared = {p for p in entries if sum(stage.owns(p) for stage in stages()) != 1}
    assert sum(own.total for own in owned) >= len(entries) - len(shared)
    assert all(f" in {versions()[version]['world']}" in text for text in cards().values())
    row = f"| all | {whole.total} | {whole.both} | {whole.sign} | {whole.assumed} | {whole.definitions} |"
    assert version != newest_released() or row in sheet()  # the sheet is of what is released


NEWEST = newest_released()


class Noted(dict[str, Any]):
    """Parameters that note which of them are looked up."""

    def __init__(self, listed: Any, asked: set[str]) -> None:
        super().__init__(listed)
        self.asked = asked

    def __getitem__(self, path: str) -> Any:
        self.asked.add(path)
        return super().__getitem__(path)


@pytest.mark.slow  # find_unused says so of names, below
def test_every_parameter_is_read_when_regions_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    noted = Noted(parameters(NEWEST), asked)
    monkeypatch.setattr(World, "parameters", property(lambda world: noted))
    # Of a world that no other test draws, so many that one loses a site and one keeps all.
    for index in range(8):
        draw_tables(World.of(NEWEST, 97).region(index), [stage.name for stage in stages_of(NEWEST)])
        if asked >= parameters(NEWEST).keys():
            break
    assert not sorted(parameters(NEWEST).keys() - asked)


def test_a_name_that_no_code_knows_is_told() -> None:
    listed = dict(parameters(NEWEST))
    assert not list(find_unused(listed))
    entry = {"value": 3}
    planted = {"schedule.generatoins": entry, "nowhere.days": entry, "payments.collect.levels.raeson": entry}
    assert list(find_unused({**listed, **planted})) == list(planted)


def test_a_name_that_is_not_in_the_file_is_told_in_a_sentence() -> None:
    region = Region(World.of(NEWEST), 0)
    said = r"world-0\.5\.0\.yaml: the code reads parameter places\.twons, .*: add it"
    with pytest.raises(KeyError, match=said):
        _ = region["places.twons"]


VERSION = "0.5.0"
SEED = World.of(VERSION, 1).seed
DRAWS = [draw_assumptions(parameters(VERSION), SEED, number) for number in range(1, 6)]


def of(entry: dict[str, Any], draws: int = 200) -> list[Any]:
    """Return values that a parameter gets."""
    kind = "value" if "value" in entry else "range"
    return [
        draw_assumptions({"one": {"unit": "days", **entry}}, SEED, n)["one"][kind]
        for n in range(1, draws + 1)
    ]


ASSUME = {"sign": ASSUMED, "magnitude": ASSUMED}


def test_only_what_is_assumed_moves_and_all_of_it_does() -> None:
    before = parameters(VERSION)
    moved = {path for draw in DRAWS for path in draw if draw[path] != before[path]}
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


def test_centres_of_levels_are_drawn_within_their_times() -> None:
    before = parameters(VERSION)
    laws = [path for path in before if path.startswith("state.law.")]
    assert len(laws) > 40
    for draw in DRAWS:
        for path in laws:
            times = before[path]["times"]
            pairs = zip(
                iterate_numbers(draw[path]["value"]), iterate_numbers(before[path]["value"]), strict=True
            )
            for new, old in pairs:
                near = 1 / times - 1e-3 <= new / old <= times + 1e-3
                assert near or (isinstance(old, int) and abs(new - old) <= old * (times - 1) + 0.5), path


def test_a_world_that_assumes_otherwise_has_other_centres() -> None:
    """Without the deviations of a region, which are drawn anew as well."""
    made = []
    nobody_tours = np.zeros_like(kinds_of_speakers(len(parameters(VERSION)["operations.form"]["value"])))
    for number in (0, 1, 2):
        region = World.of(VERSION, 1, number).region(0)
        region._drawn["state.jitter"] = 0.0
        made.append(build_state_law(region, nobody_tours).share)
    assert not np.array_equal(made[0], made[1])
    assert not np.array_equal(made[1], made[2])


def test_a_value_moves_log_uniformly_and_half_a_range_uniformly() -> None:
    logs = np.log(of({"value": 10.0, "times": 2.0, **ASSUME}, 2000)) - np.log(10)
    assert np.abs(logs).max() <= np.log(2) + 1e-3
    assert abs(logs.mean()) < 0.04
    assert abs(logs.std() - 2 * np.log(2) / np.sqrt(12)) < 0.02
    flat = np.array(of({"range": [2.0, 6.0], **ASSUME}, 2000))
    assert np.allclose(flat[:, 1] - flat[:, 0], 2)  # regions differ, wherever the range is drawn
    assert (2 <= flat[:, 0].min() < 2.1, 5.9 < flat[:, 1].max() <= 6) == (True, True)
    assert abs(flat.mean() - 4) < 0.1
    assert {tuple(one) for one in of({"range": [1, 3], **ASSUME})} == {(1, 2), (2, 3)}
    assert {tuple(one) for one in of({"range": [1, 2], **ASSUME})} == {(1, 2)}


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
    again = draw_assumptions(parameters(VERSION), SEED, 1)
    assert again == DRAWS[0]
    assert again != DRAWS[1]
    assert again != draw_assumptions(parameters(VERSION), SEED + 1, 1)
    assert World.of(VERSION, 1).parameters is parameters(VERSION)


@pytest.mark.parametrize("number", [1, 2])
def test_a_world_that_assumes_otherwise_is_made_and_differs(number: int) -> None:
    """Every stage takes every draw: tables keep their columns and keys."""
    usual = generate_region(World.of(VERSION, 1), 0)
    other = generate_region(World.of(VERSION, 1, number), 0)
    assert {n: f.schema for n, f in usual.items()} == {n: f.schema for n, f in other.items()}
    assert not usual["adverts"].equals(other["adverts"])
