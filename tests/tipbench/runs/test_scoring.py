from pathlib import Path

import polars as pl
import pytest
import tipbench
from tipbench.loading import prepare
from tipbench.runs.scoring import evaluate, read_predictions_file
from tipbench.tasks import task_of
from tipcore.errors import UsageError
from tipdata.release import Release


@pytest.fixture(scope="module")
def constant(tiny: Release) -> pl.DataFrame:
    units = prepare("advert_risk", release=tiny, split="operation").answers.frame.select("advert")
    return units.with_columns(score=pl.lit(0.5))


def test_a_constant_score_is_chance(constant: pl.DataFrame, tiny: Release) -> None:
    found = tipbench.evaluate("advert_risk", constant, release=tiny, split="operation", replicates=20)
    assert found.scores["auroc"].value == pytest.approx(0.5)
    assert found.scores["average_precision"].value == pytest.approx(task_of("advert_risk").prevalence)


def test_csv_and_parquet_score_the_same(constant: pl.DataFrame, tiny: Release, tmp_path: Path) -> None:
    varied = constant.with_columns(score=(pl.col("advert") % 97) / 97)
    varied.write_csv(tmp_path / "p.csv")
    varied.write_parquet(tmp_path / "p.parquet")
    found = [
        tipbench.evaluate(
            "advert_risk", read_predictions_file(str(tmp_path / name)), tiny, "operation", replicates=0
        )
        for name in ("p.csv", "p.parquet")
    ]
    assert found[0].scores == found[1].scores


def test_keys_in_csv_get_the_width_of_the_release(tiny: Release, tmp_path: Path) -> None:
    """Regions are Int32, and integers of a CSV have no width."""
    units = prepare("prevalence", release=tiny).answers.frame.select("region")
    estimates = units.with_columns(estimate=pl.lit(900.0), lower=pl.lit(500.0), upper=pl.lit(2000.0))
    estimates.write_csv(tmp_path / "p.csv")
    again = read_predictions_file(str(tmp_path / "p.csv"), task_of("prevalence"))
    assert again.equals(estimates)
    assert evaluate("prevalence", again, tiny, replicates=0) == evaluate(
        "prevalence", estimates, tiny, replicates=0
    )
    (tmp_path / "far.csv").write_text("region,estimate\n5000000000,1.0\n", encoding="utf-8")
    with pytest.raises(UsageError, match="a region that is not an Int32: give the keys of prevalence"):
        read_predictions_file(str(tmp_path / "far.csv"), task_of("prevalence"))


def test_whole_numbers_in_csv_are_scores(constant: pl.DataFrame, tmp_path: Path) -> None:
    constant.with_columns(score=pl.lit(1)).write_csv(tmp_path / "p.csv")
    assert read_predictions_file(str(tmp_path / "p.csv")).schema["score"] == pl.Float64


@pytest.mark.parametrize("name", ["absent.csv", "empty.csv", "cut.parquet", "table.txt", "cut.csv"])
def test_a_file_that_holds_no_predictions_is_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    content = {
        "empty.csv": b"",
        "cut.parquet": b"PAR1ab",
        "table.txt": b"a",
        "cut.csv": b'a,b\n1,"x\n1,2,3,4\n',
    }
    if name in content:
        (tmp_path / name).write_bytes(content[name])
    with pytest.raises(UsageError) as error:
        read_predictions_file(str(tmp_path / name))
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_units_of_own_data_may_be_named_as_the_user_does(tmp_path: Path) -> None:
    lines = "".join(f"r{i},text {i},{i % 2}\n" for i in range(40))
    (tmp_path / "own.csv").write_text("id,text,label\n" + lines, encoding="utf-8")
    own = {
        "name": "mine", "task": "advert_risk", "path": str(tmp_path / "own.csv"), "format": "csv",
        "unit": "id", "label": "label", "tables": {"adverts": {"body": "text"}},
    }  # fmt: skip
    predictions = pl.DataFrame(
        {"advert": [f"r{i}" for i in range(40)], "score": [float(i % 2) for i in range(40)]}
    )
    found = tipbench.evaluate("advert_risk", predictions, own=own, split="all", replicates=0)
    assert found.scores["auroc"].value == 1.0
    with pytest.raises(UsageError, match="1 of 40 rows name no advert that the data has"):
        tipbench.evaluate(
            "advert_risk", predictions.with_columns(advert=pl.col("advert").replace("r3", "r99")), own=own
        )
