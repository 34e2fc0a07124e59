"""Case workers' notes agree with the coded facts and with themselves."""

import re

import numpy as np
import polars as pl
import pytest
from shared_regions import Drawn  # pyright: ignore[reportMissingImports]
from tipdata.core.kinds import LANGUAGES
from tipdata.core.world import World, parameters
from tipdata.stages.helpline.notes import APART, TOPIC, KnownFacts, read_notes

RULES = parameters("0.5.0")[APART]["value"]


@pytest.fixture(scope="module")
def contacts(regions: list[Drawn]) -> list[tuple[str, pl.DataFrame]]:
    """The language of each region, and its contacts."""
    return [(LANGUAGES[one.past["operations"].majority], one.tables["contacts"]) for one in regions]


def contradictions(tables: list[tuple[str, pl.DataFrame]]) -> int:
    """Return how many notes say what the facts of their row exclude, counted from text and table alone."""
    count = 0
    for language, frame in tables:
        book = read_notes(language)
        frame = frame.with_columns(foreign=pl.col("language") != language)
        pools = {**book.pools, "opener_other": book.opener[1], TOPIC: book.topics}
        for row in frame.to_dicts():
            count += any(
                book.strings[pools[pool][sentence]] in row["narrative"]
                and any(clashes(row, name, wanted) for name, wanted in rule["where"].items() if name in row)
                for pool, rules in RULES.items()
                for rule in rules
                for sentence in rule["said"]
            )
    return count


def clashes(row: dict, name: str, wanted: list | dict) -> bool:
    value = row[name]
    if value is None:
        return False
    if isinstance(wanted, dict):
        return wanted.get("from", value) <= value <= wanted.get("to", value)
    return {True: "yes", False: "no"}.get(value, value) in wanted


def test_no_note_contradicts_the_facts_of_its_contact(contacts: list[tuple[str, pl.DataFrame]]) -> None:
    """With the coded facts of another contact beside each note, many would."""
    assert contradictions(contacts) == 0
    facts = ("holds_papers", "sector", "days_since_leaving", "free_to_leave", "lives_at_work")
    dealt = [
        (language, frame.with_columns(pl.col(name).shift(1) for name in facts))
        for language, frame in contacts
    ]
    assert contradictions(dealt) > sum(frame.height for _, frame in contacts) / 20


def test_papers_kept_by_others_are_not_held(contacts: list[tuple[str, pl.DataFrame]]) -> None:
    """The readers' example, in their words."""
    english = pl.concat(frame for language, frame in contacts if language == "en")
    told = english.filter(
        pl.col("narrative").str.contains("The passport is kept by someone else", literal=True)
    )
    assert told.height > 5
    assert not told["holds_papers"].any()


def test_every_sentence_but_those_of_a_form_is_said(contacts: list[tuple[str, pl.DataFrame]]) -> None:
    english = "\n".join(
        text for language, frame in contacts if language == "en" for text in frame["narrative"]
    )
    book = read_notes("en")
    assert [one for one in np.delete(book.strings, book.topics) if one not in english] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_notes_tell_nobodys_sex(language: str) -> None:
    gendered = {
        "fr": r"\b(elle|partie|venue|conduite|comprise|(remarqu|accompagn|écout|pay|contact|retrouv|épuis)ée)\b",
        "es": r"\b(la encuentren|escuchada|la dejan|la llevaban)\b",
        "ru": r"\b(Вынужден|ушёл|ушла|Звонящий)\b",
        "ar": r"(^|\s)(يسأل|يطلب|يريد|يود|يخشى|يقول|غادر|خرج|لديه|وصلته|هاتفه|سفره|أجره)(\s|\.|$)",
    }
    planted = {"fr": "Est partie hier.", "es": "No la dejan salir.", "ru": "Давно ушёл.", "ar": "غادر أمس."}
    said = list(read_notes(language).strings)
    assert len(set(said)) == len(said)
    if language in gendered:
        assert re.search(gendered[language], planted[language])
        assert [one for one in said if re.search(gendered[language], one)] == []


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"said": [9], "where": {"sector": ["office"]}}, "a sentence that the pool does not have"),
        ({"said": [0], "where": {"weather": ["fine"]}}, "neither a fact nor a pool that comes earlier"),
        ({"said": [0, 1], "where": {"sector": ["office"]}}, "leaves some contact no sentence"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(rule: dict, message: str) -> None:
    region = World.of("0.5.0").region(0)
    region._drawn[APART] = {"work": [rule]}
    known = KnownFacts({"sector": ["office", None]}, 2, {})
    with pytest.raises(ValueError, match=message):
        known.ruled_out(region, "work", 2)
