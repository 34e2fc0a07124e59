"""``tipbench board add``: add results to a board: of runs, of a submission, or of a season.

settings:
  [runs=RUNS]             a folder of runs of one release: the reference methods
  [submission=FOLDER]     the folder with submission.json, which is checked and scored first
  [season=FOLDER]         the public folder of a closed season, which is verified first
  overwrite=false         true: a submission replaces an earlier one of the same team and method

options:
  [--to FOLDER=results]   where results are kept (results)
  --draft --quiet --json

examples:
  tipbench run experiment=board release=small
  tipbench board add runs=runs/0.5.0/small --to results
  tipbench board add submission=submissions/acme--chao
  tipbench board add submission=submissions/acme--chao overwrite=true
  tipbench board add season=spring-2027

runs= stores the results of the runs, and tests each method against the reference method of its task if the
predictions of both are there. It then renders results/README.md and the figure, board.svg and board.png.

submission= is for maintainers. It stores submission.json, the scores, their bootstrap draws, and the
predictions under their digests, in the folder or at the URL that results/board.yaml names.

season= copies the season to results/seasons/NAME, stores its predictions where those of submissions are, and
renders results/README.md again.

`tipbench board build` makes a site of everything that was added.
"""

import argparse
from pathlib import Path

from tipbench.console import emit_result, notice
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.spelling import count_of

from tipboard.board.acceptance import accept
from tipboard.board.collection import collect
from tipboard.board.files import boards, store_reference
from tipboard.board.season import add_season
from tipboard.board.standings import draws_of
from tipboard.commands.board.build import render_page


def call(options: argparse.Namespace) -> None:
    """Add runs, a submission or a season."""
    named = [key for key in KINDS if getattr(options, key) is not None]
    if len(named) != 1:
        found = f"not {' and '.join(named)}" if named else "none was given"
        raise UsageError(f"name one of runs=, submission= and season=: {found}.")
    return KINDS[named[0]](expand_home(getattr(options, named[0])), expand_home(options.to), options)


def _add_runs(runs: Path, to: Path, options: argparse.Namespace) -> None:
    found = collect(runs, options.draft)
    draws = draws_of(found, options.quiet)
    folder = store_reference(to, found, draws)
    page = render_page(to, options.draft)
    if untested := sorted({run.result.task for run in found} - {one.task for one in draws}):
        notice(f"no tests, because predictions are missing: {', '.join(untested)}", options.quiet)
    emit_result(
        {"results": len(found), "folder": str(folder), "page": str(page)},
        f"{count_of(len(found), 'result')} in {folder}, rendered as {page}",
        options,
    )


def _add_submission(folder: Path, to: Path, options: argparse.Namespace) -> None:
    place, checked = accept(folder, to, options.overwrite, options.quiet, options.draft)
    record, files = checked.record, len(checked.scored)
    emit_result(
        {"id": record.id, "data": record.data, "files": files, "folder": str(place)},
        f"accepted: {record.id} on {record.data}, {count_of(files, 'file')} scored, in {place}",
        options,
    )


def _add_season(folder: Path, to: Path, options: argparse.Namespace) -> None:
    season, place = add_season(folder, to, options.quiet)
    if boards(to):
        render_page(to, options.draft)
    about = {"season": season.name, "data": season.data, "folder": str(place)}
    emit_result(about, f"verified: {season.label}, in {place}", options)


KINDS = {"runs": _add_runs, "submission": _add_submission, "season": _add_season}
