import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from made_result import made_result
from tipbench.commands import run as run_command
from tipbench.config.compose import Composer, parse
from tipbench.config.options import config_folders
from tipbench.metrics.scores import FormRecall, Score
from tipbench.runs.cells import Cell
from tipbench.runs.frames import RESULTS, to_parquet_bytes
from tipbench.runs.grid import expand
from tipbench.runs.report import (
    SHOWN,
    blocks,
    document,
    form_table,
    form_table_of_results,
    gap_note,
    mean,
    metric_text,
    number,
    references_of,
    rows,
    table,
    variant_names,
)
from tipbench.runs.results import Result
from tipbench.tasks import score_version
from tipcore.errors import UsageError
from tipdata.core.world import newest_released


def result(split: str, score: float | None, **more: Any) -> Result:
    one = made_result(split, score).scores["average_precision"].model_dump()
    one["note"] = None if score is not None else "unknown"
    content = {
        "labels": "expert",
        "scores": {"average_precision": one, "harm_gap": {"value": 0.02}},
        "oracle": {"share": 0.25},
    }
    return made_result(split, score, **{**content, **more})


def test_leakage_is_random_minus_operation_and_drift_operation_minus_forward() -> None:
    found = rows([result("forward", 0.2), result("random", 0.7), result("operation", 0.4)])
    assert [row["split"] for row in found] == ["random", "operation", "forward"]
    for row in found:
        assert (row["leakage"], row["drift"]) == pytest.approx((0.3, 0.2))
    columns, cells = table(found)
    headings = [column.title for column in columns]
    assert [line[headings.index("leakage")] for line in cells] == ["+0.300", "", ""]
    assert [line[headings.index("drift")] for line in cells] == ["", "", "+0.200"]
    (row,) = rows([result("forward", 0.2)])
    assert (row["leakage"], row["drift"]) == (None, None)


def test_the_note_stands_where_there_is_no_interval() -> None:
    columns, cells = table(rows([result("forward", None)]))
    assert cells[0][[column.title for column in columns].index("95% interval")] == "unknown"


def test_without_truth_for_the_primary_metric_labelled_pairs_show_the_pairwise_one() -> None:
    unknown = {"value": None, "note": "no truth"}
    (row,) = rows(
        [result("given", 0.2, scores={"average_precision": unknown, "pairwise_f1": {"value": 0.9}})]
    )
    assert (row["metric"], row["score"]) == ("pairwise_f1", 0.9)
    (row,) = rows([result("given", 0.2, scores={"average_precision": unknown})])
    assert (row["metric"], row["score"], row["note"]) == ("average_precision", None, "no truth")


def test_seeds_are_one_row_with_their_mean_and_spread() -> None:
    (row,) = rows([result("forward", 0.2, seed=0), result("forward", 0.4, seed=1)])
    assert (row["score"], row["low"], row["high"]) == pytest.approx((0.3, 0.2, 0.4))
    assert row["seed_sd"] == pytest.approx(0.2 / 2**0.5)
    assert row["seeds"] == 2


def test_a_mean_over_something_unknown_is_unknown() -> None:
    assert mean([0.5, None]) is None
    assert mean([]) is None


def test_two_configs_of_one_method_are_two_rows() -> None:
    def config(**parameters: Any) -> dict[str, Any]:
        return {"labels": "expert", "baseline": {"method": {"_target_": "a.B", "seed": 1, **parameters}}}

    found = rows(
        [result("forward", 0.2, config=config(c=1.0)), result("forward", 0.4, config=config(c=0.1, d=2))]
    )
    assert [row["method"] for row in found] == [
        "advert_risk/prior [c=0.1, d=2]",
        "advert_risk/prior [c=1.0, d=default]",
    ]


