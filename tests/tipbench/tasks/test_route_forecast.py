"""What route_forecast asks for, what it hands over and hides, and what it refuses of a user's own data."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tipbench.data.splits.forward import TRAIN_UNTIL, VALID_UNTIL
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.runs.scoring import UNVERIFIED
from tipbench.runs.scoring import evaluate as evaluate_elsewhere
from tipbench.runs.streams import streamed_forecasts
from tipbench.tasks import tasks
from tipcore.errors import UsageError
from tipdata.release import Release

TASK = "route_forecast"


def last_days(fold, part: str) -> pl.Series:
    stops = fold.tables["stops"].collect().join(fold.parts.filter(pl.col("part") == part), on="circuit")
    return stops.group_by("circuit").agg(pl.col("day").max())["day"]


def test_forward_learns_from_circuits_that_are_over_and_asks_for_moves_of_the_test_window(
    tiny: Release,
) -> None:
    prepared = prepare(TASK, release=tiny)
    [fold], [stream] = prepared.folds, prepared.streams
    assert last_days(fold, "train").max() < TRAIN_UNTIL  # type: ignore[operator]
    assert last_days(fold, "valid").is_between(TRAIN_UNTIL, VALID_UNTIL - 1).all()
    handed = stream.test.rows.sort("circuit", "sequence").with_columns(
        until=pl.col("day").shift(-1).over("circuit")
    )
    due = handed.filter(pl.col("until") >= VALID_UNTIL)
    assert sorted(due["stop"]) == prepared.answers.frame["stop"].to_list()
    # What a circuit did before is handed over as its history.
    assert (handed["day"] < VALID_UNTIL).any()


def test_operation_asks_for_every_move_and_the_answer_is_the_next_town(tiny: Release) -> None:
    prepared = prepare(TASK, release=tiny, split="operation")
    handed = (
        prepared.streams[0]
        .test.rows.sort("circuit", "sequence")
        .with_columns(next=pl.col("town").shift(-1).over("circuit").cast(pl.Int64))
    )
    joined = prepared.answers.frame.join(handed, on="stop")
    assert joined.height == handed["next"].count()
    assert (joined["answer"] == joined["next"]).all()


def test_only_circuits_of_trafficking_operations_are_no_intrusion(tiny: Release) -> None:
    frame = prepare(TASK, release=tiny).answers.frame
    assert set(frame["group"]) == {"trafficking", *tasks()[TASK].groups}
    assert (frame["intrusion"] == (frame["group"] != "trafficking")).all()
    assert (frame["form"].is_null() == frame["intrusion"]).all()


def test_the_moves_of_an_operation_weigh_what_it_does_together(tiny: Release) -> None:
    """Who moves without an operation weighs one."""
    own = tiny.scan("operations", truth=True).select(cluster="operation", own=pl.col("weight") / 1_000_000)
    for split in tasks()[TASK].splits:
        frame = prepare(TASK, release=tiny, split=split).answers.frame
        moves = frame.group_by("cluster").agg(pl.col("weight").sum()).join(own.collect(), "cluster", "left")
        weight = moves["own"].fill_null(1.0).to_numpy()
        assert moves["weight"].to_numpy() == pytest.approx(weight)
        assert weight.min() < 0.5 < 1 < weight.max()


def test_labels_say_which_circuits_outreach_is_for_and_none_of_test(tiny: Release) -> None:
    prepared = prepare(TASK, release=tiny)
    given = prepared.folds[0].supervision
    assert set(given["part"].cast(pl.String)) == {"train", "valid"}
    assert 0.1 < given["label"].mean() < 0.5  # type: ignore[operator]


def test_methods_see_nothing_of_plans_nor_of_who_travels(tiny: Release) -> None:
    fold = prepare(TASK, release=tiny).folds[0]
    assert set(fold.tables) == {"circuits", "stops", "places"}
    hidden = {"operation", "kind", "order", "steadiness", "plan", "last_day", "next_log", "departs", "slot"}
    assert not hidden & {name for t in fold.tables.values() for name in t.collect_schema().names()}
    with pytest.raises(UsageError, match="set access=legal"):
        prepare(TASK, release=tiny, access="platform", needs={"stops.town"})


def test_uploaded_forecasts_are_scored_and_unverified(tiny: Release) -> None:
    frame = prepare(TASK, release=tiny).answers.frame
    right = frame.select(query="stop", candidate="answer", score=pl.lit(1.0))
    found = evaluate_elsewhere(TASK, right, tiny, replicates=20)
    assert found.scores["mrr"].value == pytest.approx(1.0)
    assert found.warnings[0] == UNVERIFIED
    assert set(found.groups) >= {"lawful", "independent", "business", "resident"}


TOWNS = ("Aa", "Bb", "Cc", "Dd")


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., dict]:
    """Thirty circuits under names that go round four towns under names, twenty of them operations'."""
    rows = [(f"c{i}", n, 3 * n, TOWNS[(i + n) % 4]) for i in range(30) for n in range(1, 9)]
    stops = pl.DataFrame(rows, schema=["who", "n", "d", "where"], orient="row")
    stops.write_csv(tmp_path / "stops.csv")
    pl.DataFrame({"where": TOWNS}).write_csv(tmp_path / "towns.csv")
    units = pl.DataFrame({"who": [f"c{i}" for i in range(30)], "ours": [int(i < 20) for i in range(30)]})
    units.write_csv(tmp_path / "units.csv")
    of_stops = {"stop": "who || '-' || n", "circuit": "who", "sequence": "n", "day": "d", "town": "where"}
    tables = {"circuits": {"circuit": "who"}, "stops": of_stops, "places": {"town": "where"}}
    own = {"name": "rounds", "task": TASK, "path": str(tmp_path), "files": "units.csv", "format": "csv"}
    own |= {"unit": "who", "tables": tables, "sources": {"stops": "stops.csv", "places": "towns.csv"}}
    return lambda **fields: own | fields


