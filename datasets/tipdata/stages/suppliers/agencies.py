"""Recruitment agencies: the operations that place workers with firms, trafficking and lawful ones alike."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.draw import probability
from tipdata.core.kinds import BUSINESS, CATEGORIES, LANGUAGES, TRAFFICKING
from tipdata.core.tables import Column, Table
from tipdata.core.world import Region
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places.stage import Places

YEAR = 365
AGENCIES = Table(
    "agencies",
    ("agency",),
    (
        Column("region", pl.Int32(), "public"),
        Column("agency", pl.Int64(), "public", id_of="agencies"),
        Column("language", pl.String(), "public", note="in which it recruits", values=LANGUAGES),
        Column("licensed", pl.Boolean(), "public"),
        Column(
            "age_years",
            pl.Int32(),
            "public",
            "years",
            "on the first day; 0 where it is not there yet. Some are older than their operation, which took them over",
        ),
        Column("operation", pl.Int64(), "truth", note="the operation that it is", id_of="operations"),
        Column("trafficking", pl.Boolean(), "truth"),
        Column("hold", pl.Int8(), "truth", "level", "over those whom it places; of trafficking agencies"),
        Column("fees", pl.Boolean(), "truth", note="habitually charges those it places"),
        Column("documents", pl.Boolean(), "truth", note="habitually keeps the papers of those it places"),
    ),
    "Recruitment agencies, most of them lawful; each serves several firms.",
)


@dataclass(frozen=True)
class Agencies:
    """Agencies by position: arrays of equal length. ``number``: local number of the operation that an agency is."""

    number: np.ndarray
    id: np.ndarray
    trafficking: np.ndarray
    hold: np.ndarray
    habits: dict[str, np.ndarray]
    """Whether it charges those it places (``fees``), and keeps their papers (``documents``); bool."""
    weight: np.ndarray
    """(agencies, sectors): how likely a firm of a sector is to turn to it."""
    frame: pl.DataFrame


def sector_weights(region: Region, o: Operations, number: np.ndarray, sectors: tuple[str, ...]) -> np.ndarray:
    """Return (operations, sectors) how likely each of some operations works in a sector: by its category, and by its
    form or the line of work of a lawful one."""
    placed: dict[str, list[str]] = region["suppliers.agencies.categories"]
    own = np.array([[sector in placed.get(c, ()) for sector in sectors] for c in CATEGORIES])
    near = np.array(region["suppliers.agencies.affinity"])[own.astype(np.int64)]
    listed: dict[str, dict[str, int]] = region["suppliers.agencies.forms"]
    by_form = np.array([[listed.get(form, {}).get(sector, 0) for sector in sectors] for form in o.forms])
    line = np.array([o.forms.index(region["payments.line"][c]) for c in CATEGORIES])[o.category[number]]
    form = np.where(o.form[number] >= 0, o.form[number], line)
    return near[o.category[number]] * by_form[form]


def within_reach(places: Places, o: Operations, number: np.ndarray, town: np.ndarray) -> np.ndarray:
    """Return (towns, operations) bool: whether each town is where an operation works: in the jurisdiction of its home,
    or anywhere of one that works across borders."""
    home = places.jurisdiction[o.town[number]]
    return (places.jurisdiction[town][:, None] == home) | o.cross_border[number]


def draw_agencies(region: Region, o: Operations, sectors: tuple[str, ...]) -> Agencies:
    """Return which operations place workers with firms, and of what kind they are."""
    local = np.arange(len(o.id))
    serves = region["suppliers.agencies.serves"]
    forms = np.isin(o.form, [o.forms.index(f) for f in region["suppliers.agencies.forms"]])
    placed: dict[str, list[str]] = region["suppliers.agencies.categories"]
    categories = tuple(CATEGORIES)
    jobs = np.isin(o.category, [categories.index(c) for c in placed])
    p = np.where((o.kind == TRAFFICKING) & forms & jobs, probability(serves["trafficking"]), 0)
    p = np.where((o.kind == BUSINESS) & jobs, probability(serves["business"]), p)
    number = np.flatnonzero(region.stream("agencies/serves").chance(local, p))
    trafficking = o.kind[number] == TRAFFICKING
    levels = np.array(region["suppliers.agencies.hold"]["weights"])
    hold = region.stream("agencies/hold").choose(number, levels)
    habits = {
        name: region.stream(f"agencies/{name}").chance(
            number, np.where(trafficking, probability(p["trafficking"]), probability(p["lawful"]))
        )
        for name, p in region["suppliers.agencies.habits"].items()
    }
    reach = region["suppliers.agencies.reach"] * region.stream("agencies/reach").quantile(number, "gamma_1.0")
    weight = region["suppliers.agencies.least"] + reach // 1_000_000
    licensed = region["suppliers.agencies.licensed"]
    licence = np.where(trafficking, probability(licensed["trafficking"]), probability(licensed["lawful"]))
    years = region.stream("agencies/age").quantile(number, "gamma_2.0")
    years = region["suppliers.agencies.age_years"] * years // 2_000_000
    taken = region.stream("agencies/taken_over").chance(
        number, probability(region["suppliers.agencies.taken_over"])
    )
    years = np.where(taken, years, np.minimum(years, np.maximum(-o.begins[number], 0) // YEAR))
    ids = region.ids("agencies", number)
    frame = pl.DataFrame(
        {
            "region": np.full(len(number), region.index, dtype=np.int32),
            "agency": ids,
            "language": pl.Series(LANGUAGES)[o.language[number]],
            "licensed": region.stream("agencies/licensed").chance(number, licence),
            "age_years": years,
            "operation": o.id[number],
            "trafficking": trafficking,
            "hold": hold,
            **habits,
        }
    )
    by_sector = weight[:, None] * sector_weights(region, o, number, sectors)
    return Agencies(number, ids, trafficking, hold, habits, by_sector, frame)
