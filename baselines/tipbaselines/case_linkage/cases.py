"""Case linkage by region: its tables, the evidence that links rows to a seed's case, and lists of the best rows.

A *case* is the adverts that a chain of shared contacts joins to the seed. Evidence is one matrix [seeds, rows] a
piece: shared identifiers, time and place, and words. *Where and when* is the cosine of two vectors over towns and
days: the adverts of the case, a day each way, and the stays of a circuit or the cash of a wallet.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix, diags
from tipbench.data.fold import Fold
from tipcore.units import shared_value_components

from tipbaselines.cache import remember
from tipbaselines.frames import MINUTES_A_DAY, to_predict
from tipbaselines.graphs import dense_codes, mean_matrix, one_hot, sum_by, unit_rows

UNKNOWN = np.iinfo(np.int64).min  # Stands for null among numbers


def positions(values: pl.Series, known: pl.Series) -> np.ndarray:
    """Return the position of each value among unique known ones; -1 where it is none of them."""
    if not len(known):
        return np.full(len(values), -1)
    if values.dtype == pl.String:
        place = {word: n for n, word in enumerate(known.to_list())}
        return np.array([place.get(word, -1) for word in values.to_list()], dtype=np.int64)
    wanted, keys = values.fill_null(UNKNOWN).to_numpy(), known.fill_null(UNKNOWN).to_numpy()
    order = np.argsort(keys, kind="stable")
    at = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)]
    return np.where(keys[at] == wanted, at, -1)


def take_levels(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return the column of values for each code, zeros for -1."""
    return np.pad(values, ((0, 0), (0, 1)))[:, codes]


def to_dense(matrix: csr_matrix) -> np.ndarray:
    """Return a matrix with all its zeros, float32."""
    return np.asarray(matrix.todense(), dtype=np.float32)


NUMBER, WORD = pl.Int64(), pl.String()
COLUMNS: dict[str, dict[str, pl.DataType]] = {
    table: {**dict.fromkeys(numbers.split(), NUMBER), **dict.fromkeys(words.split(), WORD)}
    for table, numbers, words in (
        ("adverts", "town minute account", "platform language category"),
        ("accounts", "account created_day device_cluster", "platform language"),
        ("ties", "source target", ""),
        ("wallets", "wallet town opened_day", ""),
        ("payments", "payer payee minute town", "purpose"),
        ("circuits", "circuit", ""),
        ("stops", "circuit sequence day town wallet", ""),
        ("firms", "firm town agency", "language workers_language sector"),
        ("agencies", "agency", "language"),
    )
}
"""Table -> the columns that are read, and their types."""
TRUE_CASE = "operation"  # The column of adverts that only a reference is shown


