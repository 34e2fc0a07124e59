"""What a lesson asks, and what an answer is tried on: cases drawn from a seed, and what the solution makes of them.

A cell tagged ``cases`` says how an exercise is tried. Of a function ``cases_<name>(draw)`` yields pairs
``(arguments, hint)``: the arguments, and a sentence for whoever gets this case wrong; ``draw`` is a numpy generator.
Of a value ``options_<name>`` lists what it can be, and ``hint_<name>`` is the sentence.

Open cases are drawn from a seed that everybody knows, those of a lecturer's key from a seed of the lecturer's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from tipcourse.cells import CASES, EXERCISE, cells_of, defined_name, is_function, with_answer, with_place
from tipcourse.lessons import Lesson
from tipcourse.values import decoded, encoded

OPEN_SEED = 0
PRELUDE = {"math": math, "np": np, "pl": pl}
"""What an answer may use beside its arguments and the answers before it."""


@dataclass(frozen=True)
class Case:
    """One trial of a function: arguments and result as :func:`tipcourse.values.encoded` has them."""

    arguments: list[Any]
    expected: Any
    hint: str


@dataclass(frozen=True)
class Exercise:
    """What is asked. ``options``, ``expected``, ``hint``: of a value, without cases. ``place``: the empty answer."""

    name: str
    points: int
    function: bool
    place: str
    options: tuple[Any, ...] = ()
    expected: Any = None
    hint: str = ""
    _space: dict[str, Any] = field(default_factory=dict, repr=False)

    def cases(self, seed: int) -> list[Case]:
        """Return the cases that a seed draws; none for a value."""
        if not self.function:
            return []
        words = [seed, *self.name.encode()]
        drawn = self._space[f"cases_{self.name}"](np.random.Generator(np.random.PCG64(words)))
        made = []
        for arguments, hint in drawn:
            told = encoded(list(arguments))
            made.append(Case(told, encoded(self._space[self.name](*decoded(told))), hint))
        return made


@lru_cache
def exercises_of(lesson: Lesson) -> tuple[Exercise, ...]:
    """Return the exercises of a lesson, in their order; its solutions and cases are run once."""
    cells = cells_of(lesson)
    space: dict[str, Any] = dict(PRELUDE)
    for cell in cells:
        if {EXERCISE, CASES} & set(cell.tags):
            # The lesson's own code, as installed.
            exec(compile(cell.source, f"{lesson.stem}, cell {cell.number}", "exec"), space)  # nosec B102
    made = []
    for cell in cells:
        if EXERCISE not in cell.tags:
            continue
        name = defined_name(cell.source)
        function, place = is_function(cell.source), with_place(cell.source)
        if function:
            made.append(Exercise(name, cell.points, True, place, _space=space))
            continue
        options = tuple(space[f"options_{name}"])
        expected = encoded(space[name])
        made.append(
            Exercise(name, cell.points, False, place, options, expected, space[f"hint_{name}"], space)
        )
    return tuple(made)


def solutions_of(lesson: Lesson) -> dict[str, str]:
    """Return the solution of each exercise, by name, as a student would write the cell."""
    return {
        defined_name(cell.source): with_answer(cell.source)
        for cell in cells_of(lesson)
        if EXERCISE in cell.tags
    }
