"""Adverts as cards: their columns and, hidden until a click, their operation and a translation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl
from markupsafe import Markup
from tipdata.core.kinds import LANGUAGES
from tipdata.core.world import MINUTES_A_DAY

from tipbench.browse.table_page import script, shuffle_rows
from tipbench.task import Source

EACH = 9
"""Cards of a language."""
NAMES = {
    **{"ar": ("العربية", "Arabic"), "en": ("English", "English"), "es": ("español", "Spanish")},
    **{"fr": ("français", "French"), "ru": ("русский", "Russian"), "zh": ("中文", "Chinese")},
}
"""The name of each language in itself and in English."""


class AdvertCard(NamedTuple):
    """An advert. ``head``: where and when it was posted; ``offer``: what and at which price; ``script``: attributes of
    its text; ``truth``: who is behind it; ``facts``: what it says."""

    head: str
    offer: str
    title: str
    body: str
    script: Markup
    truth: str
    facts: Sequence[str]


class AdvertCards(NamedTuple):
    """Some adverts of a language of all ``total`` ones. ``name``: of the language in itself."""

    language: str
    name: str
    english: str
    script: Markup
    cards: Sequence[AdvertCard]
    total: int


def adverts_with_operation(source: Source) -> pl.DataFrame:
    """Return adverts with a description of their operation."""
    about = source.scan("operations", truth=True).select("operation", "kind", "form", "migrant")
    adverts = source.scan("adverts", truth=True)
    return adverts.join(about, on="operation", how="left", maintain_order="left").collect()


def by_language(adverts: pl.DataFrame) -> list[AdvertCards]:
    """Return some adverts of each language, of as many operations, the same for the same release."""
    found = []
    for language in LANGUAGES:
        those = adverts.filter(pl.col("language") == language)
        shuffled = shuffle_rows(those, f"adverts/{language}")
        drawn = shuffled.unique("operation", keep="first", maintain_order=True).head(EACH)
        cards = list(map(card, drawn.to_dicts()))
        found.append(AdvertCards(language, *NAMES[language], script(language), cards, those.height))
    return found


def card(row: Mapping[str, Any]) -> AdvertCard:
    """Return the card of an advert and its operation."""
    day, minute = divmod(row["minute"], MINUTES_A_DAY)
    time = f"{minute // 60:02d}:{minute % 60:02d}"
    basis = f"per {row['price_basis']}".replace("_", " ").replace("per total", "in total")
    price = "no price" if row["price"] is None else f"{row['price'] / 100:,.0f} XTS {basis}"
    counts = {"contact": len(row["contacts"]), "image": len(row["images"])}
    counted = ", ".join(f"{count} {name if count == 1 else f'{name}s'}" for name, count in counts.items())
    return AdvertCard(
        head=f"{row['platform']} · day {day}, {time} · region {row['region']}",
        offer=f"{row['category']} · {price} · {counted}",
        title=row["title"],
        body=row["body"],
        script=script(row["language"]),
        truth=_behind(row),
        facts=[fact.replace("_", " ").replace("=", ": ") for fact in row["facts"] or ()],
    )


def _behind(row: Mapping[str, Any]) -> str:
    kind = f"trafficking ({row['form'].replace('_', ' ')})" if row["form"] else f"{row['kind']}, lawful"
    kind = "spam" if row["kind"] == "spam" else kind
    copied = "; its text is copied from a stranger" if row["copied"] else ""
    outside = ", in a language outside the region's majority" if row["migrant"] else ""
    return f"Operation {row['operation']}: {kind}{outside}{copied}."
