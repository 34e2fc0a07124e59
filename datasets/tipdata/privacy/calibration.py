"""Calibrate a world on a private table: check everything, spend ε, count, fit the parameters, write the world.

The budget of a table is in a ledger file beside it: runs add up, and none exceeds the stated limit. Fitting uses only
the noisy counts, never the table, and so costs no ε however often it is done.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tipcore.atomic import check_writable, write_file_atomically
from tipcore.errors import UsageError
from tipcore.operating_system import file_lock
from tipcore.table_files import read_own_file

from tipdata.core.own_worlds import OwnWorld
from tipdata.core.parameters import ASSUMED, CALIBRATED
from tipdata.core.world import RELEASED, entry_of, newest_released, parameters
from tipdata.privacy.histograms import Cells, Entry, Measurement, cells_of, sample_units
from tipdata.privacy.request import CALIBRATABLE, ROW, CalibrationRequest

SUFFIX = ".privacy-ledger.json"
SLACK = 1e-9
"""Of a sum of decimals."""


class LedgerRun(BaseModel):
    """One run: its ε, the parameters that it requested, the world that it made, and when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epsilon: float = Field(gt=0)
    parameters: list[str]
    world: str
    when: str


class PrivacyLedger(BaseModel):
    """All runs on a table. ``unit``: the column whose values are protected, or ``row``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = 1
    unit: str
    limit: float = Field(gt=0)
    runs: list[LedgerRun] = []

    @property
    def spent(self) -> float:
        """The sum of ε over all runs (basic composition)."""
        return sum(run.epsilon for run in self.runs)

    def after(self, epsilon: float, parameters: list[str], world: str) -> PrivacyLedger:
        """Return the ledger with one run more."""
        when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        run = LedgerRun(epsilon=epsilon, parameters=parameters, world=world, when=when)
        return self.model_copy(update={"runs": [*self.runs, run]})


def ledger_file(table: Path) -> Path:
    """Return where the ledger of a table is."""
    return table.with_name(f"{table.name}{SUFFIX}")


def open_ledger(table: Path, unit: str, limit: float, epsilon: float) -> PrivacyLedger:
    """Return the ledger of a table, or a new one, if enough ε is left.

    Raises:
        UsageError: for a ledger that cannot be read (it may hold anything), one that has another limit or unit, and
            where what is left is less than ε.
    """
    file = ledger_file(table)
    try:
        text = file.read_text(encoding="utf-8")
        ledger = PrivacyLedger.model_validate_json(text)
    except FileNotFoundError:
        ledger = PrivacyLedger(unit=unit, limit=limit)
    except (OSError, UnicodeDecodeError, ValidationError):
        why = f"cannot be read, so what {table.name} has spent is unknown"
        raise UsageError(f"{file} {why}: restore it from a copy.") from None
    if ledger.unit != unit:
        units = f"protects each {ledger.unit} and this run each {unit}"
        raise UsageError(f"{file} {units}: budgets of two units do not add up; keep to {ledger.unit}.")
    if ledger.limit != limit:
        limits = f"has a limit of {ledger.limit:g} and this run one of {limit:g}"
        raise UsageError(f"{file} {limits}: a limit stays as it was first stated.")
    if ledger.spent + epsilon > limit + SLACK:
        spent = f"has spent ε {ledger.spent:g} of its limit {limit:g}, and {epsilon:g} more exceeds it"
        advice = "take a smaller epsilon, or use a world that was paid for"
        raise UsageError(f"{table.name} {spent}: nothing was spent; {advice}.")
    return ledger


def write_ledger(table: Path, ledger: PrivacyLedger) -> None:
    """Write the ledger of a table. Raises UsageError where that cannot be done."""
    text = json.dumps(ledger.model_dump(), indent=1, ensure_ascii=False) + "\n"
    advice = "the ledger stands beside the table: make its folder writable"
    write_file_atomically(ledger_file(table), text, advice)


WHOLE = 10_000
"""What weights add up to."""
ROUND = 4
"""Decimals of a probability."""


class FittedParameter(NamedTuple):
    """A parameter of a world file, None if it stays as it was; and the groups that stay, for their counts are few."""

    entry: dict[str, Any] | None
    kept: tuple[str, ...]


def fit(
    path: str, cells: Cells, counts: np.ndarray, base: Entry, accuracy: float, tolerance: float
) -> FittedParameter:
    """Return a parameter fitted to counts.

    Args:
        path: of the parameter.
        cells: what was counted.
        counts: (groups, cells of a group), noisy; may be below 0.
        base: the parameter as the world has it.
        accuracy: how far off the counts may be.
        tolerance: noise on a share that is still of use; a group with fewer counts than that needs stays as it was.
    """
    how, need = CALIBRATABLE[path].how, accuracy / tolerance
    enough = counts.sum(axis=1) >= need
    kept = tuple(name for name, good in zip(cells.groups, enough, strict=True) if not good)
    if not enough.any():
        return FittedParameter(None, kept or cells.groups)
    if how in ("weights", "listed"):
        value = _weights(counts[0], base["value"])
    elif how == "rate":
        value = _rate(counts[0])
    elif how == "mean":
        there = base["range"] if "range" in base else [base["value"]]
        whole = all(isinstance(one, int) for one in there)
        value = round(_mean(counts[0], np.asarray(cells.bins)), None if whole else ROUND)
    else:
        one = _rate if how == "rates" else lambda row: round(_median(row, np.asarray(cells.bins), accuracy))
        rows = zip(cells.groups, counts, enough, strict=True)
        value = {name: one(row) if good else base["value"][name] for name, row, good in rows}
    sign = CALIBRATED if base["sign"] == ASSUMED else base["sign"]
    entry = {"value": value, "unit": base["unit"], "sign": sign, "magnitude": CALIBRATED}
    if kept:
        entry["note"] = f"as before, their rows being too few: {', '.join(kept)}"
    return FittedParameter(entry, kept)


def _weights(counts: np.ndarray, base: Any) -> Any:
    """Return whole weights out of 10,000. A name with a weight in the world keeps one: nothing becomes impossible."""
    least = np.array([1 if one else 0 for one in (base.values() if isinstance(base, Mapping) else base)])
    shares = np.maximum(counts, 0) / max(np.maximum(counts, 0).sum(), 1)
    weights = np.maximum(np.round(shares * WHOLE).astype(int), least).tolist()
    return dict(zip(base, weights, strict=True)) if isinstance(base, Mapping) else weights


def _rate(counts: np.ndarray) -> float:
    return round(float(np.clip(counts[1] / counts.sum(), 0.0, 1.0)), ROUND)


def _mean(counts: np.ndarray, edges: np.ndarray) -> float:
    """Return the mean of bins, each at its middle. Noise on empty bins cancels, so negative counts stay."""
    middle = (edges[1:] + edges[:-1]) / 2
    return float(np.clip((counts * middle).sum() / counts.sum(), edges[0], edges[-1]))


def _median(counts: np.ndarray, edges: np.ndarray, accuracy: float) -> float:
    """Return the median of bins of equal ratio. A count that noise alone may cause counts as zero."""
    real = np.where(counts > accuracy, counts, 0)
    real = real if real.any() else np.maximum(counts, 0)
    total = np.concatenate([[0], np.cumsum(real)])
    at = float(np.interp(total[-1] / 2, total, np.log(edges)))
    return math.exp(at)


NEIGHBOURS = "all rows of one unit replaced by any others; the number of units may be known"


class Calibration(NamedTuple):
    """The result: the world, how each parameter was fitted, and the ledger of the table afterwards."""

    world: OwnWorld
    fitted: dict[str, FittedParameter]
    ledger: PrivacyLedger


class _Plan(NamedTuple):
    """A request that was checked, which costs nothing."""

    version: str
    base: Mapping[str, Entry]
    measurement: Measurement
    cells: dict[str, Cells]


def calibrate(table: Path, request: CalibrationRequest, epsilon: float, to: Path) -> Calibration:
    """Fit parameters of a world to a private table under ε-differential privacy and write the world file.

    Args:
        table: CSV or parquet; its ledger is written beside it, or beside the file that a symbolic link leads to.
        request: what the user requests.
        epsilon: the cost of this run, for all parameters together.
        to: where the world file is written; nothing may be there.

    Raises:
        UsageError: before anything is spent or written, for a table that cannot be read, is not as declared, has too
            few units for ε, has a second name (a hard link), or would exceed its limit.
    """
    if to.exists():
        raise UsageError(f"{to} is there already: give another file.")
    plan = _make_plan(read_table(table), request, epsilon)
    if table.stat().st_nlink > 1:
        why = "has a second name (a hard link), under which it would have a second budget"
        raise UsageError(f"{table} {why}: remove one of them.")
    table = table.resolve()
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


def _spend(
    table: Path, request: CalibrationRequest, plan: _Plan, before: PrivacyLedger, to: Path
) -> Calibration:
    """Count, fit and write. The ledger is written first: if the process is killed in between, ε was spent for
    nothing, but never counted without being spent."""
    paths, cost = list(request.parameters), plan.measurement.epsilon
    write_ledger(table, before.after(cost, paths, ""))
    counts = plan.measurement.counts()
    fitted = {}
    for path in paths:
        accuracy = plan.measurement.accuracy(path)
        fitted[path] = fit(path, plan.cells[path], counts[path], plan.base[path], accuracy, request.tolerance)
    changed = {path: entry for path in plan.base if path in fitted and (entry := fitted[path].entry)}
    after = before.after(cost, paths, "")
    record = _record(request, plan, fitted, after)
    world = OwnWorld(plan.version, int(entry_of(plan.version)["seed"]), record, changed)
    after = before.after(cost, paths, world.name if changed else "none: too few rows of each group")
    if changed:
        try:
            write_file_atomically(to, _yaml(world), "nothing was spent; give another file")
        except UsageError:
            write_ledger(table, before)  # the counts were not published
            raise
    write_ledger(table, after)
    return Calibration(world, fitted, after)


def read_table(table: Path) -> pl.DataFrame:
    """Return a private table, CSV or parquet. Raises UsageError, which quotes no cell, for a file that is missing,
    damaged or without rows."""
    kind = table.suffix.lower().removeprefix(".")
    if kind not in ("csv", "parquet"):
        raise UsageError(f"{table} is neither .csv nor .parquet: write the table as one of them.")
    if not table.is_file():
        raise UsageError(f"{table} is not there: give the file of the private table.")
    frame = read_own_file(table, kind, is_private=True)
    if not frame.height:
        raise UsageError(f"{table} has no rows: give a table with data.")
    return frame


def _make_plan(frame: pl.DataFrame, request: CalibrationRequest, epsilon: float) -> _Plan:
    version = request.based_on or newest_released()
    if entry_of(version)["status"] != RELEASED:
        raise UsageError(f"{version} is no released data version: take {newest_released()}.")
    base = parameters(version)
    rows, units = sample_units(frame, request)
    cells_of(frame, request, base)  # the values of all rows must be as declared
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


def _record(
    request: CalibrationRequest, plan: _Plan, fitted: Mapping[str, FittedParameter], ledger: PrivacyLedger
) -> dict[str, Any]:
    """Return what a world file states about its calibration: no count, and nothing that is not public or paid for."""
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
                "asked": source.model_dump(exclude_none=True, mode="json"),
                "accuracy": plan.measurement.accuracy(path),
                "kept": list(fitted[path].kept),
            }
            for path, source in request.parameters.items()
        },
    }


HEAD = """\
# Calibrated on private records under differential privacy. What was asked and spent stands under `calibration`.
"""


def _yaml(world: OwnWorld) -> str:
    parameters = {path: dict(entry) for path, entry in world.parameters.items()}
    document = {"based_on": world.based_on, "calibration": dict(world.calibration), "parameters": parameters}
    return HEAD + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
