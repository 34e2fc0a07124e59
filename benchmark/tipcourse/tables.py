"""Give a lesson the tables of a release, with what is hidden from every method where it asks for that."""

from __future__ import annotations

import polars as pl
from tipbench.data.releases import open_by_name
from tipbench.stories.sources import find_operations_of


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
    """Return operations with the rows seen of each, by view: those of ``tipbench data story --find``.

    Args:
        asked: filters, such as ``"kind=trafficking views>=4"``.
        release: as of :func:`table`.

    Raises:
        UsageError: for a filter that does not exist, and where no operation is left.
    """
    return find_operations_of(open_by_name(release), asked)
