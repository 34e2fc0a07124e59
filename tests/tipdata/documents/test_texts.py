"""Adverts, read back from their text alone, say what the columns of truth say, and nothing against it."""

import polars as pl
import pytest
from bodies import read_body  # pyright: ignore[reportMissingImports]
from contradictions import hard, wrong_in_facts, wrong_in_text  # pyright: ignore[reportMissingImports]
from tipdata.core.kinds import LANGUAGES
from tipdata.release import Release

MOST = 200
"""Bodies of a language that are read by quick tests; slow ones read all."""


@pytest.fixture(scope="module")
def adverts(tiny: Release) -> pl.DataFrame:
    """Distinct bodies of ``tiny``, where each language is usual in a region."""
    rows = tiny.scan("adverts", truth=True).collect().unique("body", keep="first", maintain_order=True)
    return rows.sample(fraction=1, shuffle=True, seed=1)


READ = [
    *(("en", MOST), ("zh", MOST)),
    *(pytest.param(one, None, marks=pytest.mark.slow) for one in LANGUAGES),
]


@pytest.mark.parametrize(("language", "most"), READ)
def test_every_body_is_read_whole_and_says_what_is_true(
    adverts: pl.DataFrame, language: str, most: int | None
) -> None:
    rows = adverts.filter(language=language)[:most]
    assert rows.height > 50
    columns = ("body", "category", "facts", "price_basis")
    for body, category, facts, basis in rows.select(columns).iter_rows():
        told = read_body(body, language, category)
        assert told.read, body
        assert sorted(told.levels) == sorted(facts), body
        assert told.basis in ("", basis), body
        assert bool(told.basis) == ("XTS" in body), body


@pytest.mark.parametrize(("language", "most"), READ)
def test_no_body_contradicts_itself(adverts: pl.DataFrame, language: str, most: int | None) -> None:
    rows = adverts.filter(language=language)[:most]
    for body, category in rows.select("body", "category").iter_rows():
        assert not wrong_in_facts(body, language, category), body
        assert not wrong_in_text(body, language), body


def test_a_contradiction_that_is_planted_is_found(adverts: pl.DataFrame) -> None:
    told = adverts.filter(pl.col("facts").list.contains("times=any"), language="en", category="massage")
    body = told["body"][0]
    assert not wrong_in_facts(body, "en", "massage")
    stop = "" if body.endswith((".", "!", "?")) else "."
    twice = wrong_in_facts(f"{body}{stop} Fixed opening hours.", "en", "massage")
    assert "two levels of a fact, or one twice" in twice
    odd = "Visitors are welcome. Box number advertisement."
    assert any(rule.startswith("apart: ") for rule in wrong_in_facts(odd, "en", "massage"))
    stated = "Terms as stated here."
    assert "alone: concrete=detailed" in wrong_in_facts(stated, "en", "massage")
    named = "Registered company."
    assert "unfit: company" in wrong_in_facts(named, "en", "domestic")
    assert not wrong_in_facts(named, "en", "construction")
    assert wrong_in_facts(f"{body} Something that no wordbook has", "en", "massage") == {"not read whole"}


FORMS = {
    "one and several speak": ("en", "I live here. We like tea."),
    "two ways of address": ("fr", "Tu viens demain. Votre place est prête."),
    "a cry that opens and does not close": ("es", "¡Hola. Pase quien quiera!. ¡Aquí se descansa."),
    "form: begins in lower case": ("en", "Tea is free. the door is open."),
    "form: spaces": ("en", "Tea  is free."),
    "form: grammar": ("en", "140 XTS a hour."),
    "form: again": ("en", "It it is free."),
    "a grape harvest in winter": ("fr", "Il nous faut pour cet hiver : vendangeur."),
    "an evening out, by daylight only": ("fr", "Compagnie pour une soirée au concert tous les après-midi."),
}


@pytest.mark.parametrize("rule", FORMS)
def test_a_wrong_form_that_is_planted_is_found(rule: str) -> None:
    language, text = FORMS[rule]
    assert rule in wrong_in_text(text, language)


def test_every_rule_of_the_text_is_planted() -> None:
    assert set(hard()["texts"]) <= set(FORMS)
