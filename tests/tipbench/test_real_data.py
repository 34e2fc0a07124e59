"""Real data with known results, run as a user would. The sets lie beside the checkout, and are never copied into it.

Known results: SMS spam (UCI), TF-IDF and logistic regression, five folds, AUROC .991-.993 and AP .972-.981;
character TF-IDF on Magellan's pairs, test F1 .95-1.0 (Fodors-Zagats) and .61-.68 (Abt-Buy).
"""

import json
from pathlib import Path

import pytest
from tipbench import cli

REAL = Path(__file__).parents[3] / "shared" / "real"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="no folder shared/real beside the checkout")


def _scores(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, float]:
    assert cli.main(["run", *words, "--json", "--quiet"]) == 0
    return {name: score["value"] for name, score in json.loads(capsys.readouterr().out)["scores"].items()}


@needs_real
def test_spam_is_found_as_well_as_is_known(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ("baseline=advert_risk/tfidf_logreg", "data=sms_spam", "split=kfold", "replicates=50")
    scores = _scores(capsys, *words, f"data.path={REAL / 'text'}", f"runs.path={tmp_path}")
    assert scores["auroc"] >= 0.985
    assert scores["average_precision_raw"] >= 0.95


@needs_real
@pytest.mark.parametrize(("name", "low", "high"), [("fodors_zagats", 0.95, 1.0), ("abt_buy", 0.61, 0.68)])
def test_pairs_are_told_as_well_as_is_known(
    name: str, low: float, high: float, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ("baseline=advert_linkage/tfidf_pairs", f"data={name}", "replicates=50")
    scores = _scores(capsys, *words, f"data.path={REAL / 'er' / name}", f"runs.path={tmp_path}")
    assert low <= scores["pairwise_f1"] <= high


def test_duplicates_of_febrl_are_found(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ("baseline=advert_linkage/splink", "data=febrl1", "replicates=50", f"runs.path={tmp_path}")
    assert _scores(capsys, *words)["pairwise_f1"] >= 0.90
