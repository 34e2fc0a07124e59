"""What is read off an advert's text, in whatever language, and how it is compared."""

import numpy as np
import polars as pl
import pytest
from tipbaselines.advert_authorship.style_features import style_of, style_vectors, styles


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
