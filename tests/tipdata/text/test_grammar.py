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
    several = [f"I have {long} {years} years" for long in ("ever", "long") for years in ("4", "four")]
    assert sorted(surfaces(made, {"years": ("4", "four")})) == [*several, "We have"]


def test_an_empty_choice_leaves_no_double_space() -> None:
    for text, said in (
        ("[very |]calm place", ["very calm place", "calm place"]),
        ("years of [proven|] practice", ["years of proven practice", "years of practice"]),
        ("part of the town [here|]", ["part of the town here", "part of the town"]),
        (
            "[Please|] call [now|], {contact}",
            ["Please call now, N", "Please call, N", "call now, N", "call, N"],
        ),
    ):
        assert list(surfaces(parse(text), {"contact": ("N",)})) == said


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
