"""Run a student's code: define the answers, call them, and write the outcomes as JSON.

``python -m tipcourse.answers`` is the process without a fence, started by :mod:`tipcourse.running`.
"""

from __future__ import annotations

import io
import json
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from importlib.abc import MetaPathFinder
from typing import Any

import numpy as np
import polars as pl
from tipcore.helper import end_with_parent
from tipcore.operating_system import confine, interrupt

from tipcourse.values import NotPlain, decode, encode

LOOK = 0.1
"""Seconds between two looks at the time that was taken."""
GRACE = 2.0
"""Seconds in which an interrupted answer has to stop."""
MOST_SAID = 200
"""Characters of what an error says."""


class Answers:
    """The answers of one notebook, by name.

    ``seconds``: of the processor, for all answers together. Then the main thread is interrupted, as by
    Ctrl-C, and where an answer does not obey that, the process ends.
    """

    needs: frozenset[str] = frozenset()
    stochastic = False

    def __init__(self, seconds: int) -> None:
        self._seconds, self._over = seconds, False
        self._space: dict[str, Any] = {"math": math, "np": np, "pl": pl}
        self._stopped: dict[str, str] = {}

    def fit(self, fold: object, seed: int) -> None:
        """Learn nothing: there is no fold."""

    def begin(self, cells: pl.DataFrame) -> None:
        """Run cells ``[name, source]`` in their order; one that stops is remembered, and the next one runs."""
        signal.signal(signal.SIGINT, signal.default_int_handler)
        clock = (self._seconds, lambda: self._over)
        threading.Thread(target=_interrupt_after, args=clock, daemon=True).start()
        for name, source in cells.select("name", "source").iter_rows():
            try:
                with redirect_stdout(io.StringIO()):
                    exec(compile(source, f"the answer {name}", "exec"), self._space)  # nosec B102 # what it is for
            except BaseException as error:  # a student's code may raise anything, even SystemExit
                self._stopped[name] = self._said(error)

    def step(self, calls: pl.DataFrame) -> pl.DataFrame:
        """Make calls ``[name, arguments]`` and return ``[outcome]``; arguments null: the value itself is asked for."""
        outcomes = [self.outcome(*call) for call in calls.select("name", "arguments").iter_rows()]
        texts = [json.dumps(one, allow_nan=False) for one in outcomes]
        return pl.DataFrame({"outcome": texts}, schema={"outcome": pl.String})

    def outcome(self, name: str, arguments: str | None) -> dict[str, Any]:
        """Return ``value`` or ``error`` in words, whether the answer ``printed``, and whether its time is ``over``.

        ``kind``: the error's class, where it raised one.
        """
        if name in self._stopped:
            return {"error": self._stopped[name], "over": self._over}
        if self._over:
            return {"error": self._too_long(), "over": True}
        if name not in self._space:
            return {"error": f"its cell defines no {name}"}
        answer, printed = self._space[name], io.StringIO()
        try:
            if arguments is not None:
                with redirect_stdout(printed):
                    answer = answer(*decode(json.loads(arguments)))
            return {"value": encode(answer), "printed": bool(printed.getvalue())}
        except NotPlain as error:
            return {"error": f"it returns {error}, which is no number, text or list of them"}
        except BaseException as error:
            return {"error": self._said(error), "kind": type(error).__name__, "over": self._over}

    def _said(self, error: BaseException) -> str:
        if isinstance(error, KeyboardInterrupt):
            self._over = True
            return self._too_long()
        said = " ".join(str(error).split())[:MOST_SAID]
        if isinstance(error, NameError):
            said += " (an answer can use its arguments, np, pl, math and the answers before it)"
        return f"it stops with {type(error).__name__}{': ' if said else ''}{said}"

    def _too_long(self) -> str:
        return f"it took more than {self._seconds} seconds: does a loop never end?"


def _interrupt_after(seconds: int, obeys: Callable[[], bool]) -> None:
    """Interrupt the main thread once the process has taken so many seconds from now on; end it if it does not obey."""
    most = time.process_time() + seconds
    while time.process_time() < most:
        time.sleep(LOOK)
    interrupt()
    time.sleep(GRACE)
    if not obeys():
        os._exit(1)


MOST_OPEN, MOST_WRITTEN = 256, 64 << 20
OURS = ("tipcore", "tipbench", "tipboard", "tipbaselines", "tipcourse", "tipdata")


class Withheld(MetaPathFinder):
    """Refuse to import packages of tipbench: an answer needs none, and the solutions are in them.

    This is no fence: it stops a plain import, and code that wants to get round it can.
    """

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: object = None) -> None:
        if fullname.partition(".")[0] in OURS:
            raise ImportError("an answer can use its arguments, np, pl, math and the answers before it")


def withhold() -> None:
    """Block imports of tipbench's packages from now on, of loaded ones too."""
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]
    sys.meta_path.insert(0, Withheld())


def main() -> int:
    """Run the answers that are handed over."""
    end_with_parent()
    asked = json.load(sys.stdin)
    screen = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    confine(asked["memory_bytes"], MOST_WRITTEN, MOST_OPEN)
    answers = Answers(asked["seconds"])
    withhold()
    text = {"schema": {"name": pl.String, "source": pl.String}, "orient": "row"}
    answers.begin(pl.DataFrame([tuple(cell) for cell in asked["cells"]], **text))
    outcomes = [answers.outcome(name, arguments) for name, arguments in asked["calls"]]
    screen.write(json.dumps(outcomes, allow_nan=False) + "\n")
    screen.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
