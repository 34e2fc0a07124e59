from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.evaluation.references import CHANCE, references
from tipbench.kinds import KINDS
from tipbench.kinds.answers import Answers
from tipbench.loading import prepare
from tipbench.tasks import task_of, tasks
from tipdata.release import Release


def found_on(name: str, source: Release) -> tuple[dict[str, Any], pl.DataFrame, Callable[..., float]]:
    """Return the references of a task, and a function that scores predictions for it."""
    task, prepared = task_of(name), prepare(name, release=source)
    answers = prepared.answers

    def score(predictions: pl.DataFrame, metric: str = task.primary) -> float:
        return evaluate(task, answers, predictions, replicates=0).scores[metric].value or 0.0

    return dict(references(task, prepared, source)), answers.frame, score


def test_every_kind_says_what_its_chance_is() -> None:
    assert set(CHANCE) >= {task.kind.name for task in tasks().values()}


@pytest.mark.parametrize("name", tasks())
def test_every_task_has_a_chance(name: str, tiny: Release) -> None:
    found, _, _ = found_on(name, tiny)
    assert found["chance"] is not None
    assert found["clusters"] > 0


def test_labels_without_a_posterior_have_the_chance_of_one_score_for_all_units(tiny: Release) -> None:
    found, frame, score = found_on("advert_reading", tiny)
    labels = [name for name in frame.columns if name.startswith("label_")]
    ones = {f"score_{name.removeprefix('label_')}": pl.lit(1.0) for name in labels}
    assert found["chance"] == score(frame.select("advert", **ones))
    assert found["oracle"] is None


@pytest.mark.parametrize("name", ["advert_risk", "flag_aggregation"])
def test_scores_have_chance_oracle_and_one_unit_as_a_result_has_them(name: str, tiny: Release) -> None:
    found, frame, _ = found_on(name, tiny)
    constant = frame.select(task_of(name).unit, score=pl.lit(0.5))
    result = evaluate(task_of(name), prepare(name, release=tiny).answers, constant, replicates=0)
    assert found["chance"] == result.scores[task_of(name).primary].value
    assert {key: found[key] for key in ("oracle", "single_unit")} == {
        key: result.oracle[key] for key in ("oracle", "single_unit")
    }
    assert found["chance"] < found["single_unit"] < found["oracle"]
    assert found["clusters"] == frame.filter(part="test", label=1)["cluster"].n_unique()


def test_no_alarm_at_one_step_for_all_beats_chance(tiny: Release) -> None:
    found, frame, score = found_on("recruitment_onset", tiny)
    unit = task_of("recruitment_onset").unit
    never = frame.select(unit, step=pl.lit(None, dtype=pl.Int32))
    scores = [score(never)]
    for step in (1, 5, 10, 20, 30):
        has = pl.when(pl.col("length") >= step).then(pl.lit(step, dtype=pl.Int32))
        scores.append(score(frame.select(unit, step=has)))
    assert scores[0] == 0
    assert max(scores) <= found["chance"] < 0.5


def test_linkage_has_the_links_that_can_be_seen_and_both_trivial_partitions(tiny: Release) -> None:
    found, frame, score = found_on("advert_linkage", tiny)
    trivial = [score(frame.select("advert", cluster=pl.col("advert") * one)) for one in (0, 1)]
    assert found["chance"] == max(trivial)
    assert score(frame.select("advert", cluster="cluster")) == 1
    by_contact = frame.select("advert", cluster=pl.struct("cluster", "proxy").rank("dense").cast(pl.Int64))
    assert score(by_contact) < found["oracle"] < 1  # contacts alone join fewer


@pytest.mark.parametrize("name", ["prevalence", "intervention_effect"])
def test_one_value_for_all_estimates_knows_less_than_the_oracle(name: str, tiny: Release) -> None:
    found, frame, score = found_on(name, tiny)
    unit, none = task_of(name).unit, pl.lit(None, dtype=pl.Float64)
    median = {
        row["quantity"]: row["truth"] for row in frame.group_by("quantity").agg(pl.median("truth")).to_dicts()
    }
    value = pl.col("quantity").replace_strict(median, return_dtype=pl.Float64)
    assert found["chance"] == score(frame.select(unit, estimate=value, lower=none, upper=none))
    assert 0 < found["oracle"] < found["chance"]


def test_a_random_order_of_a_gallery_is_what_equal_scores_get() -> None:
    task, clusters = task_of("advert_authorship"), {1: 7, 2: 7, 3: 7, 4: 8, 5: 8, 6: None}
    frame = pl.DataFrame({"advert": [*clusters], "cluster": [*clusters.values()]})
    answers = Answers(KINDS["candidates"], "advert", frame)
    lists = frame.select(query="advert").join(frame.select(candidate="advert"), how="cross")
    lists = lists.filter(pl.col("query") != pl.col("candidate")).with_columns(score=pl.lit(0.5))
    value = evaluate(task, answers, lists, replicates=0).scores["r_precision"].value
    assert chance_of(answers, task.name) == pytest.approx(value) == pytest.approx((3 * 2 / 5 + 2 * 1 / 5) / 5)


def test_a_random_order_of_each_view_is_what_equal_scores_get() -> None:
    rows = [
        ("accounts", 1, 7),
        ("accounts", 2, 7),
        ("accounts", 3, 8),
        ("wallets", 1, 7),
        ("wallets", 2, None),
    ]
    gallery = pl.DataFrame(
        [{"region": 0, "view": v, "candidate": c, "cluster": k, "group": "trafficking"} for v, c, k in rows],
        schema_overrides={"region": pl.Int32},
    )
    seed = {"advert": 9, "region": 0, "cluster": 7, "links": 2, "given": 1, "part": "test", "weight": 1.0}
    frame = pl.DataFrame([seed], schema_overrides={"region": pl.Int32})
    answers = Answers(KINDS["links"], "advert", frame, gallery=gallery)
    lists = gallery.select(pl.lit(9, dtype=pl.Int64).alias("query"), "view", "candidate", score=pl.lit(0.5))
    value = evaluate(task_of("case_linkage"), answers, lists, replicates=0).scores["r_precision"].value
    assert chance_of(answers, "case_linkage") == pytest.approx(value) == 0.5


def chance_of(answers: Answers, task: str) -> float | None:
    prepared = Prepared(task_of(task), [], answers, "made", "forward", "truth", "public")
    return references(task_of(task), prepared, None)["chance"]  # type: ignore[arg-type]
