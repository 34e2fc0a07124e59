"""What a season's key decides, and what binds its host to it."""

import json
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from tipboard.seasons import record
from tipboard.seasons.record import Frozen, FrozenEntry, Season, commitment, open_secret
from tipboard.seasons.worlds import Draw
from tipcore.errors import UsageError
from tipdata.core.world import DRAWN, World
from tipdata.release import Release

KEY = bytes(32)
EMPTY = Frozen(name="spring", frozen=datetime(2027, 3, 1, tzinfo=UTC), entries=[])


@pytest.mark.filterwarnings("ignore:Pydantic serializer")
def test_the_commitment_binds_the_key_and_every_field(terms: Season) -> None:
    said = commitment(KEY, terms)
    assert said != commitment(bytes([1]) + bytes(31), terms)
    for name in set(Season.model_fields) - {"commitment"}:
        changed = terms.model_copy(update={name: "x"})  # of another type than the field's
        assert commitment(KEY, changed) != said, name


def test_numbers_of_worlds_follow_from_key_entries_world_lane_and_attempt(terms: Season) -> None:
    other = EMPTY.model_copy(
        update={"entries": [FrozenEntry(id="a--b", receipt=None, wheel=None, configs={})]}
    )
    asked = list(product((KEY, b"1" * 32), (EMPTY, other), (1, 6), (1, 2), (0, 1)))
    numbers = [Draw(terms, key, frozen).number(*place) for key, frozen, *place in asked]
    assert len(set(numbers)) == len(numbers)
    assert Draw(terms, KEY, EMPTY).number(1, 1, 0) == numbers[0]
    for k in range(1, 7):
        assert (Draw(terms, KEY, EMPTY).number(k, 1, 0) >= DRAWN) == (k > 3)
    keys = {
        Draw(terms, key, frozen).ids(k, task)
        for key, frozen, k, *_ in asked
        for task in ("prevalence", "advert_risk")
    }
    assert len(keys) == 16
    assert {len(one) for one in keys} == {32}


def test_a_world_from_2_to_the_96_on_draws_every_assumed_parameter() -> None:
    assert Release.from_name(f"0.5.0/tiny.w{DRAWN + 7}").world == DRAWN + 7
    stands, drawn = World.of("0.5.0", DRAWN - 1), World.of("0.5.0", DRAWN)
    assert stands.parameters == World.of("0.5.0").parameters
    differ = [path for path, entry in drawn.parameters.items() if entry != stands.parameters[path]]
    assert len(differ) > 900
    assert all(stands.parameters[path]["magnitude"] == "assumed" for path in differ)
    assert World.of("0.5.0", DRAWN + 1).parameters != drawn.parameters


def test_a_lost_or_other_key_and_edited_terms_are_refused(opened: tuple[Path, Path]) -> None:
    secret, _ = opened
    kept = (secret / record.KEY).read_text(encoding="utf-8")
    (secret / record.KEY).unlink()
    with pytest.raises(
        UsageError, match=r"key\.hex is lost: restore it, or end the season with `tipbench season void"
    ):
        open_secret(secret)
    (secret / record.KEY).write_text("0" * 64, encoding="utf-8")
    with pytest.raises(UsageError, match="do not give the season's commitment"):
        open_secret(secret)
    (secret / record.KEY).write_text(kept, encoding="utf-8")
    path = secret / record.SEASON
    path.write_text(path.read_text(encoding="utf-8").replace('"worlds": 6', '"worlds": 8'), encoding="utf-8")
    with pytest.raises(UsageError, match="do not give the season's commitment"):
        open_secret(secret)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tipbench", "tipbench is 9 and was"),
        ("world_file", "the world file of data 0.5.0 was edited"),
        ("generator", "the code of the generator of data 0.5.0 was changed"),
        ("terms", "flag_aggregation is run or scored otherwise here"),
    ],
)
def test_another_tipbench_or_an_edited_world_file_cannot_go_on(
    name: str, said: str, opened: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = record.versions_here

    def here(*asked: Any) -> dict[str, Any]:
        found = there(*asked)
        other = {task: one.model_copy(update={"evaluator": 99}) for task, one in found["terms"].items()}
        return {**found, name: other if name == "terms" else "9"}

    monkeypatch.setattr(record, "versions_here", here)
    with pytest.raises(UsageError, match=f"season spring cannot go on here, since {said}"):
        open_secret(opened[0])


def test_published_terms_hold_no_key(opened: tuple[Path, Path]) -> None:
    secret, public = opened
    key = (secret / record.KEY).read_text(encoding="utf-8").strip()
    assert [path.name for path in public.iterdir()] == [record.SEASON]
    assert key not in (public / record.SEASON).read_text(encoding="utf-8")
    assert json.loads((public / record.SEASON).read_text(encoding="utf-8"))["format"] == "tipbench season 1"
    assert (secret.stat().st_mode & 0o777, (secret / record.KEY).stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_damaged_record_is_named_with_its_fault_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / record.VOID).write_text("[{}]", encoding="utf-8")
    says = r"void\.json is not valid in this version of tipbench: 0\.entry: .+ required; restore it from a copy\."
    with pytest.raises(UsageError, match=says):
        record.read_voids(tmp_path)
