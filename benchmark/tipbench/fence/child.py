"""The process behind the fence: it makes the method, reads the fold from files, and answers the host's requests.

It imports nothing of the generator and holds no secrets, since the method can do anything with this process.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import polars as pl
from tipcore.errors import NotMapped, UsageError

from tipbench.config.methods import instantiate
from tipbench.data.fold import Fold
from tipbench.fence.wire import LONGEST, Pipe, read_fold
from tipbench.method import class_of, is_oracle, is_streamed, uses_worlds, works_in_batches

FOLD = Path("/fold")


class MethodServer:
    """The method, made of its config, and its fold, read when it is first fitted."""

    def __init__(self) -> None:
        self.method: Any = None
        self.fold: Fold | None = None

    def answer(self, said: dict[str, Any], frame: pl.DataFrame | None) -> tuple[dict[str, Any], object]:
        """Return the answer to a request of the host: a line of JSON, and what the method returned."""
        match said["do"]:
            case "make":
                self.method = instantiate(said["method"])
                return _describe(self.method), None
            case "fit":
                if self.fold is None:
                    self.fold = read_fold(FOLD)  # the same for every seed, as is what a method has made of it
                self.method.fit(self.fold, said["seed"])
                return {}, None
            case "predict":
                return _with_frame(self.method.predict(self._choose_fold(said["valid"], said["regions"])))
            case "begin":
                self.method.begin(frame)
                return {}, None
            case "step":
                return _with_frame(self.method.step(frame))
            case "notes":
                return {"notes": [str(note)[:LONGEST] for note in getattr(self.method, "notes", ())]}, None
            case other:
                raise ValueError(f"there is no request {other}")

    def _choose_fold(self, valid: bool, regions: list[int | None] | None) -> Fold:
        if self.fold is None:
            raise ValueError("predict was called before fit")
        fold = self.fold.with_valid_as_test() if valid else self.fold
        return fold if regions is None else fold.of_regions(regions)


def serve(pipe: Pipe) -> None:
    """Answer requests until the host closes the connection."""
    served = MethodServer()
    while (asked := pipe.read_request()) is not None:
        try:
            answer, given = served.answer(*asked)
        except UsageError as error:
            pipe.answer({"refused": str(error)[:LONGEST], "unmapped": isinstance(error, NotMapped)})
        except BaseException as error:  # a method may raise anything, also SystemExit
            pipe.answer(_error_report(error))
        else:
            pipe.answer(answer, given)


def _describe(method: Any) -> dict[str, Any]:
    """Return the properties that a method declares."""
    return {
        "needs": sorted(map(str, method.needs)),
        "stochastic": bool(method.stochastic),
        "oracle": is_oracle(method),
        "entry_class": class_of(method),
        "resources": list(getattr(method, "resources", ())),
        "batches": works_in_batches(method),
        "uses_worlds": uses_worlds(method),
        "takes_many": sorted(map(str, getattr(method, "takes_many", ()))),
        "streamed": is_streamed(method),
        "whole": hasattr(method, "predict"),
    }


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
