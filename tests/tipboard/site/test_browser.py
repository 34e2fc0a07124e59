"""The site of made-up results in Chromium, opened from disk, with entries of strangers among them."""

from collections.abc import Callable
from pathlib import Path
from statistics import fmean

import pytest
from browsing import SCRIPT, SEARCH, choose, column, kinds, scores
from in_chromium import CONTRAST, DESK, IN_BROWSER, LEAST_CONTRAST, PHONE
from tipbench.metrics.harm import SILENT
from tipbench.runs.frames import RESULTS, read_results
from tipbench.runs.report import NOTHING
from tipboard.board.files import Board, read

pytestmark = IN_BROWSER
SHOWN = {True: "run here", False: "self-reported"}


def test_every_kind_of_page_opens_without_a_word_and_without_a_network(
    opened: Callable, folder: Path, crowded: Board
) -> None:
    page = opened()
    for path in kinds(folder, crowded):
        page.goto((folder / path).as_uri())
        assert page.locator("h1").is_visible(), path


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
        known = [text for text in texts if text not in (NOTHING, *SILENT)]
        assert 0 < len(known) < len(texts)
        assert texts[: len(known)] == known


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("task", "payment_risk"),
        ("split", "region"),
        ("access", "legal"),
        ("labels", "gold"),
        ("status", "self-reported"),
    ],
)
def test_a_filter_keeps_just_the_lines_of_its_word(
    opened: Callable, crowded: Board, key: str, value: str
) -> None:
    page = opened()
    choose(page, "split", "")
    choose(page, key, value)
    there = column(page, key)
    assert there
    assert set(there) == {value}
    cells = {
        (entry.id, result.task, result.split)
        for entry in crowded.entries
        for result in entry.results
        if value in (result.task, result.split, result.access, result.labels, SHOWN[result.verified])
    }
    shown = page.locator("#overall .count").inner_text()
    assert shown.startswith(f"{len(cells)} ")


def test_default_splits_are_shown_first_and_all_of_them_on_demand(opened: Callable) -> None:
    page = opened()
    assert set(column(page, "split")) == {"forward", "operation", "all"}
    choose(page, "split", "")
    choose(page, "task", "advert_risk")
    assert len(set(column(page, "split"))) == 11
    choose(page, "task", "")
    before = len(column(page, "split"))
    page.locator("#overall .more").click()
    assert len(column(page, "split")) > before
    page.locator("#overall .reset").click()
    assert set(column(page, "split")) == {"forward", "operation", "all"}


def test_search_finds_all_words_in_any_order_and_says_how_many(opened: Callable) -> None:
    page = opened()
    page.locator(SEARCH).fill("lightgbm PAYMENT")
    assert set(column(page, "task")) == {"payment_risk"}
    assert {name.rstrip(" ◆") for name in column(page, "method")} == {"lightgbm", "graph_lightgbm"}
    assert page.locator("#overall .count").inner_text().startswith("2 of ")


def test_a_click_leads_to_a_method_and_its_number_is_that_of_its_files(
    opened: Callable, made_board: Path
) -> None:
    page = opened()
    choose(page, "task", "assistance_triage")
    page.locator("#overall tbody a", has_text="logreg").first.click()
    assert page.url.endswith("small/methods/tipbench--logreg.html")
    stored = read_results(made_board / read(made_board).data / "reference" / RESULTS, "assistance_triage")
    results = [one for one in stored if (one.split, one.method_name) == ("forward", "logreg")]
    value = fmean(one.scores[one.primary].value or 0 for one in results)
    assert page.locator(".stands .best .figure").inner_text() == f"{value:.3f}"


@pytest.mark.parametrize(
    "view", [PHONE, {"width": 320, "height": 640}, DESK], ids=["phone", "narrow", "desk"]
)
def test_no_page_is_wider_than_its_window(opened: Callable, folder: Path, crowded: Board, view: dict) -> None:
    page = opened(viewport=view)
    for path in kinds(folder, crowded):
        page.goto((folder / path).as_uri())
        wide, window = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert wide <= window, path


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


def test_markup_in_names_is_read_and_not_obeyed(opened: Callable, folder: Path, crowded: Board) -> None:
    page = opened()
    page.locator(SEARCH).fill("alert(1)")
    [name] = column(page, "method")
    assert name.startswith(f'{SCRIPT} / "><b>bold</b>&amp;\ufffdtxt')
    page.locator("#overall tbody th a").click()
    assert page.locator("h1").inner_text().startswith(SCRIPT)
    assert page.locator("main script, main img, main b, h1 b").count() == 0
    links = page.eval_on_selector_all("main a", "(all) => all.map((one) => [one.href, one.rel])")
    outside = [link for link in links if not link[0].startswith("file://")]
    assert outside == [[f"https://code.example/{'long/' * 30}", "noopener noreferrer nofollow"]]


def test_paper_has_no_controls_and_repeats_headings(opened: Callable, folder: Path, crowded: Board) -> None:
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


def test_without_scripts_all_rows_are_there_and_no_dead_control(opened: Callable, crowded: Board) -> None:
    page = opened(java_script_enabled=False)
    lines = {(e.id, r.task, r.split) for e in crowded.entries for r in e.results}
    assert page.locator("#overall tbody tr").count() == len(lines)
    assert not page.locator("#overall .controls").is_visible()
    assert page.locator("main button:visible").count() == 0
    page.locator("#overall tbody a", has_text="graphsage").first.click()
    assert page.locator("h1").inner_text() == "graphsage"


def test_the_first_tab_leads_to_the_content_and_focus_is_seen(opened: Callable) -> None:
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_every_table_and_figure_has_a_name_and_every_control_a_label(
    opened: Callable, folder: Path, crowded: Board
) -> None:
    page = opened()
    for path in kinds(folder, crowded):
        page.goto((folder / path).as_uri())
        assert page.evaluate(
            """() => [
                ...[...document.querySelectorAll("table")].filter((one) => !one.caption?.textContent.trim()),
                ...[...document.querySelectorAll("svg.drawing")]
                    .filter((one) => !one.querySelector("title")?.textContent),
                ...[...document.querySelectorAll("select, input")].filter((one) => !one.labels.length),
                ...[...document.querySelectorAll("button, a")].filter((one) => !one.textContent.trim()),
            ].length"""
        ) == 0, path  # fmt: skip
        ids = page.eval_on_selector_all("[id]", "(all) => all.map((one) => one.id)")
        assert len(ids) == len(set(ids)), path