def test_a_parameter_is_named_in_full_where_two_differ_by_their_last_name() -> None:
    def config(a: int, b: int) -> dict[str, Any]:
        return {"baseline": {"method": {"left": {"size": a}, "right": {"size": b}, "depth": a}}}

    names = variant_names(
        [result("forward", 0.2, config=config(1, 2)), result("random", 0.2, config=config(3, 4))]
    )
    assert names[0] == "depth=1, method.left.size=1, method.right.size=2"
    assert variant_names([result("forward", 0.2), result("random", 0.2, seed=1)]) == ["", ""]


def test_rows_beside_references_are_in_the_order_of_their_score_and_marked() -> None:
    def of(method: str, score: float | None, valid: float, split: str = "forward", **more: Any) -> Result:
        return result(split, score, method=f"advert_risk/{method}", valid={"value": valid}, **more)

    own = [of("mine", 0.3, 0.9), of("mine", 0.2, 0.9, "random")]
    references = [
        *(of("low", 0.1, 0.8), of("high", 0.4, 0.1), of("unknown", None, 0.5)),
        *(of("oracle", 0.7, 0.7, oracle_method=True), of("low", 0.5, 0.8, "random")),
    ]
    found = rows(own, references)
    order = [(row["split"], row["method"].partition("/")[2]) for row in found]
    assert order[:2] == [("random", "low"), ("random", "mine")]
    assert [name for _, name in order[2:]] == ["oracle", "high", "mine", "low", "unknown"]
    assert [row["method"] for row in found if not document(row)["reference"]] == ["advert_risk/mine"] * 2
    columns, cells = table(found)
    at = [column.title for column in columns].index("source")
    assert [line[at] for line in cells].count("yours") == 2
    assert "source" not in [column.title for column in table(rows(own))[0]]


def test_errors_beside_references_are_in_rising_order() -> None:
    def of(method: str, error: float) -> Result:
        scores = {"median_abs_log_error": {"value": error}}
        return result("forward", None, method=method, primary="median_abs_log_error", scores=scores)

    found = rows([of("mine", 0.3)], [of("worse", 0.4), of("better", 0.2)])
    assert [row["score"] for row in found] == [0.2, 0.3, 0.4]


def test_a_gap_without_finds_beside_accusations_is_explained() -> None:
    def noted(gap: dict[str, Any], per_find: float | None) -> str | None:
        scores = {"average_precision": {"value": 0.5}, "harm_gap": gap}
        accused = {"accusations_per_find": {"value": per_find}}
        return gap_note(rows([result("forward", 0.5, scores=scores | accused)]), shown)

    shown = {"harm gap", "accused per find (own)"}

    silent = {"value": None, "note": "no finds"}
    assert "threshold that flags 1% of the valid part" in str(noted(silent, 0.591))
    assert noted(silent, None) is None
    assert noted({"value": 0.1}, 0.591) is None
    shown.remove("harm gap")
    assert noted(silent, 0.591) is None


def test_rows_with_a_validation_score_come_first_in_its_order_and_others_by_their_score() -> None:
    def of(c: float, score: float, valid: float | None) -> Result:
        config = {"baseline": {"method": {"c": c}}}
        return result("forward", score, config=config, valid=None if valid is None else {"value": valid})

    swept = [of(1.0, 0.9, 0.1), of(2.0, 0.2, 0.8), of(3.0, 0.5, 0.5)]
    assert [row["valid"] for row in rows(swept)] == [0.8, 0.5, 0.1]
    assert [row["score"] for row in rows([*swept[:2], of(3.0, 0.5, None)])] == [0.2, 0.9, 0.5]
    other = result("forward", 0.3, method="advert_risk/other", valid={"value": 0.9})
    assert [row["score"] for row in rows([result("forward", 0.6, valid={"value": 0.1}), other])] == [0.3, 0.6]
    alone = rows([other, result("forward", 0.6), result("forward", 0.1, method="advert_risk/third")])
    assert [row["score"] for row in alone] == [0.6, 0.3, 0.1], "one that could be tuned is no sweep"


