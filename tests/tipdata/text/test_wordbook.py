"""Wordbooks: each is sound, and one that is not is refused by file, fact and line."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from tipdata.core.kinds import FAMILIES, LANGUAGES
from tipdata.core.yaml_lines import LOADER
from tipdata.text import checks
from tipdata.text.book import DIALECTS, FEWEST, FIT, REGISTERS, SETS, WORDS, Book, Faulty, Frame
from tipdata.text.checks import read_wordbook, wordbook
from tipdata.text.documents import document_path
from tipdata.text.facts import facts, facts_of
from tipdata.text.grammar import parse
from tipdata.text.phrases import MOST_FRAMES, PIECES, compile_wordbooks

ENGLISH = document_path("wordbooks/en").read_text(encoding="utf-8")
BOOK = wordbook("en", sound=True)
REST = ENGLISH.index("\n    rest:\n")
"""Where the frames of the fact ``rest`` of jobs begin, in which most is planted."""


def check_only(monkeypatch: pytest.MonkeyPatch, *facts: str) -> None:
    """Check every reading only of the frames of some facts: that takes longest."""
    check = checks._check_frames

    def check_some(book: Book, frames: Iterable[Frame]) -> None:
        check(book, [frame for frame in frames if frame.where.partition("/")[0] in facts])

    monkeypatch.setattr(checks, "_check_frames", check_some)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    check_only(monkeypatch, "rest")


# test_cache.py tells that these texts and this code are those of the last run of lock.py, which checks all.
@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_wordbook_is_sound(language: str) -> None:
    book = wordbook(language)
    assert book.language == language
    assert 1 <= len(book.registers) <= REGISTERS
    assert 1 <= len(book.dialects) <= DIALECTS
    assert len(book.document["misspellings"]) <= WORDS
    for name in SETS:
        assert all(sum(one.set == name for one in frames) >= FEWEST for frames in book.levels.values())


def faults_in(path: Path) -> list[str]:
    with pytest.raises(Faulty) as refused:
        read_wordbook(path)
    assert not [fault for fault in refused.value.faults if "\n" in fault or not fault.endswith(".")]
    return refused.value.faults


def faults_of(text: str, folder: Path) -> list[str]:
    (folder / "en.yaml").write_text(text, encoding="utf-8")
    faults = faults_in(folder / "en.yaml")
    assert all(re.match(r"en\.yaml, line \d+: ", fault) for fault in faults)
    return faults


def planted(old: str, new: str) -> str:
    """The wordbook with the first place of a text that stands at or behind ``rest`` replaced."""
    assert old in ENGLISH[REST:]
    return ENGLISH[:REST] + ENGLISH[REST:].replace(old, new, 1)


def line_of(text: str, part: str, start: int = 0) -> int:
    return text[: text.index(part, start)].count("\n") + 1


def rest() -> dict[str, dict[str, list[str]]]:
    return yaml.load(ENGLISH, Loader=LOADER)["frames"]["jobs"]["rest"]


REFUSED: dict[str, tuple[str, str]] = {  # in place of a frame; what is said
    "an empty sentence": ('""', "a sentence is empty"),
    "a blank sentence": ('"  "', "a sentence is empty"),
    "an empty choice": ('"Papers []"', "[a|b] needs two forms"),
    "a choice of one": ('"Papers [kept]"', "[a|b] needs two forms"),
    "a choice of the same twice": ('"Papers [kept|kept]"', "[a|b] needs two forms"),
    "digits": ('"Papers for 50"', "a number or currency that is no slot's"),
    "a price": ('"Papers for XTS"', "a number or currency that is no slot's"),
    "more readings than are looked at": ('"Papers ' + "[a|b|c|d]" * 12 + '"', "16,777,216 readings, 1,000 are the most"),
    "a word that a choice completes": ('"Papers, te[en|nts]"', "'teen' in"),
    "a word that two choices make": ('"Papers, s[e|i]x"', "'sex' in"),
    "a word that a slot completes": ('"Papers, s{extra}"', "{extra} is no slot here"),
    "letters apart": ('"Papers, s e x"', "'sex' in"),
    "a digit for a letter": ('"Papers, virg1n"', "'virgin' in"),
    "letters of another script": ('"P\u0430pers"', "(letters)"),
    "a sign that is not seen": ('"Pap\u200bers"', "(letters)"),
    "a turn of direction": ('"Papers \u202e"', "(letters)"),
    "an emoji": ('"Papers \U0001f351"', "(letters)"),
    "a sentence of another level": ('"Please keep this to yourself"', "is also privacy/silent"),
    "the same with a comma": ('"Please, keep this to yourself"', "is also privacy/silent"),
    "the same in upper case": ('"PLEASE KEEP this to yourself"', "is also privacy/silent"),
    "a slot that does not exist": ('"{nowhere} has papers"', "{nowhere} is no slot here"),
    "a banned word": ('"For the young, papers"', "'young' in"),
    "a wrong form": ('"An hour, a hour, papers"', "'a ' in"),
    "a space too many": ('"Yes,  papers"', "not allowed (spaces)"),
    "a small letter to begin with": ('"and papers"', "not allowed (begins)"),
    "a bracket that is not closed": ('"[so papers"', "[ is not closed"),
    "one form where one or several speak": ('"(I) keep papers"', "(…) needs 2 forms"),
    "a sign that only style may add": ('"www.papers"', "a sign that only style may add"),
    "the same with another space": ('"Please\u00a0keep this to yourself"', "is also privacy/silent"),
}  # fmt: skip
# ruff: noqa: E501 # one case a line


def test_each_planted_frame_is_told_with_file_fact_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are planted in one book, each in a set of its own, so that none hides another."""
    check_only(monkeypatch, *(fact.name for fact in facts()["jobs"]), "privacy", "title")
    lines = ENGLISH.splitlines()
    start = lines.index("  jobs:", lines.index("frames:"))
    firsts = [i for i in range(start, len(lines)) if lines[i - 1].endswith(":") and lines[i].endswith('"')]
    assert len(firsts) > len(REFUSED)
    placed = dict(zip(REFUSED, firsts, strict=False))
    for name, at in placed.items():
        lines[at] = f"          - {REFUSED[name][0]}"
    title = lines.index('    - "Wanted: {what}"')
    lines[title] = '    - "Schoolgirl: {what}"'
    faults = faults_of("\n".join(lines) + "\n", tmp_path)
    said = f"en.yaml, line {title + 1}: "
    assert any(fault.startswith(said) and "'schoolgirl' in" in fault for fault in faults)
    for name, at in placed.items():
        told = [fault for fault in faults if fault.startswith(f"en.yaml, line {at + 1}: ")]
        assert any(REFUSED[name][1] in fault for fault in told), (name, told)


