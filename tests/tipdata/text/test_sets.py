"""Wordbooks whose frames stand in sets: each is sound, and one that is not is refused by file and line."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from tipdata.core.kinds import LANGUAGES
from tipdata.core.yaml_lines import LOADER
from tipdata.text import checks
from tipdata.text.book import FEWEST_OF_SET, SETS, Book, Faulty, Frame
from tipdata.text.checks import read_wordbook, wordbook
from tipdata.text.documents import document_path
from tipdata.text.grammar import parse

ENGLISH = document_path("wordbooks/en").read_text(encoding="utf-8")
REST = ENGLISH.index("\n    rest:\n")
"""Where the frames of the fact ``rest`` of jobs begin, in which all is planted."""
BOOK = wordbook("en", sound=True, folder="wordbooks")

# test_cache.py tells that these texts and this code are those of the last run of lock.py, which checks all.
SLOW = [one if one == "zh" else pytest.param(one, marks=pytest.mark.slow) for one in LANGUAGES]


@pytest.mark.parametrize("language", SLOW)
def test_every_wordbook_in_sets_is_sound(language: str) -> None:
    book = wordbook(language, folder="wordbooks")
    assert book.language == language
    for name in SETS:
        assert all(
            sum(frame.set == name for frame in frames) >= FEWEST_OF_SET for frames in book.levels.values()
        )


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks of every reading for the frames of one fact alone."""
    check = checks._check_frames

    def check_some(book: Book, frames: Iterable[Frame]) -> None:
        check(book, [frame for frame in frames if frame.where.startswith("rest/")])

    monkeypatch.setattr(checks, "_check_frames", check_some)


