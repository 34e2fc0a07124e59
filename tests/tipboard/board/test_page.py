from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tipbench.config.options import config_folder, options
from tipbench.runs.results import Result
from tipbench.tasks import tasks
from tipboard.board.page import render
from tipboard.board.standings import reference_of, standings
from tipboard.site.build import write
from tipboard.site.sizes import size_of

A, B, ORACLE = "advert_risk/prior", "advert_risk/lightgbm", "advert_risk/oracle"


def cells(page: str, method: str) -> dict[str, str]:
    """The first line of a method, by heading."""
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line[:1] == "|"
    ]
    return dict(zip(lines[0], next(line for line in lines if method in line[:2]), strict=True))


def test_methods_stand_best_first_and_oracles_last_in_italics(result: Callable, board: Callable) -> None:
    page = render(
        board(result(A, score=0.3), result(ORACLE, score=0.9, oracle_method=True), result(B, score=0.6)),
        "f.svg",
    )
    assert page.index("| lightgbm |") < page.index("| prior ") < page.index("| *oracle*")


def test_page_and_site_count_a_method_once_for_each_task_and_oracles_apart(
    result: Callable, board: Callable, tmp_path: Path
) -> None:
    shown = board(
        *(result(A, split, seed=seed) for split in ("forward", "random") for seed in (0, 1)),
        *(result("account_risk/prior"), result(ORACLE, oracle_method=True)),
    )
    said = "6 results of 2 methods and 1 oracle on 2 tasks (a method counts once for each of its tasks)"
    assert f"evaluator 2, 3: {said}. Made by" in render(shown, "f.svg")
    write([size_of(shown)], tmp_path / "site", quiet=True)
    pages = [
        (tmp_path / "site" / one).read_text(encoding="utf-8")
        for one in ("index.html", "tiny/tasks/advert_risk.html")
    ]
    assert pages[0].count(said) >= 2
    assert "1 method by average precision" in pages[1]


def test_errors_stand_smallest_first_and_say_that_lower_is_better(result: Callable, board: Callable) -> None:
    def estimated(method: str, error: float | None) -> Result:
        scores = {"median_abs_log_error": {"value": error, "note": None if error else "no estimate exists"}}
        return result(method, primary="median_abs_log_error", scores=scores, oracle={"oracle": 0.1})

    shown = board(estimated(A, 1.3), estimated("advert_risk/tfidf_logreg", None), estimated(B, 1.6))
    page = render(shown, "f.svg")
    assert page.index("| prior") < page.index("| lightgbm") < page.index("| tfidf_logreg")
    assert "median absolute log error; lower is better" in page
    assert cells(page, "tfidf_logreg")["95% interval"] == "no estimate exists"
    assert standings(shown)[0][0]["oracle_score"] == 0.1


def test_several_seeds_are_a_mean_with_the_spread_of_ddof_1(result: Callable, board: Callable) -> None:
    seeds = [result(A, seed=seed, score=score) for seed, score in enumerate((0.4, 0.5, 0.6))]
    line = cells(render(board(*seeds), "f.svg"), "prior")
    assert (line["score"], line["95% interval"]) == ("0.500 ± 0.100", "0.400 to 0.600")


def test_leakage_and_drift_come_from_the_other_splits(result: Callable, board: Callable) -> None:
    page = render(
        board(result(A, "random", 0.7), result(A, "operation", 0.4), result(A, "forward", 0.2)), "f.svg"
    )
    line = cells(page, "prior")
    assert (line["score"], line["leakage"], line["drift"]) == ("0.200", "+0.300", "+0.200")
    assert "| prior  |   0.200 |     0.400 |  0.700 |" in page


def test_cost_gaps_access_labels_and_share_are_in_the_line(result: Callable, board: Callable) -> None:
    line = cells(render(board(result(A)), "f.svg"), "prior")
    wanted = {
        "share of oracle": "25%",
        "harm gap": "0.020",
        "protection gap": "0.070",
        "CPU s": "1.5",
        "MiB": "12",
    }
    assert {**line, **wanted, "access": "public", "labels": "truth"} == line


def test_a_difference_says_its_p_or_that_it_is_not_significant_or_why_there_is_none(
    result: Callable, board: Callable
) -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, 999)
    draws = {
        "tfidf_logreg": noise, "lightgbm": noise + 0.1, "cluster_pooling": noise[::-1], "prior": np.empty(0),
    }  # fmt: skip
    names = (*draws, "indicator_count")
    page = render(board(*(result(f"advert_risk/{name}") for name in names), draws=draws), "f.svg")
    verdicts = [cells(page, name)["against reference"] for name in names]
    # No p is below 2 / 1,000; twice that after Holm over two tests.
    assert verdicts == ["reference", "+0.000 (p 0.004)", "+0.000 (n.s.)", "too few clusters", "-"]


def test_coverage_and_intrusion_stand_beside_the_score_where_there_are_any(
    result: Callable, board: Callable
) -> None:
    scores = {
        "average_precision": {"value": 0.5},
        "coverage": {"value": 0.4},
        "intrusion_mrr": {"value": 0.3},
    }
    line = cells(render(board(result(A, scores=scores)), "f.svg"), "prior")
    assert (line["coverage"], line["intrusion"]) == ("0.400", "0.300")
    assert not {"coverage", "intrusion"} & set(cells(render(board(result(A)), "f.svg"), "prior"))


def test_columns_that_a_task_knows_nothing_for_are_left_out(result: Callable, board: Callable) -> None:
    bare = result(A, scores={"average_precision": {"value": 0.5}}, oracle={})
    with_gaps, without = (cells(render(board(one), "f.svg"), "prior") for one in (result(A), bare))
    assert {"harm gap", "protection gap", "share of oracle"} <= set(with_gaps) - set(without)


def test_a_task_without_results_on_its_default_split_is_not_shown(result: Callable, board: Callable) -> None:
    assert standings(board(result(A, "random"))) == []


def test_the_oracle_is_the_method_that_is_one_or_what_the_evaluator_says(
    result: Callable, board: Callable
) -> None:
    [said] = standings(board(result(A)))
    [own] = standings(board(result(A), result(ORACLE, score=0.8, oracle_method=True)))
    assert (said[0]["oracle_score"], own[0]["oracle_score"]) == (0.9, 0.8)


@pytest.mark.parametrize("task", sorted(tasks()))
def test_every_task_names_a_baseline_of_its_own_as_its_reference(task: str) -> None:
    assert f"{task}/{reference_of(task)}" in options([config_folder()])["baseline"]


def test_the_page_kept_is_what_the_results_kept_render_to(tipbench: Callable, committed: Path) -> None:
    code, _, said = tipbench("board", "check", f"results={committed}")
    assert (code, said) == (0, "")
