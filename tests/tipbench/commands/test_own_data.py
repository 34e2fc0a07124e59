"""``tipbench run`` on a user's own data with several files."""

import json
import re
from pathlib import Path

import polars as pl
import pytest

CONFIG = """
name: two_files
task: advert_risk
path: null
files: adverts.csv
format: csv
unit: id
label: bad
tables:
  adverts: {body: text, account: by}
  accounts: {account: by, language: lang}
sources: {accounts: accounts.csv}
split: kfold
"""


@pytest.fixture
def words(own_configs: Path, place: Path) -> list[str]:
    """The command line of a run on adverts in one file and accounts in another."""
    folder = own_configs / "data"
    folder.mkdir()
    (folder / "two_files.yaml").write_text(CONFIG, encoding="utf-8")
    bad = [i % 2 for i in range(40)]
    texts = {"id": [f"a{i}" for i in range(40)], "text": ["w" * (1 + 9 * b) for b in bad]}
    pl.DataFrame({**texts, "bad": bad, "by": "zoe"}).write_csv(place / "adverts.csv")
    pl.DataFrame({"by": ["zoe", "kim"], "lang": ["en", "fr"]}).write_csv(place / "accounts.csv")
    run = ("baseline=advert_risk/length", "data=two_files", "replicates=20")
    return ["--config-dir", str(own_configs), *run]


def test_own_data_are_previewed_as_methods_are_handed_them(
    tipbench, refused, words: list[str], place: Path
) -> None:
    of = (*words[:2], "data=two_files", f"data.path={place}", "rows=2")
    code, out, _ = tipbench("data", "preview", *of)
    assert code == 0
    assert "train 32 (32 labelled), valid 0 (0 labelled), test 8 (0 labelled)" in out
    assert "(the first of 5)" in out
    for shown in ("adverts:", "accounts:", "wwwwwwwwww", "label", "shape: (2, "):
        assert shown in out
    hostile = "\x1b]0;x\x07\x9b2J\u202e"
    pl.DataFrame({"by": ["zoe", "kim"], "lang": [hostile, "fr"]}).write_csv(place / "accounts.csv")
    code, out, _ = tipbench("data", "preview", *of)
    assert (code, out.replace("\n", "").isprintable(), r"\x1b]0;x\x07\x9b2J\u202e" in out) == (0, True, True)
    code, out, _ = tipbench("data", "preview", *of, "table=accounts", "--json")
    assert (out.replace("\n", "").isprintable(), hostile in json.loads(out)["preview"]) == (True, True)
    assert "wwww" not in json.loads(out)["preview"]
    said = refused("data", "preview", *of, "table=account")
    assert 'no table account. Did you mean "accounts"?' in said


def test_a_run_reads_every_file_and_runs_anew_where_one_changes(
    tipbench, words: list[str], place: Path
) -> None:
    words = ["run", *words, f"data.path={place}"]
    code, out, _ = tipbench(*words, "--json")
    first = json.loads(out)
    assert (code, first["scores"]["auroc"]["value"]) == (0, 1)
    assert json.loads(tipbench(*words, "--json")[1])["versions"] == first["versions"]
    pl.DataFrame({"by": ["zoe", "kim"], "lang": ["en", "ru"]}).write_csv(place / "accounts.csv")
    changed = json.loads(tipbench(*words, "--json")[1])
    assert changed["versions"]["data"] != first["versions"]["data"]


def test_a_missing_file_is_a_users_mistake(refused, words: list[str], place: Path) -> None:
    (place / "accounts.csv").unlink()
    says = "accounts.csv of data=two_files does not exist"
    assert says in refused("run", *words, f"data.path={place}")
    says = "data.tables.accounts.language of data=two_files maps lang, which the data lacks"
    assert says in refused("run", *words, f"data.path={place}", "data.sources.accounts=adverts.csv")


