"""What tests of pages in Chromium share: how pages are opened from disk, and what is measured of all of them."""

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
LEAST_CONTRAST = 4.5
"""Of text, WCAG 2.2, 1.4.3."""

IN_BROWSER = [
    pytest.mark.skipif(importlib.util.find_spec("playwright") is None, reason="playwright is not installed"),
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium: set CHROMIUM to its path"),
]
"""Marks of tests in a browser."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any, folder: Path) -> Iterator[Callable[..., Any]]:
    """Opens a page of ``folder``; whatever was said, asked of a network or popped up fails the test at its end."""
    contexts: list[Any] = []
    seen: list[str] = []  # what a page did that it should not have

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


LEAST = 11
"""CSS pixels of text in figures."""

FIGURES = """
() => [...document.querySelectorAll("svg.drawing")].filter((one) => one.checkVisibility()).map((svg) => {
  const box = svg.getBoundingClientRect();
  const scale = box.width / svg.viewBox.baseVal.width;
  const texts = [...svg.querySelectorAll("text")];
  const clipped = texts.filter((one) => {
    const { left, right, top, bottom } = one.getBoundingClientRect();
    return left < box.left - 1 || right > box.right + 1 || top < box.top - 1 || bottom > box.bottom + 1;
  });
  return {
    name: svg.querySelector("title").textContent,
    left: box.left, right: box.right,
    smallest: Math.min(...texts.map((one) => scale * parseFloat(getComputedStyle(one).fontSize))),
    clipped: clipped.map((one) => one.textContent),
  };
})
"""


def check_figures(page: Any, width: int, place: str, named: str | tuple[str, ...] = "") -> int:
    """Check that figures in sight are whole and legible; return how many have a name that begins so."""
    shown = [one for one in page.evaluate(FIGURES) if one["name"].startswith(named)]
    for found in shown:
        assert found["left"] >= 0, (place, found)
        assert found["right"] <= width, (place, found)
        assert found["smallest"] >= LEAST - 0.01, (place, found)
        assert found["clipped"] == [], (place, found)
    return len(shown)


CONTRAST = """
() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = {};
  for (const node of document.querySelectorAll("main *, header *, footer *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest("caption, title, desc, option")) continue;
    const style = getComputedStyle(node);
    const inside = node.namespaceURI.endsWith("svg");
    const [a, b] = [light(parse(inside ? style.fill : style.color)), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const key = `${node.tagName}.${node.getAttribute("class") ?? ""} ${inside ? style.fill : style.color}`;
    found[key] = Math.min(found[key] ?? 99, ratio);
  }
  return found;
}
"""
