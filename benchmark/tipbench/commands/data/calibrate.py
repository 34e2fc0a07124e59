"""``tipbench data calibrate``: fit a world's parameters to a private table under differential privacy.

arguments:
  [TABLE]                 the private table (.csv, .parquet)

settings:
  [config=FILE]           which parameters to fit, and how
  [epsilon=NUMBER]        the privacy budget that it may cost

options:
  [--to FILE]             where the world file is written; nothing may be there
  --list                  name what can be fitted, and by which column
  --quiet --json

examples:
  tipbench data calibrate --list                               what can be fitted, and by which column
  tipbench data calibrate cases.csv config=ask.yaml epsilon=1 --to mine.yaml

The world of the file is then made by `data make world=mine.yaml release=tiny`.
ε adds up in a ledger beside the table, up to the limit that the config states. What a config looks like, and what ε
means: docs/privacy.md. Needs the extra privacy.
"""

import argparse

from tipcore.errors import UsageError
from tipcore.extras import require
from tipcore.locations import expand_home
from tipdata.privacy.calibration import calibrate
from tipdata.privacy.request import CALIBRATABLE, WAYS, parse_epsilon, read_request

from tipbench.console import Column, emit, emit_json, emit_table

EXTRA = "privacy"


def call(options: argparse.Namespace) -> None:
    """Calibrate, or list what can be calibrated."""
    if options.list:
        _list(options)
        return
    require(EXTRA, "calibrating")
    if options.table is None:
        raise UsageError("calibrating needs a table: give one, a .csv or .parquet file.")
    for key in ("config", "epsilon"):
        if getattr(options, key) is None:
            raise UsageError(f"calibrating needs {key}=: see `tipbench data calibrate --help`.")
    if options.to is None:
        raise UsageError("calibrating needs a place for the world file: add --to FILE.")
    epsilon = parse_epsilon(options.epsilon)
    request = read_request(expand_home(options.config))
    to = expand_home(options.to)
    made = calibrate(expand_home(options.table), request, epsilon, to)
    calibration = dict(made.world.calibration)
    if options.json:
        changed = list(made.world.parameters)
        emit_json({"world": str(to) if changed else None, "changed": changed, "calibration": calibration})
        return
    for path, fitted in made.fitted.items():
        if fitted.entry is None:
            emit(f"{path}: stays, its counts being too few")
        else:
            emit(f"{path}: {fitted.entry['value']}" + (f" ({fitted.entry['note']})" if fitted.kept else ""))
    emit(
        f"ε {calibration['epsilon']:g} spent; {made.ledger.spent:g} of {made.ledger.limit:g} on this table in all"
    )
    if made.world.parameters:
        emit(f"private world in {to}: tipbench data make world={to} release=tiny")
    else:
        emit("no world was written: nothing in it would differ")


def _list(options: argparse.Namespace) -> None:
    rows = [[one.path, one.how, one.column, one.by] for one in CALIBRATABLE.values()]
    if options.json:
        emit_json([dict(zip(("path", "how", "column", "by"), row, strict=True)) for row in rows])
        return
    columns = [Column("parameter"), Column("fitted"), Column("column", prose=True), Column("by", leave=1)]
    emit_table(columns, rows)
    emit("\n".join(f"{how}: {what}" for how, what in WAYS.items()))
