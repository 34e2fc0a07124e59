"""``tipbench data calibrate`` and ``audit``: what is printed, what is refused, and what the exit code says."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tipcore.extras import how_to_install, is_missing
from tipdata.privacy.calibration import read_table

ASK = "unit: row\nlimit: 2\nparameters:\n  operations.hunting: {column: hunts}\n"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private table, its control, a table that copies the private one, and a request."""
    rng = np.random.default_rng(5)

    def drawn(rows: int) -> pl.DataFrame:
        numbers = rng.random((rows, 3))
        return pl.DataFrame(
            {"age": 18 + 50 * numbers[:, 0], "pay": 900 * numbers[:, 1], "hunts": numbers[:, 2] < 0.4}
        )

    used, kept = drawn(800), drawn(800)
    made = {"used": used, "kept": kept, "copied": used, "fresh": drawn(800)}
    for name, frame in made.items():
        frame.write_csv(tmp_path / f"{name}.csv")

    def read(path: Path) -> pl.DataFrame:  # the program reads a private table in a process of its own
        return pl.read_csv(path) if path.stem in made else read_table(path)

    monkeypatch.setattr("tipbench.commands.data.audit.read_table", read)
    (tmp_path / "ask.yaml").write_text(ASK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tipdata.privacy.audit.CONDITIONS", 100)
    return tmp_path


def test_a_table_is_calibrated_and_its_budget_kept(tipbench, refused, files: Path) -> None:
    pytest.importorskip("opendp", reason="the extra privacy is not installed")
    words = ("data", "calibrate", "used.csv", "config=ask.yaml")
    code, out, _ = tipbench(*words, "epsilon=1", "--to", "mine.yaml")
    assert code == 0
    assert "operations.hunting: 0." in out
    assert "ε 1 spent; 1 of 2 on this table in all" in out
    code, out, _ = tipbench(*words, "epsilon=1", "--to", "two.yaml", "--json")
    assert (code, json.loads(out)["calibration"]["spent_on_table"]) == (0, pytest.approx(2))
    ledger = (files / "used.csv.privacy-ledger.json").read_bytes()
    assert "exceeds it: nothing was spent" in refused(*words, "epsilon=0.5", "--to", "three.yaml")
    assert (files / "used.csv.privacy-ledger.json").read_bytes() == ledger
    assert not (files / "three.yaml").exists()


def test_what_can_be_calibrated_is_listed(tipbench) -> None:
    code, out, _ = tipbench("data", "calibrate", "--list")
    assert code == 0
    assert "operations.languages" in out
    assert "children" not in out
    assert "prices.base" in [
        one["path"] for one in json.loads(tipbench("data", "calibrate", "--list", "--json")[1])
    ]


ASKED = "calibrate used.csv config=ask.yaml"
AGAINST = ("private=used.csv", "control=kept.csv")
AUDITED = "audit copied.csv private=used.csv"
MISTAKES = {
    "calibrate": "calibrating needs a table",
    "calibrate used.csv kept.csv": "unexpected argument: kept.csv",
    "calibrate used.csv": "calibrating needs config=",
    ASKED: "calibrating needs epsilon=",
    f"{ASKED} epsilon=1": "add --to FILE",
    f"{ASKED} epsilon=0 --to x.yaml": "epsilon=0 is not above 0",
    f"{ASKED} epsilon=1e-300 --to x.yaml": "give at least 0.001",
    "calibrate used.csv config=no.yaml epsilon=1 --to x.yaml": "no.yaml cannot be read",
    "calibrate no.csv config=ask.yaml epsilon=1 --to x.yaml": "no.csv is not there",
    "calibrate ask.yaml config=ask.yaml epsilon=1 --to x.yaml": "neither .csv nor .parquet",
    f"{ASKED} epsilon=1 --to kept.csv": "kept.csv is there already",
    f"{ASKED} epsilon=0.01 --to x.yaml": "nothing was spent",
    f"{ASKED} epsilo=1 --to x.yaml": 'Did you mean "epsilon"',
    AUDITED: "needs control=FILE",
    f"{AUDITED} control=no.csv": "no.csv is not there",
    f"{AUDITED} control=kept.csv columns=age,job": "has no column job",
    f"{AUDITED} control=kept.csv columns=pay,pay": "pay is given twice",
    f"{AUDITED} control=kept.csv limit=2": "limit=2 is out of range: give 0 <= limit < 1",
    f"{AUDITED} control=kept.csv release=tiny": 'Unknown setting "release"',
    "audit a.csv b.csv private=used.csv control=kept.csv": "unexpected argument: b.csv",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_mistakes_are_one_sentence_and_cost_nothing(refused, files: Path, words: str) -> None:
    if words.startswith("calibrate"):
        pytest.importorskip("opendp", reason="the extra privacy is not installed")
    before = {path: path.read_bytes() for path in files.iterdir()}
    assert MISTAKES[words] in refused("data", *words.split())
    assert {path: path.read_bytes() for path in files.iterdir()} == before


def test_without_the_extra_calibrating_says_how_to_get_it(
    refused, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tipcore.extras.find_spec", lambda name: None)
    said = refused("data", "calibrate", "used.csv", "config=ask.yaml", "epsilon=1", "--to", "x.yaml")
    assert how_to_install("privacy") in said


def test_an_audit_fails_where_records_were_copied_and_only_there(tipbench, files: Path) -> None:
    code, out, err = tipbench("data", "audit", "copied.csv", *AGAINST)
    assert code == 1
    assert "inferring pay" in out
    assert "copied.csv leaks private records" in err
    code, out, _ = tipbench("data", "audit", "fresh.csv", *AGAINST, "--json")
    assert code == 0
    told = json.loads(out)
    assert told["columns"] == ["age", "pay", "hunts"]
    assert not any(one["fails"] for one in told["findings"])
    assert any(one["has_power"] for one in told["findings"])


def test_an_audit_fails_where_one_row_in_twenty_was_copied(tipbench, files: Path) -> None:
    fresh, used = pl.read_csv(files / "fresh.csv"), pl.read_csv(files / "used.csv")
    pl.concat([fresh.head(285), used.head(15)]).write_csv(files / "partly.csv")
    code, out, err = tipbench("data", "audit", "partly.csv", *AGAINST, "--json")
    assert code == 1
    assert [one["attack"] for one in json.loads(out)["findings"] if one["fails"]] == ["copies"]
    assert "copies with a risk of 0.02" in err
    assert "do not share it" in err
    assert tipbench("data", "audit", "partly.csv", *AGAINST, "limit=0.5")[0] == 1


def test_no_audit_and_no_calibration_quotes_a_damaged_private_table(refused, files: Path) -> None:
    (files / "broken.csv").write_text('age,hunts\n33,Zaubernuss\n"Zaubernuss', encoding="utf-8")
    for words in (
        ("calibrate", "broken.csv", "config=ask.yaml", "epsilon=1", "--to", "x.yaml"),
        ("audit", "fresh.csv", "private=broken.csv", "control=kept.csv"),
        ("audit", "fresh.csv", "private=used.csv", "control=broken.csv"),
    ):
        if words[0] == "calibrate" and is_missing("privacy"):
            continue
        said = refused("data", *words)
        assert "broken.csv is not a whole csv file" in said
        assert "Zaubernuss" not in said


def test_an_audit_that_finds_not_even_the_leaky_control_fails(tipbench, files: Path) -> None:
    for name in ("used", "kept", "fresh"):
        pl.read_csv(files / f"{name}.csv").select("hunts", two="hunts").write_csv(files / f"{name}.csv")
    code, _, err = tipbench("data", "audit", "fresh.csv", *AGAINST)
    assert code == 1
    assert "shows nothing" in err
