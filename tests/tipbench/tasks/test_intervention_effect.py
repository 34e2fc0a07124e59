"""intervention_effect: what its units are, what is true of them, and what a user's tables must fulfil."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from tipbench.data.custom.checks import check_effects
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipcore.errors import UsageError
from tipdata.release import Release

TASK = tasks()["intervention_effect"]


@pytest.fixture(scope="module")
def prepared(tiny: Release) -> Prepared:
    return prepare("intervention_effect", release=tiny)


def test_every_effect_is_scored_and_none_is_taught_by_default(prepared: Prepared, tiny: Release) -> None:
    fold = prepared.folds[0]
    assert prepared.split == "all"
    assert prepared.answers.frame.height == tiny.scan("effects").collect().height
    assert not fold.labels("train").collect().height


def test_truth_and_its_makings_are_hidden(prepared: Prepared) -> None:
    hidden = {"truth", "expected_with", "expected_without", "displaced", "reach"}
    for frame in prepared.folds[0].tables.values():
        assert not hidden & set(frame.collect_schema().names())


def test_regions_without_any_intervention_are_shown_as_controls(prepared: Prepared, tiny: Release) -> None:
    tables = prepared.folds[0].tables
    shown = tables["market"].select("region").unique().collect()["region"]
    assert len(shown) == tiny.regions
    touched = tables["interventions"].filter(kind="closure").collect()["region"]
    assert 0 < touched.n_unique() < tiny.regions


def test_all_regions_stay_controls_where_some_are_held_out(small: Release) -> None:
    divided = prepare("intervention_effect", release=small, split="region", labels="truth")
    fold = divided.folds[0]
    assert fold.tables["market"].select(pl.col("region").n_unique()).collect().item() == small.regions
    taught = fold.labels("train").collect()
    truth = small.scan("effects", truth=True).select("effect", pl.col("truth") / 1000, "region").collect()
    joined = taught.join(truth, on="effect")
    assert taught.height
    assert (joined["label"] == joined["truth"]).all()
    tested = set(divided.answers.frame["cluster"])
    assert not tested & set(joined["region"])


def test_logarithms_and_shares_are_told_apart_and_regions_are_clusters(prepared: Prepared) -> None:
    frame = prepared.answers.frame
    assert set(frame.filter(group="displaced_share")["quantity"]) == {"share"}
    assert set(frame.filter(pl.col("group") != "displaced_share")["quantity"]) == {"log_effect"}
    assert frame.filter(quantity="share")["truth"].abs().max() < 1  # type: ignore[operator]
    assert frame["cluster"].n_unique() <= 8


def test_the_oracle_misses_the_truth_by_the_noise_of_counts_alone(prepared: Prepared, tiny: Release) -> None:
    frame = prepared.answers.frame.filter(group="adverts")
    apart = (frame["oracle_estimate"] - frame["truth"]).to_numpy()
    assert 0 < np.abs(apart).max() < 0.2
    sums = tiny.scan("effects", truth=True).filter(outcome="adverts").collect()
    row = sums.row(0, named=True)
    seen = tiny.scan("market").filter(
        pl.col("region") == row["region"], pl.col("day").is_between(row["first_day"], row["last_day"])
    )
    counted = seen.select(pl.col("adverts").sum()).collect().item()
    told = prepared.answers.frame.filter(effect=row["effect"])["oracle_estimate"].item()
    assert told == pytest.approx(np.log(1000 * counted / row["expected_without"]))


def test_an_estimate_that_is_lacking_counts_as_a_failure(prepared: Prepared) -> None:
    frame = prepared.answers.frame
    some = pl.when(pl.int_range(pl.len()) % 3 > 0).then("truth")
    made = frame.select("effect", estimate=some, lower=some - 0.1, upper=some + 0.1)
    found = evaluate(TASK, prepared.answers, made, replicates=0)
    assert 0.2 < (found.scores["failures"].value or 0) < 0.5
    assert found.scores["median_abs_error"].value == pytest.approx(0)
    assert found.oracle["oracle"] is not None


def tables(**changes: dict[str, Any]) -> dict[str, pl.DataFrame]:
    """A user's panel of two regions over ten steps, with one effect in the first, and changes to either table."""
    effects = {
        "effect": [0],
        "region": [1],
        "outcome": ["value"],
        "day": [6],
        "first_day": [6],
        "last_day": [9],
    }
    effects |= {"scale": ["level"]}
    market = {"region": [1] * 10 + [2] * 10, "day": [*range(10)] * 2, "value": [1.0] * 20}
    return {
        "effects": pl.DataFrame(effects | changes.get("effects", {})),
        "market": pl.DataFrame(market | changes.get("market", {})),
    }


def test_a_whole_panel_is_accepted() -> None:
    check_effects(tables())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"market": {"day": [*range(10), *range(9), 10]}},
            "market: 1 of 20 rows come after a gap .*first: row 20",
        ),
        (
            {"market": {"day": [*range(10), *range(9), 8]}},
            "market: 2 of 20 rows share region and day .*first: row 19",
        ),
        (
            {"market": {"day": [*range(10), *range(9), None]}},
            "market: 1 of 20 rows have no day .*first: row 20",
        ),
        ({"effects": {"region": [3]}}, "are of a region that market does not have"),
        ({"effects": {"day": [0]}}, "begin before their region's series does"),
        ({"effects": {"last_day": [10]}}, "end after their region's series does"),
        ({"effects": {"outcome": ["other"]}}, "have an outcome that is not a column of market"),
        ({"effects": {"scale": ["odds"]}}, "have no scale"),
        ({"effects": {"first_day": [5]}}, "have days out of order"),
    ],
)
def test_a_faulty_panel_is_refused_in_one_sentence(changes: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said) as error:
        check_effects(tables(**changes))
    assert str(error.value).count(". ") == 0


def test_what_is_not_mapped_is_named() -> None:
    with pytest.raises(UsageError, match=r"map data\.tables\.market"):
        check_effects({"effects": tables()["effects"]})
    for table, column in (("effects", "day"), ("market", "region")):
        lacking = tables()
        lacking[table] = lacking[table].drop(column)
        with pytest.raises(UsageError, match=rf"map data\.tables\.{table}\.{column}"):
            check_effects(lacking)


def test_rows_without_a_region_are_nobodys() -> None:
    check_effects(tables(market={"region": [1] * 10 + [None] * 10}))
