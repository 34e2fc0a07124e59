"""The lint of a release: nothing in what is released, everything that is planted, in every language and column."""

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import yaml
from tipcore.errors import UsageError
from tipdata.core.kinds import LANGUAGES
from tipdata.documents import lint
from tipdata.documents.lint import CODES, NAMES, NOTE, UNKNOWN, LintReport, broken_rules, lint_folder
from tipdata.release import Release
from tipdata.stages.helpline.notes import read_notes
from tipdata.text.lint import FORMS, SIGNS, rules_of

WORDS = [
    pytest.param(language, rule.name, rule.planted, id=f"{language}-{rule.name}")
    for language in LANGUAGES
    for rule in rules_of(language)
    if rule.name not in FORMS
]
AROUND = {
    "ar": "الدفع نقدا. {}. أهلا بكم. NNN NNNN",
    "en": "Payment in cash, please. {} Open from 9 to 17. NNN-NNNN",
    "es": "Pago en efectivo. {} Abierto de 9 a 17. NNN NNNN",
    "fr": "Paiement en espèces. {} Ouvert de 9 à 17. NNN NNNN",
    "ru": "Оплата наличными. {} Открыто с 9 до 17. NNN NNNN",
    "zh": "请付现金。{}静候佳音。NNN NNNN",
}
"""An ordinary advert per language."""
FILE = Path(__file__).parents[1] / "text" / "planted.yaml"
PLANTED = [
    pytest.param(language, rule, sentence, id=f"{language}-{rule}-{number}")
    for rule, by_language in yaml.safe_load(FILE.read_text(encoding="utf-8")).items()
    for language, sentences in by_language.items()
    for number, sentence in enumerate(sentences)
]


