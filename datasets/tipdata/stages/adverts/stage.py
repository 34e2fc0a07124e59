"""Adverts: when, where and on which site operations post, what an advert shows beside its text, and the table.

Posting is drawn as candidates and then masked (a closed site loses most of them), so that the same draws stand
behind every counterfactual.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.columns import known, named
from tipdata.core.kinds import CATEGORIES, LANGUAGES
from tipdata.core.lists import lists
from tipdata.core.world import Region
from tipdata.stages import Past, Stage
from tipdata.stages.accounts.stage import Accounts
from tipdata.stages.adverts.bursts import draw_bursts
from tipdata.stages.adverts.details import draw_contacts, draw_images, job_fields
from tipdata.stages.adverts.saying import Said
from tipdata.stages.adverts.schedule import Schedule
from tipdata.stages.adverts.sites import place_on_tour
from tipdata.stages.adverts.tables import ADVERTS
from tipdata.stages.adverts.templates import Chains
from tipdata.stages.adverts.writing import Text, facts_column, write
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places.stage import Places
from tipdata.stages.trips.tours import Tours, draw_tours
from tipdata.text.book import BASES


@dataclass(frozen=True)
class Adverts:
    """Adverts in the order of :class:`tipdata.stages.adverts.templates.Chains`, for the stages that look at them."""

    id: np.ndarray
    row: np.ndarray
    operation: np.ndarray
    day: np.ndarray
    until: np.ndarray
    """Last day on which its site is open."""
    template: np.ndarray
    log_odds: np.ndarray
    said: Said
    """What each says."""
    misspelt: np.ndarray
    """How many misspellings each body has."""
    tours: Tours
    """Of the region: those that adverts are on, and all others."""


def generate(region: Region, past: Past) -> tuple[Adverts, dict[str, pl.DataFrame]]:
    """Draw the adverts of one region."""
    places: Places = past["places"]
    operations: Operations = past["operations"]
    accounts: Accounts = past["accounts"]
    tours = draw_tours(region, places, operations)
    plan = draw_bursts(region, operations, tours)
    town, site, kept = place_on_tour(region, places, operations, accounts, plan, tours)
    order = np.flatnonzero(kept)
    order = order[np.lexsort((plan.row[order], plan.minute[order], plan.template[order]))]
    plan = Schedule(*(getattr(plan, f)[order] for f in Schedule.__dataclass_fields__))
    town, site = town[order], site[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = plan.template[1:] != plan.template[:-1]
    chains = Chains(plan.row, plan.operation, plan.template, first)
    text, said, price = write(region, operations, plan, chains, town)
    ids = region.ids("adverts", plan.row)
    until = places.closed[site].astype(np.int64) - 1
    state = Adverts(
        *(ids, plan.row, plan.operation, plan.day, until, text.source, text.log_odds),
        *(said, text.misspelt, tours),
    )
    frame = _frame(region, places, operations, accounts, plan, town, site, first, text, said, price, ids)
    return state, {"adverts": frame.hstack([facts_column(operations, chains, said).alias("facts")])}


def _frame(
    region: Region,
    places: Places,
    o: Operations,
    accounts: Accounts,
    plan: Schedule,
    town: np.ndarray,
    site: np.ndarray,
    first: np.ndarray,
    text: Text,
    said: Said,
    priced: tuple[np.ndarray, np.ndarray],
    ids: np.ndarray,
) -> pl.DataFrame:
    operation = plan.operation
    price, basis = priced
    return pl.DataFrame(
        {
            "region": np.full(len(ids), region.index, dtype=np.int32),
            "advert": ids,
            "platform": named(places.codes, places.platform[site]),
            "town": places.town[town].astype(np.int32),
            "jurisdiction": places.jurisdiction[town].astype(np.int32),
            "minute": plan.minute.astype(np.int32),
            "language": named(LANGUAGES, o.language[operation]),
            "category": named(tuple(CATEGORIES), o.category[operation]),
            "title": pl.Series(pl.from_arrow(text.title)),
            "body": pl.Series(pl.from_arrow(text.body)),
            "price": known(price, price >= 0),
            "price_basis": named(BASES, np.where(price < 0, -1, basis)),
            "contacts": lists(*draw_contacts(region, o, plan)),
            "images": lists(*draw_images(region, o, plan, text.source)),
            **job_fields(region, o, plan, said),
            "account": accounts.id[operation, site],
            "operation": o.id[operation],
            "template": region.ids("templates", plan.template),
            "near_duplicate_group": region.ids("templates", text.source),
            "parent": known(np.roll(ids, 1), ~first),
            "copied": text.source != plan.template,
            "writer": region.ids("writers", o.writer[operation]),
            "log_odds": text.log_odds.astype(np.int32),
        }
    )


STAGE = Stage(
    "adverts",
    ("places", "operations", "accounts"),
    (ADVERTS,),
    generate,
    parameters=("schedule", "writing", "contacts", "images", "prices", "job_fields", "closure"),
)
