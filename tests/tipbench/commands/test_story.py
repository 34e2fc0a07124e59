"""``tipbench data story``: tells, lists, draws, and refuses in one sentence with nothing shown."""

import json
import os
import shutil
from pathlib import Path

import pytest
import tipbench as package
from tipcore.errors import UsageError
from tipdata.release import Release


def test_a_story_is_told_and_says_how_to_choose_another(tipbench, tiny: Release) -> None:
    code, out, said = tipbench("data", "story")
    assert code == 0
    assert "synthetic" in out
    assert "find=" in said
    number = out.split("Operation ")[1].split()[0]
    code, again, said = tipbench("data", "story", number, "release=tiny")
    assert (code, again, said) == (0, out, "")


def test_json_and_figure_are_of_the_operation_asked_for(tipbench, tiny: Release, place: Path) -> None:
    listed = json.loads(tipbench("data", "story", "find=kind=independent adverts>=5", "--json")[1])
    assert listed["release"] == "0.4.0/tiny"
    assert {row["kind"] for row in listed["operations"]} == {"independent"}
    number = listed["operations"][0]["operation"]
    code, out, said = tipbench("data", "story", str(number), "--json", "--figure", "case.svg")
    assert code == 0
    assert json.loads(out)["about"]["operation"] == number
    assert "drawn: case.svg" in said
    assert (
        "Lawful: independent" in Path("case.svg").read_text(encoding="utf-8")
        or Path("case.svg").stat().st_size
    )


def test_candidates_are_shown_with_what_is_seen_of_each(tipbench, tiny: Release) -> None:
    code, out, said = tipbench("data", "story", "find=kind=trafficking views>=1")
    assert code == 0
    head, *rows = [line for line in out.splitlines() if line.strip() and "─" not in line]
    assert head.split()[:3] == ["operation", "region", "kind"]
    assert len(rows) == 20
    assert "more: add filters" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["12"], "has no operation 12: find one with"),
        (["twelve"], "twelve is not the number of an operation"),
        (["-12"], "-12"),
        (["12", "13"], "unexpected argument: 13"),
        (["12", "find=views>=1"], "leave out one of both"),
        (["find=views>=1", "--figure", "a.png"], "name it in the place of find="),
        (["--figure", "a.gif"], "a.gif is not a figure"),
        (["find=fom=labour"], 'Unknown filter "fom". Did you mean "form"?'),
        (["find=views>6"], "ask for less"),
        (["data=sms_spam"], "your own data have no operations, and so no story"),
        (["release=tny"], "tny"),
        (["5", "release=0.2.0/small"], "data version 0.2.0 is retired: "),
        (["5", "release=0.3.0/tiny"], "data version 0.3.0 is retired: "),
        (["5", "release=0.3.0"], "data version 0.3.0 is retired: "),
        (["5", "release=0.4.0"], "release=0.4.0 is a version of every size: write release=0.4.0/tiny"),
        (["5", "release=0.4.0/tny"], 'release=tny does not exist. Did you mean "tiny"?'),
        (["5", "release=tiny.w0"], "release tiny.w0 names no world"),
        (["5", "release=0.4.0/tiny", "release.version=0.4.0"], "leave out release.version=0.4.0"),
        (["relase=tiny"], 'Unknown setting "relase". Did you mean "release"?'),
    ],
)
def test_what_cannot_be_told_is_refused_with_nothing_shown(
    tipbench, tiny: Release, place: Path, words: list[str], says: str
) -> None:
    code, out, said = tipbench("data", "story", *words)
    assert (code, out) == (2, "")
    assert says in said
    assert said.count("\n") == 1
    assert not list(place.glob("a.*"))


def test_a_release_can_be_named_as_a_story_names_it(tipbench, tiny: Release) -> None:
    _, out, _ = tipbench("data", "story", "release=tiny")
    number, name = out.split("Operation ")[1].split(",")[0].split(" of ")
    assert name == "0.4.0/tiny"
    assert tipbench("data", "story", number, f"release={name}")[:2] == (0, out)


def test_an_empty_filter_lists_all(tipbench, tiny: Release) -> None:
    code, out, _ = tipbench("data", "story", "find=", "--json")
    assert code == 0
    assert len(json.loads(out)["operations"]) == tiny.scan("operations", truth=True).collect().height


def test_a_release_whose_truth_was_taken_away_is_refused_and_truth_not_put_back(
    tipbench, tiny: Release, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = place / "home"
    taken = shutil.ignore_patterns("*.truth.parquet")
    shutil.copytree(tiny.folder, home / tiny.name, ignore=taken, copy_function=os.link)
    monkeypatch.setenv("TIPBENCH_HOME", str(home))
    for words in ([], ["12"], ["find=views>=3"], ["--figure", "a.png"]):
        code, out, said = tipbench("data", "story", *words, "release=tiny")
        assert (code, out) == (2, "")
        assert "has no truth, since its *.truth.parquet files were taken away" in said
        assert said.count("\n") == 1
    assert not list(home.rglob("*.truth.parquet"))
    assert not list(place.glob("a.*"))


@pytest.mark.parametrize(
    ("operation", "release", "says"),
    [
        ("5", "tiny", "operation '5' is no whole number"),
        (1.5, "tiny", "operation 1.5 is no whole number"),
        (True, "tiny", "operation True is no whole number"),
        (7, None, "None is no release"),
        (7, "ROUND", "is a sealed round, whose truth nobody is shown"),
        (7, "0.3.0/tiny", "data version 0.3.0 is retired"),
    ],
)
def test_what_python_cannot_be_told_is_refused_in_one_sentence(
    place: Path, operation: object, release: object, says: str
) -> None:
    (place / "round").mkdir()
    (place / "round" / "round.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match=r"^[^\n]*\.$") as refused:
        package.story(operation, str(place / "round") if release == "ROUND" else release)  # type: ignore[arg-type]
    assert says in str(refused.value)


def test_a_sealed_round_has_no_stories(tipbench, place: Path) -> None:
    (place / "round").mkdir()
    (place / "round" / "round.json").write_text("{}", encoding="utf-8")
    code, out, said = tipbench("data", "story", "12", f"release={place / 'round'}")
    assert (code, out) == (2, "")
    assert "is a sealed round, whose truth nobody is shown" in said
