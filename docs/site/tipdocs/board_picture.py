"""Draw the picture of a board for the README, by day and by night: some of its tasks, from the results kept."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tipboard.board.files import read, reference_only
from tipboard.board.forest import draw
from tipboard.board.standings import standings
from tipcore.errors import CheckFailed

from tipdocs.picture import by_night, look

TASKS = ("advert_risk", "advert_linkage", "recruitment_onset", "prevalence")
"""A task of each sort: to rank, to group, to be early, to count."""


def draw_board(results: Path) -> tuple[str, str]:
    """Return the forest plots of :data:`TASKS`, each on its default split, as SVG: by day and by night.

    Raises UsageError for results that are no board, and CheckFailed where a task has none.
    """
    import matplotlib

    board = reference_only(read(results))
    shown = {standing.task.name: standing for standing in standings(board)}
    if missing := [task for task in TASKS if task not in shown]:
        raise CheckFailed(f"{results} has no results of {', '.join(missing)}: run experiment=board first.")
    with TemporaryDirectory() as folder, matplotlib.rc_context(look("board")):
        drawn = Path(folder) / "board.svg"
        draw([shown[task] for task in TASKS], board.label, drawn)
        by_day = drawn.read_text(encoding="utf-8")
    return by_day, by_night(by_day)
