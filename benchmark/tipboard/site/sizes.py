"""What the pages are made of: each size of the newest version that has results, and its standings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tipbench.task import Task
from tipbench.tasks import task_of
from tipcore.errors import UsageError

from tipboard.board.entries import Entry
from tipboard.board.files import Board, boards, newest, read
from tipboard.board.standings import Line, Lines, standings


@dataclass(frozen=True)
class Size:
    """A release's board. ``standings``: of every task and split."""

    board: Board
    standings: list[Lines]

    @property
    def name(self) -> str:
        return self.board.data.partition("/")[2]

    @cached_property
    def usual(self) -> list[Lines]:
        """Of every task, its default split or the first that there is."""
        first: dict[str, Lines] = {}
        for lines in self.standings:
            first.setdefault(lines[0]["task"], lines)
        return list(first.values())

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


def size_of(board: Board) -> Size:
    """Return all that the pages of one board need."""
    return Size(board, standings(board, every_split=True))


def read_sizes(results: Path, draft: bool = False) -> list[Size]:
    """Return every size of the newest version in ``results`` that has results, the largest first.

    Raises UsageError as :func:`read` does, and where there is no result at all; ``draft``: as there.
    """
    latest = newest(results, draft=draft)
    version = latest.partition("/")[0]
    names = [name for name in reversed(boards(results)) if name.partition("/")[0] == version]
    found = [size for name in names if (size := size_of(read(results, name, draft))).entries]
    if not found:
        raise UsageError(
            f"{results / latest} holds no result: keep some with `tipbench board add runs=RUNS`."
        )
    return found


def best(lines: Lines) -> Line | None:
    """Return the best line that was run here."""
    return next((line for line in lines if line["is_run_here"]), None)
