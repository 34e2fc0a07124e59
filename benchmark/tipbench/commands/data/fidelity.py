"""``tipbench data fidelity``: compare a release with published statistics, or with your own data.

settings:
  key=value               release= (SIZE, or VERSION/SIZE as a release is named, with .w3 of independent world 3), or
                          release.world=; engine=, engine.workers=, engine.address=, engine.cluster=, engine.folder=;
                          data= of your own data
  [assumptions=N]         draw all that is assumed anew, for this alone: 1, 2, 3 and so on
  strict=false            true: exit 1 where an aggregate lies outside its band

options:
  [--figure PATH]         draw it as well: .png, .svg or .pdf
  --config-dir --quiet --json

examples:
  tipbench data fidelity release=small
  tipbench data fidelity release=small strict=true --figure fidelity.png
  tipbench data fidelity release=tiny release.world=3          an independent world
  tipbench data fidelity release=tiny assumptions=2            all that is assumed drawn anew, for this alone
  tipbench data fidelity release=small data=sms_spam data.path=FOLDER

Each line says what was published, the band in which the release should lie, what it has with an interval, and how the
number was used when the world was made. Failures are shown and are no error, unless strict=true asks for one (exit
code 1). With data= the release is compared with real data of your own, column by column: docs/fidelity.md.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from pathlib import Path

from tipcore.errors import CheckFailed, UsageError
from tipcore.extras import how_to_install
from tipdata.documents.fidelity import USES, AggregateResult, compare_release, unmodelled_aggregates
from tipdata.release import Release, other_assumptions

from tipbench.commands.data._release import chosen_data, chosen_release, is_of_data, open_chosen
from tipbench.console import Column, emit, emit_json, emit_table, notice
from tipbench.fidelity.figure import write_figure
from tipbench.fidelity.own_data import APART, FACTOR, NOT_COMPARED, DataComparison, compare_data
from tipbench.fidelity.page import format_number, format_pair
from tipbench.loading import prepare
from tipbench.runs.figure import check_format

EXTRA, LIBRARY = "fidelity", "sdmetrics"
COLUMNS = (
    Column("aggregate", text=lambda one: f"  {one.aggregate.name}"),
    Column("published", True, text=lambda one: one.aggregate.published),
    Column("band", True, text=lambda one: format_pair((one.aggregate.low, one.aggregate.high))),
    Column("here", True, text=lambda one: format_number(one.value)),
    Column("95% interval", True, leave=1, text=lambda one: format_pair(one.interval)),
    Column("regions 5-95%", True, leave=3, text=lambda one: format_pair(one.regions)),
    Column("verdict", text=lambda one: f"{one.verdict}{' ?' if one.is_doubtful else ''}"),
    Column("use", leave=2, text=lambda one: one.aggregate.use),
    Column("tables", leave=5, text=lambda one: " ".join(one.aggregate.tables)),
    Column("source", leave=4, text=lambda one: one.aggregate.source),
)


def call(options: argparse.Namespace) -> None:
    """Compare the release. With ``strict=true``, raises CheckFailed where an aggregate is outside its band."""
    if options.figure is not None:
        check_format(options.figure)
    if any(map(is_of_data, options.overrides)):
        _compare_own_data(options)
        return
    with _tables(options) as source:
        found = compare_release(source)
        name = source.name
    if options.figure is not None:
        write_figure(found, name, Path(options.figure))
        notice(f"drawn: {options.figure}", options.quiet)
    if options.json:
        missing = [one._asdict() for one in unmodelled_aggregates()]
        emit_json({"release": name, "aggregates": [one.to_dict() for one in found], "not_modelled": missing})
    else:
        _emit(name, found)
    failed = sum(one.verdict == "fail" for one in found)
    if failed and options.strict:
        raise CheckFailed(f"{failed:,} of {len(found):,} aggregates of {name} lie outside their bands.")


def _tables(options: argparse.Namespace) -> AbstractContextManager[Release]:
    """Return the release, or its world drawn again under other assumptions, to be opened."""
    release, engine = chosen_release(options)
    draw = options.assumptions
    if draw is None:
        return nullcontext(open_chosen(release, engine, options))
    if not 0 <= draw < 10**9:
        raise UsageError(f"assumptions={draw} is not a number: give 1, 2, 3 and so on.")
    return other_assumptions(release, draw, engine, options.quiet)


def _emit(name: str, found: Sequence[AggregateResult]) -> None:
    groups: dict[str, list[AggregateResult]] = {}
    for one in found:
        groups.setdefault(one.subject, []).append(one)
    rows = []
    for subject, listed in groups.items():
        rows.append([subject.upper(), *([""] * (len(COLUMNS) - 1))])
        rows += [[column.text(one) for column in COLUMNS] for one in listed]
    emit_table(COLUMNS, rows, title=f"release {name} beside what is published")
    verdicts = Counter(one.verdict for one in found)
    emit(
        f"{', '.join(f'{count} {verdict}' for verdict, count in verdicts.items())}, of {len(found)}; "
        "?: the interval reaches across an end of the band"
    )
    for use, meaning in USES.items():
        of_use = Counter(one.verdict for one in found if one.aggregate.use == use)
        emit(
            f"  {use}: {', '.join(f'{n} {v}' for v, n in of_use.items()) or 'none'}. {meaning[0].upper()}{meaning[1:]}."
        )
    emit("\nnot modelled:")
    for one in unmodelled_aggregates():
        emit(f"  {one.what}{f' ({one.source})' if one.source else ''}: {one.why}")


def _compare_own_data(options: argparse.Namespace) -> None:
    """Compare the release with a user's own data, column by column."""
    if options.figure is not None or options.strict:
        raise UsageError(
            "--figure and strict= are of aggregates, and data= is compared by column: leave out one."
        )
    mapped, split = chosen_data(options, [word for word in options.overrides if is_of_data(word)])
    options.overrides = [word for word in options.overrides if not is_of_data(word)]
    release, engine = chosen_release(options)
    if options.assumptions is not None:
        raise UsageError("assumptions= and data= exclude each other: compare data with a release.")
    frames = prepare(mapped.task, own=mapped, split=split).folds[0].tables
    source = open_chosen(release, engine, options)
    has_library = find_spec(LIBRARY) is not None
    compared = compare_data(frames, source, mapped.name, has_library)
    if not has_library:
        notice(
            f"Shapes of columns are left out, since {LIBRARY} is not installed: {how_to_install(EXTRA)}.",
            options.quiet,
        )
    if options.json:
        found = [one.to_dict() for one in compared]
        about = {"release": source.name, "data": mapped.name}
        emit_json({**about, "compared": found, "not_compared": NOT_COMPARED})
        return
    for one in compared:
        _emit_comparison(one, source.name, mapped.name)
    emit(f"\nalike: within a factor of {FACTOR}, of shares within {APART} and a factor of {2 * FACTOR:g}")
    emit(NOT_COMPARED)


def _emit_comparison(one: DataComparison, release: str, data: str) -> None:
    columns = [Column("number"), Column("real", number=True), Column("real halves", number=True, leave=1)]
    columns += [Column("release", number=True), Column("verdict")]
    rows = []
    for line in one.lines:
        halves = " / ".join(map(_format_real, line.halves))
        rows.append([line.name, _format_real(line.real), halves, _format_real(line.release), line.verdict])
    title = f"{one.name}: {one.rows[0]:,} rows of data={data}, {one.rows[1]:,} of release {release}"
    emit_table(columns, rows, title=title)
    if one.auroc is not None and one.auroc_halves is not None:
        emit(
            f"a classifier tells the two apart with AUROC {one.auroc:.2f}, and halves of the real rows with "
            f"{one.auroc_halves:.2f}"
        )
    if one.shapes:
        shapes = ", ".join(f"{name} {value:.2f}" for name, value in one.shapes.items())
        emit(f"likeness of distributions (KSComplement of {LIBRARY}, 1 is the same): {shapes}")
    emit(f"differs anyway, whoever generates: {one.differs}")


def _format_real(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
