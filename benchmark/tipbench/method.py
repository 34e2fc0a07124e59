"""The two contracts of a method: any class of this shape can be run, and is named by ``_target_``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, Protocol, cast, get_args, runtime_checkable

import polars as pl
from tipcore.errors import UsageError

from tipbench.data.fold import Fold
from tipbench.task import Task

BATCHES = "regions"
"""What the attribute ``batches`` of a method may be."""

EntryClass = Literal["fold", "worlds", "outside", "system"]
"""What a method knows beside its fold; methods are ranked within a class.

``fold``: nothing, it learns from its fold alone. ``worlds``: also what comes of generated worlds, the generator's code
or its world file: word lists, codes and their meaning, phone formats, settings found on generated worlds. ``outside``:
pretrained weights or outside data. ``system``: a language model or an agent.
"""

CLASSES: tuple[EntryClass, ...] = get_args(EntryClass)
"""The classes, by how much more than its fold an entry has learnt from."""


@runtime_checkable
class Method(Protocol):
    """A method that sees a whole fold at once.

    ``needs``: columns as ``table.column``; they decide on which data and at which access it can run.
    ``stochastic``: whether the seed changes anything; one seed is run where it does not.
    A class attribute ``oracle = True`` marks a method that is shown hidden truth; it is never ranked.
    A class attribute ``entry_class`` (:data:`EntryClass`; ``fold`` without it) says what it knows beside its fold. One
    of ``outside`` or ``system`` lists it in ``resources``: a dict with ``name``, ``licence`` and ``date`` for each.
    A class attribute ``batches = "regions"`` says that a prediction depends on what ``fit`` learnt and on rows of the
    unit's own region alone: then ``predict`` may be called several times, each with a fold of some of the regions
    (:meth:`tipbench.data.fold.Fold.of_regions`), so that its memory does not grow with their number.
    A class attribute ``uses_worlds = True`` says that it also learns from ``fold.worlds``, where ``train=worlds:N``
    gives it further worlds; its runs with them are then of class ``worlds`` at least.
    An attribute ``takes_many`` names the tables of which it uses any numeric column that a user's own data map by
    ``"*"``; without it a note says that these columns may change nothing.
    An attribute ``notes``, a list of sentences, says what a reader of these predictions should know, such as that an
    estimate does not exist: it is read after ``predict`` and put into the result's notes.
    """

    needs: frozenset[str]
    stochastic: bool

    def fit(self, fold: Fold, seed: int) -> None:
        """Learn from the units and labels of train, tune on valid."""
        ...

    def predict(self, fold: Fold) -> pl.DataFrame:
        """Return predictions for :meth:`tipbench.data.fold.Fold.to_predict` in the columns of the task's kind."""
        ...


@runtime_checkable
class StreamMethod(Protocol):
    """A method that is handed the test (for alarms valid before it) one step at a time, batched across units.

    Of the table that its task streams, the fold that it learns from holds rows of train and valid only.
    """

    needs: frozenset[str]
    stochastic: bool

    def fit(self, fold: Fold, seed: int) -> None:
        """Learn from the units and labels of train, tune on valid."""
        ...

    def begin(self, units: pl.DataFrame) -> None:
        """Start over with these units, of which nothing has been seen: their visible columns, by unit."""
        ...

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the next row of each unit that has one, by unit -> ``[unit, score]`` of exactly these units.

        A unit that has no row in a step has none in any later one. The score is a finite float; the harness
        alarms at the first that reaches a threshold, which it fixes on valid. Where the next row is forecast
        (:mod:`tipbench.runs.streams`), ``[unit, candidate, score]`` with one to ten candidates of each unit.
        """
        ...


def is_oracle(method: object) -> bool:
    """Return whether a method is marked as one that is shown hidden truth."""
    return bool(getattr(method, "oracle", False))


def uses_worlds(method: object) -> bool:
    """Return whether a method learns from further worlds where its fold has them, as it declares."""
    return getattr(method, "uses_worlds", False) is True


def class_of(method: object, worlds: int = 0) -> EntryClass | None:
    """Return the class of entries that a method or its class declares, ``fold`` where it declares none, and ``worlds``
    at least where it learnt from so many further worlds; None for an oracle, which is never ranked.

    Raises UsageError for a class that does not exist, and for ``outside`` or ``system`` without ``resources``.
    """
    found = getattr(method, "entry_class", CLASSES[0])
    if found not in CLASSES:
        raise UsageError(f"entry_class is {found!r}: make it one of {', '.join(CLASSES)}.")
    resources = getattr(method, "resources", ())
    whole = isinstance(resources, list | tuple) and all(map(_is_resource, resources))
    if not whole or (found in ("outside", "system") and not resources):
        raise UsageError(
            f"resources is {resources!r}: list what a method of class {found} rests on, each with name, licence and "
            "date (a year, or a day as 2021-08-30)."
        )
    if worlds and found == "fold":
        found = "worlds"
    return None if is_oracle(method) else cast(EntryClass, found)


def _is_resource(resource: object) -> bool:
    """Return whether something says the name, licence and date of weights or data."""
    return (
        isinstance(resource, Mapping)
        and set(resource) == {"name", "licence", "date"}
        and all(isinstance(value, str) and value.strip() for value in resource.values())
        and re.fullmatch(r"\d{4}(-\d\d){0,2}", resource["date"]) is not None
    )


def works_in_batches(method: object) -> bool:
    """Return whether a method can predict by batches of regions, as it declares."""
    return getattr(method, "batches", "") == BATCHES


def check_worlds(method: object, name: str) -> None:
    """Refuse a method that does not say that it uses further worlds. Raises UsageError."""
    if not uses_worlds(method):
        raise UsageError(
            f"{name} does not learn from further worlds: set train=fold, or read fold.worlds and declare "
            "uses_worlds = True."
        )


def warn_unread(name: str, method: object, many: Mapping[str, int]) -> list[str]:
    """Return a sentence for each table whose further columns a method does not say that it takes, by ``takes_many``.

    ``many``: how many columns ``"*"`` gave each table.
    """
    takes = getattr(method, "takes_many", frozenset())
    return [
        f'{name} does not say that it uses data.tables.{table}."*" ({width:,} columns; no takes_many for {table}): '
        "its scores may be the same without."
        for table, width in many.items()
        if table not in takes
    ]


def is_streamed(method: object) -> bool:
    """Return whether a method takes its units step by step; it may also predict whole folds."""
    return hasattr(method, "begin") and hasattr(method, "step")


def find_missing(method: object) -> list[str]:
    """Return the names that a method of either contract must have and this object has not."""
    acts = () if is_streamed(method) else ("predict",)
    return [name for name in ("needs", "stochastic", "fit", *acts) if not hasattr(method, name)]


def check_shape(task: Task, method: object, name: str) -> None:
    """Refuse a method that cannot be handed what the task hands over. Raises UsageError.

    A class that has both shapes runs on tasks of both.
    """
    if task.stream and not is_streamed(method):
        raise UsageError(
            f"{name} wants a whole fold and {task.name} hands over its {task.stream} step by step: "
            "give it begin and step; see tipbench.method.StreamMethod."
        )
    if not task.stream and not hasattr(method, "predict"):
        raise UsageError(
            f"{name} wants to be handed steps and {task.name} shows a whole fold at once: "
            "give it predict; see tipbench.method.Method."
        )
