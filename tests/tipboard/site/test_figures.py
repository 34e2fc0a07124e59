"""What figures say, read from their SVG."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tipbench.pages.svg import LETTER, PHONE, Drawing, Scale
from tipbench.pages.templates import ASSETS
from tipboard.board.files import read
from tipboard.board.forest import forest_of
from tipboard.board.standings import Lines, standings
from tipboard.site.figures.forest import MOST, forest
from tipboard.site.figures.marks import scale
from tipboard.site.figures.rows import BEST, by_group, by_split, shifts
from tipboard.site.figures.tradeoff import HALF, Label, Spot, against, against_tier, front, place_labels
from tipdata.documents.palette import DARK, LIGHT

SVG = "{http://www.w3.org/2000/svg}"
finite = st.floats(-1e6, 1e6, allow_subnormal=False)


def texts(drawing: Drawing) -> list[str]:
    root = ElementTree.fromstring(drawing.standalone())
    return ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]


def standing_of(board: Callable, *results: Any, **more: Any) -> Lines:
    return next(one for one in standings(board(*results, **more)) if one[0]["split"] == "forward")


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


def test_neighbours_of_one_look_are_a_group_on_a_page_and_lines_one_path() -> None:
    drawing = Drawing(10, 10, "t", "a")
    drawing.line((1, 2), (3, 2), "pale")
    drawing.line((1, 2), (1, 5), "pale")
    drawing.line((0, 0), (3, 4), "pale")
    drawing.line((0, 0), (3, 4), "pale", dash="2 3")
    drawing.circle((1, 1), 2, "ink", "ink", "<one>")
    drawing.circle((2, 2), 2, "ink", "ink")
    drawing.circle((3, 3), 2, "paper", "ink")
    inside = str(drawing.inline("x")).partition("</desc>")[2]
    pale, ink = (
        'stroke="var(--pale)" stroke-width="1"',
        'fill="var(--ink)" stroke="var(--ink)" stroke-width="1.5"',
    )
    assert inside == (
        f'<path d="M1 2H3M1 2V5M0 0L3 4" {pale}/>'
        f'<line x1="0" y1="0" x2="3" y2="4" {pale} stroke-dasharray="2 3"/>'
        f'<g {ink}><circle cx="1" cy="1" r="2"><title>&lt;one&gt;</title></circle><circle cx="2" cy="2" r="2"/></g>'
        '<circle cx="3" cy="3" r="2" fill="var(--paper)" stroke="var(--ink)" stroke-width="1.5"/></svg>'
    )


@pytest.mark.parametrize("phone", [False, True])
def test_an_interval_reaches_from_its_low_end_to_its_high_end_on_the_axis(
    result: Callable, board: Callable, phone: bool
) -> None:
    scores = {"lightgbm": 0.55, "prior": 0.3}
    standing = standing_of(
        board, *(result(f"advert_risk/{name}", score=score) for name, score in scores.items())
    )
    drawing = forest(forest_of(standing), phone)
    assert drawing is not None
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
    values = [value for value, _ in Scale(low, high, 0, 1).ticks(6)]
    room = 1e-6 * (high - low)
    assert 1 <= len(values) <= 7
    assert values == sorted(set(values))
    assert low - room <= values[0] <= values[-1] <= high + room


@given(st.lists(finite, min_size=1))
def test_a_scale_holds_zero_and_all_values(values: list[float]) -> None:
    across = scale(values, 100, 200)
    assert all(100 <= across(value) <= 200 for value in (0, *values))
    if min(values) >= 0:
        assert across.low == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1), st.booleans())
def test_the_front_is_what_no_other_beats_on_both_axes(places: list[tuple[int, int]], lower: bool) -> None:
    def spot(at: int, cost: int, score: int) -> Spot:
        return Spot({"name": str(at)}, cost, score)

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
    assert [line["name"] for line in shown if line["is_reference"]] == ["tfidf_logreg"]
    drawing = forest(forest_of(shown, most=MOST))
    assert drawing is not None
    said = texts(drawing)
    assert any("5 more methods" in text for text in said)
    assert {"m29", "tfidf_logreg"} <= set(said)
    assert "m30" not in said


def test_a_forest_without_a_score_is_none(result: Callable, board: Callable) -> None:
    assert forest(forest_of(standing_of(board, result("advert_risk/prior", score=None)))) is None


def test_access_is_an_axis_only_where_it_differs(result: Callable, board: Callable) -> None:
    one, other = result("advert_risk/prior"), result("advert_risk/lightgbm", access="platform")
    assert against_tier(standing_of(board, one)) is None
    drawing = against_tier(standing_of(board, one, other))
    assert drawing is not None
    assert {"public", "platform", "legal"} <= set(texts(drawing))


def test_a_cost_that_one_method_alone_has_is_no_figure(result: Callable, board: Callable) -> None:
    bare = {"average_precision": {"value": 0.5}}
    one, other = result("advert_risk/prior"), result("advert_risk/lightgbm", scores=bare)
    assert against(standing_of(board, one, other), "harm_gap") is None
    assert against(standing_of(board, one, result("advert_risk/lightgbm")), "harm_gap") is not None


SHIFTED = ("forward", "operation", "region", "platform")


def test_the_dot_of_a_split_needs_three_splits_that_a_method_is_known_on(
    result: Callable, board: Callable
) -> None:
    shown = standing_of(board, *(result("advert_risk/prior", split) for split in SHIFTED))
    over, mine = shifts(shown), by_split(shown[0], [])
    assert over is not None
    assert mine is not None
    for drawing in (over, mine):
        assert "average precision at 5% prevalence (0 to 1)" in texts(drawing)
    assert {"operation", "region", "platform"} <= set(texts(mine))
    assert "forward" not in texts(mine)
    few = standing_of(board, *(result("advert_risk/prior", split) for split in SHIFTED[:3]))
    assert shifts(few) is by_split(few[0], []) is None


def test_shifts_are_of_the_best_and_the_reference_and_of_no_self_reported_method(
    result: Callable, board: Callable
) -> None:
    others = [
        result(f"advert_risk/m{at}", split, 0.9 - at / 100, verified=at != 1)
        for at in range(BEST + 2)
        for split in SHIFTED
    ]
    reference = [result("advert_risk/tfidf_logreg", split, 0.1) for split in SHIFTED]
    draws = {"tfidf_logreg": np.full(9, 0.1), "m0": np.full(9, 0.9)}
    drawing = shifts(standing_of(board, *others, *reference, draws=draws))
    assert drawing is not None
    names = [text for text in texts(drawing) if text[0] in "mt" and len(text) < 13]
    assert names == ["m0", "m2", "m3", "m4", "m5", "tfidf_logreg"]


def many(result: Callable, count: int, long: bool = False) -> list[Any]:
    """Methods whose scores and harm are so close that their names have little room."""
    return [
        result(
            f"advert_risk/{'a_rather_long_name_' if long else 'm'}{at:02}", access=("public", "platform")[at % 2],
            scores={
                "average_precision": {"value": 0.5 - at / 1000, "low": 0.4, "high": 0.6},
                "harm_gap": {"value": 0.02 + at % 3 / 1000},
            },
        )
        for at in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("width", [560, PHONE])
@pytest.mark.parametrize(("count", "long"), [(2, False), (7, True), (25, False), (30, True)])
def test_every_method_of_a_trade_off_is_named_in_it(
    result: Callable, board: Callable, count: int, long: bool, width: int
) -> None:
    shown = standing_of(board, *many(result, count, long))
    for drawing in (against(shown, "harm_gap", width), against_tier(shown, width)):
        assert drawing is not None
        said = " ".join(texts(drawing))
        assert [line["name"] for line in shown if line["name"] not in said] == []


def test_the_leading_method_of_every_task_is_named(made_board: Path) -> None:
    drawn = 0
    for shown in standings(read(made_board)):
        drawing = against(shown, "harm_gap")
        if drawing is not None:
            drawn += 1
            leading = next(one for one in shown if one["scores"]["harm_gap"]["value"] is not None)
            assert leading["name"] in texts(drawing)
    assert drawn >= 4


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(60, 500), st.integers(60, 300)), min_size=1, max_size=12, unique=True))
def test_names_beside_marks_lie_on_no_other_name_and_none_is_lost(marks: list[tuple[int, int]]) -> None:
    labels = [Label(f"method {at}", mark) for at, mark in enumerate(marks)]
    named, numbered = place_labels(labels, [], (40, 20, 560, 340), 12)
    assert sorted(one.name for one in (*named, *numbered)) == sorted(label.name for label in labels)
    boxes = [one.box(12) for one in named]
    for at, one in enumerate(boxes):
        assert one[2] - one[0] == pytest.approx(len(named[at].name) * LETTER * 12)
        assert one[3] - one[1] == pytest.approx(2 * HALF)
        for other in boxes[:at]:
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart


def test_what_a_phone_shows_is_as_narrow_as_one_and_legible(result: Callable, board: Callable) -> None:
    results = many(result, 8, long=True)
    shown = standing_of(board, *results, *(result("advert_risk/m", split) for split in SHIFTED))
    [known] = [line for line in shown if line["name"] == "m"]
    drawings = [
        forest(forest_of(shown), phone=True), against(shown, "harm_gap", PHONE), against_tier(shown, PHONE),
        shifts(shown), by_group({"sex=male": 0.1, "sex=female": 0.2}, "t", "recall (0 to 1)"),
        by_split(known, shown),
    ]  # fmt: skip
    for drawing in drawings:
        assert drawing is not None
        assert drawing.width <= PHONE, drawing.title
        root = ElementTree.fromstring(drawing.standalone())
        sizes = [float(one.get("font-size") or 0) for one in root.iter(f"{SVG}text")]
        assert min(sizes) >= 11, drawing.title


def test_the_pages_have_the_colours_of_the_figures() -> None:
    css = (ASSETS / "pages.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root(.*?)\{(.*?)\}", css, flags=re.DOTALL)
    found = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", block)) for _, block in blocks]
    assert found[:3] == [LIGHT, DARK, DARK]
    assert LIGHT.keys() == DARK.keys()
