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
PAPER = ("baseline.method.looking=0.5", "baseline.method.habit=10.0", "baseline.method.own_prior=false")
"""The priors of MACE's paper, which crowd-kit has too; the config's are chosen on the world."""
CONVERGED = ("baseline.method.iterations=100",)
KNOWN = [
    ("text", "sms_spam", "advert_risk/tfidf_logreg", ("split=kfold",), "auroc", 0.985, 1.0),
    ("text", "sms_spam", "advert_risk/tfidf_logreg", ("split=kfold",), "average_precision_raw", 0.95, 1.0),
    ("er/fodors_zagats", "fodors_zagats", "advert_linkage/tfidf_pairs", (), "pairwise_f1", 0.95, 1.0),
    ("er/abt_buy", "abt_buy", "advert_linkage/tfidf_pairs", (), "pairwise_f1", 0.61, 0.68),
    *(
        (
            f"crowd/{name}",
            name,
            f"flag_aggregation/{method}",
            settings,
            "accuracy",
            known - within,
            known + within,
        )
        for name, method, settings, known, within in (
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
        )
    ),
    ("graph", "inj_cora", "account_risk/neighbour_outlier", (), "auroc", 0.694, 0.704),
    ("graph", "reddit", "account_risk/neighbour_outlier", (), "auroc", 0.567, 0.577),
    ("aml", "amlsim", "account_risk/lightgbm", (), "auroc", 0.88, 0.95),
    ("aml", "amlsim", "account_risk/lightgbm", (), "average_precision_raw", 0.65, 0.80),
    ("multilabel", "emotions", "assistance_triage/logreg", (), "hamming_loss", 0.0, 0.21),
    ("causal", "basque", "intervention_effect/synthetic_control", (), "estimate", -1.065, -1.005),
    ("causal", "prop99", "intervention_effect/synthetic_control", (), "estimate", -19.8, -19.2),
    ("causal", "prop99", "intervention_effect/difference_in_differences", (), "estimate", -27.36, -27.34),
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


def value(capsys: pytest.CaptureFixture[str], metric: str, *words: str) -> float:
    assert cli.main(["run", *words, "replicates=0", "--json", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)["scores"][metric]["value"]


@pytest.mark.skipif(not REAL.is_dir(), reason="no folder shared/real beside the checkout")
@pytest.mark.parametrize(("folder", "data", "baseline", "settings", "metric", "low", "high"), KNOWN)
def test_results_are_as_good_as_is_known(
    folder: str, data: str, baseline: str, settings: tuple[str, ...], metric: str, low: float, high: float,
    runs: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    words = (f"baseline={baseline}", f"data={data}", f"data.path={REAL / folder}", f"runs.path={runs}")
    assert low <= value(capsys, metric, *words, *settings) <= high


def test_duplicates_of_febrl_are_found(capsys: pytest.CaptureFixture[str], runs: Path) -> None:
    words = ("baseline=advert_linkage/splink", "data=febrl1", f"runs.path={runs}")
    assert value(capsys, "pairwise_f1", *words) >= 0.90
