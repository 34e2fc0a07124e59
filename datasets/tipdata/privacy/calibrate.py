"""Calibrate a world on a private table: check everything, book ε, take the counts, write the world."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import yaml
from tipcore.atomic import check_writable, write_file_atomically
from tipcore.errors import UsageError
from tipcore.operating_system import file_lock
from tipcore.table_files import read_own_file

from tipdata.core.own import OwnWorld
from tipdata.core.world import RELEASED, entry_of, newest_released, parameters
from tipdata.privacy.cells import Cells, bounded, cells_of
from tipdata.privacy.fitted import Fitted, fit
from tipdata.privacy.ledger import Ledger, ledger_file, open_ledger, write_ledger
from tipdata.privacy.measured import Measurement
from tipdata.privacy.request import ROW, Request

KINDS = {".csv": "csv", ".parquet": "parquet"}
NEIGHBOURS = "all rows of one unit replaced by any others; the number of units may be known"

Entry = Mapping[str, Any]


class Calibrated(NamedTuple):
    """What came of it: the world, how each parameter was fitted, and the ledger of the table afterwards."""

    world: OwnWorld
    fitted: dict[str, Fitted]
    ledger: Ledger


class _Plan(NamedTuple):
    """What is checked, and costs nothing."""

    version: str
    base: Mapping[str, Entry]
    measurement: Measurement
    cells: dict[str, Cells]


def calibrate(table: Path, request: Request, epsilon: float, to: Path) -> Calibrated:
    """Fit parameters of a world to a private table under ε-differential privacy and write the world file.

    Args:
        table: CSV or parquet; its ledger is written beside it, or beside the file that a symbolic link leads to.
        request: what is asked of it.
        epsilon: what this run may cost, for all parameters together.
        to: where the world file is written; nothing may be there.

    Raises:
        UsageError: before anything is spent or written, for what cannot be read, is not as it was declared, has too few
            units for ε, or exceeds the table's limit.
    """
    if to.exists():
        raise UsageError(f"{to} is there already: give another file.")
    plan = _planned(read_table(table), request, epsilon)
    table = _one_name(table)
    unit = request.unit_column or ROW
    open_ledger(table, unit, request.limit, epsilon)
    try:
        check_writable(to.absolute().parent)
        check_writable(table.absolute().parent)
    except OSError as error:
        raise UsageError(f"{error.filename or to} cannot be written: {error.strerror or error}.") from None
    with file_lock(ledger_file(table).with_suffix(".lock")):
        before = open_ledger(table, unit, request.limit, epsilon)
        return _spend(table, request, plan, before, to)


def _one_name(table: Path) -> Path:
    """Return the file that a path leads to, which has the ledger. Raises UsageError for one with two names."""
    file = table.resolve()
    if file.stat().st_nlink > 1:
        raise UsageError(
            f"{table} has a second name (a hard link), under which it would have a second budget: remove one of them."
        )
    return file


def _spend(table: Path, request: Request, plan: _Plan, before: Ledger, to: Path) -> Calibrated:
    """Take the counts and write what comes of them. The ledger is written first: who is killed between the two has
    spent and not received, never the other way round."""
    asked, cost = list(request.parameters), plan.measurement.epsilon
    write_ledger(table, before.after(cost, asked, ""))
    counts = plan.measurement.counts()
    fitted = {
        path: fit(
            path,
            plan.cells[path],
            counts[path],
            plan.base[path],
            plan.measurement.accuracy(path),
            request.tolerance,
        )
        for path in asked
    }
    changed = {path: entry for path in plan.base if path in fitted and (entry := fitted[path].entry)}
    after = before.after(cost, asked, "")
    told = _told(request, plan, fitted, after)
    world = OwnWorld(plan.version, int(entry_of(plan.version)["seed"]), told, changed)
    after = before.after(cost, asked, world.name if changed else "none: too few rows of each group")
    if changed:
        try:
            write_file_atomically(to, _yaml(world), "nothing was spent; give another file")
        except UsageError:
            write_ledger(table, before)  # nobody has seen what was counted
            raise
    write_ledger(table, after)
    return Calibrated(world, fitted, after)


def read_table(table: Path) -> pl.DataFrame:
    """Return a private table, CSV or parquet. Raises UsageError, which quotes nothing of it, where it is not there,
    damaged or without rows."""
    kind = KINDS.get(table.suffix.lower())
    if kind is None:
        raise UsageError(f"{table} is neither .csv nor .parquet: write the table as one of them.")
    if not table.is_file():
        raise UsageError(f"{table} is not there: give the file of the private table.")
    frame = read_own_file(table, kind, is_private=True)
    if not frame.height:
        raise UsageError(f"{table} has no rows: give a table with data.")
    return frame


def _planned(frame: pl.DataFrame, request: Request, epsilon: float) -> _Plan:
    """Check all that can be wrong with a request on a table. Raises UsageError."""
    version = request.based_on or newest_released()
    if entry_of(version)["status"] != RELEASED:
        raise UsageError(f"{version} is no released data version: take {newest_released()}.")
    base = parameters(version)
    rows, units = bounded(frame, request)
    cells_of(frame, request, base)  # values of all rows, whichever of them count
    cells = cells_of(rows, request, base)
    measurement = Measurement(cells, request.rows_each, epsilon)
    need = max(math.ceil(measurement.accuracy(path) / request.tolerance) for path in cells)
    if units < need:
        of = request.unit_column or ROW
        raise UsageError(
            f"the table has too few units ({of}): ε {epsilon:g} over {len(cells)} parameters needs {need:,} for "
            f"noise of at most {request.tolerance:.0%} of a share: nothing was spent; ask for fewer parameters, or "
            "take more rows or a larger epsilon."
        )
    return _Plan(version, base, measurement, cells)


def _told(request: Request, plan: _Plan, fitted: Mapping[str, Fitted], ledger: Ledger) -> dict[str, Any]:
    """Return what a world file says of how it was calibrated: no count, and nothing that is not public or paid for."""
    cost = plan.measurement.epsilon
    return {
        "mechanism": f"{plan.measurement.library}: counts by cell, discrete Laplace",
        "unit": ROW if request.unit is None else request.unit.model_dump(),
        "neighbours": NEIGHBOURS,
        "epsilon": cost,
        "scale": plan.measurement.scale,
        "spent_on_table": ledger.spent,
        "limit": ledger.limit,
        "parameters": {
            path: {
                "epsilon": cost / len(fitted),
                "asked": asked.model_dump(exclude_none=True, mode="json"),
                "accuracy": plan.measurement.accuracy(path),
                "kept": list(fitted[path].kept),
            }
            for path, asked in request.parameters.items()
        },
    }


HEAD = """\
# Calibrated on private records under differential privacy. What was asked and spent stands under `calibration`.
"""


def _yaml(world: OwnWorld) -> str:
    document = {
        "based_on": world.based_on,
        "calibration": dict(world.calibration),
        "parameters": {path: dict(entry) for path, entry in world.parameters.items()},
    }
    return HEAD + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
