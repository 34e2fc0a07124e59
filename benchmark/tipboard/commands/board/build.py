"""``tipbench board build``: render the page of the results, or make a site of them.

settings:
  results=results         where results are kept

options:
  [--to FOLDER]           where the site is made; without it, the page and figure beside the results are rendered
  --draft --quiet --json

examples:
  tipbench board build                            results/README.md and board.svg, after a change to how they look
  tipbench board build --to site
  tipbench board build results=results --to site --json

Open site/index.html: it needs no server and no network. The folder is new, empty, or was made by
an earlier build, which is then replaced in one step.
"""

import argparse
from pathlib import Path

from tipbench.console import emit_result
from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.spelling import count_of

from tipboard.board.files import ELSEWHERE, find_results, lacks_draws, read, reference_only
from tipboard.board.forest import board_plots, draw
from tipboard.board.page import PAGE, render
from tipboard.board.season import newest_season
from tipboard.site.build import build

FIGURE = "board.svg"


def call(options: argparse.Namespace) -> None:
    """Render the page, or build the site."""
    results = find_results(options.results, options.quiet)
    if options.to is None:
        if lacks_draws(results):
            raise UsageError(
                "the page that travels with tipbench stays as it is: add --to FOLDER for a site."
            )
        page = render_page(results, options.draft)
        about = {"page": str(page), "rendered": True}
        return emit_result(about, f"{page} is rendered from the results beside it", options)
    built = build(results, expand_home(options.to), options.quiet, options.draft)
    pages = f"{count_of(built.pages, 'page')}, {built.entries:,} of them about the methods of one name"
    emit_result(
        {"folder": str(built.folder), "pages": built.pages, "entries": built.entries},
        f"{pages}: open {built.folder / 'index.html'}",
        options,
    )


def render_page(to: Path, draft: bool = False) -> Path:
    """Write the page and the figure of the reference methods to ``to``. Return the path of the page."""
    board = reference_only(read(to, draft=draft))
    season = newest_season(to, board.data)
    title, plots = board_plots(board, season)
    draw(list(plots.values()), title, to / FIGURE)
    write_file_atomically(to / PAGE, render(board, FIGURE, season), ELSEWHERE)
    return to / PAGE
