"""The newest closed season on a board's data: its standings, its findings and the columns of its tables."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from tipbench.console import Column
from tipbench.runs.findings import Finding
from tipbench.runs.report import NOTHING, interval, number
from tipcore.atomic import fill_folder_atomically, whole_folders
from tipcore.errors import UsageError
from tipcore.spelling import count_of

from tipboard.board.columns import OF_METRIC, TASK, columns_with_text, plain_text, value_column, with_decimals
from tipboard.board.files import boards
from tipboard.board.standings import Line, Lines
from tipboard.seasons.closing import PREDICTIONS, ClosedSeason, read_closed
from tipboard.seasons.findings import finding
from tipboard.seasons.record import ENTRIES, FOLDS, RAN, Closed, open_public, read, read_voids
from tipboard.seasons.standings import LINE, ORACLE, SCHEMA, is_compared, rank_entries
from tipboard.seasons.verification import verify
from tipboard.submissions.storage import store_of

SEASONS = "seasons"
"""The folder of closed seasons in ``results``."""
NO_SEASON = "No season has closed on this data: scores below are open practice and are not ranked."
CLASS_MEANING = {
    "fold": "learnt from the fold alone",
    "worlds": "also learnt from generated worlds, the generator or the world file",
    "outside": "uses pretrained weights or outside data",
    "system": "a language model or an agent",
}
"""Each class of entries in a few words."""


@dataclass(frozen=True)
class BoardSeason:
    """A closed season. ``data``: ``version/size``; ``closed``: its day; ``frame``: its standings, a row per task and
    entry (:data:`tipboard.seasons.standings.SCHEMA`)."""

    name: str
    data: str
    closed: str
    worlds: int
    frame: pl.DataFrame

    @property
    def label(self) -> str:
        return f"Season {self.name}: {self.worlds} hidden worlds of {self.data}, closed on {self.closed}"

    @cached_property
    def tasks(self) -> dict[str, pl.DataFrame]:
        """The rows of each task."""
        parts = self.frame.partition_by("task", as_dict=True, maintain_order=True)
        return {str(name): rows for (name,), rows in parts.items()}

    @cached_property
    def findings(self) -> dict[str, Finding]:
        return {task: finding(rows) for task, rows in self.tasks.items()}

    def lines(self, task: str) -> list[dict[str, Any]]:
        """Return the rows of a task as tables and figures read them; none where the season has no such task."""
        rows = self.tasks.get(task)
        return [] if rows is None else list(map(self._line, rows.rows(named=True)))

    def lines_of_finding(self, task: str) -> list[dict[str, Any]]:
        """Return the rows of the class that the finding on a task is about."""
        return [one for one in self.lines(task) if one["entry_class"] == self.findings[task].entry_class]

    def _line(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row of the standings with what a line of a board has.

        ``shown_class``: the class as tables show it; they show an oracle as of no class.
        """
        is_oracle = row["role"] == ORACLE
        return row | {
            "data": self.data,
            "score": row["mean"],
            "kind": ORACLE if is_oracle else "leader" if row["is_top"] else "",
            "shown_class": ORACLE if is_oracle else row["entry_class"],
            "is_contender": is_compared(row),
            "is_best": row["entry"] == row["best"],
            "is_reference": False,
            "is_run_here": True,
            "against": None,
            "oracle_score": row["oracle"],
        }


def season_of(closed: ClosedSeason) -> BoardSeason:
    """Return what screens show of a closed season."""
    about = closed.season
    day = f"{closed.closed.closed.day} {closed.closed.closed:%B %Y}"
    return BoardSeason(about.name, about.release, day, about.worlds, rank_entries(*closed.frames()))


def newest_season(results: Path, data: str) -> BoardSeason | None:
    """Return the season that closed last on the data version of a board, None where there is none.

    Seasons that were made void do not count. Raises UsageError where a season cannot be read.
    """
    found = [
        (read(folder / ENTRIES, Closed).closed, folder)
        for folder in whole_folders(results / SEASONS)
        if open_public(folder).data == data.partition("/")[0] and (folder / ENTRIES).is_file()
        and not _is_void(folder)
    ]  # fmt: skip
    return season_of(read_closed(max(found)[1])) if found else None


def _is_void(folder: Path) -> bool:
    return any(void.entry is None for void in read_voids(folder))


