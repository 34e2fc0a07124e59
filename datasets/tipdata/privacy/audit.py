"""Audit a table that was made from private records: does it reveal more about them than about others like them?

The risks are those of the European guidance on anonymisation (Article 29 Working Party, Opinion 05/2014): singling
out, linkability and inference; and *copies*, records that are in the table as they are. Each attack is run on the
private records, on a *control* of records of the same kind that the table cannot know, and on a *leaky positive
control*: the audited table with half of its rows replaced by private records. An attack that does not find those has
no power, and its finding says so.

The risk is that of Giomi et al. (2023): the success beyond that on the control, as a share of what was left to be
found, (attack - control) / (1 - control). Rates have Wilson's interval (1927), and the half-width of the risk follows
from those of both rates by linear propagation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import polars as pl
from tipcore.errors import UsageError

from tipdata.privacy.attacks import (
    Bools,
    CodedRows,
    encode_tables,
    find_copies,
    find_links,
    infer_secrets,
    joint_conditions,
    score_guesses,
    single_conditions,
    single_out,
)
from tipdata.privacy.histograms import NAMES

Z = 1.959963984540054
"""Of a two-sided interval of 95%."""
WIDE_Z = 2.5758293035489
"""Of one of 99%."""


class Rate(NamedTuple):
    """A rate of success and the half-width of its interval."""

    value: float
    error: float


class Risk(NamedTuple):
    """A risk between 0 and 1 with its interval, which is that of its two rates."""

    value: float
    low: float
    high: float


def rate_of(successes: int, attacks: int, z: float = Z) -> Rate:
    """Return Wilson's rate. Raises ValueError if there was no attack."""
    if not 0 <= successes <= attacks or not attacks:
        raise ValueError(f"{successes} successes of {attacks} attacks are no rate")
    whole = attacks + z * z
    spread = successes * (attacks - successes) / attacks + z * z / 4
    return Rate((successes + z * z / 2) / whole, z * math.sqrt(spread) / whole)


def risk_of(attack: Rate, control: Rate) -> Risk:
    """Return the risk beyond the control, cut to 0 and 1."""
    left = 1 - control.value
    value = (attack.value - control.value) / left
    error = math.hypot(attack.error / left, control.error * (1 - attack.value) / left**2)
    return Risk(*(min(max(one, 0.0), 1.0) for one in (value, value - error, value + error)))


FEWEST = 100
"""Records of a table that is audited, of the private table and of its control."""
WIDTH = 3
"""Columns of a condition that singles out."""
CONDITIONS, TARGETS = 1_000, 1_000
MOST_SYNTHETIC = 20_000
"""Rows of the audited table that are searched, a random sample of more; copies are searched in all rows."""
COPIES = "copies"


class AuditFinding(NamedTuple):
    """One attack: its success on private records, on the control and by chance, and the risk of the audited table and
    of the leaky one. ``attacks``: how many there were on each."""

    attack: str
    attacks: int
    private: Rate
    control: Rate
    chance: Rate
    risk: Risk
    leaky: Risk

    @property
    def has_power(self) -> bool:
        """Whether it finds the records in the leaky table."""
        return self.leaky.low > 0

    def fails(self, limit: float) -> bool:
        """Return whether the whole interval of the risk is above a limit; of copies, above 0.

        Guesses of the other attacks share rows and rare values: their intervals are too narrow and need a margin.
        Whether a record has a copy depends on no other record, and any copy beyond chance is a mistake.
        """
        return self.has_power and self.risk.low > (0.0 if self.attack == COPIES else limit)


Attempt = Callable[[CodedRows], Callable[[CodedRows], Bools]]
"""A synthetic table -> a set of records -> whether each guess about them is right."""


class _Attack(NamedTuple):
    """An attack. ``chance``: the same guesses by single columns at most, without the table's rows. ``z``: of its
    intervals."""

    name: str
    attempt: Attempt
    chance: Attempt
    z: float = Z


def audit(
    audited: pl.DataFrame,
    private: pl.DataFrame,
    control: pl.DataFrame,
    columns: Sequence[str],
    secrets: Sequence[str] | None = None,
    seed: int = 0,
) -> list[AuditFinding]:
    """Return what each attack finds.

    Args:
        audited: the table that was made from private records.
        private: those records.
        control: records of the same kind that it was not made from; the larger of the two is cut to the smaller.
        columns: those that all three have and an attacker may know.
        secrets: columns to infer from the others; None for each in turn.
        seed: of the choice of rows and conditions.

    Raises:
        UsageError: for a column that a table lacks or that is given twice, fewer than two columns, and too few rows.
    """
    _check({"audited": audited, "private": private, "control": control}, columns, secrets)
    rng = np.random.default_rng(seed)
    mine, other, made = encode_tables([private, control, audited], columns)
    # Samples are small enough to compare every pair of rows, with as many private records as in the control.
    size = min(len(mine), len(other))
    some = [one.take(rng.permutation(len(one))[:size]) for one in (mine, other)]
    part = made.take(rng.permutation(len(made))[:MOST_SYNTHETIC])
    tables = some[0], some[1], part, _leaky_table(part, some[0], rng)
    whole = mine, other, made, _leaky_table(made, mine, rng)
    hidden = [columns.index(name) for name in (columns if secrets is None else secrets)]
    copies, *attacks = _attacks(columns, hidden, seed)
    every = [_run_attack(copies, *whole), *(_run_attack(one, *tables) for one in attacks)]
    return [found for found in every if found is not None]


