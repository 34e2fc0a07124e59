"""Filters, order and columns of a table in the address of its page, so that a link shows what somebody saw."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from browsing import SEARCH, choose, column
from in_chromium import DESK, IN_BROWSER

pytestmark = IN_BROWSER


def address(page: Any) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(page.url).fragment, keep_blank_values=True))


def headings(page: Any, table: str = "overall") -> list[str]:
    """The keys of the columns that are in sight."""
    return page.eval_on_selector_all(
        f"#{table} thead th", "(all) => all.filter((one) => one.offsetWidth).map((one) => one.dataset.key)"
    )


def tick(page: Any, label: str) -> None:
    chooser = page.locator("#overall .chooser")
    if not chooser.evaluate("(one) => one.open"):
        chooser.locator("summary").click()
    chooser.get_by_label(label, exact=True).click()


def test_what_is_chosen_stands_in_the_address_and_only_that(opened: Callable) -> None:
    page = opened()
    assert address(page) == {}
    choose(page, "task", "payment_risk")
    choose(page, "split", "")
    page.locator(SEARCH).fill("light")
    page.locator('#overall th[data-key="score"] button').click()
    assert address(page) == {
        "overall.task": "payment_risk", "overall.split": "", "overall.search": "light", "overall.sort": "-score",
    }  # fmt: skip
    page.locator("#overall .reset").click()
    assert address(page) == {}


def test_a_link_shows_what_was_seen(opened: Callable) -> None:
    page = opened()
    choose(page, "task", "payment_risk")
    choose(page, "split", "region")
    page.locator('#overall th[data-key="harm_gap"] button').click()
    tick(page, "worst shift")
    tick(page, "CPU s")
    seen = (
        page.locator("#overall tbody").inner_text(),
        headings(page),
        page.locator("#overall .count").inner_text(),
    )
    assert "worst_shift" not in seen[1]
    assert "cpu_s" in seen[1]
    link = page.url
    for again in (opened(), page):
        again.goto("about:blank")
        again.goto(link)
        there = again.locator("#overall tbody"), again.locator("#overall .count")
        assert (there[0].inner_text(), headings(again), there[1].inner_text()) == seen
        assert -1 <= again.locator("#overall").bounding_box()["y"] < DESK["height"]


def test_a_change_of_the_address_changes_the_table_and_an_anchor_does_not(opened: Callable) -> None:
    page = opened()
    page.evaluate("location.hash = 'overall.task=prevalence'")
    page.wait_for_function("document.querySelector('#overall select[data-key=task]').value === 'prevalence'")
    assert set(column(page, "task")) == {"prevalence"}
    page.evaluate("location.hash = 'tasks'")
    page.wait_for_timeout(50)
    assert set(column(page, "task")) == {"prevalence"}


@pytest.mark.parametrize(
    "said",
    [
        "overall.task=nonsense&overall.sort=-nothing&overall.columns=none&nowhere.task=x",
        "overall.constructor=1&__proto__.x=1&overall.sort=__proto__",
        "overall.search=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
        "=%E0%A4%A",
    ],
)
def test_what_an_address_says_in_error_or_malice_harms_nothing(opened: Callable, said: str) -> None:
    page = opened()
    page.evaluate("(said) => { location.hash = said; }", said)
    page.wait_for_timeout(50)
    assert page.locator("h1").is_visible()
    assert page.locator("main img").count() == 0
    assert "method" in headings(page)


def test_columns_are_shown_and_hidden_by_mouse_and_keyboard_and_the_name_of_a_row_stays(
    opened: Callable,
) -> None:
    page = opened()
    at_first = headings(page)
    assert "cpu_s" not in at_first
    assert page.locator("#overall .chooser summary").inner_text().startswith(f"Columns ({len(at_first)} of ")
    summary = page.locator("#overall .chooser summary")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert len(headings(page)) == len(at_first) - 1
    page.keyboard.press("Escape")
    assert not page.locator("#overall .chooser").evaluate("(one) => one.open")
    tick(page, "CPU s")
    assert "cpu_s" in headings(page)
    for label in page.locator("#overall .checks label").all_inner_texts():
        box = page.locator("#overall .chooser").get_by_label(label, exact=True)
        if box.is_checked():
            box.click()
    assert headings(page) == ["method"]
    assert page.locator("#overall tbody th").first.is_visible()
    page.locator("#overall .reset").click()
    assert headings(page) == at_first


def test_a_link_to_a_folded_table_opens_it(opened: Callable, folder: Path) -> None:
    page = opened("small/methods/tipbench--lightgbm.html")
    assert not page.locator("#scores table").is_visible()
    page.evaluate("location.hash = 'scores.metric=auroc'")
    page.locator("#scores table").wait_for(state="visible")
    page.goto((folder / "about.html").as_uri())
    page.goto((folder / "small/methods/tipbench--lightgbm.html").as_uri() + "#scores.task=advert_risk")
    page.locator("#scores table").wait_for(state="visible")
    assert set(column(page, "task", "scores")) == {"advert_risk"}
    assert not page.locator("#runs table").is_visible()


def test_long_tables_fold_and_open_without_scripts_too(opened: Callable) -> None:
    page = opened("small/methods/tipbench--lightgbm.html", java_script_enabled=False)
    for name in ("scores", "groups", "runs"):
        assert not page.locator(f"#{name} table").is_visible()
        page.locator(f"#{name} summary").click()
        assert page.locator(f"#{name} table").is_visible()


def test_a_printed_page_is_not_folded(opened: Callable) -> None:
    page = opened("small/methods/tipbench--lightgbm.html")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#scores table").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.locator("#scores table").is_visible()
