"""The site of the reference results in Chromium, opened from disk, with entries of strangers among them."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tipbench.runs.results import Result
from tipboard.board.entries import Entry
from tipboard.board.files import Board, read
from tipboard.site.build import write
from tipboard.site.safe import page_id
from tipboard.site.sizes import size_of

sys.path.insert(0, str(Path(__file__).parent))
from shown import DESK, RESULTS, SCRIPT

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM:
        pytest.skip("there is no Chromium: set CHROMIUM to its path")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def board() -> Board:
    """The reference results and, of the same numbers, entries of strangers."""
    if not RESULTS.is_dir():
        pytest.skip("no reference results are kept here")
    found = read(RESULTS)
    lightgbm = next(entry for entry in found.entries if entry.method == "lightgbm")
    claimed = [
        result.model_copy(update={"verified": False}) for result in lightgbm.of("advert_risk", "forward")
    ]
    public = [
        result.model_copy(update={"access": "public"}) for result in lightgbm.of("account_risk", "forward")
    ]
    return Board(
        found.data,
        [
            *found.entries,
            stranger("north", "stacker", claimed),
            stranger("south", "public_only", public),
            stranger("x" * 40, "y" * 40, claimed),
            stranger(SCRIPT, '"><b>bold</b>&amp;\u202etxt', claimed),
        ],
    )


def stranger(team: str, method: str, results: list[Result]) -> Entry:
    """A submission whose texts all are its hostile name."""
    record: Any = SimpleNamespace(
        team=team, method=method, title=f"{team} {method}", summary=f"{method} " * 12,
        authors=[SimpleNamespace(name=team, affiliation=method)], paper="javascript:alert(3)",
        code=f"https://code.example/{'long/' * 30}", hardware=team, pinned=SimpleNamespace(package=team),
    )  # fmt: skip
    return Entry(team, method, results, (), record, results[:1])


@pytest.fixture(scope="session")
def folder(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("board") / "a b=(c), ملف"
    write([size_of(board)], to, quiet=True)
    return to


@pytest.fixture(scope="session")
def kinds(folder: Path, board: Board) -> list[str]:
    """A page of every kind, those of strangers among them."""
    strangers = [f"small/methods/{page_id(entry)}.html" for entry in board.entries if entry.record]
    return [
        "index.html", "about.html", "small/tasks/account_risk.html", "small/tasks/route_forecast.html",
        "small/tasks/advert_risk.html", "small/methods/tipbench--lightgbm.html", *strangers,
    ]  # fmt: skip


class Seen(list[str]):
    """What a page did that it should not have."""


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


def failed(request: Any, seen: list[str]) -> None:
    """A page that is left before its icon was read asked for nothing wrong."""
    if request.failure != "net::ERR_ABORTED":
        seen.append(f"failed {request.url}: {request.failure}")