def test_an_entry_that_is_no_text_is_told_by_its_own_line(tmp_path: Path) -> None:
    frame = f'          - "{rest()["two_days"]["a"][2]}"\n'
    for entry, said in (("12", "is 12"), ("", "is empty")):
        text = planted(frame, f"          - {entry}\n")
        line = line_of(ENGLISH, frame, REST)
        where = "an entry of the wordbook/frames/jobs/rest/two_days/a"
        assert faults_of(text, tmp_path) == [f"en.yaml, line {line}: {where} must be a text and {said}."]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("missing", "above"), [("rest", "  jobs:"), ("few", "    rest:")])
def test_a_fact_or_level_that_is_missing_is_told_with_the_line_above_it(
    tmp_path: Path, missing: str, above: str
) -> None:
    first, last = (ENGLISH.index(f"\n{name}:\n", REST) + 1 for name in ("      few", "    groups"))
    first = REST + 1 if missing == "rest" else first
    text = ENGLISH[:first] + ENGLISH[last:]
    line = line_of(text, f"\n{above}\n", text.index("\nframes:")) + 1
    said = f"en.yaml, line {line}: jobs, rest/few has 0 frames of set"
    assert {f"{said} {name} and needs {FEWEST}." for name in SETS} <= set(faults_of(text, tmp_path))


@pytest.mark.usefixtures("quick")
def test_a_set_without_frames_or_with_too_few_is_told(tmp_path: Path) -> None:
    levels = rest()
    text = planted(f'          - "{levels["two_days"]["a"][0]}"\n', "")
    start = text.index("      one_day:\n", REST)
    first, last = text.index("        b:\n", start), text.index("      few:\n", start)
    text = f"{text[:first]}        b: []\n{text[last:]}"
    two, one = (line_of(text, f"      {name}:\n", REST) for name in ("two_days", "one_day"))
    faults = faults_of(text, tmp_path)
    assert f"en.yaml, line {two}: jobs, rest/two_days has 4 frames of set a and needs {FEWEST}." in faults
    assert f"en.yaml, line {one}: jobs, rest/one_day has 0 frames of set b and needs {FEWEST}." in faults


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


