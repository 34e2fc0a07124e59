"""The forest plots of a board: what they show, whoever draws it, and the figure with a panel a task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from tipbench import style
from tipbench.runs.figure import save_figure
from tipbench.runs.findings import Finding
from tipbench.runs.report import number
from tipbench.tasks import task_of
from tipcore.errors import UsageError
from tipdata.documents.palette import LIGHT

from tipboard.board.columns import axis_title
from tipboard.board.files import Board
from tipboard.board.season import BoardSeason
from tipboard.board.standings import Line, Lines, open_findings, standings

if TYPE_CHECKING:
    from matplotlib.axes import Axes


ROOM = 0.05
"""Of the span of an axis, left free at both ends."""

MEANING = {
    "reference": "the task's reference method",
    "apart": "clearly different from it",
    "hollow": "not clearly different, or not tested",
    "submitted": "a submission",
    "oracle": "oracle, shown hidden truth",
}
"""What each mark of a figure of open practice means. Clear: p < 5% in a paired cluster bootstrap, after Holm's
correction."""
SEASON_MEANING = {"apart": "in the top group", "hollow": "another ranked method"}
REFERENCES = {"oracle": "oracle", "best known": "third", "one advert": "fourth", "chance": "quiet"}
"""Lines of a figure, and the role of the colour of each."""


@dataclass(frozen=True)
class Forest:
    """A forest plot. ``rows``: its lines, in the order of the table, without oracles; ``left_out``: methods in the
    table alone. ``references``: scores to compare with, by their names in :data:`REFERENCES`. ``axis``: what the axis
    says; ``title``: of the figure; ``headline``: who leads.
    """

    rows: Lines
    left_out: int
    references: Mapping[str, float]
    axis: str
    title: str
    headline: str = ""

    @property
    def limits(self) -> tuple[float, float]:
        """Return the ends of the axis."""
        ends = (end for row in self.rows for end in (row["score"], *(interval_of(row) or ())))
        return limits([*self.references.values(), *ends])


def interval_of(line: Line) -> tuple[float, float] | None:
    """Return the ends of the 95% interval of a line's score."""
    low, high = line["low"], line["high"]
    return None if low is None or high is None else (low, high)


def score_in_words(line: Line) -> str:
    """Return the score of a line, and its interval."""
    interval = interval_of(line)
    bounds = "" if interval is None else "  [{:.2f}, {:.2f}]".format(*interval)
    return f"{number(line['score'])}{bounds}"


def best_of(lines: Lines, most: int) -> Lines:
    """Return the first ``most`` lines, and the reference method wherever it stands."""
    return [line for at, line in enumerate(lines) if at < most or line["is_reference"]]


def forest_of(lines: Lines, finding: Finding | None = None, most: int | None = None) -> Forest:
    """Return the plot of a task's best methods that have a score, and of its reference method.

    ``lines``: of a task on a split, or of a class of entries in a season; ``finding``: on the task, if any; ``most``:
    how many of the best methods, all where it is None.
    """
    there, first = [line for line in lines if line["is_contender"]], lines[0]
    kept = best_of(there, len(there) if most is None else most)
    known = {
        "oracle": first["oracle_score"],
        "best known": first.get("best_known"),
        "one advert": first.get("single_unit"),
        "chance": finding and finding.chance,
    }
    return Forest(
        rows=kept,
        left_out=len(there) - len(kept),
        references={name: value for name, value in known.items() if value is not None},
        axis=axis_title(first),
        title=f"{first['task']} on {first.get('split') or first['data']}: scores",
        headline=finding.headline if finding else "",
    )


def board_plots(board: Board, season: BoardSeason | None) -> tuple[str, dict[str, Forest]]:
    """Return the title and the plots, by task, of a season or else of open practice on the board."""
    if season is not None:
        found = {task: forest_of(season.lines_of_finding(task), one) for task, one in season.findings.items()}
        return season.label, found
    said = {one.task: one for one in open_findings(board)}
    found = {lines[0]["task"]: forest_of(lines, said.get(lines[0]["task"])) for lines in standings(board)}
    return f"Open practice on {board.label}, each task on its default split", found


def limits(values: Iterable[float | None]) -> tuple[float, float]:
    """Return the ends of an axis that holds zero and all values, with some room where values end."""
    known = [0.0, *(value for value in values if value is not None)]
    low, high = min(known), max(known)
    span = high - low or 0.1
    return low - ROOM * span * (low < 0), low + span + ROOM * span


def is_filled(line: Line) -> bool:
    """Return whether it is in the top group of a season, or differs significantly from the reference."""
    return bool(line.get("is_top")) or (line["against"] is not None and line["against"].significant)


def colour_of(line: Line) -> str:
    """Return the role of a line's colour."""
    if line["is_reference"]:
        return "ink"
    return "accent" if line["is_run_here"] else "quiet"


FORMATS = (".svg", ".png")
INK, QUIET, PALE = (LIGHT[role] for role in ("ink", "quiet", "pale"))
PANELS = 2
"""Beside each other."""
ROW_HEIGHT, PANEL_HEIGHT, HEAD_HEIGHT, WIDTH = 0.25, 0.95, 1.1, 11.0
"""Inches: of a method, of what else a panel needs, of the legend, of the whole."""
HEADLINE = 86
"""Letters of a line of a headline."""
DASHED: dict[str, Any] = {"linewidth": style.ORACLE_WIDTH, "linestyle": (0, style.ORACLE_DASH)}
BAR: dict[str, Any] = {"linewidth": style.INTERVAL_WIDTH, "alpha": style.INTERVAL_OPACITY}


