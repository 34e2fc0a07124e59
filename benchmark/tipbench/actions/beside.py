"""``tipbench data fidelity data=NAME``: columns of a release beside real data of a user's own."""

import argparse
from importlib.util import find_spec

from tipcore.errors import UsageError
from tipcore.extras import how_to_install
from tipdata.release import open_release

from tipbench.actions.data import asked
from tipbench.actions.typed import composer_of
from tipbench.config.compose import parse
from tipbench.console import Column, emit, emit_json, emit_table, notice
from tipbench.data.custom.config import own_data
from tipbench.fidelity.own_data import APART, FACTOR, NOT_COMPARED, DataComparison, compare_data
from tipbench.loading import prepare

EXTRA, LIBRARY = "fidelity", "sdmetrics"


def call_beside(options: argparse.Namespace) -> int:
    """Compare, and write what is alike and what is not."""
    if options.figure is not None or options.strict:
        raise UsageError(
            "--figure and --strict are of aggregates, and data= is compared by column: leave out one."
        )
    typed = parse(options.overrides)
    of_data = [
        w for w, one in zip(options.overrides, typed, strict=True) if one.key.partition(".")[0] == "data"
    ]
    settings = composer_of(options, of_data).settings()
    if settings.data is None:
        raise UsageError("No data were given: add data=NAME; see `tipbench list data`.")
    options.overrides = [word for word in options.overrides if word not in of_data]
    release, engine, own = asked(options)
    if "assumptions" in own:
        raise UsageError("assumptions= and data= exclude each other: hold data against a release.")
    mapped = own_data(settings.data)
    frames = prepare(mapped.task, own=mapped, split=settings.split.name).folds[0].tables
    source = open_release(release.version, release.size, engine, options.quiet, release.world)
    has_library = find_spec(LIBRARY) is not None
    compared = compare_data(frames, source, mapped.name, has_library)
    if not has_library:
        notice(
            f"Shapes of columns are left out, since {LIBRARY} is not installed: {how_to_install(EXTRA)}.",
            options.quiet,
        )
    if options.json:
        emit_json(
            {
                "release": source.name,
                "data": mapped.name,
                "compared": [one.to_dict() for one in compared],
                "not_compared": NOT_COMPARED,
            }
        )
        return 0
    for one in compared:
        _emit(one, source.name, mapped.name)
    emit(f"\nalike: within a factor of {FACTOR}, of shares within {APART} and a factor of {2 * FACTOR:g}")
    emit(NOT_COMPARED)
    return 0


def _emit(one: DataComparison, release: str, data: str) -> None:
    columns = (
        Column("number"),
        Column("real", number=True),
        Column("real halves", number=True, leave=1),
        Column("release", number=True),
        Column("verdict"),
    )
    rows = [
        [
            line.name,
            _number(line.real),
            " / ".join(map(_number, line.halves)),
            _number(line.release),
            line.verdict,
        ]
        for line in one.lines
    ]
    title = f"{one.name}: {one.rows[0]:,} rows of data={data}, {one.rows[1]:,} of release {release}"
    emit_table(columns, rows, title=title)
    if one.auroc is not None and one.auroc_halves is not None:
        emit(
            f"a classifier tells the two apart with AUROC {one.auroc:.2f}, and halves of the real rows with "
            f"{one.auroc_halves:.2f}"
        )
    if one.shapes:
        told = ", ".join(f"{name} {value:.2f}" for name, value in one.shapes.items())
        emit(f"likeness of distributions (KSComplement of {LIBRARY}, 1 is the same): {told}")
    emit(f"differs anyway, whoever generates: {one.differs}")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
