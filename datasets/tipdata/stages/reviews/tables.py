"""The tables of the stage reviews."""

import polars as pl

from tipdata.core.tables import Column, Sealed, Table
from tipdata.stages.reviews.reviewers import CLEAR, HARMFUL, REVIEWERS, VOTES

QUEUE = Table(
    "queue",
    ("advert",),
    (
        Column("region", pl.Int32(), "platform"),
        Column("advert", pl.Int64(), "platform", id_of="adverts"),
        Column("day", pl.Int32(), "platform", "day", "when it was queued"),
        Column("gold", pl.Boolean(), "platform", note="an expert has settled it"),
        Column(
            "gold_label",
            pl.String(),
            "platform",
            note="null where not gold",
            values=(VOTES[HARMFUL], VOTES[CLEAR]),
        ),
        Column("harmful", pl.Boolean(), "truth", note="of a trafficking operation"),
        Column("ease", pl.Int32(), "truth", "permille", "of a reviewer's skill that counts here"),
        Column("looks", pl.Int32(), "truth", "milli-nats", "how much worse it looks to everyone than it is"),
        Column(
            "brigade",
            pl.Int64(),
            "truth",
            note="the brigade that targets its operation; null for most",
            sealed=Sealed("label", "brigade of reviewers"),
        ),
        Column("log_odds", pl.Int32(), "truth", "milli-nats", "of being harmful, given its own votes"),
        Column(
            "operation_log_odds",
            pl.Int32(),
            "truth",
            "milli-nats",
            "of being harmful, given the votes on all queued adverts of its operation",
        ),
    ),
    "Adverts queued for review, a fifth to two fifths of them harmful.",
)
REVIEWS = Table(
    "reviews",
    ("review",),
    (
        Column("region", pl.Int32(), "platform"),
        Column("review", pl.Int64(), "platform", id_of="reviews"),
        Column("advert", pl.Int64(), "platform", id_of="adverts"),
        Column("reviewer", pl.Int64(), "platform", sealed=Sealed("label", "reviewer")),
        Column("minute", pl.Int32(), "platform", "minutes since the first day"),
        Column("vote", pl.String(), "platform", values=VOTES),
        Column(
            "reviewer_kind",
            pl.String(),
            "truth",
            values=REVIEWERS,
        ),
        Column(
            "brigade",
            pl.Int64(),
            "truth",
            note="the brigade that the vote was part of; null for most",
            sealed=Sealed("label", "brigade of reviewers"),
        ),
    ),
    "Reviewers' votes on the queued adverts, three to nine on each.",
)
