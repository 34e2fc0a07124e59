"""What a lesson imports: tables of a release, with hidden truth if the lesson asks for it, and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from tipbench.data.releases import open_by_name
from tipbench.stories.sources import find_operations_of
from tipbench.style import SMALL, TEXT, TITLE
from tipdata.documents.palette import LIGHT

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def table(name: str, truth: bool = False, release: str = "tiny") -> pl.DataFrame:
    """Return a table of an open release.

    Args:
        name: such as ``adverts``; the cards in ``datasets/cards`` say what its columns are.
        truth: with the columns that no method may see. A lesson shows them to explain; real data has none.
        release: made first where missing, which takes a few seconds for ``tiny``.

    Raises:
        UsageError: for a release or a table that does not exist.

    >>> table("adverts", truth=True)["operation"].n_unique()  # doctest: +SKIP
    """
    return open_by_name(release).scan(name, truth=truth).collect()


def find_operations(asked: str, release: str = "tiny") -> pl.DataFrame:
    """Return operations with the rows seen of each, by view: those of ``tipbench data story find``.

    Args:
        asked: filters, such as ``"kind=trafficking views>=4"``.
        release: as of :func:`table`.

    Raises:
        UsageError: for a filter that does not exist, and where no operation is left.
    """
    return find_operations_of(open_by_name(release), asked)


LOOK: dict[Any, Any] = {
    **dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), LIGHT["paper"]),
    **dict.fromkeys(("text.color", "axes.titlecolor", "axes.labelcolor"), LIGHT["ink"]),
    **dict.fromkeys(("xtick.color", "ytick.color", "axes.edgecolor"), LIGHT["quiet"]),
    **dict.fromkeys(("font.size", "axes.labelsize"), TEXT),
    **dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), SMALL),
    **dict.fromkeys(("savefig.transparent", "legend.frameon", "axes.spines.top", "axes.spines.right"), False),
    **dict.fromkeys(("axes.grid", "axes.axisbelow"), True),
    **{"axes.titlesize": TITLE, "axes.titlelocation": "left", "figure.dpi": 110},
    **{"grid.color": LIGHT["pale"], "grid.linewidth": 0.6},
}
"""The look of a figure: its own ground and its own colours of text, so that it can be read in a dark notebook too."""


def figure(
    title: str, panels: int = 1, width: float = 7.0, height: float = 3.0, **shared: Any
) -> tuple[Figure, Any]:
    """Return a figure and its axes: one, or a list of them side by side.

    Args:
        title: of the picture.
        panels: how many pictures stand side by side.
        width, height: inches.
        shared: ``sharex`` and ``sharey``, as of ``matplotlib.pyplot.subplots``.

    >>> fig, ax = figure("Scores by split")  # doctest: +SKIP
    """
    import matplotlib.pyplot as plt

    plt.rcParams.update(LOOK)
    made, axes = plt.subplots(1, panels, figsize=(width, height), layout="constrained", **shared)
    made.suptitle(title, x=0.01, ha="left", fontsize=TITLE, fontweight="bold", color=LIGHT["ink"])
    return made, axes
