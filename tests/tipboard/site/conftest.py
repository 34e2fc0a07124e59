"""Entries as strangers might send them, sites of them, and a browser that opens those."""

import sys
from collections.abc import Callable, Iterator, Sequence
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

from browsing import CHROMIUM, DESK, Seen, failed, with_strangers

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

    def make(*entries: Entry, data: str = "0.4.0/tiny", name: str = "site") -> Path:
        write([size_of(Board(data, list(entries)))], tmp_path / name, quiet=True)
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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any, folder: Path) -> Iterator[Callable[..., Any]]:
    """Opens a page of the site; whatever was said, asked of a network or popped up fails the test at its end."""
    contexts, seen = [], Seen()

    def go(path: str = "index.html", **more: Any) -> Any:
        context = chromium.new_context(**{"viewport": DESK, **more})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: seen.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: seen.append(str(error)))
        page.on("dialog", lambda dialog: (seen.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("requestfailed", lambda request: failed(request, seen))
        page.on("request", lambda asked: None if asked.url.startswith("file://") else seen.append(asked.url))
        page.goto((folder / path).as_uri())
        return page

    yield go
    for context in contexts:
        context.close()
    assert seen == []
