"""Every authorship baseline hands back what the task asks for, and does better than chance."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from polars.testing import assert_frame_equal
from tipbaselines.advert_authorship.metric_learning import MetricLearning, channels, pair_values, spellings
from tipbaselines.advert_authorship.random import Random
from tipbaselines.advert_authorship.style_features import StyleFeatures, style_of, style_vectors, styles
from tipbaselines.advert_authorship.tfidf_cosine import TfidfCosine
from tipbench.data.fold import Fold, Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.method import Method
from tipdata.release import Release

METHODS = {
    "random": Random,
    "tfidf_cosine": TfidfCosine,
    "style_features": StyleFeatures,
    "metric_learning": MetricLearning,
}
_prepared: dict[str, Prepared] = {}


@pytest.fixture(scope="module")
def prepared(tiny: Release) -> Prepared:
    return prepare("advert_authorship", release=tiny, split="forward")


@cache
def _of(name: str, seed: int = 0) -> pl.DataFrame:
    """Predictions of a method, made once."""
    return _run(METHODS[name](), _prepared["fold"].folds[0], seed)


def _run(method: Any, fold: Fold, seed: int = 0) -> pl.DataFrame:
    method.fit(fold, seed)
    return method.predict(fold)


@pytest.fixture(autouse=True)
def _share(prepared: Prepared) -> None:
    _prepared["fold"] = prepared


def _r_precision(prepared: Prepared, predictions: pl.DataFrame) -> float:
    task = prepared.task
    value = evaluate(task, prepared.answers, predictions, replicates=0).scores["r_precision"].value
    assert value is not None
    return value


def _subset(fold: Fold, rows: int) -> Fold:
    """The fold with the first ``rows`` units of its test part and no labels."""
    test = fold.parts.filter(pl.col("part") == "test").sort("advert").head(rows)
    return replace(fold, parts=test, supervision=fold.supervision.clear())


@pytest.mark.parametrize("name", METHODS)
def test_every_advert_has_ten_candidates_and_is_not_its_own(prepared: Prepared, name: str) -> None:
    found = _of(name)
    gallery = prepared.answers.frame["advert"]
    assert found.columns == ["query", "candidate", "score"]
    assert found["score"].dtype == pl.Float64
    assert found["score"].is_finite().all()
    assert not (found["query"] == found["candidate"]).any()
    assert found.select("query", "candidate").is_unique().all()
    assert found.group_by("query").len()["len"].unique().to_list() == [10]
    assert set(found["query"]) == set(gallery) >= set(found["candidate"])


@pytest.mark.parametrize("name", METHODS)
def test_a_second_run_gives_the_same_predictions(prepared: Prepared, name: str) -> None:
    assert_frame_equal(_of(name), _run(METHODS[name](), prepared.folds[0]))


@pytest.mark.parametrize("name", [name for name in METHODS if name != "random"])
def test_the_order_of_the_rows_does_not_matter(prepared: Prepared, name: str) -> None:
    fold = prepared.folds[0]
    tables = {**fold.tables, "adverts": fold.tables["adverts"].reverse()}
    assert_frame_equal(_of(name), _run(METHODS[name](), replace(fold, tables=tables)))


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_small_gallery_without_labels_is_served(prepared: Prepared, name: str, rows: int) -> None:
    found = _run(METHODS[name](), _subset(prepared.folds[0], rows))
    assert found.height == rows * (rows - 1)


@pytest.mark.parametrize("name", METHODS)
def test_empty_texts_are_served(prepared: Prepared, name: str) -> None:
    fold = _subset(prepared.folds[0], 12)
    blank = fold.tables["adverts"].with_columns(
        pl.lit("").alias("title"), pl.lit(None, pl.String).alias("body")
    )
    found = _run(METHODS[name](), replace(fold, tables={**fold.tables, "adverts": blank}))
    assert found.height == 120
    assert found["score"].is_finite().all()


def test_only_random_depends_on_the_seed() -> None:
    assert [name for name, method in METHODS.items() if method.stochastic] == ["random"]
    assert not _of("random").equals(_of("random", seed=1))


def test_text_beats_style_beats_chance_and_learning_beats_text(prepared: Prepared) -> None:
    chance, style, text, learnt = (
        _r_precision(prepared, _of(name))
        for name in ("random", "style_features", "tfidf_cosine", "metric_learning")
    )
    assert chance < 0.05
    assert chance + 0.03 < style < text < learnt


@pytest.mark.parametrize("name", METHODS)
def test_needs_are_columns_that_the_task_shows(prepared: Prepared, name: str) -> None:
    method = METHODS[name]()
    shown = prepared.folds[0].task.tables
    assert isinstance(method, Method)
    assert all(column in shown[table] for table, column in (need.split(".") for need in method.needs))


@pytest.mark.parametrize("name", METHODS)
def test_a_config_names_its_method_and_gives_its_defaults(pytestconfig: pytest.Config, name: str) -> None:
    path = pytestconfig.rootpath / "configs" / "baseline" / "advert_authorship" / f"{name}.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    target = config["method"].pop("_target_")
    method = METHODS[name]
    assert config["name"] == f"advert_authorship/{name}"
    assert target == f"{method.__module__}.{method.__qualname__}"
    assert vars(method(**config["method"])) == vars(method())


def test_two_ways_to_write_a_word_are_found_by_what_surrounds_them() -> None:
    said = ["pagamos manana sin falta", "pagamos mañana sin falta", "hasta mañana", "ven mañana temprano"]
    assert spellings(said) == {"manana": "mañana", "mañana": "mañana"}


def test_words_that_do_not_look_alike_are_different_words() -> None:
    assert spellings(["buscamos un carpintero", "buscamos un jardinero", "somos jardinero"]) == {}


def test_a_short_form_is_found_where_it_stands_in_two_sentences() -> None:
    said = ["trabajo por horas", "trabajo x horas", "preguntar por ana", "preguntar x ana", "por favor"]
    assert spellings(said) == {"x": "por", "por": "por"}


def test_spelling_agrees_for_one_writer_and_disagrees_for_two() -> None:
    bodies = [
        "Pagamos manana. Ven pronto",
        "Ven pronto. Hasta manana",
        "Pagamos mañana. Ven pronto",
        "Hasta mañana",
    ]
    frame = pl.DataFrame({"title": ["a"] * 4, "body": bodies})
    found = channels(frame)
    alike = (found["spelt_alike"] @ found["spelt_alike"].T).toarray()
    both = (found["spelt"] @ found["spelt"].T).toarray()
    assert both[0, 1] - alike[0, 1] == 0
    assert both[0, 2] - alike[0, 2] == 1


def test_sentences_are_shared_whatever_their_spelling() -> None:
    bodies = ["Pagamos manana. Ven pronto", "Pagamos mañana. Ven pronto", "Otra cosa. Nada más"]
    sentences = channels(pl.DataFrame({"title": [""] * 3, "body": bodies}))["sentences"]
    assert np.isclose((sentences @ sentences.T).toarray()[0], [1, 1, 0], atol=1e-6).all()


def test_pairs_do_not_depend_on_how_many_rows_are_compared_at_a_time() -> None:
    bodies = [f"Sentence {i % 7} here. Another {i % 5} there. Call NNN-NNNN" for i in range(40)]
    frame = pl.DataFrame({"title": ["t"] * 40, "body": bodies})
    at_once, one_by_one = pair_values(frame, 12), pair_values(frame, 12, chunk=9)
    for a, b in zip(at_once, one_by_one, strict=True):
        assert np.allclose(a, b, atol=1e-5)
    assert not (at_once[0] == np.arange(40)[:, None]).any()


def test_inner_products_of_pairs_are_those_of_whole_matrices_bit_by_bit() -> None:
    rng = np.random.default_rng(5)
    words = [f"w{number}" for number in range(40)]
    bodies = [". ".join(" ".join(rng.choice(words, 4)) for _ in range(6)) + " NNN-NNNN" for _ in range(60)]
    frame = pl.DataFrame({"title": [f"t{i % 9}" for i in range(60)], "body": bodies})
    found, values, _ = pair_values(frame, 12)
    for column, (name, matrix) in enumerate(channels(frame).items()):
        whole = matrix @ matrix.T
        whole = whole if isinstance(whole, np.ndarray) else whole.toarray()
        pairs = np.take_along_axis(whole, found, axis=1).ravel()
        assert np.array_equal(values[:, column], pairs), name


@pytest.mark.parametrize(
    "separator", [". ", "! ", " | ", " - ", "\n- ", ", ", "... ", " * ", ".\n", " / ", "; ", " ~ "]
)
def test_the_separator_between_sentences_is_found(separator: str) -> None:
    sentences = ["Work by the sea", "Rooms are shared", "Start on Monday", "Call NNN-NNNN"]
    style = style_of("Work", separator.join(sentences))
    assert style.separator == separator
    assert style.sentences[:3] == ("work by the sea", "rooms are shared", "start on monday")
    assert style.contact == 3


def test_a_separator_of_a_script_without_spaces_is_found() -> None:
    assert style_of("", "现在招保洁员……几个地点任选……就近安排").separator == "……"


def test_commas_within_sentences_do_not_pass_for_the_separator() -> None:
    body = "Clean, quiet, warm | Two shifts, day and night | Free meals | Write first | Rooms here"
    assert style_of("", body).separator == " | "


@pytest.mark.parametrize(
    "mask", ["NNN-NNNN", "NNN NNNN", "NN NN NN N", "(NNN) NNNN", "NNNNNNN", "N-N-N-N-N-N-N", "NNN_NNNN"]
)
def test_a_mask_keeps_its_marks_whatever_its_case(mask: str) -> None:
    assert style_of("", f"Call {mask}. Thanks").mask == mask
    assert style_of("", f"call {mask.lower()}. thanks").mask == mask


def test_emoji_are_features_and_not_part_of_a_sentence() -> None:
    style = style_of("", "✨ Good work ☎ | Fair pay | Rooms 🌸")
    assert style.emoji == ("✨", "☎", "🌸")
    assert style.sentences == ("good work", "fair pay", "rooms")


def test_casing_is_told_apart_where_a_script_has_it() -> None:
    assert style_of("WORK HERE", "call us").title_case == "upper"
    assert style_of("WORK HERE", "call us").body_case == "lower"
    assert style_of("招工", "Call us").title_case == "none"


def test_empty_texts_and_nulls_have_a_style_and_no_nan() -> None:
    frame = pl.DataFrame({"title": ["", None, "A"], "body": [None, "", "B. C. D"]})
    vectors = style_vectors(frame, styles(frame))
    assert np.isfinite(vectors).all()
    assert (np.linalg.norm(vectors, axis=1) <= 1 + 1e-9).all()


def test_the_same_words_in_the_same_style_are_nearer_than_in_another() -> None:
    said = ["Work by the sea", "Rooms are shared", "Start on Monday"]
    bodies = [
        " | ".join(said) + " ✨",
        " | ".join(reversed(said)) + " ✨",
        "! ".join(said).lower(),
        ". ".join(said),
    ]
    frame = pl.DataFrame({"title": ["Work"] * 4, "body": bodies})
    vectors = style_vectors(frame, styles(frame))
    assert (vectors[0] @ vectors[1:].T).argmax() == 0
