"""Every parameter says what its sign and its magnitude rest on, and what is assumed has a width."""

import copy
import math
import re
from pathlib import Path
from typing import Any

import pytest
from tipdata.core import world as world_module
from tipdata.core.grounds import ASSUMED, DEFINITION, grounds_of
from tipdata.core.world import made_here, parameters, versions
from tipdata.documents.cards import cards
from tipdata.documents.fact_sheet import sheet
from tipdata.stages import stages

BIB = (world_module.FOLDER.parent / "sources.bib").read_text(encoding="utf-8")
GOOD = {"value": 3, "unit": "days", "sign": ASSUMED, "magnitude": ASSUMED, "times": 1.5}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


PROPER = without("times")
PROPER.pop("value")
FIXED = {"value": 3, "unit": "days", "sign": DEFINITION, "magnitude": DEFINITION}
PLANTED = {
    "has no sign": without("sign"),
    "has no magnitude": without("magnitude"),
    "has no unit": without("unit"),
    "is assumed at a point": without("times"),
    "needs a value or a range, not both": {**GOOD, "range": [1, 2]},
    "has an unknown key assumed": {**GOOD, "assumed": True},
    "has an unknown key source": {"value": 3, "unit": "days", "source": "unodc2024"},
    "has a sign that is neither a source": {**GOOD, "sign": "probably"},
    "has a magnitude that is neither a source": {**GOOD, "magnitude": None},
    "is a definition in its sign or its magnitude alone": {**GOOD, "sign": DEFINITION},
    "has a source for its magnitude, but none for its sign": {**without("times"), "magnitude": "unodc2024"},
    "has times or most, but its magnitude is not assumed": {
        **GOOD,
        "sign": "unodc2024",
        "magnitude": "unodc2024",
    },
    "has times of 1": {**GOOD, "times": 1},
    "has times of much": {**GOOD, "times": "much"},
    "holds no number that could be another": {**GOOD, "value": {"labour": ["labour"]}},
    "it is a definition": {**GOOD, "value": 0.0},
    "has a range and times or most": {**without("value"), "range": [1, 2]},
    "is at most 2, which is no number or less than its value": {**GOOD, "most": 2},
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
    "has a unit that is no text: ''": {**GOOD, "unit": ""},
    "has a unit that is no text: ' '": {**GOOD, "unit": " "},
    "has a note that is no text: 3": {**GOOD, "note": 3},
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
    "has a magnitude whose source is not in sources.bib: bar1999": {
        **without("times"),
        "sign": "unodc2024",
        "magnitude": "bar1999",
    },
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_refused_by_file_and_parameter(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is planted in a copy of the world file, among its own parameters, and the file loaded."""
    document = copy.deepcopy(world_module._document("world-0.4.0.yaml"))
    whole = parameters("0.4.0")
    document["market"]["event"]["planted"] = PLANTED[fault]
    monkeypatch.setattr(world_module, "_document", lambda name: document)
    with pytest.raises(ValueError, match=re.escape(fault)) as refused:
        world_module._parameters.__wrapped__("world-planted.yaml")
    assert str(refused.value).startswith("world-planted.yaml: market.event.planted ")
    assert "\n" not in str(refused.value)
    del document["market"]["event"]["planted"]
    assert world_module._parameters.__wrapped__("world-planted.yaml") == whole


TEXT = (world_module.FOLDER / "world-0.4.0.yaml").read_text(encoding="utf-8")
WRITTEN: dict[str, tuple[str, str, str]] = {  # what is replaced, by what, and what is said
    "a parameter twice": ("  towns: {", "  towns: {value: 1}\n  towns: {", "towns is there twice"),
    "a group twice": ("\nclosure:\n", "\nplaces:\n  towns: {value: 1}\nclosure:\n", "places is there twice"),
    "a misspelt key": ("towns: {value: 24", "towns: {valu: 24", "places.towns.valu is neither a group nor a"),
    "a bare number": (
        "  towns: {value",
        "  bare: 7\n  towns: {value",
        "places.bare is neither a group nor a",
    ),
    "an empty group": ("  towns: {value", "  bare:\n  towns: {value", "places.bare is neither a group nor a"),
    "a misspelt parameter": ("  spread_km: {", "  spraed_km: {", "places.spraed_km is asked for by no code"),
    "no unit": ("unit: towns, ", 'unit: "", ', "places.towns has a unit that is no text"),
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
    monkeypatch.setattr(world_module, "profile", lambda size: own if size == "planted" else {})
    says = r"^versions\.yaml: size planted sets platforms\.closes, which then is a probability of 1\.5, .*\.$"
    with pytest.raises(ValueError, match=says):
        _ = world_module.World("0.4.0", 1, size="planted").parameters


@pytest.mark.parametrize("version", made_here())
def test_every_source_of_a_world_file_is_in_the_bibliography(version: str) -> None:
    keys = set(re.findall(r"@\w+\{(\w+),", BIB))
    for path, entry in parameters(version).items():
        for name in ("sign", "magnitude"):
            assert entry[name] in keys | {ASSUMED, DEFINITION}, f"{path}: {entry[name]} is not in sources.bib"


@pytest.mark.parametrize("version", made_here())
def test_nothing_that_is_assumed_is_a_point(version: str) -> None:
    """Said apart from the check of the loader: a width of its own, or two different bounds."""
    for path, entry in parameters(version).items():
        if entry["magnitude"] == ASSUMED:
            low, high = entry.get("range") or (1.0, entry["times"])
            assert low < high, path


def test_grounds_are_counted() -> None:
    both, sign = {"sign": "b1999", "magnitude": "a1999"}, {"sign": "b1999", "magnitude": ASSUMED}
    new = grounds_of([both, sign, GOOD, GOOD, {"sign": DEFINITION, "magnitude": DEFINITION}])
    assert (new.both, new.sign, new.assumed, new.definitions, new.sources) == (1, 1, 2, 1, ("a1999", "b1999"))
    assert new.total == 5


@pytest.mark.parametrize("version", made_here())
def test_cards_and_fact_sheet_count_every_parameter(version: str) -> None:
    """The counts of the stages' cards sum to those of the file, and the sheet's last row says them."""
    entries = parameters(version)
    whole = grounds_of(entries.values())
    assert whole.total == len(entries)
    owned = [grounds_of(e for p, e in entries.items() if stage.owns(p)) for stage in stages()]
    shared = {p for p in entries if sum(stage.owns(p) for stage in stages()) != 1}
    assert sum(own.total for own in owned) >= len(entries) - len(shared)
    assert all(f" in {versions()[version]['world']}" in text for text in cards().values())
    row = f"| all | {whole.total} | {whole.both} | {whole.sign} | {whole.assumed} | {whole.definitions} |"
    assert row in sheet()
