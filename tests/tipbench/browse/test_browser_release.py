"""The pages of ``tiny`` in Chromium, opened from disk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from in_chromium import CONTRAST, DESK, IN_BROWSER, LEAST_CONTRAST, PHONE, check_figures

pytestmark = IN_BROWSER


@pytest.fixture(scope="module")
def kinds(folder: Path) -> list[str]:
    """A page of each kind, the richest case and a lawful one among them."""
    cases = sorted((folder / "cases").iterdir(), key=lambda path: path.stat().st_size)
    return [
        "index.html", "about.html", "adverts.html", "cases.html", "tables/contacts.html", "tables/people.html",
        "tables/child_counts.html", f"cases/{cases[0].name}", f"cases/{cases[-1].name}",
    ]  # fmt: skip


def show_truth(page: Any) -> None:
    page.locator("#truth").check()


def sight(page: Any, selector: str) -> int:
    """How many elements are seen."""
    return page.evaluate(
        "(s) => [...document.querySelectorAll(s)].filter((e) => e.checkVisibility()).length", selector
    )


def column(page: Any, key: str) -> list[str]:
    """The cells of a column of the rows, as they are shown."""
    return page.evaluate(
        """(key) => {
            const at = [...document.querySelectorAll("#rows thead th")].findIndex((one) => one.dataset.key === key);
            return [...document.querySelectorAll("#rows tbody tr")].map((row) => row.cells[at].textContent);
        }""",
        key,
    )


@pytest.mark.parametrize("view", [PHONE, DESK], ids=["phone", "desk"])
def test_every_kind_of_page_is_whole_with_truth_and_without(
    opened: Callable, folder: Path, kinds: list[str], view: dict
) -> None:
    page = opened(viewport=view)
    show_truth(page)
    seen = 0
    for path in kinds:
        page.goto((folder / path).as_uri())
        page.evaluate(
            "for (const one of document.querySelectorAll('details')) one.open = one.matches('.fold');"
        )
        wide, window = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert wide <= window, path
        seen += check_figures(page, view["width"], path, ("Days", "Network"))
    assert seen == 4


BOXES = """
() => [...document.querySelectorAll(".scroll")].filter((box) => box.checkVisibility()).map((box) => ({
  of: box.getAttribute("aria-label"),
  wider: box.scrollWidth > box.clientWidth + 2,
  told: box.previousElementSibling?.matches(".sideways") && box.previousElementSibling.checkVisibility(),
}))
"""
BROKEN = """
() => [...document.querySelectorAll("tbody th.n")].filter((cell) => {
  const text = document.createRange();
  text.selectNodeContents(cell);
  return cell.checkVisibility() && text.getClientRects().length > 1;
}).map((cell) => cell.textContent)
"""


def test_on_a_phone_a_table_lies_within_the_screen_or_says_that_it_scrolls(
    opened: Callable, folder: Path, kinds: list[str]
) -> None:
    page = opened(viewport=PHONE)
    show_truth(page)
    seen = {}
    for path in kinds:
        page.goto((folder / path).as_uri())
        page.evaluate("for (const one of document.querySelectorAll('.fold')) one.open = true;")
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        for box in page.evaluate(BOXES):
            assert box["told"] == box["wider"], (path, box)
            seen[box["of"]] = box["wider"]
        assert page.evaluate(BROKEN) == [], path
    assert seen["Cases"]
    assert not seen["Tables"]
    assert not any(wider for of, wider in seen.items() if of.startswith("Columns of "))


def test_truth_is_covered_until_it_is_asked_for_and_the_next_page_remembers(
    opened: Callable, folder: Path
) -> None:
    page = opened("tables/adverts.html")
    assert sight(page, "#rows .t") == 0
    assert sight(page, "#columns tbody .t") == 0
    assert sight(page, ".covered") > 0
    all_columns = page.locator("#rows thead th").count()
    observed = all_columns - page.locator("#rows thead th.t").count()
    chooser = page.locator("summary", has_text="Columns (")
    assert chooser.inner_text() == f"Columns ({observed} of {observed})"
    page.locator("#truth").focus()
    page.keyboard.press("Space")
    assert sight(page, "#rows td.t") > 100
    assert sight(page, ".covered") == 0
    assert chooser.inner_text() == f"Columns ({all_columns} of {all_columns})"
    page.goto((folder / "tables/people.html").as_uri())
    assert page.locator("#truth").is_checked()
    assert page.locator("#rows tbody tr").first.is_visible()
    page.locator("#truth").uncheck()
    assert not page.locator("#rows").is_visible()


def test_without_a_script_truth_is_covered_as_well_and_the_switch_works(opened: Callable) -> None:
    page = opened("tables/flags.html", java_script_enabled=False)
    cell = page.locator("#rows tbody td.t").first
    assert not cell.is_visible()
    show_truth(page)
    assert cell.is_visible()


def test_what_is_covered_is_neither_searched_nor_filtered_by(opened: Callable) -> None:
    page = opened("tables/conversations.html")
    count, search = page.locator("#rows .count"), page.locator("#rows input[type=search]")
    assert count.inner_text().startswith("120 rows")
    search.fill("recruitment")
    assert count.inner_text().startswith("0 of 120")
    show_truth(page)
    found = int(count.inner_text().split()[0])
    assert 0 < found < 120
    search.fill("")
    page.locator('#rows select[data-key="kind"]').select_option("recruitment")
    assert set(column(page, "kind")) == {"recruitment"}
    page.locator("#truth").uncheck()
    assert count.inner_text().startswith("120 rows")
    page.goto(f"{page.url.partition('#')[0]}#rows.kind=recruitment&rows.sort=kind")
    page.reload()
    assert count.inner_text().startswith("120 rows")
    assert page.locator("#rows th[aria-sort]").count() == 0


def test_rows_are_sorted_as_numbers_and_filtered_by_the_keyboard_too(opened: Callable) -> None:
    page = opened("tables/adverts.html")
    page.locator('#rows th[data-key="price"] button').focus()
    page.keyboard.press("Enter")
    prices = [int(text) for text in column(page, "price") if text != "-"]
    assert prices == sorted(prices, reverse=True)
    assert len(prices) > 20
    assert page.locator('#rows th[data-key="price"]').get_attribute("aria-sort") == "descending"
    page.locator('#rows select[data-key="language"]').select_option("ar")
    assert set(column(page, "language")) == {"ar"}
    page.locator("#rows .reset").click()
    assert len(set(column(page, "language"))) > 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_is_legible_in_both_schemes(
    opened: Callable, folder: Path, kinds: list[str], scheme: str
) -> None:
    page = opened(color_scheme=scheme)
    for covered in (True, False):
        page.locator("#truth").set_checked(not covered)
        for path in kinds:
            page.goto((folder / path).as_uri())
            ratios = page.evaluate(CONTRAST)
            assert len(ratios) > 8
            assert {name: ratio for name, ratio in ratios.items() if ratio < LEAST_CONTRAST} == {}, path


def test_arabic_is_set_from_right_to_left(opened: Callable) -> None:
    page = opened("adverts.html")
    style = "one => [getComputedStyle(one).direction, getComputedStyle(one).textAlign]"
    assert page.locator("#ar .body").first.evaluate(style) == ["rtl", "right"]
    assert page.locator("#fr .body").first.evaluate(style)[0] == "ltr"


def test_print_has_no_controls_and_opens_what_is_folded(opened: Callable, kinds: list[str]) -> None:
    page = opened(kinds[-1])
    page.emulate_media(media="print")
    assert not page.locator(".top").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#network .fold table").is_visible()
