"""Contacts with a helpline: who got in touch, what was coded and noted down of it, and what each person needs.

Some are exploited (adults of ``people``), some are lawful workers in trouble, some are in the wrong place or ask on
another's behalf. Whole weeks are documented, one in ten, so that contacts compete for a week's case workers. Needs and
urgency follow from the case; facts and sentences are weak, overlapping and often missing signs of them, most of all
where no interpreter for the language was at hand.
"""

import numpy as np
import polars as pl

from tipdata.core.kinds import LANGUAGES
from tipdata.core.tables import as_lists, with_nulls
from tipdata.core.world import Region
from tipdata.stages import Past, Stage, Tables
from tipdata.stages.helpline.callers import (
    circumstance_chances,
    draw_callers,
    draw_calls,
    draw_cases,
    kind_weights,
    kinds_of_people,
    trade_table,
)
from tipdata.stages.helpline.cases import (
    KINDS,
    NEEDS,
    PHASES,
    TABLES,
    HelplineEvidence,
    build_need_model,
    draw_needs,
    draw_urgency,
    need_posterior,
)
from tipdata.stages.helpline.notes import draw_coded_facts, write_notes
from tipdata.stages.operations.stage import Operations
from tipdata.stages.people import People


def generate(region: Region, past: Past) -> tuple[None, Tables]:
    """Draw the contacts of one region."""
    o: Operations = past["operations"]
    people: People = past["people"]
    calls = draw_calls(region)
    callers = draw_callers(region, o, people, calls)
    circumstances = circumstance_chances(region, o, people)
    cases = draw_cases(region, o, people, calls, callers, circumstances)
    m = build_need_model(region, kind_weights(region, o, people), circumstances)
    needs, urgency = draw_needs(region, m, cases), draw_urgency(region, cases)
    seen = HelplineEvidence.none(len(calls.local))
    sectors = trade_table(region, o, people, kinds_of_people(o, people))
    facts = draw_coded_facts(region, cases, needs, seen, sectors, circumstances["restricted"])
    note = write_notes(region, LANGUAGES[o.majority], cases, needs, facts, seen)
    odds, urgent = need_posterior(m, cases.foreign, seen)
    happens = region.chance("helpline/settled", calls.local, "helpline.settled")
    delay = region.stream("helpline/settled_days").quantile(calls.local, "gamma_2.0")
    settled = np.where(happens, calls.day + 1 + delay * region["helpline.settled_days"] // 2_000_000, -1)
    at = callers.position[calls.first]
    owner = people.owner[np.maximum(at, 0)]
    recognised = region.chance("helpline/recognised", calls.local, "helpline.recognised")
    return None, {
        "contacts": {
            "contact": region.ids("helpline", calls.local),
            "minute": calls.minute,
            "language": pl.Series(LANGUAGES)[cases.language],
            "narrative": note.text,
            **facts.columns,
            "repeat_contact": (calls.turn > 0) & recognised,
            "person": region.ids("people", cases.person),
            "operation": with_nulls(o.id[owner], at >= 0),
            "kind": pl.Series(KINDS)[cases.kind],
            "phase": pl.Series(PHASES)[cases.phase],
            "danger": cases.danger,
            "earnings_withheld": cases.earnings,
            "documents_withheld": cases.documents,
            "needs": as_lists(np.array(NEEDS), needs),
            "urgency": urgency,
            "raised": note.raised,
            "settled_day": with_nulls(settled, settled >= 0),
            **{f"log_odds_{name}": odds[:, k] for k, name in enumerate(NEEDS)},
            "log_odds_urgent": urgent,
        }
    }


STAGE = Stage("helpline", ("operations", "people"), tuple(TABLES.values()), generate)
