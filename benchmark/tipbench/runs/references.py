"""Find the committed results of the shipped baselines that a run can be read beside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tipcore.errors import UsageError
from tipcore.locations import expand_home

from tipbench.config.options import config_folder
from tipbench.evaluation.meaning import score_version
from tipbench.runs.cell import Cell
from tipbench.runs.results import Result, read_result

RESULTS, REFERENCE = "results", "reference"
MARK = "(reference)"


def references_of(cells: Sequence[Cell], folder: str | None = None) -> list[Result]:
    """Return the committed results on the data, tasks and splits of these, each method marked as a reference.

    Args:
        cells: what is run.
        folder: where results are kept; without it ``results`` here, or in the checkout that tipbench lies in.

    Raises:
        UsageError: where there is no such folder, it has no results of the data, or scores of another meaning.
    """
    places = [expand_home(folder)] if folder else [Path(RESULTS), config_folder().parent / RESULTS]
    kept = next((place for place in places if place.is_dir()), None)
    if kept is None:
        raise UsageError(
            f"{places[0]} is not a folder of committed results: run in a clone of tipbench, or give "
            "--references=FOLDER."
        )
    found: list[Result] = []
    for data, task in dict.fromkeys((cell.data, cell.task) for cell in cells):
        there = [read_result(path) for path in sorted((kept / data / REFERENCE / task).glob("*/*/s*.json"))]
        if not there:
            has = sorted(path.parent.relative_to(kept).as_posix() for path in kept.glob(f"*/*/{REFERENCE}"))
            raise UsageError(
                f"{kept} has no committed results of {task} on {data}: it has {', '.join(has) or 'none'}."
            )
        if {one.versions.evaluator for one in there} != {score_version(task)}:
            raise UsageError(
                f"the committed results of {task} on {data} were scored by another version of its metrics: "
                "use the tipbench that they belong to."
            )
        splits = {cell.split for cell in cells if (cell.data, cell.task) == (data, task)}
        found += [one for one in there if one.split in splits]
    return [one.model_copy(update={"method": f"{one.method} {MARK}"}) for one in found]
