"""A fold in disguise says what the fold says, in words and codes that no dictionary has."""

import re
from unicodedata import name

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tipbaselines.linkage import near_duplicate_groups
from tipbench.data.disguise import KEPT, Disguise, disguise, is_text
from tipbench.data.fold import Prepared
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipdata.release import Release
from tipdata.stages import all_tables

KEY = bytes(range(32))
TEXTS = (
    "Hello there: the SERVICE is here, since 2019!",
    "hello there, the servcie was here since 2019",
    "Salut à l'hôtel; ça va? NNN-NN NN",
    "招聘：洗衣熨烫工。招聘 5 人",
    "Работа для вас: работа 1000 XTS",
    "هل من سؤال؟ الجواب يكون شخصيا.",
)


@pytest.fixture(scope="module")
def words() -> Disguise:
    return Disguise.of(KEY, [pl.Series(TEXTS)])


def strings(frame: pl.DataFrame, table: str) -> dict[str, pl.Series]:
    """Return the columns of strings, with what is in lists, that a task does not keep."""
    found = {column: frame[column].explode() for column in frame.columns if f"{table}.{column}" not in KEPT}
    return {column: values for column, values in found.items() if values.dtype == pl.String}


@pytest.fixture(scope="module", params=sorted(tasks()))
def pair(request: pytest.FixtureRequest, tiny: Release) -> tuple[Prepared, Prepared]:
    plain = prepare(request.param, release="tiny")
    return plain, disguise(plain, KEY)


def test_only_words_and_codes_are_other_and_equal_ones_stay_equal(pair: tuple[Prepared, Prepared]) -> None:
    plain, copy = pair
    codes: dict[str, str] = {}
    tables = (copy.folds[0].tables, plain.folds[0].tables)
    shown = [(table, *(of[table].collect() for of in reversed(tables))) for table in tables[0]]
    for one, other in zip(plain.streams, copy.streams, strict=True):
        parts = ((getattr(one, part).rows, getattr(other, part).rows) for part in ("valid", "test"))
        shown += [(plain.task.stream, *rows) for rows in parts]
    for table, one, other in shown:
        changed, made = strings(one, table), strings(other, table)
        reordered = not set(all_tables()[table].key).isdisjoint(changed)
        assert one.schema == other.schema
        assert_frame_equal(one.drop(changed), other.drop(changed), check_row_order=not reordered)
        for column, values in changed.items():
            assert values.n_unique() == made[column].n_unique()
            if not reordered:
                pairs = pl.DataFrame({"old": values, "new": made[column]}).unique()
                assert pairs.height == values.n_unique()
                if not is_text(all_tables()[table][column]):
                    assert all(
                        codes.setdefault(old, new) == new for old, new in pairs.drop_nulls().iter_rows()
                    )
    assert not set(codes) & set(codes.values())
    for frame in ("parts", "supervision"):
        assert_frame_equal(getattr(plain.folds[0], frame), getattr(copy.folds[0], frame))


def test_a_word_keeps_its_script_and_case_and_marks_keep_their_place(words: Disguise) -> None:
    made = [words.text(text) for text in TEXTS]
    for old, new in zip(TEXTS, made, strict=True):
        before, after = (re.findall(r"[^\W\d_]+|\W|\d", text) for text in (old, new))
        assert [one if not one.isalpha() else "" for one in before] == [
            one if not one.isalpha() else "" for one in after
        ]
        for one, other in zip(before, after, strict=True):
            assert (one.isupper(), one.islower(), one.istitle()) == (
                other.isupper(),
                other.islower(),
                other.istitle(),
            )
            assert name(other[0]).split()[0] == name(one[0]).split()[0]
    assert made[0].casefold().split()[0] == made[1].split()[0]
    assert made == [Disguise.of(KEY, [pl.Series(TEXTS)]).text(text) for text in TEXTS]


def test_neither_length_nor_letters_in_common_nor_another_key_tell_a_word(words: Disguise) -> None:
    few = [f"{one}{two}" for one in "abcehilnorstv" for two in "abcehilnorstv"]
    assert len({words.word(word) for word in few}) == len(few)
    assert {len(words.word(word)) for word in few} == {2, 3, 4, 5}
    assert {len(set(words.word(letter * 3)[-3:])) for letter in "abcehilnorstv"} != {1}
    other = Disguise.of(bytes(32), [pl.Series(TEXTS)])
    assert words.code("massage") != other.code("massage")
    assert words.text(TEXTS[0]) != other.text(TEXTS[0])
    in_order = {
        (one.code("adult") < one.code("jobs")) for one in (Disguise(bytes([n]) * 32, {}) for n in range(9))
    }
    assert in_order == {True, False}


def test_near_duplicates_stay_near_and_no_word_of_the_fold_is_left(tiny: Release) -> None:
    plain = prepare("advert_linkage", release="tiny")
    one, other = (
        p.folds[0].tables["adverts"].select("body").collect()["body"].to_list()
        for p in (plain, disguise(plain, KEY))
    )
    groups = [
        near_duplicate_groups(texts, 0.5).tolist() for texts in (one, other)
    ]  # of sketches, which draw by words
    assert len(set(zip(*groups, strict=True))) <= 1.01 * len(set(groups[0]))
    before, after = (
        {w for text in texts for w in re.findall(r"[^\W\d_]{3,}", text.lower())} for texts in (one, other)
    )
    assert len(after & before) < 0.001 * len(before)