def faults_of(text: str, folder: Path) -> list[str]:
    (folder / "en.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Faulty) as refused:
        read_wordbook(folder / "en.yaml")
    assert all(re.fullmatch(r"en\.yaml, line \d+: [^\n]+\.", fault) for fault in refused.value.faults)
    return refused.value.faults


def planted(old: str, new: str) -> str:
    """The wordbook with the first place of a text that stands at or behind ``rest`` replaced."""
    assert old in ENGLISH[REST:]
    return ENGLISH[:REST] + ENGLISH[REST:].replace(old, new, 1)


def line_of(text: str, part: str, start: int = 0) -> int:
    return text[: text.index(part, start)].count("\n") + 1


def rest() -> dict[str, dict[str, list[str]]]:
    return yaml.load(ENGLISH, Loader=LOADER)["frames"]["jobs"]["rest"]


@pytest.mark.usefixtures("quick")
def test_a_set_without_frames_or_with_too_few_is_told(tmp_path: Path) -> None:
    levels = rest()
    text = planted(f'          - "{levels["two_days"]["a"][0]}"\n', "")
    start = text.index("      one_day:\n", REST)
    first, last = text.index("        b:\n", start), text.index("      few:\n", start)
    text = f"{text[:first]}        b: []\n{text[last:]}"
    two, one = (line_of(text, f"      {name}:\n", REST) for name in ("two_days", "one_day"))
    faults = faults_of(text, tmp_path)
    assert f"en.yaml, line {two}: jobs, rest/two_days has 4 frames of set a and needs 5." in faults
    assert f"en.yaml, line {one}: jobs, rest/one_day has 0 frames of set b and needs 5." in faults


@pytest.mark.usefixtures("quick")
def test_a_frame_of_two_levels_or_two_sets_is_told(tmp_path: Path) -> None:
    levels = rest()
    first, second = "Free weekends", levels["one_day"]["b"][0]
    assert first in levels["two_days"]["a"]
    text = planted(f'"{levels["two_days"]["b"][0]}"', '"FREE, weekends"')
    text = text.replace(f'"{levels["few"]["a"][0]}"', f'"{second}"', 1)
    of_set, of_level = (line_of(text, part, REST) for part in ('"FREE, weekends"', "      few:\n"))
    faults = faults_of(text, tmp_path)
    there = line_of(text, f'"{first}"', REST)
    said = f"'FREE, weekends' is there twice (line {there} of set a): keep one of the two"
    assert f"en.yaml, line {of_set}: rest/two_days: {said}." in faults
    assert any(
        f"line {of_level + 2}: rest/few: " in fault and "is also rest/one_day" in fault for fault in faults
    )


@pytest.mark.usefixtures("quick")
def test_a_set_whose_frames_all_state_a_price_is_told(tmp_path: Path) -> None:
    text = ENGLISH
    start = text.index("      two_days:\n", REST)
    first, last = text.index("        b:\n", start), text.index("      one_day:\n", start)
    frames = "".join(f'          - "Two days off {word}, {{price}} XTS"\n' for word in "abcde")
    text = f"{text[:first]}        b:\n{frames}{text[last:]}"
    said = "rest/two_days: 5 frames of set b are fit for construction and all state a price: add one that does not"
    assert f"en.yaml, line {line_of(text, '      two_days:', REST)}: {said}." in faults_of(text, tmp_path)


JOINS: dict[str, tuple[str, str]] = {  # in place of the joins; what is said
    "another script": ('[", \u0430nd ", "; "]', "(letters)"),
    "a dash that no rule has": ('[" \u2013 ", "; "]', "(letters)"),
    "a sign that is not seen": ('[", \u200band ", "; "]', "(letters)"),
    "a banned word": ('[", young ", "; "]', "'young' in"),
    "one": ('["; "]', "joins has 1 different ones: 2 to 6 are needed, each once"),
    "none": ("[]", "joins has 0 different ones"),
    "one twice": ('["; ", "; "]', "joins has 1 different ones"),
    "more than are read": ('["a", "b", "c", "d", "e", "f", "g"]', "joins has 7 different ones"),
    "a blank": ('[" ", "; "]', "a join is ' ': give a sign or word"),
}  # fmt: skip


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("case", JOINS)
def test_joins_that_no_text_may_hold_or_too_few_are_told(
    tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_check_stems", "_check_variety", "_check_words"):
        monkeypatch.setattr(checks, name, lambda book: None)
    new, said = JOINS[case]
    text = ENGLISH.replace('joins: [", and ", "; "]', f"joins: {new}", 1)
    faults = faults_of(text, tmp_path)
    assert len(faults) == 1
    assert faults[0].startswith(f"en.yaml, line {line_of(text, 'joins:')}: ")
    assert said in faults[0]


def test_sets_that_do_not_exist_or_are_missing_are_told(tmp_path: Path) -> None:
    text = planted("        b:\n", "        c:\n")
    line, level = line_of(text, "        c:\n", REST), line_of(text, "      two_days:\n", REST)
    where = "the wordbook/frames/jobs/rest/two_days"
    assert faults_of(text, tmp_path) == [
        f"en.yaml, line {level}: {where} has no b.",
        f"en.yaml, line {line}: there is no c in {where}.",
    ]


def test_a_title_that_does_not_name_what_is_offered_is_told() -> None:
    title = Frame("Wanted: somebody", 7, "title", "jobs", parse("Wanted: somebody"))
    (fault,) = checks.find_frame_faults(BOOK, [title, BOOK.titles["jobs"][0]], Path("mine.yaml"))
    assert (
        fault == "mine.yaml, line 7: title: no {what} in 'Wanted: somebody': what is offered is always named."
    )


@pytest.mark.parametrize(
    ("text", "within"),
    [
        ("Your host pays", "your host pays"),
        ("You're welcome", "you're welcome"),
        ("A [firm|business] is hiring", "a [firm|business] is hiring"),
        ("I do everything", "I do everything"),
        ("XTS are taken", "XTS are taken"),
        ("CV first", "CV first"),
        ("{count} guests", "{count} guests"),
        ("Sunday is free", "Sunday is free"),
    ],
)
def test_a_frame_that_does_not_begin_a_sentence_begins_with_a_small_letter_but_for_names(
    text: str, within: str
) -> None:
    assert BOOK.without_capital(text) == within


def test_languages_without_case_keep_their_first_letters() -> None:
    for language in ("ar", "zh"):
        book = wordbook(language, sound=True, folder="wordbooks")
        frames = [frame.text for frames in book.levels.values() for frame in frames]
        assert all(book.without_capital(text) == text for text in frames)
