"""What advert_reading asks, gives, hides and refuses, and that nothing shows it before its data are released."""

from __future__ import annotations

import polars as pl
import pytest
from tipbench.data.access import LEVELS, visible_columns
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.tasks import task_of, tasks
from tipbench.tasks.advert_reading import LABELS
from tipcore.errors import UsageError
from tipdata.release import Release

TASK = task_of("advert_reading")


@pytest.fixture(scope="module")
def prepared(tiny: Release) -> Prepared:
    return prepare(TASK, release=tiny)


def test_labels_are_what_adverts_say_one_advert_a_template_and_operation(
    prepared: Prepared, tiny: Release
) -> None:
    truth = tiny.scan("adverts", truth=True).select("advert", "facts", "template", "operation").collect()
    frame = prepared.answers.frame.join(truth, on="advert")
    assert set(frame["part"]) == {"valid", "test"}
    assert frame.select("part", "template", "operation").is_unique().all()
    for name in LABELS:
        said = frame["facts"].list.contains(name.removeprefix("label_"))
        assert (frame[name] == said).all()


def test_a_fold_gives_labels_of_train_and_valid_alone(prepared: Prepared) -> None:
    fold = prepared.folds[0]
    for part in ("train", "valid"):
        labels = fold.labels(part).collect()
        assert labels.columns == ["advert", *LABELS]
        assert labels.height == fold.units(part).collect().height
    assert "test" not in set(fold.supervision["part"])


@pytest.mark.parametrize("name", tasks())
@pytest.mark.parametrize("access", LEVELS)
def test_no_task_shows_what_adverts_say_what_holds_or_which_words_are_used(name: str, access: str) -> None:
    shown = visible_columns(task_of(name), access)
    hidden = {"adverts": {"facts", "template", "operation"}, "operations": {"life", "wordbook", "terse"}}
    assert not any(columns & set(shown.get(table, ())) for table, columns in hidden.items())


def test_columns_that_state_facts_beside_the_text_are_hidden(prepared: Prepared) -> None:
    shown = prepared.folds[0].tables["adverts"].collect_schema().names()
    assert set(shown) == {"region", "advert", "language", "category", "title", "body"}


def test_a_perfect_reader_gets_one_and_missing_or_infinite_scores_are_refused(prepared: Prepared) -> None:
    frame = prepared.answers.frame
    scores = {name.replace("label_", "score_"): frame[name].cast(pl.Float64) for name in LABELS}
    exact = pl.DataFrame({"advert": frame["advert"], **scores})
    found = evaluate(TASK, prepared.answers, exact, replicates=0)
    assert {name: score.value for name, score in found.scores.items()} == {name: 1.0 for name in TASK.metrics}
    endless = exact.with_columns(pl.lit(float("inf")).alias("score_papers=own"))
    for wrong, says in (
        (exact.drop("score_papers=own"), "no column score_papers=own"),
        (endless, "values of score_papers=own are infinite"),
        (exact.head(9), "missing"),
    ):
        with pytest.raises(UsageError, match=says):
            evaluate(TASK, prepared.answers, wrong)


def test_advert_risk_knows_terse_writers(tiny: Release) -> None:
    writers = (
        prepare("advert_risk", release=tiny).answers.frame.group_by("cluster").agg(pl.col("terse").first())
    )
    share = writers.select(pl.col("terse").cast(pl.Float64).mean()).item()
    assert 0.15 < share < 0.3


def test_advert_risk_has_the_split(tiny: Release) -> None:
    fold = prepare("advert_risk", release=tiny, split="wordbook").folds[0]
    words = tiny.scan("operations", truth=True).select("operation", "wordbook")
    owner = (
        tiny.scan("adverts", truth=True).select("advert", "operation").join(words, on="operation").collect()
    )
    sets = fold.parts.join(owner, on="advert").group_by("part").agg(pl.col("wordbook").unique())
    assert dict(sets.iter_rows()) == {"train": ["a"], "valid": ["a"], "test": ["b"]}
