from pathlib import Path

import polars as pl
import pytest
import tipbench
from tipbench.data.fold import Fold
from tipbench.loading import prepare
from tipbench.runs.results import VALID, read_predictions
from tipbench.runs.scoring import evaluate, read_predictions_file
from tipbench.tasks import task_of, tasks
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


class Careful:
    """Its score is a body's length; it cannot stand a fold of which nothing is of the train part."""

    needs = frozenset({"adverts.body"})
    stochastic = False

    def __init__(self, sign: float = 1.0, fails: bool = False):
        self.sign, self.fails = sign, fails

    def fit(self, fold: Fold, seed: int) -> None:
        self.fitted = fold.parts.height

    def predict(self, fold: Fold) -> pl.DataFrame:
        if self.fails and fold.parts.height != self.fitted:
            raise ArithmeticError("another\nfold")
        units = fold.to_predict().collect()
        return units.select("advert", cluster=pl.col("body").str.len_chars().cast(pl.Int64))


@pytest.fixture(scope="module")
def runs(tiny: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.mark.parametrize(
    "name",
    [
        "advert_risk/indicator_count",
        "advert_linkage/phone_components",
        "route_forecast/popular",
        "recruitment_onset/first_cue",
    ],
)
def test_the_validation_score_is_that_of_its_predictions_of_the_valid_part(name: str, runs: Path) -> None:
    task = name.partition("/")[0]
    result = tipbench.run(name, split="operation", runs=runs)
    cell = f"*/{result.method_name}/{result.config_hash[:12]}-s*"
    (folder,) = (runs / result.data / result.task).glob(cell)
    asked = folder / VALID
    assert asked.exists() == ("valid" not in tasks()[task].predicted_parts)
    predictions = pl.read_parquet(asked) if asked.exists() else read_predictions(folder, result)
    found = tipbench.evaluate(task, predictions, split="operation", part="valid").scores[result.primary]
    assert result.valid is not None
    assert result.valid.value == found.value
    assert (result.valid.low, result.valid.high) == (found.low, found.high)
    assert result.valid.value != result.scores[result.primary].value


def test_the_fold_for_valid_has_no_unit_of_the_test_and_no_label_of_valid(tiny: Release) -> None:
    prepared = prepare(tasks()["advert_linkage"], release=tiny, split="operation")
    valid = prepared.validation
    assert valid is not None
    whole, view = prepared.folds[0], valid.folds[0]
    wanted = whole.units("valid").collect()["advert"]
    assert view.to_predict().collect()["advert"].equals(wanted)
    assert set(view.parts["advert"]).isdisjoint(whole.units("test").collect()["advert"])
    assert set(view.supervision["advert"]) <= set(whole.units("train").collect()["advert"])
    assert set(valid.answers.frame["advert"]) == set(wanted)


@pytest.mark.parametrize("task", sorted(tasks()))
def test_every_task_has_a_validation_score_on_a_split_with_a_valid_part(task: str, tiny: Release) -> None:
    split = next(name for name in ("operation", "region", "forward") if name in tasks()[task].splits)
    prepared = prepare(tasks()[task], release=tiny, split=split)
    assert prepared.validation is not None
    valid, test = prepared.validation.answers, prepared.answers
    assert set(valid.frame.columns) == set(test.frame.columns)
    of_valid = set(valid.frame[valid.unit])
    of_test = set(test.scored_rows()[test.unit])
    assert of_valid
    assert of_valid.isdisjoint(of_test)


def test_forward_validates_on_the_time_before_the_test(tiny: Release) -> None:
    """A route's moves before the test are history for the test, and queries of valid."""
    prepared = prepare(tasks()["route_forecast"], release=tiny, split="forward")
    assert prepared.validation is not None
    assert prepared.validation.answers.frame.height > 0


def test_a_method_that_cannot_predict_valid_keeps_its_score_and_says_why(runs: Path) -> None:
    result = tipbench.run(Careful(fails=True), "advert_linkage", split="operation", runs=runs)
    assert result.scores[result.primary].value is not None
    assert result.valid is not None
    assert result.valid.value is None
    assert result.valid.note == (
        f"no validation score: {__name__}.Careful failed when it was asked for the valid part "
        "(ArithmeticError: another fold)"
    )


def test_where_all_units_are_tested_there_is_none(runs: Path) -> None:
    result = tipbench.run("prevalence/chao_lower", split="all", runs=runs)
    assert result.valid is not None
    assert (result.valid.value, result.valid.note) == (
        None,
        "no validation score: the split has no valid part",
    )
    with pytest.raises(UsageError, match=r"split=all of 0\.5\.0/tiny has no valid part"):
        tipbench.evaluate("prevalence", pl.DataFrame(), split="all", part="valid")
    with pytest.raises(UsageError, match="part=train cannot be scored: choose one of test, valid"):
        tipbench.evaluate("prevalence", pl.DataFrame(), part="train")