@pytest.fixture(scope="module")
def region(tiny: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one region of a release."""
    folder = tmp_path_factory.mktemp("edited release")
    shutil.copytree(tiny.region_folder(0), folder / "00000")
    return folder


def _write(folder: Path, name: str, frame: pl.DataFrame) -> Path:
    path = folder / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)
    return path


def _advert(text: str, language: str = "en") -> pl.DataFrame:
    return pl.DataFrame({"region": [0], "advert": [1], "language": [language], "title": [""], "body": [text]})


def test_nothing_is_found_in_a_release_and_every_string_is_read(region: Path) -> None:
    report = lint_folder(region)
    assert report.strikes == []
    assert report.unknown == set()
    columns = (one for path in region.rglob("*.parquet") for one in pl.read_parquet(path, glob=False))
    texts = [one for one in columns if one.dtype in (pl.String, pl.List(pl.String))]
    flat = [one.explode() if one.dtype == pl.List(pl.String) else one for one in texts]
    strings = sum(one.drop_nulls().len() for one in flat)
    assert report.strings.total() == strings > 100_000
    assert report.distinct["adverts"] > 1000


@pytest.mark.parametrize(("language", "rule", "planted"), WORDS)
def test_what_is_planted_is_found_in_every_language(language: str, rule: str, planted: str) -> None:
    """Within a text of that language; a foreign letter alone, since a text in another script is one."""
    around = {"ar": "نعم", "en": "Tea", "es": "Té", "fr": "Thé", "ru": "Чай", "zh": "茶"}[language]
    assert rule in broken_rules(f"{around}\n{planted} ✨ NNN-NNNN", language)
    assert not broken_rules(f"{around}\n{around} ✨ NNN-NNNN", language)


@pytest.mark.parametrize(("language", "rule", "sentence"), PLANTED)
def test_a_sentence_written_correctly_is_found_within_an_advert(
    language: str, rule: str, sentence: str
) -> None:
    assert rule in broken_rules(AROUND[language].format(sentence), language)


def test_five_sentences_are_planted_per_rule_and_language() -> None:
    planted = [(one.values[0], one.values[1]) for one in PLANTED]
    wanted = {(language, rule) for language in LANGUAGES for rule in ("age", "youth", "contact", "brands")}
    assert {one for one in planted if planted.count(one) >= 5} == wanted


@pytest.mark.parametrize(
    ("language", "lawful"),
    [
        ("en", "I am 10 minutes away, with 16 years of experience, 15 years in business."),
        ("en", "Open 16 hours. I am 5 steps from the station."),
        ("es", "Tengo 16 años de experiencia y 15 plazas. Hace 14 años abrimos. Son 13 años haciendo esto."),
        ("es", "Años de práctica: 8\n- Yo pongo el servicio."),
        ("fr", "J'ai 16 ans d'expérience. Ouvert depuis 15 ans. Il y a 13 ans ici."),
        ("ru", "Опыт 16 лет. Открыто 15 лет назад. Мне идти 10 минут. С 10 до 18."),
        ("ar", "خبرة 16 سنة. منذ 15 عاما. 16 عامل."),
        ("ar", "قبل الساعة 20. 2100 XTS في الشهر."),
        ("zh", "有16年经验。今年16号。不到18点。十二年老店。"),
        ("zh", "工服收押金……发薪日？"),
        ("zh", "工服收押金 | 发薪日"),
        ("ru", "С 9 до 17. 2940 XTS за месяц."),
        ("fr", "De 9 à 17. 2 940 XTS le mois."),
        ("es", "De 9 a 20\n12.940 XTS al mes."),
    ],
)
def test_years_of_work_hours_and_prices_are_no_finding(language: str, lawful: str) -> None:
    assert not broken_rules(AROUND[language].format(lawful), language)


@pytest.mark.parametrize("way", ["{} {}", "{}-{}", "{}.{}", "{} | {}", "{}*{}"])
def test_a_chinese_word_is_found_that_is_written_apart(way: str) -> None:
    assert "looks" in broken_rules(AROUND["zh"].format(f"好的，{way.format('金', '发')}。"), "zh")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("bit.ly/abc", "contact"),
        ("Maria Gonzalez", "looks like a name"),
        ("Ich bin 16", "age"),
        ("十六歲", "age"),
        ("612\n345\n678", "contact"),
        ("20. 794. 609. 58", "contact"),
    ],
)
def test_a_string_of_a_column_outside_the_schema_is_read_by_all_rules(
    tmp_path: Path, text: str, rule: str
) -> None:
    assert rule in broken_rules(text, UNKNOWN)
    _write(tmp_path, "adverts", pl.DataFrame({"advert": [1], "remark": [text]}))
    assert (("adverts", rule)) in lint_folder(tmp_path).by_rule


NAMING = ("phone", "phoneNumber", "contact_email", "first_name", "téléphone", "电话")


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        *((column, 447700900123, "no contact or name of a person") for column in NAMING),
        *((column, 16, "no minor as a row") for column in ("Age", "edad", "workerAge")),
        *((column, 5, "no date of birth") for column in ("yearOfBirth", "yob")),
    ],
)
def test_a_number_outside_the_schema_is_found_that_reaches_or_names_a_person_or_is_an_age_or_a_birth(
    tmp_path: Path, column: str, value: int, rule: str
) -> None:
    _write(tmp_path, "adverts", pl.DataFrame({"advert": [1], column: [value]}))
    assert lint_folder(tmp_path).by_rule == {("adverts", rule): 1}


def test_an_edited_release_is_found_out_with_file_row_and_rule(region: Path, tmp_path: Path) -> None:
    edited = tmp_path / "a b=(c)"
    shutil.copytree(region, edited)
    path = edited / "00000" / "adverts.parquet"
    adverts = pl.read_parquet(path, glob=False)
    bodies = adverts["body"].to_list()
    language = adverts["language"][7]
    planted = next(rule.planted for rule in rules_of(language) if rule.name == "explicit")
    bodies[7] = f"{bodies[7]} {planted}"
    adverts.with_columns(body=pl.Series(bodies)).write_parquet(path)
    (strike,) = lint_folder(edited).strikes
    assert (strike.table, strike.column, strike.rule) == ("adverts", "body", "explicit")
    assert strike.where == f"{Path('00000') / 'adverts.parquet'}, row 7"
    assert strike.found in planted.casefold()


@pytest.mark.parametrize(
    ("table", "frame", "rule"),
    [
        ("people", pl.DataFrame({"person": [1, 2], "age_band": ["18-20", "9-17"]}), "no minor as a row"),
        ("people", pl.DataFrame({"person": [1], "age": [16]}), "no minor as a row"),
        ("people", pl.DataFrame({"person": [1], "minor": [True]}), "no minor as a row"),
        ("anything", pl.DataFrame({"age_band": ["unknown"]}), "no minor as a row"),
        ("people", pl.DataFrame({"person": [1], "date_of_birth": ["?"]}), "no date of birth"),
        ("child_counts", pl.DataFrame({"region": [0], "count": [5], "person": [7]}), "children are counts"),
        ("adverts", pl.DataFrame({"advert": [1], "posted": [date(2026, 1, 2)]}), "real date"),
        ("adverts", _advert("Open since 2024-05-01"), "real date"),
        ("adverts", _advert("Abierto desde 3.12.2025", "es"), "real date"),
        ("adverts", pl.DataFrame({"advert": [1], "picture": [b"\x89PNG"]}), "no pictures"),
        ("payments", pl.DataFrame({"payment": [1], "currency": ["CHF"]}), "currency"),
        (
            "payments",
            pl.DataFrame({"payment": [1], "channel": ["teleport"]}),
            "value that no column declares",
        ),
        ("adverts", pl.DataFrame({"advert": [1], "contacts": [["612 345 678"]]}), "contact"),
        ("adverts", pl.DataFrame({"advert": [1], "remark": ["junge Teens, porn"]}), "borrowed"),
        ("notes", pl.DataFrame({"said": [{"more": "A sensual evening"}]}), "explicit"),
        ("adverts", _advert("A pleasant jovencita", "en"), "youth"),
    ],
)
def test_what_a_column_may_not_be_is_found(
    tmp_path: Path, table: str, frame: pl.DataFrame, rule: str
) -> None:
    _write(tmp_path, table, frame)
    report = lint_folder(tmp_path)
    assert rule in {strike.rule for strike in report.strikes}, report.strikes


def test_ages_of_firms_and_of_adults_are_none_of_a_minor(tmp_path: Path) -> None:
    _write(tmp_path, "firms", pl.DataFrame({"firm": [1], "age_years": [3]}))
    _write(tmp_path, "people", pl.DataFrame({"person": [1, 2], "age_band": ["18-20", "48+"]}))
    counts = {"region": [0], "age_band": ["9-17"], "form": ["labour"], "sex": ["male"], "count": [5]}
    _write(tmp_path, "child_counts", pl.DataFrame(counts))
    assert lint_folder(tmp_path).strikes == []


def test_a_table_is_known_by_its_file_or_by_its_folder(tmp_path: Path) -> None:
    _write(tmp_path / "data" / "adverts", "train-00000", _advert("A sensual evening"))
    report: LintReport = lint_folder(tmp_path)
    assert report.by_rule == {("adverts", "explicit"): 1}


def test_a_part_of_a_task_is_known_by_its_columns_and_its_notes_are_read_in_any_language(
    tmp_path: Path,
) -> None:
    of_task = tmp_path / "tasks" / "supplier_risk" / "forward"
    _write(of_task, "test", pl.DataFrame({"region": [0], "firm": [1], "age_years": [3], "label": [0.0]}))
    notes = ["Спит плохо.", "Ждёт.", "Has changed the telephone number."]
    rows = {"region": [0, 0, 1], "contact": [1, 2, 3], "language": ["en", "en", "ru"], "narrative": notes}
    _write(tmp_path / "tasks" / "assistance_triage" / "forward", "test", pl.DataFrame(rows))
    assert lint_folder(tmp_path).strikes == []
    _write(of_task, "train", pl.DataFrame({**rows, "narrative": ["", "", "Чувственный вечер"]}))
    assert lint_folder(tmp_path).by_rule == {("contacts", "explicit"): 1}


@pytest.mark.parametrize(
    "callers", [LANGUAGES[0], *(pytest.param(c, marks=pytest.mark.slow) for c in LANGUAGES[1:])]
)
def test_a_note_is_read_in_its_own_language_whatever_its_callers_speak(tmp_path: Path, callers: str) -> None:
    texts = [text for language in LANGUAGES for text in read_notes(language).strings]
    rows = {"region": 0, "contact": range(len(texts)), "language": callers, "narrative": texts}
    _write(tmp_path, "contacts", pl.DataFrame(rows))
    assert lint_folder(tmp_path).strikes == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Спит плохо. Чувственный вечер.", "explicit"),
        ("Спит плохо. Tea", SIGNS),
        ("Ждёт. Мне 16 лет.", "age"),
    ],
)
def test_what_is_planted_in_a_note_is_found(text: str, rule: str) -> None:
    assert rule in broken_rules(text, NOTE)


def test_capitals_names_and_codes_of_the_field_are_no_finding() -> None:
    assert not broken_rules("NOW HIRING: CAFÉ STAFF", "en")
    assert not broken_rules("Открыто с 9 до 17. 250 XTS за час", "ru")
    assert "contact" in broken_rules("Открыто с 9 до 17. 250 XTS, +7 912 3456789", "ru")
    assert not broken_rules("sexual", CODES)
    assert not broken_rules("Quilovath", NAMES)
    assert SIGNS in broken_rules("NOW HIRING: Ж", "en")
    assert not broken_rules("chaque condition figure ici", "fr")


def test_every_text_of_the_sources_is_read_once_with_progress(
    monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    texts = [("frames", "Payment in cash."), ("frames", "Payment in cash."), ("frames", "Sexual.")]
    monkeypatch.setattr(lint, "producible_texts", lambda language: iter(texts if language == "en" else []))
    monkeypatch.setattr(lint, "names_and_codes", lambda: iter([("names", "Quilovath")]))
    clock = iter(range(0, 1000, 11))
    monkeypatch.setattr("tipcore.progress.time.monotonic", lambda: next(clock))
    report = lint.lint_sources(quiet=False)
    assert capsys.readouterr().err.splitlines() == [
        f"texts: {n} of 4 done after {11 * n} s" for n in (1, 2, 3)
    ]
    assert report.strings == {"text in en": 3, "names and codes": 1}
    assert (report.distinct["text in en"], report.by_rule) == (2, {("text in en", "explicit"): 1})


def test_a_folder_that_cannot_be_read_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is not a folder: name a release"):
        lint_folder(tmp_path / "nothing")
    with pytest.raises(UsageError, match=r"has no parquet file: name the folder of a release"):
        lint_folder(tmp_path)
    (tmp_path / "adverts.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(UsageError, match=r"adverts.parquet cannot be read .*: mend or delete it\.$"):
        lint_folder(tmp_path)
