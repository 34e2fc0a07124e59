"""``submission.json``: its schema, its texts, its names, and what is wrong with one."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import jsonschema
import mutated_record
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tipboard.submissions.messages import UNSEEN, legal_text, quote, quote_name
from tipboard.submissions.record import (
    RESERVED_TEAMS,
    Malformed,
    SubmissionRecord,
    json_schema,
    record_of,
    to_json,
)

SCHEMA = Path(__file__).parents[3] / "docs" / "submission.schema.json"


def content(**changes: Any) -> dict[str, Any]:
    """A record of one file."""
    entry = {
        "task": "prevalence",
        "split": "all",
        "seed": 0,
        "file": "prevalence/all/s0.parquet",
        "digest": "sha256:" + "0" * 64,
        "rows": 8,
        "access": "public",
        "labels": "truth",
        "cost": None,
    }
    record = {
        "format": 1,
        "team": "acme",
        "method": "mine",
        "title": "Mine",
        "summary": "A constant.",
        "authors": [{"name": "A. Author", "affiliation": None}],
        "paper": None,
        "code": "https://code.example/mine",
        "hardware": "2 cores",
        "data": "0.5.0/tiny",
        "versions": {"data": "0.5.0", "tasks": {"prevalence": 1}},
        "pinned": {
            "package": "tipbench==0.5.0",
            "overrides": {"prevalence": ["baseline=prevalence/chao_lower"]},
        },
        "predictions": [entry],
    }
    return {**record, **changes}


def read(value: Any) -> SubmissionRecord:
    return record_of(json.dumps(value).encode())


def test_the_published_schema_is_that_of_the_model() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == json_schema()


def test_a_record_validates_against_the_published_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    jsonschema.validate(json.loads(to_json(read(content()))), json_schema())


@pytest.mark.parametrize(
    ("field", "value"),
    [("team", "a--b"), ("data", "0.5.0/huge"), ("code", "http://x.example"), ("score", 1.0), ("authors", [])],
)
def test_the_schema_refuses_what_the_model_does(field: str, value: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content(**{field: value}), json_schema())
    with pytest.raises(Malformed, match=field):
        read(content(**{field: value}))


WHEEL = f"/x-1-py3-none-any.whl#sha256={'0' * 64}"


@pytest.mark.parametrize(
    "package",
    [
        *("pip==0.0.1", "SetupTools==0", "pip @ https://a.example" + WHEEL),
        *(
            f"x @ https://{host}{WHEEL}"
            for host in ("169.254.169.254", "0x7f.1", "a.internal", "b.localhost")
        ),
        f"x @ git+https://10.0.0.1/x@{'0' * 40}",
    ],
)
def test_installers_and_private_hosts_are_not_pinned(package: str) -> None:
    with pytest.raises(Malformed, match="is an installer, or on a host without a public name"):
        read(content(pinned={"package": package, "overrides": {}}))
    for public in ("pipx==1", "x @ https://files.example.org" + WHEEL, "x @ https://2.example" + WHEEL):
        read(content(pinned={"package": public, "overrides": {}}))


def test_a_record_is_read_as_it_was_written_and_says_by_task_what_its_scores_mean() -> None:
    versions = {"data": "0.5.0", "tasks": {"prevalence": 2}}
    record = read(content(title="Ein Verfahren für Größen: ملف", versions=versions))
    assert record.versions.tasks == {"prevalence": 2}
    assert record_of(to_json(record).encode()) == record


@given(st.text(min_size=1, max_size=100))
def test_a_text_is_taken_only_where_it_is_one_visible_line_of_nfc(text: str) -> None:
    try:
        legal = legal_text(text) == text
    except ValueError:
        legal = False
    if legal:
        assert unicodedata.normalize("NFC", text) == text == text.strip()
        assert not any(unicodedata.category(sign) in UNSEEN for sign in text)
        assert read(content(title=text)).title == text


@given(st.text(max_size=300))
def test_what_is_quoted_of_a_hostile_text_is_one_short_line(text: str) -> None:
    for quoted in (quote(text), quote_name(text)):
        assert len(quoted.splitlines()) <= 1
        assert len(quoted) <= 10 * 120 + 3
        assert not any(unicodedata.category(sign) in UNSEEN for sign in quoted)
    assert "##" not in quote(text)
    assert quote_name(text).isascii()


SLUGS = st.from_regex(r"[a-z0-9_-]{1,6}", fullmatch=True)


@given(SLUGS, SLUGS, SLUGS, SLUGS)
def test_no_two_teams_and_methods_have_one_id(team: str, method: str, other_team: str, other: str) -> None:
    found = []
    for one, two in ((team, method), (other_team, other)):
        try:
            found.append(read(content(team=one, method=two)))
        except Malformed:
            return
    if found[0].id == found[1].id:
        assert (team, method) == (other_team, other)


def test_everything_that_is_wrong_is_said_with_the_field_first() -> None:
    wrong = content(team="A B", paper="javascript:alert(1)", hardware="")
    wrong["predictions"][0] |= {"rows": "8", "score": 0.99}  # a score that is claimed is no field
    with pytest.raises(Malformed) as error:
        read(wrong)
    fields = ("team", "paper", "hardware", "predictions[0].rows", "predictions[0].score")
    starts = [f"submission.json: {field}: " for field in fields]
    for start in starts:
        assert sum(str(said).startswith(start) for said in error.value.problems) == 1
    assert len(error.value.problems) == len(starts)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON at line 1"),
        ('{"a": 1, "a": 2}', "has the key a twice"),
        ('{"b": 1, "a": 1, "a": 2}', "has the key a twice"),
        ('{"a": NaN}', "holds NaN"),
        ("[" * 13 + "]" * 13, "nested more than 12 deep"),
        ('["' + "]" * 60_000 + '",' + "[" * 60_000 + "]" * 60_000 + "]", "nested more than 12 deep"),
        ('["\\"' + "]" * 40 + '", ' + "[" * 40 + "]" * 40 + "]", "nested more than 12 deep"),
        ("{" + ", ".join(f'"{at:x}": 1' for at in [*range(32_000), 31_999]) + "}", "has the key 7cff twice"),
        ("9" * 5000, "digits"),
        ('"\\ud800"', "it: "),
    ],
)
def test_json_that_is_not_strict_is_refused(text: str, says: str) -> None:
    with pytest.raises(Malformed, match=says):
        record_of(text.encode())


@pytest.mark.parametrize(
    ("text", "deeper"),
    [
        ("[" * 12 + "]" * 12, False),
        ('{"a": [1, ' * 6 + "2" + "]}" * 6, False),
        ('{"a": [1, ' * 6 + "[2]" + "]}" * 6, True),
        ("[" + "[], " * 40 + "{}]", False),
        ("[" + "[], " * 40 + "[" * 12 + "]" * 13, True),
    ],
)
def test_brackets_count_by_how_deep_they_lie_and_not_by_how_many_there_are(text: str, deeper: bool) -> None:
    with pytest.raises(Malformed) as error:
        record_of(text.encode())
    assert ("nested more than 12 deep" in str(error.value)) == deeper


@pytest.mark.parametrize("name", ["fit_s", "predict_s", "cpu_s", "peak_mib"])
def test_a_cost_is_a_number_that_a_table_can_add_up(name: str) -> None:
    cost = {"fit_s": 1.0, "predict_s": 1.0, "cpu_s": None, "peak_mib": 1e9}
    read(content(predictions=[{**content()["predictions"][0], "cost": cost}]))
    with pytest.raises(Malformed, match=rf"cost\.{name}: it must be 1000000000 or less"):
        read(content(predictions=[{**content()["predictions"][0], "cost": {**cost, name: 1.7e308}}]))


def pinned(package: str, overrides: Any) -> dict[str, Any]:
    return {"package": package, "overrides": {"prevalence": overrides}}


REFUSED = {
    "title": [*(f"A method{sign}of ours" for sign in mutated_record.UNSEEN), *mutated_record.ODD],
    "paper": mutated_record.ADDRESSES,
    "team": [name for name in mutated_record.NAMES if name not in RESERVED_TEAMS],
    "pinned": [
        *(pinned(package, []) for package in mutated_record.PACKAGES[1:]),
        *(pinned("x==1", overrides) for overrides in mutated_record.OVERRIDES),
    ],
}


@pytest.mark.parametrize("field", REFUSED)
def test_every_text_address_name_and_package_that_is_not_lawful_is_refused(field: str) -> None:
    for value in REFUSED[field]:
        with pytest.raises(Malformed, match=rf"submission\.json: {field}"):
            read(content(**{field: value}))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"evaluator": "0.3.0"},
        {"tasks": None},
        {"tasks": {"prevalence": True}},
        {"tasks": {"prevalence": "1"}},
        {"tasks": {"prevalence": -1}},
        {"tasks": {"Prevalence!": 1}},
    ],
)
def test_what_scores_mean_is_said_by_task_and_as_integers(said: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        read(content(versions={"data": "0.5.0", **said}))