UNREADABLE: dict[str, tuple[str, str, str]] = {  # what is replaced, by what, and what is said
    "a number twice": ("days: {2: two", "days: {2: two, 2: too", "2 is there twice"),
    "a kind of value that is none": ("language: en", "language: !!binary aGFsbG8=", "is no kind of value here"),
    "brackets of YAML that do not pair": ("registers: [neutral]", "registers: [neutral", "this is not YAML"),
    "a number in words": ("  years: {4: four, ", "  years: {four: four, ", "'four' is no number of years"),
}  # fmt: skip
MISSHAPEN: dict[str, tuple[str, str, str]] = {
    "a list in place of a mapping": ("frames:\n  all:\n", "frames:\n  all: []\n  none:\n", "wordbook/frames/all must be a mapping and is a list"),
    "a text in place of a list": ("registers: [neutral]", "registers: neutral", "registers must be a list and is 'neutral'"),
    "no space": ('\nspace: " "\n', "\n", "the wordbook has no space"),
    "a number in place of a text": ('name: "English"', "name: 3", "the wordbook/name must be a text and is 3"),
    "a text in place of true or false": ("cased: true", "cased: often", "cased must be true or false and is 'often'"),
    "a sentence that YAML takes for a mapping": ('    - "Wanted: {what}"', "    - Wanted: it", "an entry of the wordbook/titles/jobs must be a text and is a mapping"),
    "a key that does not exist": ("language: en", "language: en\ncasing: true", "there is no casing in the wordbook"),
}  # fmt: skip
UNSOUND: dict[str, tuple[str, str, str]] = {
    "a register twice": ("registers: [neutral]", "registers: [a, b, a]", "register 'a' is there twice"),
    "a register that no frame tells": ("", "", "no frame tells the registers apart"),
    "three registers": ("", "", "3 registers are named, 2 are the most"),
    "another end than a sign": ('statement: "."', 'statement: " sex."', "ends/statement is ' sex.'"),
    "no end": ('cry: "!"', 'cry: ""', "ends/cry is ''"),
    "another space": ('space: " "', 'space: "sex"', "space is 'sex'"),
    "an explicit name": ('name: "English"', 'name: "sex"', "'sex' in 'sex' is not allowed"),
    "the number 0": ("days: {2: two", "days: {0: two", "0 days: numbers go from 1 to 60"),
    "a number below 0": ("minutes: {5: five", "minutes: {-5: five", "-5 minutes: numbers go from 1 to 60"),
    "an absurd number": ("count: {3: three", "count: {99999999999999999999: three", "99999999999999999999 count: numbers go from 1 to 60"),
    "a number word that is banned": ("  hours: {2: two", "  hours: {2: teen", "'teen' in 'teen' is not allowed"),
    "digits in place of a word": ("weeks: {2: two", 'weeks: {2: "2"', "2 weeks is '2', which is no word"),
    "numbers of no slot": ("numbers:\n", "numbers:\n  ages: {20: twenty}\n", "no slot of numbers called ages"),
    "a dialect word called like a slot": ("    flat: [flat, ", "    price: [a, b]\n    flat: [flat, ", "a dialect word cannot be called price"),
    "a dialect word called like a number": ("    aflat: [", "    years: [a, b]\n    aflat: [", "a dialect word cannot be called years"),
    "a dialect word that is banned": ("    taxi: [taxi, cab]", "    taxi: [taxi, virgin]", "'virgin' in 'virgin' is not allowed"),
    "a dialect word without a form": ("    grey: [grey, gray]", "    grey: [grey]", "dialect word grey needs 2 forms"),
    "a noun twice": ('"back massage", "foot massage"', '"foot massage", "foot massage"', "massage has 7 different nouns"),
    "an empty title": ('    - "Wanted: {what}"', '    - ""', "title: a sentence is empty"),
    "a misspelling that is another word": ("  different: diffrent\n", "  different: office\n", "the misspelling 'office' is a word of a frame"),
}  # fmt: skip
ALONE: dict[str, tuple[str, str, str]] = {
    "no register": ("registers: [neutral]", "registers: []", "no register is named"),
    "a language that does not exist": ("language: en", "language: de", "'de' is none of the languages"),
}
"""Each hides other faults."""


def faults_with(planted: Iterable[tuple[str, str, str]], folder: Path) -> list[str]:
    """The faults of a wordbook with some texts replaced, each by another."""
    text = ENGLISH
    for old, new, _ in planted:
        assert not old or ENGLISH.count(old) == 1, old
        text = text.replace(old, new) if old else text
    return faults_of(text, folder)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("case", [*UNREADABLE.values(), *ALONE.values()], ids=[*UNREADABLE, *ALONE])
