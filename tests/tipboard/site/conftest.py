"""Entries as strangers might send them, and small sites of them."""

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

    def make(*entries: Entry, data: str = "0.3.0/tiny", name: str = "site") -> Path:
        write([size_of(Board(data, list(entries)))], tmp_path / name, quiet=True)
        return tmp_path / name

    return make
