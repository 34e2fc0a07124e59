"""Versions of the data: what is released is frozen, a draft is not a default, and a retired one is refused."""

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from frozen import found, frozen  # pyright: ignore[reportMissingImports]
from tipcore.errors import UsageError
from tipdata.core import world as world_module
from tipdata.core.world import (
    FOLDER,
    World,
    check_status,
    fingerprint,
    makeable_versions,
    newest_released,
    parameters,
    parameters_digest,
    profile,
    versions,
)
from tipdata.release import Release, open_release, remove_release

NEWEST = newest_released()


def with_versions(monkeypatch: pytest.MonkeyPatch, **statuses: str) -> None:
    """More versions after the released ones, each with a status; names have _ for the points."""
    first = {**versions()[NEWEST], "made_by": "tipbench 0.5.0 (tag v0.5.0)"}
    for name, status in statuses.items():
        monkeypatch.setitem(versions(), name.strip("v").replace("_", "."), {**first, "status": status})


def test_every_version_says_its_status_and_reason_and_what_makes_it() -> None:
    for name, entry in versions().items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", name)
        retired = entry["status"] == world_module.RETIRED
        assert set(entry) == {"status", "reason", *(["made_by"] if retired else ["world", "seed"])}, name
        assert entry["status"] in (world_module.DRAFT, world_module.RELEASED, world_module.RETIRED), name
        assert retired or (FOLDER / entry["world"]).is_file(), name


def test_the_values_of_a_released_world_file_and_its_manifests_never_change() -> None:
    """A failure means: put the change into a draft's file."""
    assert found() == frozen()


@pytest.mark.parametrize(
    "ask",
    [
        lambda version: World.of(version),
        lambda version: parameters(version),
        lambda version: fingerprint(version),
        lambda version: Release.of(version, "tiny"),
        lambda version: Release.from_name(f"{version}/small.w3"),
        lambda version: open_release(version, "tiny"),
        lambda version: check_status(version, draft=True),
    ],
)
@pytest.mark.parametrize("version", [name for name in versions() if name not in makeable_versions()])
def test_a_retired_version_is_refused_in_one_sentence_that_says_why_and_what_makes_it(
    ask: Callable[[str], object], version: str
) -> None:
    entry = versions()[version]
    says = (
        f"data version {version} is retired: {entry['reason']}; {entry['made_by']} makes it. Take {NEWEST}."
    )
    with pytest.raises(UsageError, match=f"^{re.escape(says)}$"):
        ask(version)


@pytest.mark.parametrize("ask", [World.of, parameters, lambda version: Release.of(version, "tiny")])
def test_a_version_that_does_not_exist_names_those_that_can_be_made(ask: Callable[[str], object]) -> None:
    said = f"release version 9.9.9 does not exist: choose one of {', '.join(makeable_versions())}."
    with pytest.raises(UsageError, match=f"^{re.escape(said)}$"):
        ask("9.9.9")


def test_files_of_a_retired_release_can_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIPBENCH_HOME", str(tmp_path))
    left = tmp_path / "0.3.0" / "tiny" / "00000"
    left.mkdir(parents=True)
    (left / "people.parquet").write_bytes(b"four")
    assert remove_release(Release.of("0.3.0", "tiny", retired=True)) == 4
    assert not left.parent.exists()
    with pytest.raises(UsageError, match="does not exist"):
        Release.of("../0.3.0", "tiny", retired=True)


