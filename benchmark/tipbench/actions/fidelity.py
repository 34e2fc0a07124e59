"""``tipbench data fidelity``: hold a release against published aggregates, or its columns against a user's data."""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tipcore.errors import CheckFailed, UsageError
from tipdata.documents.fidelity import USES, AggregateResult, compare_release, unmodelled_aggregates
from tipdata.documents.measures import TableReader
from tipdata.release import open_release, other_assumptions

from tipbench.actions.beside import call_beside
from tipbench.actions.data import asked
from tipbench.config.compose import parse
from tipbench.console import Column, emit, emit_json, emit_table, notice
from tipbench.fidelity.figure import save_figure_of
from tipbench.fidelity.page import format_number, format_pair
from tipbench.runs.figure import check_ending

COLUMNS = (
    Column("aggregate"),
    Column("published", number=True),
    Column("band", number=True),
    Column("here", number=True),
    Column("95% interval", number=True, leave=1),
    Column("regions 5-95%", number=True, leave=3),
    Column("verdict"),
    Column("use", leave=2),
    Column("tables", leave=5),
    Column("source", leave=4),
)


def call(options: argparse.Namespace) -> int:
    """Hold the release. Raises CheckFailed where an aggregate is outside its band and ``--strict`` was given."""
    if options.figure is not None:
        check_ending(Path(options.figure))
    if any(one.key.partition(".")[0] == "data" for one in parse(options.overrides)):
        return call_beside(options)
    with _tables(options) as source:
        held = compare_release(source)
        name = source.name
    if options.figure is not None:
        save_figure_of(held, name, Path(options.figure))
        notice(f"drawn: {options.figure}", options.quiet)
    if options.json:
        emit_json(
            {
                "release": name,
                "aggregates": [one.to_dict() for one in held],
                "not_modelled": [one._asdict() for one in unmodelled_aggregates()],
            }
        )
    else:
        _emit(name, held)
    failed = sum(one.verdict == "fail" for one in held)
    if failed and options.strict:
        raise CheckFailed(f"{failed:,} of {len(held):,} aggregates of {name} lie outside their bands.")
    return 0


@contextmanager
def _tables(options: argparse.Namespace) -> Iterator[TableReader]:
    """Give the release, or its world under other assumptions, to read."""
    release, engine, own = asked(options)
    quiet = options.quiet
    if "assumptions" not in own:
        yield open_release(release.version, release.size, engine, quiet, release.world)
        return
    draw = own["assumptions"]
    if not (draw.isascii() and draw.isdigit() and len(draw) < 10):
        raise UsageError(f"assumptions={draw} is not a number: give 1, 2, 3 and so on.")
    with other_assumptions(release, int(draw), engine, quiet) as drawn:
        yield drawn


def _emit(name: str, held: Sequence[AggregateResult]) -> None:
    groups: dict[str, list[AggregateResult]] = {}
    for one in held:
        groups.setdefault(one.subject, []).append(one)
    rows = []
    for subject, listed in groups.items():
        rows += [[subject.upper(), *([""] * (len(COLUMNS) - 1))], *map(_row, listed)]
    emit_table(COLUMNS, rows, title=f"release {name} beside what is published")
    told = Counter(one.verdict for one in held)
    emit(
        f"{', '.join(f'{count} {verdict}' for verdict, count in told.items())}, of {len(held)}; "
        "?: the interval reaches across an end of the band"
    )
    for use, meaning in USES.items():
        of_use = Counter(one.verdict for one in held if one.aggregate.use == use)
        emit(
            f"  {use}: {', '.join(f'{n} {v}' for v, n in of_use.items()) or 'none'}. {meaning[0].upper()}{meaning[1:]}."
        )
    emit("\nnot modelled:")
    for one in unmodelled_aggregates():
        emit(f"  {one.what}{f' ({one.source})' if one.source else ''}: {one.why}")


def _row(one: AggregateResult) -> list[str]:
    a = one.aggregate
    return [
        f"  {a.name}",
        a.published,
        format_pair((a.low, a.high)),
        format_number(one.value),
        format_pair(one.interval),
        format_pair(one.regions),
        f"{one.verdict}{' ?' if one.is_doubtful else ''}",
        a.use,
        " ".join(a.tables),
        a.source,
    ]
