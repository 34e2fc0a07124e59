"""No submission is ranked or leads anything; a score that a fresh world does not support is marked."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tipbench.kinds import ESTIMATES
from tipbench.runs.results import Result
from tipbench.tasks import tasks
from tipboard.board.columns import COLUMNS, is_unsupported
from tipboard.board.entries import Entry, reference_entries
from tipboard.board.files import Board, read
from tipboard.board.forest import forest_of
from tipboard.board.fresh import ASSUMED, LARGEST_MARGIN, MARGIN, SMALLEST_MARGIN, Bounded, fresh_of, supports
from tipboard.board.standings import Line, best_score, shift_drops, standings
from tipboard.board.tables import FOOTNOTE, FORMATS, UNRANKED, cell_text, matrix, of_entry, of_task, overall
from tipboard.board.worlds import read_stability as read_worlds
from tipboard.site.build import write
from tipboard.site.overview import covering
from tipboard.site.sizes import across, best, size_of

DATA = "0.4.0/tiny"
SCORES = st.floats(0, 1)


def known(score: float, reach: float = 0.0) -> Bounded:
    return Bounded(score, score - reach, score + reach)


@pytest.fixture
def reproduced(result: Callable) -> Callable[..., Entry]:
    """A submission of advert_risk that was reproduced: scores on the release and on a fresh world, by split."""

    def make(name: str, scores: dict[str, tuple[float, float | None]], task: str = "advert_risk") -> Entry:
        here = [result(f"{task}/{name}", split, score) for split, (score, _) in scores.items()]
        there = [
            result(f"{task}/{name}", split, score, data=f"{DATA}.w7") for split, (_, score) in scores.items()
        ]
        return Entry("lab", name, here, (), object(), (), there)  # type: ignore[arg-type]

    return make


@pytest.fixture
def reference(result: Callable) -> list[Entry]:
    found = [
        result(f"advert_risk/{name}", split, score + (split == "random") / 10)
        for name, score in (("good", 0.6), ("fair", 0.4))
        for split in ("forward", "random", "region")
    ]
    return reference_entries(found, [])


def lines(*entries: Entry) -> dict[str, Line]:
    [shown] = standings(Board(DATA, list(entries)))
    return {line["method"]: line for line in shown}


def text(key: str, line: Line) -> str:
    return next(column.text(line) for column in COLUMNS if column.name == key)


def test_the_edge_is_at_noise_and_margin_and_half_widths_add_as_squares() -> None:
    noise = np.hypot(0.03, 0.04)
    for released, margin in ((0.9, LARGEST_MARGIN), (0.3, 0.3 * MARGIN), (0.01, SMALLEST_MARGIN)):
        edge = released - noise - margin
        assert supports(known(released, 0.03), known(edge + 1e-9, 0.04), lower_is_better=False)
        assert not supports(known(released, 0.03), known(edge - 1e-9, 0.04), lower_is_better=False)


def test_the_ends_of_the_intervals_that_face_each_other_count() -> None:
    released, fresh = Bounded(0.9, 0.5, 0.9), Bounded(0.5, 0.5, 0.9)
    assert supports(released, fresh, lower_is_better=False)
    turned = Bounded(0.9, 0.9, 1.3), Bounded(0.5, 0.1, 0.5)
    assert not supports(*turned, lower_is_better=False)


@given(SCORES, SCORES, st.floats(0, 0.5), st.floats(0, 0.5))
def test_an_error_is_judged_as_the_score_that_it_is_the_opposite_of(
    score: float, other: float, reach: float, far: float
) -> None:
    def opposite(one: Bounded) -> Bounded:
        assert None not in (one.score, one.low, one.high)
        return Bounded(-one.score, -one.high, -one.low)  # type: ignore[operator]

    pair = known(score, reach), known(other, far)
    assert supports(*pair, lower_is_better=False) == supports(*map(opposite, pair), lower_is_better=True)


@given(SCORES, SCORES, st.floats(0, 0.5))
def test_a_fresh_score_that_is_no_worse_always_supports(released: float, fresh: float, reach: float) -> None:
    low, high = sorted((released, fresh))
    assert supports(known(low, reach), known(high, reach), lower_is_better=False)
    assert supports(known(high, reach), known(low, reach), lower_is_better=True)


@pytest.mark.slow
def test_of_shipped_methods_one_score_in_a_hundred_is_marked_in_the_worlds_of_small_at_most(
    committed: Path,
) -> None:
    """Of the fresh score the interval is not kept: it is taken to be as wide, in proportion, as the released one.

    Errors of estimates pool all regions, so that worlds differ by more than a bootstrap within one sees: with them it
    is one in forty, which one side of 95% intervals lets through.
    """
    board = read(committed)
    worlds = read_worlds(committed, board.data)
    assert worlds is not None
    released = {(line["task"], line["method"]): line for standing in standings(board) for line in standing}
    judged, marked = [], []
    for task in worlds.tasks:
        for scores in task.scores:
            for method, score in zip(task.methods, scores, strict=True):
                row = released[task.task, method]
                assert row["score"] is not None
                here = Bounded(row["score"], row["low"], row["high"])
                ratio = score / row["score"] if row["score"] else 1.0
                reach = [ratio * here.reach(up) for up in (False, True)]
                there = Bounded(score, score - reach[0], score + reach[1])
                judged.append(task.task)
                if not supports(here, there, task.lower_is_better):
                    marked.append((task.task, method, row["score"], score))
    assert len(judged) > 300
    assert len(marked) <= len(judged) / 40, marked
    pooled = {name for name, task in tasks().items() if task.kind is ESTIMATES}
    others = [one for one in marked if one[0] not in pooled]
    assert len(others) <= sum(name not in pooled for name in judged) / 100, others


@pytest.fixture
def led(result: Callable, board: Callable, reproduced: Callable) -> Board:
    """A package that remembers some of the released test: the best score by far, which the fresh world supports."""
    scores = {"tfidf_logreg": 0.671, "prior": 0.05}
    draws = {name: np.random.default_rng(0).normal(score, 0.01, 99) for name, score in scores.items()}
    results = [result(f"advert_risk/{name}", score=score) for name, score in scores.items()]
    honest = board(*results, draws=draws).entries
    memo = reproduced("memo", {"forward": (0.835, 0.692)})
    kept = board(*memo.results, draws={"memo": draws["tfidf_logreg"] + 0.164}).entries[0].draws
    said: Any = SimpleNamespace(
        title="Memo", summary="", authors=[], paper=None, code=None, hardware="", pinned=None
    )
    return Board(DATA, [replace(memo, draws=kept, record=said), *honest])


def test_a_package_that_remembers_a_few_answers_has_no_rank_and_leads_nothing(led: Board) -> None:
    [standing] = standings(led)
    assert [(line["method"], line["rank"]) for line in standing] == [
        ("tfidf_logreg", 1), ("prior", 2), ("memo", None)
    ]  # fmt: skip
    memo = standing[-1]
    found = [memo[key] for key in ("status", "supported", "against", "is_ranked")]
    assert found == ["reproduced", True, None, False]
    leader = best(standing)
    assert leader is not None
    assert (leader["name"], leader["is_best"], leader["is_reference"]) == ("tfidf_logreg", True, True)
    assert best_score(standing, "forward") == 0.671
    assert [row["name"] for row in forest_of(standing).rows] == ["tfidf_logreg", "prior", "lab / memo"]


def test_no_file_ranks_a_package_that_remembers_a_few_answers_or_calls_it_significant(led: Board) -> None:
    [standing] = standings(led)
    table = of_task(led, standing)
    records = json.loads(json.dumps(table.records))
    assert [record["method"] for record in records] == ["tfidf_logreg", "prior", "memo"]
    csv = pl.read_csv(FORMATS["csv"].write(table))
    for row in (records[-1], csv.row(-1, named=True)):
        assert (row["method"], row["score"], row["supported"]) == ("memo", 0.835, True)
        empty = ("rank", "rank_low", "rank_high", "difference", "difference_low", "p_holm", "significant")
        assert {key: row[key] for key in empty} == dict.fromkeys(empty)
    assert csv["significant"].to_list() == [None, True, None]
    for kind, bold in (("markdown", "**0.671**"), ("latex", r"\textbf{0.671}")):
        written = FORMATS[kind].write(table).decode()
        first, *_, last = [row for row in written.splitlines() if "0.671" in row or "0.835" in row]
        assert bold in first
        assert "0.835" in last
        assert {"**", "textbf", " p "} & set(re.findall(r"[*]{2}|textbf| p ", last)) == set()
        assert last.replace("{-}", "-").lstrip("| ").startswith("- ")
        assert UNRANKED in written
    assert [row["kind"] for row in table.rows] == ["reference", "", "reproduced"]


def test_no_page_ranks_a_package_that_remembers_a_few_answers(led: Board, tmp_path: Path) -> None:
    write([size_of(led)], tmp_path / "site", quiet=True)
    pages = {path: (tmp_path / "site" / path).read_text(encoding="utf-8") for path in (
        "index.html", "tiny/tasks/advert_risk.html", "tiny/methods/lab--memo.html"
    )}  # fmt: skip
    index, task, method = pages.values()
    for page in (index, task):
        rows = re.findall(r"<tr[^>]*>.*?(?=<tr|</tbody>)", page.partition("<tbody>")[2], re.DOTALL)
        assert "tfidf_logreg" in rows[0]
        assert rows[2].startswith('<tr class="reproduced"')
        assert "0.835" in rows[2]
        assert UNRANKED in page
    assert re.search(r'class="best">.*0\.671.*tfidf_<wbr>logreg', index)
    assert "the best is tfidf_logreg" in task
    assert "the best that is ranked is tfidf_logreg" in task
    assert "not ranked on forward" in method
    assert not re.search(r"rank 1\b", method)


def test_an_honest_entry_shows_both_scores(reproduced: Callable, reference: list[Entry]) -> None:
    line = lines(*reference, reproduced("honest", {"forward": (0.7, 0.6)}))["honest"]
    assert [text(key, line) for key in ("score", "fresh", "status", "rank")] == [
        "0.700", "0.600", "reproduced", "-"
    ]  # fmt: skip


def test_a_forged_entry_stands_among_submissions_where_its_fresh_score_does(
    reproduced: Callable, reference: list[Entry]
) -> None:
    forged = reproduced("forged", {"forward": (0.99, 0.5)})
    found = lines(*reference, forged, reproduced("honest", {"forward": (0.55, 0.5)}))
    assert list(found) == ["good", "fair", "honest", "forged"]
    assert text("status", found["forged"]) == "reproduced, not supported"


def test_a_forged_entry_is_the_best_of_nothing(
    reproduced: Callable, reference: list[Entry], result: Callable
) -> None:
    forged = reproduced("forged", {"forward": (0.99, 0.5), "random": (0.98, 0.6), "region": (0.97, 0.5)})
    size = size_of(Board(DATA, [*reference, forged]))
    [standing] = size.usual
    leader = best(standing)
    assert leader is not None
    assert leader["name"] == "good"
    assert forest_of(standing).rows[-1]["placed"] == 0.5  # of the forged one
    assert {name: best_score(standing, name) for name in standing[0]["splits"]} == {
        "forward": 0.6, "random": 0.7, "region": 0.6
    }  # fmt: skip
    found = [standing[-1][key] for key in ("method", "against", "leakage", "drift")]
    assert found == ["forged", None, None, None]
    assert shift_drops(standing[-1]) == {"region": None}


def test_an_entry_that_is_forged_on_another_split_alone_is_marked_there(
    reproduced: Callable, reference: list[Entry]
) -> None:
    board = Board(DATA, [*reference, reproduced("half", {"forward": (0.65, 0.6), "random": (0.99, 0.5)})])
    [standing] = standings(board)
    assert best_score(standing, "random") == 0.7
    table = matrix(board, standing)
    assert [cell_text(column, table.rows[-1]) for column in table.columns] == [
        *("lab / half", "0.650", "0.990 †", "-")
    ]
    assert not any(column.bold(table.rows[-1]) for column in table.columns)


def test_pairwise_tests_and_their_correction_know_nothing_of_a_forged_entry(
    reproduced: Callable, result: Callable, board: Callable
) -> None:
    names = ("tfidf_logreg", "prior")
    results = [
        result(f"advert_risk/{name}", score=score) for name, score in zip(names, (0.6, 0.4), strict=True)
    ]
    draws = {name: np.random.default_rng(at).normal(0.5, 0.1, 99) for at, name in enumerate(names)}
    honest = board(*results, draws=draws).entries
    forged = reproduced("forged", {"forward": (0.99, 0.3)})
    kept = board(*forged.results, draws={"forged": np.full(99, 0.99)}).entries[0].draws
    forged = replace(forged, draws=kept)
    alone, found = lines(*honest), lines(*honest, forged)
    assert {name: found[name] for name in names} == alone
    assert (found["forged"]["against"], found["forged"]["rank_low"]) == (None, None)


def test_mean_ranks_leave_a_forged_entry_out(reproduced: Callable, result: Callable) -> None:
    tasks = ("advert_risk", "account_risk", "payment_risk")
    names = ("a", "b", "c")
    honest = reference_entries(
        [result(f"{task}/{name}", score=at / 10) for task in tasks for at, name in enumerate(names, 1)], []
    )
    parts = [reproduced("forged", {"forward": (0.99, 0.1)}, task) for task in tasks]
    forged = replace(
        parts[0],
        results=[one for part in parts for one in part.results],
        fresh=[one for part in parts for one in part.fresh],
    )
    size = size_of(Board(DATA, [*honest, forged]))
    ranking = across(size.usual)
    assert ranking is not None
    assert ranking.methods == ("c", "b", "a")
    last = covering(size).rows[-1]
    assert (last["kind"], last["status"]) == ("unsupported", "reproduced, not supported")
    assert "account_risk (not ranked)" in last["ranks"]


def written(entries: Sequence[Entry]) -> tuple[dict[str, bytes], Board]:
    board = Board(DATA, list(entries))
    [standing] = standings(board)
    return {name: kind.write(of_task(board, standing)) for name, kind in FORMATS.items()}, board


def test_every_format_marks_it_and_says_what_the_mark_means(
    reproduced: Callable, reference: list[Entry]
) -> None:
    made, _ = written([*reference, reproduced("forged", {"forward": (0.99, 0.5)})])
    markdown, latex, csv = (made[name].decode() for name in ("markdown", "latex", "csv"))
    assert "0.990 †" in markdown
    assert "0.500 †" in markdown
    assert FOOTNOTE in markdown
    assert r"0.990 \dag{}" in latex
    assert "Not supported: on a world drawn at random" in latex
    head, *rows = (row.split(",") for row in csv.splitlines())
    [forged] = [dict(zip(head, row, strict=True)) for row in rows if "forged" in row]
    assert {key: forged[key] for key in ("fresh", "fresh_low", "fresh_high", "supported")} == {
        "fresh": "0.5", "fresh_low": "0.4", "fresh_high": "0.6", "supported": "false"
    }  # fmt: skip


def test_the_column_is_absent_where_no_entry_has_a_fresh_score_and_a_dash_where_one_has_none(
    reproduced: Callable, reference: list[Entry]
) -> None:
    made, board = written(reference)
    found = standings(board, every_split=True)
    tables = [
        of_task(board, found[0]),
        overall([(board, found)]),
        of_entry(board, found[0], "x"),
    ]
    for table in tables:
        assert "fresh" not in {column.name for column in table.columns}
        assert not {"fresh", "supported"} & table.records[0].keys()
        assert table.footnote == ""
    assert b"fresh" not in made["csv"]
    made, _ = written([*reference, reproduced("honest", {"forward": (0.7, 0.6)})])
    assert b"fresh world" in made["markdown"]
    assert "†" not in made["markdown"].decode()
    assert text("fresh", lines(*reference)["good"]) == "-"


def test_scores_of_seeds_that_were_run_on_both_are_compared(result: Callable) -> None:
    def seeds(scores: Sequence[float], **more: str) -> list[Result]:
        return [result("advert_risk/m", score=score, seed=at, **more) for at, score in enumerate(scores)]

    entry = Entry("lab", "m", seeds((0.7, 0.8, 0.9)), (), object(), (), seeds((0.6, 0.7), data=f"{DATA}.w7"))  # type: ignore[arg-type]
    line = lines(entry)["m"]
    assert line["fresh"] == pytest.approx(0.65)
    assert not is_unsupported(line)


TINY_DATA = "0.4.0/tiny"


def test_without_an_interval_a_wide_one_is_assumed_and_an_undefined_fresh_score_supports_nothing() -> None:
    bare = Bounded(0.9, None, None, withheld=True)
    edge = 0.9 - np.hypot(ASSUMED, ASSUMED) - LARGEST_MARGIN
    assert supports(bare, Bounded(edge + 1e-9, None, None, withheld=True), lower_is_better=False)
    assert not supports(bare, Bounded(edge - 1e-9, None, None, withheld=True), lower_is_better=False)
    assert not supports(bare, Bounded(None, None, None), lower_is_better=False)


@pytest.mark.parametrize(
    ("replicates", "note", "assumed"),
    [
        (1000, "too few clusters", True),
        (0, "undefined in too many bootstrap replicates", False),
        (1000, None, False),
    ],
)
def test_a_wide_interval_is_assumed_only_where_the_evaluator_withheld_one(
    replicates: int, note: str | None, assumed: bool, result: Callable
) -> None:
    found = [
        result("advert_risk/m", score=score, data=data, config={"replicates": replicates},
               scores={"average_precision": {"value": score, "note": note}})
        for score, data in ((0.4, TINY_DATA), (0.1, f"{TINY_DATA}.w7"))
    ]  # fmt: skip
    told = fresh_of(found[:1], found[1:], "average_precision")
    assert told is not None
    assert told.score.reach(up=True) == (ASSUMED if assumed else 0.0)
    assert told.supports is assumed