@pytest.fixture
def changed_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the released world file that a further version reads."""
    path = tmp_path / "world.yaml"
    path.write_bytes((FOLDER / versions()[NEWEST]["world"]).read_bytes())
    monkeypatch.setitem(versions(), "9.0.0", {**versions()[NEWEST], "world": str(path)})
    return path


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("sign: assumed", "sign: unodc2024", True),
        ("range: [25, 60]", "range: [25, 61]", False),
        # Draws go by place in a list: another order is another world.
        ("value: {labour: 32, sexual: 38, ", "value: {sexual: 38, labour: 32, ", False),
        pytest.param("# ", "# Corrected. ", True, marks=pytest.mark.slow),
        pytest.param("value: 300", "value: 301", False, marks=pytest.mark.slow),
        pytest.param("unit: km", "unit: miles", False, marks=pytest.mark.slow),
    ],
)
def test_only_sources_and_notes_may_change(changed_file: Path, old: str, new: str, same: bool) -> None:
    text = changed_file.read_text(encoding="utf-8")
    assert old in text
    changed_file.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert (parameters_digest("9.0.0") == parameters_digest(NEWEST)) == same


def test_a_world_reads_the_file_of_its_version(changed_file: Path) -> None:
    text = changed_file.read_text(encoding="utf-8")
    changed_file.write_text(text.replace("range: [25, 60]", "range: [100, 110]", 1), encoding="utf-8")
    path = "places.spread_km"
    assert World.of("9.0.0").parameters[path]["range"] == [100, 110]
    assert 100 <= World.of("9.0.0").region(0)[path] <= 110
    assert 25 <= World.of("0.5.0").region(0)[path] <= 60
    assert fingerprint("9.0.0") != fingerprint(NEWEST)


def test_a_default_takes_the_newest_released_version(monkeypatch: pytest.MonkeyPatch) -> None:
    with_versions(monkeypatch, v0_6_0="retired", v0_7_0="draft")
    assert Release.from_name("small").version == newest_released() == "0.5.0"
    with_versions(monkeypatch, v0_6_0="released", v0_7_0="draft")
    assert Release.from_name("small").version == newest_released() == "0.6.0"
    assert Release.from_name("0.5.0/small").version == "0.5.0"


def test_only_a_draft_needs_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    with_versions(monkeypatch, v0_6_0="draft")
    check_status("0.5.0", draft=False)
    check_status("0.6.0", draft=True)
    said = r"data version 0\.6\.0 is a draft .*: add --draft, or take 0\.5\.0\.$"
    with pytest.raises(UsageError, match=said):
        check_status("0.6.0", draft=False)


def test_the_canonical_form_is_json_in_the_order_of_the_file() -> None:
    """Written down once more, so that the frozen digests mean what they say."""
    listed = {
        path: [entry.get("value"), entry.get("range"), entry.get("unit")]
        for path, entry in parameters(NEWEST).items()
    }
    text = json.dumps(listed, ensure_ascii=False).encode()
    assert hashlib.sha256(text).hexdigest() == parameters_digest(NEWEST)


def test_a_profile_is_part_of_what_a_size_is_known_by() -> None:
    natural, own = World.of("0.5.0"), World.of("0.5.0", size="forms")
    assert World.of("0.5.0", size="without") == natural == own.natural
    path = "operations.kind.trafficking"
    assert own.parameters[path]["value"] == own.region(0)[path] == profile("0.5.0", "forms")[path]
    assert own.region(0).natural[path] == natural.region(0)[path] < 0.06
    assert (
        parameters_digest("0.5.0", "forms")
        != parameters_digest("0.5.0")
        == parameters_digest("0.5.0", "without")
    )
    assert fingerprint("0.5.0", "forms") != fingerprint("0.5.0") == fingerprint("0.5.0", "without")


def test_a_profile_that_sets_no_parameter_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world_module, "profile", lambda _, size: {"operations.kinds": 1} if size else {})
    said = r"size forms sets operations\.kinds, which is not a parameter of the world"
    with pytest.raises(ValueError, match=said):
        parameters_digest("0.5.0", "forms")


def test_a_size_that_does_not_exist_is_refused_in_a_sentence() -> None:
    assert Release.of("0.5.0", "forms").regions == 32
    with pytest.raises(UsageError, match=r"^release size huge does not exist: choose one of .*forms.*\.$"):
        Release.of("0.5.0", "huge")
