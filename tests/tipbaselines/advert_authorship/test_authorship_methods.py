"""Authorship baselines do better than chance, serve small galleries and empty texts, and see how a text is written."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from tipbaselines.advert_authorship.metric_learning import MetricLearning, channels, pair_values, spellings
from tipbaselines.advert_authorship.random import Random
from tipbaselines.advert_authorship.style_features import StyleFeatures, style_of, style_vectors, styles
from tipbaselines.advert_authorship.tfidf_cosine import TfidfCosine
from tipbench.data.fold import Fold
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipdata.release import Release

METHODS = [Random, StyleFeatures, TfidfCosine, MetricLearning]


def run(method: Any, fold: Fold) -> pl.DataFrame:
    method.fit(fold, 0)
    return method.predict(fold)


@pytest.fixture(scope="module")
def fold(tiny: Release) -> Fold:
    return prepare("advert_authorship", release=tiny, split="forward").folds[0]


def first_adverts(fold: Fold, count: int) -> Fold:
    """The fold with the first adverts of its test part and no labels."""
    test = fold.parts.filter(pl.col("part") == "test").sort("advert").head(count)
    return replace(fold, parts=test, supervision=fold.supervision.clear())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_small_gallery_without_labels_is_served(fold: Fold, method: type, count: int) -> None:
    found = run(method(), first_adverts(fold, count))
    assert found.height == count * (count - 1)
    assert not (found["query"] == found["candidate"]).any()


@pytest.mark.parametrize("method", METHODS)
def test_empty_texts_are_served(fold: Fold, method: type) -> None:
    few = first_adverts(fold, 12)
    blank = few.tables["adverts"].with_columns(title=pl.lit(""), body=pl.lit(None, pl.String))
    found = run(method(), replace(few, tables={**few.tables, "adverts": blank}))
    assert found.group_by("query").len()["len"].to_list() == [10] * 12
    assert found["score"].is_finite().all()


def test_text_beats_style_beats_chance_and_learning_beats_text(tiny: Release) -> None:
    prepared = prepare("advert_authorship", release=tiny, split="forward")
    found = (run(method(), prepared.folds[0]) for method in METHODS)
    scores = [evaluate(prepared.task, prepared.answers, one, replicates=0).scores for one in found]
    chance, style, text, learnt = (one["r_precision"].value or 0.0 for one in scores)
    assert chance < 0.05
    assert chance + 0.03 < style < text < learnt


@pytest.mark.parametrize("method", METHODS)
def test_a_config_gives_the_defaults_of_its_method(method: type, pytestconfig: pytest.Config) -> None:
    name = method.__module__.rpartition(".")[2]
    path = pytestconfig.rootpath / "configs" / "baseline" / "advert_authorship" / f"{name}.yaml"
    given = yaml.safe_load(path.read_text(encoding="utf-8"))["method"]
    assert given.pop("_target_") == f"{method.__module__}.{method.__qualname__}"
    assert vars(method(**given)) == vars(method())


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


def test_inner_products_of_pairs_are_those_of_whole_matrices_however_many_rows_at_a_time() -> None:
    rng = np.random.default_rng(5)
    words = [f"w{number}" for number in range(40)]
    bodies = [". ".join(" ".join(rng.choice(words, 4)) for _ in range(6)) + " NNN-NNNN" for _ in range(60)]
    frame = pl.DataFrame({"title": [f"t{i % 9}" for i in range(60)], "body": bodies})
    found, values, _ = at_once = pair_values(frame, 12)
    assert not (found == np.arange(60)[:, None]).any()
    for column, (name, matrix) in enumerate(channels(frame).items()):
        whole = matrix @ matrix.T
        whole = whole if isinstance(whole, np.ndarray) else whole.toarray()
        pairs = np.take_along_axis(whole, found, axis=1).ravel()
        assert np.array_equal(values[:, column], pairs), name
    for one, other in zip(at_once, pair_values(frame, 12, 9), strict=True):
        assert np.allclose(one, other, atol=1e-5)


@pytest.mark.parametrize(
    "separator", [". ", "! ", " | ", " - ", "\n- ", ", ", "... ", " * ", ".\n", " / ", "; ", " ~ "]
)
def test_the_separator_between_sentences_is_found(separator: str) -> None:
    sentences = ["Work by the sea", "Rooms are shared", "Start on Monday", "Call NNN-NNNN"]
    style = style_of("Work", separator.join(sentences))
    assert style.separator == separator
    assert style.sentences[:3] == ("work by the sea", "rooms are shared", "start on monday")
    assert style.contact == 3


@pytest.mark.parametrize(
    ("body", "separator"),
    [
        ("现在招保洁员……几个地点任选……就近安排", "……"),
        ("Clean, quiet, warm | Two shifts, day and night | Free meals | Write first | Rooms here", " | "),
    ],
)
def test_a_script_without_spaces_has_a_separator_and_commas_are_none(body: str, separator: str) -> None:
    assert style_of("", body).separator == separator


@pytest.mark.parametrize(
    "mask", ["NNN-NNNN", "NNN NNNN", "NN NN NN N", "(NNN) NNNN", "NNNNNNN", "N-N-N-N-N-N-N", "NNN_NNNN"]
)
def test_a_mask_keeps_its_marks_whatever_its_case(mask: str) -> None:
    assert style_of("", f"Call {mask}. Thanks").mask == mask
    assert style_of("", f"call {mask.lower()}. thanks").mask == mask


def test_emoji_are_features_and_casing_is_known_where_a_script_has_it() -> None:
    style = style_of("WORK HERE", "✨ Good work ☎ | Fair pay | Rooms 🌸")
    assert style.emoji == ("✨", "☎", "🌸")
    assert style.sentences == ("good work", "fair pay", "rooms")
    assert (style.title_case, style.body_case) == ("upper", "mixed")
    assert style_of("招工", "call us").title_case == "none"
    assert style_of("招工", "call us").body_case == "lower"


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
