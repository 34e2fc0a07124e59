"""Entries as strangers might send them, sites of them, and a browser that opens those."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tipbench.runs.results import Result
from tipboard.board.entries import Entry
from tipboard.board.files import Board
from tipboard.site.build import write
from tipboard.site.sizes import size_of

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))

from browsing import with_strangers
from in_chromium import chromium, opened  # noqa: F401 # fixtures

Submit = Callable[..., Entry]


def record(**more: Any) -> Any:
    """What authors say, harmless unless ``more`` says otherwise."""
    said = {
        "team": "north",
        "method": "stacker",
        "title": "Stacked trees",
        "summary": "Trees on trees",
        "authors": [SimpleNamespace(name="A. Author", affiliation="An institute")],
        "paper": "https://papers.example/1",
        "code": None,
        "hardware": "2 cores",
        "pinned": None,
    }
    return SimpleNamespace(**{**said, **more})


@pytest.fixture
def submission() -> Submit:
    """Makes an entry of a submission: its results, uploaded ones that were reproduced since, what authors say."""

    def make(results: Sequence[Result], uploaded: Sequence[Result] = (), **more: Any) -> Entry:
        said = record(**more)
        return Entry(said.team, said.method, results, (), said, uploaded)

    return make


@pytest.fixture
def site(tmp_path: Path) -> Callable[..., Path]:
    """Builds the site of some entries; gives its folder."""

    def make(*entries: Entry, data: str = "0.5.0/tiny", name: str = "site", **more: Any) -> Path:
        write([size_of(Board(data, list(entries)))], tmp_path / name, quiet=True, **more)
        return tmp_path / name

    return make


@pytest.fixture(scope="module")
def crowded(made_board: Path) -> Board:
    """Made-up results and, of the same numbers, entries of strangers."""
    return with_strangers(made_board)


@pytest.fixture(scope="module")
def folder(crowded: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("board") / "a b=(c), ملف"
    write([size_of(crowded)], to, quiet=True)
    return to
