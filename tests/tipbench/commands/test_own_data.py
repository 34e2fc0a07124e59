"""``tipbench run`` on a user's own data with several files."""

import json
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
    pl.DataFrame(
        {
            "id": [f"a{i}" for i in range(40)],
            "text": ["w" * (1 + 9 * b) for b in bad],
            "bad": bad,
            "by": "zoe",
        }
    ).write_csv(place / "adverts.csv")
    pl.DataFrame({"by": ["zoe", "kim"], "lang": ["en", "fr"]}).write_csv(place / "accounts.csv")
    return [
        "--config-dir",
        str(own_configs),
        "baseline=advert_risk/length",
        "data=two_files",
        "replicates=20",
    ]


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


def test_a_missing_file_is_a_users_mistake(tipbench, words: list[str], place: Path) -> None:
    (place / "accounts.csv").unlink()
    code, _, err = tipbench("run", *words, f"data.path={place}")
    assert code == 2
    assert "accounts.csv of data=two_files does not exist" in err
    code, _, err = tipbench("run", *words, f"data.path={place}", "data.sources.accounts=adverts.csv")
    assert code == 2
    assert "data.tables.accounts.language of data=two_files maps lang, which the data lacks" in err


def test_a_method_that_needs_a_column_which_no_file_gives_says_which(
    tipbench, words: list[str], place: Path
) -> None:
    words = [word.replace("/length", "/greedy") for word in words]
    code, _, err = tipbench("run", *words, f"data.path={place}")
    assert code == 2
    assert "set data.tables.accounts.verified; or run one that can: " in err
    assert "advert_risk/tfidf_logreg" in err


def test_other_mistakes_with_own_data_name_no_other_baselines(
    tipbench, words: list[str], place: Path
) -> None:
    for odd in ("data.refers.messages.by=account", "data.unit=nowhere"):
        code, _, err = tipbench("run", *words, f"data.path={place}", odd)
        assert code == 2
        assert "or run one that can" not in err
