"""The file of facts is refused, in one sentence with its line, where it is not sound; rules hold both ways."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.text import facts as facts_module
from tipdata.text.documents import document_path
from tipdata.text.facts import facts, facts_of, indicators, level_place, rules

TEXT = document_path("facts").read_text(encoding="utf-8")
VOICE = '    i: "one person writes of themselves: everything here is my own"\n'
PLANTED: dict[str, tuple[str, str, str]] = {  # what is replaced, by what, and what is said
    "a level twice": (VOICE, VOICE + VOICE, "i is there twice"),
    "a fact twice": ("  heads:\n", "  voice:\n    a: b\n    c: d\n  heads:\n", "voice is there twice"),
    "a fact without levels": ("  heads:\n", "  novel: {}\n  heads:\n", "fact novel of all has no levels"),
    "a fact that is empty": ("  heads:\n", "  novel:\n  heads:\n", "the file/all/novel must be a mapping and is empty"),
    "a level that is a number": (VOICE, "    i: 3\n", "the file/all/voice/i must be a text and is 3"),
    "a level that says nothing": (VOICE, '    i: " "\n', "level i of voice does not say what it means"),
    "a fact of all in a family": ("  pace: {", "  voice: {", "fact voice of services is also a fact of all"),
    "a section that is none": ("apart:\n", "foo: {a: 1}\napart:\n", "there is no foo in the file"),
    "a section that is missing": ("\nindicators:", "\nindikators:", "the file has no indicators"),
    "a family that is missing": ("\nintermediary:\n  papers", "\nintermediaries:\n  papers", "the file has no intermediary"),
    "a level of a rule that does not exist": ("voice=i: [answerer", "voice=ii: [answerer", "services has no voice=ii"),
    "a level that a rule rules out and does not exist": ("voice=i: [answerer=desk", "voice=i: [answerer=desks", "services has no answerer=desks"),
    "two rules of a level": ("    voice=agent: [answerer", "    voice=i: [answerer", "voice=i is there twice"),
    "a rule without what it rules out": ("    voice=agent: [answerer=self]", "    voice=agent:", "the file/apart/all/voice=agent must be a list and is empty"),
    "a level of another family": ("length=short: [pace=calm,", "length=short: [lodging=single,", "services has no lodging=single"),
    "a fact that is needed and does not exist": ("[place, times, price]", "[place, hours, price]", "services has no fact hours"),
    "a category that lacks and does not exist": ("  companionship: [origin", "  companionshp: [origin", "lacks names companionshp"),
    "a level that is lacked and does not exist": ("care=safe]\n", "care=sfe]\n", "services has no care=sfe"),
    "an indicator that does not exist": ("services: [privacy=discreet", "services: [privacy=discrete", "services has no privacy=discrete"),
    "brackets that do not pair": ("length=long]", "length=long", "this is not YAML"),
}  # fmt: skip
# ruff: noqa: E501 # one case a line


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing that is kept of the file before and after."""
    kept = (
        facts_module._document,
        facts,
        rules,
        indicators,
        facts_module.array_shape,
        facts_module.level_places,
    )
    for one in kept:
        one.cache_clear()
    yield
    for one in kept:
        one.cache_clear()


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """What is said of a file of facts with this text."""

    def refusal(text: str) -> str:
        (tmp_path / "facts.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=r"^facts\.yaml, line \d+: [^\n]*\.$") as refused:
            _ = facts(), rules()
        return str(refused.value)

    monkeypatch.setattr(facts_module, "document_path", lambda name: tmp_path / f"{name}.yaml")
    return refusal


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_told_with_its_line(name: str, told: Callable[[str], str]) -> None:
    old, new, said = PLANTED[name]
    assert old in TEXT
    assert said in told(TEXT.replace(old, new, 1))


def test_the_line_is_that_of_the_fault(told: Callable[[str], str]) -> None:
    text = TEXT.replace("care=safe]\n", "care=sfe]\n", 1)
    line = text[: text.index("care=sfe")].count("\n") + 1
    assert told(text).startswith(f"facts.yaml, line {line}: ")


def test_an_empty_file_is_told(told: Callable[[str], str]) -> None:
    assert told("") == "facts.yaml, line 1: the file is empty."


def test_facts_of_all_families_come_first_and_each_family_has_its_own() -> None:
    for family in FAMILIES:
        names = [fact.name for fact in facts_of(family)]
        assert len(names) == len(set(names))
        assert facts_of(family)[: len(facts()["all"])] == facts()["all"]
        assert 6 <= len(facts()[family]) <= 10


def test_what_is_apart_is_apart_both_ways_and_only_in_its_family() -> None:
    apart = rules().apart
    services, jobs = FAMILIES.index("services"), FAMILIES.index("jobs")
    one, other = level_place("services", "length=short"), level_place("services", "pace=calm")
    assert apart[(services, *one, *other)]
    assert not apart[(jobs, *one, *other)]
    assert (apart == apart.transpose(0, 3, 4, 1, 2)).all()
    assert not apart.diagonal(axis1=1, axis2=3).any()  # a fact has one level anyway


def test_a_category_lacks_at_most_two_facts_and_never_the_contact_and_each_family_has_eight_indicators() -> (
    None
):
    for c, (category, family) in enumerate(CATEGORIES.items()):
        kept = {
            fact.name
            for number, fact in enumerate(facts_of(FAMILIES[family]))
            if rules().has[c, number, : len(fact.levels)].any()
        }
        assert len(kept) >= len(facts_of(FAMILIES[family])) - 2, category
        assert "contact" in kept, category
    assert {len(set(levels)) + len(set(facts)) for levels, facts in indicators().values()} == {8}
