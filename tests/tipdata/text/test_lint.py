"""No string that the data can show breaks a rule of the lint, and each rule finds what it is there to find."""

import re
from dataclasses import replace

import pytest
from tipdata.core.kinds import LANGUAGES
from tipdata.documents.texts import names_and_codes, producible_texts
from tipdata.text import style
from tipdata.text.documents import read_document
from tipdata.text.lint import FORMS, SIGNS, find_broken_rules, rules_of, undisguise
from tipdata.text.style import check_style

CASED = ("en", "es", "fr", "ru")
WANTED = {
    *("explicit", "borrowed", "youth", "age", "looks", "violence", "organs", "ethnicity", "places", "brands"),
    *("currency", "contact", "emoji", SIGNS),
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
    assert not find_broken_rules(CLEAN[language], language)


@pytest.mark.parametrize(
    ("language", "rule", "planted"),
    [
        pytest.param(language, rule.name, rule.planted, id=f"{language}-{rule.name}")
        for language in LANGUAGES
        for rule in rules_of(language)
    ],
)
def test_what_is_planted_is_found(language: str, rule: str, planted: str) -> None:
    assert rule in find_broken_rules(planted, language)
    assert rule in find_broken_rules(planted, language, forms=rule in FORMS)
    assert rule not in find_broken_rules(planted, language, forms=rule not in FORMS)


# The lock of test_cache.py says the same of adverts in every language.
SLOW = [one if one == "zh" else pytest.param(one, marks=pytest.mark.slow) for one in LANGUAGES]


@pytest.mark.parametrize("language", SLOW)
def test_no_string_that_adverts_and_notes_can_show_breaks_a_rule(language: str) -> None:
    seen = 0
    for source, text in producible_texts(language):
        seen += 1
        assert not find_broken_rules(text, language), (source, text)
    assert seen > 10_000


def test_no_name_or_code_breaks_a_rule_about_words() -> None:
    for source, text in names_and_codes():
        assert not find_broken_rules(text, "en", forms=False), (source, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_signs_of_style_hold_no_way_to_reach_anyone(language: str) -> None:
    signs = read_document("signs")
    for text in (*signs["contacts"], *signs["masked"], *signs["emoji"]):
        assert not find_broken_rules(text, language, forms=False).keys() - {SIGNS}, text
    check_style()


WORDS = {
    "ar": ["إباحي", "سكس", "عاهرة", "مراهقة", "قاصر", "بنات", "طالبة", "شقراء", "جميلات", "نيجيرية", "porn"],
    "en": ["porn", "barely legal", "barely of age", "lolita", "petite", "slave", "fresh face", "fresh-faced", "teens",
           "sweet and innocent", "just turned eighteen", "schoolgirl", "virgin", "hooker", "underage", "stunning",
           "Nigerian", "nude"],
    "es": ["puta", "colegiala", "recién cumplidos", "recien cumplidos los 18", "carne fresca", "jovencita",
           "menor de edad", "virginal", "sexo", "prostituta", "nigeriana", "bonita", "teen"],
    "fr": ["pute", "collégienne", "lycéenne", "à peine majeure", "chair fraîche", "innocente", "nymphette", "mineure",
           "prostituée", "jolie", "nigériane", "sexy"],
    "ru": ["порно", "проститутка", "малолетка", "школьница", "девочка", "невинная", "шлюха", "только исполнилось",
           "студенточка", "куколка", "тайка тайская", "teen"],
    "zh": ["色情", "萝莉", "嫩模", "学生妹", "未成年", "刚成年", "清纯", "妓", "性奴", "长腿", "越南", "porn"],
}  # fmt: skip
DISGUISED = {
    "letters apart": "s e x",
    "letters apart by hyphens": "v-i-r-g-i-n",
    "letters apart by stars": "p*o*r*n",
    "a hyphen within": "vir-gin",
    "a digit for i": "virg1n",
    "a digit for l": "1o1ita",
    "digits": "t33n",
    "wide letters": "\uff53\uff45\uff58",
    "letters of mathematics": "\U0001d429\U0001d428\U0001d42b\U0001d427",
    "marks on letters": "p\u00f3rn",
    "a sign that is not seen": "te\u200ben",
    "a soft hyphen": "te\u00aden",
    "upper case": "PoRn",
    "letters again and again": "seeeexy",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_explicit_words_youth_cues_looks_and_origins_are_found(language: str) -> None:
    missed = [
        word
        for word in WORDS[language]
        if not find_broken_rules(word, language, forms=False).keys() - {SIGNS}
    ]
    assert not missed


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("way", DISGUISED)
def test_a_word_is_found_in_disguise(language: str, way: str) -> None:
    text = f"{CLEAN[language]} {DISGUISED[way]}"
    assert find_broken_rules(text, language, forms=False).keys() - {SIGNS}, undisguise(text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "T\u0435a"),  # a Cyrillic letter
        ("ru", "Ч\u0061й"),  # a Latin letter
        ("es", "Caf\u03ad"),  # a Greek letter
        ("fr", "Th\u202eé"),  # turns the direction
        ("ar", "شاي\u200f"),  # not seen
        ("zh", "茶\U0001f351"),  # an emoji
        ("en", "Tea\u00a0now"),  # a space that looks like another
        ("en", "Tea\u0007"),  # a control character
    ],
)
def test_a_sign_that_is_not_of_the_language_is_found(language: str, text: str) -> None:
    assert SIGNS in find_broken_rules(text, language)


def test_patterns_about_words_are_in_lower_case() -> None:
    """They are asked of texts in lower case: one in upper case would find nothing."""
    for language in LANGUAGES:
        for rule in rules_of(language):
            plain = re.sub(r"\\.", "", rule.pattern.pattern)
            assert rule.name in (*FORMS, SIGNS) or plain == plain.lower(), rule


@pytest.mark.parametrize(
    ("key", "planted"), [("emoji", "\U0001f351"), ("contacts", "www.a.com"), ("masked", "sex")]
)
def test_a_sign_of_style_that_may_not_stand_in_an_advert_is_refused(
    monkeypatch: pytest.MonkeyPatch, key: str, planted: str
) -> None:
    signs = style.style()
    signs = replace(signs, **{key: (*getattr(signs, key), planted)})
    monkeypatch.setattr(style, "style", lambda: signs)
    with pytest.raises(ValueError, match=r"^signs\.yaml: .*: delete it\.$"):
        check_style()
