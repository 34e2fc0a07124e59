"""Real data with known results, run as a user would. The sets lie beside the checkout, and are never copied into it.

Known results: SMS spam (UCI), TF-IDF and logistic regression, five folds, AUROC .991-.993 and AP .972-.981;
character TF-IDF on Magellan's pairs, test F1 .95-1.0 (Fodors-Zagats) and .61-.68 (Abt-Buy). Accuracy on crowds of
majority, Dawid-Skene, GLAD and MACE by crowd-kit 1.4.2; its MACE mixes up the habits of workers and labels unless their
names sort in the order in which they appear, and the results here are those with such names (.769, .928 and .695 with
the names as they are). LOF with 20 neighbours on the graphs of pygod; a random forest on AMLSim's degrees and amounts,
AUROC .889-.897; binary-relevance logistic regression on emotions, ten folds, Hamming loss .197. Synthetic control on
outcomes alone, -1.035 for the Basque Country (pysyncon) and -19.5 for Proposition 99, and difference in differences
there, -27.35 (synthdid).
"""

import json
from pathlib import Path

import pytest
from tipbench import cli

REAL = Path(__file__).parents[5] / "shared" / "real"
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


PAPER = ("baseline.method.looking=0.5", "baseline.method.habit=10.0", "baseline.method.own_prior=false")
"""The priors of MACE's paper, which crowd-kit has too; the config's are chosen on the world."""

CONVERGED = ("baseline.method.iterations=100",)


@needs_real
@pytest.mark.parametrize(
    ("name", "method", "settings", "known", "within"),
    [
        ("bluebird", "majority", (), 0.759, 0.01),
        ("bluebird", "dawid_skene", (), 0.8935, 0.0145),
        ("bluebird", "glad", CONVERGED, 0.722, 0.02),
        ("bluebird", "mace", PAPER, 0.861, 0.02),
        ("rte", "majority", (), 0.897, 0.01),
        ("rte", "dawid_skene", (), 0.928, 0.01),
        ("rte", "glad", CONVERGED, 0.925, 0.02),
        ("rte", "mace", PAPER, 0.926, 0.02),
        ("product", "majority", (), 0.897, 0.01),
        ("product", "dawid_skene", (), 0.940, 0.01),
        ("product", "mace", PAPER, 0.827, 0.02),
    ],
)
def test_crowds_are_aggregated_as_well_as_is_known(
    name: str,
    method: str,
    settings: tuple[str, ...],
    known: float,
    within: float,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    words = (f"baseline=flag_aggregation/{method}", *settings, f"data={name}", "replicates=0")
    scores = _scores(capsys, *words, f"data.path={REAL / 'crowd' / name}", f"runs.path={tmp_path}")
    assert scores["accuracy"] == pytest.approx(known, abs=within)


@needs_real
@pytest.mark.parametrize(("name", "known"), [("inj_cora", 0.699), ("reddit", 0.572)])
def test_outliers_of_graphs_are_ranked_as_is_known(
    name: str, known: float, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ("baseline=account_risk/neighbour_outlier", f"data={name}", "replicates=0")
    scores = _scores(capsys, *words, f"data.path={REAL / 'graph'}", f"runs.path={tmp_path}")
    assert scores["auroc"] == pytest.approx(known, abs=0.005)


@needs_real
def test_launderers_are_found_at_least_as_well_as_is_known(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ("baseline=account_risk/lightgbm", "data=amlsim", "replicates=0")
    scores = _scores(capsys, *words, f"data.path={REAL / 'aml'}", f"runs.path={tmp_path}")
    assert 0.88 <= scores["auroc"] <= 0.95
    assert 0.65 <= scores["average_precision_raw"] <= 0.80


@needs_real
def test_moods_of_music_are_told_as_well_as_is_known(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ("baseline=assistance_triage/logreg", "data=emotions", "replicates=0")
    scores = _scores(capsys, *words, f"data.path={REAL / 'multilabel'}", f"runs.path={tmp_path}")
    assert scores["hamming_loss"] <= 0.21


@needs_real
@pytest.mark.parametrize(
    ("name", "method", "known", "within"),
    [
        ("basque", "synthetic_control", -1.035, 0.03),
        ("prop99", "synthetic_control", -19.5, 0.3),
        ("prop99", "difference_in_differences", -27.35, 0.01),
    ],
)
def test_effects_on_panels_are_those_that_are_known(
    name: str, method: str, known: float, within: float, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = (f"baseline=intervention_effect/{method}", f"data={name}", f"runs.path={tmp_path}")
    scores = _scores(capsys, *words, f"data.path={REAL / 'causal'}")
    assert scores["estimate"] == pytest.approx(known, abs=within)


def test_duplicates_of_febrl_are_found(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ("baseline=advert_linkage/splink", "data=febrl1", "replicates=50", f"runs.path={tmp_path}")
    assert _scores(capsys, *words)["pairwise_f1"] >= 0.90
