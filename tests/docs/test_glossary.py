"""The glossary: found by the letter that a word begins with."""

import re

from tipcourse.lessons import glossary


def test_words_stand_in_the_order_of_the_alphabet() -> None:
    words = [re.sub("[^a-z0-9 ]", "", word.lower()) for word in glossary() if word not in ("word", "---")]
    assert len(words) > 50
    assert words == sorted(words)
