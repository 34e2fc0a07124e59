"""What figures say, read from their SVG."""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tipboard.board.board_rows import Standing, standings
from tipboard.site.axes import scale, ticks
from tipboard.site.figures.critical_difference import critical_difference
from tipboard.site.figures.forest import MOST, card, forest
from tipboard.site.figures.radar import Panel, radar
from tipboard.site.figures.tradeoff import Spot, against, against_tier, front, tasks_against_tier
from tipboard.site.orders import MeanRanks
from tipboard.site.render import ASSETS
from tipboard.site.svg import Drawing
from tipdata.documents.palette import DARK, LIGHT

SVG = "{http://www.w3.org/2000/svg}"
finite = st.floats(-1e6, 1e6, allow_subnormal=False)


def texts(drawing: Drawing) -> list[str]:
    root = ElementTree.fromstring(drawing.standalone())
    return ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]


def standing_of(board: Callable, *results: Any) -> Standing:
    return next(one for one in standings(board(*results)) if one.split == "forward")


def test_text_of_strangers_is_text_in_a_figure_and_in_its_file() -> None:
    drawing = Drawing(10, 10, "<b>&", "]]>\x00\u202e")
    drawing.text((1, 1), "</text><script>", tip="<i>")
    assert texts(drawing) == ["<i></text><script>"]
    assert "<script" not in drawing.inline('"><script>')
    assert "\u202e" not in drawing.standalone()


def test_colours_are_those_of_the_page_inside_it_and_fixed_in_a_file() -> None:
    drawing = Drawing(10, 10, "t", "a")
    drawing.circle((1, 1), 2, "accent", "none")
    assert 'fill="var(--accent)"' in drawing.inline("x")
    assert "var(" not in drawing.standalone()
    assert 'fill="#0072b2"' in drawing.standalone()


@pytest.mark.parametrize("figure", [forest, card])
def test_an_interval_reaches_from_its_low_end_to_its_high_end_on_the_axis(
    result: Callable, board: Callable, figure: Callable
) -> None:
    scores = {"lightgbm": 0.55, "prior": 0.3}
    standing = standing_of(
        board, *(result(f"advert_risk/{name}", score=score) for name, score in scores.items())
    )
    drawing = figure(standing)
    root = ElementTree.fromstring(drawing.standalone())
    ticks_at = {
        float(text.text or ""): float(text.get("x") or "")
        for text in root.iter(f"{SVG}text")
        if text.get("text-anchor") == "middle" and (text.text or "").replace(".", "").isdigit()
    }
    (one, one_at), *_, (other, other_at) = sorted(ticks_at.items())

    def pixel(value: float) -> float:
        return one_at + (value - one) / (other - one) * (other_at - one_at)

    bars = [line for line in root.iter(f"{SVG}line") if line.get("stroke-opacity")]
    assert len(bars) == len(scores)
    for bar, score in zip(bars, scores.values(), strict=True):
        ends = [float(bar.get(end) or "") for end in ("x1", "x2")]
        assert ends == pytest.approx([pixel(score - 0.1), pixel(score + 0.1)], abs=0.05)


@given(finite, finite)
def test_ticks_are_inside_in_order_and_not_too_many(one: float, other: float) -> None:
    low, high = sorted((one, other))
    if high - low < 1e-6 * max(1.0, abs(low), abs(high)):
        return
    values = [value for value, _ in ticks(low, high, 6)]
    room = 1e-6 * (high - low)
    assert 1 <= len(values) <= 7
    assert values == sorted(set(values))
    assert low - room <= values[0] <= values[-1] <= high + room


@given(st.lists(finite, min_size=1))
def test_a_scale_holds_all_values_with_room(values: list[float]) -> None:
    across = scale(values, 100, 200)
    assert all(100 <= across(value) <= 200 for value in values)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1), st.booleans())
def test_the_front_is_what_no_other_beats_on_both_axes(places: list[tuple[int, int]], lower: bool) -> None:
    def spot(at: int, cost: int, score: int) -> Spot:
        line: Any = SimpleNamespace(method=str(at))
        return Spot(line, cost, score, str(at))

    sign = 1 if lower else -1
    spots = [spot(at, cost, score) for at, (cost, score) in enumerate(places)]
    found = {(one.cost, one.score) for one in front(spots, lower)}
    best = {
        one
        for one in places
        if not any(
            other[0] <= one[0] and sign * other[1] <= sign * one[1] and other != one for other in places
        )
    }
    assert found == best