def test_a_column_that_no_file_gives_is_named_with_other_baselines_and_other_mistakes_without(
    refused, words: list[str], place: Path
) -> None:
    greedy = [word.replace("/length", "/greedy") for word in words]
    says = "set data.tables.accounts.verified; or run one that can: .*advert_risk/tfidf_logreg"
    assert re.search(says, refused("run", *greedy, f"data.path={place}"))
    for odd in ("data.refers.messages.by=account", "data.unit=nowhere"):
        assert "or run one that can" not in refused("run", *words, f"data.path={place}", odd)


LISTS = """
name: regions
task: prevalence
summary: some people
source: somebody
known: {known}
path: null
files: lists.csv
format: csv
unit: region
distinct: true
tables:
  populations: {{lists: "2"}}
  case_lists: {{region: region, count: n, "*": "*"}}
sources: {{case_lists: {{sql: "SELECT *, COUNT(*) AS n FROM lists GROUP BY ALL"}}}}
"""


@pytest.fixture
def regions(own_configs: Path, place: Path) -> list[str]:
    """The command line of an estimate of two regions from people on two lists."""
    (own_configs / "data").mkdir()
    (own_configs / "data" / "regions.yaml").write_text(LISTS.format(known="null"), encoding="utf-8")
    seen = [(1, 0)] * 30 + [(0, 1)] * 20 + [(1, 1)] * 10
    first, second = [a for a, _ in seen], [b for _, b in seen]
    people = pl.DataFrame({"region": ["north"] * 60 + ["south"] * 60, "a": first + second, "b": second * 2})
    people.filter((pl.col("a") + pl.col("b")) > 0).write_csv(place / "lists.csv")
    return ["run", "--config-dir", str(own_configs), "data=regions", f"data.path={place}", "replicates=0"]


def test_what_is_estimated_of_every_region_is_printed_by_its_name(tipbench, regions: list[str]) -> None:
    code, out, _ = tipbench(*regions, "baseline=prevalence/chao_lower")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert ["region", "estimate", "95%", "interval"] in lines
    assert [line[0] for line in lines if line and line[0] in ("north", "south")] == ["north", "south"]
    found = json.loads(tipbench(*regions, "baseline=prevalence/chao_lower", "--json")[1])
    assert set(found["estimates"]) == {"north", "south"}
    assert found["estimates"]["north"]["value"] > 60
    assert found["estimates"]["north"]["truth"] is None


def test_the_words_of_a_config_are_not_claimed_for_other_files(
    tipbench, regions: list[str], own_configs: Path
) -> None:
    words = [*regions, "baseline=prevalence/chao_lower", "--json"]
    first = json.loads(tipbench(*words)[1])
    assert first["config"]["data"]["source"] == "somebody"
    config = own_configs / "data" / "regions.yaml"
    config.write_text(LISTS.format(known=first["versions"]["data"]), encoding="utf-8")
    same = json.loads(tipbench(*words, "overwrite=always")[1])
    assert (same["config"]["data"]["summary"], same["config_hash"]) == ("some people", first["config_hash"])
    config.write_text(LISTS.format(known="sha256:0"), encoding="utf-8")
    other = json.loads(tipbench(*words, "overwrite=always")[1])
    assert not {"summary", "source"} & set(other["config"]["data"])
    assert any("are not the files that data=regions describes" in note for note in other["notes"])


def test_columns_that_a_method_does_not_use_are_said(
    tipbench, words: list[str], own_configs: Path, place: Path
) -> None:
    config = CONFIG.replace("account: by}", 'account: by, "*": x*}', 1)
    (own_configs / "data" / "two_files.yaml").write_text(config, encoding="utf-8")
    frame = pl.read_csv(place / "adverts.csv")
    frame.with_columns(x1="bad", x2="bad").write_csv(place / "adverts.csv")
    code, _, err = tipbench("run", *words, f"data.path={place}")
    assert code == 0
    assert 'does not say that it uses data.tables.adverts."*" (2 columns;' in err


def test_a_method_of_labelled_pairs_says_where_they_are_mapped(refused, place: Path) -> None:
    err = refused("run", "baseline=advert_linkage/tfidf_pairs", "data=febrl1")
    assert "as data.pairs={left, right, label}; or run one that can: " in err
    assert "data.tables.pairs" not in err
