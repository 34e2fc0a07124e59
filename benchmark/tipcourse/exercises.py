"""What a lesson asks, and what an answer is tried on: cases drawn from a seed, and what the solution makes of them.

A cell tagged ``cases`` says how an exercise is tried. Of a function ``cases_<name>(draw)`` yields pairs
``(arguments, hint)``: the arguments, and a sentence for whoever gets this case wrong; ``draw`` is a numpy generator.
Of a value ``options_<name>`` lists what it can be, and ``hint_<name>`` is the sentence.

Open cases are drawn from a seed that everybody knows, those of a lecturer's key from a seed of the lecturer's own:
again and again, until enough are new and few have the same answer, so that no guess is right on most of them.
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
from tipcourse.values import decoded, encoded, equal

OPEN_SEED = 0
HELD_BACK, MOST_EQUAL = 12, 4
"""Cases of a key for each function, and how many of them may have the same answer."""
MOST_DRAWS = 1000
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

    def cases(self, seed: int, again: int = 0) -> list[Case]:
        """Return the cases that a seed draws, for the first time or ``again``; none for a value."""
        if not self.function:
            return []
        words = [seed, *self.name.encode(), *([again] if again else [])]
        drawn = self._space[f"cases_{self.name}"](np.random.Generator(np.random.PCG64(words)))
        made = []
        for arguments, hint in drawn:
            told = encoded(list(arguments))
            made.append(Case(told, encoded(self._space[self.name](*decoded(told))), hint))
        return made

    def held_back(self, seed: int) -> list[Case]:
        """Return the cases of a key: none that is open, none twice, and few with the same answer; none for a value.

        Raises ValueError where draws do not differ enough.
        """
        told = [case.arguments for case in self.cases(OPEN_SEED)]
        made: list[Case] = []
        for again in range(MOST_DRAWS if self.function else 0):
            for case in self.cases(seed, again):
                alike = sum(equal(one.expected, case.expected) for one in made)
                if len(made) < HELD_BACK and alike < MOST_EQUAL and case.arguments not in told:
                    told.append(case.arguments)
                    made.append(case)
            if len(made) == HELD_BACK:
                break
        if self.function and len(made) < HELD_BACK:
            raise ValueError(f"cases_{self.name} draws too few cases that differ: {len(made)}")
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