def test_columns_that_say_nothing_are_not_shown_and_chosen_ones_are() -> None:
    columns, _ = table(rows([result("forward", 0.2)]))
    assert [column.title for column in columns] == [
        *("task", "method", "split", "labels", "metric", "score", "95% interval"),
        *("share of oracle", "harm gap", "seconds"),
    ]
    columns, cells = table(rows([result("forward", 0.2)]), ["score", "method"])
    assert ([column.title for column in columns], cells) == (["score", "method"], [["0.200", "prior"]])
    with pytest.raises(UsageError, match=r"there is no column scores\. Did you mean .score.\?"):
        table(rows([result("forward", 0.2)]), ["scores"])
    titles = [column.title for column in table(rows([result("forward", 0.2)]), ["all"])[0]]
    assert {"score", "harm gap"} <= set(titles)
    assert "protection gap" not in titles


def test_a_block_has_a_row_per_method_and_the_interval_of_the_most_honest_split() -> None:
    honest = result("forward", 0.2)
    honest.scores["accusations_per_find_50"] = Score(value=7.5)
    other = result("operation", 0.1, method="advert_risk/other")
    (block,) = blocks(rows([result("random", 0.9), honest, other]))
    assert block.title == "advert_risk: average precision, higher is better; labels expert"
    assert block.place == ("0.5.0/tiny", "advert_risk")
    by_title = {column.title: [row[at] for row in block.cells] for at, column in enumerate(block.columns)}
    assert by_title["method"] == ["prior", "other"]
    assert (by_title["random"], by_title["operation"]) == (["0.900", "-"], ["-", "0.100"])
    assert by_title["accused\nper find"] == ["7.500", "-"]
    assert by_title["95% interval"][1] == "-"


def test_a_metric_of_errors_says_that_lower_is_better() -> None:
    assert metric_text("median_abs_error") == "median_abs_error (lower is better)"
    assert metric_text("average_precision") == "average_precision"


def test_methods_stand_in_the_order_of_their_honest_score_and_oracles_last() -> None:
    found = rows(
        [
            result("random", 0.9, method="advert_risk/leaky"),
            result("forward", 0.1, method="advert_risk/leaky"),
            result("forward", 0.5, method="advert_risk/honest"),
            result("forward", 0.8, method="advert_risk/oracle", oracle_method=True),
        ]
    )
    assert list(dict.fromkeys(row["method"].partition("/")[2] for row in found)) == [
        "honest",
        "leaky",
        "oracle",
    ]


def test_counts_are_whole_and_scores_have_three_decimals() -> None:
    assert [number(value) for value in (4291.0, 1.0, 0.5, None)] == ["4,291", "1.000", "0.500", "-"]


def test_help_names_every_column_that_can_be_chosen() -> None:
    named = " ".join(
        (run_command.__doc__ or "").partition("--columns takes all, or")[2].strip().rstrip(".").split()
    )
    assert named.split(", ") == [one.name for one in SHOWN]


def test_a_row_shows_what_stands_beside_its_score_and_why_a_gap_was_not_earned() -> None:
    scores = {
        "average_precision": {"value": 0.05},
        "accusations_per_find_50": {"value": 36.8},
        "harm_gap": {"value": None, "note": "no finds"},
        "protection_gap": {"value": None, "note": "too few clusters"},
    }
    (row,) = rows([result("forward", 0.05, scores=scores)])
    columns, cells = table([row])
    shown = dict(zip((column.title for column in columns), cells[0], strict=True))
    assert (shown["accused per find"], shown["harm gap"]) == ("36.800", "no finds")
    assert "protection gap" not in shown, "a column that says nothing is left out"
    assert document(row)["harm_gap"] is None
    assert document(row)["beside"]["harm_gap"] == {"value": None, "note": "no finds"}
    assert "coverage" not in row["beside"]


FOUND = {
    "labour": FormRecall(value=0.5, low=0.25, high=0.75, operations=31),
    "organs": FormRecall(value=0.0, note="too few clusters", operations=3),
}


def result_with_forms(method: str, by_form: dict[str, FormRecall]) -> Any:
    return SimpleNamespace(task="advert_risk", method_name=method, split="forward", by_form=by_form)


