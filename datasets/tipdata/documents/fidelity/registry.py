"""All aggregates, in the order in which they are shown: by subject, then as declared."""

from __future__ import annotations

from tipdata.documents.fidelity.aggregate import Aggregate
from tipdata.documents.fidelity.aggregates import (
    closures,
    exploitation,
    helpline,
    indicators,
    judgement,
    lists,
    markets,
    money,
    people,
)

SUBJECTS = {
    "advert markets": markets.AGGREGATES,
    "indicators": indicators.AGGREGATES,
    "closures": closures.AGGREGATES,
    "people": (*people.AGGREGATES, *exploitation.AGGREGATES),
    "helpline and authorities": helpline.AGGREGATES,
    "lists": lists.AGGREGATES,
    "money": money.AGGREGATES,
    "judgement": judgement.AGGREGATES,
}


def aggregates() -> dict[str, tuple[Aggregate, ...]]:
    """Return all aggregates by subject."""
    return SUBJECTS
