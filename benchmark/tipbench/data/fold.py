"""What a method is given (:class:`Fold`), and how it is made from a release or from a user's own data.

``prepare`` is the way in for the harness, ``load`` for a reader with a notebook.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl
from tipdata.core.errors import UsageError
from tipdata.core.partition import PARTS

from tipbench.kinds.answers import Answers
from tipbench.task import Source, Task, task_of

if TYPE_CHECKING:
    from tipbench.data.custom.config import OwnData
    from tipbench.data.streaming import Stream


@dataclass(frozen=True)
class Fold:
    """Inputs, units and labels of one fold. Nothing that decides the score of the test part is in it.

    ``tables``: visible rows and columns by table, lazily; of the table that a task hands over step by step only
    the rows of train and valid. ``parts``: ``[unit, part]``, the units of each
    part. ``supervision``: ``[unit, part, label]`` of train and valid. ``pair_supervision``: on a user's own
    labelled pairs ``[pair, part, label]``, else None.
    """

    task: Task
    tables: dict[str, pl.LazyFrame]
    parts: pl.DataFrame = field(repr=False)
    supervision: pl.DataFrame = field(repr=False)
    pair_supervision: pl.DataFrame | None = field(default=None, repr=False)

    def units(self, part: str) -> pl.LazyFrame:
        """Units of a part, with the visible columns of their table, sorted by unit.

        Raises UsageError for a part other than train, valid and test.
        """
        self._check(part)
        return self._units([part])

    def to_predict(self) -> pl.LazyFrame:
        """Every unit that a prediction is asked for, as :meth:`units` gives them."""
        return self._units(list(self.task.predicted_parts))

    def labels(self, part: str) -> pl.LazyFrame:
        """``[unit, label]`` of the labelled units of train or valid, sorted by unit.

        The label is Int8 0 or 1 where a task wants scores or alarms, the Int64 id of a cluster where it wants
        clusters or candidates; where it wants forecasts 1 for units that outreach is for and 0 for others.
        Alarms have ``onset`` beside it (Int32 step, null for negatives), labelsets one Int8 column ``label_<name>``
        a label, and ``urgency``, in its place. Raises UsageError for the test part, whose labels are never given.
        """
        return self._labels(self.supervision, self.task.unit, part)

    def pair_labels(self, part: str) -> pl.LazyFrame:
        """``[pair, label Int8]`` of a user's labelled pairs; their records are in ``tables["pairs"]``.

        Raises UsageError for the test part, and where the data has no labelled pairs.
        """
        if self.pair_supervision is None:
            raise UsageError("this data has no labelled pairs: use labels() for the labels of its units.")
        return self._labels(self.pair_supervision, "pair", part)

    def to_pandas(self) -> dict[str, Any]:
        """Units of each part as pandas frames, with ``label`` in train and valid."""
        return {part: self._labelled(part).to_pandas() for part in PARTS}

    def to_hf(self) -> Any:
        """Units of each part with any as a ``datasets.DatasetDict``, with ``label`` in train and valid."""
        import datasets

        frames = {part: self._labelled(part) for part in PARTS}
        return datasets.DatasetDict(
            {p: datasets.Dataset(f.to_arrow()) for p, f in frames.items() if f.height}
        )

    def _units(self, parts: list[str]) -> pl.LazyFrame:
        wanted = self.parts.lazy().filter(pl.col("part").is_in(parts)).select(self.task.unit)
        return self.tables[self.task.table].join(wanted, on=self.task.unit, how="semi").sort(self.task.unit)

    def _labels(self, supervision: pl.DataFrame, key: str, part: str) -> pl.LazyFrame:
        self._check(part)
        if part == "test":
            raise UsageError("labels of the test part are never given: fit on train and tune on valid.")
        return supervision.lazy().filter(pl.col("part") == part).drop("part").sort(key)

    def _labelled(self, part: str) -> pl.DataFrame:
        units = self.units(part)
        if part != "test":
            units = units.join(self.labels(part), on=self.task.unit, how="left", maintain_order="left")
        return units.collect()

    def _check(self, part: str) -> None:
        if part not in PARTS:
            raise UsageError(f"part {part} does not exist: choose one of {', '.join(PARTS)}.")


@dataclass(frozen=True)
class Prepared:
    """The folds of a cell and the truth that their predictions are pooled and scored against.

    ``pair_answers``: for a user's labelled pairs, the truth about scored pairs (kind scores, unit ``pair``).
    ``names``: for a user's own data, ``[unit, name]`` with the ids as the user wrote them, where they are
    not integers. ``streams``: of a streamed task, what each fold's method is handed step by step. ``notes``: one
    sentence each about what the reader of a score should know. ``seconds``: wall time of preparing.
    """

    folds: list[Fold]
    answers: Answers
    data: str
    split: str
    labels: str
    access: str
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    pair_answers: Answers | None = None
    names: pl.DataFrame | None = None
    streams: list[Stream] = field(default_factory=list, repr=False)

    def answers_to(self, predictions: pl.DataFrame) -> Answers:
        """The answers that these predictions are about: those of pairs where it has a column ``pair``."""
        return (
            self.pair_answers
            if self.pair_answers is not None and "pair" in predictions.columns
            else self.answers
        )


def prepare(
    task: str | Task,
    *,
    release: str | Source | None = None,
    own: OwnData | Mapping[str, Any] | None = None,
    split: str = "auto",
    labels: str = "auto",
    access: str = "auto",
    needs: Collection[str] = frozenset(),
    oracle: bool = False,
) -> Prepared:
    """Everything that one cell needs: its folds and its answers.

    Args:
        task: a task, or its name.
        release: a size ("tiny"), version and size ("0.3.0/tiny"), either with an independent world
        ("tiny.w3"), or an open release; made first where missing. own: a user's own data, as
        :class:`tipbench.data.custom.config.OwnData` or its mapping; excludes ``release``.
        split, labels, access: ``auto`` is the first or own of the task (and of the data).
        needs: the columns that the method needs, as ``table.column``.
        oracle: whether the method is shown hidden truth. It is marked as such and never ranked.

    Raises:
        UsageError: for a split, labels or access that the task or data cannot have, and for needs not shown.
    """
    started = time.perf_counter()
    chosen = task_of(task)
    if own is not None and release is None:
        from tipbench.data.custom.config import own_data
        from tipbench.data.custom.folds import prepare_own

        made = prepare_own(chosen, own_data(own), split, labels, access, needs, oracle)
    elif release is not None and own is None:
        from tipbench.data.release_folds import open_by_name, prepare_release

        source = open_by_name(release) if isinstance(release, str) else release
        made = prepare_release(chosen, source, split, labels, access, needs, oracle)
    else:
        raise UsageError("give either a release or data of your own, and not both.")
    return replace(made, seconds=time.perf_counter() - started)


def load(
    task: str | Task,
    release: str | Source = "tiny",
    split: str = "auto",
    labels: str = "auto",
    access: str = "auto",
) -> Fold:
    """The fold of a task on a release; see :func:`prepare`.

    >>> fold = load("advert_risk", release="tiny", split="forward")  # doctest: +SKIP
    >>> fold.units("train").collect()  # doctest: +SKIP
    """
    return prepare(task, release=release, split=split, labels=labels, access=access).folds[0]
