"""What is quoted of a file is one printable line."""

from hypothesis import given
from hypothesis.strategies import text
from tipcore.display import printable


@given(text())
def test_every_text_is_said_in_printable_signs_of_one_line(words: str) -> None:
    said = printable(words)
    assert said.isprintable()
    assert printable(said) == said


def test_plain_words_of_every_script_stay_and_a_terminal_is_not_commanded() -> None:
    assert printable("ملف, 測試, naïve 'x'") == "ملف, 測試, naïve 'x'"
    assert printable("a\x1b[2J\nb\u202ec\udcff") == r"a\x1b[2J\nb\u202ec\udcff"
