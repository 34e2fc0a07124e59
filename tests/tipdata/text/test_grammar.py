"""The grammar of one sentence."""

import pytest
from tipdata.text.grammar import Choice, Slot, choices, parse, slots, surfaces


def test_a_sentence_is_text_choices_and_slots() -> None:
    made = parse("[Hello|Good day], (I|we) pay {price} <tú|usted>")
    assert made[0] == Choice("[", (("Hello",), ("Good day",)))
    assert slots(made) == {"price"}
    assert [choice.by for choice in choices(made)] == ["[", "(", "<"]
    assert Slot("price") in made


def test_choices_hold_choices_and_slots() -> None:
    made = parse("(I have [long|ever] {years} years|We have)")
    assert sorted(surfaces(made, {"years": ("4", "four")})) == sorted(
        [
            "I have long 4 years",
            "I have long four years",
            "I have ever 4 years",
            "I have ever four years",
            "We have",
        ]
    )


def test_an_empty_choice_leaves_no_double_space() -> None:
    assert list(surfaces(parse("[very |]calm place"), {})) == ["very calm place", "calm place"]
    assert list(surfaces(parse("years of [proven|] practice"), {})) == [
        "years of proven practice",
        "years of practice",
    ]
    assert list(surfaces(parse("part of the town [here|]"), {})) == [
        "part of the town here",
        "part of the town",
    ]
    assert list(surfaces(parse("[Please|] call [now|], {contact}"), {"contact": ("N",)})) == [
        "Please call now, N",
        "Please call, N",
        "call now, N",
        "call, N",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a|b", r"\[ is not closed"),
        ("a|b", r"\| closes nothing"),
        ("a]", r"\] closes nothing"),
        ("{what", "no } ends its name"),
        ("{two words}", "no } ends its name"),
        ("(a|[b)", r"is not closed|closes nothing"),
    ],
)
def test_brackets_that_do_not_pair_are_told(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(text)
