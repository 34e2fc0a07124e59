"""Results as a frame and as a parquet file are the same results."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from made_result import made_result
from tipbench.runs.frames import RESULTS, SCHEMA, frame_of, read_results, results_of, to_parquet_bytes
from tipbench.runs.results import Result
from tipcore.errors import UsageError

REPOSITORY = Path(__file__).parents[3]
STORED = REPOSITORY / "results"
BASELINES = REPOSITORY / "configs" / "baseline"


def made(**changes: Any) -> Result:
    content: dict[str, Any] = {
        "config": {"a": [1, None, "é"]},
        "primary": "auroc",
        "scores": {
            "auroc": {"value": 0.1 + 0.2, "low": 5e-324},
            "brier": {"value": None, "note": "no truth"},
        },
        "groups": {"lawful": {"recall": None, "units": 3.0}, "empty": {}},
        "by_form": {"labour": {"value": 0.5, "operations": 31}},
        "oracle": {"share": -0.0},
        "curves": {"reliability": [{"low": 0.1}]},
        "cost": dict.fromkeys(("fit_s", "predict_s", "score_s", "cpu_s", "peak_mib")),
        "environment": {"python": "3.11", "cores": 2},
        "warnings": ["one", "two"],
    }
    return made_result(**{**content, **changes})


CASES = (
    made(),
    made(entry_class="outside"),
    made(
        valid={"value": None, "note": "none"},
        fence=dict.fromkeys(("files", "network", "memory", "processes"), True),
    ),
    made(
        digests={"method": "a", "input": "b", "score": "c"},
        estimates={"a unit": {"value": 2.0, "truth": 1.0}},
    ),
    made(
        prevalence=0.01,
        scores={"auroc": {"value": 1}},
        config={},
        curves={},
        groups={},
        oracle={},
        warnings=[],
    ),
)


def test_records_come_back_equal_and_in_their_order(tmp_path: Path) -> None:
    (tmp_path / RESULTS).write_bytes(to_parquet_bytes(CASES))
    found = read_results(tmp_path / RESULTS)
    assert [one.to_json() for one in found] == [one.to_json() for one in CASES]
    assert found == list(CASES)
    assert results_of(frame_of(CASES)) == list(CASES)
    assert to_parquet_bytes(found) == to_parquet_bytes(CASES)


def test_every_field_of_the_record_is_a_column_of_one_type() -> None:
    assert list(SCHEMA) == list(Result.model_fields)
    assert (SCHEMA["seed"], SCHEMA["oracle_method"], SCHEMA["prevalence"]) == (
        pl.Int64,
        pl.Boolean,
        pl.Float64,
    )
    assert frame_of([]).schema == SCHEMA


def test_scores_of_all_results_are_a_few_statements_away() -> None:
    tidy = frame_of(CASES).select("task", "scores").explode("scores").unnest("scores")
    values = tidy.filter(pl.col("name") == "auroc")["value"]
    assert values.to_list() == [0.1 + 0.2] * 4 + [1.0]


def test_the_committed_results_come_back_equal() -> None:
    [path] = STORED.glob(f"*/*/reference/{RESULTS}")
    found = read_results(path)
    assert {one.task for one in found} == {one.name for one in BASELINES.iterdir() if one.is_dir()}
    named = {f"{one.parent.name}/{one.stem}" for one in BASELINES.glob("*/*.yaml")}
    assert {one.method for one in found} <= named
    assert results_of(frame_of(found)) == found
    assert {one.entry_class for one in found} == {"fold", "worlds", "outside", None}  # None: oracles
    risk = read_results(path, "advert_risk")
    assert risk == [one for one in found if one.task == "advert_risk"]


@pytest.mark.parametrize("content", [None, b"", b"PAR1", b"PAR1" * 9])
def test_what_is_no_file_of_results_is_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / RESULTS
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"results.parquet holds no results \(.*\): make them with"):
        read_results(path)


def test_another_table_or_a_row_that_is_no_result_is_refused(tmp_path: Path) -> None:
    path = tmp_path / RESULTS
    frame_of(CASES).drop("seed").write_parquet(path)
    with pytest.raises(UsageError, match="its columns are not those of results"):
        read_results(path)
    frame_of(CASES).with_columns(pl.lit(None, pl.Int64).alias("seed")).write_parquet(path)
    with pytest.raises(UsageError, match="seed: it must be a whole number"):
        read_results(path)
