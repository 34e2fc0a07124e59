"""A text is cut into its sentences whatever the language and however its writer sets them apart."""

import pytest
from tipbaselines.sentences import LONGEST, plain, sentences

SAID = {
    "en": ["one price for all", "ring first", "the door is open to everyone"],
    "es": ["un precio para todos", "llama primero", "la puerta está abierta"],
    "fr": ["un prix pour tous", "sonnez d'abord", "la porte est ouverte à tous"],
    "ru": ["одна цена для всех", "сначала позвоните", "дверь открыта каждому"],
    "ar": ["سعر واحد للجميع", "اتصل أولا", "الباب مفتوح للجميع"],
    "zh": ["一个价格", "请先打电话", "大门向所有人敞开"],
}
SEPARATORS = ["\n", "\n• ", "\n- ", " ~ ", " - ", " / ", " | ", " * ", "! ", "... ", "; ", " 🙂 ", "?\n"]


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("language", SAID)
def test_every_separator_of_writers_ends_a_sentence_in_every_language(language: str, separator: str) -> None:
    assert sentences(separator.join(SAID[language])) == SAID[language]


@pytest.mark.parametrize(
    ("language", "marks"),
    [("en", "."), ("ru", "?"), ("ar", "؟"), ("ar", "؛")],
)
def test_a_mark_ends_a_sentence_where_a_space_follows(language: str, marks: str) -> None:
    assert sentences(f"{marks} ".join(SAID[language]) + marks) == SAID[language]


@pytest.mark.parametrize("mark", ["。", "！", "？", "……", "～", "｜", "；"])
def test_a_chinese_mark_ends_a_sentence_without_a_space(mark: str) -> None:
    assert sentences(mark.join(SAID["zh"]) + mark) == SAID["zh"]


def test_hours_and_numbers_to_call_are_not_cut_at_their_points() -> None:
    assert sentences("Open from 9.30 to 18.00. Ring NNN.NNNN.") == ["open from 0.0 to 0.0", "ring nnn.nnnn"]


def test_a_comma_ends_a_sentence_only_where_nothing_else_does() -> None:
    short = "polite, friendly and discreet"
    assert sentences(f"{short}. {short}") == [short, short]
    many = [f"this is part {word} of a text of commas" for word in ("one", "two", "three", "four", "five")]
    assert len(", ".join(many).split()) > LONGEST
    assert sentences(", ".join(many)) == many
    assert sentences("，".join(SAID["zh"] * 3)) == SAID["zh"] * 3


def test_case_marks_widths_emoji_and_digits_are_no_part_of_a_sentence() -> None:
    alike = ["«For 55 XTS, as is usual»", "FOR 120 XTS, AS IS USUAL!!", "✨ for ５ xts,  as is usual ✨"]
    assert {plain(sentence) for sentence in alike} == {"for 0 xts, as is usual"}


@pytest.mark.parametrize("text", ["", "   \n ", "✨ ✨", "... - !", "—"])
def test_a_text_without_a_letter_or_digit_has_no_sentence(text: str) -> None:
    assert sentences(text) == []
