"""Adverts: when, where and on which site operations post, what an advert shows beside its text, and the table.

Posting is drawn as candidates and then masked (a closed site loses most of them), so that the same draws stand
behind every counterfactual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipdata.core.draw import Ints, log_sum
from tipdata.core.kinds import CATEGORIES, FAMILIES, LANGUAGES, TRAFFICKING
from tipdata.core.tables import as_lists, decode, take_rows, with_nulls
from tipdata.core.world import Region
from tipdata.stages import Past, Stage, Tables
from tipdata.stages.accounts import Accounts
from tipdata.stages.adverts import details
from tipdata.stages.adverts.frames import FrameChooser, Writers
from tipdata.stages.adverts.schedule import Schedule, draw_bursts, place_on_tour
from tipdata.stages.adverts.statements import Statements, draw_copies, draw_statements, needs_price
from tipdata.stages.adverts.texts import TextRenderer
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places import Places
from tipdata.stages.trips.circuits import Tours, draw_tours
from tipdata.text.book import BASES
from tipdata.text.cache import phrases
from tipdata.text.facts import list_levels

if TYPE_CHECKING:
    import pyarrow as pa


def write_adverts(
    region: Region, o: Operations, plan: Schedule, town: Ints
) -> tuple[tuple[pa.Array, pa.Array, Ints], Ints, Statements, tuple[Ints, Ints]]:
    """Write every advert of a region.

    Return titles, bodies and misspellings as :class:`TextRenderer` does; the template whose text each advert has: its
    own, or the one it was copied from; what it says; and its price as :func:`draw_prices` does. ``town``: rank of the
    town of each.
    """
    words = phrases(LANGUAGES, region.world.set_c)
    source = draw_copies(region, o)
    priced = np.zeros(len(source), dtype=bool)
    missing = region.chances("prices.missing", FAMILIES)[o.family[plan.operation]]
    stated = ~region.stream("templates/no_price").chance(plan.template, missing)
    priced[plan.template] = stated
    masked = (plan.day >= o.adopts_obfuscation[plan.operation]) & (o.obfuscation[plan.operation] > 0)
    writers = Writers(o.language, o.family, o.category, o.writer, _draw_voices(region, o), o.wordbook)
    framing = FrameChooser(region, writers, words)
    away = town != o.town[plan.operation]
    said = draw_statements(region, o, framing, plan, source, priced, masked, away)
    states_price = np.logical_or.reduce(needs_price(o, words, plan, said.level, said.frame), axis=1)
    price, basis = details.draw_prices(region, o, plan, town, stated, said, states_price)
    text = TextRenderer(framing, plan, source, said, price, basis, masked)
    return (text.titles(), *text.bodies()), source[plan.template], said, (price, basis)


def _draw_voices(region: Region, o: Operations) -> Ints:
    """Return the level of ``voice`` that decides who speaks where adverts do not say it, whatever the kind."""
    return region.stream("operations/speaks").below(np.arange(len(o.id)), 2)


def advert_log_odds(o: Operations, plan: Schedule, said: Statements) -> Ints:
    """Return the exact log-odds of trafficking from what one advert says, given its category and its writer's
    migration, milli-nats. Equal adverts are looked at once."""
    category, migrant = o.category[plan.operation], o.traits["migrant"][plan.operation]
    rows = np.column_stack([category, migrant, said.brief, said.code]).astype(np.int8)
    _, first, which = np.unique(
        rows.view(np.dtype((np.void, rows.shape[1]))).ravel(), return_index=True, return_inverse=True
    )
    category, migrant = category[first], migrant[first]
    total = o.life.law.log_of(said.code[first], category, migrant, said.brief[first])
    of_kind = o.kind_log + o.category_log[category] + o.life.law.by_kind(total, category, migrant)
    return (of_kind[:, TRAFFICKING] - log_sum(of_kind[:, TRAFFICKING + 1 :]))[which]


@dataclass(frozen=True)
class Adverts:
    """Adverts in the order of their templates and times, for the stages that look at them."""

    id: np.ndarray
    row: np.ndarray
    operation: np.ndarray
    day: np.ndarray
    until: np.ndarray
    """Last day on which its site is open."""
    template: np.ndarray
    log_odds: np.ndarray
    statements: Statements
    """What each says."""
    misspelt: np.ndarray
    """How many misspellings each body has."""
    tours: Tours
    """Of the region: those that adverts are on, and all others."""
    account: np.ndarray
    """Id of the account that posts each."""
    contacts: tuple[np.ndarray, np.ndarray]
    """(adverts, 3) ids of telephone, handle and mail, and whether each is shown."""


def generate(region: Region, past: Past) -> tuple[Adverts, Tables]:
    """Draw the adverts of one region."""
    places: Places = past["places"]
    o: Operations = past["operations"]
    accounts: Accounts = past["accounts"]
    tours = draw_tours(region, places, o)
    plan = draw_bursts(region, o, tours)
    town, site, posted = place_on_tour(region, places, o, accounts, plan, tours)
    order = np.flatnonzero(posted)
    order = order[np.lexsort((plan.row[order], plan.minute[order], plan.template[order]))]
    plan = take_rows(plan, order)
    town, site, operation = town[order], site[order], plan.operation
    (title, body, misspelt), source, statements, (price, basis) = write_adverts(region, o, plan, town)
    log_odds = advert_log_odds(o, plan, statements)
    ids = region.ids("adverts", plan.row)
    until = places.closed[site].astype(np.int64) - 1
    account = accounts.id[operation, site]
    contacts = details.draw_contacts(region, o, plan)
    state = Adverts(
        ids,
        plan.row,
        operation,
        plan.day,
        until,
        source,
        log_odds,
        statements,
        misspelt,
        tours,
        account,
        contacts,
    )
    return state, {
        "adverts": {
            "advert": ids,
            "platform": decode(places.codes, places.platform[site]),
            "town": places.town[town],
            "jurisdiction": places.jurisdiction[town],
            "minute": plan.minute,
            "language": decode(LANGUAGES, o.language[operation]),
            "category": decode(tuple(CATEGORIES), o.category[operation]),
            "title": pl.Series(pl.from_arrow(title)),
            "body": pl.Series(pl.from_arrow(body)),
            "price": with_nulls(price, price >= 0),
            "price_basis": decode(BASES, np.where(price < 0, -1, basis)),
            "contacts": as_lists(*contacts),
            "images": as_lists(*details.draw_images(region, o, plan, source)),
            **details.job_fields(region, o, plan, statements),
            "account": account,
            "operation": o.id[operation],
            "template": region.ids("templates", plan.template),
            "near_duplicate_group": region.ids("templates", source),
            "parent": with_nulls(np.roll(ids, 1), ~plan.first),
            "copied": source != plan.template,
            "writer": region.ids("writers", o.writer[operation]),
            "log_odds": log_odds,
            "facts": list_levels(o.family[operation], statements.level),
        }
    }


STAGE = Stage(
    "adverts",
    ("places", "operations", "accounts"),
    tuple(details.TABLES.values()),
    generate,
    parameters=("schedule", "writing", "contacts", "images", "prices", "job_fields", "closure"),
)
