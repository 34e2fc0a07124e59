"""A user's own world: a released one with some parameters changed, checked whole and never taken for a release."""

from pathlib import Path

import pytest
import yaml
from tipcore.errors import UsageError
from tipdata.core.kinds import LANGUAGES as LANGUAGES_OF_ADVERTS
from tipdata.core.own_worlds import is_own, own_world_path
from tipdata.core.world import World, check_status, includes, parameters, parameters_digest, register
from tipdata.release import Release, published_manifest
from tipdata.stages import draw_tables, tables_of

BASE = "0.5.0"
LANGUAGES = {
    "value": {"en": 94, "es": 2, "fr": 1, "ru": 1, "ar": 1, "zh": 1},
    "unit": "weight",
    "sign": "assumed",
    "magnitude": "assumed",
    "times": 1.5,
}
SPELL = {"value": 60, "unit": "days", "sign": "infoshield2021", "magnitude": "assumed", "times": 1.5}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIPBENCH_HOME", str(tmp_path / "home"))


def written(folder: Path, listed: dict, **more: object) -> Path:
    file = folder / "mine.yaml"
    file.write_text(yaml.safe_dump({"based_on": BASE, "parameters": listed, **more}), encoding="utf-8")
    return file


def test_an_own_world_has_its_parameters_and_all_others_of_its_base(tmp_path: Path) -> None:
    name = register(written(tmp_path, {"operations.languages": LANGUAGES})).name
    ours, theirs = parameters(name), parameters(BASE)
    assert list(ours) == list(theirs)
    assert {path for path in ours if ours[path] != theirs[path]} == {"operations.languages"}
    assert tables_of(name) == tables_of(BASE)
    assert includes(name, BASE)


def test_what_is_drawn_of_an_own_world_follows_its_parameters(tmp_path: Path) -> None:
    name = register(written(tmp_path, {"operations": {"languages": LANGUAGES}})).name
    majority = [draw_tables(World.of(name).region(i), ["places", "operations"])[0] for i in range(6)]
    english = LANGUAGES_OF_ADVERTS.index("en")
    assert sum(past["operations"].majority == english for past in majority) >= 5


def test_the_name_tells_parameters_and_seed_and_not_their_order(tmp_path: Path) -> None:
    both = {"operations.languages": LANGUAGES, "operations.duration_days": SPELL}
    turned = {"operations": {"duration_days": SPELL, "languages": LANGUAGES}}
    name = register(written(tmp_path, both)).name
    assert is_own(name)
    assert register(written(tmp_path, turned)).name == name
    backwards = {**LANGUAGES, "value": dict(reversed(LANGUAGES["value"].items()))}
    assert register(written(tmp_path, {**both, "operations.languages": backwards})).name == name
    assert register(written(tmp_path, both, seed=3)).name != name
    assert register(written(tmp_path, {"operations.duration_days": SPELL})).name != name


def test_an_own_world_is_never_taken_for_a_release(tmp_path: Path) -> None:
    name = register(written(tmp_path, {"operations.duration_days": {**SPELL, "value": 61}})).name
    release = Release.of(name, "tiny")
    assert release.name == f"{name}/tiny"
    assert published_manifest(release) is None
    assert parameters_digest(name) != parameters_digest(BASE)
    for draft in (False, True):
        with pytest.raises(UsageError, match=r"boards, rounds and exports are of released data"):
            check_status(name, draft)


def test_a_kept_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    name = register(written(tmp_path, {"operations.languages": LANGUAGES})).name
    text = own_world_path(name).read_text(encoding="utf-8")
    own_world_path(name).write_text(text.replace("94", "93"), encoding="utf-8")
    with pytest.raises(UsageError, match=r"was changed since it was made"):
        World.of(name)


def wrong(**more: object) -> dict:
    return {"operations.languages": {**LANGUAGES, **more}}


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        ({"operations.langauges": LANGUAGES}, "the nearest is operations.languages"),
        ({"operations.count": {**SPELL, "unit": "operations"}}, "is a definition"),
        (wrong(unit="share"), "is a share of 94"),
        (wrong(unit="weights"), "but the world's is weight"),
        (wrong(magnitude="hearsay2020"), "whose source is not in"),
        (wrong(value={"en": 1, "fr": 2}), "does not have the form of the world"),
        (wrong(value={**LANGUAGES["value"], "en": 0.5}), "does not have the form of the world"),
        (wrong(value={**LANGUAGES["value"], "en": -1}), "has a weight of -1"),
        ({"operations.duration_days": {"value": 60, "unit": "days"}}, "has no sign"),
        ({"operations.duration_days": SPELL, "operations": {"duration_days": SPELL}}, "is there twice"),
        ({}, "parameters is neither a group nor a parameter"),
    ],
)
def test_faulty_parameters_are_refused_by_line(tmp_path: Path, listed: dict, says: str) -> None:
    with pytest.raises(UsageError, match=r"mine\.yaml, line \d+") as told:
        register(written(tmp_path, listed))
    assert says in str(told.value)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"based_on": "9.9"}, "9.9 is not a released data version: base the world on"),
        ({"based_on": "0.1.0"}, "data version 0.1.0 is retired"),
        ({"seed": -1}, "give a whole number from 0"),
        ({"calibration": 3}, "calibration is not a mapping"),
        ({"name": "mine"}, "unknown key name"),
    ],
)
def test_the_head_of_a_world_file_is_checked(tmp_path: Path, changed: dict, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        register(written(tmp_path, {"operations.languages": LANGUAGES}, **changed))


def test_a_world_that_misses_the_coverage_targets_whatever_is_drawn_is_refused(tmp_path: Path) -> None:
    sampled = {**LANGUAGES, "value": {"posts": 0.1, "seen": 0.1, "silent": 0.1}, "unit": "probability"}
    with pytest.raises(UsageError, match=r"the target is at least 45%"):
        register(written(tmp_path, {"payments.sampled": sampled}))


@pytest.mark.parametrize("name", ["own-0123456789abcdef", "own-../../elsewhere", "own-"])
def test_a_name_that_no_world_is_kept_under_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"make it from its file with `tipbench data make world=FILE`"):
        Release.of(name, "tiny")
