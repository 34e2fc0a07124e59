"""Wordbooks: each is sound, and one that is not is refused by file, fact and line."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tipdata.core.kinds import CATEGORIES, FAMILIES, LANGUAGES
from tipdata.text.facts import facts, facts_of, rules, shape
from tipdata.text.phrases import DIALECTS, MOST_FRAMES, PIECES, REGISTERS, WORDS, phrases
from tipdata.text.reading import path_of, read
from tipdata.text.wordbook import FEWEST, Faulty, Wordbook

ENGLISH = path_of("frames/en").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_wordbook_is_sound(language: str) -> None:
    book = Wordbook(path_of(f"frames/{language}"))
    assert book.language == language
    assert 1 <= len(book.registers) <= REGISTERS
    assert 1 <= len(book.dialects) <= DIALECTS
    assert len(book.document["misspellings"]) <= WORDS


def faults_of(text: str, folder: Path) -> list[str]:
    (folder / "en.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Faulty) as refused:
        Wordbook(folder / "en.yaml")
    return refused.value.faults


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def first_frame(fact: str) -> str:
    """The line of the first frame of a fact, with its indent."""
    lines = ENGLISH.splitlines()
    start = next(i for i, line in enumerate(lines) if line == f"    {fact}:" and i > lines.index("frames:"))
    return next(line for line in lines[start:] if line.lstrip().startswith('- "'))


PLANTED: dict[str, Callable[[str], tuple[str, str]]] = {
    "a frame that names a slot that does not exist": lambda frame: (
        frame.replace('- "', '- "{nowhere} '), "{nowhere} is no slot here"),
    "a banned word": lambda frame: (frame.replace('- "', '- "For the young, '), "(youth)"),
    "a bracket that is not closed": lambda frame: (frame.replace('- "', '- "[so '), "[ is not closed"),
    "one form where one or several speak": lambda frame: (frame.replace('- "', '- "(I) '), "(…) needs 2 forms"),
    "a sign that only style may add": lambda frame: (frame.replace('- "', '- "www.'), "a sign that only style may add"),
}  # fmt: skip


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_fault_is_told_with_file_fact_and_line(tmp_path: Path, planted: str) -> None:
    frame = first_frame("papers")
    changed, said = PLANTED[planted](frame)
    text = ENGLISH.replace(frame, changed, 1)
    line = line_of(text, changed)
    assert any(
        fault.startswith(f"en.yaml, line {line}: papers/") and said in fault
        for fault in faults_of(text, tmp_path)
    )


def test_a_level_without_frames_is_told(tmp_path: Path) -> None:
    document = yaml.safe_load(ENGLISH)
    document["frames"]["jobs"]["papers"]["kept"] = []
    faults = faults_of(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), tmp_path)
    assert any(f"jobs, papers/kept has 0 frames and needs {FEWEST}" in fault for fault in faults)


def test_a_sentence_of_two_levels_is_told(tmp_path: Path) -> None:
    own, other = first_frame("papers"), first_frame("advance")
    text = ENGLISH.replace(other, own, 1)
    faults = faults_of(text, tmp_path)
    assert any(": advance/" in fault and " is also papers/" in fault for fault in faults)


def test_a_register_that_is_missing_is_told(tmp_path: Path) -> None:
    spanish = path_of("frames/es").read_text(encoding="utf-8")
    text = spanish.replace("registers: [informal, formal]", "registers: [informal]", 1)
    assert text != spanish
    assert any("<…> needs 1 forms" in fault for fault in faults_of(text, tmp_path))


def test_a_fact_given_twice_is_told_with_its_line(tmp_path: Path) -> None:
    text = ENGLISH.replace("cased: true", "cased: true\ncased: true", 1)
    (tmp_path / "en.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"line {line_of(text, 'cased') + 1}: cased is there twice"):
        Wordbook(tmp_path / "en.yaml")


def test_at_least_18_facts_are_common_and_each_family_has_its_own() -> None:
    assert len(facts()["all"]) >= 18
    assert all(6 <= len(facts()[family]) <= 10 for family in FAMILIES)
    assert (
        len({fact.name for fact in facts()["all"]} & {f.name for name in FAMILIES for f in facts()[name]})
        == 0
    )
    assert all(facts_of(family)[: len(facts()["all"])] == facts()["all"] for family in FAMILIES)


def test_rules_name_levels_that_exist_and_leave_every_fact_a_level() -> None:
    held = rules()
    assert held.apart.shape == (len(FAMILIES), *shape(), *shape())
    assert (held.apart == held.apart.transpose(0, 3, 4, 1, 2)).all()
    assert (held.indicators.sum(axis=(1, 2)) == 8).all()
    assert sum(len(pairs) for pairs in read("facts")["together"].values()) >= 6
    for c, family in enumerate(CATEGORIES.values()):
        for number, fact in enumerate(facts_of(FAMILIES[family])):
            assert held.has[c, number, : len(fact.levels)].any()


def test_what_is_compiled_holds_every_frame() -> None:
    made = phrases(LANGUAGES)
    for number, language in enumerate(LANGUAGES):
        book = Wordbook(path_of(f"frames/{language}"))
        for (family, fact, level), frames in book.levels.items():
            names = [one.name for one in facts_of(family)]
            at = list(facts_of(family)[names.index(fact)].levels).index(level)
            listed = made.levels[number, FAMILIES.index(family), names.index(fact), at]
            assert (listed >= 0).sum() == min(len(frames), MOST_FRAMES)
    assert made.pieces.shape[1] == PIECES
    assert made.pieces.max() < len(made.wrong)
