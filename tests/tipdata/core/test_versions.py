"""Versions of the data: what is released is frozen, and what is a draft is not a default."""

import hashlib
import json
import re
from pathlib import Path

import pytest
import yaml
from tipcore.errors import UsageError
from tipdata.core import world as world_module
from tipdata.core.world import (
    FOLDER,
    World,
    check_status,
    fingerprint,
    newest_released,
    parameters,
    parameters_digest,
    profile,
    versions,
)
from tipdata.release import Release, manifest_folder

FROZEN = {"world-0.3.0.yaml": "ee8f0ab7039c27f04e8ec1f7680d41c04e876fb3d0f8d24936ad5076ca1d9f90"}
"""Values, ranges and units of each released world file. A failure means: put the change into a draft's file."""
MANIFESTS = {
    "0.1.0/small.json": "a1bf7f8632f7eda6acbc1a2377a628f6bd4a0dc380dd0bbc48371cd06e390ade",
    "0.1.0/tiny.json": "38d9ce7fab4fd6bc91962c237ff69f2aba18edd64eb6a5654bd59585eb4614a4",
    "0.2.0/small.json": "7b11e60f04d9b341fda937de9650a033476d36a12b7a2f3eb52c74734a4d5820",
    "0.2.0/tiny.json": "8c61c47d44300fa45175cd4d1d85769cc9c4cdc0f1a3afc5e7b2ffcaa0d583ff",
    "0.3.0/small.json": "85e6d8f46c09ff24370bfe4b9209112c171f3918e8c74b1c7795da4546c4b8f9",
    "0.3.0/tiny.json": "c1f7768e71e74ada5eaaf6e251f615dcf60aa2d26c24fd24f327acaeb817c0f0",
}
"""Published manifests, SHA-256 of the file."""


def with_versions(monkeypatch: pytest.MonkeyPatch, **statuses: str) -> None:
    """More versions after the released ones, each with a status; names have _ for the points."""
    first = versions()["0.3.0"]
    for name, status in statuses.items():
        monkeypatch.setitem(versions(), name.strip("v").replace("_", "."), {**first, "status": status})


def test_every_version_says_its_status_world_file_seed_and_reason() -> None:
    for name, entry in versions().items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", name)
        assert set(entry) == {"status", "world", "seed", "reason"}, name
        assert entry["status"] in (world_module.DRAFT, world_module.RELEASED, world_module.RETIRED), name
        assert (FOLDER / entry["world"]).is_file(), name
    assert [v["status"] for n, v in versions().items() if n in ("0.1.0", "0.2.0", "0.3.0")] == [
        "released"
    ] * 3


def test_the_values_of_a_released_world_file_are_frozen() -> None:
    fixed = {n: v for n, v in versions().items() if v["status"] != world_module.DRAFT}
    assert {entry["world"] for entry in fixed.values()} == set(FROZEN)
    for name, entry in fixed.items():
        assert parameters_digest(name) == FROZEN[entry["world"]], name


def test_the_manifests_of_released_versions_never_change() -> None:
    there = {
        path.relative_to(manifest_folder()).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in manifest_folder().glob("*/*.json")
        if versions()[path.parent.name]["status"] != world_module.DRAFT
    }
    assert there == MANIFESTS


