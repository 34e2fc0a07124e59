"""What a private table has spent, in a file beside it: runs add up, and none exceeds the stated limit."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError

SUFFIX = ".privacy-ledger.json"
SLACK = 1e-9
"""Of a sum of decimals."""


class Spent(BaseModel):
    """One run: its ε, what it asked, the world that came of it, and when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epsilon: float = Field(gt=0)
    parameters: list[str]
    world: str
    when: str


class Ledger(BaseModel):
    """All runs on a table. ``unit``: the column whose values are protected, or ``row``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = 1
    unit: str
    limit: float = Field(gt=0)
    runs: list[Spent] = []

    @property
    def spent(self) -> float:
        """ε of all runs together, by basic composition."""
        return sum(run.epsilon for run in self.runs)

    def after(self, epsilon: float, parameters: list[str], world: str) -> Ledger:
        """Return the ledger with one run more."""
        when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        run = Spent(epsilon=epsilon, parameters=parameters, world=world, when=when)
        return self.model_copy(update={"runs": [*self.runs, run]})


def ledger_file(table: Path) -> Path:
    """Return where the ledger of a table is."""
    return table.with_name(f"{table.name}{SUFFIX}")


def open_ledger(table: Path, unit: str, limit: float, epsilon: float) -> Ledger:
    """Return the ledger of a table, or a new one, once it is known that ε is left.

    Raises:
        UsageError: for a ledger that cannot be read (it may hold anything), one that has another limit or unit, and
            where what is left is less than ε.
    """
    file = ledger_file(table)
    try:
        text = file.read_text(encoding="utf-8")
        ledger = Ledger.model_validate_json(text)
    except FileNotFoundError:
        ledger = Ledger(unit=unit, limit=limit)
    except (OSError, UnicodeDecodeError, ValidationError):
        raise UsageError(
            f"{file} cannot be read, so that nobody knows what {table.name} has spent: bring it back from a copy."
        ) from None
    if ledger.unit != unit:
        raise UsageError(
            f"{file} protects each {ledger.unit} and this run each {unit}: budgets of two units do not add up; keep to "
            f"{ledger.unit}."
        )
    if ledger.limit != limit:
        raise UsageError(
            f"{file} has a limit of {ledger.limit:g} and this run one of {limit:g}: a limit stays as it was "
            "first stated."
        )
    if ledger.spent + epsilon > limit + SLACK:
        raise UsageError(
            f"{table.name} has spent ε {ledger.spent:g} of its limit {limit:g}, and {epsilon:g} more exceeds it: "
            "nothing was spent; take a smaller epsilon, or use a world that was paid for."
        )
    return ledger


def write_ledger(table: Path, ledger: Ledger) -> None:
    """Write the ledger of a table. Raises UsageError where that cannot be done."""
    text = json.dumps(ledger.model_dump(), indent=1, ensure_ascii=False) + "\n"
    write_file_atomically(
        ledger_file(table), text, "the ledger stands beside the table: make its folder writable"
    )
