"""What a user's own conversations must be before a method is shown them: each fault in one sentence."""

from __future__ import annotations

import polars as pl
from tipcore.errors import UsageError
from tipdata.stages.messages.acts import ACTS

from tipbench.data.custom.refusals import check_numbers, check_order, check_owners, refuse

KEY = "conversation"
SIDES = ("first", "second")
_SHOWN = 3


def check_tables(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse conversations without messages, messages out of order, and acts and sides that are not known.

    ``tables``: ``messages`` with at least ``[conversation, sequence]``, and ``conversations``. What is not
    there is not looked at: the columns that a method needs are checked where it is chosen.

    Raises:
        UsageError: naming what is wrong, how often, where first, and what to do.
    """
    if "messages" not in tables:
        return
    messages = tables["messages"]
    _check_keys(messages)
    if "conversations" in tables:
        check_owners("conversations", tables["conversations"], "messages", messages, KEY)
    if "minute" in messages.columns:
        check_order("messages", messages, KEY, "minute")
    _check_known(messages, "act", ACTS)
    _check_known(messages, "side", SIDES)


def _check_keys(messages: pl.DataFrame) -> None:
    missing = [name for name in (KEY, "sequence") if name not in messages.columns]
    if missing:
        raise UsageError(
            f"messages: no column {' or '.join(missing)}; map which {KEY} a message is of, and its number there."
        )
    check_numbers("messages", messages, KEY)


def _check_known(messages: pl.DataFrame, column: str, known: tuple[str, ...]) -> None:
    """Every value is one of the code words or null."""
    if column not in messages.columns:
        return
    wrong = pl.col(column).is_not_null() & ~pl.col(column).cast(pl.String).is_in(known)
    named = ", ".join(map(str, messages.filter(wrong)[column].unique(maintain_order=True).head(_SHOWN)))
    refuse(
        "messages",
        messages,
        wrong,
        f"name no known {column} ({named})",
        f"map each to one of {', '.join(known)}, or to nothing",
    )
