"""Draw the picture of a board for the README: some of its tasks, from the results that are kept."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tipboard.board.board_rows import standings
from tipboard.board.files import read, reference_only
from tipboard.board.forest import draw
from tipcore.errors import CheckFailed

TASKS = ("advert_risk", "advert_linkage", "recruitment_onset", "prevalence")
"""A task of each sort: to rank, to group, to be early, to count."""


def draw_board(results: Path, to: Path) -> None:
    """Write the forest plots of :data:`TASKS`, each on its default split, to an image file.

    Raises UsageError for results that are no board, and CheckFailed where a task has none.
    """
    board = reference_only(read(results))
    shown = {standing.task.name: standing for standing in standings(board)}
    if missing := [task for task in TASKS if task not in shown]:
        raise CheckFailed(f"{results} has no results of {', '.join(missing)}: run experiment=board first.")
    with TemporaryDirectory() as folder:
        drawn = Path(folder) / to.name
        draw([shown[task] for task in TASKS], board.label, drawn)
        to.write_bytes(drawn.read_bytes())
