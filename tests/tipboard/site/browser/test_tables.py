"""The tables of the site in Chromium: sorted, filtered, searched, and followed to a method."""

import json
from collections.abc import Callable
from statistics import fmean
from typing import Any

import pytest
from shown import RESULTS, choose, column
from tipbench.runs.results import Result
from tipboard.board.files import Board, read


def first_number(text: str) -> float:
    return float(text.split()[0].replace(",", ""))


def scores(page: Any) -> list[float]:
    return [first_number(text) for text in column(page, "score")]


def test_a_click_on_score_sorts_it_down_and_another_up(opened: Callable) -> None:
    page = opened()
    button = page.locator('#overall th[data-key="score"] button')
    button.click()
    down = scores(page)
    assert down == sorted(down, reverse=True)
    assert page.locator('#overall th[data-key="score"]').get_attribute("aria-sort") == "descending"
    button.click()
    up = scores(page)
    assert up == sorted(up)
    assert sorted(down) == up
    assert page.locator('#overall th[data-key="score"]').get_attribute("aria-sort") == "ascending"


def test_the_keyboard_sorts_as_the_mouse_does(opened: Callable) -> None:
    page = opened()
    page.locator('#overall th[data-key="task"] button').focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    names = column(page, "task")
    assert names == sorted(names, reverse=True)
    assert names[0] != names[-1]
    assert page.locator("#overall th[aria-sort]").count() == 1


def test_cells_without_a_number_are_last_either_way(opened: Callable) -> None:
    page = opened()
    button = page.locator('#overall th[data-key="harm_gap"] button')
    for _ in range(2):
        button.click()
        texts = column(page, "harm_gap")
        known = [text for text in texts if text != "-"]
        assert 0 < len(known) < len(texts)
        assert texts[: len(known)] == known


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("task", "payment_risk"),
        ("split", "region"),
        ("size", "small"),
        ("access", "legal"),
        ("labels", "gold"),
        ("status", "self-reported"),
    ],
)
def test_a_filter_keeps_just_the_lines_of_its_word(
    opened: Callable, board: Board, key: str, value: str
) -> None:
    page = opened()
    choose(page, "split", "")
    choose(page, key, value)
    there = column(page, key)
    assert there
    assert set(there) == {value}
    cells = {
        (entry.id, result.task, result.split)
        for entry in board.entries
        for result in entry.results
        if value in facts(result)[key]
    }
    shown = page.locator("#overall .count").inner_text()
    assert shown.startswith(f"{len(cells)} ")


def facts(result: Result) -> dict[str, str]:
    return {
        "task": result.task,
        "split": result.split,
        "size": result.data.partition("/")[2],
        "access": result.access,
        "labels": result.labels,
        "status": "reproduced" if result.verified else "self-reported",
    }


def test_default_splits_are_shown_first_and_all_of_them_on_demand(opened: Callable) -> None:
    page = opened()
    assert set(column(page, "split")) == {"forward", "operation", "all"}
    choose(page, "split", "")
    choose(page, "task", "advert_risk")
    assert len(set(column(page, "split"))) == 9
    choose(page, "task", "")
    before = len(column(page, "split"))
    page.locator("#overall .more").click()
    assert len(column(page, "split")) > before
    page.locator("#overall .reset").click()
    assert set(column(page, "split")) == {"forward", "operation", "all"}


def test_search_finds_all_words_in_any_order_and_says_how_many(opened: Callable) -> None:
    page = opened()
    page.locator("#overall input").fill("lightgbm PAYMENT")
    assert set(column(page, "task")) == {"payment_risk"}
    assert {name.rstrip(" ◆") for name in column(page, "method")} == {"lightgbm", "graph_lightgbm"}
    assert page.locator("#overall .count").inner_text().startswith("2 of ")


def test_a_click_leads_to_a_method_and_its_number_is_that_of_its_files(opened: Callable) -> None:
    page = opened()
    choose(page, "task", "assistance_triage")
    page.locator("#overall tbody a", has_text="logreg").first.click()
    assert page.url.endswith("small/methods/tipbench--logreg.html")
    results = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in (RESULTS / read(RESULTS).data).glob("reference/assistance_triage/forward/logreg/s*.json")
    ]
    value = fmean(one["scores"][one["primary"]]["value"] for one in results)
    assert page.locator(".stands .best .figure").inner_text() == f"{value:.3f}"