def _check(tables: Mapping[str, pl.DataFrame], columns: Sequence[str], secrets: Sequence[str] | None) -> None:
    if twice := [name for place, name in enumerate(columns) if name in columns[:place]]:
        why = "is given twice, and would be inferred from itself"
        raise UsageError(f"column {twice[0]} {why}: give it once.")
    for name, frame in tables.items():
        if lacking := [column for column in columns if column not in frame.columns]:
            raise UsageError(f"the {name} table has no column {lacking[0]}: {NAMES}.")
        if frame.height < FEWEST:
            rows = f"the {name} table has {frame.height:,} rows"
            raise UsageError(f"{rows}, and an audit needs {FEWEST:,} to tell.")
    if len(columns) < 2:
        raise UsageError(f"{len(columns)} columns are audited: give two or more that all three tables have.")
    if odd := [name for name in secrets or () if name not in columns]:
        raise UsageError(f"secret {odd[0]} is none of the audited columns {', '.join(columns)}.")


def _leaky_table(made: CodedRows, mine: CodedRows, rng: np.random.Generator) -> CodedRows:
    """Return the audited table with half of its rows replaced by private records as they are."""
    half = len(made) // 2
    rows = made.rows.copy()
    rows[:half] = mine.rows[np.resize(rng.permutation(len(mine)), half)]
    return CodedRows(rows, made.is_number, made.range_).take(rng.permutation(len(made)))


def _attacks(columns: Sequence[str], hidden: Sequence[int], seed: int) -> Iterator[_Attack]:
    """Yield the attacks, copies first.

    Copies counts records that have a copy, not rows that are one: a common row of a large table would count many times,
    and private records and control would differ by more than any interval allows. The interval is of 99%, since it has
    no margin: up to 2 of 100 honest tables with coarse columns fail, and with an interval of 95% up to 7.
    """
    every = list(range(len(columns)))

    def rng() -> np.random.Generator:
        return np.random.default_rng([seed, 1])

    def on_shuffled(attempt: Attempt) -> Attempt:
        """Return the same guesses, by a table whose columns are shuffled."""
        return lambda made: attempt(CodedRows(rng().permuted(made.rows, axis=0), made.is_number, made.range_))

    def targets(on: CodedRows) -> CodedRows:
        """Return the records that are attacked one by one."""
        return on.take(np.arange(min(len(on), TARGETS)))

    width = min(WIDTH, len(columns))
    by_table: dict[str, Attempt] = {
        COPIES: lambda made: partial(find_copies, made),
        "singling out, one column": lambda made: partial(
            single_out, single_conditions(made, CONDITIONS, rng())
        ),
        f"singling out, {width} columns": lambda made: partial(
            single_out, joint_conditions(made, CONDITIONS, width, rng())
        ),
    }
    for name, attempt in by_table.items():
        yield _Attack(name, attempt, on_shuffled(attempt), WIDE_Z if name == COPIES else Z)
    parts = every[::2], every[1::2]
    yield _Attack(
        "linking two halves",
        lambda made: lambda on: find_links(made, targets(on), parts),
        lambda made: lambda on: rng().integers(len(made), size=len(targets(on))) == 0,
    )

    def infer(secret: int, made: CodedRows, on: CodedRows) -> Bools:
        return infer_secrets(made, targets(on), [place for place in every if place != secret], secret)

    def guess(secret: int, made: CodedRows, on: CodedRows) -> Bools:
        values = made.rows[rng().integers(len(made), size=len(targets(on))), secret]
        return score_guesses(values, targets(on).rows[:, secret], bool(made.is_number[secret]))

    for secret in hidden:
        yield _Attack(
            f"inferring {columns[secret]}",
            lambda made, secret=secret: partial(infer, secret, made),
            lambda made, secret=secret: partial(guess, secret, made),
        )


def _run_attack(
    attack: _Attack, private: CodedRows, control: CodedRows, audited: CodedRows, leaky: CodedRows
) -> AuditFinding | None:
    """Return what an attack finds; None if the audited table gives it no condition to try."""
    mine, other, leaky_mine, leaky_other = (
        guessed(on) for guessed in map(attack.attempt, (audited, leaky)) for on in (private, control)
    )
    if not len(mine) or not len(leaky_mine):
        return None
    chance = attack.chance(audited)(private)

    def rate(successes: Bools) -> Rate:
        return rate_of(int(successes.sum()), len(successes), attack.z)

    return AuditFinding(
        attack=attack.name,
        attacks=len(mine),
        private=rate(mine),
        control=rate(other),
        chance=rate(chance) if len(chance) else Rate(0.0, 0.0),
        risk=risk_of(rate(mine), rate(other)),
        leaky=risk_of(rate(leaky_mine), rate(leaky_other)),
    )
