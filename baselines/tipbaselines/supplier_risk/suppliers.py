"""Firms and their supplies, agencies, audits and complaints: features, and boosted trees on them.

A user's firms may have any columns; supplies, audits, complaints and agencies are used where they exist.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from polars import selectors
from tipbench.data.fold import Fold

from tipbaselines.frames import few_levels, level_columns
from tipbaselines.graphs import (
    adjacency_matrix,
    dense_codes,
    fill_gaps,
    largest,
    mean_matrix,
    one_hot,
    ratio,
    without_diagonal,
)
from tipbaselines.trees import TreesOnNodes

EVENTS = ("audits", "complaints")
SUMMARIES = ("mean", "most", "last")  # Second words of the columns of events that do not count
PRIOR_EVENTS = 1.0  # Audits or complaints that what is found of all weighs as much as
NAMES = ("region", "town", "jurisdiction", "agency")
"""Columns that name what firms share: no method here learns a name."""


@dataclass(frozen=True)
class SupplyChain:
    """``firms``: one row a node, sorted by firm; the other tables as they come, empty where there are none.

    ``supplier`` and ``buyer``: ends of the supplies as positions of firms; ``agency``: code of each firm's agency, -1
    where there is none; int64.
    """

    unit: str
    firms: pl.DataFrame
    tables: dict[str, pl.DataFrame]
    supplier: np.ndarray
    buyer: np.ndarray
    agency: np.ndarray
    agencies: pl.Series
    """The agency of each code."""

    @property
    def count(self) -> int:
        return self.firms.height

    def positions(self, firms: pl.Series) -> np.ndarray:
        """Return nodes of these firms, int64."""
        return np.searchsorted(self.firms[self.unit].to_numpy(), firms.to_numpy())


def read_supply_chain(fold: Fold) -> SupplyChain:
    """Return the supply chain of a fold."""
    unit = fold.task.unit
    firms = fold.tables[fold.task.table].unique(unit).sort(unit).collect()
    order = ~selectors.by_dtype(pl.List(pl.String))
    others = {name: table for name, table in fold.tables.items() if name != fold.task.table}
    tables = {name: table.collect().sort(order) for name, table in others.items()}
    ids = firms[unit].to_numpy()
    ends = [np.zeros(0, dtype=np.int64)] * 2
    supplies = tables.get("supplies", pl.DataFrame())
    if {"supplier", "buyer"} <= set(supplies.columns):
        ends = [np.searchsorted(ids, supplies[end].to_numpy()) for end in ("supplier", "buyer")]
    agency, agencies = np.full(len(ids), -1), pl.Series("agency", [], dtype=pl.Int64)
    if "agency" in firms.columns:
        agencies = firms["agency"].drop_nulls().unique().sort()
        agency = dense_codes(firms["agency"])
    return SupplyChain(unit, firms, tables, ends[0], ends[1], agency, agencies)


def own_features(chain: SupplyChain) -> pl.DataFrame:
    """Return a firm's own records, Float32: its columns but names (towns, agencies), its audits and complaints
    counted by content, and how many firms it supplies and buys from on what terms."""
    frames = [_columns(chain.firms.drop(chain.unit, *NAMES, strict=False))]
    frames += [_events(chain, name) for name in EVENTS if name in chain.tables]
    frames.append(_dealings(chain))
    return pl.concat([f for f in frames if f.width], how="horizontal").cast(pl.Float32)


def _columns(frame: pl.DataFrame) -> pl.DataFrame:
    """Return numbers as they are (null as NaN), text as one column a level, where it has few."""
    found: list[pl.Expr] = []
    for name, dtype in frame.schema.items():
        if dtype.is_numeric() or dtype == pl.Boolean:
            found.append(pl.col(name).cast(pl.Float32))
        elif dtype == pl.String:
            found += level_columns(name, few_levels(frame[name]))
    return frame.select(found).fill_null(float("nan"))


def _events(chain: SupplyChain, name: str) -> pl.DataFrame:
    """Return a firm's rows of a table: how many, how many with each level of a text or list, mean and most."""
    events = chain.tables[name]
    at = chain.positions(events[chain.unit])
    count = np.bincount(at, minlength=chain.count).astype(float)
    found = {f"{name}": count}
    for column, dtype in events.schema.items():
        if column in (chain.unit, "region") or (dtype == pl.Int64 and column == name.removesuffix("s")):
            continue
        if dtype == pl.Boolean or dtype.is_numeric():
            values = events[column].cast(pl.Float64).fill_null(0).to_numpy()
            found[f"{name} mean {column}"] = ratio(np.bincount(at, values, chain.count), count)
            most = "last" if column == "day" else "most"
            found[f"{name} {most} {column}"] = _largest(at, values, chain.count)
        else:
            long = pl.DataFrame({"at": at, "value": events[column]})
            long = long.explode("value") if isinstance(dtype, pl.List) else long
            for level in few_levels(long["value"]):
                rows = long.filter(pl.col("value") == level)["at"].to_numpy()
                found[f"{name} {column} {level}"] = np.bincount(rows, minlength=chain.count).astype(float)
    return pl.DataFrame(found)


