"""The table of the stage adverts."""

import polars as pl

from tipdata.core.kinds import CATEGORIES, LANGUAGES
from tipdata.core.tables import Column, InWorld, Sealed, Table
from tipdata.text.facts import InFacts

HALF_HOUR = "half_hour"
"""The basis of some prices whose category is paid by the hour."""
JOB_FIELDS = (
    "wage_deductions",
    "transport",
    "accommodation",
    "help_settling",
    "transfer_support",
    "experience",
)
ADVERTS = Table(
    "adverts",
    ("advert",),
    (
        Column("region", pl.Int32(), "public"),
        Column("advert", pl.Int64(), "public", id_of="adverts"),
        Column("platform", pl.String(), "public", id_of="platforms"),
        Column("town", pl.Int32(), "public", id_of="places"),
        Column("jurisdiction", pl.Int32(), "public", sealed=Sealed("code", "jurisdiction")),
        Column("minute", pl.Int32(), "public", "minutes since the first day"),
        Column("language", pl.String(), "public", values=LANGUAGES),
        Column("category", pl.String(), "public", values=tuple(CATEGORIES)),
        Column("title", pl.String(), "public"),
        Column("body", pl.String(), "public", note="contact strings are masked"),
        Column("price", pl.Int32(), "public", "minor units of XTS", "null where none is stated"),
        Column(
            "price_basis",
            pl.String(),
            "public",
            note="what the price is for; null where none is stated",
            values=InWorld(("prices.basis",), "values", (HALF_HOUR,)),
        ),
        Column(
            "contacts",
            pl.List(pl.Int64()),
            "public",
            note="as an extractor finds them: opaque ids",
            sealed=Sealed("label", "contact string"),
        ),
        Column(
            "images",
            pl.List(pl.Int64()),
            "public",
            note="perceptual hashes; a re-encoded image differs in a bit",
            sealed=Sealed("mask"),
        ),
        *(Column(f, pl.Boolean(), "public", note="job adverts; null where not stated") for f in JOB_FIELDS),
        Column("account", pl.Int64(), "platform", id_of="accounts"),
        Column("operation", pl.Int64(), "truth", id_of="operations"),
        Column("template", pl.Int64(), "truth", sealed=Sealed("label", "template")),
        Column(
            "near_duplicate_group",
            pl.Int64(),
            "truth",
            note="adverts with one root text, copies included",
            sealed=Sealed("label", "template"),
        ),
        Column(
            "parent",
            pl.Int64(),
            "truth",
            note="the advert this one re-posts; null for a template's first",
            id_of="adverts",
        ),
        Column(
            "facts",
            pl.List(pl.String()),
            "truth",
            note="facts said, which docs/facts.md lists",
            values=InFacts(),
        ),
        Column("copied", pl.Boolean(), "truth", note="the text is a stranger's"),
        Column("writer", pl.Int64(), "truth", sealed=Sealed("label", "writer")),
        Column(
            "log_odds",
            pl.Int32(),
            "truth",
            "milli-nats",
            "of trafficking, from this advert's own facts and category",
        ),
    ),
    "A documented sample (1-2%) of the market's adverts.",
)
