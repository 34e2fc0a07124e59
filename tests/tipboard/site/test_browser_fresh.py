"""A score that a fresh world does not support, as a reader sees it."""

from collections.abc import Callable

import pytest
from browsing import column
from in_chromium import DESK, IN_BROWSER, PHONE
from tipboard.board.tables import FOOTNOTE

pytestmark = IN_BROWSER


@pytest.mark.parametrize("view", [PHONE, DESK], ids=["phone", "desk"])
def test_a_score_that_a_fresh_world_does_not_support_is_marked_and_the_mark_explained(
    opened: Callable, view: dict
) -> None:
    page = opened("small/tasks/account_risk.html", viewport=view)
    names, places = column(page, "method", "methods"), column(page, "rank", "methods")
    unranked = [name for name, place in zip(names, places, strict=True) if place == "-"]
    assert unranked == [*names[-4:-1], "oracle"]
    assert sorted(unranked) == ["east / forged", "east / honest", "oracle", "south / public_only"]
    marked = page.locator("#methods td.marked")
    assert [text.split()[0] for text in marked.all_text_contents()] == ["0.900", "0.070"]
    footnote = page.locator("#methods .footnote")
    assert footnote.is_visible()
    assert footnote.text_content() == marked.first.get_attribute("title") == FOOTNOTE
    for kind, said in (("unsupported", "not supported"), ("reproduced", "reproduced")):
        shown = f"getComputedStyle(document.querySelector('tr.{kind} th'), '::after').content"
        assert page.evaluate(shown) == f'" not ranked: {said}"'
    assert opened("small/tasks/route_forecast.html").locator(".footnote").count() == 0
