"""Suppliers: firms in tiers, recruitment agencies that several share, audits, complaints, and exploitation in force.

Exploitation comes with trafficking agencies and with the pressure of buyers, more where work is seasonal and housing
tied. Audits find a third of it and complaints need a hotline that speaks the workers' language, so a firm without
either is unknown and not clean. Lawful firms have bad audits and complaints too, small ones that migrants run more of
them, without more exploitation.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.draw import probability
from tipdata.core.kinds import LANGUAGES
from tipdata.core.tables import Column, InWorld, Sealed, Table
from tipdata.core.world import DAYS, Region
from tipdata.stages import Past, Stage
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places import Places
from tipdata.stages.suppliers.exploitation import NOBODY, Exploitation, draw_exploitation
from tipdata.stages.suppliers.firms import (
    AGENCIES,
    DIRECT,
    SIZES,
    SUPPLIES,
    Agencies,
    Firms,
    draw_agencies,
    draw_firms,
    draw_trade,
    trade_frame,
)
from tipdata.stages.suppliers.reports import (
    AUDITS,
    COMPLAINTS,
    audit_frame,
    complaint_frame,
    draw_audits,
    draw_complaints,
)

LEVEL = "level 0-2"

FIRMS = Table(
    "firms",
    ("firm",),
    (
        Column("region", pl.Int32(), "public"),
        Column("firm", pl.Int64(), "public", id_of="firms"),
        Column("sector", pl.String(), "public", values=InWorld(("suppliers.sectors",))),
        Column("tier", pl.Int8(), "public", "tier 1-5", "1 sells to the public"),
        Column("town", pl.Int32(), "public", id_of="places"),
        Column("jurisdiction", pl.Int32(), "public", sealed=Sealed("code", "jurisdiction")),
        Column("size", pl.String(), "public", values=SIZES),
        Column("age_years", pl.Int32(), "public", "years", "on the first day"),
        Column("language", pl.String(), "public", note="in which it is run", values=LANGUAGES),
        Column("seasonal", pl.Boolean(), "public"),
        Column("workers_language", pl.String(), "platform", note="of most workers", values=LANGUAGES),
        Column("housing", pl.Boolean(), "platform", note="tied to the job; null where unrecorded"),
        Column(
            "agency",
            pl.Int64(),
            "platform",
            note="main recruitment agency; null for none or unrecorded",
            id_of="agencies",
        ),
        Column("main_agency", pl.Int64(), "truth", note="the same, recorded or not", id_of="agencies"),
        Column("tied_housing", pl.Boolean(), "truth"),
        Column("migrant_run", pl.Boolean(), "truth", note="run in a language outside the region's majority"),
        Column("care", pl.Int8(), "truth", LEVEL, "2: treats its workers badly, short of exploitation"),
        Column("squeeze", pl.Int8(), "truth", LEVEL, "how hard it presses its own suppliers"),
        Column("pressure", pl.Int32(), "truth", "permille", "of its buyers"),
        Column("exploits", pl.Boolean(), "truth", note="exploitation in force at some time in the window"),
        Column("from_day", pl.Int32(), "truth", "day", "of exploitation; may lie before the first day"),
        Column("to_day", pl.Int32(), "truth", "day", "null where it lasts beyond the last day"),
        Column(
            "operation",
            pl.Int64(),
            "truth",
            note="whose it is; null where it is the firm's own",
            id_of="operations",
        ),
        Column(
            "log_odds",
            pl.Int32(),
            "truth",
            "milli-nats",
            "of exploitation, given all that causes it, its audits and complaints, and when it would have been",
        ),
    ),
    "Firms of a supply chain in up to five tiers.",
)


@dataclass(frozen=True)
class Suppliers:
    """What later stages may read: agencies, firms, and exploitation in force."""

    agencies: Agencies
    firms: Firms
    exploitation: Exploitation


def generate(region: Region, past: Past) -> tuple[Suppliers, dict[str, pl.DataFrame]]:
    """Draw the supply chain of one region."""
    places: Places = past["places"]
    o: Operations = past["operations"]
    agencies = draw_agencies(region, o, tuple(region["suppliers.sectors"]))
    firms = draw_firms(region, places, o, agencies)
    trade = draw_trade(region, firms)
    exploitation = draw_exploitation(region, places, o, agencies, firms, trade.pressure)
    suspected = firms.migrant & (firms.size < region["suppliers.small_bands"])
    jurisdiction = places.jurisdiction[firms.town].astype(np.int64)
    audits = draw_audits(region, firms, exploitation, suspected)
    complaints = draw_complaints(region, firms, exploitation, suspected, jurisdiction, o.majority)
    log_odds = exploitation.prior + audits.evidence + complaints.evidence
    suppliers = Suppliers(agencies, firms, exploitation)
    return suppliers, {
        "agencies": agencies.frame,
        "firms": _frame(region, places, o, suppliers, trade.pressure, log_odds),
        "supplies": trade_frame(region, firms, trade),
        "audits": audit_frame(region, firms, audits),
        "complaints": complaint_frame(region, firms, complaints, o.majority),
    }


def _frame(
    region: Region, places: Places, o: Operations, s: Suppliers, pressure: np.ndarray, log_odds: np.ndarray
) -> pl.DataFrame:
    f, e = s.firms, s.exploitation
    local = np.arange(f.count)
    agency = _where(f.agency != DIRECT, s.agencies.id[f.agency] if len(s.agencies.id) else local)
    unrecorded = region.stream("firms/agency_unrecorded").chance(
        local, probability(region["suppliers.agencies.unrecorded"])
    )
    housing = region.stream("firms/housing_unrecorded").chance(
        local, probability(region["suppliers.housing_unrecorded"])
    )
    return pl.DataFrame(
        {
            "region": np.full(f.count, region.index, dtype=np.int32),
            "firm": f.id,
            "sector": pl.Series(f.sectors)[f.sector],
            "tier": f.tier + 1,
            "town": places.town[f.town],
            "jurisdiction": places.jurisdiction[f.town],
            "size": pl.Series(SIZES)[f.size],
            "age_years": f.age,
            "language": pl.Series(LANGUAGES)[f.language],
            "seasonal": f.seasonal,
            "workers_language": pl.Series(LANGUAGES)[f.workers],
            "housing": _where(~housing, f.housing),
            "agency": agency.zip_with(pl.Series(~unrecorded), pl.Series([None], dtype=pl.Int64)),
            "main_agency": agency,
            "tied_housing": f.housing,
            "migrant_run": f.migrant,
            "care": f.care,
            "squeeze": f.squeeze,
            "pressure": pressure,
            "exploits": e.in_force,
            "from_day": _where(e.in_force, e.start),
            "to_day": _where(e.in_force & (e.end < DAYS), e.end),
            "operation": _where(e.operation != NOBODY, o.id[e.operation]),
            "log_odds": log_odds,
        }
    )


def _where(known: np.ndarray, values: np.ndarray) -> pl.Series:
    """Return the values, null where they are not known."""
    series = pl.Series(values)
    return series.zip_with(pl.Series(known), pl.Series([None], dtype=series.dtype))


STAGE = Stage(
    "suppliers",
    ("places", "operations"),
    (AGENCIES, FIRMS, SUPPLIES, AUDITS, COMPLAINTS),
    generate,
)
