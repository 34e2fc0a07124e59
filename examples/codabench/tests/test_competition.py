"""``competition.yaml``: what is written is of the host's format, and what the host refuses is refused here."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from tipcodabench.competition import SCHEMA, NotTaken, check_competition, files_of, problems_of_files

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def written(unpacked: Path) -> dict[str, Any]:
    """As the host's unpacker loads it."""
    return yaml.safe_load((unpacked / "competition.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def test_the_schema_in_the_package_is_one(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


def test_every_requirement_says_where_it_comes_from(schema: dict[str, Any]) -> None:
    definitions = schema["$defs"]
    for part in ("Phase", "HostTask", "HostColumn", "Leaderboard"):
        said = json.dumps(definitions[part])
        assert "docs " in said or "source apps/" in said, part


def test_what_is_written_is_of_the_schema_and_of_the_rules(
    written: dict[str, Any], unpacked: Path, schema: dict[str, Any]
) -> None:
    jsonschema.Draft202012Validator(schema).validate(written)
    check_competition(written)
    contents = {
        path.relative_to(unpacked).as_posix(): path.read_bytes()
        for path in unpacked.rglob("*")
        if path.is_file()
    }
    assert problems_of_files(written, contents) == []


def test_the_documented_optional_keys_are_taken(written: dict[str, Any]) -> None:
    phase = {"name": "Later", "start": "2026-08-01 00:00:00", "tasks": [0], "index": 1}
    more = {
        "queue": "vhost",
        "reward": "none",
        "contact_email": "host@board.example",
        "forum_enabled": False,
        "solutions": [{"index": 0, "tasks": [0], "path": "solution/"}],
        "phases": [
            *written["phases"],
            {**phase, "auto_migrate_to_this_phase": True, "public_data": "public/"},
        ],
    }
    computed = {
        "title": "Mean",
        "key": "mean",
        "index": 99,
        "computation": "avg",
        "computation_indexes": [1, 2],
    }
    written["leaderboards"][0]["columns"].append(computed)
    check_competition({**written, **more})


STRUCTURE: dict[str, Change] = {
    "no version": lambda c: c.pop("version"),
    "version 1": lambda c: c.update(version=1),
    "no title": lambda c: c.pop("title"),
    "a long title": lambda c: c.update(title="x" * 257),
    "no image": lambda c: c.pop("image"),
    "no terms": lambda c: c.pop("terms"),
    "no pages": lambda c: c.pop("pages"),
    "no phases": lambda c: c.update(phases=[]),
    "no tasks": lambda c: c.pop("tasks"),
    "no leaderboards": lambda c: c.pop("leaderboards"),
    "an image with a line break": lambda c: c.update(docker_image="python:3.12\n"),
    "an unknown key": lambda c: c.update(leaderboard=[]),
    "an image with an option": lambda c: c.update(docker_image="--privileged x"),
    "a page without a file": lambda c: c["pages"][0].pop("file"),
    "a phase without tasks": lambda c: c["phases"][0].update(tasks=[]),
    "a phase without a start": lambda c: c["phases"][0].pop("start"),
    "a start without its time": lambda c: c["phases"][0].update(start="2026-06-01"),
    "no limit of submissions": lambda c: c["phases"][0].update(max_submissions=0),
    "a task without a program": lambda c: c["tasks"][0].pop("scoring_program"),
    "a negative index": lambda c: c["tasks"][0].update(index=-1),
    "a board without columns": lambda c: c["leaderboards"][0].update(columns=[]),
    "an unknown rule": lambda c: c["leaderboards"][0].update(submission_rule="Force_Luckiest"),
    "an unknown order": lambda c: c["leaderboards"][0]["columns"][1].update(sorting="up"),
    "a long column key": lambda c: c["leaderboards"][0]["columns"][1].update(key="x" * 37),
    "a long column title": lambda c: c["leaderboards"][0]["columns"][1].update(title="x" * 37),
}


@pytest.mark.parametrize("change", STRUCTURE.values(), ids=STRUCTURE)
def test_a_wrong_structure_is_refused_and_is_not_of_the_schema(
    written: dict[str, Any], change: Change, schema: dict[str, Any]
) -> None:
    changed = copy.deepcopy(written)
    change(changed)
    with pytest.raises(NotTaken):
        check_competition(changed)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(changed)


def _second_phase(c: dict[str, Any], **changes: Any) -> None:
    c["phases"].append({"name": "B", "start": "2026-07-02 00:00:00", "tasks": [0], "index": 1, **changes})


REFERENCES: dict[str, tuple[Change, str]] = {
    "a lost task": (lambda c: c["phases"][0].update(tasks=[1]), "names the index 1"),
    "two tasks of one index": (lambda c: c["tasks"].append(c["tasks"][0]), "task indexes"),
    "a lost solution": (lambda c: c.update(solutions=[{"index": 0, "tasks": [3], "path": "s/"}]), "index 3"),
    "no such day": (lambda c: c["phases"][0].update(start="2026-06-31 00:00:00"), "day is out of range"),
    "an end before its start": (lambda c: c["phases"][0].update(end="2026-05-31 00:00:00"), "ends before"),
    "an overlap": (lambda c: _second_phase(c, start="2026-06-15 00:00:00"), "has not ended"),
    "a shared moment": (lambda c: _second_phase(c, start="2026-07-01 00:00:00"), "has not ended"),
    "an endless phase before another": (
        lambda c: (c["phases"][0].pop("end"), _second_phase(c)),
        "has not ended",
    ),
    "nothing to migrate": (lambda c: c["phases"][0].update(auto_migrate_to_this_phase=True), "the first"),
    "two columns of one key": (
        lambda c: c["leaderboards"][0]["columns"][1].update(key="tasks"),
        "column keys",
    ),
    "two columns of one index": (
        lambda c: c["leaderboards"][0]["columns"][1].update(index=0),
        "column indexes",
    ),
    "a key with a blank": (lambda c: c["leaderboards"][0]["columns"][1].update(key="a b"), "blank"),
    "a computation of nothing": (
        lambda c: c["leaderboards"][0]["columns"][1].update(computation="avg"),
        "not both",
    ),
    "a computation of itself": (
        lambda c: c["leaderboards"][0]["columns"][1].update(computation="avg", computation_indexes=[1]),
        "of itself",
    ),
    "a start and a line break": (
        lambda c: c["phases"][0].update(start="2026-06-01 00:00:00\n"),
        "unconverted",
    ),
    "a question of another key": (lambda c: c["fact_sheet"]["method"].update(key="x"), "has the key x"),
    "two solutions of one index": (
        lambda c: c.update(solutions=[{"index": 0, "tasks": [0], "path": "s/"}] * 2),
        "solution indexes",
    ),
    "a path out of the bundle": (lambda c: c.update(terms="../terms.md"), "not a path within"),
    "an absolute path": (lambda c: c.update(image="/logo.png"), "not a path within"),
}


@pytest.mark.parametrize(("change", "said"), REFERENCES.values(), ids=REFERENCES)
def test_what_a_schema_cannot_say_is_a_rule(written: dict[str, Any], change: Change, said: str) -> None:
    changed = copy.deepcopy(written)
    change(changed)
    with pytest.raises(NotTaken, match=said):
        check_competition(changed)


def test_files_that_are_lost_or_empty_are_found(written: dict[str, Any]) -> None:
    whole = {name: b"x" for name in files_of(written) if not name.endswith("/")}
    whole |= {"scoring_program/score.py": b"x", "reference_data/round.json": b"x"}
    assert problems_of_files(written, whole) == []
    for name in whole:
        lost = {path: content for path, content in whole.items() if path != name}
        assert len(problems_of_files(written, lost)) == 1, name
    assert problems_of_files(written, {**whole, "pages/terms.md": b" \n"}) == ["pages/terms.md is empty"]
