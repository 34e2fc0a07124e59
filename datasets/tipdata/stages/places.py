"""Places and platforms: a fictional plane of towns, and the sites on which adverts appear."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.tables import read_tables
from tipdata.core.world import DAYS, Region
from tipdata.stages import Columns, Past, Stage, Tables


@dataclass(frozen=True)
class Places:
    """Towns by rank of size (24 entries each) and platforms present (8 entries each)."""

    town: np.ndarray
    weight: np.ndarray
    x: np.ndarray
    y: np.ndarray
    jurisdiction: np.ndarray
    border: np.ndarray
    """Whether each town lies at a border."""
    port: np.ndarray
    """Whether each town has a port."""
    platform: np.ndarray
    """Index of each present platform among the world's platforms."""
    platform_kind: np.ndarray
    """Index into the kinds, in the order of ``platforms.kinds``."""
    kinds: tuple[str, ...]
    codes: tuple[str, ...]
    opened: np.ndarray
    closed: np.ndarray
    """Day of closing; one day after the end of time if it never closes."""
    dominant: int
    """Position of the dominant adult or classified site."""

    @property
    def site_kinds(self) -> list[str]:
        """Kind of each platform present, by name."""
        return [self.kinds[k] for k in self.platform_kind]


def generate(region: Region, past: Past) -> tuple[Places, Tables]:
    """Draw towns and platforms of one region."""
    towns = _towns(region)
    places = Places(
        town=towns["town"],
        weight=np.array(region["places.town_weights"], dtype=np.int64),
        x=towns["x_km"],
        y=towns["y_km"],
        jurisdiction=towns["jurisdiction"],
        border=towns["border"],
        port=towns["port"],
        **_sites(region),
    )
    platforms = {
        "platform": [places.codes[i] for i in places.platform],
        "kind": places.site_kinds,
        "opened": places.opened,
        "closed": pl.Series(places.closed).replace(DAYS, None),
        "verification": region.stream("platforms/verification").below(places.platform, 4),
    }
    return places, {"places": towns, "platforms": platforms}


def _towns(region: Region) -> Columns:
    count = region["places.towns"]
    rank = np.arange(count)
    plane = region["places.plane_km"]
    centres = region["places.clusters"]
    centre = region.stream("places/cluster").below(rank, centres)
    x, y = (
        region.stream(f"places/centre_{axis}").below(np.arange(centres), plane)[centre]
        + region.spread(f"places/{axis}", rank, "normal", region["places.spread_km"])
        for axis in ("x", "y")
    )
    x, y = np.clip(x, 0, plane), np.clip(y, 0, plane)
    parts = region["places.jurisdictions"]
    along = np.argsort(np.argsort(x, kind="stable"), kind="stable")
    jurisdiction = region.index * 4 + along * parts // count
    edge = np.abs(along * parts % count - count // 2)
    border = np.zeros(count, dtype=bool)
    border[np.argsort(-edge, kind="stable")[: region["places.border_towns"]]] = True
    heads, tails = region["places.name_heads"], region["places.name_tails"]
    head = region.stream("places/head").shuffle(np.arange(len(heads)))[rank % len(heads)]
    tail = region.stream("places/tail").below(rank, len(tails))
    size = np.array(region["places.town_weights"], dtype=np.int64) * region["places.people_a_weight"]
    jitter = 80 + region.stream("places/population").below(rank, 41)
    shuffle = region.stream("places/town").shuffle(rank)
    return {
        "town": (region.index * 32 + np.argsort(shuffle)),
        "name": [heads[h] + tails[t] for h, t in zip(head, tail, strict=True)],
        "x_km": x,
        "y_km": y,
        "jurisdiction": jurisdiction,
        "population": (size * jitter // 100),
        "border": border,
        "port": np.argsort(np.argsort(y, kind="stable"), kind="stable") < region["places.ports"],
    }


def _sites(region: Region) -> dict:
    listed: dict[str, str] = region["platforms.kinds"]
    codes, names = tuple(listed), tuple(dict.fromkeys(listed.values()))
    kind = np.array([names.index(k) for k in listed.values()])
    order = region.stream("platforms/present").shuffle(np.arange(len(codes)))
    needed = [names.index(k) for k in region["platforms.needed_kinds"]]
    first = [next(int(i) for i in order if kind[i] == k) for k in needed]
    rest = [int(i) for i in order if int(i) not in first]
    present = np.array(sorted(first + rest[: region["platforms.present"] - len(first)]))
    one = np.array([0])
    market = [int(np.searchsorted(present, i)) for i in first if names[kind[i]] in ("classifieds", "adult")]
    dominant = market[region.stream("platforms/dominant").below(one, len(market))[0]]
    closed = np.full(len(present), DAYS, dtype=np.int32)
    if region.chance("platforms/closes", one, "platforms.closes")[0]:
        closed[dominant] = region["platforms.closing_day"]
    late = region.chance("platforms/new", present, "platforms.opens_late") & ~np.isin(present, first)
    opened = region.stream("platforms/opened").below(present, DAYS // 2)
    return {
        "platform": present,
        "platform_kind": kind[present],
        "kinds": names,
        "codes": codes,
        "opened": np.where(late, opened, 0).astype(np.int32),
        "closed": closed,
        "dominant": dominant,
    }


STAGE = Stage("places", (), tuple(read_tables("places").values()), generate, parameters=("platforms",))
