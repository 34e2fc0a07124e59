"""``tipbench board export``: write a table of the board as Markdown, LaTeX, CSV or parquet.

settings:
  table=practice          practice: runs and submissions on a release; season: the newest closed season
  [task=TASK]             one task (every task)
  [split=SPLIT]           one split (the task's default)
  [data=DATA]             one release, such as 0.5.0/small (the largest)
  results=results         where results are kept

options:
  [--format markdown|latex|csv|parquet]
                          markdown is the default; csv and parquet are unrounded
  [--columns NAME,NAME]   these columns in this order, by name or title as in `tipbench run`; or the word all.
                          Default: csv and parquet have all, markdown and latex those that fit a printed page
  --matrix                with task=: one column for each split
  [--to FILE]             the file to write (standard output)
  --draft --quiet --json

examples:
  tipbench board export
  tipbench board export task=advert_risk --format latex --columns method,score,interval --to advert_risk.tex
  tipbench board export task=advert_risk split=region --format csv
  tipbench board export table=season --columns task,rank,method,score,interval,accused_per_find
  tipbench board export task=advert_risk --matrix --format parquet --to splits.parquet

Without task=, the table has every task and every split. Markdown and LaTeX show the best score in bold; with
table=practice, the best score of the methods that the maintainers of the board ran.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from tipbench.console import Column, emit, emit_result
from tipbench.tasks import task_of
from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.spelling import count_of

from tipboard.board.columns import OVERALL, columns_with_text
from tipboard.board.files import find_results, newest, read
from tipboard.board.season import newest_season, season_columns
from tipboard.board.standings import standings
from tipboard.board.tables import FORMATS, BoardTable, matrix, of_season, of_task, overall


def call(options: argparse.Namespace) -> None:
    """Write the table."""
    kind = FORMATS[options.format]
    if options.to is None and (kind.binary or options.json):
        raise UsageError(f"The table needs a file: add --to FILE.{kind.ending}.")
    if options.table not in TABLES:
        raise UsageError(f"table={options.table} does not exist: choose {' or '.join(TABLES)}.")
    results = find_results(options.results, options.quiet)
    if options.matrix and options.columns is not None:
        raise UsageError("--matrix has a column for every split: leave --columns out.")
    table = TABLES[options.table](results, options, kind.read)
    content = kind.write(table)
    if options.to is None:
        return emit(content.decode())
    to = expand_home(options.to)
    write_file_atomically(to, content, "give another --to")
    found = {"file": str(to), "format": options.format, "rows": len(table.rows)}
    emit_result(found, f"{count_of(len(table.rows), 'row')} in {to}", options)


def _season(results: Path, options: argparse.Namespace, for_readers: bool) -> BoardTable:
    if options.matrix or options.split is not None:
        raise UsageError("a season has one split of each task: leave split= and --matrix out.")
    data = newest(results, options.data, options.draft)
    season = newest_season(results, data)
    if season is None:
        raise UsageError(f"no season has closed on the data of {data}: leave table=season out.")
    chosen = list(season.tasks) if options.task is None else [task_of(options.task).name]
    lines = [line for task in chosen for line in season.lines(task)]
    if not lines:
        raise UsageError(f"season {season.name} has no {chosen[0]}: choose {' or '.join(season.tasks)}.")
    return of_season(season, lines, _names(options.columns, season_columns(lines), for_readers))


def _practice(results: Path, options: argparse.Namespace, for_readers: bool) -> BoardTable:
    board = read(results, options.data, options.draft)
    if options.matrix and options.task is None:
        raise UsageError("--matrix is of one task: add task=TASK.")
    task = None if options.task is None else task_of(options.task).name
    there = [one for one in standings(board, every_split=True) if task in (None, one[0]["task"])]
    if not there:
        raise UsageError(
            f"{options.results} holds no results of {task} on {board.data}: choose another task=."
        )
    kept = [one for one in there if options.split in (None, one[0]["split"])]
    if not kept:
        known = " or ".join(sorted({one[0]["split"] for one in there}))
        raise UsageError(f"split={options.split} has no results: choose {known}.")
    if options.matrix:
        return matrix(board, kept[0])
    if task is None:
        return overall([(board, kept)], _names(options.columns, OVERALL, for_readers))
    return of_task(board, kept[0], _names(options.columns, columns_with_text(kept[0]), for_readers))


TABLES = {"practice": _practice, "season": _season}


def _names(typed: str | None, usual: Sequence[Column], for_readers: bool) -> list[str] | None:
    """Return the typed columns or, for readers, those that fit a page; None for all."""
    if typed == "all" or (typed is None and not for_readers):
        return None
    if typed is None:
        return [column.name for column in usual if column.printed]
    names = [name.strip() for name in typed.split(",") if name.strip()]
    if not names:
        raise UsageError("--columns names no column: give names, or all.")
    return names
