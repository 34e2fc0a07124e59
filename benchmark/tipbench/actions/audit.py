"""``tipbench data audit``: attack a table or release that was made from private records, with a control beside it."""

import argparse
import math

import polars as pl
from tipcore.errors import CheckFailed, UsageError
from tipcore.locations import expand_home
from tipdata.privacy.audit import Finding, audit
from tipdata.privacy.calibration import read_table
from tipdata.release import Release
from tipdata.stages import tables_of

from tipbench.actions.data import opened
from tipbench.commands.data_actions import ACTIONS
from tipbench.config.options import suggestion
from tipbench.console import Column, emit, emit_json, emit_table

LIMIT = 0.05
"""A risk whose whole interval lies above this fails the audit; that of copies above 0, whatever the limit."""


def call(options: argparse.Namespace) -> int:
    """Audit, and fail where private records are told apart from others."""
    files = [word for word in options.overrides if "=" not in word]
    typed = dict(word.split("=", 1) for word in options.overrides if "=" in word)
    if len(files) > 1:
        raise UsageError(f"{len(files)} tables were given: give one, or a release.")
    for key in ("private", "control"):
        if key not in typed:
            raise UsageError(f"an audit needs {key}=FILE: see `tipbench data audit --help`.")
    limit = _limit(typed.get("limit", str(LIMIT)))
    secrets = typed["secrets"].split(",") if "secrets" in typed else None
    private, control = (read_table(expand_home(typed[key])) for key in ("private", "control"))
    if files:
        name, made, own_ids = files[0], _of_file(files[0], typed), frozenset[str]()
    else:
        name, made, own_ids = _of_release(options, typed.get("table", "adverts"))
    columns = _columns(typed, made, private, control, own_ids)
    found = audit(made, private, control, columns, secrets)
    _tell(name, columns, found, limit, options.json)
    _judge(name, found, limit)
    return 0


def _of_file(file: str, typed: dict[str, str]) -> pl.DataFrame:
    for key in typed:
        if key not in ACTIONS["audit"].keys or key == "table":
            known = [one for one in ACTIONS["audit"].keys if one != "table"]
            raise UsageError(f'Unknown setting "{key}" beside a table. {suggestion(key, known)}')
    return read_table(expand_home(file))


def _of_release(options: argparse.Namespace, table: str) -> tuple[str, pl.DataFrame, frozenset[str]]:
    """Return a release's table with its truth, and the columns that only number its rows."""
    release: Release = opened(options)
    frame = release.scan(table, truth=True).collect()
    declared = tables_of(release.version)[table]
    numbered = frozenset(c.name for c in declared.columns if c.id_of or c.name in declared.key)
    return f"{release.name}, table {table}", frame, numbered


def _columns(
    typed: dict[str, str],
    made: pl.DataFrame,
    private: pl.DataFrame,
    control: pl.DataFrame,
    own_ids: frozenset[str],
) -> list[str]:
    """Return the columns that are asked for, or all that the three tables have but for numbers of rows."""
    if "columns" in typed:
        return typed["columns"].split(",")
    return [c for c in private.columns if c in made.columns and c in control.columns and c not in own_ids]


def _limit(said: str) -> float:
    try:
        limit = float(said)
    except ValueError:
        limit = math.nan
    if not 0 <= limit < 1:
        raise UsageError(f"limit={said} is no risk: give a number from 0 to below 1, such as {LIMIT}.")
    return limit


def _tell(name: str, columns: list[str], found: list[Finding], limit: float, as_json: bool) -> None:
    if as_json:
        lines = [{**one._asdict(), "has_power": one.has_power, "fails": one.fails(limit)} for one in found]
        for line in lines:
            line |= {key: line[key]._asdict() for key in ("private", "control", "chance", "risk", "leaky")}
        emit_json({"audited": name, "columns": columns, "limit": limit, "findings": lines})
        return
    heads = ("attacks", "private", "control", "chance", "risk", "leaky control")
    rows = [
        [
            one.attack,
            f"{one.attacks:,}",
            *(f"{rate.value:.3f}" for rate in (one.private, one.control, one.chance)),
            *(f"{risk.value:.3f} ({risk.low:.3f} to {risk.high:.3f})" for risk in (one.risk, one.leaky)),
        ]
        for one in found
    ]
    emit_table([Column("attack"), *(Column(head, number=True) for head in heads)], rows, f"Audit of {name}")
    if blind := [one.attack for one in found if not one.has_power]:
        emit(f"says nothing, as it does not find the leaky control either: {'; '.join(blind)}")


def _judge(name: str, found: list[Finding], limit: float) -> None:
    able = [one for one in found if one.has_power]
    if not able:
        raise CheckFailed(
            f"the audit of {name} shows nothing: no attack finds even a table that holds private records; audit more "
            "columns or more records."
        )
    if leaks := [one for one in able if one.fails(limit)]:
        worst = max(leaks, key=lambda one: one.risk.low)
        raise CheckFailed(
            f"{name} tells of its private records: {len(leaks)} of {len(able)} attacks find more than of others, "
            f"{worst.attack} with a risk of {worst.risk.value:.2f}; do not share it."
        )