def test_a_forest_shows_the_best_the_reference_and_how_many_are_left_out(
    result: Callable, board: Callable
) -> None:
    others = [result(f"advert_risk/m{at:02}", score=0.9 - at / 100) for at in range(MOST + 5)]
    reference = result("advert_risk/tfidf_logreg", score=0.1)
    draws = {"tfidf_logreg": np.full(9, 0.1), "m00": np.full(9, 0.9)}
    [shown] = standings(board(*others, reference, draws=draws))
    assert shown.reference == "tfidf_logreg"
    drawing = forest(shown)
    assert drawing is not None
    said = texts(drawing)
    assert any("5 more methods" in text for text in said)
    assert {"m29", "tfidf_logreg"} <= set(said)
    assert "m30" not in said


def test_a_forest_without_a_score_is_none(result: Callable, board: Callable) -> None:
    assert forest(standing_of(board, result("advert_risk/prior", score=None))) is None


def test_access_is_an_axis_only_where_it_differs(result: Callable, board: Callable) -> None:
    one, other = result("advert_risk/prior"), result("advert_risk/lightgbm", access="platform")
    assert against_tier(standing_of(board, one)) is None
    drawing = against_tier(standing_of(board, one, other))
    assert drawing is not None
    assert {"public", "platform", "legal"} <= set(texts(drawing))


def test_a_cost_that_one_method_alone_has_is_no_figure(result: Callable, board: Callable) -> None:
    bare = {"average_precision": {"value": 0.5}}
    one, other = result("advert_risk/prior"), result("advert_risk/lightgbm", scores=bare)
    assert against(standing_of(board, one, other), "harm_gap", "harm gap") is None
    assert (
        against(standing_of(board, one, result("advert_risk/lightgbm")), "harm_gap", "harm gap") is not None
    )


def test_a_radar_needs_three_axes_that_a_method_is_known_on(result: Callable, board: Callable) -> None:
    splits = ("forward", "operation", "region", "platform")
    shown = standing_of(board, *(result("advert_risk/prior", split) for split in splits))
    panel = Panel("prior", shown.lines[0].by_split)
    drawing = radar(shown, [panel], [])
    assert drawing is not None
    assert {"operation", "region", "platform"} <= set(texts(drawing))
    assert "forward" not in texts(drawing)
    assert radar(shown, [Panel("half", {"operation": 0.5, "region": 0.5})], []) is None


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_every_method_of_a_critical_difference_is_named_with_its_rank(count: int) -> None:
    names = [f"method {at}" for at in range(count)]
    ranking = MeanRanks(names, [1.0 + at / 2 for at in range(count)], 1.5, [names[:3]], "9 tasks")
    said = " ".join(texts(critical_difference(ranking, "t")))
    for name in names:
        assert name in said


def test_tasks_stand_by_the_access_of_their_best_method_and_without_a_share_are_left_out() -> None:
    def best(task: str, access: str, share: float | None) -> tuple[Any, Any]:
        row = SimpleNamespace(share_of_oracle=share, score=0.5, low=None, high=None, oracle=False)
        line = SimpleNamespace(
            method="m", access=access, row=row, is_reference=False, against=None, status="reproduced"
        )
        return SimpleNamespace(task=SimpleNamespace(name=task)), line

    found = [best("a", "public", 0.1), best("b", "legal", 0.6), best("c", "platform", None)]
    drawing = tasks_against_tier(found)
    assert drawing is not None
    assert "on the front, by cost: a, b." in drawing.about
    assert tasks_against_tier(found[:1]) is None


def test_the_pages_have_the_colours_of_the_figures() -> None:
    css = (ASSETS / "board.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root(.*?)\{(.*?)\}", css, flags=re.DOTALL)
    found = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", block)) for _, block in blocks]
    assert found[:3] == [LIGHT, DARK, DARK]
    assert LIGHT.keys() == DARK.keys()
