"""What the pages are made of: each size of the newest version that there are results of, with all its standings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tipcore.errors import UsageError

from tipboard.board.board_rows import BoardRow, Standing, standings
from tipboard.board.entries import Entry
from tipboard.board.export import Placed, placed
from tipboard.board.files import Board, boards, newest, read
from tipboard.site.rankings import BoardRankings
from tipboard.site.read_rankings import read_rankings


@dataclass(frozen=True)
class Size:
    """A release's board. ``standings``: of every task and split. ``by_entry``: the lines of an entry, by its id."""

    board: Board
    standings: list[Standing]
    rankings: BoardRankings = field(default_factory=BoardRankings)
    by_entry: Mapping[str, list[Placed]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.board.data.partition("/")[2]

    @property
    def usual(self) -> list[Standing]:
        """Of every task, its default split or the first that there is."""
        first: dict[str, Standing] = {}
        for standing in self.standings:
            first.setdefault(standing.task.name, standing)
        return list(first.values())

    @property
    def entries(self) -> list[Entry]:
        """Those that have results."""
        return [entry for entry in self.board.entries if entry.id in self.by_entry]


def size_of(board: Board, rankings: BoardRankings | None = None) -> Size:
    """Return all that the pages of one board need."""
    found = standings(board, every_split=True)
    by_entry: dict[str, list[Placed]] = {}
    for one in placed(board, found):
        by_entry.setdefault(one.line.entry.id, []).append(one)
    return Size(board, found, rankings or BoardRankings(), by_entry)


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
            f"{results / latest} holds no result: keep some with `tipbench board results --runs RUNS`."
        )
    return [replace(size, rankings=read_rankings(results, size.board.data, size.usual)) for size in found]


def best(standing: Standing) -> BoardRow | None:
    """Return the best line that is ranked."""
    return next((line for line in standing.lines if line.is_ranked), None)
