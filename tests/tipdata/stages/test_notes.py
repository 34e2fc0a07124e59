"""Case workers' notes of data 0.4.0 agree with the coded facts and with themselves, and the posterior knows it."""

import re
from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest
from tipdata.core.draw import sigmoid
from tipdata.core.kinds import LANGUAGES
from tipdata.core.world import World, parameters
from tipdata.stages import draw_tables
from tipdata.stages.helpline.agreement import APART, Known
from tipdata.stages.helpline.cases import NEEDS
from tipdata.stages.helpline.notes import notes
from tipdata.text.reading import read

REGIONS = 16
NEEDED = ("places", "operations", "accounts", "messages", "people", "helpline")
RULES = parameters("0.4.0")[APART]["value"]


def drawn(version: str) -> Iterator[tuple[str, pl.DataFrame]]:
    """The region's language and the contacts of each region of world 1."""
    world = World.of(version, 1)
    for index in range(REGIONS):
        past, made = draw_tables(
            world.region(index), ("places", "operations", "accounts", "messages", "people", "helpline")
        )
        yield LANGUAGES[past["operations"].majority], made["contacts"]


@pytest.fixture(scope="module")
def contacts() -> list[tuple[str, pl.DataFrame]]:
    return list(drawn("0.4.0"))


def contradictions(version: str, tables: list[tuple[str, pl.DataFrame]]) -> tuple[int, int]:
    """Notes that say what the facts of their row exclude, counted from text and table alone; and notes."""
    count = total = 0
    for language, frame in tables:
        book = notes(language, amended=version == "0.4.0")
        frame = frame.with_columns(foreign=pl.col("language") != language)
        strings = book.strings.to_list()
        for row in frame.to_dicts():
            total += 1
            count += any(
                strings[(book.opener[1] if pool == "opener_other" else book.pools[pool])[sentence]]
                in row["narrative"]
                and any(clashes(row, name, wanted) for name, wanted in rule["where"].items() if name in row)
                for pool, rules in RULES.items()
                for rule in rules
                for sentence in rule["said"]
            )
    return count, total


def clashes(row: dict, name: str, wanted: list | dict) -> bool:
    value = row[name]
    if value is None:
        return False
    if isinstance(wanted, dict):
        return wanted.get("from", value) <= value <= wanted.get("to", value)
    return {True: "yes", False: "no"}.get(value, value) in wanted


def test_no_note_contradicts_the_facts_of_its_contact(contacts: list[tuple[str, pl.DataFrame]]) -> None:
    """In data 0.3.0 more than a sixth did: a passport kept by someone else, and papers held."""
    assert contradictions("0.4.0", contacts)[0] == 0
    wrong, total = contradictions("0.3.0", list(drawn("0.3.0")))
    assert wrong > total / 6


def test_papers_kept_by_others_are_not_held(contacts: list[tuple[str, pl.DataFrame]]) -> None:
    """The readers' example, in their words."""
    english = pl.concat(frame for language, frame in contacts if language == "en")
    told = english.filter(
        pl.col("narrative").str.contains("The passport is kept by someone else", literal=True)
    )
    assert told.height > 5
    assert not told["holds_papers"].any()


def test_every_sentence_is_still_said(contacts: list[tuple[str, pl.DataFrame]]) -> None:
    english = "\n".join(
        text for language, frame in contacts if language == "en" for text in frame["narrative"]
    )
    assert [one for one in notes("en", amended=True).strings if one not in english] == []


def test_the_posterior_knows_what_is_ruled_out(contacts: list[tuple[str, pl.DataFrame]]) -> None:
    frame = pl.concat(frame for _, frame in contacts)
    for need in NEEDS:
        p = sigmoid(frame[f"log_odds_{need}"].to_numpy().astype(np.int64)) / 65536
        y = frame["needs"].list.contains(need).to_numpy()
        assert abs(p.mean() - y.mean()) < 4 * np.sqrt((p * (1 - p)).sum()) / len(y), need
        high = p > np.quantile(p, 0.8)
        assert abs(p[high].mean() - y[high].mean()) < 4 * np.sqrt((p * (1 - p))[high].sum()) / high.sum(), (
            need
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_amended_notes_tell_nobodys_sex(language: str) -> None:
    gendered = {
        "fr": r"\b(elle|partie|venue|conduite|comprise|(remarqu|accompagn|écout|pay|contact|retrouv|épuis)ée)\b",
        "es": r"\b(la encuentren|escuchada|la dejan|la llevaban)\b",
        "ru": r"\b(Вынужден|ушёл|ушла|Звонящий)\b",
        "ar": r"(^|\s)(يسأل|يطلب|يريد|يود|يخشى|يقول|غادر|خرج|لديه|وصلته|هاتفه|سفره|أجره)(\s|\.|$)",
    }
    old, new = notes(language).strings.to_list(), notes(language, amended=True).strings.to_list()
    assert len(set(new)) == len(new) == len(old)
    if language in gendered:
        assert any(re.search(gendered[language], one) for one in old)
        left = [one for one in new if re.search(gendered[language], one)]
        assert left == []


def test_an_amendment_of_no_sentence_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from tipdata.stages.helpline import notes as module

    def stray(name: str) -> dict:
        return {"en": {"Nobody says this.": "Nor this."}} if name == "notes/amended" else read(name)

    monkeypatch.setattr(module, "read", stray)
    with pytest.raises(ValueError, match=r"amends what en\.yaml does not list: Nobody says this\."):
        notes.__wrapped__("en", True)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"said": [9], "where": {"sector": ["office"]}}, "a sentence that the pool does not have"),
        ({"said": [0], "where": {"weather": ["fine"]}}, "neither a fact nor a pool that comes earlier"),
        ({"said": [0, 1], "where": {"sector": ["office"]}}, "leaves some contact no sentence"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(rule: dict, message: str) -> None:
    region = World.of("0.4.0").region(0)
    region._drawn[APART] = {"work": [rule]}
    known = Known(pl.DataFrame({"sector": ["office", None]}), {})
    with pytest.raises(ValueError, match=message):
        known.ruled_out(region, "work", 2)
