"""Find what the safety rules forbid in the files of a release, or in the sources of its texts.

Rules about words (:file:`text/lint.yaml`) are applied to every string, and a few rules that only data can break. A text
whose language is known is read by that language's rules and signs, without those of a writer's style; its single words
are also read by the rules of the other languages that share its letters. A string of a column that should hold no text
is read by the rules of all languages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

import polars as pl
from tipcore.atomic import find_whole
from tipcore.errors import UsageError
from tipcore.progress import progress
from tipcore.table_files import read_doubtful

from tipdata.core.kinds import LANGUAGES
from tipdata.core.tables import Column
from tipdata.core.world import newest_released, parameters
from tipdata.documents.texts import TERMS, names_and_codes, producible_texts
from tipdata.release.manifests import TRUTH
from tipdata.release.verification import category_values
from tipdata.stages import tables_of
from tipdata.text.documents import document_path
from tipdata.text.lint import SIGNS, find_broken_rules, rules_of
from tipdata.text.style import style

CONTEXT = 60
"""Letters of a text on either side of the part that breaks a rule."""


class LintFinding(NamedTuple):
    """A rule that is broken in a column ('' for the whole table).

    ``found``: the part that breaks it, as the rule reads it. ``where``: file and row, or the source of a text.
    ``text``: the text around it, shortened.
    """

    table: str
    column: str
    rule: str
    found: str
    where: str
    text: str

    def __str__(self) -> str:
        place = f"{self.table}.{self.column}" if self.column else self.table
        context = f" in {self.text!r}" if self.text not in ("", self.found) else ""
        return f"{self.where}: {place}: {self.rule}: {self.found!r}{context}"


def excerpt(text: str, found: str) -> str:
    """Return the part of a text around what was found in it, or its beginning if a disguise hides the place."""
    place = max(text.casefold().find(found.casefold()), 0)
    begin, end = max(place - CONTEXT, 0), place + len(found) + CONTEXT
    return f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"


ADULT = 18
COUNTS = "child_counts"
"""The one table about children. It holds counts, and has no column that could name a person or an operation."""
COUNTED = frozenset({"region", "age_band", "form", "sex", "count"})
OF_FIRMS = frozenset({("firms", "age_years"), ("agencies", "age_years")})
"""Columns with ages of firms."""
AGE = re.compile(r"(^|_)(ages?|edad|alter|возраст|年龄|年齡|العمر)(_|$)")
BIRTH = re.compile(
    r"(^|_)(birth|born|dob|yob|birthday|birthdate|birthyear|nacimiento|naissance|рождения)(_|$)"
)
YOUTH = re.compile(r"(^|_)(child|children|minors?|juveniles?|teens?|girls?|boys?|infants?|youth)(_|$)")
REACH = re.compile(
    r"(^|_)(e?mails?|phones?|telephones?|tel|mobiles?|cell|msisdn|whatsapp|telegram|handle|username|nickname|website|urls?"
    r"|address|passport|imei|iban|ip|ssn|tel[eé]fonos?|t[eé]l[eé]phones?|телефон|电话|電話|手机|هاتف)(_|number|no|$)"
)
"""Names of columns with contacts of a person, which no schema has: digits alone do not show what they are."""
PERSON = re.compile(r"(^|_)(first|last|full|real|family|given|middle|sur|fore)_?names?(_|$)")
MONEY = re.compile(r"(^|_)currency(_|$)")
TEST_MONEY = "XTS"
NUMBER = re.compile(r"\d+")


def column_faults(
    table: str, frame: pl.DataFrame, schema: Collection[str] = ()
) -> Iterator[tuple[str, str, str, int]]:
    """Yield column, rule, finding and its first row for each column that breaks a rule.

    ``schema``: columns of the table's schema.
    """
    if table == COUNTS:
        for name in sorted(set(frame.columns) - COUNTED):
            yield name, "children are counts", f"column {name}", 0
        return
    for name in frame.columns:
        plain = re.sub(r"\W+", "_", re.sub(r"(?<=[a-z\d])(?=[A-Z])", "_", name)).casefold()
        if name not in schema and (REACH.search(plain) or PERSON.search(plain)):
            yield name, "no contact or name of a person", f"column {name}", 0
        yield from ((name, *fault) for fault in _faults_of_column(table, plain, frame[name]))


def _faults_of_column(table: str, name: str, values: pl.Series) -> Iterator[tuple[str, str, int]]:
    dtype = values.dtype.inner if isinstance(values.dtype, pl.List) else values.dtype  # type: ignore[union-attr]
    if dtype.is_temporal():
        yield "real date", f"type {dtype}", 0
    if dtype in (pl.Binary, pl.Object):
        yield "no pictures", f"type {dtype}", 0
    if BIRTH.search(name):
        yield "no date of birth", f"column {name}", 0
    if YOUTH.search(name):
        yield "no minor as a row", f"column {name}", 0
    if AGE.search(name) and (table, name) not in OF_FIRMS:
        for row, value in enumerate(values.to_list()):
            number = NUMBER.search(str(value))
            if value is not None and (number is None or int(number.group()) < ADULT):
                yield "no minor as a row", str(value), row
                break
    if MONEY.search(name):
        other = values.cast(pl.String).is_in([TEST_MONEY]).not_().arg_true()
        if len(other):
            yield "currency", str(values[int(other[0])]), int(other[0])


LATIN = ("en", "es", "fr")
"""Languages with the same letters."""
BORROWED = ("explicit", "youth")
"""Rules that hold for a word of another language too; words that other rules forbid may be everyday words here."""
ENDING = 4
"""Letters that may follow a stem of another language."""
CODES, NAMES, NOTE, ANY, UNKNOWN = "code", "name", "note", "any", "unknown"
"""Kinds of strings beside the languages: values of categories, made-up names, a note in one unnamed language, text in a
language that the data do not have, and strings of an undeclared column."""
DATE = "real date"
CALENDAR = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:[0-2]?\d|3[01])|(?:[0-2]?\d|3[01])[-/.](?:0?[1-9]|1[0-2])[-/.](?:19|20)\d\d"
    r"|(?:19|20)\d\d\s*年\s*\d{1,2}\s*月)(?!\d)"
)
"""A date of a calendar with its year. Time in the data is in days since the first: no real day may be in them."""
NAME = "looks like a name"
FULL_NAME = re.compile(r"[A-ZÀ-ÞА-ЯЁ][a-zß-ÿа-яё'’-]+(?: [A-ZÀ-ÞА-ЯЁ][a-zß-ÿа-яё'’-]+){1,3}")
"""Two to four words that each begin with a capital, and nothing else."""
WORDS = re.compile(r"[^\W\d_]+")


def broken_rules(text: str, kind: str) -> dict[str, str]:
    """Return the rules that a string breaks, each with the part that breaks it.

    ``kind``: a language, or one of :data:`CODES`, :data:`NAMES`, :data:`NOTE`, :data:`ANY` and
    :data:`UNKNOWN`.
    """
    if kind == CODES:
        return {} if text in TERMS else _words_broken(text, "en")
    spoken = kind
    if kind == NOTE:  # in the first language whose sources have every word of it, if there is one
        words = set(_words(text))
        spoken = next((language for language in LANGUAGES if words <= _vocabulary(language)), NOTE)
    made = _broken_in_language(text, spoken) if spoken in LANGUAGES else _broken_in_any(text)
    if spoken == NOTE:  # a sign that is forbidden in the language with the fewest of them
        signs = [[one.group() for one in _sign_rule(language).finditer(text)] for language in LANGUAGES]
        if fewest := min(signs, key=len):
            made[SIGNS] = fewest[0]
    if kind == UNKNOWN and FULL_NAME.fullmatch(text):
        made[NAME] = text
    if date := CALENDAR.search(text):
        made[DATE] = date.group()
    return made


def _broken_in_language(text: str, language: str) -> dict[str, str]:
    made = find_broken_rules(text, language, forms=False)
    if SIGNS in made:  # what is not a letter of the language may be a sign of a writer's style
        del made[SIGNS]
        plain = _style().sub(" ", text)
        sign = _sign_rule(language).search(plain)
        if sign and _sign_rule(language).search(plain.lower()):  # a title may stand in capitals: CAFÉ
            made[SIGNS] = sign.group()
    if language in LATIN:
        for word in _words(text):
            for rule, part in foreign(word, language).items():
                made.setdefault(rule, part)
    return made


def _words(text: str) -> Iterator[str]:
    return map(str, WORDS.findall(text.casefold()))


@cache
def foreign(word: str, language: str) -> dict[str, str]:
    """Return the rules of :data:`BORROWED` that one word breaks in another Latin language.

    The part that breaks it must begin the word and be most of it, and the word must not be in the language's own
    frames.
    """
    if word in _vocabulary(language):
        return {}
    made: dict[str, str] = {}
    for other in LATIN:
        broken = find_broken_rules(word, other, forms=False) if other != language else {}
        parts = {rule: part for rule, part in broken.items() if rule in BORROWED and word.startswith(part)}
        made |= {rule: part for rule, part in parts.items() if len(word) - len(part) <= ENDING}
    return made


@cache
def _vocabulary(language: str) -> frozenset[str]:
    texts = (document_path(f"{of}/{language}").read_text(encoding="utf-8") for of in ("wordbooks", "notes"))
    return frozenset(word for text in texts for word in _words(text))


def _broken_in_any(text: str) -> dict[str, str]:
    made: dict[str, str] = {}
    for language in LANGUAGES:
        for rule, part in _words_broken(text, language).items():
            made.setdefault(rule, part)
    return made


def _words_broken(text: str, language: str) -> dict[str, str]:
    """Return the rules about words that a text breaks in a language."""
    broken = find_broken_rules(text, language, forms=False)
    return {rule: part for rule, part in broken.items() if rule != SIGNS}


@cache
def _style() -> re.Pattern[str]:
    signs = style()
    listed = {*signs.between, *signs.emoji, *signs.contacts, *signs.masked, "\n"}
    listed |= {sign.replace("\ufe0f", "") for sign in signs.emoji}
    return re.compile("|".join(re.escape(one) for one in sorted(listed, key=lambda s: (-len(s), s))))


@cache
def _sign_rule(language: str) -> re.Pattern[str]:
    return next(rule.pattern for rule in rules_of(language) if rule.name == SIGNS)


TEXTS = {"adverts": ("title", "body")}
"""Columns in the language of their row."""
NOTES = {"contacts": ("narrative",)}
"""Columns in the language of their region, which no table states: the column ``language`` is other people's."""
NAMED = {"places": ("name",), "supplies": ("product",)}
"""Columns of made-up names."""
UNDECLARED = "value that no column declares"


