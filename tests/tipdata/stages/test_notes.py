"""Case workers' notes agree with the coded facts and with themselves, and the posterior knows it."""

import re

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

REGIONS = 16
NEEDED = ("places", "operations", "accounts", "messages", "suppliers", "people", "helpline")
RULES = parameters("0.4.0")[APART]["value"]


@pytest.fixture(scope="module")
def contacts() -> list[tuple[str, pl.DataFrame]]:
    """The region's language and the contacts of each region of world 1."""
    made = [draw_tables(World.of("0.4.0", 1).region(index), NEEDED) for index in range(REGIONS)]
    return [(LANGUAGES[past["operations"].majority], tables["contacts"]) for past, tables in made]


def contradictions(tables: list[tuple[str, pl.DataFrame]]) -> int:
    """Return how many notes say what the facts of their row exclude, counted from text and table alone."""
    count = 0
    for language, frame in tables:
        book = notes(language)
        frame = frame.with_columns(foreign=pl.col("language") != language)
        strings = book.strings
        for row in frame.to_dicts():
            count += any(
                strings[(book.opener[1] if pool == "opener_other" else book.pools[pool])[sentence]]
                in row["narrative"]
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


def test_every_sentence_is_still_said(contacts: list[tuple[str, pl.DataFrame]]) -> None:
    english = "\n".join(
        text for language, frame in contacts if language == "en" for text in frame["narrative"]
    )
    assert [one for one in notes("en").strings if one not in english] == []


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
def test_notes_tell_nobodys_sex(language: str) -> None:
    gendered = {
        "fr": r"\b(elle|partie|venue|conduite|comprise|(remarqu|accompagn|écout|pay|contact|retrouv|épuis)ée)\b",
        "es": r"\b(la encuentren|escuchada|la dejan|la llevaban)\b",
        "ru": r"\b(Вынужден|ушёл|ушла|Звонящий)\b",
        "ar": r"(^|\s)(يسأل|يطلب|يريد|يود|يخشى|يقول|غادر|خرج|لديه|وصلته|هاتفه|سفره|أجره)(\s|\.|$)",
    }
    planted = {"fr": "Est partie hier.", "es": "No la dejan salir.", "ru": "Давно ушёл.", "ar": "غادر أمس."}
    said = list(notes(language).strings)
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
    region = World.of("0.4.0").region(0)
    region._drawn[APART] = {"work": [rule]}
    known = Known({"sector": ["office", None]}, 2, {})
    with pytest.raises(ValueError, match=message):
        known.ruled_out(region, "work", 2)
