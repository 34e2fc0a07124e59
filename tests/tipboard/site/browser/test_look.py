"""The look of the site in Chromium: its width, its colours, and how it is printed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from shown import DESK, PHONE

LEAST_CONTRAST = 4.5
"""Of text, WCAG 2.2, 1.4.3."""


@pytest.mark.parametrize(
    "view", [PHONE, {"width": 320, "height": 640}, DESK], ids=["phone", "narrow", "desk"]
)
def test_no_page_is_wider_than_its_window(
    opened: Callable, folder: Path, kinds: list[str], view: dict
) -> None:
    page = opened(viewport=view)
    for path in kinds:
        page.goto((folder / path).as_uri())
        wide, window = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert wide <= window, path


def test_on_a_phone_the_method_stays_in_sight_while_its_table_scrolls(opened: Callable) -> None:
    page = opened("small/tasks/account_risk.html", viewport=PHONE)
    scroll = page.locator("#methods .scroll")
    scroll.evaluate("(box) => { box.scrollLeft = 400; }")
    left = page.locator("#methods tbody th").first.bounding_box()["x"]
    assert left == pytest.approx(scroll.bounding_box()["x"], abs=2)


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_is_legible_in_both_schemes(opened: Callable, folder: Path, scheme: str) -> None:
    page = opened(color_scheme=scheme)
    for path in (
        "index.html",
        "about.html",
        "small/tasks/account_risk.html",
        "small/methods/north--stacker.html",
    ):
        page.goto((folder / path).as_uri())
        ratios = page.evaluate(CONTRAST)
        assert len(ratios) > 8
        assert {name: ratio for name, ratio in ratios.items() if ratio < LEAST_CONTRAST} == {}, path


def test_the_button_turns_colours_round_and_the_next_page_remembers(opened: Callable, folder: Path) -> None:
    page = opened(color_scheme="light")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    before = page.evaluate(paper)
    page.locator(".theme").click()
    after = page.evaluate(paper)
    assert before == "rgb(255, 255, 255)" != after
    page.goto((folder / "about.html").as_uri())
    assert page.evaluate(paper) == after


def test_without_storage_colours_still_turn(opened: Callable) -> None:
    page = opened()
    page.context.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no storage'); } })"
    )
    page.reload()
    page.locator(".theme").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_paper_has_no_controls_and_repeats_headings(opened: Callable, folder: Path) -> None:
    page = opened("small/tasks/account_risk.html", color_scheme="dark")
    page.emulate_media(media="print")
    for path in ("index.html", "small/tasks/account_risk.html", "small/methods/north--stacker.html"):
        page.goto((folder / path).as_uri())
        for part in (".controls", ".downloads", ".theme", "nav", ".more"):
            assert not any(one.is_visible() for one in page.locator(part).all()), part
        assert page.locator("caption").first.is_visible()
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 0, 0)"
        assert (
            page.evaluate("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"
        )
        assert page.evaluate("getComputedStyle(document.querySelector('th button')).display") == "contents"
