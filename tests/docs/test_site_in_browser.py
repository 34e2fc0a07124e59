"""The site of the documents in Chromium, from disk: it asks nobody for anything, finds words, and fits a phone."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from in_chromium import CHROMIUM, DESK, PHONE, chromium

ROOT = Path(__file__).parents[2]
browser = chromium
PAGES = (
    *("index.html", "docs/world.html", "docs/tasks/advert_risk.html"),
    *("datasets/cards/adverts.html", "docs/python.html"),
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("material", reason="mkdocs-material is not installed")
    if not CHROMIUM:
        pytest.skip("Chromium is not installed")
    folder = tmp_path_factory.mktemp("site") / "a b, ملف"
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    said = {"TIPBENCH_QUICK": "true", "TIPBENCH_BOARD": "../board/index.html"}
    made = subprocess.run(words, cwd=ROOT, env={**os.environ, **said}, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_ask_nobody_for_anything_and_are_as_wide_as_the_screen(
    built: Path, browser: Any, viewport: dict[str, int], scheme: str
) -> None:
    page = browser.new_page(viewport=viewport, color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    for path in PAGES:
        page.goto((built / path).as_uri())
        page.wait_for_load_state("load")
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], path
        wanted = "slate" if scheme == "dark" else "default"
        assert page.evaluate("document.body.dataset.mdColorScheme") == wanted
    assert asked
    assert not [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))]
    assert not wrong
    page.close()


BOXES = """
() => [...document.querySelectorAll(
  ".md-typeset__scrollwrap, figure.picture .frame, p:has(> img, > a > img)"
)].map((box) => ({
  wider: box.scrollWidth - box.clientWidth >= 8,
  hint: box.previousElementSibling?.matches(".sideways") && box.previousElementSibling.checkVisibility(),
  told: box.querySelector("[data-told]") !== null,
}))
"""


@pytest.mark.parametrize(
    "path", ["docs/course/index.html", "datasets/cards/adverts.html", "results/index.html"]
)
def test_on_a_phone_a_table_is_told_row_by_row_or_says_that_it_scrolls(
    built: Path, browser: Any, path: str
) -> None:
    page = browser.new_page(viewport=PHONE)
    page.goto((built / path).as_uri())
    page.wait_for_selector(".md-typeset__scrollwrap")
    page.wait_for_timeout(300)
    boxes = page.evaluate(BOXES)
    assert boxes
    for box in boxes:
        assert box["hint"] == box["wider"], box
        assert not (box["told"] and box["wider"]), box
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    if path.startswith("docs/course"):
        lesson = page.locator("[data-told] tbody tr").nth(1)
        assert " ".join(lesson.inner_text().split()).startswith("2 accusations: base rates")
        assert lesson.locator("code").first.bounding_box()["height"] < 30
    page.close()


def test_the_pictures_of_the_first_page_follow_the_colours_of_the_page(built: Path, browser: Any) -> None:
    for scheme, seen, unseen in (("light", "day", "night"), ("dark", "night", "day")):
        page = browser.new_page(viewport=DESK, color_scheme=scheme)
        page.goto((built / "index.html").as_uri())
        page.wait_for_load_state("load")
        for name in ("board", "story"):
            assert page.locator(f'img.{seen}[src*="{name}"]').is_visible()
            assert not page.locator(f'img.{unseen}[src*="{name}"]').is_visible()
        page.close()


@pytest.mark.parametrize(
    ("path", "way"),
    [("index.html", ""), ("docs/guide.html", "../"), ("docs/tasks/advert_risk.html", "../../")],
)
def test_every_page_leads_to_a_board_that_lies_beside(built: Path, path: str, way: str) -> None:
    assert f'href="{way}../board/index.html"' in (built / path).read_text(encoding="utf-8")


def test_a_word_is_found_from_disk(built: Path, browser: Any) -> None:
    page = browser.new_page(viewport=DESK)
    page.goto((built / "index.html").as_uri())
    page.locator("input.md-search__input").click()
    page.keyboard.type("resources", delay=20)
    page.wait_for_selector("li.md-search-result__item", timeout=20_000)
    links = page.locator("a.md-search-result__link").evaluate_all("all => all.map(one => one.href)")
    assert any("seasons.html" in link for link in links)
    page.close()
