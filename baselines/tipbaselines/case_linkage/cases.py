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

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix, diags
from tipbench.data.fold import Fold
from tipcore.units import shared_value_components

from tipbaselines.frames import MINUTES_A_DAY, to_predict
from tipbaselines.graphs import dense_codes, mean_matrix, one_hot, sum_by, unit_rows


def positions(values: pl.Series, known: pl.Series) -> np.ndarray:
    """Return the position of each value among unique known ones; -1 where it is none of them."""
    if not len(known):
        return np.full(len(values), -1)
    at = values.replace_strict(known, pl.int_range(len(known), eager=True), default=-1, return_dtype=pl.Int64)
    return at.fill_null(-1).to_numpy()


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


@dataclass(frozen=True)
class CaseRegion:
    """One region: its tables, each with all of :data:`COLUMNS`; ``seeds``: positions of its seeds among its adverts;
    ``views``: the task's, by the key of their rows.

    Adverts have ``day``, and ``case``: equal for adverts of one case.
    """

    unit: str
    tables: dict[str, pl.DataFrame]
    seeds: np.ndarray
    views: Mapping[str, str]

    @property
    def keys(self) -> pl.Series:
        """The seeds."""
        return self.tables["adverts"][self.unit].gather(self.seeds)

    def __getitem__(self, table: str) -> pl.DataFrame:
        return self.tables[table]