class RegionRows:
    """The tables of one region, each with all of :data:`COLUMNS`, and what is the same of its rows for every seed: made
    when first asked for, then kept.

    Adverts have ``day``, and ``case``: equal for adverts of one case.
    """

    def __init__(self, fold: Fold, region: int, adverts: pl.DataFrame) -> None:
        self.unit, self._fold, self._region = fold.task.unit, fold, region
        self._tables, self._levels = {"adverts": adverts}, dict[str, tuple[pl.Series, csr_matrix]]()

    def __getitem__(self, table: str) -> pl.DataFrame:
        if table not in self._tables:  # a table that no view asks for is not read
            every = _read(self._fold, table)
            self._tables[table] = every.get(self._region, every[None])
        return self._tables[table]

    @cached_property
    def known_days(self) -> tuple[int, int]:
        """The first day of any row, and how many days follow it."""
        days = [self["adverts"]["day"], self["stops"]["day"], self["payments"]["minute"] // MINUTES_A_DAY]
        known = pl.concat([values.drop_nulls() for values in days])
        first = int(known.min() or 0)  # type: ignore[arg-type]
        return first, int(known.max() or 0) - first + 1 + LONGEST  # type: ignore[arg-type]

    @cached_property
    def towns(self) -> pl.Series:
        """Every town, in order."""
        towns = pl.concat([self[t]["town"] for t in ("adverts", "wallets", "payments", "stops", "firms")])
        return towns.drop_nulls().unique().sort()

    @cached_property
    def advert_towns(self) -> np.ndarray:
        """The place of each advert's town in ``towns``; -1 where it is unknown."""
        return positions(self["adverts"]["town"], self.towns)

    def levels(self, column: str) -> tuple[pl.Series, csr_matrix]:
        """Return what a column of adverts may be, in order, and one-hot what each advert is."""
        if column not in self._levels:
            values = self["adverts"][column]
            known = values.drop_nulls().unique().sort()
            self._levels[column] = known, one_hot(positions(values, known), len(known))
        return self._levels[column]

    def codes(self, column: str, values: pl.Series) -> np.ndarray:
        """Return the place of values among the levels of a column of adverts; -1 for none."""
        return positions(values, self.levels(column)[0])

    def among(self, values: pl.Series, table: str) -> np.ndarray:
        """Return the rows of a table that have these keys; -1 for none."""
        return positions(values, self[table][next(iter(COLUMNS[table]))])

    def cells(self, day: pl.Series, town: np.ndarray | None = None) -> csr_matrix:
        """Return the cell of each row by day, or by town and day, one-hot; no cell where one is unknown. ``town``: its
        place in ``towns``."""
        first, days = self.known_days
        when = day.fill_null(first - 1).to_numpy() - first
        when = np.where((when < 0) | (when >= days), -1, when)
        if town is None:
            return one_hot(when, days)
        cell = np.where((town < 0) | (when < 0), -1, town * days + when)
        return one_hot(cell, max(len(self.towns), 1) * days)

    @cached_property
    def near(self) -> dict[bool, list[csr_matrix]]:
        """The cells of adverts for each of :data:`NEAR` days each way; by whether a cell is of a town too."""
        days = [self["adverts"]["day"] + off for off in range(-NEAR, NEAR + 1)]
        in_towns = [self.cells(day, self.advert_towns) for day in days]
        return {True: in_towns, False: [self.cells(day) for day in days]}

    @cached_property
    def accounts(self) -> dict[str, Any]:
        """Of adverts their ``account``; of accounts ``device``, ``ties`` among them, ``platform`` and ``language``."""
        accounts, ties = self["accounts"], self["ties"]
        ends = [self.among(ties[end], "accounts") for end in ("source", "target")]
        inside = (ends[0] >= 0) & (ends[1] >= 0)
        pairs, count = (ends[0][inside], ends[1][inside]), accounts.height
        known = csr_matrix((np.ones(inside.sum(), np.float32), pairs), shape=(count, count))
        device = dense_codes(accounts["device_cluster"])
        return {
            "account": one_hot(self.among(self["adverts"]["account"], "accounts"), count),
            "device": device,
            "devices": one_hot(device, int(device.max(initial=-1)) + 1),
            "ties": known + known.T,
            **{name: self.codes(name, accounts[name]) for name in ("platform", "language")},
        }

    @cached_property
    def circuits(self) -> dict[str, csr_matrix]:
        """Where and when circuits stay, and where: unit columns [..., circuits]; of adverts their ``town``."""
        count, stops = self["circuits"].height, self["stops"].sort("circuit", "sequence")
        leaves = pl.col("day").shift(-1).over("circuit").fill_null(pl.col("day") + LONGEST // 10)
        stays = stops.with_columns(leaves=pl.min_horizontal(leaves, pl.col("day") + LONGEST)).drop_nulls(
            "day"
        )
        until = pl.max_horizontal("leaves", pl.col("day") + 1)
        stays = stays.with_columns(day=pl.int_ranges("day", until)).explode("day")
        circuit, town = self.among(stays["circuit"], "circuits"), positions(stays["town"], self.towns)
        by_circuit = sum_by(circuit, count)
        return {
            "where and when": _unit_columns(by_circuit @ self.cells(stays["day"], town)),
            "where": _unit_columns(by_circuit @ one_hot(town, len(self.towns))),
            "town": one_hot(self.advert_towns, len(self.towns)),
        }

    @cached_property
    def wallets(self) -> dict[str, Any]:
        """Cash and other payments of wallets, and the circuits that book with them: unit columns [..., wallets]; codes
        of their ``town``."""
        payments, stops, count = self["payments"], self["stops"], self["wallets"].height
        day, town = payments["minute"] // MINUTES_A_DAY, positions(payments["town"], self.towns)
        pays, takes = (sum_by(self.among(payments[end], "wallets"), count) for end in ("payer", "payee"))
        is_advert = diags((payments["purpose"] == ADVERT).fill_null(False).to_numpy().astype(np.float32))
        booked = sum_by(self.among(stops["wallet"], "wallets"), count)
        circuit = sum_by(self.among(stops["circuit"], "circuits"), self["circuits"].height)
        days = self.cells(day)
        return {
            "where and when": _unit_columns((pays + takes) @ self.cells(day, town)),
            "adverts paid": _unit_columns(pays @ is_advert @ days),
            "taken": _unit_columns(takes @ days),
            "booked": _unit_columns(booked @ circuit.T),
            "town": self.codes("town", self["wallets"]["town"]),
        }

    @cached_property
    def firms(self) -> dict[str, np.ndarray]:
        """Of each firm: town and languages as levels of adverts, sector, and whether an agency placed its workers."""
        firms, agencies = self["firms"], self["agencies"]
        agency = firms.select("agency").join(agencies, on="agency", how="left", maintain_order="left")
        return {
            "workers": self.codes("language", firms["workers_language"]),
            "language": self.codes("language", firms["language"]),
            "agency": self.codes("language", agency["language"]),
            "town": self.codes("town", firms["town"]),
            "sector": _word_codes(firms["sector"]),
            "placed": firms["agency"].is_not_null().to_numpy(),
        }


def _unit_columns(counts: csr_matrix) -> csr_matrix:
    """Return the rows of counts as columns of length one."""
    return csr_matrix(unit_rows(counts).T)


@dataclass(frozen=True)
class CaseRegion:
    """One region: its rows; ``seeds``: positions of its seeds among its adverts; ``views``: the task's, by the key of
    their rows."""

    rows: RegionRows
    seeds: np.ndarray
    views: Mapping[str, str]

    @property
    def keys(self) -> pl.Series:
        """The seeds."""
        return self["adverts"][self.rows.unit].gather(self.seeds)

    def __getitem__(self, table: str) -> pl.DataFrame:
        return self.rows[table]


def read_regions(fold: Fold, seeds: pl.Series, true_cases: bool = False) -> Iterator[CaseRegion]:
    """Yield every region with a seed, in order. ``seeds``: keys of adverts. ``true_cases``: whether a case is what the
    hidden truth says, which a reference alone is shown."""
    keys = seeds.to_numpy()
    for rows in _rows_by_region(fold, true_cases):
        asked = np.flatnonzero(np.isin(rows["adverts"][rows.unit].to_numpy(), keys))
        if len(asked):
            yield CaseRegion(rows, asked, fold.task.views)


@remember()
def _rows_by_region(fold: Fold, true_cases: bool) -> list[RegionRows]:
    """Return the rows of every region with adverts, in order."""
    unit = fold.task.unit
    adverts = _columns(fold, "adverts").with_columns(day=(pl.col("minute") // MINUTES_A_DAY).fill_null(0))
    if true_cases:
        adverts = adverts.rename({TRUE_CASE: "case"})
    else:
        joined = shared_value_components(adverts, unit, "contacts").rename({"component": "case"})
        adverts = adverts.drop(TRUE_CASE).join(joined, on=unit, how="left")
    adverts = adverts.with_columns(case=pl.coalesce("case", unit)).sort("region", unit)
    return [RegionRows(fold, frame["region"][0], frame) for frame in adverts.partition_by("region")]


@remember(len(COLUMNS))
def _read(fold: Fold, table: str) -> dict[int | None, pl.DataFrame]:
    """Return the columns of a table that are read, by region and sorted by key; without rows, under None."""
    every, key = _columns(fold, table), next(iter(COLUMNS[table]))
    parts = [part.sort(key, maintain_order=True) for part in every.partition_by("region") if part.height]
    return {None: every.clear(), **{part["region"][0]: part for part in parts}}


def _columns(fold: Fold, table: str) -> pl.DataFrame:
    """Return the columns of a table that are read; nulls where they are not shown, no rows where it is not."""
    columns = {"region": NUMBER, **COLUMNS[table]}
    if table == "adverts":
        columns |= {fold.task.unit: NUMBER, "contacts": pl.List(NUMBER), TRUE_CASE: NUMBER}
    if table not in fold.tables:
        return pl.DataFrame(schema=columns)
    has = fold.tables[table].collect_schema()
    shown = [
        pl.col(name).cast(dtype) if name in has else pl.lit(None, dtype).alias(name)
        for name, dtype in columns.items()
    ]
    return fold.tables[table].select(shown).collect().with_columns(pl.col("region").fill_null(0))


NEAR = 1  # Days each way within which a payment goes with an advert
LATEST, SOON = 7, 30.0
"""Days after the first advert in which an account may still open, and the days in which the chance falls to a third."""
LONGEST = 60  # Days that a circuit is taken to stay where its last known stop was
WORDS = 1009  # Numbers that words are given
ADVERT = "advert"  # The purpose of a payment for an advert


@dataclass(frozen=True)
class ViewEvidence:
    """Of one view: ``keys`` of its rows, and by name float32 [seeds, rows] what speaks for each."""

    keys: pl.Series
    pieces: dict[str, np.ndarray]

    def distinct(self) -> "DistinctPairs":
        """Return its distinct pairs: five of six pairs repeat another."""
        shape = next(iter(self.pieces.values())).shape
        # as bits, so that what is equal is equal in every bit
        bits = {n: np.ascontiguousarray(p).view(np.int32).ravel() for n, p in self.pieces.items()}
        pairs = pl.DataFrame(bits).with_row_index("pair")
        first = pairs.select(pl.col("pair").min().over(*self.pieces))["pair"].to_numpy()
        chosen = np.flatnonzero(first == np.arange(len(first)))
        number = np.empty(len(first), dtype=np.int32)
        number[chosen] = np.arange(len(chosen), dtype=np.int32)
        pieces = {name: piece.ravel()[chosen] for name, piece in self.pieces.items()}
        return DistinctPairs(self.keys, pieces, number[first].reshape(shape))


@dataclass(frozen=True)
class DistinctPairs:
    """The evidence of one view, with equal pairs of seed and row stored once. ``keys``: of its rows. ``pieces``: by
    name, float32 [kinds of pairs]. ``which``: int32 [seeds, rows], the kind of each pair."""

    keys: pl.Series
    pieces: dict[str, np.ndarray]
    which: np.ndarray

    def rows(self) -> np.ndarray:
        """Return float32 [kinds of pairs, pieces]."""
        return np.stack(list(self.pieces.values()), axis=-1)


class SeedCases:
    """The adverts of each seed's case, as sparse matrices [seeds, ...]."""

    def __init__(self, region: CaseRegion) -> None:
        adverts = region["adverts"]
        self.region, self.rows = region, region.rows
        self._shares: dict[str, np.ndarray] = {}
        self._near: dict[bool, csr_matrix] = {}
        seeds = adverts[region.seeds.tolist()].select(case="case", seed=pl.int_range(pl.len()))
        rows = adverts.with_row_index("row").select("row", "case").join(seeds, on="case")
        ends, shape = (rows["seed"], rows["row"]), (len(region.seeds), adverts.height)
        self.members = csr_matrix((np.ones(rows.height, np.float32), ends), shape=shape)

    @cached_property
    def circuits(self) -> ViewEvidence:
        """The evidence of circuits, which wallets are compared with too."""
        return _circuits(self)

    def share(self, column: str, codes: np.ndarray) -> np.ndarray:
        """Return the share of the case's adverts whose column has the level of each row, [seeds, rows]."""
        if column not in self._shares:  # of every view alike
            self._shares[column] = to_dense(mean_matrix(self.members @ self.rows.levels(column)[1]))
        return take_levels(self._shares[column], codes)

    def near(self, in_towns: bool) -> csr_matrix:
        """Return when the case advertises, :data:`NEAR` days each way: unit rows [seeds, days]; ``in_towns``: also
        where, [seeds, towns * days]."""
        if in_towns not in self._near:  # of circuits and wallets alike
            counts = sum(self.members @ cells for cells in self.rows.near[in_towns])
            self._near[in_towns] = unit_rows(counts)  # type: ignore[arg-type]
        return self._near[in_towns]


def _accounts(case: SeedCases) -> ViewEvidence:
    accounts, rows = case.region["accounts"], case.rows.accounts
    posts = case.members @ rows["account"]
    joined, given = (posts > 0).astype(np.float32), rows["account"][case.region.seeds]
    shared, own = (
        take_levels(to_dense(who @ rows["devices"]) > 0, rows["device"]).astype(np.float32)
        for who in (joined, given)
    )
    pieces = {
        "joined": np.log1p(to_dense(posts)),
        "device": shared,
        "own device": own,
        "tie": np.log1p(to_dense(joined @ rows["ties"])),
        "own tie": np.log1p(to_dense(given @ rows["ties"])),
        "platform": case.share("platform", rows["platform"]),
        "language": case.share("language", rows["language"]),
        "opened": _opening(case, accounts["created_day"]),
    }
    return ViewEvidence(accounts["account"], pieces)


def _opening(case: SeedCases, opened: pl.Series) -> np.ndarray:
    """Return how soon before the case's first advert each row was opened: 1 just before, 0 later or unknown."""
    day = case.region["adverts"]["day"].to_numpy().astype(np.float64)
    starts = case.members.indptr[:-1]
    first = np.minimum.reduceat(day[case.members.indices], starts) if len(starts) else np.zeros(0)
    before = first[:, None] - opened.cast(pl.Float64).fill_null(np.inf).to_numpy()
    return np.where(before >= -LATEST, np.exp(-np.abs(before) / SOON), 0.0).astype(np.float32)


def _circuits(case: SeedCases) -> ViewEvidence:
    rows = case.rows.circuits
    pieces = {
        "where and when": to_dense(case.near(True) @ rows["where and when"]),
        "where": to_dense(unit_rows(case.members @ rows["town"]) @ rows["where"]),
    }
    return ViewEvidence(case.region["circuits"]["circuit"], pieces)


def _wallets(case: SeedCases) -> ViewEvidence:
    wallets, rows = case.region["wallets"], case.rows.wallets
    pieces = {
        "where and when": to_dense(case.near(True) @ rows["where and when"]),
        "adverts paid": to_dense(case.near(False) @ rows["adverts paid"]),
        "taken": to_dense(case.near(False) @ rows["taken"]),
        "town": case.share("town", rows["town"]),
        "booked": to_dense(csr_matrix(case.circuits.pieces["where and when"]) @ rows["booked"]),
        "opened": _opening(case, wallets["opened_day"]),
    }
    return ViewEvidence(wallets["wallet"], pieces)


def _firms(case: SeedCases) -> ViewEvidence:
    firms, rows = case.region["firms"], case.rows.firms
    category = _word_codes(case.region["adverts"]["category"].gather(case.region.seeds))
    shape = len(case.region.seeds), firms.height
    alike = (rows["sector"], category[:, None], rows["placed"])
    sector, category, placed = (np.broadcast_to(one, shape).astype(np.float32) for one in alike)
    pieces = {
        "town": case.share("town", rows["town"]),
        "workers": case.share("language", rows["workers"]),
        "language": case.share("language", rows["language"]),
        "agency": case.share("language", rows["agency"]),
        "sector": sector,
        "category": category,
        "placed": placed,
    }
    return ViewEvidence(firms["firm"], pieces)


def _word_codes(words: pl.Series) -> np.ndarray:
    """Return a number per word, the same in every region; 0 where there is none."""
    return np.array([zlib.crc32(word.encode()) % WORDS + 1 if word else 0 for word in words], dtype=np.int64)


VIEWS = {"accounts": _accounts, "wallets": _wallets, "circuits": attrgetter("circuits"), "firms": _firms}


def evidence(region: CaseRegion, *views: str) -> dict[str, ViewEvidence]:
    """Return the evidence of some views of a region; of every one where none is named."""
    case = SeedCases(region)
    return {view: VIEWS[view](case) for view in views or VIEWS}


MOST = 10  # Candidates that are named per seed and view
SCHEMA = {"query": pl.Int64(), "view": pl.String(), "candidate": pl.Int64(), "score": pl.Float64()}


def best_rows(seeds: pl.Series, view: str, keys: pl.Series, scores: np.ndarray, named: float) -> pl.DataFrame:
    """Return the best rows of one view: [query, view, candidate, score], ten at most per seed.

    ``scores``: [seeds, rows]. Rounded to 9 decimals, so that the order of a floating sum cannot decide a tie; ties go
    to the smaller key. ``named``: rows are named whose score is above it. Without evidence no row is named.
    """
    if not len(seeds) or not len(keys):
        return pl.DataFrame(schema=SCHEMA)
    named_keys = keys.to_numpy()
    order = np.argsort(named_keys, kind="stable")
    values = np.round(np.asarray(scores, dtype=np.float64)[:, order], 9)
    best = np.argsort(-values, axis=1, kind="stable")[:, :MOST]
    score = np.take_along_axis(values, best, axis=1)
    seed, place = np.nonzero(score > named)
    found = {
        "query": seeds.to_numpy()[seed],
        "view": pl.repeat(view, len(seed), eager=True),
        "candidate": named_keys[order[best[seed, place]]],
        "score": score[seed, place],
    }
    return pl.DataFrame(found, schema_overrides=SCHEMA)


Scores = Mapping[str, tuple[pl.Series, np.ndarray]]
"""Of a region: per view the keys of its rows, and scores [seeds, rows]."""


def rank_views(fold: Fold, score: Callable[[CaseRegion], Scores]) -> pl.DataFrame:
    """Return the lists of every seed that the task wants predicted, a region at a time."""
    regions = read_regions(fold, to_predict(fold)[fold.task.unit].cast(pl.Int64))
    return rank_lists((region.keys, score(region)) for region in regions)


def rank_lists(scored: Iterable[tuple[pl.Series, Scores]], named: float = 0.0) -> pl.DataFrame:
    """Return the lists of all seeds, given the seeds of each region and scores. ``named``: as of :func:`best_rows`."""
    found = [pl.DataFrame(schema=SCHEMA)]
    for seeds, views in scored:
        lists = pl.concat([best_rows(seeds, view, *one, named) for view, one in views.items()])
        found.append(lists)
        # Each seed has to be answered: one for which nothing speaks by the first row of the largest view.
        silent = seeds.filter(~seeds.is_in(lists["query"].implode()))
        view, (keys, _) = max(views.items(), key=lambda item: len(item[1][0]))
        if len(silent) and len(keys):
            row = {"query": silent, "view": view, "candidate": keys.min(), "score": 0.0}
            found.append(pl.DataFrame(row, schema=SCHEMA))
    order = ["query", "view", "score", "candidate"]
    return pl.concat(found).sort(order, descending=[False, False, True, False])
