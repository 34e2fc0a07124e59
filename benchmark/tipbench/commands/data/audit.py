"""``tipbench data audit``: run privacy attacks on a table or release made from private records; exit 1 if records leak.

arguments:
  [FILE]                  what was made from them (.csv, .parquet), in place of a release

settings:
  private=FILE            the records that it was made from
  control=FILE            records of the same source that were kept back
  [columns=NAME,NAME]     that are compared (all that the three tables have)
  [secrets=NAME,NAME]     columns that an attacker would infer
  limit=0.05              of risk: one whose whole interval lies above fails the audit
  [table=TABLE]           of the release (adverts)
  key=value               release=, release.version=, release.world=

options:
  --quiet --json

examples:
  tipbench data audit made.csv private=used.csv control=kept.csv
  tipbench data audit release=tiny release.version=own-0123456789abcdef table=adverts private=used.csv control=kept.csv
  tipbench data audit made.csv private=used.csv control=kept.csv columns=age,town,work secrets=work

Keep some records back before you calibrate: they are the control. docs/privacy.md says how to read the table.
"""

import argparse
import math

import polars as pl
from tipcore.errors import CheckFailed, UsageError
from tipcore.locations import expand_home
from tipcore.spelling import suggestion
from tipdata.privacy.audit import AuditFinding, audit
from tipdata.privacy.calibration import read_table
from tipdata.release import Release
from tipdata.stages import tables_of

from tipbench.commands.data._release import open_release_of
from tipbench.console import Column, emit, emit_json, emit_table

LIMIT = 0.05
"""A risk whose whole interval lies above this fails the audit; the risk of copies fails it above 0."""


def call(options: argparse.Namespace) -> None:
    """Run the attacks. Raises CheckFailed where one finds private records more often than others."""
    try:
        limit = float(options.limit)
    except ValueError:
        limit = math.nan
    if not 0 <= limit < 1:
        raise UsageError(f"limit={options.limit} is out of range: give 0 <= limit < 1, such as {LIMIT}.")
    secrets = options.secrets.split(",") if options.secrets is not None else None
    private, control = (read_table(expand_home(path)) for path in (options.private, options.control))
    if options.file is not None:
        name, made, own_ids = options.file, _of_file(options.file, options), frozenset[str]()
    else:
        name, made, own_ids = _of_release(options, options.table or "adverts")
    shared = set(made.columns).intersection(control.columns) - own_ids
    columns = [name for name in private.columns if name in shared]
    if options.columns is not None:
        columns = options.columns.split(",")
    found = audit(made, private, control, columns, secrets)
    _emit(name, columns, found, limit, options.json)
    _judge(name, found, limit)


def _of_file(file: str, options: argparse.Namespace) -> pl.DataFrame:
    keys = [word.partition("=")[0] for word in options.overrides] + ["table"] * (options.table is not None)
    if keys:
        known = [one for one in options.settings if one != "table"]
        raise UsageError(f'Unknown setting "{keys[0]}" beside a table. {suggestion(keys[0], known)}')
    return read_table(expand_home(file))


def _of_release(options: argparse.Namespace, table: str) -> tuple[str, pl.DataFrame, frozenset[str]]:
    """Return a release's table with its truth, and the columns that only number its rows."""
    release: Release = open_release_of(options)
    frame = release.scan(table, truth=True).collect()
    declared = tables_of(release.version)[table]
    numbered = frozenset(c.name for c in declared.columns if c.id_of or c.name in declared.key)
    return f"{release.name}, table {table}", frame, numbered


def _emit(name: str, columns: list[str], found: list[AuditFinding], limit: float, as_json: bool) -> None:
    if as_json:
        lines = [{**one._asdict(), "has_power": one.has_power, "fails": one.fails(limit)} for one in found]
        for line in lines:
            line |= {key: line[key]._asdict() for key in ("private", "control", "chance", "risk", "leaky")}
        emit_json({"audited": name, "columns": columns, "limit": limit, "findings": lines})
        return
    heads = ("attacks", "private", "control", "chance", "risk", "leaky control")
    rows = []
    for one in found:
        rates = [f"{rate.value:.3f}" for rate in (one.private, one.control, one.chance)]
        risks = [f"{risk.value:.3f} ({risk.low:.3f} to {risk.high:.3f})" for risk in (one.risk, one.leaky)]
        rows.append([one.attack, f"{one.attacks:,}", *rates, *risks])
    emit_table([Column("attack"), *(Column(head, number=True) for head in heads)], rows, f"Audit of {name}")
    if blind := [one.attack for one in found if not one.has_power]:
        emit(f"no evidence, since it does not find the leaky control either: {'; '.join(blind)}")


def _judge(name: str, found: list[AuditFinding], limit: float) -> None:
    able = [one for one in found if one.has_power]
    if not able:
        raise CheckFailed(
            f"the audit of {name} shows nothing: no attack finds even a table that holds private records; audit more "
            "columns or more records."
        )
    if leaks := [one for one in able if one.fails(limit)]:
        worst = max(leaks, key=lambda one: one.risk.low)
        raise CheckFailed(
            f"{name} leaks private records: {len(leaks)} of {len(able)} attacks find more of them than of others, "
            f"{worst.attack} with a risk of {worst.risk.value:.2f}; do not share it."
        )
