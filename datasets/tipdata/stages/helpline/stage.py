"""Contacts with a helpline: who got in touch, what was coded and noted down of it, and what each person needs.

Some are exploited (adults of ``people``), some are lawful workers in trouble, some are in the wrong place or ask on
another's behalf. Whole weeks are documented, one in ten, so that contacts compete for a week's case workers. Needs and
urgency follow from the case; facts and sentences are weak, overlapping and often missing signs of them, most of all
where no interpreter for the language was at hand.
"""

import numpy as np
import polars as pl

from tipdata.core.draw import probability
from tipdata.core.kinds import LANGUAGES
from tipdata.core.tables import Column, InWorld, Sealed, Table, as_lists, with_nulls
from tipdata.core.world import Region
from tipdata.stages import Past, Stage
from tipdata.stages.helpline.callers import (
    Calls,
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
    HelplineEvidence,
    build_need_model,
    draw_needs,
    draw_urgency,
    need_posterior,
)
from tipdata.stages.helpline.notes import ALWAYS_KNOWN, DEPENDS_ON, OTHER_POOLS, draw_coded_facts, write_notes
from tipdata.stages.operations.stage import Operations
from tipdata.stages.people import People

_TYPES = {"strain": pl.Int16(), "weeks_owed": pl.Int16()}
_TEXTS = ("asks_authorities", "sector", "caller_relation", "channel")
_NOTES = {
    "safe_place_tonight": "has a safe place for the coming night",
    "threat_reported": "threats are reported",
    "health_concern": "an injury or health concern is reported",
    "strain": "the case worker's impression, 0 to 3",
    "asks_authorities": "wants the authorities involved",
    "holds_papers": "holds their own identity papers",
    "weeks_owed": "wages owed; no more than were worked",
    "employer_aware": "the employer or host knows of the contact",
    "free_to_leave": "can come and go",
    "lives_at_work": "lives where they work, or did",
    "sector": "of the work in question",
    "dependants": "someone depends on the person",
    "caller_relation": "who got in touch",
    "channel": "of the contact",
}
_UNITS = {"strain": "level 0-3", "weeks_owed": "weeks"}

CONTACTS = Table(
    "contacts",
    ("contact",),
    (
        Column("region", pl.Int32(), "public"),
        Column("contact", pl.Int64(), "public", id_of="contacts"),
        Column("minute", pl.Int64(), "platform", "minute since day 0", sealed=Sealed("as_is")),
        Column(
            "language",
            pl.String(),
            "platform",
            "",
            "the person's; most of a region's speak its own",
            values=LANGUAGES,
        ),
        Column("narrative", pl.String(), "platform", "", "the case worker's note, in the region's language"),
        *(
            Column(
                name,
                pl.String() if name in _TEXTS else _TYPES.get(name, pl.Boolean()),
                "platform",
                _UNITS.get(name, ""),
                _NOTES[name] + ("" if name in ALWAYS_KNOWN else "; null where not known"),
                values=InWorld((f"helpline.fact.{name}",)) if name in _TEXTS else (),
            )
            for name in DEPENDS_ON
        ),
        Column("interpreter_used", pl.Boolean(), "platform", "", "null where not noted"),
        Column("days_since_leaving", pl.Int16(), "platform", "days", "null where not left or not known"),
        Column("repeat_contact", pl.Boolean(), "platform", "", "known to have been in touch before"),
        Column("person", pl.Int64(), "truth", "", "as in people, where exploited", id_of="people"),
        Column("operation", pl.Int64(), "truth", "", "null for those not exploited", id_of="operations"),
        Column("kind", pl.String(), "truth", values=KINDS),
        Column("phase", pl.String(), "truth", note="time since leaving", values=PHASES),
        Column("danger", pl.Int8(), "truth", "level 0-2", "now"),
        Column("earnings_withheld", pl.Boolean(), "truth"),
        Column("documents_withheld", pl.Boolean(), "truth"),
        Column("needs", pl.List(pl.String()), "truth", values=NEEDS),
        Column("urgency", pl.Int8(), "truth", "level 0-2"),
        Column(
            "raised",
            pl.List(pl.String()),
            "truth",
            "",
            "what came up, noted or not",
            values=(*NEEDS, *OTHER_POOLS),
        ),
        Column("settled_day", pl.Int32(), "truth", "day", "its needs are settled; null where never"),
        *(
            Column(
                f"log_odds_{name}", pl.Int32(), "truth", "milli-nats", "of the need, given all that came up"
            )
            for name in NEEDS
        ),
        Column("log_odds_urgent", pl.Int32(), "truth", "milli-nats", "of urgency 2, given all that came up"),
    ),
    "Contacts with a helpline, from ten documented weeks. Adults only.",
)


def generate(region: Region, past: Past) -> tuple[None, dict[str, pl.DataFrame]]:
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
    settled = _settled_days(region, calls)
    at = callers.position[calls.first]
    owner = people.owner[np.maximum(at, 0)]
    recognised = region.stream("helpline/recognised").chance(
        calls.local, probability(region["helpline.recognised"])
    )
    frame = pl.DataFrame(
        {
            "region": np.full(len(at), region.index, dtype=np.int32),
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
    )
    return None, {"contacts": frame}


def _settled_days(region: Region, calls: Calls) -> np.ndarray:
    """Return day on which it is settled what the person needed; -1 where it never is."""
    happens = region.stream("helpline/settled").chance(calls.local, probability(region["helpline.settled"]))
    delay = region.stream("helpline/settled_days").quantile(calls.local, "gamma_2.0")
    return np.where(happens, calls.day + 1 + delay * region["helpline.settled_days"] // 2_000_000, -1)


STAGE = Stage("helpline", ("operations", "people"), (CONTACTS,), generate)
