"""What the pages are made of: each size of the newest version that has results, and its standings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path

from tipbench.runs.findings import Finding
from tipbench.task import Task
from tipbench.tasks import task_of
from tipcore.errors import UsageError

from tipboard.board.entries import Entry
from tipboard.board.files import Board, boards, newest, read
from tipboard.board.season import BoardSeason, newest_season
from tipboard.board.standings import Line, Lines, open_findings, standings


@dataclass(frozen=True)
class Size:
    """A release's board. ``standings``: of every task and split; ``season``: the newest closed one on its data."""

    board: Board
    standings: list[Lines]
    season: BoardSeason | None = None

    @property
    def name(self) -> str:
        return self.board.data.partition("/")[2]

    @cached_property
    def usual(self) -> list[Lines]:
        """Of every task, its default split or the first that there is."""
        return [next(there) for _, there in groupby(self.standings, lambda lines: lines[0]["task"])]

    @cached_property
    def findings(self) -> dict[str, Finding]:
        """What open practice found on each task."""
        return {one.task: one for one in open_findings(self.board)}

    @property
    def tasks(self) -> list[Task]:
        """The tasks that have results."""
        return [task_of(lines[0]["task"]) for lines in self.usual]

    @cached_property
    def by_entry(self) -> dict[str, list[Line]]:
        """The lines of each entry, by its id."""
        found: dict[str, list[Line]] = {}
        for line in (line for lines in self.standings for line in lines):
            found.setdefault(line["entry"], []).append(line)
        return found

    @property
    def entries(self) -> list[Entry]:
        """Those that have results."""
        return [entry for entry in self.board.entries if entry.id in self.by_entry]

    def beside(self, line: Line) -> Lines:
        """Return all lines with the same task and split as this line."""
        place = line["task"], line["split"]
        return next(one for one in self.standings if (one[0]["task"], one[0]["split"]) == place)


def size_of(board: Board, season: BoardSeason | None = None) -> Size:
    """Return all that the pages of one board need."""
    return Size(board, standings(board, every_split=True), season)


def read_sizes(results: Path, draft: bool = False) -> list[Size]:
    """Return every size of the newest version in ``results`` that has results, the largest first.

    Raises UsageError as :func:`read` does, and where there is no result at all; ``draft``: as there.
    """
    latest = newest(results, draft=draft)
    version = latest.partition("/")[0]
    names = [name for name in reversed(boards(results)) if name.partition("/")[0] == version]
    season = newest_season(results, latest)
    found = [size for name in names if (size := size_of(read(results, name, draft), season)).entries]
    if not found:
        raise UsageError(
            f"{results / latest} holds no result: keep some with `tipbench board add runs=RUNS`."
        )
    return found
