"""Commands on releases: what they print and write, and one sentence for a mistake, with nothing printed or written."""

import json
import os
import shutil
from functools import cache
from pathlib import Path

import polars as pl
import pytest
import tipbench as package
from tipbench.browse import build
from tipbench.commands.data import fidelity
from tipbench.pages.templates import Page
from tipcore.errors import UsageError
from tipdata.release import Release

MISTAKES = {
    "make release=tny": 'Did you mean "tiny"',
    "make release.world=-3": "release.world=-3 is wrong",
    "make seed=1": 'Unknown setting "seed"',
    "make engine.worker=1": "engine.workers",
    "remove release=tiny release.world=7": "there is nothing to remove",
    "preview rows=none": "rows=none",
    "preview table=advert": 'table advert does not exist. Did you mean "adverts"?',
    "preview language=xx": "language=xx does not exist. Choose one of ar, en, es, fr, ru, zh.",
    "preview language=EN": 'Did you mean "en"?',
    "preview table=payments language=es": "table payments has no column language: leave out language=.",
    "preview table=all language=es": "language= chooses rows of one table",
    "preview data=sms_spam language=es": "language= is for releases",
    "preview data=sms_spam": "has no path: say where",
    "lint nowhere": "nowhere is not a folder",
    "lint runs": "has no parquet file",
    "lint . release=tiny": "name a folder or a release=, not both",
    "lint release=tny": "tny",
    "lint relase=tiny": 'Unknown setting "relase"',
    "fidelity release=tny": "tny",
    "fidelity release=tiny --figure a.gif": "a.gif has an unsupported format",
    "fidelity release=tiny assumptions=0": "assumptions=0 does not exist",
    "fidelity release=tiny assumptions=some": "assumptions=some is not a whole number",
    "fidelity release=tiny asumptions=1": 'Did you mean "assumptions"?',
    "fidelity release=tiny release.world=-1": "release.world=-1 is wrong",
    "fidelity release=tiny data=sms_spam strict=true": "--figure and strict= are of aggregates",
    "fidelity release=tiny data=sms_spam data.path=nowhere": "nowhere",
    "fidelity release=tiny data=sms_spam data.path=. assumptions=1": "exclude each other",
    "browse data=sms_spam": "your own data have no operations, and so no truth to browse: name a release=.",
    "browse release=tny": "tny",
    "browse relase=tiny": 'Unknown setting "relase". Did you mean "release"?',
    "browse table=adverts": 'Unknown setting "table"',
    "browse rows=0": "rows=0 is not a number of rows",
    "browse rows=many": "rows=many is not a whole number",
    "browse rows=20001": "rows=20001 cannot be shown on a page: give 1 to 20,000.",
    "browse --to own_methods.py": "own_methods.py is there already and was not made by `tipbench data browse`",
    "browse --to .": "was not made by `tipbench data browse`: give another --to.",
    "browse --to own_methods.py/pages": "cannot be written",
    "browse release.version=0.3.0": "data version 0.3.0 is retired",
    "story 12": "has no operation 12: find one with",
    "story twelve": "twelve is not the number of an operation",
    "story -12": "-12",
    "story 12 13": "unexpected argument: 13",
    "story 12 find=views>=1": "leave out one of both",
    "story find=views>=1 --figure a.png": "name it in the place of find=",
    "story --figure a.gif": "a.gif has an unsupported format",
    "story find=fom=labour": 'Unknown filter "fom". Did you mean "form"?',
    "story find=views>6": "ask for less",
    "story data=sms_spam": "your own data have no operations, and so no story",
    "story release=tny": "tny",
    "story 5 release=0.2.0/small": "data version 0.2.0 is retired: ",
    "story 5 release=0.3.0/tiny": "data version 0.3.0 is retired: ",
    "story 5 release=0.3.0": "data version 0.3.0 is retired: ",
    "story 5 release=0.5.0": "release=0.5.0 is a version of every size: write release=0.5.0/tiny",
    "story 5 release=0.5.0/tny": 'release=tny does not exist. Did you mean "tiny"?',
    "story 5 release=tiny.w0": "release tiny.w0 names no world",
    "story 5 release=0.5.0/tiny release.version=0.5.0": "leave out release.version=0.5.0",
    "story relase=tiny": 'Unknown setting "relase". Did you mean "release"?',
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_one_sentence_with_nothing_printed_or_written(
    refused, tiny: Release, place: Path, words: str
) -> None:
    (place / "runs").mkdir(exist_ok=True)
    before = sorted(place.rglob("*"))
    assert MISTAKES[words] in refused("data", *words.split())
    assert sorted(place.rglob("*")) == before


def test_data_makes_verifies_describes_and_previews(
    tipbench, tiny: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert json.loads(tipbench("data", "make", "release=tiny", "--json")[1])["regions"] == 8
    assert "adverts" in tipbench("data", "preview", "release=tiny", "table=all")[1]
    assert len(tipbench("data", "preview", "release=tiny", "table=flags", "rows=3")[1].splitlines()) > 3
    found: list[str] = []
    monkeypatch.setattr("tipbench.commands.data.verify.verify_release", lambda *_, **__: found)
    whole = "release 0.5.0/tiny: all files match their checksums\n"
    assert tipbench("data", "verify", "release=tiny")[:2] == (0, whole)
    found.append("release 0.5.0/tiny, region 3")
    code, out, err = tipbench("data", "verify", "release=tiny")
    assert code == 1
    assert "differs: release 0.5.0/tiny, region 3" in out
    assert "differs in 1 place." in err


@pytest.mark.parametrize("command", ["score", "data make", "data verify", "data preview", "data fidelity"])
def test_the_world_that_was_typed_is_opened(
    tipbench, tiny: Release, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []

    def find(release: Release | str, *given: object, **_: object) -> None:
        opened.append(release.world if isinstance(release, Release) else given[-1])
        raise UsageError("enough.")

    for name in ("score.open_release", "data._release.open_release"):
        monkeypatch.setattr(f"tipbench.commands.{name}", find)
    for name in ("make.make_release", "verify.verify_release"):
        monkeypatch.setattr(f"tipbench.commands.data.{name}", find)
    monkeypatch.setattr("tipbench.commands.score.read_predictions_file", lambda *_: None)
    words = ("x.csv", "task=advert_risk") if command == "score" else ()
    assert tipbench(*command.split(), *words, "release=tiny", "release.world=3")[0] == 2
    assert opened == [3]


@pytest.mark.slow
def test_data_and_scores_are_of_the_world_that_was_typed(tipbench, own_configs: Path, tiny: Release) -> None:
    world = ("release=tiny", "release.world=1")
    assert json.loads(tipbench("data", "make", *world, "--json")[1])["release"] == "0.5.0/tiny.w1"
    verified = json.loads(tipbench("data", "verify", *world, "--json")[1])
    assert verified == {"release": "0.5.0/tiny.w1", "differences": []}
    rows = ("table=flags", "rows=3", "--json")
    here, there = (json.loads(tipbench("data", "preview", *w, *rows)[1]) for w in (world[:1], world))
    assert (here["release"], there["release"]) == ("0.5.0/tiny", "0.5.0/tiny.w1")
    assert here["preview"] != there["preview"]
    run = ("--config-dir", str(own_configs), "baseline=advert_risk/length", "split=random", "replicates=0")
    stored = json.loads(tipbench("run", *run, *world, "--json")[1])
    (file,) = Path("runs/0.5.0/tiny.w1/advert_risk/random/length").glob("*/predictions.parquet")
    words = ("task=advert_risk", "split=random", "replicates=0")
    code, out, _ = tipbench("score", str(file), *words, *world, "--json")
    assert code == 0
    assert json.loads(out)["scores"]["auroc"] == stored["scores"]["auroc"]
    assert tipbench("score", str(file), *words, "release=tiny")[0] == 2


def test_pages_go_to_a_folder_named_for_the_release_and_the_one_to_open_is_told(
    tipbench, tiny: Release, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One page in the place of all, since others are made elsewhere.
    monkeypatch.setattr(build, "_makers", lambda site, most: [lambda: Page("about.html", "")])
    code, out, said = tipbench("data", "browse", "--quiet")
    assert (code, said) == (0, "")
    start = place.resolve() / "browse-tiny" / "index.html"
    assert out.splitlines()[-1] == f"open {start} in a browser"
    assert (start.parent / "about.html").is_file()
    told = json.loads(tipbench("data", "browse", "release=tiny", "--to", "x/y", "--json")[1])
    assert told["open"] == str(place.resolve() / "x" / "y" / "index.html")
    assert (told["release"], told["pages"]) == ("0.5.0/tiny", 1)
    assert told["bytes"] == sum(p.stat().st_size for p in (place / "x/y").rglob("*") if p.is_file())


def test_an_edited_folder_fails_lint_with_where_and_what(tipbench, tiny: Release, place: Path) -> None:
    path = place / "mine=1" / "00003" / "contacts.parquet"
    path.parent.mkdir(parents=True)
    shutil.copy(tiny.region_folder(3) / path.name, path)
    code, out, said = tipbench("data", "lint", "mine=1")
    assert (code, said) == (0, "")
    assert "0 findings" in out
    contacts = pl.read_parquet(path, glob=False)
    notes = contacts["narrative"].to_list()
    notes[4] = "Call +44 20 7946 0958 1"
    contacts.with_columns(narrative=pl.Series(notes)).write_parquet(path)
    code, out, said = tipbench("data", "lint", "mine=1", "--json")
    assert code == 1
    assert "findings in mine=1: mend or delete what is named" in said
    told = json.loads(out)
    assert {one["where"] for one in told["findings"]} == {str(Path("00003") / "contacts.parquet") + ", row 4"}
    assert "contact" in {one["rule"] for one in told["counts"]}
    code, out, _ = tipbench("data", "lint", "mine=1")
    assert code == 1
    assert "contacts.narrative: contact" in out


def test_a_release_is_compared_and_its_misses_shown(
    tipbench, tiny: Release, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fidelity, "compare_release", cache(fidelity.compare_release))
    words = ("data", "fidelity", "release=tiny", "--figure", "held.svg")
    code, out, said = tipbench(*words)
    assert code == 0
    assert all(text in out for text in ("exact and near duplicates", "fail", "not modelled:"))
    assert "drawn: held.svg" in said
    first = Path("held.svg").read_bytes()
    code, out, said = tipbench(*words, "--json", "strict=true")
    assert code == 1
    assert "lie outside their bands" in said
    assert Path("held.svg").read_bytes() == first
    told = json.loads(out)
    failed = [one for one in told["aggregates"] if one["verdict"] == "fail"]
    assert f"{len(failed)} of {len(told['aggregates'])}" in said
    assert all(one["source"] and one["tables"] and one["use"] for one in told["aggregates"])
    assert {one["what"] for one in told["not_modelled"]}


MESSAGES = """\
name: messages
task: advert_risk
summary: "made up"
path: null
files: messages.csv
format: csv
label: label
tables: {adverts: {body: text}}
split: kfold
folds: 2
"""


def test_texts_of_a_users_own_are_compared_with_adverts(tipbench, tiny: Release, place: Path) -> None:
    (place / "configs" / "data").mkdir(parents=True)
    (place / "configs" / "data" / "messages.yaml").write_text(MESSAGES, encoding="utf-8")
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


def test_a_story_is_told_and_says_how_to_choose_another(tipbench, tiny: Release) -> None:
    code, out, said = tipbench("data", "story")
    assert code == 0
    assert "synthetic" in out
    assert "find=" in said
    number, name = out.split("Operation ")[1].split(",")[0].split(" of ")
    assert name == "0.5.0/tiny"
    assert tipbench("data", "story", number, f"release={name}") == (0, out, "")


def test_json_and_figure_are_of_the_operation_asked_for(tipbench, tiny: Release, place: Path) -> None:
    listed = json.loads(tipbench("data", "story", "find=kind=independent adverts>=5", "--json")[1])
    assert listed["release"] == "0.5.0/tiny"
    assert {row["kind"] for row in listed["operations"]} == {"independent"}
    number = listed["operations"][0]["operation"]
    code, out, said = tipbench("data", "story", str(number), "--json", "--figure", "case.svg")
    assert code == 0
    assert json.loads(out)["about"]["operation"] == number
    assert "drawn: case.svg" in said
    assert Path("case.svg").stat().st_size


def test_candidates_are_shown_with_what_is_seen_of_each(tipbench, tiny: Release) -> None:
    code, out, said = tipbench("data", "story", "find=kind=trafficking views>=1")
    assert code == 0
    head, *rows = [line for line in out.splitlines() if line.strip() and "─" not in line]
    assert head.split()[:3] == ["operation", "region", "kind"]
    assert len(rows) == 20
    assert "more: add filters" in said
    every = json.loads(tipbench("data", "story", "find=", "--json")[1])["operations"]
    assert len(every) == tiny.scan("operations", truth=True).collect().height


def test_a_release_whose_truth_was_taken_away_is_refused_and_truth_not_put_back(
    refused, tiny: Release, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = place / "home"
    taken = shutil.ignore_patterns("*.truth.parquet")
    shutil.copytree(tiny.folder, home / tiny.name, ignore=taken, copy_function=os.link)
    monkeypatch.setenv("TIPBENCH_HOME", str(home))
    for words in ([], ["12"], ["find=views>=3"], ["--figure", "a.png"]):
        said = refused("data", "story", *words, "release=tiny")
        assert "has no truth, since its *.truth.parquet files were taken away" in said
    assert not list(home.rglob("*.truth.parquet"))
    assert not list(place.glob("a.*"))


@pytest.mark.parametrize(
    ("operation", "release", "says"),
    [
        ("5", "tiny", "operation '5' is no whole number"),
        (1.5, "tiny", "operation 1.5 is no whole number"),
        (True, "tiny", "operation True is no whole number"),
        (7, None, "None is no release"),
        (7, "0.3.0/tiny", "data version 0.3.0 is retired"),
    ],
)
def test_what_python_cannot_be_told_is_refused_in_one_sentence(
    place: Path, operation: object, release: object, says: str
) -> None:
    with pytest.raises(UsageError, match=r"^[^\n]*\.$") as refused:
        package.story(operation, release)  # type: ignore[arg-type]
    assert says in str(refused.value)
