"""What a user requests from a private table: which parameters from which columns, who is protected, and how much.

``calibratable.yaml`` lists the parameters of the world that a table can inform. A request is a YAML file::

    unit: row                       # or {column: case, rows: 5}: what is protected, and how many rows of one count
    limit: 3                        # the most that this table may ever spend, over all runs
    tolerance: 0.05                 # noise on a share that is still of use; fewer rows than that takes are refused
    based_on: 0.5.0                 # optional; the newest released data version
    parameters:
      operations.languages: {column: lang, values: {English: en, Spanish: es, Other: null}}
      operations.duration_days: {column: "last_day - first_day", bounds: [0, 400]}
      prices.base: {column: price, by: category, bounds: [20, 20000], where: "price IS NOT NULL"}
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from tipcore.errors import UsageError
from tipcore.validation import requirement

from tipdata.core.yaml_lines import read_yaml

How = Literal["weights", "listed", "rate", "rates", "mean", "medians"]
WAYS: dict[str, str] = {
    "weights": "weight of each name: a column with these names",
    "listed": "weight of each place in a list: a column of numbers from 0, or of a quantity that is cut",
    "rate": "a probability: a column of yes and no",
    "rates": "a probability by name: a column of yes and no, and `by` with these names",
    "mean": "a mean: a column of numbers within `bounds`",
    "medians": "a median by name: a column of numbers within `bounds`, and `by` with these names",
}
"""How each kind of parameter is fitted, and from which columns."""


@dataclass(frozen=True)
class CalibratableParameter:
    """A parameter that a table can inform.

    ``path``: in the world file. ``how``: one of :data:`WAYS`. ``column``, ``by``: what the columns of values and of
    names hold. ``cuts``: where a quantity is cut into the places of a list; a place holds what is below its cut.
    """

    path: str
    how: How
    column: str
    by: str = ""
    cuts: tuple[float, ...] = ()


CALIBRATABLE: dict[str, CalibratableParameter] = {
    path: CalibratableParameter(path, **{**entry, "cuts": tuple(entry.get("cuts", ()))})
    for path, entry in read_yaml(Path(__file__).with_name("calibratable.yaml")).items()
}
"""Every parameter that can be calibrated, by path."""
MOST_EPSILON = 10.0
"""An ε above this gives no protection: one record may change the odds of a result 22,000 times."""
LEAST_EPSILON = 0.001
"""An ε below this needs noise of thousands of rows, which makes every parameter useless."""
ROW = "row"
MOST_ROWS = 100
"""Rows that one unit may count with."""


class _RequestPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Unit(_RequestPart):
    """The protected unit: all rows with one value of a column; at most ``rows`` of them count."""

    column: str
    rows: int = Field(ge=1, le=MOST_ROWS)


class ParameterSource(_RequestPart):
    """The column or SQL expression that informs a parameter; see :mod:`tipdata.privacy.request`.

    ``values``: what the table calls the names of the world; null leaves those rows out. ``by``, ``by_values``: the same
    of the column that gives the names. ``where``: an SQL condition on rows. ``bounds``: of numbers.
    """

    column: str
    values: dict[str, str | None] | None = None
    by: str | None = None
    by_values: dict[str, str | None] | None = None
    where: str | None = None
    bounds: tuple[float, float] | None = None


class CalibrationRequest(_RequestPart):
    """What a user requests from a private table. ``unit``: None if each row is one."""

    unit: Unit | None
    limit: float = Field(gt=0, le=MOST_EPSILON)
    tolerance: float = Field(default=0.05, ge=0.001, lt=1)
    based_on: str | None = None
    parameters: dict[str, ParameterSource] = Field(min_length=1)

    @field_validator("unit", mode="before")
    @classmethod
    def _unit(cls, text: Any) -> Any:
        if text != ROW and not isinstance(text, dict):
            raise ValueError(f"give {ROW}, or {{column: NAME, rows: NUMBER}}")
        return None if text == ROW else text

    @property
    def rows_each(self) -> int:
        """How many rows of a unit count."""
        return 1 if self.unit is None else self.unit.rows

    @property
    def unit_column(self) -> str | None:
        """The column with the names of units; None if each row is one."""
        return None if self.unit is None else self.unit.column


def read_request(file: Path) -> CalibrationRequest:
    """Return the request of a file. Raises UsageError, in one sentence, for what is no request or cannot be met."""
    try:
        document = read_yaml(file)
        request = CalibrationRequest.model_validate(_with_texts(document))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        said = requirement(first, CalibrationRequest, show=True)
        raise UsageError(f"{file.name}: {where} is wrong: {said}.") from None
    except ValueError as error:
        raise UsageError(str(error)) from None
    for path, source in request.parameters.items():
        if fault := _fault(path, source):
            raise UsageError(f"{file.name}: {path} {fault}.")
    return request


def _with_texts(node: Any) -> Any:
    """Return a document whose keys are texts: YAML reads some values of tables as numbers."""
    if isinstance(node, dict):
        return {str(key): _with_texts(value) for key, value in node.items()}
    return node


def _fault(path: str, source: ParameterSource) -> str:
    """Return what is wrong with the source of a parameter; '' for nothing."""
    if path not in CALIBRATABLE:
        return "cannot be calibrated: `tipbench data calibrate --list` names what can"
    how = CALIBRATABLE[path].how
    if (source.by is not None) != (how in ("rates", "medians")):
        return f"takes {'a column `by`' if source.by is None else 'no `by`'}: it is {CALIBRATABLE[path].how}"
    if (source.bounds is not None) != (how in ("mean", "medians")):
        return f"takes {'`bounds`, the least and the most' if source.bounds is None else 'no `bounds`'}"
    if source.bounds is not None:
        low, high = source.bounds
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            return f"has bounds {low:g} and {high:g}: give two finite numbers, the lower first"
        if how == "medians" and low <= 0:
            return "has a lower bound that is not above 0, and levels are told by ratios: give one above 0"
    return ""


def parse_epsilon(text: str) -> float:
    """Return ε. Raises UsageError for a text that is no number, and an ε that is too small or too large to be of
    use."""
    try:
        epsilon = float(text)
    except ValueError:
        raise UsageError(f"epsilon={text} is not a number: give one such as 1.") from None
    if not (math.isfinite(epsilon) and epsilon > 0):
        raise UsageError(f"epsilon={text} is not above 0 and finite: give one such as 1.")
    if epsilon < LEAST_EPSILON:
        raise UsageError(f"epsilon={text} leaves nothing but noise: give at least {LEAST_EPSILON:g}.")
    if epsilon > MOST_EPSILON:
        most = f"give at most {MOST_EPSILON:g}, better 1 or less"
        raise UsageError(f"epsilon={text} is too large to protect anyone: {most}.")
    return epsilon
