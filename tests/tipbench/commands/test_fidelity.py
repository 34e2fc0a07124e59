"""``tipbench data fidelity``: misses are shown and are no error unless asked for; bad input is one sentence."""

import json
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from tipbench.commands.data import fidelity
from tipdata.release import Release

EXAMPLE = """\
name: messages
task: advert_risk
summary: "made up"
path: null
files: messages.csv
format: csv
label: label
tables:
  adverts:
    body: text
split: kfold
folds: 2
"""


def test_a_release_is_held_and_its_misses_shown(
    tipbench, tiny: Release, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fidelity, "compare_release", cache(fidelity.compare_release))
    code, out, said = tipbench("data", "fidelity", "release=tiny", "--figure", "held.svg")
    assert code == 0
    assert "exact and near duplicates" in out
    assert "fail" in out
    assert "not modelled:" in out
    assert "drawn: held.svg" in said
    first = Path("held.svg").read_bytes()
    code, out, said = tipbench(
        "data", "fidelity", "release=tiny", "--figure", "held.svg", "--json", "strict=true"
    )
    assert code == 1
    assert "lie outside their bands" in said
    assert Path("held.svg").read_bytes() == first
    told = json.loads(out)
    failed = [one for one in told["aggregates"] if one["verdict"] == "fail"]
    assert f"{len(failed)} of {len(told['aggregates'])}" in said
    assert all(one["source"] and one["tables"] and one["use"] for one in told["aggregates"])
    assert {one["what"] for one in told["not_modelled"]}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["release=tny"], "tny"),
        (["release=tiny", "--figure", "a.gif"], "a.gif is not a figure"),
        (["release=tiny", "assumptions=0"], "assumptions=0 does not exist"),
        (["release=tiny", "assumptions=some"], "assumptions=some is not a whole number"),
        (["release=tiny", "asumptions=1"], 'Did you mean "assumptions"?'),
        (["release=tiny", "release.world=-1"], "release.world=-1 is wrong"),
        (["release=tiny", "data=sms_spam", "strict=true"], "--figure and strict= are of aggregates"),
        (["release=tiny", "data=sms_spam", "data.path=nowhere"], "nowhere"),
        (["release=tiny", "data=sms_spam", "data.path=.", "assumptions=1"], "exclude each other"),
    ],
)
def test_what_cannot_be_held_is_refused_in_a_sentence(
    tipbench, tiny: Release, place: Path, words: list[str], says: str
) -> None:
    code, out, said = tipbench("data", "fidelity", *words)
    assert code == 2
    assert says in said
    assert out == ""
    assert "Traceback" not in said
    assert list(place.iterdir()) == [place / "own_methods.py"]


def test_texts_of_a_users_own_are_held_against_adverts(tipbench, tiny: Release, place: Path) -> None:
    (place / "configs" / "data").mkdir(parents=True)
    (place / "configs" / "data" / "messages.yaml").write_text(EXAMPLE, encoding="utf-8")
    texts = [f"message {n} says hello to number {n % 7}" for n in range(200)]
    rows = pl.DataFrame({"text": texts + texts[:50], "label": [0, 1] * 125})
    rows.write_csv(place / "messages.csv")
    words = ("release=tiny", "data=messages", f"data.path={place}", "--config-dir", "configs")
    code, out, said = tipbench("data", "fidelity", *words, "--json")
    assert code == 0, said
    (compared,) = json.loads(out)["compared"]
    numbers = {one["name"]: one for one in compared["numbers"]}
    assert compared["subject"] == "texts"
    assert numbers["exact duplicates"]["real"] == pytest.approx(0.2)
    assert numbers["texts with a digit"]["real"] == 1.0
    assert numbers["letters per text, median"]["verdict"] == "apart"
    assert compared["classifier_auroc"] > 0.95
    assert 0.3 < compared["classifier_auroc_real_halves"] < 0.7
    code, out, _ = tipbench("data", "fidelity", *words)
    assert code == 0
    assert "differs anyway" in out
