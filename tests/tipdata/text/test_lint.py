"""No string that the data can show breaks a rule of the lint, and each rule finds what it is there to find."""

import pytest
from tipdata.core.kinds import LANGUAGES
from tipdata.documents.producible import names_and_codes, producible
from tipdata.text.lint import FORMS, broken, rules_of
from tipdata.text.reading import read

CASED = ("en", "es", "fr", "ru")
WANTED = {
    *(
        "explicit",
        "youth",
        "looks",
        "violence",
        "organs",
        "ethnicity",
        "places",
        "brands",
        "currency",
        "contact",
    ),
    *FORMS,
}
CLEAN = {
    "ar": "الدفع نقدا، من فضلك",
    "en": "Payment in cash, please",
    "es": "¿Forma de pago? En efectivo",
    "fr": "Comment payer ? En espèces",
    "ru": "Оплата наличными, пожалуйста",
    "zh": "请付现金，谢谢",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_rule(language: str) -> None:
    has = {rule.name for rule in rules_of(language)}
    assert has == (WANTED if language in CASED else WANTED - {"begins"})
    assert not broken(CLEAN[language], language)


@pytest.mark.parametrize(
    ("language", "rule", "planted"),
    [
        pytest.param(language, rule.name, rule.planted, id=f"{language}-{rule.name}")
        for language in LANGUAGES
        for rule in rules_of(language)
    ],
)
def test_what_is_planted_is_found(language: str, rule: str, planted: str) -> None:
    assert rule in broken(planted, language)
    assert rule in broken(planted, language, forms=rule in FORMS)
    assert rule not in broken(planted, language, forms=rule not in FORMS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_string_that_adverts_and_notes_can_show_breaks_a_rule(language: str) -> None:
    seen = 0
    for source, text in producible(language):
        seen += 1
        assert not broken(text, language), (source, text)
    assert seen > 10_000


def test_no_name_or_code_breaks_a_rule_about_words() -> None:
    for source, text in names_and_codes():
        assert not broken(text, "en", forms=False), (source, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_signs_of_style_hold_no_way_to_reach_anyone(language: str) -> None:
    signs = read("signs")
    for text in (*signs["contacts"], *signs["masked"], *signs["emoji"]):
        assert not broken(text, language, forms=False), text
