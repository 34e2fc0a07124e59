"""A user's own crowd that chooses among several classes: how it is mapped, run, scored and refused."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from own_tables import config
from tipbench import cli
from tipbench.loading import prepare
from tipbench.runs.scoring import evaluate
from tipcore.errors import UsageError

TONES = ("very negative", "negative", "neutral", "positive")
ITEMS = 60


def write(folder: Path, **changes: Any) -> dict[str, Any]:
    """Sixty remarks and the words of five raters, of whom the third always says the next tone."""
    truth = [TONES[i % 4] for i in range(ITEMS)]
    votes = [
        (f"r{i}", f"rater {k}", TONES[(i + (k == 3)) % 4] if (i + k) % 7 else TONES[(i + 2) % 4])
        for i in range(ITEMS)
        for k in range(1, 6)
    ]
    remarks = {
        "remark": [f"r{i}" for i in range(ITEMS)],
        "tone": truth,
        "part": ["train", "test"] * (ITEMS // 2),
    }
    pl.DataFrame(remarks).write_csv(folder / "remarks.csv")
    pl.DataFrame(votes, schema=["remark", "rater", "said"], orient="row").write_csv(folder / "said.csv")
    return {
        **config(folder, "flag_aggregation", "remarks.csv", name="tones"),
        "unit": "remark",
        "true_class": "tone",
        "tables": {
            "queue": {"advert": "remark"},
            "reviews": {"advert": "remark", "reviewer": "rater", "vote": "said"},
        },
        "sources": {"reviews": "said.csv"},
        "split": "all",
        **changes,
    }


def run(own: dict[str, Any], method: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    config = folder / "config" / "data" / "tones.yaml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(json.dumps(own), encoding="utf-8")
    words = [
        "run",
        "--config-dir",
        str(folder / "config"),
        f"baseline=flag_aggregation/{method}",
        "data=tones",
    ]
    assert cli.main([*words, f"runs.path={folder / 'runs'}", "replicates=100", "--json", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


METHODS = ("majority", "dawid_skene", "glad", "mace", "linked_crowd")


@pytest.mark.parametrize("method", METHODS)
def test_every_method_runs_and_is_scored_by_accuracy_and_macro_f1(
    method: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(write(tmp_path), method, tmp_path, capsys)
    assert result["primary"] == "accuracy"
    assert list(result["scores"]) == ["accuracy", "macro_f1"]
    score = result["scores"]["accuracy"]
    assert score["low"] <= score["value"] <= score["high"]
    assert score["value"] > 0.9
    assert set(result["groups"]) == {f"class={tone}" for tone in TONES}
    [file] = (tmp_path / "runs").rglob("predictions.parquet")
    columns = [f"score_{tone}" for tone in sorted(TONES)]
    assert pl.read_parquet(file).columns == ["advert", *columns, "name"]


def test_classes_are_one_whether_they_are_text_or_numbers(tmp_path: Path) -> None:
    own = write(tmp_path)
    numbers = {tone: k for k, tone in enumerate(TONES)}
    remarks, said = (pl.read_csv(tmp_path / name) for name in ("remarks.csv", "said.csv"))
    remarks.with_columns(pl.col("tone").replace_strict(numbers)).write_csv(tmp_path / "remarks.csv")
    said.with_columns(pl.col("said").replace_strict(numbers).cast(pl.Float64)).write_csv(
        tmp_path / "said.csv"
    )
    prepared = prepare("flag_aggregation", own=own)
    assert prepared.answers.label_names == ("0", "1", "2", "3")
    assert set(prepared.folds[0].tables["reviews"].collect()["vote"]) == {"0", "1", "2", "3"}
    assert prepared.notes == []


def test_classes_of_train_are_given_and_those_of_test_are_not(tmp_path: Path) -> None:
    prepared = prepare("flag_aggregation", own=write(tmp_path, fold="part", split="given"))
    labels = prepared.folds[0].labels("train").collect()
    assert labels.height == ITEMS // 2
    assert labels.columns == ["advert", *(f"label_{tone}" for tone in sorted(TONES))]
    assert (labels.drop("advert").sum_horizontal() == 1).all()
    assert prepared.folds[0].supervision.filter(part="test").is_empty()


def test_predictions_of_ones_own_are_scored_by_the_users_ids(tmp_path: Path) -> None:
    own = write(tmp_path)
    remarks = pl.read_csv(tmp_path / "remarks.csv")
    right = remarks.select(
        advert="remark", **{f"score_{tone}": (pl.col("tone") == tone).cast(pl.Float64) for tone in TONES}
    )
    assert evaluate("flag_aggregation", right, own=own, replicates=0).scores["accuracy"].value == 1.0


def test_a_crowd_without_a_truth_is_predicted_and_not_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(write(tmp_path, true_class="CAST(NULL AS STRING)"), "dawid_skene", tmp_path, capsys)
    assert result["scores"]["accuracy"] == {"value": None, "low": None, "high": None, "note": "no truth"}


def test_a_class_that_only_votes_or_only_the_truth_have_is_noted(tmp_path: Path) -> None:
    own = write(tmp_path, true_class="CASE WHEN tone = 'neutral' THEN 'Neutral' ELSE tone END")
    assert prepare("flag_aggregation", own=own).notes == [
        "1 of 5 classes of reviews are the true class of nothing: neutral.",
        "1 of 5 true classes are named by nobody in reviews: Neutral.",
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"label": "1"}, "label, labels and true_class exclude each other"),
        (
            {"true_class": "'one'", "tables": {"queue": {"advert": "remark"}}, "sources": {}},
            r"has 1 class in .* \(one\): map 2 to 200",
        ),
        ({"prevalence": 0.1}, "data.prevalence of data=tones is for scores"),
        ({"split": "kfold"}, "cannot have split=kfold of flag_aggregation: choose one of all"),
    ],
)
def test_what_no_crowd_of_classes_has_is_refused_in_one_sentence(
    changes: dict[str, Any], says: str, tmp_path: Path
) -> None:
    own = write(tmp_path, **changes)
    with pytest.raises(UsageError, match=says) as error:
        prepare("flag_aggregation", own=own)
    assert "\n" not in str(error.value)


def test_other_tasks_refuse_a_true_class_and_two_classes_lead_to_it(tmp_path: Path) -> None:
    own = write(tmp_path)
    risk = own | {"task": "advert_risk", "tables": {"adverts": {"body": "tone"}}, "sources": {}}
    with pytest.raises(UsageError, match=r"data\.true_class of data=tones is for crowds of several classes"):
        prepare("advert_risk", own=risk)
    words = own | {"true_class": None, "label": "CASE WHEN tone = 'neutral' THEN 1 ELSE 0 END"}
    with pytest.raises(
        UsageError, match=r"Of more than two classes, map data\.true_class in the place of data\.label"
    ):
        prepare("flag_aggregation", own=words)


def test_the_valid_part_is_scored_by_the_metric_that_leads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = "CASE WHEN CAST(SUBSTR(remark, 2) AS INT) % 3 = 0 THEN 'valid' ELSE 'test' END"
    own = write(tmp_path, split="given", fold=parts)
    result = run(own, "majority", tmp_path, capsys)
    prepared = prepare("flag_aggregation", own=own)
    assert prepared.validation is not None
    made = pl.read_parquet(next(tmp_path.glob("runs/**/valid.parquet")))
    truth = prepared.validation.answers.frame
    columns = [name for name in truth.columns if name.startswith("label_")]
    scores = [name.replace("label_", "score_") for name in columns]
    both = truth.join(made, on="advert")
    said = both.select(pl.concat_list(scores).list.arg_max()).to_series()
    right = both.select(pl.concat_list(columns).list.arg_max()).to_series()
    assert result["primary"] == "accuracy"
    assert result["valid"]["value"] == pytest.approx((said == right).mean())
