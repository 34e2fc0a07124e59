"""The tables of the stage messages."""

import polars as pl

from tipdata.core.kinds import FORMS, LANGUAGES
from tipdata.core.tables import Column, InWorld, Sealed, Table
from tipdata.stages.messages import acts
from tipdata.stages.messages.outcomes import OUTCOMES

SIDES = ("first", "second")
"""Who opened a conversation, and the other."""
CONVERSATIONS = Table(
    "conversations",
    ("conversation",),
    (
        Column("region", pl.Int32(), "public"),
        Column("conversation", pl.Int64(), "public", id_of="conversations"),
        Column("platform", pl.String(), "platform", id_of="platforms"),
        Column("minute", pl.Int32(), "platform", "minutes since the first day", "of the first message"),
        Column("language", pl.String(), "platform", values=LANGUAGES),
        Column(
            "operation",
            pl.Int64(),
            "truth",
            note="that holds one side; null for private people",
            id_of="operations",
        ),
        Column("account", pl.Int64(), "truth", note="that the conversation was drawn for", id_of="accounts"),
        Column(
            "kind", pl.String(), "truth", note="all but recruitment and spam are lawful", values=acts.KINDS
        ),
        Column(
            "strategy", pl.String(), "truth", note="null where nobody is recruited", values=acts.STRATEGIES
        ),
        Column(
            "form",
            pl.String(),
            "truth",
            note="form of exploitation; null where nobody is recruited",
            values=FORMS,
        ),
        Column("opens", pl.Boolean(), "truth", note="whether the account's holder wrote first"),
        Column(
            "onset", pl.Int32(), "truth", "message from 1", "first of commitment in a recruitment; else null"
        ),
        Column("number", pl.Int64(), "truth", note="local number in its region", sealed=Sealed("as_is")),
        Column(
            "holder",
            pl.Int64(),
            "truth",
            note="number under which the holder's habits are drawn",
            sealed=Sealed("as_is"),
        ),
        Column(
            "length",
            pl.Int32(),
            "truth",
            "messages",
            "that it would have but for the end of the window, its site or the operation, or for joining",
        ),
        Column(
            "outcome",
            pl.String(),
            "truth",
            note="of a recruitment that commits; lost: the other backs out; else null",
            values=OUTCOMES,
        ),
    ),
    "Conversations between adults in coded acts; one in nine is a recruitment that commits.",
)
MESSAGES = Table(
    "messages",
    ("conversation", "sequence"),
    (
        Column("region", pl.Int32(), "public"),
        Column("conversation", pl.Int64(), "public", id_of="conversations"),
        Column("sequence", pl.Int32(), "public", "message from 1"),
        Column("minute", pl.Int32(), "platform", "minutes since the first day"),
        Column("side", pl.String(), "platform", note="first: who opened", values=SIDES),
        Column(
            "act",
            pl.String(),
            "platform",
            note="coded act; null where the message was deleted",
            values=acts.ACTS,
        ),
        Column(
            "channel",
            pl.String(),
            "platform",
            note="null where not known",
            values=InWorld(("messages.channels",)),
        ),
        Column("stage", pl.String(), "truth", values=acts.STAGES),
    ),
    "Messages of conversations as coded acts.",
)
