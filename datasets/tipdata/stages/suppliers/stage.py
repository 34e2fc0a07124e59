"""Suppliers: firms in tiers, recruitment agencies that several share, audits, complaints, and exploitation in force.

Exploitation comes with trafficking agencies and with the pressure of buyers, more where work is seasonal and housing
tied. Audits find a third of it and complaints need a hotline that speaks the workers' language, so a firm without
either is unknown and not clean. Lawful firms have bad audits and complaints too, small ones that migrants run more of
them, without more exploitation.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.kinds import LANGUAGES
from tipdata.core.tables import read_tables, with_nulls
from tipdata.core.world import DAYS, Region
from tipdata.stages import Past, Stage, Tables
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places import Places
from tipdata.stages.suppliers.exploitation import NOBODY, Exploitation, draw_exploitation
from tipdata.stages.suppliers.firms import (
    DIRECT,
    SIZES,
    Agencies,
    Firms,
    draw_agencies,
    draw_firms,
    draw_trade,
    trade_frame,
)
from tipdata.stages.suppliers.reports import audit_frame, complaint_frame, draw_audits, draw_complaints


@dataclass(frozen=True)
class Suppliers:
    """What later stages may read: agencies, firms, and exploitation in force."""

    agencies: Agencies
    firms: Firms
    exploitation: Exploitation


def generate(region: Region, past: Past) -> tuple[Suppliers, Tables]:
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
    f, e = suppliers.firms, suppliers.exploitation
    local = np.arange(f.count)
    agency = agencies.id[f.agency] if len(agencies.id) else local
    unrecorded = region.chance("firms/agency_unrecorded", local, "suppliers.agencies.unrecorded")
    housing = region.chance("firms/housing_unrecorded", local, "suppliers.housing_unrecorded")
    return suppliers, {
        "agencies": agencies.columns,
        "firms": {
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
            "housing": with_nulls(f.housing, ~housing),
            "agency": with_nulls(agency, (f.agency != DIRECT) & ~unrecorded),
            "main_agency": with_nulls(agency, f.agency != DIRECT),
            "tied_housing": f.housing,
            "migrant_run": f.migrant,
            "care": f.care,
            "squeeze": f.squeeze,
            "pressure": trade.pressure,
            "exploits": e.in_force,
            "from_day": with_nulls(e.start, e.in_force),
            "to_day": with_nulls(e.end, e.in_force & (e.end < DAYS)),
            "operation": with_nulls(o.id[e.operation], e.operation != NOBODY),
            "log_odds": log_odds,
        },
        "supplies": trade_frame(region, firms, trade),
        "audits": audit_frame(region, firms, audits),
        "complaints": complaint_frame(region, firms, complaints, o.majority),
    }


STAGE = Stage("suppliers", ("places", "operations"), tuple(read_tables("suppliers").values()), generate)
