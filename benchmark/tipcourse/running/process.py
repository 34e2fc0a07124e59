"""The process that runs answers without a fence: ``python -m tipcourse.running.process``, started by ``apart``.

Standard input is one JSON object. Standard output is one line of JSON; what answers write goes nowhere.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder

import polars as pl
from tipcore.helper import end_with_parent
from tipcore.operating_system import confine

from tipcourse.running.answers import Answers

MOST_OPEN, MOST_WRITTEN = 256, 64 << 20
OURS = ("tipcore", "tipbench", "tipboard", "tipbaselines", "tipcourse", "tipdata")


class Withheld(MetaPathFinder):
    """Refuse to import packages of tipbench: an answer needs none, and the solutions are in them.

    It keeps an answer from them that asks in the plain way. Who wants to get round it can: this is no fence.
    """

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: object = None) -> None:
        if fullname.partition(".")[0] in OURS:
            raise ImportError("an answer can use its arguments, np, pl, math and the answers before it")


def withhold() -> None:
    """Let nothing import a package of tipbench from now on, one that is loaded already among them."""
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]
    sys.meta_path.insert(0, Withheld())


def main() -> int:
    """Run the answers that are handed over."""
    end_with_parent()
    asked = json.load(sys.stdin)
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    confine(asked["memory_bytes"], MOST_WRITTEN, MOST_OPEN)
    answers = Answers(asked["seconds"])
    withhold()
    text = {"schema": {"name": pl.String, "source": pl.String}, "orient": "row"}
    answers.begin(pl.DataFrame([tuple(cell) for cell in asked["cells"]], **text))
    outcomes = [answers.outcome(name, arguments) for name, arguments in asked["calls"]]
    told.write(json.dumps(outcomes, allow_nan=False) + "\n")
    told.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
