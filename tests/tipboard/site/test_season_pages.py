"""The pages of a board with a closed season: every number of the first screen is the season's."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from in_chromium import IN_BROWSER, PHONE
from made_season import made_season
from test_pages import text_of
from tipbench.runs.report import number
from tipboard.board.files import Board, read
from tipboard.board.season import NO_SEASON, BoardSeason
from tipboard.seasons.standings import rank_entries
from tipboard.site.build import NOWHERE, write
from tipboard.site.sizes import size_of
from tipboard.site.task_page import task_page


@pytest.fixture(scope="module")
def season() -> BoardSeason:
    made = made_season(seed=1, changes={"team-c--agent": {"status": "failed: took too long"}})
    return BoardSeason("spring", "0.5.0/small", "1 June 2027", 8, rank_entries(*made))


@pytest.fixture(scope="module")
def folder(season: BoardSeason, made_board: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of three tasks, with a season of all."""
    found = read(made_board)
    tasks = ("advert_risk", "prevalence", "case_linkage")
    kept = [one for one in found.entries if any(result.task in tasks for result in one.results)][:12]
    to = tmp_path_factory.mktemp("season") / "site"
    write([size_of(Board(found.data, kept), season)], to, quiet=True)
    return to


def rows(page: str) -> dict[str, str]:
    """The rows of the tables at a glance, by task."""
    found = re.findall(r'<tr><th scope="row">.*?</tr>', page, re.DOTALL)
    found = [one.replace("<wbr>", "") for one in found]
    return {re.search(r'identifier">([^<]+)', one)[1]: text_of(one) for one in reversed(found)}  # type: ignore[index]


def test_the_first_screen_has_the_numbers_of_the_season_and_no_other(
    season: BoardSeason, folder: Path
) -> None:
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert season.label in text_of(page)
    assert page.count("What the words mean") == 1
    assert "data-table" not in page
    assert NO_SEASON not in text_of(page)
    known = {
        number(value)
        for name in ("mean", "low", "high", "chance", "oracle", "best_known", "clusters")
        for value in season.frame[name].to_list()
    }
    shown = rows(page)
    assert set(shown) == set(season.tasks)
    for task, text in shown.items():
        finding = season.findings[task]
        assert finding.headline in text
        assert number(finding.methods[0].value) in text
        assert set(re.findall(r"\d\.\d{3}", text)) <= known
    assert "took too long" not in page


def test_a_task_page_begins_with_the_finding_and_shows_the_season_above_open_practice(
    season: BoardSeason, folder: Path
) -> None:
    for path in folder.glob("small/tasks/*.html"):
        page = path.read_text(encoding="utf-8").replace("<wbr>", "")
        text = text_of(page)
        assert text.index(season.findings[path.stem].sentence) < text.index(season.label)
        assert page.index('id="season"') < page.index('id="methods"')
        assert "failed: took too long" in text
        assert (folder / f"data/small/{path.stem}-season.csv").is_file()
    assert 'id="overall"' in (folder / "practice.html").read_text(encoding="utf-8")


def test_a_season_of_tiny_says_that_it_has_no_ranks(made_board: Path) -> None:
    made = made_season({"prevalence": {"tipbench--a": [0.3] * 8, "tipbench--oracle": [0.1] * 8}}, size="tiny")
    season = BoardSeason("spring", "0.5.0/tiny", "1 June 2027", 8, rank_entries(*made))
    board = read(made_board)
    kept = [one for one in board.entries if any(result.task == "prevalence" for result in one.results)][:3]
    size = size_of(Board(board.data, kept), season)
    lines = next(one for one in size.usual if one[0]["task"] == "prevalence")
    said = text_of(task_page(size, lines, NOWHERE).html)
    assert "This season has no ranks." in said
    assert "Ranks are within a class" not in said
    assert "Bold" not in said


def test_links_lead_to_files_without_declared_addresses(folder: Path) -> None:
    for path in folder.rglob("*.html"):
        for address in re.findall(r'(?:href|src)="([^"#]+)"', path.read_text(encoding="utf-8")):
            assert path.parent.joinpath(address).resolve().is_file(), (path, address)
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert 'href="documents/docs/board.md.txt">How to submit<' in index


@pytest.mark.skipif(IN_BROWSER[0].args[0] or IN_BROWSER[1].args[0], reason="there is no browser")
def test_a_phone_shows_the_first_score_at_once_and_no_page_scrolls_sideways(opened: Callable) -> None:
    for path in ("index.html", "practice.html", "small/tasks/advert_risk.html"):
        page = opened(path, viewport=PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page = opened(viewport=PHONE)
    assert page.locator(".glance td[data-label=score]").first.bounding_box()["y"] < PHONE["height"] - 100
    page = opened("small/tasks/advert_risk.html", viewport=PHONE)
    heading = page.locator('#season thead th[data-key="score"]').bounding_box()
    assert heading["x"] + heading["width"] <= PHONE["width"]
