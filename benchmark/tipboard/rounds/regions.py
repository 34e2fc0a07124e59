"""One region of a round: generated from the secret seed, streams cut, ids labelled; and what of it is published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl
from tipbench.data.access import LEVELS
from tipbench.data.relabelling import BOOKS, WALLET
from tipbench.tasks import task_of
from tipdata.core.world import World
from tipdata.release import generate_region
from tipdata.stages import tables_of

from tipboard.rounds.ids import Labels
from tipboard.rounds.prefixes import cut


@dataclass(frozen=True)
class SealedRegion:
    """``generated``: all tables as the generator has them. ``labelled``: the same with streams cut and labels for
    ids, by the new keys, hidden columns included. ``labels``: which were given."""

    generated: dict[str, pl.DataFrame]
    labelled: dict[str, pl.DataFrame]
    labels: Labels


def make(seed: bytes, version: str, region: int, prefixes: dict[str, int]) -> SealedRegion:
    """Return a pure function: everyone who has the seed gets the same. Raises as :meth:`Labels.relabelled`."""
    generated = generate_region(world_of(seed, version), region)
    shown = generated
    for name, length in prefixes.items():
        shown = cut(task_of(name), shown, length)
    labels = Labels.of(seed, region, generated["places"], alike(prefixes))
    labelled = {name: labels.relabelled(name, frame) for name, frame in shown.items()}
    return SealedRegion(generated, labelled, labels)


def alike(names: Iterable[str]) -> dict[str, str]:
    """Return kinds of ids that a round of these tasks labels as another kind is: wallets where they book, unless the
    next stop is asked for, which payments would tell."""
    return {} if any(task_of(name).forecast is not None for name in names) else {BOOKS: WALLET}


def world_of(seed: bytes, version: str) -> World:
    """Return the world whose every draw the seed decides."""
    return World(version, int.from_bytes(seed, "big"))


def published_columns(names: Sequence[str], version: str) -> dict[str, list[str]]:
    """Return tables and columns that a round of these tasks publishes: what one of them may show at the highest access.

    Only those that this version of the data has.

    So neither truth nor annotations are, nor a table that no task reads, nor an expert's word on adverts under review.
    """
    found: dict[str, list[str]] = {}
    shown: set[tuple[str, str]] = set()
    for task in (task_of(name) for name in names):
        shown |= {(table, column) for table, columns in task.tables.items() for column in columns}
    for table in tables_of(version).values():
        columns = [c.name for c in table.columns if (table.name, c.name) in shown and c.tier in LEVELS]
        if columns:
            found[table.name] = columns
    return found
