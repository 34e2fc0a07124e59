"""Find the pictures of the documents, one file each in :mod:`tipdocs.pictures`, and put them on pages.

A picture's module has ``ALT`` (what is seen, for those who do not see it), ``CAPTION`` (what it shows, and what it
does not mean) and ``draw(release)``, which returns a matplotlib figure in the project's colours by day; ``WIDE``
where it needs more room than a page has. The picture by night is the same with other colours.
"""

from __future__ import annotations

import io
import pkgutil
import re
from functools import cache
from html import escape
from importlib import import_module
from pathlib import Path, PurePosixPath
from posixpath import relpath
from types import ModuleType
from typing import Any

from tipbench.data.releases import open_by_name
from tipbench.style import SMALL, TEXT, TITLE
from tipdata.documents.palette import DARK, LIGHT, TIERS

FOLDER = Path(__file__).parent / "pictures"
FIGURES = "docs/figures"
"""Where pictures are on the site."""
MARK = re.compile(r"^<!-- picture: (\w+) -->$", re.MULTILINE)
BY_SYSTEM = re.compile(
    r'<picture><source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)">'
    r'<img src="([^"]+)" alt="([^"]*)"></picture>'
)
"""A picture of the README, which a code host shows by day or by night: here as the reader of the site chose."""
NIGHT = {LIGHT[role]: DARK[role] for role in LIGHT} | {
    TIERS["public"]: "#7fbf7b",
    TIERS["label"]: "#af8dc3",
}
"""Colour by day -> by night."""


@cache
def pictures() -> dict[str, ModuleType]:
    """Return the module of every picture by name."""
    names = sorted(info.name for info in pkgutil.iter_modules([str(FOLDER)]))
    return {name: import_module(f"tipdocs.pictures.{name}") for name in names}


def drawn(name: str) -> tuple[str, str]:
    """Return a picture as SVG, by day and by night: the same bytes for the same release and matplotlib."""
    import matplotlib

    with matplotlib.rc_context(look(name)):
        by_day = _svg(pictures()[name].draw(open_by_name("tiny")))
    return by_day, by_night(by_day)


def look(name: str) -> dict[Any, Any]:
    """Return matplotlib's settings of a picture by day: each colour is one of which the night has its own."""
    return {
        "font.size": TEXT, "axes.titlesize": TITLE, "axes.labelsize": SMALL, "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL, "legend.fontsize": SMALL, "legend.frameon": False, "svg.hashsalt": name,
        "text.color": LIGHT["ink"], "axes.labelcolor": LIGHT["quiet"], "axes.edgecolor": LIGHT["quiet"],
        "xtick.color": LIGHT["quiet"], "ytick.color": LIGHT["quiet"], "axes.titlelocation": "left",
        "axes.spines.top": False, "axes.spines.right": False, "figure.facecolor": LIGHT["paper"],
        "axes.facecolor": LIGHT["paper"], "hatch.color": LIGHT["pale"],
    }  # fmt: skip


def by_night(by_day: str) -> str:
    """Return a picture's SVG in the colours of the night."""
    return re.sub("#[0-9a-f]{6}", lambda found: NIGHT.get(found[0], found[0]), by_day)


def files_of() -> dict[str, str | bytes]:
    """Return the file of every picture by its path on the site."""
    made: dict[str, str | bytes] = {}
    for name in pictures():
        by_day, by_night = drawn(name)
        made |= {f"{FIGURES}/{name}.svg": by_day, f"{FIGURES}/{name}-night.svg": by_night}
    return made


def picture_of(name: str, page: PurePosixPath) -> str:
    """Return a picture as a page shows it; '' where there is no picture of the name."""
    if name not in pictures():
        return ""
    module = pictures()[name]
    path = relpath(f"{FIGURES}/{name}", page.parent.as_posix())
    caption = " ".join(module.CAPTION.split())
    images = "".join(
        f'<a href="{path}{ending}.svg" class="{time}"><img src="{path}{ending}.svg" alt="{escape(module.ALT)}" '
        f'loading="lazy"></a>'
        for ending, time in (("", "day"), ("-night", "night"))
    )
    wide = " wide" if getattr(module, "WIDE", False) else ""
    return f'<figure class="picture{wide}">\n<div class="frame" tabindex="0">{images}</div>\n<figcaption>{caption}</figcaption>\n</figure>\n\n'  # noqa: E501


def inserted(markdown: str, page: PurePosixPath) -> str:
    """Return a page with each picture that it marks: ``<!-- picture: NAME -->``."""

    def put(found: re.Match[str]) -> str:
        if found[1] not in pictures():
            raise ValueError(f"{page}: there is no picture {found[1]}; there are {', '.join(pictures())}")
        return picture_of(found[1], page)

    return MARK.sub(put, BY_SYSTEM.sub(r"![\3](\2){.day}![\3](\1){.night}", markdown))


def _svg(figure: Any) -> str:
    """Return a figure as SVG, laid out once and rounded: the solver's last digits differ from call to call."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    FigureCanvasSVG(figure)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for panel in figure.axes:
        left, bottom, width, height = (round(value, 5) for value in panel.get_position().bounds)
        panel.set_position((left, bottom, width, height))
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()