class Onward:
    """Forecasts the town after this one in the order of the list."""

    needs = frozenset({"stops.town", "places.town"})
    stochastic = False

    def fit(self, fold, seed) -> None:
        self.towns = fold.tables["places"].collect()["town"].sort().to_list()

    def begin(self, units: pl.DataFrame) -> None:
        pass

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        following = [self.towns[(self.towns.index(town) + 1) % len(self.towns)] for town in rows["town"]]
        named = pl.Series("candidate", following).cast(rows.schema["town"])
        return rows.select("circuit", named, score=pl.lit(1.0))


@pytest.mark.parametrize(("split", "label"), [("all", None), ("all", "ours"), ("kfold", "ours")])
def test_own_circuits_are_forecast_without_a_label_and_lawful_ones_are_told_apart_with_one(
    config, split: str, label: str | None
) -> None:
    prepared = prepare(TASK, own=config(split=split, label=label))
    method, made = Onward(), []
    for fold, stream in zip(prepared.folds, prepared.streams, strict=True):
        method.fit(fold, 0)
        made.append(streamed_forecasts(method, fold, stream, "onward"))
    kept = prepared.answers.keep_answered(pl.concat(made))
    found = evaluate(tasks()[TASK], prepared.answers, kept, replicates=0)
    assert prepared.answers.frame.height == 30 * 7
    assert found.scores["mrr"].value == pytest.approx(1.0)
    assert ("intrusion_mrr" in found.scores) == (label is not None)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"sources": {}, "tables": {"circuits": {"circuit": "who"}}},
            "set data.tables.places.town, data.tables.stops.circuit",
        ),
        ({"split": "kfold"}, "cannot have split=kfold"),
    ],
)
def test_own_circuits_that_cannot_be_forecast_are_refused(config, fields: dict, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        prepare(TASK, own=config(**fields))