def read_regions(fold: Fold, seeds: pl.Series, true_cases: bool = False) -> Iterator[CaseRegion]:
    """Yield every region with a seed, in order. ``seeds``: keys of adverts. ``true_cases``: whether a case is what the
    hidden truth says, which a reference alone is shown."""
    unit, tables = fold.task.unit, {table: _read(fold, table) for table in COLUMNS}
    adverts = tables["adverts"].with_columns(day=(pl.col("minute") // MINUTES_A_DAY).fill_null(0))
    if true_cases:
        adverts = adverts.rename({TRUE_CASE: "case"})
    else:
        joined = shared_value_components(adverts, unit, "contacts").rename({"component": "case"})
        adverts = adverts.drop(TRUE_CASE).join(joined, on=unit, how="left")
    tables["adverts"] = adverts.with_columns(case=pl.coalesce("case", unit)).sort("region", unit)
    wanted = tables["adverts"].filter(pl.col(unit).is_in(seeds.implode()))["region"].unique().sort()
    parts = {table: frame.partition_by("region", as_dict=True) for table, frame in tables.items()}
    for region in wanted:
        here = {table: parts[table].get((region,), frame.clear()) for table, frame in tables.items()}
        asked = here["adverts"][unit].is_in(seeds.implode())
        yield CaseRegion(unit, here, np.flatnonzero(asked.to_numpy()), fold.task.views)


def _read(fold: Fold, table: str) -> pl.DataFrame:
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
    frame = fold.tables[table].select(shown).collect()
    key = next(iter(COLUMNS[table]))
    return frame.with_columns(pl.col("region").fill_null(0)).sort("region", key, maintain_order=True)


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
        self.region = region
        self._known: dict[str, tuple[pl.Series, csr_matrix]] = {}
        seeds = adverts[region.seeds.tolist()].select(case="case", seed=pl.int_range(pl.len()))
        rows = adverts.with_row_index("row").select("row", "case").join(seeds, on="case")
        ends, shape = (rows["seed"], rows["row"]), (len(region.seeds), adverts.height)
        self.members = csr_matrix((np.ones(rows.height, np.float32), ends), shape=shape)
        days = [adverts["day"], region["stops"]["day"], region["payments"]["minute"] // MINUTES_A_DAY]
        known = pl.concat([values.drop_nulls() for values in days])
        self.first_day = int(known.min() or 0)  # type: ignore[arg-type]
        self.days = int(known.max() or 0) - self.first_day + 1 + LONGEST  # type: ignore[arg-type]
        towns = pl.concat([region[t]["town"] for t in ("adverts", "wallets", "payments", "stops", "firms")])
        self.towns = towns.drop_nulls().unique().sort()

    @cached_property
    def circuits(self) -> ViewEvidence:
        """The evidence of circuits, which wallets are compared with too."""
        return _circuits(self)

    def share(self, column: str, values: pl.Series) -> np.ndarray:
        """Return the share of the case's adverts whose column has the value of each row, [seeds, rows]."""
        if column not in self._known:  # of every view alike
            of_adverts = self.region["adverts"][column]
            known = of_adverts.drop_nulls().unique().sort()
            counts = self.members @ one_hot(positions(of_adverts, known), len(known))
            self._known[column] = known, mean_matrix(counts)
        known, shares = self._known[column]
        return to_dense(shares @ one_hot(positions(values, known), len(known)).T)

    def near(self, town: pl.Series | None = None) -> csr_matrix:
        """Return when the case advertises, :data:`NEAR` days each way: unit rows [seeds, days]; given the towns of
        adverts also where, [seeds, towns * days]."""
        days = (self.region["adverts"]["day"] + off for off in range(-NEAR, NEAR + 1))
        return unit_rows(sum(self.members @ self.cells(day, town) for day in days))  # type: ignore[arg-type]

    def cells(self, day: pl.Series, town: pl.Series | None = None) -> csr_matrix:
        """Return the cell of each row by day, or by town and day, one-hot; no cell where one is unknown."""
        when = day.fill_null(self.first_day - 1).to_numpy() - self.first_day
        when = np.where((when < 0) | (when >= self.days), -1, when)
        if town is None:
            return one_hot(when, self.days)
        at = positions(town, self.towns)
        cell = np.where((at < 0) | (when < 0), -1, at * self.days + when)
        return one_hot(cell, max(len(self.towns), 1) * self.days)


def _accounts(case: SeedCases) -> ViewEvidence:
    accounts, adverts = case.region["accounts"], case.region["adverts"]
    count = accounts.height
    posts = case.members @ one_hot(positions(adverts["account"], accounts["account"]), count)
    joined = (posts > 0).astype(np.float32)
    given = one_hot(positions(adverts["account"].gather(case.region.seeds), accounts["account"]), count)
    device = dense_codes(accounts["device_cluster"])
    devices = one_hot(device, int(device.max(initial=-1)) + 1)
    shared, own = (to_dense(((who @ devices) > 0).astype(np.float32) @ devices.T) for who in (joined, given))
    ties = case.region["ties"]
    ends = [positions(ties[end], accounts["account"]) for end in ("source", "target")]
    inside = (ends[0] >= 0) & (ends[1] >= 0)
    pairs = (ends[0][inside], ends[1][inside])
    known = csr_matrix((np.ones(inside.sum(), np.float32), pairs), shape=(count, count))
    either = known + known.T
    pieces = {
        "joined": np.log1p(to_dense(posts)),
        "device": shared,
        "own device": own,
        "tie": np.log1p(to_dense(joined @ either)),
        "own tie": np.log1p(to_dense(given @ either)),
        "platform": case.share("platform", accounts["platform"]),
        "language": case.share("language", accounts["language"]),
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
    circuits = case.region["circuits"]
    stops = case.region["stops"].sort("circuit", "sequence")
    leaves = pl.col("day").shift(-1).over("circuit").fill_null(pl.col("day") + LONGEST // 10)
    stays = stops.with_columns(leaves=pl.min_horizontal(leaves, pl.col("day") + LONGEST)).drop_nulls("day")
    until = pl.max_horizontal("leaves", pl.col("day") + 1)
    stays = stays.with_columns(day=pl.int_ranges("day", until)).explode("day")
    circuit = positions(stays["circuit"], circuits["circuit"])
    there = sum_by(circuit, circuits.height) @ case.cells(stays["day"], stays["town"])
    towns = sum_by(circuit, circuits.height) @ one_hot(positions(stays["town"], case.towns), len(case.towns))
    of_case = case.members @ one_hot(positions(case.region["adverts"]["town"], case.towns), len(case.towns))
    pieces = {
        "where and when": to_dense(case.near(case.region["adverts"]["town"]) @ unit_rows(there).T),
        "where": to_dense(unit_rows(of_case) @ unit_rows(towns).T),
    }
    return ViewEvidence(circuits["circuit"], pieces)


def _wallets(case: SeedCases) -> ViewEvidence:
    wallets, payments = case.region["wallets"], case.region["payments"]
    count, stops = wallets.height, case.region["stops"]
    day = payments["minute"] // MINUTES_A_DAY
    payer, payee = (positions(payments[end], wallets["wallet"]) for end in ("payer", "payee"))
    pays, takes = sum_by(payer, count), sum_by(payee, count)
    cash = (pays + takes) @ case.cells(day, payments["town"])
    is_advert = diags((payments["purpose"] == ADVERT).fill_null(False).to_numpy().astype(np.float32))
    adverts = pays @ is_advert @ case.cells(day)
    taken = takes @ case.cells(day)
    books = positions(stops["wallet"], wallets["wallet"])
    circuit = positions(stops["circuit"], case.region["circuits"]["circuit"])
    booked = sum_by(books, count) @ sum_by(circuit, case.region["circuits"].height).T
    pieces = {
        "where and when": to_dense(case.near(case.region["adverts"]["town"]) @ unit_rows(cash).T),
        "adverts paid": to_dense(case.near() @ unit_rows(adverts).T),
        "taken": to_dense(case.near() @ unit_rows(taken).T),
        "town": case.share("town", wallets["town"]),
        "booked": to_dense(csr_matrix(case.circuits.pieces["where and when"]) @ unit_rows(booked).T),
        "opened": _opening(case, wallets["opened_day"]),
    }
    return ViewEvidence(wallets["wallet"], pieces)


def _firms(case: SeedCases) -> ViewEvidence:
    firms, agencies = case.region["firms"], case.region["agencies"]
    agency = firms.select("agency").join(agencies, on="agency", how="left", maintain_order="left")["language"]
    category = _word_codes(case.region["adverts"]["category"].gather(case.region.seeds))
    shape = len(case.region.seeds), firms.height
    alike = (_word_codes(firms["sector"]), category[:, None], firms["agency"].is_not_null().to_numpy())
    sector, category, placed = (np.broadcast_to(one, shape).astype(np.float32) for one in alike)
    pieces = {
        "town": case.share("town", firms["town"]),
        "workers": case.share("language", firms["workers_language"]),
        "language": case.share("language", firms["language"]),
        "agency": case.share("language", agency),
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
    order = keys.arg_sort().to_numpy()
    values = np.round(np.asarray(scores, dtype=np.float64)[:, order], 9)
    most = min(MOST, values.shape[1])
    best = np.argsort(-values, axis=1, kind="stable")[:, :most]
    found = {
        "query": seeds.gather(np.repeat(np.arange(len(seeds)), most)),
        "view": view,
        "candidate": keys.gather(order[best.ravel()]),
        "score": np.take_along_axis(values, best, axis=1).ravel(),
    }
    return pl.DataFrame(found, schema_overrides=SCHEMA).filter(pl.col("score") > named)


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