@dataclass
class LintReport:
    """What was read and found: numbers of files, of rows, of strings and of different strings by table.

    ``strikes``: findings, in the order of files; of equal strings of a file, the first. ``unknown``: columns, as
    ``table.column``, that the schema does not know.
    """

    files: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    strings: Counter[str] = field(default_factory=Counter)
    distinct: Counter[str] = field(default_factory=Counter)
    strikes: list[LintFinding] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)

    @property
    def by_rule(self) -> dict[tuple[str, str], int]:
        """Return findings by table and rule."""
        return dict(sorted(Counter((s.table, s.rule) for s in self.strikes).items()))


def lint_folder(folder: Path, version: str = "", quiet: bool = True) -> LintReport:
    """Read every parquet file below a folder.

    Args:
        folder: a release's, an export's, or any other.
        version: of the data, for the schema; '' for the newest released.
        quiet: no progress.

    Raises:
        UsageError: for a folder that is not there or has no parquet file, and for a file that cannot be read.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder: name a release (release=tiny) or a folder of one.")
    if not (paths := find_whole("*.parquet", folder)):
        advice = "name the folder of a release, such as an export of it"
        raise UsageError(f"{folder} has no parquet file: {advice}.")
    reader = _FolderReader(folder, version or newest_released())
    with progress("files", len(paths), quiet) as advance:
        for path in paths:
            reader.read(path)
            advance(1)
    return reader.report


class _FolderReader:
    def __init__(self, folder: Path, version: str) -> None:
        self.report = LintReport()
        self._folder, self._tables = folder, tables_of(version)
        self._parameters = parameters(version)
        self._seen: dict[tuple[str, str, str], dict[str, str]] = {}

    def read(self, path: Path) -> None:
        """Read one file."""
        try:
            frame = read_doubtful(path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise UsageError(f"{path} cannot be read ({reason[:120]}): mend or delete it.") from None
        name = self._table_of(path, set(frame.columns))
        where = str(path.relative_to(self._folder))
        self.report.files += 1
        self.report.rows[name] += 0 if path.stem.endswith(TRUTH) else frame.height
        for column, rule, found, row in column_faults(name, frame, self._schema(name)):
            self.report.strikes.append(LintFinding(name, column, rule, found, f"{where}, row {row}", ""))
        for column in frame.columns:
            self._read_column(name, column, frame, where)

    def _table_of(self, path: Path, columns: set[str]) -> str:
        """Return the table whose rows a file holds, by its name or that of a folder above it; for the parts of a task
        in an export by a table's key."""
        stem = path.stem.removesuffix(TRUTH)
        above = [one.name for one in path.relative_to(self._folder).parents if one.name]
        named = [name for name in (stem, *above) if name in self._tables]
        keyed = [name for name, table in self._tables.items() if table.key and columns.issuperset(table.key)]
        keyed.sort(key=lambda name: -len(columns.intersection(self._tables[name].schema)))
        return (*named, *keyed, stem)[0]

    def _read_column(self, table: str, name: str, frame: pl.DataFrame, where: str) -> None:
        declared = self._tables[table][name] if name in self._schema(table) else None
        if declared is None:
            self.report.unknown.add(f"{table}.{name}")
        if (texts := _strings(frame[name])) is None:
            return
        possible = category_values(declared, self._parameters) if declared is not None else ()
        for kind, rows in _kinds(table, name, declared, frame, texts):
            self._read_strings(table, name, kind, rows, where, possible)

    def _schema(self, table: str) -> Collection[str]:
        return self._tables[table].schema if table in self._tables else ()

    def _read_strings(
        self, table: str, name: str, kind: str, rows: pl.DataFrame, where: str, possible: tuple[str, ...]
    ) -> None:
        """Check the column's strings that were not checked before. ``rows``: ``[row, text]``."""
        report, seen = self.report, self._seen.setdefault((table, name, kind), {})
        report.strings[table] += rows.height
        firsts = rows.group_by("text", maintain_order=True).agg(pl.first("row"))
        for text, row in firsts.iter_rows():
            if text not in seen:
                seen[text] = ""
                report.distinct[table] += 1
                made = broken_rules(text, kind)
                if possible and text not in possible:
                    made[UNDECLARED] = text
                report.strikes += [
                    LintFinding(table, name, rule, part, f"{where}, row {row}", excerpt(text, part))
                    for rule, part in made.items()
                ]


