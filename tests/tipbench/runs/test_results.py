import json
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import jsonschema
import polars as pl
import pytest
from made_result import made_result
from pydantic import ValidationError
from tipbench.runs.results import (
    SCHEMA,
    Result,
    digest_of,
    json_schema,
    parquet_bytes,
    read_predictions,
    read_result,
    store,
)
from tipcore.errors import UsageError

PREDICTIONS = parquet_bytes(
    pl.DataFrame({"advert": [1, 2], "score": [0.5, 0.25]}, schema_overrides={"score": pl.Float32})
)


def result(**changes: object) -> Result:
    """A result of two adverts."""
    content = {
        "labels": "expert",
        "config": {"task": "advert_risk"},
        "groups": {"spam": {"false_accusations_per_unit": None}},
        "oracle": {"share": 0.5},
        "environment": {"python": "3.11", "cores": 2},
        "predictions": {"file": "predictions.parquet", "digest": digest_of(PREDICTIONS)},
    }
    return made_result(**{**content, **changes})


def test_a_result_of_the_first_version_is_read_and_its_evaluator_is_a_whole_number() -> None:
    content = json.loads(result().to_json())
    del content["schema_version"], content["digests"]
    read = Result.model_validate_json(json.dumps(content))
    assert (read.schema_version, read.digests, read.versions.evaluator) == (1, None, 3)
    for odd in ("", "one", "9", "0.3.0", True, -1, 1.0, None):
        content["versions"]["evaluator"] = odd
        with pytest.raises(ValidationError):
            Result.model_validate_json(json.dumps(content))


def test_the_published_schema_is_that_of_the_model_and_a_result_needs_its_versions() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == json_schema()
    jsonschema.Draft202012Validator.check_schema(json_schema())
    content = json.loads(result().to_json())
    jsonschema.validate(content, json_schema())
    del content["versions"]["evaluator"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, json_schema())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_no_result(value: float) -> None:
    with pytest.raises(ValidationError):
        result(scores={"average_precision": {"value": value}})


def test_a_fifo_in_the_place_of_a_runs_file_is_refused(tmp_path: Path, fifo: Callable[[Path], None]) -> None:
    store(tmp_path / "run", result(), PREDICTIONS)
    for name, read in (
        ("result.json", read_result),
        ("predictions.parquet", lambda at: read_predictions(at, result())),
    ):
        fifo(tmp_path / "run" / name)
        with pytest.raises(UsageError, match="cannot be read: it is not a regular file"):
            read(tmp_path / "run")


def test_a_run_is_read_as_it_was_stored_and_a_later_one_replaces_it_whole(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "a" / "b-s0"
    store(folder, result(), PREDICTIONS)
    assert read_result(folder) == result()
    assert read_predictions(folder, result()).rows() == [(1, 0.5), (2, 0.25)]
    (folder / "stray").touch()
    store(folder, result(seed=0, labels="truth"), PREDICTIONS)
    assert read_result(folder).labels == "truth"
    assert sorted(path.name for path in folder.iterdir()) == ["predictions.parquet", "result.json"]
    assert list(folder.parent.iterdir()) == [folder]


def test_a_write_that_fails_leaves_the_earlier_run_and_no_half_of_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    store(folder, result(), PREDICTIONS)
    monkeypatch.setattr(Path, "write_text", Mock(side_effect=OSError(28, "No space left on device")))
    with pytest.raises(UsageError, match="No space left"):
        store(folder, result(labels="truth"), PREDICTIONS)
    assert read_result(folder).labels == "expert"
    assert list(folder.parent.iterdir()) == [folder]


def test_predictions_that_were_changed_are_refused(tmp_path: Path) -> None:
    store(tmp_path / "run", result(), PREDICTIONS)
    (tmp_path / "run" / "predictions.parquet").write_bytes(PREDICTIONS + b" ")
    with pytest.raises(UsageError, match="is not the file that its"):
        read_predictions(tmp_path / "run", result())


@pytest.mark.parametrize("content", [None, "", "{}", "not json"])
def test_what_is_no_result_is_refused_in_one_line(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "result.json").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError) as error:
        read_result(tmp_path)
    assert str(tmp_path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_result_shows_itself_in_a_few_lines() -> None:
    one = result(valid={"value": 0.25, "note": "too few clusters"}, config={"long": "x" * 6_000})
    assert repr(one) == str(one)
    assert repr(one).splitlines() == [
        "Result of advert_risk/prior on 0.5.0/tiny, split forward, seed 0, labels expert",
        "average_precision 0.5 [0.4; 0.6]",
        "average_precision of valid 0.25 (too few clusters)",
        "all metrics: .scores; all that is known: .to_json()",
    ]
    assert repr(one.with_finding("One leads.")).startswith("One leads.\nResult of")
    assert one == result(valid={"value": 0.25, "note": "too few clusters"}, config={"long": "x" * 6_000})
    html = result(valid=None)._repr_html_()
    assert "<td>average_precision</td><td>0.5</td><td>[0.4; 0.6]</td>" in html
    assert "<p>advert_risk/prior on 0.5.0/tiny, split forward" in html
    assert len(html) < 1_000
