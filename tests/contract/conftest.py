"""A copy of the tree with a method, a metric, a column and a task added, and what was made with it: made once."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from additions import ADDITIONS, METHOD, RELEASED, TASK, VERSION, Copy

OTHERS = ("advert_linkage/exact_duplicates", "supplier_risk/sector_prior")
"""Methods of two tasks that were there: one reports the new metric, one shows the new column."""


@dataclass(frozen=True)
class House:
    """``touched``, ``generated``: paths that were written by hand and by commands, by what was added.

    ``results``: ``result.json`` by method, of runs on the released ``tiny``.
    """

    copy: Copy
    touched: dict[str, set[str]]
    generated: dict[str, set[str]]
    results: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    copy = Copy(tmp_path_factory.mktemp("house"))
    touched, generated = {}, {}
    for thing, addition in ADDITIONS.items():
        before = copy.files()
        copy.write(addition)
        written = copy.files()
        for command in addition.commands:
            copy.run(command)
        after = copy.files()
        touched[thing] = {path for path in written if before.get(path) != written[path]}
        generated[thing] = {path for path in after if written.get(path) != after[path]}
    return House(copy, touched, generated, _results(copy))


def _results(copy: Copy) -> dict[str, dict[str, Any]]:
    found = {}
    for method in (f"{TASK}/{METHOD}", *OTHERS):
        words = ("release=tiny", "split=operation", "replicates=200", "--quiet")
        copy.tipbench("run", f"baseline={method}", *words)
        [file] = (copy.root.parent / "runs" / RELEASED / "tiny" / method.split("/")[0]).rglob("result.json")
        found[method] = json.loads(file.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def site(house: House) -> Path:
    """The board of the runs, built."""
    house.copy.tipbench("board", "add", f"runs=runs/{RELEASED}/tiny", "--to", "results", "--quiet")
    house.copy.tipbench("board", "build", "results=results", "--to", "site", "--quiet")
    return house.copy.root.parent / "site"


MAKE_DRAFT = """
import sys
from tipdata.release import open_release

open_release(sys.argv[1], "tiny", engine="sequential", quiet=True)
"""


@pytest.fixture(scope="module")
def draft(house: House) -> None:
    """The draft's ``tiny`` is in the copy's home."""
    house.copy.python("-c", MAKE_DRAFT, VERSION)
