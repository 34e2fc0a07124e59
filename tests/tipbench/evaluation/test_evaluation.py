"""Evaluation end to end: every kind of prediction, intervals, notes, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from tipbench import kinds
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.metrics.metric import make_inputs
from tipbench.metrics.registry import families_of
from tipbench.metrics.scores import Score
from tipbench.tasks import tasks
from tipcore.errors import UsageError

RISK, LINKAGE, AUTHORSHIP = (tasks()[f"advert_{name}"] for name in ("risk", "linkage", "authorship"))


def scored(operations: int = 200, seed: int = 0) -> tuple[Answers, pl.DataFrame]:
    generator = np.random.default_rng(seed)
    kind = np.array(["trafficking", "business", "independent", "spam"])[np.arange(operations) % 4]
    codes = np.repeat(np.arange(operations), generator.integers(1, 9, operations))
    positive = kind[codes] == "trafficking"
    frame = pl.DataFrame(
        {
            "advert": np.arange(codes.size),
            "part": np.where(codes % 10 < 3, "valid", "test"),
            "label": positive.astype(np.int8),
            "cluster": codes,
            "weight": 1 / generator.integers(1, 5, codes.size),
            "group": kind[codes],
            "migrant": codes % 3 == 0,
        }
    )
    scores = 1 / (1 + np.exp(-generator.normal(size=codes.size) - 2 * positive))
    return Answers(kinds.SCORES, "advert", frame), frame.select("advert", pl.Series("score", scores))


def clustered() -> tuple[Answers, pl.DataFrame]:
    generator = np.random.default_rng(1)
    truth = generator.integers(0, 60, 500)
    frame = pl.DataFrame(
        {
            "advert": np.arange(500),
            "cluster": truth,
            "proxy": pl.Series(
                [None if k % 4 == 0 else int(t) // 2 for k, t in enumerate(truth)], dtype=pl.Int64
            ),
            "weight": 1.0,
        }
    )
    found = np.where(generator.random(500) < 0.3, generator.integers(60, 90, 500), truth)
    return Answers(kinds.CLUSTERS, "advert", frame), frame.select("advert", pl.Series("cluster", found))


def gallery() -> tuple[Answers, pl.DataFrame]:
    generator = np.random.default_rng(2)
    frame = pl.DataFrame({"advert": np.arange(120), "cluster": np.arange(120) // 3})
    rows = [(q, (q + k) % 120, float(generator.random())) for q in range(120) for k in range(1, 11)]
    schema = {"query": pl.Int64, "candidate": pl.Int64, "score": pl.Float64}
    return Answers(kinds.CANDIDATES, "advert", frame), pl.DataFrame(rows, schema=schema, orient="row")


def test_every_kind_gives_its_metrics_with_intervals_around_the_values() -> None:
    for task, (answers, predictions) in ((RISK, scored()), (LINKAGE, clustered()), (AUTHORSHIP, gallery())):
        scores = evaluate(task, answers, predictions, replicates=200).scores
        assert next(iter(scores)) == task.primary
        primary = scores[task.primary]
        assert primary.value is not None
        assert primary.low is not None
        assert primary.high is not None
        assert primary.low < primary.value < primary.high


def test_no_metric_key_of_the_result_files_is_lost() -> None:
    ranking = (
        "average_precision auroc recall_at_1pct_fpr precision_at_budget recall_at_budget brier ppv_0.1pct ppv_1pct "
        "ppv_5pct ppv_30pct harm_gap average_precision_raw auroc_raw"
    )
    assert set(evaluate(RISK, *scored(), replicates=0).scores) >= set(ranking.split())
    parts = [
        f"{family}_{part}" for family in ("b_cubed", "pairwise") for part in ("f1", "precision", "recall")
    ]
    clustering = {*parts, "ari", "v_measure"}
    found = set(evaluate(LINKAGE, *clustered(), replicates=0).scores)
    assert found >= clustering | {f"proxy_{name}" for name in clustering}
    lists = {"r_precision", "mrr_at_10", "recall_at_10"}
    assert set(evaluate(AUTHORSHIP, *gallery(), replicates=0).scores) >= lists


def test_no_two_families_give_the_same_metric() -> None:
    for task, (answers, predictions) in ((RISK, scored()), (LINKAGE, clustered()), (AUTHORSHIP, gallery())):
        inputs = make_inputs(task, answers, predictions)
        names = [
            name
            for family in families_of(answers.kind, task.metrics)
            for name in family.measure(inputs).metrics(np.ones((1, inputs.clusters.count)))
        ]
        assert len(names) == len(set(names))
        assert set(evaluate(task, answers, predictions, replicates=0).scores) <= set(names)


def test_the_same_seed_gives_the_same_result_whatever_the_order_of_rows() -> None:
    answers, predictions = scored()
    once = evaluate(RISK, answers, predictions, replicates=100, seed=3)
    again = evaluate(RISK, answers, predictions.reverse(), replicates=100, seed=3)
    assert once == again
    other = evaluate(RISK, answers, predictions, replicates=100, seed=4)
    assert other.scores["auroc"].value == once.scores["auroc"].value
    assert other.scores["auroc"].low != once.scores["auroc"].low


def test_it_is_told_how_many_replicates_are_done() -> None:
    done: list[int] = []
    evaluate(RISK, *scored(), replicates=30, advance=done.append)
    assert sum(done) == 30
    done.clear()
    evaluate(RISK, *scored(operations=4), replicates=30, advance=done.append)
    assert done == []  # too few clusters for an interval


def test_the_result_is_json_without_nan() -> None:
    for operations in (200, 4):
        found = evaluate(RISK, *scored(operations=operations), replicates=20).to_dict()
        assert json.loads(json.dumps(found, allow_nan=False))["scores"].keys() == found["scores"].keys()


def test_too_few_clusters_give_values_a_note_and_a_warning() -> None:
    found = evaluate(RISK, *scored(operations=60))
    assert found.scores["auroc"].value is not None
    assert found.scores["auroc"].low is None
    assert found.scores["auroc"].note == "too few clusters"
    assert "and 20 are needed" in found.warnings[0]


def test_own_data_without_valid_part_groups_or_probabilities_says_what_is_not_given() -> None:
    answers, predictions = scored()
    frame = answers.frame.select("advert", pl.lit("test").alias("part"), "label", "cluster", "weight")
    large = predictions.with_columns(pl.col("score") * 5)
    found = evaluate(RISK, Answers(kinds.SCORES, "advert", frame), large, replicates=0)
    assert found.scores["ppv_1pct"].note == "no valid part to fix a threshold on"
    assert found.scores["brier"].note == "scores outside [0, 1]"
    assert "harm_gap" not in found.scores
    assert not found.groups


def test_without_any_truth_every_score_is_null() -> None:
    answers, predictions = scored()
    frame = answers.frame.with_columns(label=pl.lit(None, dtype=pl.Int8))
    found = evaluate(RISK, Answers(kinds.SCORES, "advert", frame), predictions)
    assert found.scores == {"average_precision": Score(value=None, note="no truth")}
    clusters, given = clustered()
    unknown = clusters.frame.drop("proxy").with_columns(cluster=pl.lit(None, dtype=pl.Int64))
    found = evaluate(LINKAGE, Answers(kinds.CLUSTERS, "advert", unknown), given)
    assert {score.note for score in found.scores.values()} == {"no truth"}


def test_rows_without_a_known_label_are_left_out_and_said_so() -> None:
    answers, predictions = scored()
    half = answers.frame.with_columns(label=pl.when(pl.col("cluster") % 8 < 4).then("label"))
    found = evaluate(RISK, Answers(kinds.SCORES, "advert", half), predictions, replicates=0)
    known = half.filter(pl.col("label").is_not_null())
    theirs = predictions.join(known, on="advert", how="semi")
    alone = evaluate(RISK, Answers(kinds.SCORES, "advert", known), theirs, replicates=0)
    assert found.scores["auroc"] == alone.scores["auroc"]
    assert any("no known label" in warning for warning in found.warnings)


def test_a_perfect_clustering_is_one_and_the_proxy_beside_it_is_not() -> None:
    answers, _ = clustered()
    scores = evaluate(LINKAGE, answers, answers.frame.select("advert", "cluster"), replicates=0).scores
    assert scores["b_cubed_f1"].value == pytest.approx(1.0)
    assert scores["proxy_b_cubed_f1"].value is not None
    assert scores["proxy_b_cubed_f1"].value < 1.0


def test_units_without_a_true_cluster_are_left_out_of_the_truth_and_kept_for_the_proxy() -> None:
    answers, predictions = clustered()
    half = answers.frame.with_columns(cluster=pl.when(pl.col("cluster") % 3 > 0).then("cluster"))
    found = evaluate(LINKAGE, Answers(kinds.CLUSTERS, "advert", half), predictions, replicates=0).scores
    known = half.filter(pl.col("cluster").is_not_null())
    theirs = predictions.join(known, on="advert", how="semi")
    alone = evaluate(LINKAGE, Answers(kinds.CLUSTERS, "advert", known), theirs, replicates=0).scores
    full = evaluate(LINKAGE, answers, predictions, replicates=0).scores
    for name in ("b_cubed_f1", "pairwise_f1", "ari", "v_measure"):
        assert found[name].value == pytest.approx(alone[name].value, abs=1e-12)
        assert found[f"proxy_{name}"].value == pytest.approx(full[f"proxy_{name}"].value, abs=1e-12)


def test_answers_of_another_kind_or_without_a_test_part_are_refused() -> None:
    answers, predictions = scored()
    with pytest.raises(UsageError, match="of scores and the task predicts candidates"):
        evaluate(AUTHORSHIP, answers, predictions)
    valid = Answers(kinds.SCORES, "advert", answers.frame.with_columns(part=pl.lit("valid")))
    with pytest.raises(UsageError, match="no row is of the test part"):
        evaluate(RISK, valid, predictions)


def test_a_gallery_of_singletons_has_no_query_and_says_so() -> None:
    answers, predictions = gallery()
    alone = Answers(kinds.CANDIDATES, "advert", answers.frame.with_columns(cluster="advert"))
    found = evaluate(AUTHORSHIP, alone, predictions)
    assert found.scores["r_precision"].value is None
    assert "every cluster of the gallery has one member" in (found.scores["r_precision"].note or "")


def frame() -> pl.DataFrame:
    generator = np.random.default_rng(0)
    positive = np.arange(600) % 5 == 0
    return pl.DataFrame(
        {
            "advert": np.arange(600),
            "part": "test",
            "label": positive.astype(np.int8),
            "cluster": np.arange(600) // 3,
            "weight": 1.0,
            "oracle_log_odds": (generator.normal(0, 1000, 600) + 3000 * positive).astype(np.int32),
            "unit_log_odds": (generator.normal(0, 1000, 600) + 1000 * positive).astype(np.int32),
        }
    )


def oracle(scores: pl.Series | np.ndarray, rows: pl.DataFrame | None = None) -> dict[str, float | None]:
    rows = frame() if rows is None else rows
    predictions = frame().select("advert", pl.Series("score", scores, dtype=pl.Float64))
    return evaluate(RISK, Answers(kinds.SCORES, "advert", rows), predictions, replicates=0).oracle


def test_a_constant_score_has_no_share_and_the_oracle_all() -> None:
    assert oracle(np.zeros(600))["share"] == pytest.approx(0.0, abs=1e-12)
    found = oracle(frame()["oracle_log_odds"].cast(pl.Float64))
    assert found["share"] == pytest.approx(1.0)
    assert found["prior"] == pytest.approx(0.05)


def test_the_share_is_the_way_from_the_prior_to_the_oracle() -> None:
    found = oracle(frame()["unit_log_odds"].cast(pl.Float64))
    assert found["single_unit"] is not None
    assert found["oracle"] is not None
    assert found["share"] == pytest.approx((found["single_unit"] - 0.05) / (found["oracle"] - 0.05))
    assert 0.5 < (found["single_unit_auroc"] or 0) < (found["oracle_auroc"] or 0)


def test_an_oracle_no_better_than_the_prior_gives_no_share() -> None:
    rows = frame().with_columns(oracle_log_odds=pl.lit(0, dtype=pl.Int32))
    assert oracle(frame()["unit_log_odds"].cast(pl.Float64), rows)["share"] is None


def test_without_log_odds_there_is_no_oracle() -> None:
    assert oracle(np.zeros(600), frame().drop("oracle_log_odds", "unit_log_odds")) == {}