def test_a_wordbook_that_cannot_be_read_on_is_told_in_one_sentence(
    tmp_path: Path, case: tuple[str, str, str]
) -> None:
    (fault,) = faults_with([case], tmp_path)
    assert case[2] in fault


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("listed", [MISSHAPEN, UNSOUND], ids=["misshapen", "unsound"])
def test_each_of_many_faults_is_told(tmp_path: Path, listed: dict[str, tuple[str, str, str]]) -> None:
    faults = faults_with(listed.values(), tmp_path)
    for name, (_, _, said) in listed.items():
        told = [fault for fault in faults if said in fault]
        assert told, name
        assert told[0].count(". ") == 0


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


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b"- a list\n", "en.yaml, line 1: the wordbook must be a mapping and is a list."),
        (b"", "en.yaml, line 1: the file is empty."),
        (b"language: en\nname: \xff\xfe\n", "en.yaml, line 2: this is not UTF-8."),
    ],
)
def test_a_file_that_is_no_wordbook_is_told_in_one_sentence(
    tmp_path: Path, written: bytes, said: str
) -> None:
    (tmp_path / "en.yaml").write_bytes(written)
    assert faults_in(tmp_path / "en.yaml") == [said]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("said", ["es", "en"])
def test_a_book_under_the_name_of_another_language_is_told(tmp_path: Path, said: str) -> None:
    spanish = document_path("wordbooks/es").read_text(encoding="utf-8")
    faults = faults_of(spanish.replace("language: es", f"language: {said}", 1), tmp_path)
    expected = "the language is es: name the file es.yaml" if said == "es" else "frames look like en"
    assert any(expected in fault and fault.startswith("en.yaml, line 2: ") for fault in faults)


def test_a_file_that_is_not_there_is_told_in_one_sentence(tmp_path: Path) -> None:
    assert faults_in(tmp_path / "en.yaml") == ["en.yaml cannot be read: No such file or directory."]
    assert faults_in(tmp_path) == [f"{tmp_path.name} cannot be read: it is not a regular file."]


@pytest.mark.usefixtures("quick")
def test_frames_that_are_too_much_alike_or_lack_their_stem_are_told(tmp_path: Path) -> None:
    text = ENGLISH
    start = text.index("      few:\n", REST)
    for name, ends in (("a", "abcdef"), ("b", "ghijkl")):
        first = text.index(f"        {name}:\n", start)
        frames = "".join(f'          - "It is there for all of you, {end}"\n' for end in ends)
        last = re.compile(r"^ {,8}\S", re.MULTILINE).search(text, first + 9)
        assert last
        text = f"{text[:first]}        {name}:\n{frames}{text[last.start() :]}"
    faults = faults_of(text, tmp_path)
    assert any("jobs, rest/few: 0 of 12 frames hold a stem" in fault for fault in faults)
    assert any("jobs, rest/few: frames are too much alike" in fault for fault in faults)


@pytest.mark.usefixtures("quick")
def test_words_that_leave_a_category_too_few_sentences_are_told(tmp_path: Path) -> None:
    text = ENGLISH.replace('agricultural: ["site"', 'agricultural: ["canteen", "site"', 1)
    line = line_of(text, "canteen:\n")
    said = f"en.yaml, line {line}: meals/canteen: 0 frames of set b are fit for agricultural, and {FIT} are needed."
    assert said in faults_of(text, tmp_path)


def test_a_word_is_unfit_in_whatever_reading_it_stands() -> None:
    split = Frame("The [fi|for]rm of it", 1, "named/firm", "jobs", parse("The [fi|for]rm of it"))
    assert not BOOK.fits(split, "domestic")
    assert BOOK.fits(split, "construction")


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
        book = wordbook(language, sound=True)
        frames = [frame.text for frames in book.levels.values() for frame in frames]
        assert all(book.without_capital(text) == text for text in frames)


def test_what_is_compiled_holds_every_frame() -> None:
    made = compile_wordbooks(("en",), sound=True)
    for (family, fact, level), frames in BOOK.levels.items():
        names = [one.name for one in facts_of(family)]
        at = list(facts_of(family)[names.index(fact)].levels).index(level)
        listed = made.levels[0, FAMILIES.index(family), names.index(fact), at]
        assert (listed >= 0).sum() == len(frames) <= MOST_FRAMES
    assert made.pieces.shape[1] == PIECES
    assert made.pieces.max() < len(made.wrong)
