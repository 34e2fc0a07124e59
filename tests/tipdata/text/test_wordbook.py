"""Wordbooks: each is sound, and one that is not is refused by file, fact and line."""

from pathlib import Path

import pytest
import yaml
from tipdata.core.kinds import CATEGORIES, FAMILIES, LANGUAGES
from tipdata.core.yaml_lines import LOADER
from tipdata.text import checks
from tipdata.text.book import DIALECTS, FEWEST, FIT, REGISTERS, WORDS, Faulty, Frame
from tipdata.text.checks import read_wordbook, wordbook
from tipdata.text.documents import document_path, read_document
from tipdata.text.facts import array_shape, facts, facts_of, rules
from tipdata.text.grammar import parse
from tipdata.text.phrases import MOST_FRAMES, PIECES, compile_wordbooks

ENGLISH = document_path("frames/en").read_text(encoding="utf-8")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks without those of every reading, which take longest."""
    for name in ("_check_content", "_check_readings"):
        monkeypatch.setattr(checks, name, lambda book, frames: None)


# test_cache.py tells that these texts and this code are those of the last run of lock.py, which checks all.
SLOW = [one if one == "zh" else pytest.param(one, marks=pytest.mark.slow) for one in LANGUAGES]


@pytest.mark.parametrize("language", SLOW)
def test_every_wordbook_is_sound(language: str) -> None:
    book = wordbook(language)
    assert book.language == language
    assert 1 <= len(book.registers) <= REGISTERS
    assert 1 <= len(book.dialects) <= DIALECTS
    assert len(book.document["misspellings"]) <= WORDS


def faults_in(path: Path) -> list[str]:
    with pytest.raises(Faulty) as refused:
        read_wordbook(path)
    return refused.value.faults


def faults_of(text: str, folder: Path) -> list[str]:
    (folder / "en.yaml").write_text(text, encoding="utf-8")
    return faults_in(folder / "en.yaml")


def dumped(document: object) -> str:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return yaml.dump(document, Dumper=dumper, allow_unicode=True, sort_keys=False)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def first_frame(fact: str) -> str:
    """The line of the first frame of a fact, with its indent."""
    lines = ENGLISH.splitlines()
    start = next(i for i, line in enumerate(lines) if line == f"    {fact}:" and i > lines.index("frames:"))
    return next(line for line in lines[start:] if line.lstrip().startswith('- "'))


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
    "a sentence of another level": ('"Tell nobody which firm you work for"', "is also privacy/silent"),
    "the same with a comma": ('"Tell nobody, which firm you work for"', "is also privacy/silent"),
    "the same in upper case": ('"TELL NOBODY which firm you work for"', "is also privacy/silent"),
    "a slot that does not exist": ('"{nowhere} has papers"', "{nowhere} is no slot here"),
    "a banned word": ('"For the young, papers"', "'young' in"),
    "a wrong form": ('"An hour, a hour, papers"', "'a ' in"),
    "a space too many": ('"Yes,  papers"', "not allowed (spaces)"),
    "a small letter to begin with": ('"and papers"', "not allowed (begins)"),
    "a bracket that is not closed": ('"[so papers"', "[ is not closed"),
    "one form where one or several speak": ('"(I) keep papers"', "(…) needs 2 forms"),
    "a sign that only style may add": ('"www.papers"', "a sign that only style may add"),
    "the same with another space": ('"Tell\u00a0nobody which firm you work for"', "is also privacy/silent"),
}  # fmt: skip


def test_each_planted_frame_is_told_with_file_fact_and_line(tmp_path: Path) -> None:
    """All are planted in one book, each in a level of its own, so that none hides another."""
    lines = ENGLISH.splitlines()
    start = lines.index("  jobs:", lines.index("frames:"))
    firsts = [i for i in range(start, len(lines)) if lines[i - 1].endswith(":") and lines[i].endswith('"')]
    assert len(firsts) > len(REFUSED)
    placed = dict(zip(REFUSED, firsts, strict=False))
    for name, at in placed.items():
        lines[at] = f"        - {REFUSED[name][0]}"
    title = lines.index('    - "Wanted: {what}"')
    lines[title] = '    - "Schoolgirl: {what}"'
    faults = faults_of("\n".join(lines) + "\n", tmp_path)
    assert any(
        fault.startswith(f"en.yaml, line {title + 1}: ") and "'schoolgirl' in" in fault for fault in faults
    )
    for name, at in placed.items():
        told = [fault for fault in faults if fault.startswith(f"en.yaml, line {at + 1}: ")]
        assert any(REFUSED[name][1] in fault for fault in told), (name, told)
        assert all(fault.endswith(".") and "\n" not in fault for fault in told)


def test_a_sentence_twice_in_a_level_is_told(tmp_path: Path) -> None:
    frame = first_frame("papers")
    again = frame.replace(frame.split('"')[1], frame.split('"')[1].upper())
    text = ENGLISH.replace(frame, f"{frame}\n{again}", 1)
    line = line_of(text, again)
    assert any(
        fault.startswith(f"en.yaml, line {line}: papers/") and "is there twice" in fault
        for fault in faults_of(text, tmp_path)
    )


def test_an_entry_that_is_no_text_is_told_by_its_own_line(tmp_path: Path) -> None:
    lines = ENGLISH.splitlines()
    at = lines.index(first_frame("papers")) + 3
    for entry, said in (("12", "is 12"), ("", "is empty"), ("yes", "is True"), ("{a: b}", "is a mapping")):
        lines[at] = f"        - {entry}"
        told = faults_of("\n".join(lines) + "\n", tmp_path)
        assert any(f.startswith(f"en.yaml, line {at + 1}: ") and f.endswith(f"{said}.") for f in told), told


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("missing", "above"), [("papers", "  jobs:"), ("kept", "    papers:"), ("frames", "      kept: []")]
)
def test_a_fact_level_or_frames_that_are_missing_are_told_with_the_line_above_them(
    tmp_path: Path, missing: str, above: str
) -> None:
    document = yaml.load(ENGLISH, Loader=LOADER)
    jobs = document["frames"]["jobs"]
    if missing == "frames":
        jobs["papers"]["kept"] = []
    else:
        del (jobs if missing == "papers" else jobs["papers"])[missing]
    text = dumped(document)
    lines = text.splitlines()
    line = lines.index(above, lines.index("  jobs:", lines.index("frames:"))) + 1
    said = f"en.yaml, line {line}: jobs, papers/kept has 0 frames and needs {FEWEST}."
    assert said in faults_of(text, tmp_path)


MALFORMED: dict[str, tuple[str, str, str]] = {  # what is replaced, by what, and what is said
    "a list in place of a mapping": ("frames:\n  all:\n", "frames:\n  all: []\n  none:\n", "wordbook/frames/all must be a mapping and is a list"),
    "a text in place of a list": ("registers: [neutral]", "registers: neutral", "registers must be a list and is 'neutral'"),
    "no registers": ("registers: [neutral]\n", "", "the wordbook has no registers"),
    "a register twice": ("registers: [neutral]", "registers: [neutral, neutral]", "register 'neutral' is there twice"),
    "a register that no frame tells": ("registers: [neutral]", "registers: [near, far]", "no frame tells the registers apart"),
    "three registers": ("registers: [neutral]", "registers: [a, b, c]", "3 registers are named, 2 are the most"),
    "another end than a sign": ('statement: "."', 'statement: " sex."', "ends/statement is ' sex.'"),
    "no end": ('cry: "!"', 'cry: ""', "ends/cry is ''"),
    "another space": ('space: " "', 'space: "sex"', "space is 'sex'"),
    "an explicit name": ('name: "English"', 'name: "sex"', "'sex' in 'sex' is not allowed"),
    "the number 0": ("days: {2: two", "days: {0: none", "0 days: numbers go from 1 to 60"),
    "a number below 0": ("days: {2: two", "days: {-2: two", "-2 days: numbers go from 1 to 60"),
    "an absurd number": ("days: {2: two", "days: {99999999999999999999: two", "numbers go from 1 to 60"),
    "a number twice": ("days: {2: two", "days: {2: two, 2: too", "2 is there twice"),
    "a number word that is banned": ("days: {2: two", "days: {2: teen", "'teen' in 'teen' is not allowed"),
    "digits in place of a word": ("days: {2: two", 'days: {2: "2"', "which is no word"),
    "numbers of no slot": ("numbers:\n", "numbers:\n  ages: {20: twenty}\n", "no slot of numbers called ages"),
    "a dialect word called like a slot": ("    flat: [flat", "    price: [a, b]\n    flat: [flat", "a dialect word cannot be called price"),
    "a dialect word called like a number": ("    flat: [flat", "    years: [a, b]\n    flat: [flat", "a dialect word cannot be called years"),
    "a dialect word that is banned": ("    flat: [flat, apartment]", "    flat: [flat, virgin]", "'virgin' in 'virgin' is not allowed"),
    "a noun twice": ('"back massage", "foot massage"', '"foot massage", "foot massage"', "massage has 7 different nouns"),
    "an empty title": ('    - "Wanted: {what}"', '    - ""', "title: a sentence is empty"),
    "a kind of value that is none": ("language: en", "language: !!binary aGFsbG8=", "is no kind of value here"),
    "an empty list of registers": ("registers: [neutral]", "registers: []", "no register is named"),
    "a number in place of a text": ('name: "English"', "name: 3", "the wordbook/name must be a text and is 3"),
    "a text in place of true or false": ("cased: true", "cased: often", "cased must be true or false and is 'often'"),
    "a sentence that YAML takes for a mapping": ('    - "Wanted: {what}"', "    - Wanted: it", "an entry of the wordbook/titles/jobs must be a text and is a mapping"),
    "a key that does not exist": ("cased: true", "cased: true\ncasing: true", "there is no casing in the wordbook"),
    "a number in words": ("  years: {4: four, ", "  years: {four: four, ", "'four' is no number of years"),
    "a language that does not exist": ("language: en", "language: de", "'de' is none of the languages"),
    "brackets of YAML that do not pair": ("registers: [neutral]", "registers: [neutral", "this is not YAML"),
}  # fmt: skip
# ruff: noqa: E501 # one case a line


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("case", MALFORMED)
def test_a_document_of_another_shape_is_told_in_one_sentence_with_its_line(tmp_path: Path, case: str) -> None:
    old, new, said = MALFORMED[case]
    assert ENGLISH.count(old) == 1
    faults = faults_of(ENGLISH.replace(old, new), tmp_path)
    told = [fault for fault in faults if said in fault]
    assert len(told) >= 1, faults[:3]
    assert told[0].startswith("en.yaml, line ")
    assert told[0].count(". ") == 0
    assert told[0].endswith(".")


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
    spanish = document_path("frames/es").read_text(encoding="utf-8")
    faults = faults_of(spanish.replace("language: es", f"language: {said}", 1), tmp_path)
    expected = "the language is es: name the file es.yaml" if said == "es" else "frames look like en"
    assert any(expected in fault and fault.startswith("en.yaml, line 2: ") for fault in faults)


def test_a_file_that_is_not_there_is_told_in_one_sentence(tmp_path: Path) -> None:
    assert faults_in(tmp_path / "en.yaml") == ["en.yaml cannot be read: No such file or directory."]
    assert faults_in(tmp_path) == [f"{tmp_path.name} cannot be read: it is not a regular file."]


@pytest.mark.usefixtures("quick")
def test_a_misspelling_that_is_another_word_is_told(tmp_path: Path) -> None:
    text = ENGLISH.replace("  different: diffrent\n", "  different: office\n", 1)
    said = f"en.yaml, line {line_of(text, '  different: office')}: the misspelling 'office' is a word of a frame."
    assert said in faults_of(text, tmp_path)


@pytest.mark.usefixtures("quick")
def test_frames_that_are_too_much_alike_or_lack_their_stem_are_told(tmp_path: Path) -> None:
    document = yaml.load(ENGLISH, Loader=LOADER)
    document["frames"]["jobs"]["papers"]["kept"] = [
        f"It is there for all of you, {end}" for end in "abcdefghijk"
    ]
    faults = faults_of(dumped(document), tmp_path)
    assert any("jobs, papers/kept: 0 of 11 frames hold a stem" in fault for fault in faults)
    assert any("jobs, papers/kept: frames are too much alike" in fault for fault in faults)


@pytest.mark.usefixtures("quick")
def test_words_that_leave_a_category_too_few_sentences_are_told(tmp_path: Path) -> None:
    text = ENGLISH.replace('agricultural: ["site"]', 'agricultural: ["site", "canteen", "meal"]', 1)
    line = line_of(text, "canteen:\n")
    said = f"en.yaml, line {line}: meals/canteen: 3 frames are fit for agricultural, and {FIT} are needed."
    assert said in faults_of(text, tmp_path)


def test_a_word_is_unfit_in_whatever_reading_it_stands() -> None:
    book = wordbook("en", sound=True)
    split = Frame("The [fi|for]rm of it", 1, "named/firm", "jobs", parse("The [fi|for]rm of it"))
    assert not book.fits(split, "domestic")
    assert book.fits(split, "construction")


def test_a_fact_given_twice_is_told_with_its_line(tmp_path: Path) -> None:
    text = ENGLISH.replace("cased: true", "cased: true\ncased: true", 1)
    (tmp_path / "en.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"line {line_of(text, 'cased') + 1}: cased is there twice"):
        read_wordbook(tmp_path / "en.yaml")


def test_at_least_18_facts_are_common_and_each_family_has_its_own() -> None:
    assert len(facts()["all"]) >= 18
    assert all(6 <= len(facts()[family]) <= 10 for family in FAMILIES)
    own = {fact.name for name in FAMILIES for fact in facts()[name]}
    assert own.isdisjoint(fact.name for fact in facts()["all"])
    assert all(facts_of(family)[: len(facts()["all"])] == facts()["all"] for family in FAMILIES)


def test_rules_name_levels_that_exist_and_leave_every_fact_a_level() -> None:
    held = rules()
    assert held.apart.shape == (len(FAMILIES), *array_shape(), *array_shape())
    assert (held.apart == held.apart.transpose(0, 3, 4, 1, 2)).all()
    assert (held.indicators.sum(axis=(1, 2)) == 8).all()
    assert sum(len(pairs) for pairs in read_document("facts")["together"].values()) >= 6
    for c, family in enumerate(CATEGORIES.values()):
        for number, fact in enumerate(facts_of(FAMILIES[family])):
            assert held.has[c, number, : len(fact.levels)].any()


def test_what_is_compiled_holds_every_frame() -> None:
    made = compile_wordbooks(LANGUAGES, sound=True)
    for number, language in enumerate(LANGUAGES):
        book = wordbook(language, sound=True)
        for (family, fact, level), frames in book.levels.items():
            names = [one.name for one in facts_of(family)]
            at = list(facts_of(family)[names.index(fact)].levels).index(level)
            listed = made.levels[number, FAMILIES.index(family), names.index(fact), at]
            assert (listed >= 0).sum() == min(len(frames), MOST_FRAMES)
    assert made.pieces.shape[1] == PIECES
    assert made.pieces.max() < len(made.wrong)