def test_one_method_has_a_row_per_form() -> None:
    columns, cells = form_table(FOUND)
    assert [one.title for one in columns] == ["form", "operations", "recall", "95% interval"]
    assert cells == [
        ["labour", "31", "0.500", "0.250 to 0.750"],
        ["organs", "3", "0.000", "too few clusters"],
    ]


def test_several_methods_have_a_column_per_form_with_an_interval() -> None:
    columns, cells = form_table_of_results(
        [
            result_with_forms("a", FOUND),
            result_with_forms("b", {}),
            result_with_forms("c", {"organs": FOUND["organs"]}),
        ]
    )
    assert [one.title for one in columns] == ["task", "method", "split", "labour"]
    assert cells == [["advert_risk", "a", "forward", "0.500 0.250 to 0.750"]]


DATA = f"{newest_released()}/small"


def cells(*words: str) -> list[Cell]:
    return expand(Composer(config_folders(None), parse(words)), lambda task, settings: task.splits)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Committed results of two methods of advert_risk on ``small``, on two splits."""
    return committed(tmp_path, DATA)


def committed(tmp_path: Path, data: str) -> Path:
    versions = {"data": newest_released(), "evaluator": score_version("advert_risk"), "method": "1"}
    found = [
        result(split, 0.1, method=f"advert_risk/{method}", data=data, versions=versions)
        for method, split in product(("lightgbm", "tfidf_logreg"), ("region", "forward"))
    ]
    place = tmp_path / "results" / data / "reference"
    place.mkdir(parents=True)
    (place / RESULTS).write_bytes(to_parquet_bytes(found))
    return tmp_path / "results"


def test_references_are_those_of_the_cells_and_marked(results: Path) -> None:
    found = references_of(cells("baseline=advert_risk/prior", "release=small", "split=region"), str(results))
    assert {(one.data, one.task, one.split) for one in found} == {(DATA, "advert_risk", "region")}
    assert {one.method for one in found} == {
        "advert_risk/tfidf_logreg (reference)",
        "advert_risk/lightgbm (reference)",
    }


def test_without_a_folder_they_are_those_here_or_else_of_the_checkout(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = cells("baseline=advert_risk/prior", "release=small")
    monkeypatch.chdir(tmp_path)
    assert references_of(asked) == references_of(asked, str(results))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr("tipbench.runs.report.project_file", lambda name: tmp_path / name)
    assert references_of(asked) == references_of(asked, str(results))


def test_json_of_one_run_beside_references_has_all_rows_and_marks_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tipbench: Callable[..., tuple[int, str, str]]
) -> None:
    monkeypatch.chdir(tmp_path)
    results = committed(tmp_path, f"{newest_released()}/tiny")
    words = (
        "run",
        "baseline=advert_risk/prior",
        "release=tiny",
        "replicates=0",
        "--references",
        str(results),
    )
    _, out, _ = tipbench(*words, "--json")
    rows = {row["method"]: row["reference"] for row in json.loads(out)["rows"]}
    assert rows == {
        "advert_risk/prior": False,
        "advert_risk/lightgbm (reference)": True,
        "advert_risk/tfidf_logreg (reference)": True,
    }
    _, out, _ = tipbench(*words)
    assert out.startswith("sorted by the score on the test part; source: yours")


def test_what_is_not_there_is_said_before_anything_is_run(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Callable[..., str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("run", "baseline=advert_risk/prior", "release=tiny", "--references")
    none_of = f"has no committed results of advert_risk on {newest_released()}/tiny: it has {DATA}"
    assert none_of in refused(*words, str(results))
    assert "nowhere is not a folder of committed results" in refused(*words, "nowhere")
    assert not (tmp_path / "runs").exists()


def test_scores_of_another_meaning_are_refused(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tipbench.runs.report.score_version", lambda task: 4)
    with pytest.raises(UsageError, match="were scored by another version of its metrics"):
        references_of(cells("baseline=advert_risk/prior", "release=small"), str(results))
