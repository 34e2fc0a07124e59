"""Find the pictures of the documents and put them on pages.

``pictures.yaml`` names each picture below the module of :mod:`tipdocs.pictures` that draws it, with its texts. A
function of that name takes a release and returns a matplotlib figure in the project's colours by day. The picture by
night is the same with other colours.
"""

from __future__ import annotations

import io
import re
from functools import cache
from html import escape
from importlib import import_module
from pathlib import Path, PurePosixPath
from posixpath import relpath
from typing import Any, NamedTuple

from tipbench.data.releases import open_by_name
from tipbench.stories.figure import fix_layout
from tipbench.style import SMALL, TEXT, TITLE
from tipdata.core.yaml_lines import read_yaml
from tipdata.documents.palette import DARK, LIGHT, TIERS

FILE = Path(__file__).with_name("pictures.yaml")
FIGURES = "docs/figures"
"""Where pictures are on the site."""
MARK = re.compile(r"^<!-- picture: (\w+) -->$", re.MULTILINE)
BY_SYSTEM = re.compile(
    r'<picture><source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)">'
    r'<img src="([^"]+)" alt="([^"]*)"></picture>'
)
"""A picture of the README, which a code host shows by day or by night: here as the reader of the site chose."""
NIGHT = {LIGHT[role]: DARK[role] for role in LIGHT} | {TIERS["public"]: "#7fbf7b", TIERS["label"]: "#af8dc3"}
"""Colour by day -> by night."""


class Picture(NamedTuple):
    """A picture: the module that draws it and its texts. ``wide``: it needs more room than a page has."""

    module: str
    alt: str
    caption: str
    wide: bool = False


@cache
def pictures() -> dict[str, Picture]:
    """Return every picture by name."""
    found = {n: Picture(module, **texts) for module, of in read_yaml(FILE).items() for n, texts in of.items()}
    return dict(sorted(found.items()))


def drawn(name: str) -> tuple[str, str]:
    """Return a picture as SVG, by day and by night: the same bytes for the same release and matplotlib."""
    import matplotlib

    draw = getattr(import_module(f"tipdocs.pictures.{pictures()[name].module}"), name)
    with matplotlib.rc_context(look(name)):
        by_day = _svg(draw(open_by_name("tiny")))
    return by_day, by_night(by_day)


def look(name: str) -> dict[Any, Any]:
    """Return matplotlib's settings of a picture by day: the night has its own version of each colour."""
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
    picture = pictures()[name]
    path = relpath(f"{FIGURES}/{name}", page.parent.as_posix())
    images = "".join(
        f'<a href="{path}{ending}.svg" class="{time}"><img src="{path}{ending}.svg" alt="{escape(picture.alt)}" '
        f'loading="lazy"></a>'
        for ending, time in (("", "day"), ("-night", "night"))
    )
    return (
        f'<figure class="picture{" wide" if picture.wide else ""}">\n<div class="frame" tabindex="0">{images}</div>\n'
        f"<figcaption>{picture.caption}</figcaption>\n</figure>\n\n"
    )


def inserted(markdown: str, page: PurePosixPath) -> str:
    """Return a page with each picture that it marks: ``<!-- picture: NAME -->``."""

    def put(found: re.Match[str]) -> str:
        if found[1] not in pictures():
            raise ValueError(f"{page}: there is no picture {found[1]}; there are {', '.join(pictures())}")
        return picture_of(found[1], page)

    return MARK.sub(put, BY_SYSTEM.sub(r"![\3](\2){.day}![\3](\1){.night}", markdown))


def _svg(figure: Any) -> str:
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    FigureCanvasSVG(figure)
    fix_layout(figure)
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()
