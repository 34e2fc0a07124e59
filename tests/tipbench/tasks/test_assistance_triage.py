"""What assistance_triage asks, gives and refuses."""

from __future__ import annotations

import polars as pl
import pytest
from tipbench.data.custom.config import OwnData
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.tasks import task_of
from tipbench.tasks.assistance_triage import LABELS
from tipcore.errors import UsageError
from tipdata.release import Release
from tipdata.stages.helpline.cases import NEEDS

TASK = task_of("assistance_triage")


@pytest.fixture(scope="module")
def prepared(tiny: Release) -> Prepared:
    return prepare(TASK, release=tiny)


def test_answers_are_the_needs_and_urgency_of_the_test_part(prepared: Prepared, tiny: Release) -> None:
    frame = prepared.answers.frame
    truth = tiny.scan("contacts", truth=True).select("contact", "needs", "urgency", "person").collect()
    joined = frame.join(truth, on="contact", suffix="_true")
    assert joined.height == frame.height
    for name in NEEDS:
        assert (joined[f"label_{name}"] == joined["needs"].list.contains(name)).all()
    assert (joined["urgency"] == joined["urgency_true"]).all()
    assert (joined["cluster"] == joined["person"]).all()
    assert (frame["weight"] == 1).all()
    assert prepared.answers.label_names == NEEDS


def test_a_slot_is_one_week_of_one_region(prepared: Prepared, tiny: Release) -> None:
    when = tiny.scan("contacts").select("contact", "region", week=pl.col("minute") // 10080).collect()
    slots = prepared.answers.frame.join(when, on="contact").select("slot", "region", "week").unique()
    assert slots["slot"].is_unique().all()
    assert slots.select("region", "week").is_unique().all()


def test_a_fold_gives_labels_of_train_and_valid_and_hides_the_truth(prepared: Prepared) -> None:
    fold = prepared.folds[0]
    for part in ("train", "valid"):
        labels = fold.labels(part).collect()
        assert labels.columns == ["contact", *LABELS]
        assert labels.height == fold.units(part).collect().height
    shown = fold.tables["contacts"].collect_schema().names()
    assert not {"needs", "urgency", "person", "operation", "danger", "raised"} & set(shown)


def test_delayed_labels_are_those_settled_before_the_cut(tiny: Release) -> None:
    full, delayed = (prepare(TASK, release=tiny, labels=name).folds[0] for name in ("truth", "delayed"))
    known, fewer = (fold.labels("train").collect() for fold in (full, delayed))
    assert 0 < fewer.height < known.height
    assert fewer.equals(known.join(fewer, on="contact", how="semi").sort("contact"))
    settled = tiny.scan("contacts", truth=True).select("contact", "settled_day").collect()
    days = fewer.join(settled, on="contact")["settled_day"]
    assert not days.null_count()
    assert days.max() < 475  # type: ignore[operator]


def test_the_posterior_of_the_generator_is_an_oracle_that_nobody_beats(small: Release) -> None:
    wide = prepare(TASK, release=small)
    frame = wide.answers.frame
    odds = {f"score_{n}": frame[f"oracle_log_odds_{n}"].cast(pl.Float64) for n in NEEDS}
    exact = pl.DataFrame(
        {"contact": frame["contact"], **odds, "score_urgency": frame["urgency"].cast(pl.Float64)}
    )
    found = evaluate(TASK, wide.answers, exact, replicates=0)
    assert found.oracle["share"] == pytest.approx(1.0)
    assert 0.5 < found.oracle["oracle"] < 0.8  # type: ignore[operator]
    assert 0.15 < found.oracle["prior"] < 0.35  # type: ignore[operator]
    # Even who is urgent, known for certain, does not fit into a fifth of every week.
    assert 0.65 < found.scores["urgent_recall"].value < 0.85  # type: ignore[operator]


def _own(tmp_path, text: str, **more: object) -> OwnData:
    (tmp_path / "calls.csv").write_text(text, encoding="utf-8")
    given = {
        "name": "calls",
        "task": "assistance_triage",
        "path": str(tmp_path),
        "files": "calls.csv",
        "format": "csv",
        "unit": "id",
        "labels": {"legal": "legal"},
        "tables": {"contacts": {"narrative": "note", "strain": "strain"}},
        "split": "all",
    }
    return OwnData.model_validate({**given, **more})


@pytest.mark.parametrize(
    ("text", "more", "says"),
    [
        ("id,note,strain,legal\n1,Asks,2,1\n1,Asks again,1,0\n", {}, "not a key: 2 of 2"),
        ("id,note,strain,legal\n1,Asks,2,7\n", {}, "data.labels.legal"),
        ("id,note,strain,legal\n1,Asks,2,1\n2,,,0\n", {}, "1 of 2 contacts have neither"),
        ("id,note,strain,legal\n1,Asks,2,1\n", {"labels": {"legal": "absent"}}, "absent"),
        ("id,note,strain,legal\n1,Asks,2,1\n", {"labels": {}, "label": "legal"}, "any number of labels"),
    ],
)
def test_bad_data_of_a_user_is_refused_with_one_sentence(tmp_path, text: str, more: dict, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        prepare(TASK, own=_own(tmp_path, text, **more))
