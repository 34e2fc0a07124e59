"""``tipbench data calibrate`` and ``audit``: what is printed, what is refused, and what the exit code says."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tipbench.actions import calibrate as calibrate_action

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
    for name, frame in (("used", used), ("kept", kept), ("copied", used), ("fresh", drawn(800))):
        frame.write_csv(tmp_path / f"{name}.csv")
    (tmp_path / "ask.yaml").write_text(ASK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tipdata.privacy.audit.CONDITIONS", 100)
    return tmp_path


def test_a_table_is_calibrated_and_its_budget_kept(tipbench, files: Path) -> None:
    pytest.importorskip("opendp", reason="the extra privacy is not installed")
    words = ("data", "calibrate", "used.csv", "config=ask.yaml")
    code, out, _ = tipbench(*words, "epsilon=1", "--to", "mine.yaml")
    assert code == 0
    assert "operations.hunting: 0." in out
    assert "ε 1 spent; 1 of 2 on this table in all" in out
    code, out, _ = tipbench(*words, "epsilon=1", "--to", "two.yaml", "--json")
    assert (code, json.loads(out)["calibration"]["spent_on_table"]) == (0, pytest.approx(2))
    ledger = (files / "used.csv.privacy-ledger.json").read_bytes()
    code, out, err = tipbench(*words, "epsilon=0.5", "--to", "three.yaml")
    assert (code, out) == (2, "")
    assert "exceeds it: nothing was spent" in err
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


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "0 tables were given"),
        (["used.csv", "kept.csv"], "2 tables were given"),
        (["used.csv"], "calibrating needs config="),
        (["used.csv", "config=ask.yaml"], "calibrating needs epsilon="),
        (["used.csv", "config=ask.yaml", "epsilon=1"], "add --to FILE"),
        (["used.csv", "config=ask.yaml", "epsilon=0", "--to", "x.yaml"], "epsilon=0 is not above 0"),
        (["used.csv", "config=no.yaml", "epsilon=1", "--to", "x.yaml"], "no.yaml cannot be read"),
        (["no.csv", "config=ask.yaml", "epsilon=1", "--to", "x.yaml"], "no.csv is not there"),
        (["ask.yaml", "config=ask.yaml", "epsilon=1", "--to", "x.yaml"], "neither .csv nor .parquet"),
        (["used.csv", "config=ask.yaml", "epsilon=1", "--to", "kept.csv"], "kept.csv is there already"),
        (["used.csv", "config=ask.yaml", "epsilon=0.01", "--to", "x.yaml"], "nothing was spent"),
        (["used.csv", "config=ask.yaml", "epsilo=1", "--to", "x.yaml"], 'Did you mean "epsilon"'),
    ],
)
def test_mistakes_in_calibrating_cost_nothing(tipbench, files: Path, words: list[str], says: str) -> None:
    pytest.importorskip("opendp", reason="the extra privacy is not installed")
    before = {path: path.read_bytes() for path in files.iterdir()}
    code, out, err = tipbench("data", "calibrate", *words)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err
    assert {path: path.read_bytes() for path in files.iterdir()} == before


def test_without_the_extra_calibrating_says_how_to_get_it(
    tipbench, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrate_action, "is_missing", lambda extra: extra == "privacy")
    code, _, err = tipbench("data", "calibrate", "used.csv", "config=ask.yaml", "epsilon=1", "--to", "x.yaml")
    assert code == 2
    assert "python3 -m pip install 'tipbench[privacy]'" in err


def test_an_audit_fails_where_records_were_copied_and_only_there(tipbench, files: Path) -> None:
    against = ("private=used.csv", "control=kept.csv")
    code, out, err = tipbench("data", "audit", "copied.csv", *against)
    assert code == 1
    assert "inferring pay" in out
    assert "copied.csv tells of its private records" in err
    code, out, _ = tipbench("data", "audit", "fresh.csv", *against, "--json")
    assert code == 0
    told = json.loads(out)
    assert told["columns"] == ["age", "pay", "hunts"]
    assert all(one["risk"]["low"] <= 0.05 for one in told["findings"] if one["has_power"])
    assert any(one["has_power"] for one in told["findings"])


def test_an_audit_that_finds_not_even_the_leaky_control_fails(tipbench, files: Path) -> None:
    for name in ("used", "kept", "fresh"):
        pl.read_csv(files / f"{name}.csv").select("hunts", two="hunts").write_csv(files / f"{name}.csv")
    code, _, err = tipbench("data", "audit", "fresh.csv", "private=used.csv", "control=kept.csv")
    assert code == 1
    assert "shows nothing" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["copied.csv", "private=used.csv"], "an audit needs control=FILE"),
        (["copied.csv", "private=used.csv", "control=no.csv"], "no.csv is not there"),
        (["copied.csv", "private=used.csv", "control=kept.csv", "columns=age,job"], "has no column job"),
        (["copied.csv", "private=used.csv", "control=kept.csv", "limit=2"], "limit=2 is no risk"),
        (["copied.csv", "private=used.csv", "control=kept.csv", "release=tiny"], 'Unknown setting "release"'),
        (["a.csv", "b.csv", "private=used.csv", "control=kept.csv"], "2 tables were given"),
    ],
)
def test_mistakes_in_auditing_are_one_sentence(tipbench, files: Path, words: list[str], says: str) -> None:
    code, out, err = tipbench("data", "audit", *words)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err
