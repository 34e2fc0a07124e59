"""Write the tables of ``docs/fidelity.md``, or check them: ``python -m tipbench.fidelity.page [--check]``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tipdata.core.world import FOLDER
from tipdata.documents.fidelity import USES, AggregateResult, compare_release, unmodelled_aggregates
from tipdata.documents.project_files import write_or_check
from tipdata.release import Release, open_release

FILE = FOLDER.parents[1] / "docs" / "fidelity.md"
BEGIN, END = "<!-- written by python -m tipbench.fidelity.page -->", "<!-- until here -->"


def render(results: Sequence[AggregateResult], name: str) -> str:
    """Return the generated part of the page: verdicts, a table per subject, and what is not modelled."""
    parts = [BEGIN, "", _counts(results, name)]
    for subject in dict.fromkeys(one.subject for one in results):
        of_subject = [one for one in results if one.subject == subject]
        parts += ["", f"### {subject[0].upper()}{subject[1:]}", "", *_table(of_subject)]
    parts += ["", "## What is not modelled", ""]
    for one in unmodelled_aggregates():
        parts.append(f"- {one.what}{f' ({one.source})' if one.source else ''}. {one.why}")
    return "\n".join([*parts, "", END])


def _counts(results: Sequence[AggregateResult], name: str) -> str:
    known = ("pass", "fail", "too few rows")
    head = f"| use | {' | '.join(known)} | what it means |"
    lines = [f"Release {name}, {len(results)} aggregates.", "", head, "|---|--:|--:|--:|---|"]
    for use, meaning in USES.items():
        verdicts = [one.verdict for one in results if one.aggregate.use == use]
        counts = " | ".join(str(verdicts.count(verdict)) for verdict in known)
        lines.append(f"| {use} | {counts} | {meaning} |")
    return "\n".join(lines)


def _table(results: Sequence[AggregateResult]) -> list[str]:
    lines = [
        "| aggregate | published | band | here | 95% interval | verdict | use |",
        "|---|--:|--:|--:|--:|---|---|",
    ]
    for one in results:
        a = one.aggregate
        verdict = f"**{one.verdict}**" if one.verdict == "fail" else one.verdict
        use = f"{a.use}{f' `{a.parameter}`' if a.parameter else ''}"
        source = f"{a.published}, {a.source}{'' if a.mark == 'read' else f' ({a.mark})'}"
        verdict = f"{verdict} ?" if one.is_doubtful else verdict
        lines.append(
            f"| {a.name} | {source} | {_range((a.low, a.high))} | {format_number(one.value)} | "
            f"{_range(one.interval)} | {verdict} | {use} |"
        )
    return lines


def _range(ends: tuple[float, float] | None) -> str:
    """Return ends with a dash between them, or with a word where a dash could be read as a sign."""
    return format_pair(ends) if ends is None or ends[0] < 0 else format_pair(ends).replace(" to ", "–")


def format_number(value: float | None) -> str:
    """Return a value as text with a sensible number of digits, '-' for None."""
    if value is None:
        return "-"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}"


def format_pair(ends: tuple[float, float] | None) -> str:
    """Return the ends of an interval or band as text, '-' for None."""
    return "-" if ends is None else f"{format_number(ends[0])} to {format_number(ends[1])}"


def replace_tables(page: str, part: str) -> str:
    """Return the page with its generated part replaced. Raises ValueError if the page has no place for it."""
    before, found, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (found and ended):
        raise ValueError(f"{FILE} has no place for the table: put back the lines {BEGIN} and {END}")
    return f"{before}{part}{after}"


def main(words: Sequence[str]) -> int:
    """Write the page, or with ``--check`` name it where it is out of date; returns the exit code."""
    small = open_release(Release.from_name("small").version, "small")
    made = replace_tables(FILE.read_text(encoding="utf-8"), render(compare_release(small), small.name))
    return write_or_check({FILE.name: made}, FILE.parent, words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
