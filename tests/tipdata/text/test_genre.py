"""How an advert is put together: the file is sound, and one that is not is refused by file and line."""

from pathlib import Path

import pytest
from tipdata.core.kinds import FAMILIES
from tipdata.text import genre as module
from tipdata.text.documents import document_path
from tipdata.text.facts import facts_of
from tipdata.text.genre import BESIDE, genre

FILE = document_path("genre").read_text(encoding="utf-8")


def test_every_fact_stands_in_one_section_of_its_family() -> None:
    made = genre()
    assert sorted(made.orders[0]) == list(range(made.orders.shape[1]))
    for f, family in enumerate(FAMILIES):
        placed = [bool(one >= 0) for one in made.section[f, : len(facts_of(family))]]
        assert placed == [fact.name not in BESIDE for fact in facts_of(family)]


REFUSED: dict[str, tuple[str, str, str]] = {  # what is replaced, by what, and what is said
    "no YAML": ("orders:\n", "orders: [\n", "this is not YAML"),
    "no orders": ("orders:\n", "order:\n", "the file has no orders"),
    "a family without sections": ("  jobs:\n    people:", "  trade:\n    people:", "the file/sections has no jobs"),
    "a family that does not exist": ("  intermediary: {one:", "  agencies: {one:", "the file/speaks has no intermediary"),
    "an order of a section that does not exist": ("[place, work, terms, people]", "[place, work, terms, crowd]", "an order names crowd, which is no section"),
    "an order that lacks a section": ("[place, work, terms, people]", "[place, work, terms]", "an order names each of people, work, place, terms once"),
    "an order with a section twice": ("[place, work, terms, people]", "[place, work, work, people]", "an order names each of"),
    "an order of numbers": ("[place, work, terms, people]", "[1, 2, 3, 4]", "must be a text and is 1"),
    "a section that does not exist": ("    place: [place, lodging,", "    ground: [place, lodging,", "there is no section of jobs called ground"),
    "a fact of another family": ("work: [length,", "work: [lodging,", "services: lodging is no fact of its sections"),
    "a fact that stands at the end": ("work: [length,", "work: [length, contact,", "services: contact is no fact of its sections"),
    "a fact in two sections": ("work: [length,", "work: [length, price,", "services: price stands in two places, work and terms"),
    "a fact twice in a section": ("work: [length,", "work: [length, length,", "services: length stands in two places, work and work"),
    "a fact in no section": ("work: [length, ", "work: [", "services: length stands in no section"),
    "a topic of a fact that does not exist": ("    - [length, pace]\n", "    - [length, tempo]\n", "services: tempo is no fact of it or stands in two topics"),
    "a fact of two topics": ("    - [length, pace]\n", "    - [length, price]\n", "services: price is no fact of it or stands in two topics"),
    "a speaker of a level that does not exist": ("services: {one: [heads=one,", "services: {one: [heads=none,", "services has no heads=none"),
    "a speaker of a level of another family": ("jobs: {one: []", "jobs: {one: [length=short]", "jobs has no length=short"),
}  # fmt: skip
ELSEWHERE = {
    **{"no YAML": 1, "no orders": -5, "a family without sections": -6, "a family that does not exist": -3},
    **{"a fact in two sections": 2, "a fact in no section": -2},
}
"""How many lines below what was replaced the fault is: the second place of a fact, or the key above what is missing."""
# ruff: noqa: E501 # one case a line


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_is_not_sound_is_told_in_one_sentence_with_its_line(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, said = REFUSED[case]
    assert FILE.count(old) == 1
    (tmp_path / "genre.yaml").write_text(FILE.replace(old, new), encoding="utf-8")
    monkeypatch.setattr(module, "document_path", lambda name: tmp_path / f"{name}.yaml")
    with pytest.raises(ValueError, match=r"^genre\.yaml, line \d+: [^\n]+\.$") as refused:
        genre.__wrapped__()
    assert said in str(refused.value)
    line = FILE[: FILE.index(old)].count("\n") + 1 + ELSEWHERE.get(case, 0)
    assert str(refused.value).startswith(f"genre.yaml, line {line}: ")
