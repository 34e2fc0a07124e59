"""What a phone shows: scores at once, whole figures that can be read, and a word where a table goes on."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browsing import kinds
from in_chromium import DESK, IN_BROWSER, PHONE, check_figures
from tipboard.board.files import Board

pytestmark = IN_BROWSER


@pytest.mark.parametrize("view", [PHONE, DESK], ids=["phone", "desk"])
def test_every_figure_is_whole_and_its_words_are_legible(
    opened: Callable, folder: Path, crowded: Board, view: dict
) -> None:
    page = opened(viewport=view)
    seen = 0
    for path in kinds(folder, crowded):
        page.goto((folder / path).as_uri())
        page.evaluate("for (const one of document.querySelectorAll('.fold')) one.open = true;")
        seen += check_figures(page, view["width"], path)
    assert seen > 25


@pytest.mark.parametrize(
    ("path", "score"),
    [
        ("index.html", ".glance td[data-label=score]"),
        ("small/tasks/account_risk.html", "#forest .canvas.phone svg"),
        ("small/methods/tipbench--lightgbm.html", ".stands .best .figure"),
    ],
)
def test_the_first_screen_of_a_phone_has_a_score(opened: Callable, path: str, score: str) -> None:
    page = opened(path, viewport=PHONE)
    box = page.locator(score).first.bounding_box()
    assert box["y"] < PHONE["height"] - 100, path


def test_the_first_screen_of_a_desk_has_scores_of_three_tasks(opened: Callable) -> None:
    page = opened(viewport=DESK)
    tops = [one.bounding_box()["y"] for one in page.locator(".glance td[data-label=score]").all()[:3]]
    assert max(tops) < DESK["height"]


def test_a_phone_shows_the_score_of_a_row_without_scrolling(opened: Callable) -> None:
    page = opened(viewport=PHONE)
    overall = page.locator('#overall thead th[data-key="score"]').bounding_box()
    page = opened("small/tasks/account_risk.html", viewport=PHONE)
    methods = page.locator('#methods thead th[data-key="score"]').bounding_box()
    for heading in (overall, methods):
        assert heading["x"] + heading["width"] <= PHONE["width"]


def test_a_table_that_goes_on_at_the_right_says_so_until_its_end_is_seen(opened: Callable) -> None:
    page = opened("small/tasks/account_risk.html", viewport=PHONE)
    hint, scroll = page.locator("#methods .sideways"), page.locator("#methods .scroll")
    hint.wait_for(state="visible")
    assert re.fullmatch(r"Scroll sideways: \d+ more columns →", hint.inner_text())
    scroll.evaluate("(box) => { box.scrollLeft = box.scrollWidth; }")
    hint.wait_for(state="hidden")
    scroll.evaluate("(box) => { box.scrollLeft = 0; }")
    hint.wait_for(state="visible")


def test_every_wide_table_has_the_hint_and_no_other(opened: Callable, folder: Path, crowded: Board) -> None:
    page = opened(viewport=PHONE)
    for path in kinds(folder, crowded):
        page.goto((folder / path).as_uri())
        page.evaluate("for (const one of document.querySelectorAll('.fold')) one.open = true;")
        page.wait_for_timeout(50)
        found = page.eval_on_selector_all(
            "[data-table]",
            """(all) => all.map((one) => {
                const box = one.querySelector(".scroll");
                return [one.id, box.scrollWidth > box.clientWidth + 4, !one.querySelector(".sideways").hidden];
            })""",
        )
        assert [one for one in found if one[1] != one[2]] == [], path


def test_on_a_phone_the_method_stays_in_sight_while_its_table_scrolls(opened: Callable) -> None:
    page = opened("small/tasks/account_risk.html", viewport=PHONE)
    scroll = page.locator("#methods .scroll")
    scroll.evaluate("(box) => { box.scrollLeft = 400; }")
    left = page.locator("#methods tbody th").first.bounding_box()["x"]
    assert left == pytest.approx(scroll.bounding_box()["x"], abs=2)
