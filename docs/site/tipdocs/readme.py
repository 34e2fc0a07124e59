"""Draw the pictures of the README: a board by day and by night, and badges, which ask nothing of another host."""

from __future__ import annotations

import tomllib
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from tipboard.board.files import read, reference_only
from tipboard.board.forest import board_plots, draw
from tipboard.board.season import newest_season
from tipcore.errors import CheckFailed
from tipdata.core.world import newest_released
from tipdata.documents.project_files import LICENCE_NAME

from tipdocs.mirror import ROOT
from tipdocs.picture import by_night, look

FOLDER = "docs/figures/badges"
CHARACTER, MARGIN, HEIGHT = 6.6, 8, 20
"""Width of a letter of 11 pixels in a font of one's system, room at both sides, and height, in pixels."""


def badges() -> dict[str, str]:
    """Return the badges by the name of their file, from what the project declares."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    minors = [
        label.rpartition(" ")[2]
        for label in project["classifiers"]
        if label.startswith("Programming Language :: Python :: 3.")
    ]
    return {
        "code.svg": _badge("code", project["license"]),
        "data-licence.svg": _badge("data", LICENCE_NAME),
        "data.svg": _badge("data version", newest_released()),
        "python.svg": _badge("Python", f"{minors[0]} to {minors[-1]}"),
    }


def _badge(what: str, said: str) -> str:
    left, right = (round(len(text) * CHARACTER + 2 * MARGIN) for text in (what, said))
    style = 'font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(what)}: {escape(said)}">\n'
        f'<rect width="{left}" height="{HEIGHT}" fill="#56616e"/>\n'
        f'<rect x="{left}" width="{right}" height="{HEIGHT}" fill="#0b5394"/>\n'
        f'<g fill="#ffffff" {style}>\n'
        f'<text x="{left / 2}" y="14">{escape(what)}</text>\n'
        f'<text x="{left + right / 2}" y="14">{escape(said)}</text>\n</g>\n</svg>\n'
    )


TASKS = ("advert_risk", "advert_linkage", "recruitment_onset", "prevalence")
"""A task of each sort: to rank, to group, to be early, to count."""


def draw_board(results: Path) -> tuple[str, str]:
    """Return the forest plots of :data:`TASKS`, of the season or of open practice, as SVG: by day and by night.

    Raises UsageError for results that are no board, and CheckFailed where a task has none.
    """
    import matplotlib

    board = reference_only(read(results))
    title, shown = board_plots(board, newest_season(results, board.data))
    if missing := [task for task in TASKS if task not in shown]:
        raise CheckFailed(f"{results} has no results of {', '.join(missing)}: run experiment=board first.")
    with TemporaryDirectory() as folder, matplotlib.rc_context(look("board")):
        drawn = Path(folder) / "board.svg"
        draw([shown[task] for task in TASKS], title, drawn)
        by_day = drawn.read_text(encoding="utf-8")
    return by_day, by_night(by_day)