def _kinds(
    table: str, name: str, declared: Column | None, frame: pl.DataFrame, texts: pl.DataFrame
) -> list[tuple[str, pl.DataFrame]]:
    """Return the strings of a column by their kind, each ``[row, text]``."""
    if declared is None or declared.inner != pl.String:
        return [(UNKNOWN, texts)]
    if name in NAMED.get(table, ()):
        return [(NAMES, texts)]
    if name in NOTES.get(table, ()):
        return [(NOTE, texts)]
    if name not in TEXTS.get(table, ()):
        return [(CODES, texts)]
    if "language" not in frame.columns:
        return [(ANY, texts)]
    languages = frame.select("language").with_row_index("row")
    made = texts.join(languages, on="row", how="left", maintain_order="left")
    return [
        (str(key) if key in LANGUAGES else ANY, part.select("row", "text"))
        for (key,), part in made.group_by("language", maintain_order=True)
    ]


def _strings(values: pl.Series) -> pl.DataFrame | None:
    """Return the strings of a column, one per row or item, as ``[row, text]``; None for a column without any."""
    frame = pl.DataFrame({"text": values}).with_row_index("row")
    while isinstance(frame.schema["text"], pl.List | pl.Array):
        frame = frame.explode("text")
    if isinstance(frame.schema["text"], pl.Struct):
        frame = frame.with_columns(pl.col("text").struct.json_encode())
    if frame.schema["text"] in (pl.Categorical, pl.Enum):
        frame = frame.with_columns(pl.col("text").cast(pl.String))
    return frame.drop_nulls("text") if frame.schema["text"] == pl.String else None


def lint_sources(quiet: bool = True) -> LintReport:
    """Return what was read and found: per language its adverts and notes, and what no language owns.

    ``quiet``: no progress.
    """
    report = LintReport()
    texts: dict[str, tuple[str, bool | None, list[tuple[str, str]]]] = {
        f"text in {language}": (language, None, list(producible_texts(language))) for language in LANGUAGES
    }
    texts["names and codes"] = "en", False, list(names_and_codes())
    with progress("texts", sum(len(strings) for *_, strings in texts.values()), quiet) as advance:
        for name, (language, forms, strings) in texts.items():
            seen: set[str] = set()
            for source, text in strings:
                report.strings[name] += 1
                advance(1)
                if text in seen:
                    continue
                seen.add(text)
                report.strikes += [
                    LintFinding(name, source, rule, found, "sources", excerpt(text, found))
                    for rule, found in find_broken_rules(text, language, forms).items()
                ]
            report.distinct[name] = len(seen)
    return report