@pytest.fixture
def changed_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the released world file that a further version reads."""
    path = tmp_path / "world-0.3.0.yaml"
    path.write_bytes((FOLDER / "world-0.3.0.yaml").read_bytes())
    monkeypatch.setitem(versions(), "9.0.0", {**versions()["0.3.0"], "world": str(path)})
    return path


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("assumed: true", "assumed: true, note: a guess", True),
        ("# ", "# Corrected. ", True),
        ("range: [25, 60]", "range: [25, 61]", False),
        ("value: 300", "value: 301", False),
        ("unit: km", "unit: miles", False),
    ],
)
def test_sources_and_notes_may_be_corrected_and_nothing_else(
    changed_file: Path, old: str, new: str, same: bool
) -> None:
    text = changed_file.read_text(encoding="utf-8")
    assert old in text
    changed_file.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert (parameters_digest("9.0.0") == FROZEN["world-0.3.0.yaml"]) == same


def test_the_order_of_listed_values_is_frozen_too(changed_file: Path) -> None:
    """Draws go by place in a list: another order is another world."""
    document = yaml.safe_load(changed_file.read_text(encoding="utf-8"))
    form = document["operations"]["form"]["value"]
    document["operations"]["form"]["value"] = dict(reversed(form.items()))
    changed_file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    assert parameters("9.0.0")["operations.form"]["value"] == parameters("0.3.0")["operations.form"]["value"]
    assert parameters_digest("9.0.0") != FROZEN["world-0.3.0.yaml"]


def test_a_world_reads_the_file_of_its_version(changed_file: Path) -> None:
    text = changed_file.read_text(encoding="utf-8")
    changed_file.write_text(text.replace("range: [25, 60]", "range: [100, 110]", 1), encoding="utf-8")
    path = "places.spread_km"
    assert World.of("9.0.0").parameters[path]["range"] == [100, 110]
    assert 100 <= World.of("9.0.0").region(0)[path] <= 110
    assert 25 <= World.of("0.3.0").region(0)[path] <= 60
    assert fingerprint("9.0.0") != fingerprint("0.3.0") == fingerprint("0.1.0")


def test_a_default_takes_the_newest_released_version(monkeypatch: pytest.MonkeyPatch) -> None:
    assert newest_released() == "0.3.0"
    with_versions(monkeypatch, v0_4_0="retired", v0_5_0="draft")
    assert newest_released() == "0.3.0"
    assert Release.called("small") == Release.of("0.3.0", "small")
    with_versions(monkeypatch, v0_4_0="released", v0_5_0="draft")
    assert Release.called("small").version == newest_released() == "0.4.0"


def test_only_a_draft_needs_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    with_versions(monkeypatch, v0_4_0="retired", v0_5_0="draft")
    for version in ("0.1.0", "0.3.0", "0.4.0"):
        check_status(version, draft=False)
    check_status("0.5.0", draft=True)
    with pytest.raises(
        UsageError, match=r"data version 0\.5\.0 is a draft .*: add --draft, or take 0\.3\.0\.$"
    ):
        check_status("0.5.0", draft=False)


def test_the_canonical_form_is_json_in_the_order_of_the_file() -> None:
    """Written down once more, so that the frozen digests mean what they say."""
    listed = {
        path: [entry.get("value"), entry.get("range"), entry.get("unit")]
        for path, entry in parameters("0.3.0").items()
    }
    text = json.dumps(listed, ensure_ascii=False).encode()
    assert hashlib.sha256(text).hexdigest() == FROZEN["world-0.3.0.yaml"]


def test_a_profile_is_part_of_what_a_size_is_known_by() -> None:
    natural, own = World.of("0.4.0"), World.of("0.4.0", size="forms")
    assert World.of("0.4.0", size="small") == natural == own.natural
    path = "operations.kind.trafficking"
    assert own.parameters[path]["value"] == own.region(0)[path] == profile("forms")[path]
    assert own.region(0).natural[path] == natural.region(0)[path] < 0.06
    assert (
        parameters_digest("0.4.0", "forms")
        != parameters_digest("0.4.0")
        == parameters_digest("0.4.0", "small")
    )
    assert fingerprint("0.4.0", "forms") != fingerprint("0.4.0") == fingerprint("0.4.0", "small")


def test_a_profile_that_sets_no_parameter_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world_module, "profile", lambda size: {"operations.kinds": 1} if size else {})
    with pytest.raises(
        ValueError, match=r"size forms sets operations\.kinds, which is no parameter of the world"
    ):
        parameters_digest("0.4.0", "forms")


def test_a_size_that_a_version_has_not_is_refused_in_a_sentence() -> None:
    assert Release.of("0.4.0", "forms").regions == 32
    with pytest.raises(
        UsageError, match=r"^release size forms does not exist in data version 0\.3\.0: choose one of tiny"
    ):
        Release.of("0.3.0", "forms")
    with pytest.raises(UsageError, match=r"^release size huge does not exist: choose one of .*forms.*\.$"):
        Release.of("0.4.0", "huge")