def add_season(folder: Path, results: Path, quiet: bool = False) -> tuple[BoardSeason, Path]:
    """Verify a closed season and copy it to ``results`` without its folds, its predictions to the board's store.

    Returns the season and its folder there. Raises UsageError where it is not closed, is void, is of another size than
    the board's data, does not verify, is on the board already, or cannot be written.
    """
    closed, store = read_closed(folder), store_of(results)
    season = closed.season
    if _is_void(folder):
        raise UsageError(f"season {season.name} is void: it counts for nothing.")
    version, size = season.data, season.size
    there = [name for name in boards(results) if name.startswith(f"{version}/")] or boards(results)
    if there and not there[-1].endswith(f"/{size}"):
        raise UsageError(
            f"season {season.name} is of {season.release} and {results} is a board of {there[-1]}: give --to a board "
            "of the same size."
        )
    place, predictions = results / SEASONS / season.name, folder / PREDICTIONS
    if place.exists():
        raise UsageError(f"{place} is there already: a closed season does not change.")
    store_elsewhere = None if predictions.is_dir() else results
    if differences := verify(folder, results=store_elsewhere, quiet=quiet).differences:
        raise UsageError(
            f"season {season.name} differs in {count_of(len(differences), 'place')}, first: {differences[0]}; see "
            f"`tipbench season verify {folder}`."
        )
    for file in predictions.rglob("*.parquet"):
        store.put(file.read_bytes())
    with fill_folder_atomically(place, replace=False, advice="give another --to") as beside:
        ignored = shutil.ignore_patterns(PREDICTIONS, FOLDS, ".git")
        shutil.copytree(folder, beside, ignore=ignored, dirs_exist_ok=True)
    return season_of(closed), place


def _rank(line: Line) -> str:
    first, last = line["first_rank"], line["last_rank"]
    return NOTHING if first is None else f"{first}" if first == last else f"{first}–{last}"


def _wins(line: Line) -> str:
    wins = line["wins_against_best"]
    if wins is None:
        return NOTHING
    return "the best" if line["is_best"] else f"{wins} of {count_of(line['worlds'], 'world')}"


def _show_declared(line: Line) -> str:
    return NOTHING if line["declared_class"] == line["entry_class"] else line["declared_class"]


def _note(line: Line) -> str:
    """Return why an entry is not ranked."""
    if line["status"] != RAN:
        return line["status"]
    unranked = {ORACLE: "oracle: sees hidden truth", LINE: "line to beat"}
    return unranked.get(line["role"], NOTHING)


def _experts(line: Line) -> str:
    low, high = line["experts_low"], line["experts_high"]
    bounds = "" if low is None else f" ({interval(low, high)})"
    return number(line["experts_mean"]) + bounds


SEASON_COLUMNS = (
    value_column("method", "method", "Oracles, shown hidden truth, are in italics.",
                 text=lambda line: line["name"], printed=True),
    value_column("rank", "rank", "Interval: from 1 + the methods of its class that are significantly better to all but "
                 "those that are significantly worse. Bold: in the top group, as no method of its class is "
                 "significantly better.",
                 files=("first_rank", "last_rank", "ranked"), number=True, text=_rank, printed=True),
    value_column("score", "score", "Mean of the task's primary metric over the season's worlds.", number,
                 unit=OF_METRIC, printed=True, bold=lambda line: bool(line["is_top"])),
    value_column("interval", "95% interval", "Student's t over the worlds.", files=("low", "high"), number=True,
                 text=lambda line: interval(line["low"], line["high"]), unit=OF_METRIC, printed=True),
    value_column("entry_class", "class", "What the entry learnt from, as found.",
                 text=lambda line: line["shown_class"], printed=True),
    value_column("declared_class", "declared", "The class that the entry declared, where another one was found.",
                 text=_show_declared),
    value_column("wins_against_best", "better than the best in", "Worlds in which it is better than the method with "
                 "the best mean of its class.", number=True, text=_wins, printed=True),
    value_column("order_fixed", "place in undrawn worlds", "By mean score in the worlds as the world file stands.",
                 plain_text, printed=True),
    value_column("order_drawn", "place in drawn worlds", "By mean score in worlds whose assumptions were drawn too.",
                 plain_text, at_first=False),
    value_column("p_against_best", "p", "Of its difference to the best, after Holm.", number,
                 at_first=False),
    value_column("accused_per_find", "accused per find", "Lawful operations accused, or rows wrongly linked, per find: "
                 "mean over worlds.", files=("accused_per_find", "accused_low", "accused_high"),
                 form=with_decimals(1), printed=True),
    value_column("experts", "learnt from experts", "The same score, learnt from experts' labels in the place of "
                 "adjudicated cases.", files=("experts_mean", "experts_low", "experts_high"), number=True,
                 text=_experts, unit=OF_METRIC),
    value_column("cpu_s", "CPU s", "CPU seconds to fit, predict and score in a world, mean.", with_decimals(1)),
    value_column("note", "not ranked", "Why an entry has no rank.", text=_note, files=("role", "status")),
)  # fmt: skip
"""The columns of a season's tables."""
SEASON_BY_NAME = (
    *(value_column(name, name, "", plain_text, number=kind.is_numeric()) for name, kind in SCHEMA.items()),
    TASK,
    value_column("data", "data", "Version and size of the data."),
    value_column(
        "metric", "metric", "The primary metric.", text=lambda line: line["primary"], files=("primary",)
    ),
    *SEASON_COLUMNS,
)
"""The columns that ``--columns`` can name: every column of the standings, task, data and metric, and those above."""


def season_columns(lines: Lines) -> list[Column]:
    """Return the columns that say something of any line, after the task where lines are of several tasks."""
    several = len({line["task"] for line in lines}) > 1
    return [*([TASK] if several else []), *columns_with_text(lines, SEASON_COLUMNS)]
