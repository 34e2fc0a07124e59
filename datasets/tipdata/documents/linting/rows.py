"""What no column may be, whatever it holds: a minor as a row, a date of birth, a real day, a picture, other money."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import polars as pl

ADULT = 18
COUNTS = "child_counts"
"""The one table about children. It holds counts, and has no column that could name a person or an operation."""
COUNTED = frozenset({"region", "age_band", "form", "sex", "count"})
OF_FIRMS = frozenset({("firms", "age_years"), ("agencies", "age_years")})
"""Ages that are a firm's."""
AGE = re.compile(r"(^|_)(ages?|edad|alter|возраст|年龄|年齡|العمر)(_|$)")
BIRTH = re.compile(
    r"(^|_)(birth|born|dob|yob|birthday|birthdate|birthyear|nacimiento|naissance|рождения)(_|$)"
)
YOUTH = re.compile(r"(^|_)(child|children|minors?|juveniles?|teens?|girls?|boys?|infants?|youth)(_|$)")
REACH = re.compile(
    r"(^|_)(e?mails?|phones?|telephones?|tel|mobiles?|cell|msisdn|whatsapp|telegram|handle|username|nickname|website|urls?"
    r"|address|passport|imei|iban|ip|ssn|tel[eé]fonos?|t[eé]l[eé]phones?|телефон|电话|電話|手机|هاتف)(_|number|no|$)"
)
"""Names of columns that no schema has, of what reaches or names one person: digits alone would not tell."""
PERSON = re.compile(r"(^|_)(first|last|full|real|family|given|middle|sur|fore)_?names?(_|$)")
MONEY = re.compile(r"(^|_)currency(_|$)")
TEST_MONEY = "XTS"
NUMBER = re.compile(r"\d+")


def faults(
    table: str, frame: pl.DataFrame, schema: Collection[str] = ()
) -> Iterator[tuple[str, str, str, int]]:
    """Yield column, rule, what was found and the first row where, for each column that breaks a rule.

    ``schema``: columns that the table's schema has.
    """
    if table == COUNTS:
        for name in sorted(set(frame.columns) - COUNTED):
            yield name, "children are counts", f"column {name}", 0
        return
    for name in frame.columns:
        plain = re.sub(r"\W+", "_", re.sub(r"(?<=[a-z\d])(?=[A-Z])", "_", name)).casefold()
        if name not in schema and (REACH.search(plain) or PERSON.search(plain)):
            yield name, "no contact or name of a person", f"column {name}", 0
        yield from ((name, *fault) for fault in _of_column(table, plain, frame[name]))


def _of_column(table: str, name: str, values: pl.Series) -> Iterator[tuple[str, str, int]]:
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
        yield from _young(values)
    if MONEY.search(name):
        other = values.cast(pl.String).is_in([TEST_MONEY]).not_().arg_true()
        if len(other):
            yield "currency", str(values[int(other[0])]), int(other[0])


def _young(values: pl.Series) -> Iterator[tuple[str, str, int]]:
    """Yield the first age, or band of ages, that begins below eighteen, or that is neither."""
    for row, value in enumerate(values.to_list()):
        if value is None:
            continue
        number = NUMBER.search(str(value))
        if number is None or int(number.group()) < ADULT:
            yield "no minor as a row", str(value), row
            return
