"""What pages of methods share or make themselves, from disk and from a server: columns' meanings, figures as files."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from browsing import kinds
from in_chromium import IN_BROWSER
from tipboard.board.columns import OVERALL
from tipboard.board.files import Board
from tipdata.documents.palette import LIGHT

pytestmark = IN_BROWSER
METHOD = "small/methods/tipbench--lightgbm.html"
SVG = "{http://www.w3.org/2000/svg}"


class Quiet(SimpleHTTPRequestHandler):
    """Serves without a word."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(params=["disk", "server"])
def root(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """Where the site is."""
    if request.param == "disk":
        yield folder.as_uri()
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(chromium: Any, root: str) -> Iterator[Any]:
    """A method's page; whatever it asks of another place, and every word of the console, fails the test at its end."""
    context = chromium.new_context(color_scheme="dark")
    made, seen = context.new_page(), []
    made.on("console", lambda said: seen.append(said.text))
    made.on("pageerror", lambda error: seen.append(str(error)))
    made.on(
        "request", lambda asked: None if asked.url.startswith((root, "blob:")) else seen.append(asked.url)
    )
    made.goto(f"{root}/{METHOD}")
    yield made
    context.close()
    assert seen == []


def test_the_columns_of_a_methods_page_say_what_they_mean(page: Any) -> None:
    said = page.eval_on_selector_all(
        "#results th[data-key]", "(all) => Object.fromEntries(all.map((one) => [one.dataset.key, one.title]))"
    )
    about = {column.name: column.about for column in OVERALL}
    assert len(said) > 8
    assert said == {key: about[key] for key in said}
    assert (
        page.locator('#runs th[data-key="config"]').get_attribute("title")
        == "Start of the digest of the config."
    )


def test_a_figure_is_saved_from_the_page_in_the_colours_of_the_day(page: Any, tmp_path: Path) -> None:
    figure = page.locator("figure:has(.save)").first
    with page.expect_download() as caught:
        figure.locator(".save").click()
    assert caught.value.suggested_filename == f"tipbench--lightgbm-{figure.get_attribute('id')}.svg"
    caught.value.save_as(tmp_path / "one.svg")
    text = (tmp_path / "one.svg").read_text(encoding="utf-8")
    assert "var(" not in text
    drawn = ElementTree.fromstring(text)
    assert drawn[0].tag == f"{SVG}rect"
    assert drawn[0].get("fill") == LIGHT["paper"]
    words = ["".join(one.itertext()) for one in drawn.iter(f"{SVG}text")]
    assert words == figure.locator("svg text").all_text_contents()
    assert page.evaluate("document.documentElement.dataset.theme") is None


def test_numbers_stand_at_the_right_and_words_at_the_left(
    opened: Callable, folder: Path, crowded: Board
) -> None:
    page = opened()
    for path in kinds(folder, crowded):
        page.goto((folder / path).as_uri())
        sides = page.evaluate(
            """() => [...document.querySelectorAll("[data-table] tbody td")].map((cell) => [
                "number" in cell.closest("table").tHead.rows[0].cells[cell.cellIndex].dataset,
                getComputedStyle(cell).textAlign === "right",
            ])"""
        )
        assert all(number == right for number, right in sides), path


def test_choices_above_a_table_are_the_words_of_its_column(opened: Callable) -> None:
    page = opened(METHOD)
    page.evaluate("for (const one of document.querySelectorAll('.fold')) one.open = true;")
    for key in ("task", "split", "metric"):
        words = page.locator(f'#scores select[data-key="{key}"] option').all_text_contents()
        cells = page.evaluate(
            """(key) => {
                const headings = [...document.querySelectorAll("#scores thead th")];
                const at = headings.findIndex((one) => one.dataset.key === key);
                document.querySelector("#scores .more").click();
                return [...document.querySelectorAll("#scores tbody tr")].map((row) => row.cells[at].textContent);
            }""",
            key,
        )
        assert words == ["all", *dict.fromkeys(cells)]