def draw(plots: Sequence[Forest], title: str, path: Path) -> None:
    """Write ``path`` with each of the endings in :data:`FORMATS`, a panel a plot; the same bytes for the same results.

    Raises UsageError where that cannot be done, and where no method has a score.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    plots = [plot for plot in plots if plot.rows]
    if not plots:
        raise UsageError("no method has a score, so that there is nothing to draw: add a run that has one.")
    heights = [len(plot.rows) for plot in plots]
    tallest = [max(heights[start : start + PANELS]) for start in range(0, len(heights), PANELS)]
    settings: dict[Any, Any] = {"font.size": style.TEXT, "svg.hashsalt": "tipbench", "axes.edgecolor": QUIET}
    with matplotlib.rc_context(settings):
        inches = HEAD_HEIGHT + sum(ROW_HEIGHT * height + PANEL_HEIGHT for height in tallest)
        figure = Figure(figsize=(WIDTH, inches), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08))
        FigureCanvasAgg(figure)
        ratios = [height + 1.0 for height in tallest]
        panels = figure.subplots(len(tallest), PANELS, squeeze=False, height_ratios=ratios)
        for panel in panels.flat[len(plots) :]:
            panel.set_axis_off()
        for panel, plot in zip(panels.flat, plots, strict=False):
            _panel(panel, plot)
        _explain(figure, title, plots)
        for ending in FORMATS:
            metadata = {"Date": None} if ending == ".svg" else {"Software": None}
            save_figure(figure, path.with_suffix(ending), "give another --to", metadata=metadata)


def _panel(panel: Axes, plot: Forest) -> None:
    rows, task = list(reversed(plot.rows)), plot.rows[0]["task"]
    for place, row in enumerate(rows):
        _mark(panel, row, place)
    panel.set_yticks(range(len(rows)), [row["name"] for row in rows], color=INK)
    panel.set_ylim(-0.6, len(rows) - 0.4)
    panel.set_xlim(*plot.limits)
    for name, value in plot.references.items():
        panel.axvline(value, zorder=1, **{**DASHED, "color": LIGHT[REFERENCES[name]]})
    said = fill(plot.headline, HEADLINE)
    panel.annotate(
        said, (0, 1), xycoords="axes fraction", xytext=(0, 4), textcoords="offset points", va="bottom",
        fontsize=style.SMALL, color=QUIET,
    )  # fmt: skip
    above = 6 + 1.25 * style.SMALL * len(said.splitlines())
    panel.set_title(
        task_of(task).title, loc="left", fontsize=style.TITLE, fontweight="bold", color=INK, pad=above
    )
    panel.set_xlabel(plot.axis, color=QUIET, fontsize=style.SMALL)
    panel.tick_params(axis="both", length=0, labelcolor=INK)
    panel.tick_params(axis="y", pad=4 + style.DIAMOND / 2)  # a name does not touch the mark of a score of 0
    panel.grid(axis="x", color=PALE, linewidth=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right", "left"]].set_visible(False)


def _mark(panel: Axes, row: Line, place: int) -> None:
    """Draw point and interval, and write both at the right."""
    reference, colour = row["is_reference"], LIGHT[colour_of(row)]
    if (ends := interval_of(row)) is not None:
        panel.plot(ends, [place, place], color=colour, zorder=2, **BAR)
    panel.plot(
        [row["score"]], [place], "D" if reference else "o", color=colour, zorder=3, clip_on=False,
        markerfacecolor=colour if reference or is_filled(row) else LIGHT["paper"],
        markersize=style.DIAMOND if reference else style.DOT,
    )  # fmt: skip
    panel.annotate(
        score_in_words(row), (1, place), xycoords=("axes fraction", "data"), xytext=(6, 0),
        textcoords="offset points", va="center", fontsize=style.SMALL, color=QUIET, annotation_clip=False,
    )  # fmt: skip


def _explain(figure: Any, title: str, plots: Sequence[Forest]) -> None:
    """The title, and what the marks mean."""
    from matplotlib.lines import Line2D

    rows = [row for plot in plots for row in plot.rows]
    meaning, accent = MEANING, LIGHT["accent"]
    if "is_top" in rows[0]:
        is_ranked = any(row["is_top"] is not None for row in rows)
        meaning = SEASON_MEANING if is_ranked else {"hollow": "a method"}
    marks = {
        "reference": ("D", INK, INK),
        "apart": ("o", accent, accent),
        "hollow": ("o", accent, LIGHT["paper"]),
    }
    drawn = [name for name in REFERENCES if any(name in plot.references for plot in plots)]
    handles = [
        *(
            Line2D([], [], marker=sign, linestyle="", color=colour, markerfacecolor=face, label=meaning[name])
            for name, (sign, colour, face) in marks.items()
            if name in meaning
        ),
        Line2D([], [], color=accent, label="95% interval", **BAR),
        *(Line2D([], [], label=name, **{**DASHED, "color": LIGHT[REFERENCES[name]]}) for name in drawn),
    ]
    figure.legend(
        handles=handles, loc="outside upper left", ncols=len(handles), frameon=False, fontsize=style.SMALL,
        alignment="left", title=title, title_fontsize=12,
    )  # fmt: skip
    figure.supxlabel(
        "Synthetic data: a score here does not estimate field performance.",
        fontsize=style.SMALL, color=QUIET, x=0.01, ha="left",
    )  # fmt: skip
