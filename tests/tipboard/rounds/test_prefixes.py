"""What a round publishes of a streamed task: all units to one step, and none of the shorter ones."""

from dataclasses import replace

import polars as pl
import pytest
from tipbench.tasks import tasks
from tipboard.rounds import prefixes
from tipboard.rounds.prefixes import AMBIGUOUS, cut, lengths_of, long_enough

ONSET, FORECAST = tasks()["recruitment_onset"], tasks()["route_forecast"]
LENGTH = 3


def stream(unit: str) -> pl.DataFrame:
    """Units 2, 3, 4 and 5 with as many rows as their number, the last row first and numbered in steps of ten."""
    rows = [(key, 10 * row) for key in (5, 3, 2, 4) for row in reversed(range(key))]
    return pl.DataFrame(rows, schema=[unit, "sequence"], orient="row")


@pytest.mark.parametrize(
    ("task", "kept"), [(ONSET, [3, 4, 5]), (FORECAST, [4, 5])], ids=lambda one: str(one)[:20]
)
def test_a_unit_is_published_that_has_the_prefix_and_where_it_is_forecast_the_next_row(task, kept) -> None:
    assert long_enough(task, stream(task.unit), LENGTH).to_list() == kept
    units = pl.DataFrame({task.unit: [2, 3, 4, 5]})
    other = pl.DataFrame({task.unit: [2]})
    made = cut(task, {task.table: units, task.stream: stream(task.unit), "other": other}, LENGTH)
    assert made["other"] is other
    assert made[task.table][task.unit].to_list() == kept
    rows = made[task.stream].group_by(task.unit).agg(pl.col("sequence").sort()).sort(task.unit)
    assert dict(rows.iter_rows()) == {key: [0, 10, 20] for key in kept}


def test_lengths_are_those_that_tasks_declare_and_a_streamed_task_without_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert lengths_of(list(tasks())) == {"recruitment_onset": 8, "route_forecast": 8}
    undecided = {**tasks(), "route_forecast": replace(FORECAST, sealed_length=0)}
    monkeypatch.setattr(prefixes, "task_of", undecided.__getitem__)
    with pytest.raises(ValueError, match="route_forecast: declare sealed_length"):
        lengths_of(["recruitment_onset", "route_forecast"])


def test_an_onset_up_to_five_steps_later_is_ambiguous() -> None:
    assert AMBIGUOUS == 5
