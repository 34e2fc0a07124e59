"""Read every string that the data can ever show, from the sources under :file:`text/`."""

from __future__ import annotations

from collections.abc import Iterator

from tipdata.core.kinds import LANGUAGES
from tipdata.documents.linting.folder import Report
from tipdata.documents.linting.strikes import Strike, excerpt
from tipdata.documents.producible import names_and_codes, producible
from tipdata.text.lint import broken


def lint_sources() -> Report:
    """Return what was read and found: per language its adverts and notes, and what no language owns."""
    report = Report()
    for language in LANGUAGES:
        _read(report, f"text in {language}", producible(language), language)
    _read(report, "names and codes", names_and_codes(), "en", forms=False)
    return report


def _read(
    report: Report, name: str, strings: Iterator[tuple[str, str]], language: str, forms: bool | None = None
) -> None:
    seen: set[str] = set()
    for source, text in strings:
        report.strings[name] += 1
        if text in seen:
            continue
        seen.add(text)
        report.strikes += [
            Strike(name, source, rule, found, "sources", excerpt(text, found))
            for rule, found in broken(text, language, forms).items()
        ]
    report.distinct[name] = len(seen)
