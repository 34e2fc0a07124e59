"""What speaks for a row of another table being of a seed's case: shared identifiers, time and place, and words.

All is computed from a :class:`tipbaselines.case_regions.Region`, as one matrix [seeds, rows] per piece of evidence.
*Where and when* is the cosine of two vectors over towns and days: the adverts of the case, a day each way, and the
stays of a circuit or the cash of a wallet.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix, diags

from tipbaselines.case_regions import Region
from tipbaselines.code_matrices import dense, group, one_hot, position, rows_sum_to_one, sum_by, unit_rows

NEAR = 1
"""Days each way within which a payment goes with an advert."""
LATEST, SOON = 7, 30.0
"""Days after the first advert in which an account may still open, and the days of which the chance falls to a third."""
LONGEST = 60
"""Days that a circuit is taken to stay where its last known stop was."""
WORDS = 1009
"""Numbers that words are given."""
ADVERT = "advert"
"""The purpose of a payment for an advert."""


@dataclass(frozen=True)
class Evidence:
    """Of one view: ``keys`` of its rows, and by name float32 [seeds, rows] what speaks for each."""

    keys: pl.Series
    pieces: dict[str, np.ndarray]

    def distinct(self) -> "Distinct":
        """Return what is different of it: five of six pairs repeat another."""
        shape = next(iter(self.pieces.values())).shape
        # as bits, so that what is equal is equal in every bit
        bits = pl.DataFrame(
            {n: np.ascontiguousarray(p).view(np.int32).ravel() for n, p in self.pieces.items()}
        )
        first = bits.with_row_index("pair").select(pl.col("pair").min().over(*self.pieces))["pair"].to_numpy()
        chosen = np.flatnonzero(first == np.arange(len(first)))
        number = np.empty(len(first), dtype=np.int32)
        number[chosen] = np.arange(len(chosen), dtype=np.int32)
        pieces = {name: piece.ravel()[chosen] for name, piece in self.pieces.items()}
        return Distinct(self.keys, pieces, number[first].reshape(shape))


@dataclass(frozen=True)
class Distinct:
    """The evidence of one view, each pair of seed and row that is like another told once.

    ``keys``: of its rows. ``pieces``: by name, float32 [kinds of pairs]. ``which``: int32 [seeds, rows], of which kind
    each pair is.
    """

    keys: pl.Series
    pieces: dict[str, np.ndarray]
    which: np.ndarray

    def rows(self) -> np.ndarray:
        """Return float32 [kinds of pairs, pieces]."""
        return np.stack(list(self.pieces.values()), axis=-1)


class Case:
    """The adverts of each seed's case, as sparse matrices [seeds, ...]."""

    def __init__(self, region: Region) -> None:
        adverts = region["adverts"]
        self.region = region
        self._known: dict[str, tuple[pl.Series, csr_matrix]] = {}
        seeds = adverts[region.seeds.tolist()].select(case="case", seed=pl.int_range(pl.len()))
        rows = adverts.with_row_index("row").select("row", "case").join(seeds, on="case")
        shape = (len(region.seeds), adverts.height)
        self.members = csr_matrix(
            (np.ones(rows.height, np.float32), (rows["seed"], rows["row"])), shape=shape
        )
        days = [adverts["day"], region["stops"]["day"], region["payments"]["minute"] // 1440]
        known = pl.concat([values.drop_nulls() for values in days])
        self.first_day = int(known.min() or 0) if len(known) else 0  # type: ignore[arg-type]
        self.days = (int(known.max() or 0) if len(known) else 0) - self.first_day + 1 + LONGEST  # type: ignore[arg-type]
        towns = pl.concat([region[t]["town"] for t in ("adverts", "wallets", "payments", "stops", "firms")])
        self.towns = towns.drop_nulls().unique().sort()

    def share(self, column: str, values: pl.Series) -> np.ndarray:
        """Return the share of the case's adverts whose column has the value of each row, [seeds, rows]."""
        known, shares = self._shares(column)
        return dense(shares @ one_hot(position(values, known), len(known)).T)

    def _shares(self, column: str) -> tuple[pl.Series, csr_matrix]:
        """Return the values that a column of the region's adverts has, and the share of each case's adverts with
        each: [seeds, values]. Worked out once for all views."""
        if column not in self._known:
            of_adverts = self.region["adverts"][column]
            known = of_adverts.drop_nulls().unique().sort()
            counts = self.members @ one_hot(position(of_adverts, known), len(known))
            self._known[column] = known, rows_sum_to_one(counts)
        return self._known[column]

    def place_and_time(self, near: int) -> csr_matrix:
        """Return when and where the case advertises, ``near`` days each way: unit rows [seeds, towns * days]."""
        adverts = self.region["adverts"]
        cells = [self.cells(adverts["town"], adverts["day"] + off) for off in range(-near, near + 1)]
        return unit_rows(sum(self.members @ one for one in cells))  # type: ignore[arg-type]

    def time(self, near: int) -> csr_matrix:
        """Return when the case advertises, ``near`` days each way: unit rows [seeds, days]."""
        day = self.region["adverts"]["day"]
        cells = [one_hot(self.day(day + off), self.days) for off in range(-near, near + 1)]
        return unit_rows(sum(self.members @ one for one in cells))  # type: ignore[arg-type]

    def cells(self, town: pl.Series, day: pl.Series) -> csr_matrix:
        """Return the cell of each row by town and day, one-hot; no cell where either is unknown."""
        at = position(town, self.towns)
        when = self.day(day)
        cell = np.where((at < 0) | (when < 0), -1, at * self.days + when)
        return one_hot(cell, max(len(self.towns), 1) * self.days)

    def day(self, day: pl.Series) -> np.ndarray:
        """Return days counted from the first; -1 where unknown or outside."""
        numbers = day.fill_null(self.first_day - 1).to_numpy() - self.first_day
        return np.where((numbers < 0) | (numbers >= self.days), -1, numbers)

    def first(self) -> np.ndarray:
        """Return the day of the first advert of each case, float [seeds, 1]."""
        day = self.region["adverts"]["day"].to_numpy().astype(np.float64)
        indices, starts = self.members.indices, self.members.indptr[:-1]
        return np.minimum.reduceat(day[indices], starts)[:, None] if len(starts) else np.zeros((0, 1))


def evidence(region: Region, *views: str) -> dict[str, Evidence]:
    """Return the evidence of some views of a region; of every one where none is named."""
    case = Case(region)
    circuits = cache(lambda: _circuits(case))  # wallets are held against them
    made: dict[str, Callable[[], Evidence]] = {
        "accounts": lambda: _accounts(case),
        "wallets": lambda: _wallets(case, circuits().pieces["where and when"]),
        "circuits": circuits,
        "firms": lambda: _firms(case),
    }
    return {view: made[view]() for view in views or made}


def _accounts(case: Case) -> Evidence:
    accounts, adverts = case.region["accounts"], case.region["adverts"]
    count = accounts.height
    posts = case.members @ one_hot(position(adverts["account"], accounts["account"]), count)
    joined = (posts > 0).astype(np.float32)
    given = one_hot(position(adverts["account"].gather(case.region.seeds), accounts["account"]), count)
    device = group(accounts["device_cluster"])
    devices = one_hot(device, int(device.max(initial=-1)) + 1)
    shared, own = (dense(((who @ devices) > 0).astype(np.float32) @ devices.T) for who in (joined, given))
    ties = case.region["ties"]
    ends = [position(ties[end], accounts["account"]) for end in ("source", "target")]
    inside = (ends[0] >= 0) & (ends[1] >= 0)
    known = csr_matrix(
        (np.ones(inside.sum(), np.float32), (ends[0][inside], ends[1][inside])), shape=(count, count)
    )
    return Evidence(
        accounts["account"],
        {
            "joined": np.log1p(dense(posts)),
            "device": shared,
            "own device": own,
            "tie": np.log1p(dense(joined @ (known + known.T))),
            "own tie": np.log1p(dense(given @ (known + known.T))),
            "platform": case.share("platform", accounts["platform"]),
            "language": case.share("language", accounts["language"]),
            "opened": _opened(case, accounts["created_day"]),
        },
    )


def _opened(case: Case, opened: pl.Series) -> np.ndarray:
    """Return how soon before the case's first advert each row was opened: 1 just before, 0 later or unknown."""
    day = opened.cast(pl.Float64).fill_null(np.inf).to_numpy()[None, :]
    before = case.first() - day
    return np.where(before >= -LATEST, np.exp(-np.abs(before) / SOON), 0.0).astype(np.float32)


def _circuits(case: Case) -> Evidence:
    circuits = case.region["circuits"]
    stops = case.region["stops"].sort("circuit", "sequence")
    leaves = pl.col("day").shift(-1).over("circuit").fill_null(pl.col("day") + LONGEST // 10)
    stays = stops.with_columns(leaves=pl.min_horizontal(leaves, pl.col("day") + LONGEST)).drop_nulls("day")
    stays = stays.with_columns(
        day=pl.int_ranges("day", pl.max_horizontal("leaves", pl.col("day") + 1))
    ).explode("day")
    circuit = position(stays["circuit"], circuits["circuit"])
    there = sum_by(circuit, circuits.height) @ case.cells(stays["town"], stays["day"])
    towns = sum_by(circuit, circuits.height) @ one_hot(position(stays["town"], case.towns), len(case.towns))
    of_case = case.members @ one_hot(position(case.region["adverts"]["town"], case.towns), len(case.towns))
    return Evidence(
        circuits["circuit"],
        {
            "where and when": dense(case.place_and_time(NEAR) @ unit_rows(there).T),
            "where": dense(unit_rows(of_case) @ unit_rows(towns).T),
        },
    )


def _wallets(case: Case, circuits: np.ndarray) -> Evidence:
    wallets, payments = case.region["wallets"], case.region["payments"]
    count, day = wallets.height, payments["minute"] // 1440
    payer, payee = (position(payments[end], wallets["wallet"]) for end in ("payer", "payee"))
    pays, takes = sum_by(payer, count), sum_by(payee, count)
    cash = (pays + takes) @ case.cells(payments["town"], day)
    is_advert = diags((payments["purpose"] == ADVERT).fill_null(False).to_numpy().astype(np.float32))
    adverts = pays @ is_advert @ one_hot(case.day(day), case.days)
    taken = takes @ one_hot(case.day(day), case.days)
    stops = case.region["stops"]
    books = position(stops["wallet"], wallets["wallet"])
    circuit = position(stops["circuit"], case.region["circuits"]["circuit"])
    booked = sum_by(books, count) @ sum_by(circuit, case.region["circuits"].height).T
    return Evidence(
        wallets["wallet"],
        {
            "where and when": dense(case.place_and_time(NEAR) @ unit_rows(cash).T),
            "adverts paid": dense(case.time(NEAR) @ unit_rows(adverts).T),
            "taken": dense(case.time(NEAR) @ unit_rows(taken).T),
            "town": case.share("town", wallets["town"]),
            "booked": dense(csr_matrix(circuits) @ unit_rows(booked).T),
            "opened": _opened(case, wallets["opened_day"]),
        },
    )


def _firms(case: Case) -> Evidence:
    firms, agencies = case.region["firms"], case.region["agencies"]
    agency = firms.select("agency").join(agencies, on="agency", how="left", maintain_order="left")["language"]
    category = _word_codes(case.region["adverts"]["category"].gather(case.region.seeds))
    sectors = _word_codes(firms["sector"])
    return Evidence(
        firms["firm"],
        {
            "town": case.share("town", firms["town"]),
            "workers": case.share("language", firms["workers_language"]),
            "language": case.share("language", firms["language"]),
            "agency": case.share("language", agency),
            "sector": _broadcast(sectors, case),
            "category": _broadcast(category[:, None], case, firms.height),
            "placed": _broadcast(firms["agency"].is_not_null().to_numpy(), case),
        },
    )


def _broadcast(values: np.ndarray, case: Case, rows: int | None = None) -> np.ndarray:
    """Return the same values for all seeds, or for all rows, float32 [seeds, rows]."""
    width = values.shape[-1] if rows is None else rows
    return np.broadcast_to(values, (len(case.region.seeds), width)).astype(np.float32)


def _word_codes(words: pl.Series) -> np.ndarray:
    """Return a number per word, the same in every region; 0 where there is none."""
    return np.array(
        [zlib.crc32(word.encode()) % WORDS + 1 if word else 0 for word in words.to_list()], dtype=np.int64
    )
