"""Claims about the baselines of assistance_triage, on tiny and on data of a user's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hand_made import predict
from tipbaselines.assistance_triage.contacts import CodedColumns, NoteWords, fit_each, labelset_frame, targets
from tipbaselines.assistance_triage.keywords import Keywords, hits, keywords
from tipbaselines.assistance_triage.lightgbm import LightGBM
from tipbaselines.assistance_triage.logreg import LogReg
from tipbaselines.assistance_triage.oracle import Oracle
from tipbaselines.assistance_triage.prior import Prior
from tipbaselines.assistance_triage.tfidf_ovr import TfidfOvr
from tipbaselines.models import Standardiser
from tipbench.data.custom.config import OwnData
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.tasks import task_of
from tipdata.core.kinds import LANGUAGES
from tipdata.release import Release
from tipdata.stages.helpline.cases import NEEDS
from tipdata.text.documents import read_document

TASK = task_of("assistance_triage")
METHODS = (Prior, Keywords, TfidfOvr, LogReg, LightGBM)


@pytest.fixture(scope="module")
def tiny_fold(tiny: Release) -> Prepared:
    return prepare(TASK, release=tiny, split="forward")


def test_every_method_beats_the_prior_and_none_the_oracle(tiny_fold: Prepared, tiny: Release) -> None:
    """Scores of needs are probabilities, and that of urgency an expected level."""
    wide = prepare(TASK, release=tiny, split="forward", oracle=True)
    value = {}
    for kind in (*METHODS, Oracle):
        given = wide if kind is Oracle else tiny_fold
        made = predict(kind(), given.folds[0])
        assert made.columns[:-1] == ["contact", *(f"score_{n}" for n in NEEDS)]
        assert all(made[f"score_{need}"].is_between(0, 1).all() for need in NEEDS)
        assert made["score_urgency"].is_between(0, 2).all()
        scores = evaluate(TASK, given.answers, made, replicates=0).scores
        value[kind] = scores["macro_average_precision"].value or 0.0
    learnt = [value[kind] for kind in METHODS if kind is not Prior]
    assert value[Prior] < min(learnt) <= max(learnt) < value[Oracle]


@pytest.mark.parametrize("kind", [TfidfOvr, LogReg, LightGBM, Prior])
def test_a_label_of_one_class_gives_its_prevalence(kind: Any, tiny_fold: Prepared) -> None:
    fold = tiny_fold.folds[0]
    one_class = fold.supervision.with_columns(label_legal=pl.lit(0, dtype=pl.Int8))
    made = predict(kind(), replace(fold, supervision=one_class))
    assert made["score_legal"].n_unique() == 1
    assert made["score_legal"][0] < 0.01
    assert made["score_legal"][0] > 0


def test_a_row_whose_label_is_not_known_teaches_nothing_of_it() -> None:
    frame = pl.DataFrame({"label_a": [1, None, 0], "label_b": [0, 1, None], "urgency": [2, 0, 1]})
    found = targets(frame)
    assert {n: (rows.tolist(), y.tolist()) for n, (rows, y) in found.items()} == {
        "a": ([0, 2], [1, 0]),
        "b": ([0, 1], [0, 1]),
        "urgency>=1": ([0, 1, 2], [1, 0, 1]),
        "urgency>=2": ([0, 1, 2], [1, 0, 0]),
    }


def test_levels_of_urgency_add_up_to_their_expectation() -> None:
    made = labelset_frame(
        pl.Series("contact", [1]),
        {"a": np.array([0.2]), "urgency>=1": np.array([0.7]), "urgency>=2": np.array([0.1])},
    )
    assert made.columns == ["contact", "score_a", "score_urgency"]
    assert made["score_urgency"][0] == pytest.approx(0.8)


def test_one_model_a_target_and_the_prevalence_where_there_is_one_class() -> None:
    of = {"a": (np.arange(3), np.array([1, 0, 1])), "b": (np.arange(2), np.array([0, 0]))}
    models = fit_each(of, lambda name, rows, y: lambda x: np.full(len(x), float(y.mean())))
    assert models["a"](np.zeros(2)).tolist() == pytest.approx([2 / 3, 2 / 3])
    assert models["b"](np.zeros(2)).tolist() == pytest.approx([0.25, 0.25])


def test_coded_columns_are_whatever_there_is_but_identifiers_and_notes() -> None:
    left_out = {"contact": [1, 2] * 5, "region": 0, "narrative": ["a", "b"] * 5}
    facts = {"tempo": [1.5, None] * 5, "used": [True, None] * 5, "channel": ["call", "chat"] * 5}
    frame = pl.DataFrame(left_out | facts)
    coded = CodedColumns.of(frame, "contact")
    assert coded.numbers == ("tempo", "used")
    assert coded.categories == {"channel": ("call", "chat")}
    values = coded.values(frame)
    assert values.shape == (10, 4)
    assert np.isnan(values[1, 0])
    standardised = Standardiser(values)(values)
    assert standardised.shape == (10, 6)
    assert np.abs(standardised.mean(axis=0)).max() < 1e-6
    assert np.isfinite(standardised).all()


def test_notes_without_a_common_word_give_no_column() -> None:
    assert NoteWords(1, 2).fit_transform(["alpha", "beta"]).shape == (2, 0)


def test_keywords_need_no_labels_and_count_words_and_facts() -> None:
    frame = pl.DataFrame({"narrative": ["Asks for a LAWYER.", None], "asks_authorities": ["yes", "no"]})
    assert hits(frame, keywords()["legal"]).tolist() == [2.0, 0.0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_keywords_are_listed_in_every_language_and_found_in_direct_sentences(language: str) -> None:
    document = read_document(f"notes/{language}")
    for need in NEEDS:
        frame = pl.DataFrame({"narrative": document["needs"][need][:3]})
        assert (hits(frame, keywords()[need]) > 0).mean() >= 1 / 3, (language, need)


def _own(tmp_path: Path, frame: pl.DataFrame, **more: Any) -> OwnData:
    frame.write_csv(tmp_path / "own.csv")
    given = {"name": "own", "task": TASK.name, "path": str(tmp_path), "files": "own.csv", "format": "csv"}
    return OwnData.model_validate({**given, **more})


@pytest.mark.parametrize("kind", [LogReg, LightGBM])
def test_tabular_methods_take_any_numeric_columns_and_any_labels(kind: Any, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(300, 4))
    frame = pl.DataFrame(x, schema=["f1", "f2", "f3", "f4"]).with_columns(
        calm=pl.Series((x[:, 0] > 0).astype(int)), loud=pl.Series((x[:, 1] > 0.5).astype(int))
    )
    own = _own(tmp_path, frame, labels={"calm": "calm", "loud": "loud"}, tables={"contacts": {"*": "f*"}})
    prepared = prepare(TASK, own=own, split="kfold")
    made = pl.concat(predict(kind(), fold) for fold in prepared.folds)
    assert made.columns == ["contact", "score_calm", "score_loud"]
    found = evaluate(TASK, prepared.answers, made, replicates=0)
    assert found.scores["macro_average_precision"].value > 0.9  # type: ignore[operator]


def test_keywords_score_the_labels_they_have_a_list_for_and_give_the_prevalence_of_others(
    tmp_path: Path,
) -> None:
    notes = ["Asks for a lawyer.", "Says wages were held back.", "Asks for a lawyer."]
    parts = ["train", "test", "test"]
    frame = pl.DataFrame({"note": notes, "part": parts, "law": [1, 0, 1], "cat": [0, 0, 1]})
    tables, labels = {"contacts": {"narrative": "note"}}, {"legal": "law", "cats": "cat"}
    own = _own(tmp_path, frame, labels=labels, tables=tables, fold="part")
    made = predict(Keywords(), prepare(TASK, own=own).folds[0])
    assert made["score_legal"].to_list() == [0.0, 0.5]
    assert made["score_cats"].to_list() == pytest.approx([1 / 3, 1 / 3])
