"""A diagram of every table: its columns, key, access tiers and units, and which other table a column refers to.

``python -m tipdata.documents.schema`` draws all tables to ``docs/schema.svg``. References are written beside the
column and gathered in a matrix, so that no line crosses another. Needs matplotlib.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipdata.core.tables import Column, Table
from tipdata.core.world import FOLDER
from tipdata.documents.palette import LIGHT, TIERS
from tipdata.stages import Stage, all_tables, stages

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FILE = FOLDER.parents[1] / "docs" / "schema.svg"
MEANING = {
    "public": "public: anyone sees it",
    "platform": "platform: whoever runs the site, hotline or audit",
    "legal": "legal: by order of a court",
    "truth": "truth: hidden, never an input",
    "label": "label: supervision",
}
FONT = ["DejaVu Sans Mono", "monospace"]
ROW, CHARACTER = 9.0, 3.9
"""Height of a row and width of a character, points; the font has one width."""
SIZE = CHARACTER / 0.602
HEAD = 1.3
"""Rows that the head of a table takes."""
CHARACTERS = 40
"""Width of a table."""
STACKS = 7
GAP, MARGIN = 10.0, 14.0
STAGE: dict[str, Any] = {"color": LIGHT["quiet"], "style": "italic", "size": SIZE * 1.15}
"""Look of a stage's name."""


@dataclass(frozen=True)
class DrawnColumn:
    """One column as it is drawn."""

    column: Column
    key: bool
    refers: str
    """The table it refers to, or ''."""

    @property
    def beside(self) -> str:
        """The text at the right: the reference, or the unit as far as there is room."""
        if self.refers:
            return f"→ {self.refers}"
        room = CHARACTERS - len(self.column.name) - 6
        unit = self.column.unit
        return unit if len(unit) <= room else f"{unit[: room - 1]}…"


def references() -> dict[str, dict[str, str]]:
    """Return the columns of each table that hold the key of a table, with that table; without its own key."""
    return {
        name: {
            c.name: c.id_of for c in table.columns if c.id_of and (c.name not in table.key or c.id_of != name)
        }
        for name, table in all_tables().items()
    }


def drawn_columns(table: Table) -> list[DrawnColumn]:
    """Return the columns of a table, its key first."""
    refers = references()[table.name]
    ordered = sorted(table.columns, key=lambda c: c.name not in table.key)
    return [DrawnColumn(c, c.name in table.key, refers.get(c.name, "")) for c in ordered]


def signature() -> str:
    """Return the SHA-256 of the content of the diagram; the file holds it, and a test sees whether it is up to date."""
    every = ((stage.name, table) for stage in stages() for table in stage.tables)
    content = [(stage, t.name, [(c.column, c.key, c.refers) for c in drawn_columns(t)]) for stage, t in every]
    return hashlib.sha256(repr((content, TIERS, MEANING)).encode()).hexdigest()


def table_height(table: Table) -> float:
    """Return height of a table's box, points: its head, its columns and a little room."""
    return ROW * (HEAD + len(table.columns) + 0.3)


def height(stage: Stage) -> float:
    """Return height of a stage's box, points: its name, then each table and a gap."""
    return ROW * 1.6 + sum(table_height(table) + GAP for table in stage.tables)


def stack_stages(drawn: list[Stage], most: int = STACKS) -> list[list[Stage]]:
    """Return the stages in their order in at most ``most`` stacks, the tallest as low as possible."""
    heights = [height(stage) + GAP for stage in drawn]
    bounds = sorted({sum(heights[i:j]) for i in range(len(drawn)) for j in range(i + 1, len(drawn) + 1)})
    for bound in bounds:
        filled: list[list[Stage]] = [[]]
        level = 0.0
        for stage, tall in zip(drawn, heights, strict=True):
            if level + tall > bound and filled[-1]:
                filled.append([])
                level = 0.0
            filled[-1].append(stage)
            level += tall
        if len(filled) <= most and max(heights) <= bound:
            return filled
    return [drawn]


