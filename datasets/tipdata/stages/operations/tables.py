"""The table of the stage operations."""

import polars as pl

from tipdata.core.kinds import CATEGORIES, FORMS, KINDS, LANGUAGES, STRATEGIES
from tipdata.core.tables import Column, InWorld, Sealed, Table

OPERATIONS = Table(
    "operations",
    ("operation",),
    (
        Column("region", pl.Int32(), "truth"),
        Column("operation", pl.Int64(), "truth", id_of="operations"),
        Column("kind", pl.String(), "truth", values=KINDS),
        Column("posts", pl.Boolean(), "truth", note="whether it ever posts an advert"),
        Column(
            "form",
            pl.String(),
            "truth",
            note="form of exploitation; null for lawful operations and spam",
            values=FORMS,
        ),
        Column("strategy", pl.String(), "truth", note="null where there is no form", values=STRATEGIES),
        Column("organisation", pl.String(), "truth", values=InWorld(("operations.organisation",))),
        Column("category", pl.String(), "truth", note="what its adverts offer", values=tuple(CATEGORIES)),
        Column("language", pl.String(), "truth", note="language of its adverts", values=LANGUAGES),
        Column("migrant", pl.Boolean(), "truth", note="writes in a language outside the region's majority"),
        Column(
            "writer",
            pl.Int64(),
            "truth",
            note="who writes its adverts; some write for two operations",
            sealed=Sealed("label", "writer"),
        ),
        Column("churn", pl.Int32(), "truth", "level 0-2", note="how often its contacts change"),
        Column(
            "obfuscation", pl.Int32(), "truth", "permille", note="contacts an extractor misses, once adopted"
        ),
        Column("circuit", pl.Boolean(), "truth", note="tours between towns"),
        Column("cross_border", pl.Boolean(), "truth", note="works in more than one jurisdiction"),
        Column("first_day", pl.Int32(), "truth", "day"),
        Column("last_day", pl.Int32(), "truth", "day"),
        Column(
            "begins",
            pl.Int32(),
            "truth",
            "day",
            note="of its life; may lie before the first day",
        ),
        Column("ends", pl.Int32(), "truth", "day", note="of its life; may lie beyond the last day"),
        Column("adopts_messaging", pl.Int32(), "truth", "day", note="null where it never does"),
        Column("adopts_obfuscation", pl.Int32(), "truth", "day", note="null where it never does"),
        Column(
            "investigated_day",
            pl.Int32(),
            "truth",
            "day",
            note="on which an investigation settles what the operation is, months or years after it began to act; null "
            "where none does. The authorities may have met people of it before, or without one",
        ),
        Column(
            "log_odds",
            pl.Int32(),
            "truth",
            "milli-nats",
            note="of being trafficking, given its true habits and parameters",
        ),
        Column(
            "weight",
            pl.Int64(),
            "truth",
            "millionths",
            note="how many operations it stands for where a size draws kinds and forms at other shares than the world",
            sealed=Sealed("as_is"),
        ),
    ),
    "Hidden operations, 300 per region, of which 210 post adverts.",
)
