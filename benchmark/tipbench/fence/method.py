"""A proxy for a method behind the fence: calls are forwarded to the process that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from tipcore.errors import NotMapped, UsageError

from tipbench.data.fold import Fold
from tipbench.fence import FILE_BYTES, MB
from tipbench.fence.session import Session
from tipbench.fence.wire import FACTS, LONGEST, SMALL, Answer, Bounds, Garbled, write_fold
from tipbench.kinds.kind import FEW_ROWS, ROOM
from tipbench.method import BATCHES

MOST_NOTES = 100
"""Notes that a method may return."""


class MethodError(Exception):
    """An error of a fenced method. ``trace``: its traceback, as the fence sent it."""

    def __init__(self, said: str, trace: str) -> None:
        super().__init__(said)
        self.trace = trace


class AnswerRefused(UsageError):
    """A fenced method returned something that is no answer."""


class FencedMethod:
    """A method that was made behind a fence. Raises UsageError for what is not a method.

    ``folder``: that of the session's fold, written when the method is first fitted. ``config``: ``_target_``
    and parameters. ``size``: the most bytes of its predictions (:data:`tipbench.fence.FILE_BYTES`).
    """

    def __init__(
        self, session: Session, folder: Path, config: Mapping[str, Any], size: int = FILE_BYTES["full"]
    ) -> None:
        self._session, self._folder, self._name = session, folder, str(config["_target_"])
        self._size, self._bounds = size, SMALL
        self._config = dict(config)
        self._fitted: Fold | None = None
        answer = self._ask("make", method=self._config)
        said = answer.said
        try:
            self.needs, self.takes_many = (frozenset(answer.names(key)) for key in ("needs", "takes_many"))
        except Garbled as error:
            raise self._refusal(error) from None
        self.batches = BATCHES if said.get("batches") is True else ""
        self.uses_worlds = said.get("uses_worlds") is True
        self.stochastic, self.oracle = bool(said.get("stochastic")), bool(said.get("oracle"))
        self.entry_class, self.resources = said.get("entry_class"), said.get("resources", ())
        # A method is known by what it has (tipbench.method): what it has not, this one must not have either.
        if said.get("whole"):
            self.predict = self._predict
        if said.get("streamed"):
            self.begin, self.step = self._begin, self._step

    def fit(self, fold: Fold, seed: int) -> None:
        """Give the method its fold as files, and let it learn."""
        if not (self._folder / FACTS).exists():
            write_fold(fold, self._folder)
        self._fitted, self._bounds = fold, self._bounds_of(fold, fold)
        self._ask("fit", seed=seed)

    @property
    def notes(self) -> list[str]:
        """What the method says that a reader of its predictions should know."""
        said = self._ask("notes").said.get("notes")
        if isinstance(said, list) and len(said) > MOST_NOTES:
            raise UsageError(f"{self._name} returned {len(said):,} notes: return at most {MOST_NOTES}.")
        return [_plain(str(note)) for note in said] if isinstance(said, list) else []

    def again(self) -> FencedMethod:
        """Return the method made once more behind the same fence, for another seed on the same fold.

        What its modules keep stays, such as encodings of texts. Not for a fold that is handed over step by step: there
        the process has seen how each unit goes on.
        """
        self._session.again()
        return FencedMethod(self._session, self._folder, self._config, self._size)

    def cost(self) -> tuple[float, int]:
        """Return the CPU seconds that the fence took so far, and its peak of memory over its start, bytes."""
        return self._session.cost()

    def close(self) -> None:
        """End the fence."""
        self._session.close()

    def _predict(self, fold: Fold) -> pl.DataFrame:
        self._bounds = self._bounds_of(fold, self._fitted or fold)
        valid = (fold.whole or fold) is not self._fitted
        regions = None if fold.regions is None else list(fold.regions)
        return self._checked_frame(self._ask("predict", valid=valid, regions=regions))

    def _bounds_of(self, fold: Fold, whole: Fold) -> Bounds:
        """Return the bounds of predictions of a fold; some regions of ``whole`` get their share of the bytes."""
        units = height = fold.parts.height
        if fold.pair_supervision is not None:  # pairs may be predicted in the place of their records
            units = max(units, fold.tables["pairs"].select(pl.len()).collect().item())
        size = MB + self._size * height // max(1, whole.parts.height)
        rows = max(FEW_ROWS, ROOM * fold.task.kind.rows_per_unit * units)  # as their check allows
        return Bounds(rows, min(self._size, size))

    def _begin(self, units: pl.DataFrame) -> None:
        self._ask("begin", units)

    def _step(self, rows: pl.DataFrame) -> pl.DataFrame:
        return self._checked_frame(self._ask("step", rows))

    def _checked_frame(self, answer: Answer) -> pl.DataFrame:
        if answer.frame is None:
            kind = _plain(str(answer.said.get("type", "thing")))
            raise AnswerRefused(f"{self._name} returned a {kind:.60}; return a polars DataFrame.")
        return answer.frame

    def _refusal(self, error: Garbled) -> AnswerRefused:
        return AnswerRefused(f"{self._name} returned {_plain(str(error))}.")

    def _ask(self, do: str, frame: pl.DataFrame | None = None, **said: Any) -> Answer:
        """Return an answer. Raises what the method raised: UsageError as such, all else as MethodError."""
        try:
            answer = self._session.ask({"do": do, **said}, frame, self._bounds)
        except Garbled as error:
            raise self._refusal(error) from None
        fields = answer.said
        if "refused" in fields:
            raise (NotMapped if fields.get("unmapped") else UsageError)(_plain(str(fields["refused"])))
        if "error" in fields:
            where = f" ({fields.get('file')}, line {fields.get('line')})" if fields.get("file") else ""
            message = fields.get("said") or "no message"
            trace = "\n".join(map(_plain, str(fields.get("trace", "")).splitlines()))
            raise MethodError(_plain(f"{fields['error']}: {message}{where}"), trace + "\n")
        return answer


def _plain(text: str) -> str:
    """Return text that changes nothing of a terminal but what it shows."""
    return "".join(one if one.isprintable() else "?" for one in text[:LONGEST])