def write(path: Path = FILE) -> None:
    """Draw the diagram to a file, one point a unit: the same bytes for the same tables and the same matplotlib."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    stacks = stack_stages([stage for stage in stages() if stage.tables])
    wide = CHARACTERS * CHARACTER + GAP
    width = 2 * MARGIN + len(stacks) * (wide + GAP) - GAP
    top = 2 * MARGIN + 3 * ROW
    # The matrix stands below the shortest stack.
    ends = [sum(height(s) + GAP for s in stack) for stack in stacks]
    shortest = min(range(len(stacks)), key=lambda place: ends[place])
    rows, columns, _ = _referring_tables()
    matrix = ROW * (len(rows) + 2.2) + max(map(len, columns), default=0) * CHARACTER + GAP
    total = top + max(*ends, ends[shortest] + matrix) + MARGIN
    with rc_context({"svg.hashsalt": "tipdata", "svg.fonttype": "none", "font.family": FONT}):
        made = Figure(figsize=(width / 72, total / 72))
        FigureCanvasSVG(made)
        axes = made.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, width), ylim=(total, 0))
        axes.axis("off")
        _legend(axes)
        for place, stack in enumerate(stacks):
            x, y = MARGIN + place * (wide + GAP), top
            for stage in stack:
                _stage(axes, stage, x, y, wide)
                y += height(stage) + GAP
        _matrix(axes, MARGIN + shortest * (wide + GAP), top + ends[shortest])
        made.savefig(path, format="svg", metadata={"Date": None, "Description": f"tables {signature()}"})


def _text(axes: "Axes", x: float, y: float, text: str, **style: Any) -> None:
    axes.text(x, y, text, fontsize=style.pop("size", SIZE), va=style.pop("va", "center"), **style)


def _box(axes: "Axes", x: float, y: float, width: float, height: float, face: str, edge: str) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x, y), width, height, facecolor=face, edgecolor=edge, linewidth=0.6))


def _legend(axes: "Axes") -> None:
    _text(axes, MARGIN, MARGIN + ROW * 0.6, "The tables of the world", size=SIZE * 2, weight="bold")
    legend = "by stage, in the order in which they are drawn; key in bold with *; → table that a column refers to; unit"
    _text(axes, MARGIN + 31 * CHARACTER * 2, MARGIN + ROW * 0.6, legend, color=LIGHT["ink"])
    x = MARGIN
    for tier, meaning in MEANING.items():
        _box(axes, x, MARGIN + ROW * 2, ROW * 0.7, ROW * 0.7, TIERS[tier], "none")
        _text(axes, x + ROW * 1.1, MARGIN + ROW * 2.35, meaning, color=TIERS[tier])
        x += ROW * 1.1 + (len(meaning) + 3) * CHARACTER


def _stage(axes: "Axes", stage: Stage, x: float, y: float, width: float) -> None:
    _box(axes, x, y, width, height(stage), LIGHT["wash"], LIGHT["pale"])
    _text(axes, x + GAP / 2, y + ROW * 0.85, stage.name, **STAGE)
    y += ROW * 1.6
    for table in stage.tables:
        _table(axes, table, x + GAP / 2, y, width - GAP)
        y += table_height(table) + GAP


def _table(axes: "Axes", table: Table, x: float, y: float, width: float) -> None:
    _box(axes, x, y, width, table_height(table), LIGHT["paper"], LIGHT["quiet"])
    _box(axes, x, y, width, ROW * HEAD, LIGHT["pale"], LIGHT["quiet"])
    _text(axes, x + CHARACTER, y + ROW * 0.68, table.name, weight="bold", size=SIZE * 1.1)
    for row, line in enumerate(drawn_columns(table)):
        middle = y + ROW * (HEAD + row + 0.65)
        colour = TIERS[line.column.tier]
        _box(axes, x + CHARACTER, middle - ROW * 0.25, ROW * 0.5, ROW * 0.5, colour, "none")
        name = f"{line.column.name}*" if line.key else line.column.name
        weight = "bold" if line.key else "normal"
        _text(axes, x + 3 * CHARACTER, middle, name, color=colour, weight=weight)
        shade = LIGHT["ink"] if line.refers else LIGHT["quiet"]
        _text(axes, x + width - CHARACTER, middle, line.beside, color=shade, ha="right")


def _referring_tables() -> tuple[list[str], list[str], dict[str, set[str]]]:
    """Return tables that refer, tables referred to, both in the order of the stages, and to which each refers."""
    found = {name: set(of.values()) for name, of in references().items()}
    rows = [name for name, to in found.items() if to]
    return rows, [name for name in all_tables() if any(name in to for to in found.values())], found


def _matrix(axes: "Axes", x: float, y: float) -> None:
    """One row per table that refers, one column per table referred to."""
    rows, columns, found = _referring_tables()
    label = (max(map(len, rows), default=0) + 2) * CHARACTER
    step = min(ROW * 1.4, (CHARACTERS * CHARACTER - label) / max(len(columns), 1))
    _text(axes, x + GAP / 2, y + ROW * 0.85, "who refers to whom", **STAGE)
    head = y + ROW * 1.6 + max(map(len, columns), default=0) * CHARACTER
    for row in range(0, len(rows), 2):
        _box(axes, x, head + ROW * (row + 0.4), label + len(columns) * step, ROW, LIGHT["wash"], "none")
    for place, name in enumerate(columns):
        at = x + label + (place + 0.5) * step
        _text(axes, at, head, name, rotation=90, ha="center", va="bottom")
        _box(axes, at, head + ROW * 0.4, 0, ROW * len(rows), "none", LIGHT["pale"])
    for row, name in enumerate(rows):
        middle = head + ROW * (row + 0.9)
        _text(axes, x + GAP / 2, middle, name)
        for place in (place for place, to in enumerate(columns) if to in found[name]):
            _box(axes, x + label + (place + 0.5) * step - 2.2, middle - 2.2, 4.4, 4.4, LIGHT["ink"], "none")


if __name__ == "__main__":
    write()
