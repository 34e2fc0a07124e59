"""What is decided about a cell, by what lies in its folder and by what the user asked to overwrite."""

from pathlib import Path
from typing import Any

import pytest
from tipbench.config.compose import Composer, parse
from tipbench.config.options import config_folders
from tipbench.runs import runner
from tipbench.runs.cell import Cell
from tipbench.runs.decisions import Job, Outcome, decided
from tipbench.runs.grid import expand
from tipbench.runs.results import RESULT, Result, read_result
from tipdata.release import Release


@pytest.fixture
def cell(own_configs: Path, tiny: Release) -> Cell:
    """A finished cell of a quick method."""
    typed = parse(["baseline=advert_risk/length", "replicates=2"])
    (one,) = expand(Composer(config_folders(str(own_configs)), typed), lambda task, settings: task.splits)
    assert runner.run([one], quiet=True)[0].result
    return one


def stored(cell: Cell, **changes: Any) -> Result:
    """The cell's result with other fields, written in its place."""
    made = read_result(cell.folder).model_copy(update=changes)
    (cell.folder / RESULT).write_text(made.to_json(), encoding="utf-8")
    return made


def made_by(cell: Cell, **digests: str) -> Result:
    """The cell's result as if it had been made by other code or data."""
    known = read_result(cell.folder).digests
    assert known is not None
    return stored(cell, digests=known.model_copy(update=digests))


def test_a_result_of_todays_code_is_kept_and_made_again_only_where_always_is_asked(cell: Cell) -> None:
    result = read_result(cell.folder)
    for overwrite in ("only_missing", "never"):
        assert decided(cell, overwrite) == Outcome(cell, result, reused=True)
    again = decided(cell, "always")
    assert isinstance(again, Job)
    assert (again.digests, again.versions, again.kept) == (result.digests, result.versions, None)


@pytest.mark.parametrize("other", ["method", "input"])
def test_a_result_of_another_method_or_input_is_run_again_and_only_never_keeps_it(
    cell: Cell, other: str
) -> None:
    result = made_by(cell, **{other: "0" * 64})
    made = decided(cell)
    assert isinstance(made, Job)
    assert made.kept is None
    assert decided(cell, "never") == Outcome(cell, result, reused=True)


def test_predictions_are_scored_anew_where_the_scoring_or_its_version_alone_is_another(cell: Cell) -> None:
    first = read_result(cell.folder)
    result = made_by(cell, score="0" * 64)
    made = decided(cell)
    assert isinstance(made, Job)
    assert made.kept == result
    result = stored(cell, digests=first.digests, versions=first.versions.model_copy(update={"evaluator": 0}))
    made = decided(cell)
    assert isinstance(made, Job)
    assert made.kept == result


def test_a_result_that_cannot_be_read_is_run_again_unless_nothing_may_be_overwritten(cell: Cell) -> None:
    (cell.folder / RESULT).write_text('{"task":', encoding="utf-8")
    for overwrite in ("only_missing", "always"):
        assert isinstance(decided(cell, overwrite), Job)
    refused = decided(cell, "never")
    assert isinstance(refused, Outcome)
    assert (refused.result, refused.usage, refused.reused) == (None, True, False)
    assert RESULT in str(refused.cause)


def test_a_cell_without_a_result_is_run_whatever_may_be_overwritten(cell: Cell, tmp_path: Path) -> None:
    missing = Cell(cell.config, tmp_path / "elsewhere")
    for overwrite in ("only_missing", "always", "never"):
        made = decided(missing, overwrite)
        assert isinstance(made, Job)
        assert made.kept is None


def test_a_cell_that_asks_for_what_there_is_not_is_a_users_mistake(cell: Cell) -> None:
    refused = decided(Cell({**cell.config, "access": "secret"}, cell.runs))
    assert isinstance(refused, Outcome)
    assert (refused.result, refused.usage, refused.unmapped, refused.reused) == (None, True, False, False)
    assert "secret" in str(refused.cause)
