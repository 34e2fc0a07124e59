"""The tables of the stage payments."""

import polars as pl

from tipdata.core.tables import Column, Sealed, Table
from tipdata.stages.payments.holders import HOLDERS, OUTSIDER, ROLES, SERVICE
from tipdata.stages.payments.legs import CHANNELS, PURPOSES
from tipdata.stages.payments.schemes import TYPOLOGIES

GROUPS = (
    *("household", "employer", "agency", "landlord", "shop", "circle", "charity", "club"),
    *("remitter", "broker", "touring", "trader"),
)
"""Lawful groups: who is behind a payment, or its household."""
WALLETS = Table(
    "wallets",
    ("wallet",),
    (
        Column("region", pl.Int32(), "legal"),
        Column("wallet", pl.Int64(), "legal", id_of="wallets"),
        Column(
            "holder",
            pl.String(),
            "legal",
            note="as a bank knows it",
            values=HOLDERS,
        ),
        Column("opened_day", pl.Int32(), "legal", "day", "below 0 where it is older"),
        Column("town", pl.Int32(), "legal", note="of the holder; null abroad", id_of="places"),
        Column(
            "jurisdiction",
            pl.Int32(),
            "legal",
            note="of the town; null abroad",
            sealed=Sealed("code", "jurisdiction"),
        ),
        Column(
            "operation",
            pl.Int64(),
            "truth",
            note="lawful or not; null where it is none's in the sample",
            id_of="operations",
        ),
        Column(
            "role",
            pl.String(),
            "truth",
            note="in an operation's scheme",
            values=ROLES,
        ),
        Column(
            "group",
            pl.String(),
            "truth",
            note="lawful group, of lawful operations too; null for trafficking ones",
            values=(*GROUPS, SERVICE, OUTSIDER),
        ),
    ),
    "Wallets that occur in the payments: accounts of banks and of other services, each with all its payments in the "
    "sample.",
)
PAYMENTS = Table(
    "payments",
    ("payment",),
    (
        Column("region", pl.Int32(), "legal"),
        Column("payment", pl.Int64(), "legal", id_of="payments"),
        Column("minute", pl.Int32(), "legal", "minute"),
        Column("payer", pl.Int64(), "legal", note="a wallet", id_of="wallets"),
        Column("payee", pl.Int64(), "legal", note="a wallet", id_of="wallets"),
        Column("amount", pl.Int64(), "legal", "XTS, minor units", sealed=Sealed("as_is")),
        Column("channel", pl.String(), "legal", values=CHANNELS),
        Column(
            "purpose",
            pl.String(),
            "legal",
            note="as stated by the payer; null where nothing is",
            values=PURPOSES,
        ),
        Column(
            "town",
            pl.Int32(),
            "legal",
            note="where cash was paid in; null for other channels, and where payer and payee are elsewhere",
            id_of="places",
        ),
        Column(
            "operation",
            pl.Int64(),
            "truth",
            note="the operation, lawful or not, whose scheme or wallets it is of; null otherwise",
            id_of="operations",
        ),
        Column(
            "typology",
            pl.String(),
            "truth",
            note="of payments that carry proceeds or control; null otherwise",
            values=TYPOLOGIES,
        ),
        Column(
            "community",
            pl.Int64(),
            "truth",
            note="household, firm or scheme; null for operations",
            sealed=Sealed("label", "community"),
        ),
        Column(
            "group",
            pl.String(),
            "truth",
            note="lawful group, of lawful operations too; null for trafficking ones",
            values=GROUPS,
        ),
        Column("migrant", pl.Boolean(), "truth", note="of a household, scheme or operation of migrants"),
        Column(
            "log_odds",
            pl.Int32(),
            "truth",
            "milli-nats",
            "of proceeds or control, given its scheme's true habits",
        ),
    ),
    "Payments among the wallets of the sample; about one in 260 carries proceeds or control.",
)
