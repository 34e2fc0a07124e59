"""Every kind of page of the site in Chromium: quiet, safe, and of use without a mouse or a script."""

from collections.abc import Callable
from pathlib import Path

from shown import SCRIPT, column
from tipboard.board.files import Board


def test_every_kind_of_page_opens_without_a_word_and_without_a_network(
    opened: Callable, folder: Path, kinds: list[str]
) -> None:
    page = opened()
    for path in kinds:
        page.goto((folder / path).as_uri())
        assert page.locator("h1").is_visible(), path


def test_markup_in_names_is_read_and_not_obeyed(opened: Callable) -> None:
    page = opened()
    page.locator("#overall input").fill("alert(1)")
    [name] = column(page, "method")
    assert name.startswith(f'{SCRIPT} / "><b>bold</b>&amp;\ufffdtxt')
    page.locator("#overall tbody a").click()
    assert page.locator("h1").inner_text().startswith(SCRIPT)
    assert page.locator("main script, main img, main b, h1 b").count() == 0
    links = page.eval_on_selector_all("main a", "(all) => all.map((one) => [one.href, one.rel])")
    outside = [link for link in links if not link[0].startswith("file://")]
    assert outside == [[f"https://code.example/{'long/' * 30}", "noopener noreferrer nofollow"]]


def test_without_scripts_all_rows_are_there_and_no_dead_control(opened: Callable, board: Board) -> None:
    page = opened(java_script_enabled=False)
    lines = {(e.id, r.task, r.split) for e in board.entries for r in e.results}
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
    opened: Callable, folder: Path, kinds: list[str]
) -> None:
    page = opened()
    for path in kinds:
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


def test_downloads_are_files_beside_the_page(opened: Callable, folder: Path) -> None:
    page = opened()
    for path in ("index.html", "small/tasks/advert_risk.html", "small/methods/north--stacker.html"):
        page.goto((folder / path).as_uri())
        found = page.eval_on_selector_all(
            "a[download]", "(all) => all.map((one) => one.getAttribute('href'))"
        )
        assert len(found) >= 4, path
        for address in found:
            assert (folder / path).parent.joinpath(address).resolve().is_file(), address
