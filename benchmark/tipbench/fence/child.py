"""The process behind the fence: it makes the method, reads the fold from files, and answers the host's requests.

It imports nothing of the generator and holds no secrets, since the method can do anything with this process.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from tipcore.errors import NotMapped, UsageError

from tipbench.config.methods import instantiate
from tipbench.data.fold import Fold
from tipbench.fence.wire import LONGEST, Pipe, read_fold
from tipbench.method import class_of, is_oracle, is_streamed, works_in_batches

FOLD = Path("/fold")


class MethodServer:
    """The method, with one function per request of the host."""

    def __init__(self) -> None:
        self.method: Any = None
        self.fold: Fold | None = None

    def make(self, said: dict[str, Any], _: pl.DataFrame | None) -> tuple[dict[str, Any], object]:
        """Make the method of its config, and return its declared properties."""
        self.method = instantiate(said["method"])
        return {
            "needs": sorted(map(str, self.method.needs)),
            "stochastic": bool(self.method.stochastic),
            "oracle": is_oracle(self.method),
            "entry_class": class_of(self.method),
            "resources": list(getattr(self.method, "resources", ())),
            "batches": works_in_batches(self.method),
            "takes_many": sorted(map(str, getattr(self.method, "takes_many", ()))),
            "streamed": is_streamed(self.method),
            "whole": hasattr(self.method, "predict"),
        }, None

    def fit(self, said: dict[str, Any], _: pl.DataFrame | None) -> tuple[dict[str, Any], object]:
        if self.fold is None:
            self.fold = read_fold(FOLD)  # the same for every seed, as is what a method has made of its tables
        self.method.fit(self.fold, said["seed"])
        return {}, None

    def predict(self, said: dict[str, Any], _: pl.DataFrame | None) -> tuple[dict[str, Any], object]:
        if self.fold is None:
            raise ValueError("predict was asked for before fit")
        asked = self.fold.with_valid_as_test() if said["valid"] else self.fold
        if said["regions"] is not None:
            asked = asked.of_regions(said["regions"])
        return _with_frame(self.method.predict(asked))

    def begin(self, said: dict[str, Any], frame: pl.DataFrame | None) -> tuple[dict[str, Any], object]:
        self.method.begin(frame)
        return {}, None

    def step(self, said: dict[str, Any], frame: pl.DataFrame | None) -> tuple[dict[str, Any], object]:
        return _with_frame(self.method.step(frame))

    def notes(self, said: dict[str, Any], _: pl.DataFrame | None) -> tuple[dict[str, Any], object]:
        return {"notes": [str(note)[:LONGEST] for note in getattr(self.method, "notes", ())]}, None


def serve(pipe: Pipe) -> None:
    """Answer requests until the host has gone."""
    served = MethodServer()
    requests: dict[str, Callable[..., tuple[dict[str, Any], object]]] = {
        name: getattr(served, name) for name in ("make", "fit", "predict", "begin", "step", "notes")
    }
    while (asked := pipe.read_request()) is not None:
        said, frame = asked
        try:
            answer, given = requests[said["do"]](said, frame)
        except UsageError as error:
            pipe.answer({"refused": str(error)[:LONGEST], "unmapped": isinstance(error, NotMapped)})
        except BaseException as error:  # a method may raise anything, also SystemExit
            pipe.answer(_error_report(error))
        else:
            pipe.answer(answer, given)


def _with_frame(answer: object) -> tuple[dict[str, Any], object]:
    """Return what a method returned, as an answer; None would be taken for an answer without a frame."""
    return ({"type": "NoneType"} if answer is None else {}), answer


def _error_report(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        "said": " ".join(str(error).split())[:LONGEST],
        "file": Path(frames[-1].filename).name if frames else "",
        "line": frames[-1].lineno if frames else 0,
        "trace": "".join(traceback.format_exception(error))[-LONGEST:],
    }