def _dealings(chain: SupplyChain) -> pl.DataFrame:
    """Return buyers and suppliers a firm has, and mean and largest number of its supplies in either role."""
    supplies = chain.tables.get("supplies", pl.DataFrame())
    found: dict[str, np.ndarray] = {}
    for role, at in (("sold", chain.supplier), ("bought", chain.buyer)):
        found[role] = np.bincount(at, minlength=chain.count).astype(float)
        for column, dtype in supplies.schema.items():
            if dtype.is_numeric() and column not in ("region", "supply", "supplier", "buyer"):
                known = supplies[column].is_not_null().to_numpy()
                values = supplies[column].cast(pl.Float64).to_numpy()[known]
                count = np.bincount(at[known], minlength=chain.count)
                found[f"{role} mean {column}"] = ratio(np.bincount(at[known], values, chain.count), count)
                found[f"{role} most {column}"] = _largest(at[known], values, chain.count)
    return pl.DataFrame(found)


def neighbour_features(chain: SupplyChain) -> np.ndarray:
    """Return (firms, columns) float32 of the other firms of one's agency, one's buyers, one's suppliers, and the others
    who supply one's buyers: how many they are, how many audits and complaints they have, and the share of these with
    each finding or topic, shrunk to that of all; on what terms one's buyers buy; and the agency's own columns."""
    agency = one_hot(chain.agency, max(len(chain.agencies), 1))
    supplies = adjacency_matrix(chain.supplier, chain.buyer, chain.count)
    colleagues, rivals = (without_diagonal(ends @ ends.T) for ends in (agency, supplies))
    counted = [(name, _counts(_events(chain, name))) for name in EVENTS if name in chain.tables]
    columns = []
    for relation in (colleagues, supplies, supplies.T.tocsr(), rivals):
        columns.append(np.asarray(relation.getnnz(axis=1), dtype=np.float64))
        for name, events in counted:
            every, number = events[name], relation @ events[name]
            columns.append(number)
            for level, values in events.items():
                if level != name:
                    usual = PRIOR_EVENTS * values.sum() / max(every.sum(), 1)
                    columns.append((relation @ values + usual) / (number + PRIOR_EVENTS))
    terms = fill_gaps(_dealings(chain).to_numpy().astype(np.float32))
    of_buyers = mean_matrix(supplies) @ terms
    of_buyers[np.asarray(supplies.getnnz(axis=1)) == 0] = np.nan
    return np.hstack([np.column_stack(columns), of_buyers, _of_the_agency(chain)]).astype(np.float32)


def _counts(events: pl.DataFrame) -> dict[str, np.ndarray]:
    """Return columns of :func:`_events` that count: the rows, and those with each level."""
    named = {name: name.split(" ")[1:2] for name in events.columns}
    return {name: events[name].to_numpy() for name, second in named.items() if not {*second} & {*SUMMARIES}}


def _of_the_agency(chain: SupplyChain) -> np.ndarray:
    agencies = chain.tables.get("agencies", pl.DataFrame())
    if "agency" not in agencies.columns or not len(chain.agencies):
        return np.zeros((chain.count, 0), dtype=np.float32)
    columns = _columns(agencies.drop("agency", "region", strict=False)).with_columns(agencies["agency"])
    of_code = chain.agencies.to_frame("agency").join(columns, on="agency", how="left", maintain_order="left")
    values = of_code.drop("agency").cast(pl.Float32).fill_null(float("nan")).to_numpy()
    return np.where(chain.agency[:, None] < 0, np.nan, values[np.maximum(chain.agency, 0)])


def _largest(at: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    found = largest(at, values, count)
    return np.where(np.isinf(found), np.nan, found)


OTHERS = "supplier_risk/personalised_pagerank, which can start from audits alone"
"""The method that needs no label."""


class TreesOnFirms(TreesOnNodes):
    """Base of boosted trees on features of firms."""

    takes_many = frozenset({"firms", "supplies", "audits", "complaints"})
    others = OTHERS

    def read(self, fold: Fold) -> SupplyChain:
        return read_supply_chain(fold)
