"""Set C, a host's own frames: a sound file words the test part of a world, and any other is refused by its line."""

from pathlib import Path

import numpy as np
import pytest
from tipcore.errors import UsageError
from tipcore.units import PARTS
from tipdata.core.kinds import FAMILIES
from tipdata.core.world import WORDED, World, with_set_c
from tipdata.release.region import generate_region
from tipdata.stages import Past
from tipdata.stages.adverts.frames import FrameChooser, Writers
from tipdata.stages.operations.stage import generate
from tipdata.stages.places import STAGE as PLACES
from tipdata.text import set_c
from tipdata.text.book import ALL_SETS, HOST_SET, SETS, Faulty
from tipdata.text.facts import level_place
from tipdata.text.phrases import NONE, Phrases, compile_wordbooks
from tipdata.text.set_c import check_set_c, load_set_c, read_set_c, save_set_c

FILE = Path(__file__).with_name("set_c.yaml")
TEXT = FILE.read_text(encoding="utf-8")
WITHOUT_US = '            - "Your visit remains between us"\n'
HOST = ALL_SETS.index(HOST_SET)


def faults_of(text: str, folder: Path, *earlier: Path) -> list[str]:
    (folder / "spring.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Faulty) as refused:
        check_set_c(folder / "spring.yaml", earlier)
    return refused.value.faults


def test_a_sound_file_covers_its_levels_in_each_family() -> None:
    made = check_set_c(FILE)
    assert len(made.frames_of("en")) == 48
    assert {family for family, fact, _ in made.frames["en"] if fact == "payment"} == set(FAMILIES)
    assert {family for family, fact, _ in made.frames["en"] if fact == "papers"} == {"jobs"}


REFUSED: dict[str, tuple[str, str, str]] = {  # what is replaced, by what, and what is said
    "a stem of the level": ("Bring small banknotes, please", "Coins or other cash only", "'cash' in 'Coins or other cash only' is a stem of the level"),
    "a stem that a choice completes": ("Bring small banknotes, please", "Coins or other ca[sh|sks] only", "'cash' in"),
    "a stem within a word": ("You eat at no charge while employed", "You eat carefree while employed", "'free' in"),
    "trigrams of a frame of set a": ("Bring small banknotes, please", "Payment on the day", "are in 'Payment in cash on the day' (set a, en.yaml, line "),
    "trigrams of a frame of set b": ("Seven days, then your money is there", "Wages each leek", "(set b, en.yaml, line "),
    "trigrams of a reading": ("Bring small banknotes, please", "[Bring banknotes|Payment on the day]", "are in 'Payment in cash on the day'"),
    "three frames": (WITHOUT_US, "", "en, services, privacy/discreet has 3 frames: 4 to 8 are needed"),
    "nine frames": (WITHOUT_US, WITHOUT_US * 6, "has 9 frames: 4 to 8 are needed"),
    "a frame twice in a level": ("Your visit remains between us", "Anonymity is respected, at all times", "is there twice (line "),
    "a frame of two levels": ("Your visit remains between us", "Seven days, then your money is there", "is also privacy/discreet (line "),
    "a bracket that is not closed": ("Your visit remains between us", "Your [visit remains between us", "[ is not closed"),
    "a slot that does not exist": ("Your visit remains between us", "Your {visit} remains between us", "{visit} is no slot here"),
    "an empty sentence": ("Your visit remains between us", "", "a sentence is empty"),
    "digits": ("Your visit remains between us", "Your visit remains between us 3", "a number or currency that is no slot's"),
    "a banned word": ("Your visit remains between us", "Young visitors remain between us", "'young' in"),
    "letters of another script": ("Your visit remains between us", "Your vis\u0456t remains between us", "(letters)"),
    "a language that does not exist": ("  en:\n", "  de:\n", "'de' is none of the languages ar, en, es, fr, ru, zh"),
    "a family that does not exist": ("    services:\n      pace", "    service:\n      pace", "there is no service in the file/frames/en"),
    "a fact that does not exist": ("      payday:\n", "      payment:\n", "there is no fact of jobs called payment"),
    "a level that does not exist": ("        weekly:\n", "        daily:\n", "there is no level of payday called daily: choose among weekly, monthly, season"),
    "a family at a level that does not exist": ("        cash:\n          any:", "        cash:\n          trade:", "there is no family at payment/cash called trade"),
    "another set": ("set: c", "set: d", "the set is 'd': write set: c"),
    "no set": ("set: c\n", "", "the file has no set"),
    "a text in place of a list": ('          - "Seven days, then your money is there"\n', "          weekly: now\n", "this is not YAML"),
    "a number in place of a text": ('"Seven days, then your money is there"', "5", "must be a text and is 5"),
    "no YAML": ("frames:\n", "frames: [\n", "this is not YAML"),
    "a list": (TEXT, "- a list\n", "the file must be a mapping and is a list"),
    "an empty file": (TEXT, "", "the file is empty"),
    "no frames": (TEXT, "set: c\nframes: {}\n", "no language has frames"),
    "a language without frames": (TEXT, "set: c\nframes: {en: {all: {}}}\n", "en covers no level"),
    "frames that are no mapping": (TEXT, "set: c\nframes: [en]\n", "the file/frames must be a mapping and is a list"),
}  # fmt: skip
# ruff: noqa: E501 # one case a line


QUICK = {"three frames", "digits", "a stem of the level", "trigrams of a frame of set b"}


@pytest.mark.parametrize(
    "case", [one if one in QUICK else pytest.param(one, marks=pytest.mark.slow) for one in REFUSED]
)
def test_a_file_that_is_not_sound_is_told_in_one_sentence_with_its_line(case: str, tmp_path: Path) -> None:
    old, new, said = REFUSED[case]
    assert TEXT.count(old) == 1
    faults = faults_of(TEXT.replace(old, new), tmp_path)
    assert any(said in fault for fault in faults), faults
    assert all(fault.startswith("spring.yaml, line ") and fault.endswith(".") for fault in faults)
    line = TEXT[: TEXT.index(old)].count("\n") + 1
    if old == "Bring small banknotes, please":  # nothing else is wrong with the file
        assert len(faults) == 1
        assert faults[0].startswith(f"spring.yaml, line {line}: payment/cash: ")


def test_frames_of_an_earlier_file_are_refused_by_name_and_line(tmp_path: Path) -> None:
    (tmp_path / "autumn.yaml").write_text(
        TEXT.replace("Your visit remains between us", "A visit stays a visit"), encoding="utf-8"
    )
    faults = faults_of(TEXT, tmp_path, tmp_path / "autumn.yaml")
    assert len(faults) == 47
    assert (
        "are in 'Seven days, then your money is there' (autumn.yaml, line 75): say it otherwise."
        in " ".join(faults)
    )
    (tmp_path / "autumn.yaml").unlink()
    assert faults_of(TEXT, tmp_path, tmp_path / "autumn.yaml") == [
        "autumn.yaml cannot be read: No such file or directory."
    ]


@pytest.fixture(scope="module")
def english() -> Phrases:
    return compile_wordbooks(("en",), True, read_set_c(FILE))


def test_frames_of_a_file_come_last_and_leave_the_numbers_of_all_others(english: Phrases) -> None:
    without = compile_wordbooks(("en",), sound=True)
    count = len(without.sets)
    assert (english.sets[count:] == HOST).all()
    assert len(english.sets) == count + 48
    for name in ("first_item", "items", "sets", "slots", "joinable"):
        assert np.array_equal(getattr(english, name)[:count], getattr(without, name))
    assert np.array_equal(
        english.levels[..., : without.levels.shape[-1]][without.levels != NONE],
        without.levels[without.levels != NONE],
    )


@pytest.fixture
def chooser(english: Phrases) -> FrameChooser:
    """Of three operations that offer massage, with set a, b and c."""
    three, zero = np.arange(3), np.zeros(3, dtype=np.int64)
    return FrameChooser(
        World.of("0.5.0", 1).region(0), Writers(zero, zero, zero + 1, three, zero, three), english
    )


def sets_of(chooser: FrameChooser, said: str) -> list[set[int]]:
    """The sets of the frames by which each operation may say a level."""
    fact, level = level_place("services", said)
    owner = np.arange(3)
    frames = chooser.words.levels[0, 0, np.full(3, fact), np.full(3, level)]
    fit = chooser._fit(owner, frames)
    return [set(chooser.words.sets[one[there]].tolist()) for one, there in zip(frames, fit, strict=True)]


def test_levels_that_the_file_does_not_cover_take_sets_a_and_b(chooser: FrameChooser) -> None:
    assert sets_of(chooser, "payment=cash") == [{0}, {1}, {HOST}]
    assert sets_of(chooser, "payment=transfer") == [{0}, {1}, {0, 1}]


def test_frames_of_a_file_that_do_not_suit_give_way_to_sets_a_and_b(chooser: FrameChooser) -> None:
    host = chooser.words.sets == HOST
    chooser.words.fits[host] = False
    try:
        assert sets_of(chooser, "payment=cash") == [{0}, {1}, {0, 1}]
    finally:
        chooser.words.fits[host] = True


def number_of_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Keep the file in a home of its own, and return the number of world 1 that is worded with it."""
    monkeypatch.setenv("TIPBENCH_HOME", str(home))
    return with_set_c(1, save_set_c(FILE))


def test_all_operations_of_the_test_part_take_the_file_and_no_other_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = number_of_file(tmp_path, monkeypatch)
    drawn = []
    for world in (World.of("0.5.0", 1), World.of("0.5.0", number)):
        region, past = world.region(0), Past()
        past["places"] = PLACES.generate(region, past)[0]
        drawn.append(generate(region, past)[0])
    plain, of_host = drawn
    test = of_host.part == PARTS.index("test")
    assert (of_host.wordbook[test] == HOST).all()
    assert np.array_equal(of_host.wordbook[~test], plain.wordbook[~test])
    assert set(plain.wordbook) == set(range(len(SETS)))
    assert np.array_equal(plain.log_odds, of_host.log_odds)


def test_a_world_of_a_file_is_refused_where_it_is_not_kept_or_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = number_of_file(tmp_path, monkeypatch)
    prefix = World.of("0.5.0", number).set_c
    assert load_set_c(prefix).digest.startswith(prefix)
    with pytest.raises(UsageError, match=r"world \d+ does not exist"):
        World.of("0.5.0", WORDED**2)
    kept = tmp_path / set_c.PLACE / f"{prefix}.yaml"
    kept.write_text(
        TEXT.replace("Seven days, then your money is there", "Eight days, then your money is there"),
        encoding="utf-8",
    )
    with pytest.raises(UsageError, match="was changed since it was kept: keep it again from its own file"):
        load_set_c(prefix)
    kept.unlink()
    with pytest.raises(UsageError, match=r"there is no sound set C in .*No such file"):
        load_set_c(prefix)
    with pytest.raises(UsageError, match="is another file than was committed to"):
        save_set_c(FILE, "0" * 64)


@pytest.mark.slow  # compiles all languages twice
def test_adverts_of_the_test_part_are_worded_with_the_file_and_all_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = number_of_file(tmp_path, monkeypatch)
    plain, of_host = (generate_region(World.of("0.5.0", one), 0) for one in (1, number))
    sets = of_host["operations"].select("operation", "wordbook")
    adverts = of_host["adverts"].join(sets, on="operation", maintain_order="left")
    others = (adverts["wordbook"] != HOST_SET).to_numpy()
    for column in ("title", "body", "price"):
        assert adverts[column].filter(others).equals(plain["adverts"][column].filter(others))
    same = (plain["adverts"]["facts"] == adverts["facts"]).to_numpy()  # but where one of both states a price
    assert same[others].all()
    assert same.mean() > 0.9
    bodies = "\n".join(adverts.filter(wordbook=HOST_SET, language="en")["body"]).casefold()
    texts = [frame.text.casefold() for frame in read_set_c(FILE).frames_of("en") if "[" not in frame.text]
    assert sum(text in bodies for text in texts) > 3
    assert not any(text in "\n".join(plain["adverts"]["body"]).casefold() for text in texts)
